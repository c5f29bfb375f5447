//! `race`: the first of two futures.

use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::pin;
use std::task::Poll;

/// One of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first.
    Left(A),
    /// The second.
    Right(B),
}

/// The value of the future that is ready first; the other one is dropped, wherever it is. Which of the two is polled first
/// is a choice, so that both can win where both are ready.
#[track_caller]
pub fn race<A: IntoFuture, B: IntoFuture>(left: A, right: B) -> impl Future<Output = Either<A::Output, B::Output>> {
    let site = Location::caller();
    let (left, right) = (left.into_future(), right.into_future());
    async move {
        let (mut left, mut right) = (pin!(left), pin!(right));
        let right_first = crate::chosen(2, site) == 1;
        std::future::poll_fn(move |cx| {
            for turn in [right_first, !right_first] {
                let polled = if turn {
                    right.as_mut().poll(cx).map(Either::Right)
                } else {
                    left.as_mut().poll(cx).map(Either::Left)
                };
                if polled.is_ready() {
                    return polled;
                }
            }
            Poll::Pending
        })
        .await
    }
}

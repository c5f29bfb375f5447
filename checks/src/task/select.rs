//! `race` and `select!`: the first of several futures.

use crate::execution::Site;
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
    first(left.into_future(), right.into_future(), Some(Location::caller()))
}

/// The same, with the first polled first: it wins where both are ready.
pub fn race_biased<A, B>(left: A, right: B) -> impl Future<Output = Either<A::Output, B::Output>>
where
    A: IntoFuture,
    B: IntoFuture,
{
    first(left.into_future(), right.into_future(), None)
}

async fn first<A: Future, B: Future>(left: A, right: B, choice: Option<Site>) -> Either<A::Output, B::Output> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    let right_first = choice.is_some_and(|site| crate::chosen(2, site) == 1);
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

/// Waits for the first of two to four futures, drops the others where they are, and goes on with what is said of it, as
/// `tokio::select!` does: which one is polled first is a choice, unless `biased;` stands in front.
///
/// Every branch is `pattern = future => expression`, with a comma after it; patterns have to match. An `else` is not
/// needed then, and conditions are not supported.
///
/// ```
/// use raddle::{select, task, time::{sleep, Duration}};
///
/// raddle::check(|| {
///     task::block_on(async {
///         let winner = select! {
///             () = sleep(Duration::from_secs(1)) => "first",
///             () = sleep(Duration::from_secs(2)) => "second",
///         };
///         assert_eq!(winner, "first");
///     });
/// });
/// ```
#[macro_export]
macro_rules! select {
    (biased; $($branches:tt)*) => { $crate::select!(@race_biased $($branches)*) };
    (@$race:ident $a:pat = $fa:expr => $ha:expr, $b:pat = $fb:expr => $hb:expr $(,)?) => {
        match $crate::task::$race($fa, $fb).await {
            $crate::task::Either::Left($a) => $ha,
            $crate::task::Either::Right($b) => $hb,
        }
    };
    (@$race:ident $a:pat = $fa:expr => $ha:expr, $b:pat = $fb:expr => $hb:expr, $c:pat = $fc:expr => $hc:expr $(,)?) => {
        match $crate::task::$race($fa, $crate::task::$race($fb, $fc)).await {
            $crate::task::Either::Left($a) => $ha,
            $crate::task::Either::Right($crate::task::Either::Left($b)) => $hb,
            $crate::task::Either::Right($crate::task::Either::Right($c)) => $hc,
        }
    };
    (@$race:ident $a:pat = $fa:expr => $ha:expr, $b:pat = $fb:expr => $hb:expr, $c:pat = $fc:expr => $hc:expr,
     $d:pat = $fd:expr => $hd:expr $(,)?) => {
        match $crate::task::$race($crate::task::$race($fa, $fb), $crate::task::$race($fc, $fd)).await {
            $crate::task::Either::Left($crate::task::Either::Left($a)) => $ha,
            $crate::task::Either::Left($crate::task::Either::Right($b)) => $hb,
            $crate::task::Either::Right($crate::task::Either::Left($c)) => $hc,
            $crate::task::Either::Right($crate::task::Either::Right($d)) => $hd,
        }
    };
    ($($branches:tt)*) => { $crate::select!(@race $($branches)*) };
}

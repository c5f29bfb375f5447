//! Virtual time, with tokio's names and signatures: `sleep`, `timeout`, `interval`, `Instant`.
//!
//! The clock goes on when nobody can run, to the next instant that somebody waits for; all who wait for it can then
//! go on, in any order. What is computed takes no time, but for loops that yield and try the same again, twenty times over,
//! while nobody else gets anywhere: then the clock goes on, too. What blocks a loop ([`thread::sleep`](crate::thread::sleep)) takes
//! it from everybody on it. On real threads a `current_thread` runtime has tokio's paused clock; elsewhere a second takes a
//! millisecond.

mod deadline;
mod instant;
mod interval;

pub use deadline::Deadline;
pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use std::time::Duration;

use crate::engine::real;
use crate::execution::{Alarm, AlarmId, Kind, Op, Site, TaskId, try_with, with};
use crate::task::awaits;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Waits for a time.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    sleep_until(Instant::now() + duration)
}

/// Waits until an instant.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    let site = Location::caller();
    let inner = match deadline.real() {
        Some(deadline) => Inner::Real(Box::pin(::tokio::time::sleep_until(deadline))),
        None => Inner::Model { id: with(crate::execution::Execution::new_alarm), set_by: None },
    };
    Sleep { deadline, site, inner }
}

/// A future that is ready from an instant on.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct Sleep {
    deadline: Instant,
    site: Site,
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Model { id: AlarmId, set_by: Option<TaskId> },
    Real(Pin<Box<::tokio::time::Sleep>>),
}

impl Sleep {
    /// From when on it is ready.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether it is.
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Makes it wait until another instant.
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.get_mut();
        this.deadline = deadline;
        match (&mut this.inner, deadline.real()) {
            (Inner::Real(sleep), Some(deadline)) => sleep.as_mut().reset(deadline),
            // Whom it was polled by last is woken at the new time, without polling it again.
            (Inner::Model { id, set_by: Some(task) }, _) => with(|x| x.move_alarm(*task, *id, deadline.since_start())),
            _ => {}
        }
    }

    fn cancel(&mut self) {
        if let Inner::Model { id, set_by } = &mut self.inner
            && let Some(task) = set_by.take()
        {
            try_with(|x| x.cancel_alarm(task, *id));
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let is_elapsed = || Instant::now() >= this.deadline;
        match &mut this.inner {
            Inner::Real(sleep) => sleep.as_mut().poll(cx),
            Inner::Model { .. } if is_elapsed() => {
                this.cancel();
                Poll::Ready(())
            }
            Inner::Model { id, set_by } => {
                let at = this.deadline.since_start();
                if let Some(task) = set_by.take() {
                    // It may have been another one.
                    with(|x| {
                        if task != x.current {
                            x.cancel_alarm(task, *id);
                        }
                    });
                }
                *set_by = Some(with(|x| x.set_alarm(Alarm { id: *id, at, waker: cx.waker().clone() })));
                awaits(Op::bare(Kind::Use("sleep"), this.site));
                Poll::Pending
            }
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// It took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the deadline has passed")]
pub struct Elapsed(());

/// The value of `future`, if it is ready within a time; it is dropped if not. At the last instant the future has it.
///
/// # Errors
/// If the time is over first.
#[track_caller]
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> impl Future<Output = Result<F::Output, Elapsed>> {
    within(sleep(duration), future.into_future())
}

/// The value of `future`, if it is ready by an instant.
///
/// # Errors
/// If that comes first.
#[track_caller]
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> impl Future<Output = Result<F::Output, Elapsed>> {
    within(sleep_until(deadline), future.into_future())
}

async fn within<F: Future>(sleep: Sleep, future: F) -> Result<F::Output, Elapsed> {
    let (mut sleep, mut future) = (std::pin::pin!(sleep), std::pin::pin!(future));
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Ok(value)),
        Poll::Pending => sleep.as_mut().poll(cx).map(|()| Err(Elapsed(()))),
    })
    .await
}

/// By how much the program's time is longer than the clock's, on real threads: a paused clock costs nothing.
pub(crate) fn scale() -> u32 {
    use ::tokio::runtime::{Handle, RuntimeFlavor};
    let paused = Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::CurrentThread);
    if paused { 1 } else { real::SCALE }
}

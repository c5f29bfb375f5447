//! The real tokio, in a process of its own: see `engine::real`.

use crate::engine::real;
use crate::execution::message;
use crate::verdict::Verdict;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

/// A real runtime. One that polls one task at a time has a paused clock, which goes on when nobody can; on threads a
/// second of the program's takes a millisecond.
pub(super) fn build(
    one_at_a_time: bool,
    workers: usize,
    blocking: usize,
) -> std::io::Result<::tokio::runtime::Runtime> {
    use ::tokio::runtime::Builder;
    if one_at_a_time {
        return Builder::new_current_thread().enable_time().start_paused(true).max_blocking_threads(blocking).build();
    }
    Builder::new_multi_thread().worker_threads(workers).enable_time().max_blocking_threads(blocking).build()
}

/// A panic of the task's is the run's failure.
pub(super) async fn failing<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| failing_call(|| future.as_mut().poll(cx))).await
}

pub(super) fn failing_call<T>(call: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|payload| {
        real::fail(Verdict::Assertion { task: real::name_of_me(), message: message(payload.as_ref()), at: None })
    })
}

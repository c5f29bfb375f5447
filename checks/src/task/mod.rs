//! Tasks and event loops, with tokio's names and signatures.
//!
//! A task is a task of the execution, like a thread: on a `current_thread` runtime it takes turns with the others, and nothing
//! of theirs happens while it is polled; on a `multi_thread` one it does not. Any task that has been woken may be polled next.
//! A panic that leaves a task fails the execution.

mod core;
mod join;
mod poll;
mod real;
pub mod runtime;
mod select;
mod set;
pub mod sync;

use crate::engine::real as real_engine;
use crate::execution::{Kind, Op, perform};
pub use join::{AbortHandle, JoinError, JoinHandle};
pub(crate) use poll::awaits;
use runtime::Handle;
pub use select::{Either, race, race_biased};
pub use set::JoinSet;
use std::future::Future;
use std::panic::Location;
use std::task::Poll;

/// Spawns a task on the current runtime.
///
/// # Panics
/// Outside of a runtime.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Handle::current().spawn_named(None, future, Location::caller())
}

/// Runs `call` on one of the runtime's threads for blocking calls.
///
/// # Panics
/// Outside of a runtime.
#[track_caller]
pub fn spawn_blocking<F, T>(call: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Handle::current().spawn_blocking(call)
}

/// Polls `future`, and the tasks that it spawns, to its end on a new `current_thread` runtime: what tokio's attribute
/// `main` does.
///
/// # Panics
/// Inside a task.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

/// Lets the loop's other tasks be polled.
#[track_caller]
pub fn yield_now() -> impl Future<Output = ()> {
    let site = Location::caller();
    let mut yielded = false;
    std::future::poll_fn(move |cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        if !real_engine::is_on() {
            perform(Op::bare(Kind::Yield, site));
            awaits(Op::bare(Kind::Use("yield"), site));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Names a task before it is spawned.
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<String>,
}

impl Builder {
    /// A builder for a task without a name.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the task: traces and schedules call it so.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Builder { name: Some(name.into()) }
    }

    /// Spawns the task on the current runtime.
    ///
    /// # Errors
    /// Never; the signature is tokio's.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> std::io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Ok(Handle::current().spawn_named(self.name, future, Location::caller()))
    }
}

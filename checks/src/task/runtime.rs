//! `Runtime`: an event loop, under tokio's names. `current_thread` polls one task at a time, and nothing of its tasks
//! interleaves within a poll; on `multi_thread` tasks are polled at once.

use super::core::{BLOCKING_THREADS, Core, Waits};
use super::join::JoinHandle;
use crate::engine::real;
use crate::execution::{Site, try_with};
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

/// Configures a [`Runtime`].
#[derive(Clone, Debug)]
pub struct Builder {
    takes_turns: bool,
    blocking_threads: usize,
    worker_threads: usize,
}

impl Builder {
    /// One task is polled at a time, on the thread that calls [`Runtime::block_on`].
    #[must_use]
    pub fn new_current_thread() -> Self {
        Builder { takes_turns: true, blocking_threads: BLOCKING_THREADS, worker_threads: 1 }
    }

    /// Tasks are polled at once. The model has a thread for each.
    #[must_use]
    pub fn new_multi_thread() -> Self {
        Builder { takes_turns: false, blocking_threads: BLOCKING_THREADS, worker_threads: 2 }
    }

    /// Threads that poll, on a real runtime: the model has one for each task.
    #[must_use]
    pub fn worker_threads(&mut self, threads: usize) -> &mut Self {
        self.worker_threads = threads;
        self
    }

    /// Threads for [`spawn_blocking`](super::spawn_blocking); calls wait while all are at work.
    #[must_use]
    pub fn max_blocking_threads(&mut self, threads: usize) -> &mut Self {
        self.blocking_threads = threads;
        self
    }

    /// Has no effect: the clock and all else is there.
    #[must_use]
    pub fn enable_all(&mut self) -> &mut Self {
        self
    }

    /// Has no effect: the clock is there.
    #[must_use]
    pub fn enable_time(&mut self) -> &mut Self {
        self
    }

    /// The runtime.
    ///
    /// # Errors
    /// On real threads, if the system gives none.
    #[track_caller]
    pub fn build(&mut self) -> std::io::Result<Runtime> {
        let site = Location::caller();
        if real::is_on() {
            return Ok(Runtime {
                inner: Inner::Real(super::real::build(self.takes_turns, self.worker_threads, self.blocking_threads)?),
                site,
            });
        }
        Ok(Runtime { inner: Inner::Model(Arc::new(Core::new(self.takes_turns, self.blocking_threads, site))), site })
    }
}

/// An event loop and its tasks. Dropped, it drops the futures of those that have not ended, where they wait.
#[derive(Debug)]
pub struct Runtime {
    inner: Inner,
    site: Site,
}

#[derive(Debug)]
enum Inner {
    Model(Arc<Core>),
    Real(::tokio::runtime::Runtime),
    /// It is being dropped.
    Ended,
}

impl Runtime {
    /// A runtime that polls tasks at once.
    ///
    /// # Errors
    /// On real threads, if the system gives none.
    #[track_caller]
    pub fn new() -> std::io::Result<Self> {
        Builder::new_multi_thread().build()
    }

    /// A handle to it, for other threads.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle {
            inner: match &self.inner {
                Inner::Model(core) => Where::Model(Arc::clone(core)),
                Inner::Real(runtime) => Where::Real(runtime.handle().clone()),
                Inner::Ended => unreachable!("who ends a runtime owns it"),
            },
        }
    }

    /// Polls `future` to its end on this thread, and the runtime's tasks meanwhile.
    ///
    /// # Panics
    /// Inside a task: that would block the thread that polls it.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match &self.inner {
            Inner::Model(core) => core.block_on(future, true, Location::caller()),
            Inner::Real(runtime) => runtime.block_on(future),
            Inner::Ended => unreachable!("who ends a runtime owns it"),
        }
    }

    /// Spawns a task.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle().spawn(future)
    }

    /// Runs `call` on a thread for blocking calls.
    #[track_caller]
    pub fn spawn_blocking<F, T>(&self, call: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.handle().spawn_blocking(call)
    }
}

impl Runtime {
    /// Drops the futures of tasks that have not ended, where they wait, and waits for blocking calls for a time: whether they
    /// end in time is a choice.
    #[track_caller]
    pub fn shutdown_timeout(mut self, duration: Duration) {
        match std::mem::replace(&mut self.inner, Inner::Ended) {
            Inner::Real(runtime) => runtime.shutdown_timeout(duration / real::SCALE),
            model => self.inner = model,
        }
        self.end(Location::caller(), if duration.is_zero() { Waits::Nobody } else { Waits::InTime });
    }

    /// The same, and waits for nobody: neither for blocking calls, nor for futures to be dropped.
    #[track_caller]
    pub fn shutdown_background(mut self) {
        self.end(Location::caller(), Waits::Nobody);
    }

    fn end(&mut self, site: Site, waits: Waits) {
        match std::mem::replace(&mut self.inner, Inner::Ended) {
            Inner::Model(core) => {
                if try_with(|x| !x.over).unwrap_or(false) && !std::thread::panicking() {
                    core.shut_down(waits, site);
                }
            }
            Inner::Real(runtime) if waits == Waits::Nobody => runtime.shutdown_background(),
            Inner::Real(runtime) => drop(runtime),
            Inner::Ended => {}
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.end(self.site, Waits::All);
    }
}

/// A handle to a runtime.
#[derive(Clone, Debug)]
pub struct Handle {
    inner: Where,
}

#[derive(Clone, Debug)]
enum Where {
    Model(Arc<Core>),
    Real(::tokio::runtime::Handle),
}

impl Handle {
    /// The runtime of the current task.
    ///
    /// # Panics
    /// Outside of one.
    #[must_use]
    pub fn current() -> Self {
        if real::is_on() {
            return Handle { inner: Where::Real(::tokio::runtime::Handle::current()) };
        }
        let core = Core::current().expect("there is no runtime here: call this from within a task or `block_on`");
        Handle { inner: Where::Model(core) }
    }

    /// Polls `future` to its end on this thread. It takes no turns on the loop, and polls nobody else.
    ///
    /// # Panics
    /// Inside a task: that would block the thread that polls it.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match &self.inner {
            Where::Model(core) => core.block_on(future, false, Location::caller()),
            Where::Real(handle) => handle.block_on(future),
        }
    }

    /// Spawns a task.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_named(None, future, Location::caller())
    }

    pub(super) fn spawn_named<F>(&self, name: Option<String>, future: F, site: Site) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match &self.inner {
            Where::Model(core) => JoinHandle::model(core.spawn(name, future, site)),
            Where::Real(handle) => JoinHandle::real(handle.spawn(super::real::failing(future))),
        }
    }

    /// Runs `call` on a thread for blocking calls.
    #[track_caller]
    pub fn spawn_blocking<F, T>(&self, call: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        match &self.inner {
            Where::Model(core) => JoinHandle::model(core.spawn_blocking(call, Location::caller())),
            Where::Real(handle) => JoinHandle::real(handle.spawn_blocking(move || super::real::failing_call(call))),
        }
    }
}

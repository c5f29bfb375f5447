//! `JoinHandle`: a task's end, and its value.

use super::poll::{TaskObject, awaits, deferred};
use crate::execution::{Kind, Site, act_collecting, perform, record_phase};
use crate::trace::Phase;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Why a task gave no value: it was cancelled. A panic that leaves a task fails the execution.
#[derive(Debug, thiserror::Error)]
#[error("the task was cancelled")]
pub struct JoinError {
    /// Of a real task.
    real: Option<::tokio::task::JoinError>,
}

impl JoinError {
    pub(super) fn cancelled() -> Self {
        JoinError { real: None }
    }

    /// Whether the task was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.real.as_ref().is_none_or(::tokio::task::JoinError::is_cancelled)
    }

    /// Whether the task panicked: never, as that fails the execution.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        !self.is_cancelled()
    }
}

#[derive(Debug)]
struct Shared<T> {
    result: Option<Result<T, JoinError>>,
    waits: Option<Waker>,
}

/// How far a task has come.
#[derive(Debug, Default)]
pub(super) struct Ends {
    done: AtomicBool,
    joined: AtomicBool,
}

impl Ends {
    /// It has ended.
    pub(super) fn is_done(&self) -> bool {
        self.done.load(Ordering::Relaxed)
    }

    /// Somebody has waited for it, and has its value.
    pub(super) fn is_joined(&self) -> bool {
        self.joined.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Cell<T> {
    shared: Mutex<Shared<T>>,
    ends: Arc<Ends>,
}

impl<T> Cell<T> {
    fn lock(&self) -> MutexGuard<'_, Shared<T>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a task's value.
pub(super) struct Sender<T> {
    cell: Arc<Cell<T>>,
    object: TaskObject,
}

impl<T> Sender<T> {
    pub(super) fn ends(&self) -> Arc<Ends> {
        Arc::clone(&self.cell.ends)
    }

    /// The task has come to this.
    pub(super) fn finish(self, result: Result<T, JoinError>, site: Site) {
        act_collecting(self.object.handle.op(Kind::Use("complete"), site), || {
            let waits = {
                let mut shared = self.cell.lock();
                shared.result = Some(result);
                shared.waits.take()
            };
            self.cell.ends.done.store(true, Ordering::Relaxed);
            if let Some(waker) = waits {
                waker.wake();
            }
        });
    }
}

/// A task of the model, for those who wait for it.
#[derive(Debug)]
pub(super) struct Join<T> {
    cell: Arc<Cell<T>>,
    object: TaskObject,
    site: Site,
}

pub(super) fn pair<T>(object: TaskObject, site: Site) -> (Sender<T>, Join<T>) {
    let shared = Mutex::new(Shared { result: None, waits: None });
    let cell = Arc::new(Cell { shared, ends: Arc::default() });
    (Sender { cell: Arc::clone(&cell), object }, Join { cell, object, site })
}

impl<T> Join<T> {
    pub(super) fn object(&self) -> TaskObject {
        self.object
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        assert!(!self.cell.ends.is_joined(), "this handle has given the task's value");
        let op = self.object.handle.op(Kind::Use("join"), self.site);
        let deferred = deferred(cx.waker());
        let taken = act_collecting(op, || {
            let mut shared = self.cell.lock();
            let taken = shared.result.take();
            match taken {
                Some(_) => self.cell.ends.joined.store(true, Ordering::Relaxed),
                None => shared.waits = Some(deferred.unwrap_or_else(|| cx.waker().clone())),
            }
            taken
        });
        if taken.is_none() {
            record_phase(Phase::Pending);
            awaits(op);
        }
        taken.map_or(Poll::Pending, Poll::Ready)
    }
}

/// Permission to wait for a task, and to abort it. Dropped, it leaves the task running.
pub struct JoinHandle<T> {
    inner: Inner<T>,
}

enum Inner<T> {
    Model(Join<T>),
    Real(::tokio::task::JoinHandle<T>),
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}

impl<T> JoinHandle<T> {
    pub(super) fn model(join: Join<T>) -> Self {
        JoinHandle { inner: Inner::Model(join) }
    }

    pub(super) fn real(handle: ::tokio::task::JoinHandle<T>) -> Self {
        JoinHandle { inner: Inner::Real(handle) }
    }

    /// Ends the task at the await where it is: it is dropped when it would be polled next. A blocking call that has begun
    /// goes on.
    #[track_caller]
    pub fn abort(&self) {
        self.abort_handle().abort();
    }

    /// A handle that can abort the task, and not wait for it.
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        match &self.inner {
            Inner::Model(join) => AbortHandle { inner: Aborts::Model(join.object, Arc::clone(&join.cell.ends)) },
            Inner::Real(handle) => AbortHandle { inner: Aborts::Real(handle.abort_handle()) },
        }
    }

    /// Whether the task has ended.
    #[track_caller]
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.abort_handle().is_finished()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.inner {
            Inner::Model(join) => join.poll(cx),
            Inner::Real(handle) => Pin::new(handle).poll(cx).map_err(|error| JoinError { real: Some(error) }),
        }
    }
}

/// Permission to abort a task.
#[derive(Clone, Debug)]
pub struct AbortHandle {
    inner: Aborts,
}

#[derive(Clone, Debug)]
enum Aborts {
    Model(TaskObject, Arc<Ends>),
    Real(::tokio::task::AbortHandle),
}

impl AbortHandle {
    /// As [`JoinHandle::abort`].
    #[track_caller]
    pub fn abort(&self) {
        match &self.inner {
            Aborts::Model(object, _) => _ = perform(object.handle.op(Kind::Abort, Location::caller())),
            Aborts::Real(handle) => handle.abort(),
        }
    }

    /// Whether the task has ended.
    #[track_caller]
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.inner {
            Aborts::Model(object, ends) => {
                perform(object.handle.op(Kind::Use("is finished"), Location::caller()));
                ends.is_done()
            }
            Aborts::Real(handle) => handle.is_finished(),
        }
    }
}

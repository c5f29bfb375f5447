//! One value, from one task to another.

use super::announced::{Announced, Announcer};
use crate::execution::Site;
use crate::task::poll::block_here;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

pub use ::tokio::sync::oneshot::error;
use error::{RecvError, TryRecvError};

/// A channel for one value.
#[track_caller]
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let site = Location::caller();
    let announcer = Announcer::new("oneshot", site);
    let (sender, receiver) = ::tokio::sync::oneshot::channel();
    let sender = Sender { announcer, site, inner: Some(sender) };
    (sender, Receiver { announcer, site, inner: State::Fresh(receiver) })
}

/// Sends the value. Dropped without, it tells the receiver.
pub struct Sender<T> {
    announcer: Announcer,
    site: Site,
    inner: Option<::tokio::sync::oneshot::Sender<T>>,
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl<T> Sender<T> {
    fn inner(&self) -> &::tokio::sync::oneshot::Sender<T> {
        self.inner.as_ref().expect("it is there until it is dropped")
    }

    fn inner_mut(&mut self) -> &mut ::tokio::sync::oneshot::Sender<T> {
        self.inner.as_mut().expect("it is there until it is dropped")
    }

    /// Sends the value.
    ///
    /// # Errors
    /// Gives it back if the receiver is gone.
    #[track_caller]
    pub fn send(mut self, value: T) -> Result<(), T> {
        let Some(inner) = self.inner.take() else { return Err(value) };
        self.announcer.attempt("send", Location::caller(), || inner.send(value))
    }

    /// Whether the receiver is gone.
    #[track_caller]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.announcer.step("is closed", Location::caller(), || self.inner().is_closed())
    }

    /// Waits until the receiver is gone.
    #[track_caller]
    pub fn closed(&mut self) -> impl Future<Output = ()> {
        let announcer = self.announcer;
        announcer.future("wait for close of", Location::caller(), self.inner_mut().closed())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            self.announcer.give("drop sender", self.site, || drop(inner));
        }
    }
}

enum State<T> {
    Fresh(::tokio::sync::oneshot::Receiver<T>),
    Polled(Announced<::tokio::sync::oneshot::Receiver<T>>),
    Gone,
}

/// Waits for the value.
pub struct Receiver<T> {
    announcer: Announcer,
    site: Site,
    inner: State<T>,
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

impl<T> Receiver<T> {
    /// The value, if it has been sent.
    ///
    /// # Errors
    /// If it has not, or the sender is gone.
    ///
    /// # Panics
    /// If the receiver is being awaited.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let State::Fresh(inner) = &mut self.inner else { panic!("this receiver is being awaited") };
        self.announcer.attempt("try receive", Location::caller(), || inner.try_recv())
    }

    /// Takes no value any more.
    #[track_caller]
    pub fn close(&mut self) {
        if let State::Fresh(inner) = &mut self.inner {
            self.announcer.step("close", Location::caller(), || inner.close());
        }
    }

    /// Waits on a thread that polls nobody.
    ///
    /// # Errors
    /// If the sender is gone.
    ///
    /// # Panics
    /// In a task.
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        block_here(self, Location::caller())
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.inner = match std::mem::replace(&mut this.inner, State::Gone) {
            State::Fresh(inner) => State::Polled(this.announcer.future("receive", this.site, inner)),
            other => other,
        };
        let State::Polled(future) = &mut this.inner else { panic!("this receiver has given its value") };
        Pin::new(future).poll(cx)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if let State::Fresh(inner) = std::mem::replace(&mut self.inner, State::Gone) {
            self.announcer.give("drop receiver", self.site, || drop(inner));
        }
    }
}

//! One value, from one task to another.

use super::announced::Announcer;
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
    (sender, Receiver { announcer, site, inner: Some(receiver), polled: false })
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

/// Waits for the value.
pub struct Receiver<T> {
    announcer: Announcer,
    site: Site,
    /// Until it has given its value, or is dropped.
    inner: Option<::tokio::sync::oneshot::Receiver<T>>,
    polled: bool,
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
    /// If it has not, or the sender is gone, or the value has been given.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let Some(inner) = &mut self.inner else { return Err(TryRecvError::Closed) };
        self.announcer.attempt("try receive", Location::caller(), || inner.try_recv())
    }

    /// Takes no value any more, but for one that has been sent. It may have been polled before, by reference:
    ///
    /// ```
    /// use raddle::{select, task, task::sync::oneshot};
    ///
    /// raddle::check(|| {
    ///     task::block_on(async {
    ///         let (sender, mut receiver) = oneshot::channel();
    ///         let sends = task::spawn(async move { sender.send(1).is_ok() });
    ///         let got = select! {
    ///             value = &mut receiver => value.ok(),
    ///             () = task::yield_now() => {
    ///                 receiver.close();
    ///                 receiver.try_recv().ok()
    ///             },
    ///         };
    ///         assert_eq!(got.is_some(), sends.await.unwrap());
    ///     });
    /// });
    /// ```
    #[track_caller]
    pub fn close(&mut self) {
        if let Some(inner) = &mut self.inner {
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
        let inner = this.inner.as_mut().expect("this receiver has not given its value yet");
        this.polled = true;
        let polled = this.announcer.poll("receive", this.site, cx, |cx| Pin::new(inner).poll(cx));
        if polled.is_ready() {
            this.inner = None;
        }
        polled
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            let verb = if self.polled { "give up" } else { "drop receiver" };
            self.announcer.give(verb, self.site, || drop(inner));
        }
    }
}

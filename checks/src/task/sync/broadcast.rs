//! Values, from many tasks to all who have subscribed.

use super::announced::Announcer;
use crate::execution::Site;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;

pub use ::tokio::sync::broadcast::error;
use error::{RecvError, SendError, TryRecvError};

/// A channel that keeps the last `room` values.
///
/// # Panics
/// If it keeps none.
#[track_caller]
#[must_use]
pub fn channel<T: Clone>(room: usize) -> (Sender<T>, Receiver<T>) {
    let site = Location::caller();
    let announcer = Announcer::new("broadcast", site);
    let (sender, receiver) = ::tokio::sync::broadcast::channel(room);
    (Sender { announcer, site, inner: Some(sender) }, Receiver { announcer, site, inner: Some(receiver) })
}

/// Sends to all who have subscribed.
pub struct Sender<T> {
    announcer: Announcer,
    site: Site,
    /// Until it is dropped.
    inner: Option<::tokio::sync::broadcast::Sender<T>>,
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender { announcer: self.announcer, site: self.site, inner: self.inner.clone() }
    }
}

impl<T> Sender<T> {
    fn inner(&self) -> &::tokio::sync::broadcast::Sender<T> {
        self.inner.as_ref().expect("it is there until it is dropped")
    }

    /// Names the channel in traces.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.announcer.name(name);
        self
    }

    /// Sends, and says to how many.
    ///
    /// # Errors
    /// Gives the value back if nobody has subscribed.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        self.announcer.attempt("send", Location::caller(), || self.inner().send(value))
    }

    /// A receiver of all that is sent from now on.
    #[track_caller]
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        let site = Location::caller();
        let receiver = self.announcer.step("subscribe to", site, || self.inner().subscribe());
        Receiver { announcer: self.announcer, site, inner: Some(receiver) }
    }

    /// How many have subscribed.
    #[track_caller]
    #[must_use]
    pub fn receiver_count(&self) -> usize {
        self.announcer.step("count", Location::caller(), || self.inner().receiver_count())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            self.announcer.give("drop sender of", self.site, || drop(inner));
        }
    }
}

/// Receives all that is sent after it has subscribed.
pub struct Receiver<T> {
    announcer: Announcer,
    site: Site,
    /// Until it is dropped.
    inner: Option<::tokio::sync::broadcast::Receiver<T>>,
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

impl<T: Clone> Receiver<T> {
    fn inner(&mut self) -> &mut ::tokio::sync::broadcast::Receiver<T> {
        self.inner.as_mut().expect("it is there until it is dropped")
    }

    /// Waits for the next value.
    ///
    /// # Errors
    /// If values were sent that are not kept any more, or there is no sender any more.
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Result<T, RecvError>> {
        let announcer = self.announcer;
        announcer.future("receive", Location::caller(), self.inner().recv())
    }

    /// The next value, if it is there.
    ///
    /// # Errors
    /// If it is not, or is not kept any more.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let announcer = self.announcer;
        announcer.attempt("try receive", Location::caller(), || self.inner().try_recv())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            self.announcer.give("drop receiver of", self.site, || drop(inner));
        }
    }
}

//! The latest value, for all who look at it.
//!
//! Not tokio's own: that one draws whom it wakes first, and an execution has to be the same each time.

use super::announced::Announcer;
use crate::execution::Site;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// There is no sender any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the channel is closed")]
pub struct RecvError(());

/// There is no receiver any more: here is the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the channel is closed")]
pub struct SendError<T>(pub T);

#[derive(Debug)]
struct Channel<T> {
    value: T,
    /// Counted from 0.
    version: u64,
    senders: usize,
    receivers: usize,
    waiting: Vec<Waker>,
}

#[derive(Debug)]
struct Shared<T> {
    announcer: Announcer,
    site: Site,
    channel: Mutex<Channel<T>>,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Channel<T>> {
        self.channel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_all(&self) {
        let waiting = std::mem::take(&mut self.lock().waiting);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// A channel that holds `value`.
#[track_caller]
#[must_use]
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let site = Location::caller();
    let channel = Channel { value, version: 0, senders: 1, receivers: 1, waiting: Vec::new() };
    let shared = Arc::new(Shared { announcer: Announcer::new("watch", site), site, channel: Mutex::new(channel) });
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared, seen: 0 })
}

/// Changes the value.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.lock().senders += 1;
        Sender { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Sender<T> {
    /// Names the channel in traces.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.shared.announcer.name(name);
        self
    }

    /// Changes the value.
    ///
    /// # Errors
    /// Gives it back if there is no receiver.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.shared.announcer.attempt("send", Location::caller(), || {
            if self.shared.lock().receivers == 0 {
                return Err(SendError(value));
            }
            self.replace(value);
            Ok(())
        })
    }

    /// Changes the value, whether or not there is a receiver, and gives the one that was.
    #[track_caller]
    pub fn send_replace(&self, value: T) -> T {
        self.shared.announcer.step("send", Location::caller(), || self.replace(value))
    }

    fn replace(&self, value: T) -> T {
        let before = {
            let mut channel = self.shared.lock();
            channel.version += 1;
            std::mem::replace(&mut channel.value, value)
        };
        self.shared.wake_all();
        before
    }

    /// The value.
    #[track_caller]
    #[must_use]
    pub fn borrow(&self) -> T
    where
        T: Clone,
    {
        self.shared.announcer.step("look at", Location::caller(), || self.shared.lock().value.clone())
    }

    /// A receiver that has seen the value as it is.
    #[track_caller]
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        let seen = self.shared.announcer.step("subscribe to", Location::caller(), || {
            let mut channel = self.shared.lock();
            channel.receivers += 1;
            channel.version
        });
        Receiver { shared: Arc::clone(&self.shared), seen }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.shared.announcer.give("drop sender of", self.shared.site, || {
            self.shared.lock().senders -= 1;
            self.shared.wake_all();
        });
    }
}

/// Looks at the value.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    /// The version that it has seen.
    seen: u64,
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.shared.lock().receivers += 1;
        Receiver { shared: Arc::clone(&self.shared), seen: self.seen }
    }
}

impl<T> Receiver<T> {
    /// The value. tokio's gives a guard; a copy keeps nobody waiting.
    #[track_caller]
    #[must_use]
    pub fn borrow(&self) -> T
    where
        T: Clone,
    {
        self.shared.announcer.step("look at", Location::caller(), || self.shared.lock().value.clone())
    }

    /// The value, which counts as seen.
    #[track_caller]
    #[must_use]
    pub fn borrow_and_update(&mut self) -> T
    where
        T: Clone,
    {
        let (value, version) = self.shared.announcer.step("look at", Location::caller(), || {
            let channel = self.shared.lock();
            (channel.value.clone(), channel.version)
        });
        self.seen = version;
        value
    }

    /// Waits until the value is one that has not been seen.
    ///
    /// # Errors
    /// If there is no sender any more.
    #[track_caller]
    pub fn changed(&mut self) -> impl Future<Output = Result<(), RecvError>> {
        let (shared, announcer) = (Arc::clone(&self.shared), self.shared.announcer);
        let seen = &mut self.seen;
        announcer.future(
            "wait for change of",
            Location::caller(),
            std::future::poll_fn(move |cx| poll_changed(&shared, seen, cx)),
        )
    }
}

fn poll_changed<T>(shared: &Shared<T>, seen: &mut u64, cx: &mut Context<'_>) -> Poll<Result<(), RecvError>> {
    let mut channel = shared.lock();
    if channel.version != *seen {
        *seen = channel.version;
        return Poll::Ready(Ok(()));
    }
    if channel.senders == 0 {
        return Poll::Ready(Err(RecvError(())));
    }
    if !channel.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
        channel.waiting.push(cx.waker().clone());
    }
    Poll::Pending
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.announcer.give("drop receiver of", self.shared.site, || self.shared.lock().receivers -= 1);
    }
}

//! `Notify`: wakes tasks, and carries nothing.

use super::announced::{Announced, Announcer};
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Notifications, as [`tokio::sync::Notify`](::tokio::sync::Notify): one that nobody waits for is kept for the next who does.
pub struct Notify {
    announcer: Announcer,
    inner: ::tokio::sync::Notify,
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notify").finish_non_exhaustive()
    }
}

impl Default for Notify {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl Notify {
    /// A `Notify` without a notification.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        let announcer = Announcer::new("notify", Location::caller());
        Notify { announcer, inner: ::tokio::sync::Notify::new() }
    }

    /// Names it in traces.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.announcer.name(name);
        self
    }

    /// Waits for a notification. One by [`notify_waiters`](Self::notify_waiters) counts from this call on.
    #[track_caller]
    pub fn notified(&self) -> Notified<'_> {
        let site = Location::caller();
        let notified = self.announcer.step("begin to wait on", site, || self.inner.notified());
        Notified { future: self.announcer.future("wait on", site, notified) }
    }

    /// Notifies one task: the first that waits, or else the next that will.
    #[track_caller]
    pub fn notify_one(&self) {
        self.announcer.step("notify one", Location::caller(), || self.inner.notify_one());
    }

    /// Notifies all tasks that wait, and nobody else.
    #[track_caller]
    pub fn notify_waiters(&self) {
        self.announcer.step("notify waiters", Location::caller(), || self.inner.notify_waiters());
    }
}

/// Waits for a notification. Dropped, it hands one that it has been given, and not taken, on to the next.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct Notified<'a> {
    future: Announced<::tokio::sync::futures::Notified<'a>>,
}

impl Notified<'_> {
    /// Joins those who wait before it is polled first: a notification from here on is not missed. Whether there was one.
    #[track_caller]
    pub fn enable(self: Pin<&mut Self>) -> bool {
        self.get_mut().future.ahead(
            "join those who wait on",
            Location::caller(),
            ::tokio::sync::futures::Notified::enable,
        )
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.get_mut().future).poll(cx)
    }
}

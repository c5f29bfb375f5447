//! `Notify`: wakes tasks, and carries nothing.

use super::announced::Announcer;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;

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
    pub fn notified(&self) -> impl Future<Output = ()> {
        let site = Location::caller();
        let notified = self.announcer.step("begin to wait on", site, || self.inner.notified());
        self.announcer.future("wait on", site, notified)
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

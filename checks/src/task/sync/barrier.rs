//! `Barrier`: tasks that wait for each other.

use super::announced::Announcer;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;

pub use ::tokio::sync::BarrierWaitResult;

/// A barrier, as [`tokio::sync::Barrier`](::tokio::sync::Barrier).
pub struct Barrier {
    announcer: Announcer,
    inner: ::tokio::sync::Barrier,
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}

impl Barrier {
    /// A barrier for `count` tasks.
    #[track_caller]
    #[must_use]
    pub fn new(count: usize) -> Self {
        let announcer = Announcer::new("async barrier", Location::caller());
        Barrier { announcer, inner: ::tokio::sync::Barrier::new(count) }
    }

    /// Names it in traces.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.announcer.name(name);
        self
    }

    /// Waits for the others.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = BarrierWaitResult> {
        self.announcer.future("arrive", Location::caller(), self.inner.wait())
    }
}

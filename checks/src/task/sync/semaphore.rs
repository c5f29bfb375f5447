//! `Semaphore`: permits that tasks wait for.

use super::announced::{Announcer, Held};
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

pub use ::tokio::sync::{AcquireError, TryAcquireError};

/// A number of permits, as [`tokio::sync::Semaphore`](::tokio::sync::Semaphore): first come, first served.
pub struct Semaphore {
    announcer: Announcer,
    inner: Arc<::tokio::sync::Semaphore>,
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").finish_non_exhaustive()
    }
}

impl crate::sync::Arc<Semaphore> {
    /// As [`Semaphore::acquire_owned`].
    ///
    /// # Errors
    /// If the semaphore is closed.
    #[track_caller]
    pub fn acquire_owned(self) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        crate::sync::Arc::to_std(&self).acquire_owned()
    }

    /// As [`Semaphore::try_acquire_owned`].
    ///
    /// # Errors
    /// If there is no permit, or the semaphore is closed.
    #[track_caller]
    pub fn try_acquire_owned(self) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        crate::sync::Arc::to_std(&self).try_acquire_owned()
    }
}

impl Semaphore {
    /// A semaphore with `permits` permits.
    #[track_caller]
    #[must_use]
    pub fn new(permits: usize) -> Self {
        let announcer = Announcer::new("async semaphore", Location::caller());
        Semaphore { announcer, inner: Arc::new(::tokio::sync::Semaphore::new(permits)) }
    }

    /// Names it in traces.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.announcer.name(name);
        self
    }

    /// Waits for a permit and takes it.
    ///
    /// # Errors
    /// If the semaphore is closed.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        self.acquire_many(1)
    }

    /// Waits for `count` permits and takes them at once.
    ///
    /// # Errors
    /// If the semaphore is closed.
    #[track_caller]
    pub fn acquire_many(&self, count: u32) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        let site = Location::caller();
        let acquire = self.announcer.future("acquire", site, self.inner.acquire_many(count));
        async move {
            let permit = acquire.await?;
            Ok(SemaphorePermit { permit: Held::new(self.announcer, permit, "release", site) })
        }
    }

    /// The same, with a permit that needs no borrow.
    ///
    /// # Errors
    /// If the semaphore is closed.
    #[track_caller]
    pub fn acquire_owned(self: Arc<Self>) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        let site = Location::caller();
        let acquire = self.announcer.future("acquire", site, Arc::clone(&self.inner).acquire_owned());
        async move {
            let permit = acquire.await?;
            Ok(OwnedSemaphorePermit { permit: Held::new(self.announcer, permit, "release", site) })
        }
    }

    /// Takes a permit if there is one.
    ///
    /// # Errors
    /// If there is none, or the semaphore is closed.
    #[track_caller]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        let site = Location::caller();
        let permit = self.announcer.attempt("try acquire", site, || self.inner.try_acquire())?;
        Ok(SemaphorePermit { permit: Held::new(self.announcer, permit, "release", site) })
    }

    /// The same, with a permit that needs no borrow.
    ///
    /// # Errors
    /// If there is none, or the semaphore is closed.
    #[track_caller]
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        let site = Location::caller();
        let permit = self.announcer.attempt("try acquire", site, || Arc::clone(&self.inner).try_acquire_owned())?;
        Ok(OwnedSemaphorePermit { permit: Held::new(self.announcer, permit, "release", site) })
    }

    /// Adds `count` permits, whoever had taken them.
    #[track_caller]
    pub fn add_permits(&self, count: usize) {
        self.announcer.step("release", Location::caller(), || self.inner.add_permits(count));
    }

    /// Gives no permits any more: who waits is told.
    #[track_caller]
    pub fn close(&self) {
        self.announcer.step("close", Location::caller(), || self.inner.close());
    }

    /// Permits that nobody has.
    #[track_caller]
    #[must_use]
    pub fn available_permits(&self) -> usize {
        self.announcer.step("count", Location::caller(), || self.inner.available_permits())
    }
}

/// Has permits until it is dropped.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once is given back at once"]
pub struct SemaphorePermit<'a> {
    permit: Held<::tokio::sync::SemaphorePermit<'a>>,
}

impl SemaphorePermit<'_> {
    /// Never gives the permits back.
    pub fn forget(self) {
        self.permit.into_inner().forget();
    }
}

/// The same, for [`Semaphore::acquire_owned`].
#[derive(Debug)]
#[must_use = "a permit that is dropped at once is given back at once"]
pub struct OwnedSemaphorePermit {
    permit: Held<::tokio::sync::OwnedSemaphorePermit>,
}

impl OwnedSemaphorePermit {
    /// Never gives the permit back.
    pub fn forget(self) {
        self.permit.into_inner().forget();
    }
}

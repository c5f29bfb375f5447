//! `RwLock`: many readers or one writer, across awaits.

use super::TryLockError;
use super::announced::{Announcer, Held};
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::panic::Location;

/// A lock for readers and writers, as [`tokio::sync::RwLock`](::tokio::sync::RwLock): first come, first served, so a reader that
/// comes after a waiting writer waits, too.
pub struct RwLock<T> {
    announcer: Announcer,
    inner: ::tokio::sync::RwLock<T>,
}

impl<T> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwLock").finish_non_exhaustive()
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> RwLock<T> {
    /// A lock that nobody holds.
    #[track_caller]
    #[must_use]
    pub fn new(value: T) -> Self {
        let announcer = Announcer::new("async rwlock", Location::caller());
        RwLock { announcer, inner: ::tokio::sync::RwLock::new(value) }
    }

    /// Names it in traces.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.announcer.name(name);
        self
    }

    /// Waits until nobody writes or waits to, and reads.
    #[track_caller]
    pub fn read(&self) -> impl Future<Output = RwLockReadGuard<'_, T>> {
        let site = Location::caller();
        let read = self.announcer.future("read lock", site, self.inner.read());
        async move { RwLockReadGuard { guard: Held::new(self.announcer, read.await, "read unlock", site) } }
    }

    /// Waits until nobody reads or writes, and writes.
    #[track_caller]
    pub fn write(&self) -> impl Future<Output = RwLockWriteGuard<'_, T>> {
        let site = Location::caller();
        let write = self.announcer.future("write lock", site, self.inner.write());
        async move { RwLockWriteGuard { guard: Held::new(self.announcer, write.await, "write unlock", site) } }
    }

    /// Reads, if that takes no waiting.
    ///
    /// # Errors
    /// If it does.
    #[track_caller]
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        let site = Location::caller();
        let guard = self.announcer.attempt("try read lock", site, || self.inner.try_read())?;
        Ok(RwLockReadGuard { guard: Held::new(self.announcer, guard, "read unlock", site) })
    }

    /// Writes, if that takes no waiting.
    ///
    /// # Errors
    /// If it does.
    #[track_caller]
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        let site = Location::caller();
        let guard = self.announcer.attempt("try write lock", site, || self.inner.try_write())?;
        Ok(RwLockWriteGuard { guard: Held::new(self.announcer, guard, "write unlock", site) })
    }

    /// The data.
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

/// Shared access to the data, until it is dropped.
#[derive(Debug)]
#[must_use = "a guard that is dropped at once unlocks at once"]
pub struct RwLockReadGuard<'a, T> {
    guard: Held<::tokio::sync::RwLockReadGuard<'a, T>>,
}

impl<T> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

/// Access to the data, until it is dropped.
#[derive(Debug)]
#[must_use = "a guard that is dropped at once unlocks at once"]
pub struct RwLockWriteGuard<'a, T> {
    guard: Held<::tokio::sync::RwLockWriteGuard<'a, T>>,
}

impl<T> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

//! `Mutex`: may be held across awaits.

use super::TryLockError;
use super::announced::{Announcer, Held};
use crate::task::poll::block_here;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::Arc;

/// Mutual exclusion among tasks, as [`tokio::sync::Mutex`](::tokio::sync::Mutex): first come, first served.
pub struct Mutex<T> {
    announcer: Announcer,
    inner: Arc<::tokio::sync::Mutex<T>>,
}

impl<T> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").finish_non_exhaustive()
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> crate::sync::Arc<Mutex<T>> {
    /// As [`Mutex::lock_owned`].
    #[track_caller]
    pub fn lock_owned(self) -> impl Future<Output = OwnedMutexGuard<T>> {
        crate::sync::Arc::to_std(&self).lock_owned()
    }
}

impl<T> Mutex<T> {
    /// A mutex that nobody holds.
    #[track_caller]
    #[must_use]
    pub fn new(value: T) -> Self {
        let announcer = Announcer::new("async mutex", Location::caller());
        Mutex { announcer, inner: Arc::new(::tokio::sync::Mutex::new(value)) }
    }

    /// Names it in traces.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.announcer.name(name);
        self
    }

    /// Waits until nobody holds the mutex, and takes it.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> {
        let site = Location::caller();
        let lock = self.announcer.future("lock", site, self.inner.lock());
        async move { MutexGuard { guard: Held::new(self.announcer, lock.await, "unlock", site) } }
    }

    /// The same, with a guard that needs no borrow.
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> impl Future<Output = OwnedMutexGuard<T>> {
        let site = Location::caller();
        let lock = self.announcer.future("lock", site, Arc::clone(&self.inner).lock_owned());
        async move { OwnedMutexGuard { guard: Held::new(self.announcer, lock.await, "unlock", site) } }
    }

    /// Waits on a thread that polls nobody.
    ///
    /// # Panics
    /// In a task.
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        block_here(self.lock(), Location::caller())
    }

    /// Takes the mutex if nobody holds it.
    ///
    /// # Errors
    /// If somebody does.
    #[track_caller]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        let site = Location::caller();
        let guard = self.announcer.attempt("try lock", site, || self.inner.try_lock())?;
        Ok(MutexGuard { guard: Held::new(self.announcer, guard, "unlock", site) })
    }

    /// The data, from a mutex that nobody can hold any more.
    ///
    /// # Panics
    /// If an owned guard is left.
    pub fn into_inner(self) -> T {
        let inner = Arc::into_inner(self.inner).expect("an owned guard of this mutex is left");
        inner.into_inner()
    }
}

/// Access to a mutex's data, until it is dropped.
#[derive(Debug)]
#[must_use = "a guard that is dropped at once unlocks at once"]
pub struct MutexGuard<'a, T> {
    guard: Held<::tokio::sync::MutexGuard<'a, T>>,
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

/// The same, for [`Mutex::lock_owned`].
#[derive(Debug)]
#[must_use = "a guard that is dropped at once unlocks at once"]
pub struct OwnedMutexGuard<T> {
    guard: Held<::tokio::sync::OwnedMutexGuard<T>>,
}

impl<T> Deref for OwnedMutexGuard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for OwnedMutexGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

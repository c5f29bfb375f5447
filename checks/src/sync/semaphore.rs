//! `Semaphore`: a number of permits. std has none; the names are tokio's, the waiting is a thread's.

use crate::engine::real::Permits;
use crate::execution::{Effect, Handle, Kind, Site, State, perform, with};
use std::borrow::Cow;
use std::panic::Location;

/// A number of permits that tasks take and give back. Any waiting task may be next: every order is explored.
///
/// ```
/// use raddle::sync::Semaphore;
///
/// raddle::check(|| {
///     let pool = Semaphore::new(2).named("pool");
///     let _one = pool.acquire();
///     let _two = pool.acquire();
///     assert!(pool.try_acquire().is_err());
/// });
/// ```
#[derive(Debug)]
pub struct Semaphore {
    handle: Handle,
    real: Permits,
}

/// There were not enough permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no permits are available")]
pub struct TryAcquireError;

impl Semaphore {
    /// A semaphore with `permits` permits.
    #[track_caller]
    #[must_use]
    pub fn new(permits: usize) -> Self {
        let state = State::Semaphore { permits, holds: Vec::new() };
        Semaphore { handle: Handle::new(state, Location::caller()), real: Permits::new(permits) }
    }

    /// Names it in traces.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.handle.name(name.into());
        self
    }

    /// Waits for a permit and takes it.
    #[track_caller]
    pub fn acquire(&self) -> SemaphorePermit<'_> {
        self.acquire_many(1)
    }

    /// Waits for `count` permits and takes them all at once.
    #[track_caller]
    pub fn acquire_many(&self, count: usize) -> SemaphorePermit<'_> {
        let site = Location::caller();
        if self.handle.is_real() {
            self.real.acquire(count);
        } else {
            perform(self.handle.op(Kind::Acquire(count), site));
        }
        SemaphorePermit { semaphore: self, count, site }
    }

    /// Takes a permit if there is one.
    ///
    /// # Errors
    /// If there is none.
    #[track_caller]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        let site = Location::caller();
        let granted = if self.handle.is_real() {
            self.real.try_acquire()
        } else {
            perform(self.handle.op(Kind::TryAcquire(1), site)) != Effect::Refused
        };
        granted.then(|| SemaphorePermit { semaphore: self, count: 1, site }).ok_or(TryAcquireError)
    }

    /// Adds `count` permits, whoever had taken them.
    #[track_caller]
    pub fn add_permits(&self, count: usize) {
        self.release(count, Location::caller());
    }

    fn release(&self, count: usize, site: Site) {
        if self.handle.is_real() {
            self.real.release(count);
        } else {
            perform(self.handle.op(Kind::Release(count), site));
        }
    }

    /// Permits that nobody has.
    #[must_use]
    pub fn available_permits(&self) -> usize {
        if self.handle.is_real() {
            return self.real.free();
        }
        let id = self.handle.id();
        with(|x| match &x.objects[id.index()].state {
            State::Semaphore { permits, .. } => *permits,
            _ => 0,
        })
    }
}

/// Has permits until it is dropped.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once is given back at once"]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
    count: usize,
    site: Site,
}

impl SemaphorePermit<'_> {
    /// Never gives the permits back.
    pub fn forget(mut self) {
        self.count = 0;
    }
}

impl Drop for SemaphorePermit<'_> {
    fn drop(&mut self) {
        if self.count > 0 {
            self.semaphore.release(self.count, self.site);
        }
    }
}

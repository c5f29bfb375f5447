//! `RaceCell`: a plain variable whose every access is checked for a data race.

use crate::execution::{Handle, Site, State, access, is_recording, record_value, with};
use std::borrow::Cow;
use std::panic::Location;
use std::sync::{RwLock, TryLockError};

/// A plain variable, shared without any synchronization of its own.
///
/// Two accesses race if they can happen at once, or in either order with nothing that orders them, and one of them
/// writes: [`Verdict::DataRace`](crate::Verdict::DataRace). Under loom it is loom that decides; under shuttle, vector
/// clocks, so that the race is found in whichever order the two accesses ran.
///
/// An access is no scheduling point: in a program without data races none could be seen.
pub struct RaceCell<T> {
    handle: Handle,
    show: Option<fn(&T) -> String>,
    value: RwLock<T>,
}

impl<T> RaceCell<T> {
    /// A variable with a value.
    #[track_caller]
    #[must_use]
    pub fn new(value: T) -> Self {
        let handle = Handle::new(State::Cell, Location::caller());
        with(|x| {
            let tasks = x.tasks.len();
            x.clocks.get_or_insert_with(|| crate::execution::Clocks::new(tasks));
        });
        RaceCell { handle, show: None, value: RwLock::new(value) }
    }

    /// Names the variable, and shows its value in traces.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self
    where
        T: std::fmt::Debug,
    {
        self.show = Some(super::show::<T>);
        self.handle.name(name.into());
        self
    }

    /// Reads the value.
    #[track_caller]
    #[must_use]
    pub fn get(&self) -> T
    where
        T: Copy,
    {
        self.read(Location::caller(), |value| *value)
    }

    /// Writes the value.
    #[track_caller]
    pub fn set(&self, value: T) {
        self.write(Location::caller(), |old| *old = value);
    }

    /// Reads through a reference.
    #[track_caller]
    pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        self.read(Location::caller(), read)
    }

    /// Writes through a reference.
    #[track_caller]
    pub fn with_mut<R>(&self, write: impl FnOnce(&mut T) -> R) -> R {
        self.write(Location::caller(), write)
    }

    fn read<R>(&self, site: Site, act: impl FnOnce(&T) -> R) -> R {
        let guard = free(self.value.try_read());
        access(self.handle.id(), false, site, guard.is_none());
        let guard = guard.unwrap_or_else(|| super::data_in_use());
        let result = act(&guard);
        self.record(&guard);
        result
    }

    fn write<R>(&self, site: Site, act: impl FnOnce(&mut T) -> R) -> R {
        let guard = free(self.value.try_write());
        access(self.handle.id(), true, site, guard.is_none());
        let mut guard = guard.unwrap_or_else(|| super::data_in_use());
        with(|x| x.watch.progress());
        let result = act(&mut guard);
        self.record(&guard);
        result
    }

    fn record(&self, value: &T) {
        if let Some(show) = self.show
            && is_recording()
        {
            record_value(show(value));
        }
    }
}

/// What guards the value, unless another access that excludes this one goes on.
fn free<G>(guard: Result<G, TryLockError<G>>) -> Option<G> {
    match guard {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl<T> std::fmt::Debug for RaceCell<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RaceCell").field("handle", &self.handle).finish_non_exhaustive()
    }
}

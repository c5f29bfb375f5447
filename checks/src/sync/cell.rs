//! `RaceCell`: a plain variable whose every access is checked for a data race.

use crate::execution::{Handle, State, access, is_recording, record_value, with};
use std::borrow::Cow;
use std::panic::Location;
use std::sync::{Mutex, TryLockError};

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
    value: Mutex<T>,
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
        RaceCell { handle, show: None, value: Mutex::new(value) }
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
        self.visit(false, Location::caller(), |value| *value)
    }

    /// Writes the value.
    #[track_caller]
    pub fn set(&self, value: T) {
        self.visit(true, Location::caller(), |old| *old = value);
    }

    /// Reads through a reference.
    #[track_caller]
    pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        self.visit(false, Location::caller(), |value| read(value))
    }

    /// Writes through a reference.
    #[track_caller]
    pub fn with_mut<R>(&self, write: impl FnOnce(&mut T) -> R) -> R {
        self.visit(true, Location::caller(), write)
    }

    fn visit<R>(&self, write: bool, site: crate::execution::Site, act: impl FnOnce(&mut T) -> R) -> R {
        let id = self.handle.id();
        let guard = match self.value.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        access(id, write, site, guard.is_none());
        let mut guard = guard.unwrap_or_else(|| super::data_in_use());
        if write {
            with(|x| x.watch.progress());
        }
        let result = act(&mut guard);
        if let Some(show) = self.show
            && is_recording()
        {
            record_value(show(&guard));
        }
        result
    }
}

impl<T> std::fmt::Debug for RaceCell<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RaceCell").field("handle", &self.handle).finish_non_exhaustive()
    }
}

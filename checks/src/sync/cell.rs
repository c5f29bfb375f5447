//! `RaceCell`: a plain variable whose every access is checked for a data race.

use super::granted;
use crate::engine::real;
use crate::execution::{Handle, Site, State, access, is_recording, record_value, with};
use crate::verdict::Place;
use std::borrow::Cow;
use std::panic::Location;
use std::sync::{PoisonError, RwLock};

/// A plain variable, shared without any synchronization of its own.
///
/// Two accesses race if they can happen at once, or in either order with nothing that orders them, and one of them
/// writes: [`Verdict::DataRace`](crate::Verdict::DataRace). Under loom it is loom that decides; under shuttle, vector
/// clocks, so that the race is found in whichever order the two accesses ran.
///
/// An access is no scheduling point: in a program without data races none could be seen. On real threads, where a race
/// would be undefined behaviour, only accesses that overlap are noticed, and each is one to a lock's word.
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
        if handle.is_real() {
            return RaceCell { handle, show: None, value: RwLock::new(value) };
        }
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
        let guard = granted(self.value.try_read()).map(|guard| guard.unwrap_or_else(PoisonError::into_inner));
        self.access(false, site, guard.is_none());
        let guard = guard.unwrap_or_else(|| super::data_in_use());
        let result = act(&guard);
        self.record(&guard);
        result
    }

    fn write<R>(&self, site: Site, act: impl FnOnce(&mut T) -> R) -> R {
        let guard = granted(self.value.try_write()).map(|guard| guard.unwrap_or_else(PoisonError::into_inner));
        self.access(true, site, guard.is_none());
        let mut guard = guard.unwrap_or_else(|| super::data_in_use());
        crate::progress();
        let result = act(&mut guard);
        self.record(&guard);
        result
    }

    fn access(&self, write: bool, site: Site, overlap: bool) {
        if !self.handle.is_real() {
            access(self.handle.id(), write, site, overlap);
        } else if overlap {
            let (me, verb, place) = (real::name_of_me(), if write { "writes" } else { "reads" }, Place::of(site));
            let message = format!("{me} {verb} at {place} what another thread is using at the same moment");
            real::fail(real::Failure { kind: "data race".into(), message });
        }
    }

    fn record(&self, value: &T) {
        if let Some(show) = self.show
            && is_recording()
        {
            record_value(show(value));
        }
    }
}

impl<T> std::fmt::Debug for RaceCell<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RaceCell").field("handle", &self.handle).finish_non_exhaustive()
    }
}

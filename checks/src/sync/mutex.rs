//! `Mutex`: loom's own under loom, unless the program does to it what loom's can't take; the model's otherwise.

use super::written::Written;
use super::{LockResult, PoisonError, TryLockError, TryLockResult, data_in_use, granted, let_go, show};
use crate::engine;
use crate::execution::{
    Acted, Effect, Handle, Kind, Mode, Op, Site, State, act, is_recording, perform, record_value, want_gates_soon, with,
};
use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;

/// loom's part of a mutex: the lock alone; the data is the facade's.
pub(super) type Native = loom::sync::Mutex<()>;
pub(super) type NativeGuard<'a> = loom::sync::MutexGuard<'a, ()>;

/// Mutual exclusion, as [`std::sync::Mutex`].
pub struct Mutex<T: ?Sized> {
    pub(super) handle: Handle,
    pub(super) native: Option<Native>,
    show: Option<fn(&T) -> String>,
    /// Never contended, but on real threads: the lock is taken first.
    data: std::sync::Mutex<T>,
}

impl<T> Mutex<T> {
    /// A mutex that nobody holds.
    #[track_caller]
    #[must_use]
    pub fn new(value: T) -> Self {
        let handle = Handle::new(State::Mutex { holder: None }, Location::caller());
        let is_loom_s = !handle.is_real() && with(|x| x.mode == Mode::Loom && !x.gated);
        let native = is_loom_s.then(|| Native::new(()));
        Mutex { handle, native, show: None, data: std::sync::Mutex::new(value) }
    }

    /// Names the mutex, and shows its data in traces.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self
    where
        T: fmt::Debug,
    {
        self.show = Some(show::<T>);
        self.named_opaque(name)
    }

    /// Names the mutex, for data without `Debug`.
    #[must_use]
    pub fn named_opaque(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.handle.name(name.into());
        self
    }

    /// The data, from a mutex that nobody can hold any more.
    ///
    /// # Errors
    /// If it is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        self.data.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until nobody holds the mutex, and takes it.
    ///
    /// # Errors
    /// If a holder panicked.
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let site = Location::caller();
        if self.handle.is_real() {
            return self.wrap(self.data.lock(), None, site);
        }
        let op = self.handle.op(Kind::Lock, site);
        if self.native.is_none() {
            perform(op);
            return self.guard(None, site);
        }
        let native = act(op, |mode| Acted::done(self.lock_native(mode))).0;
        self.guard(native, site)
    }

    /// Takes the mutex if nobody holds it.
    ///
    /// # Errors
    /// If somebody does, or a holder panicked.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let site = Location::caller();
        if self.handle.is_real() {
            let data = granted(self.data.try_lock()).ok_or(TryLockError::WouldBlock)?;
            return self.wrap(data, None, site).map_err(TryLockError::Poisoned);
        }
        let op = self.handle.op(Kind::TryLock, site);
        if perform(op) == Effect::Refused {
            return Err(TryLockError::WouldBlock);
        }
        self.guard(None, site).map_err(TryLockError::Poisoned)
    }

    /// The data, without locking: the borrow proves that nobody else has the mutex.
    ///
    /// # Errors
    /// If it is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.data.get_mut()
    }

    /// Whether a holder panicked.
    pub fn is_poisoned(&self) -> bool {
        self.data.is_poisoned()
    }

    /// Forgets that a holder panicked.
    pub fn clear_poison(&self) {
        self.data.clear_poison();
    }

    pub(super) fn lock_native(&self, mode: Mode) -> Option<NativeGuard<'_>> {
        let native = self.native.as_ref().filter(|_| mode == Mode::Loom && !std::thread::panicking())?;
        native.lock().ok()
    }

    /// The guard of a mutex that the model says is ours.
    pub(super) fn guard<'a>(&'a self, native: Option<NativeGuard<'a>>, site: Site) -> LockResult<MutexGuard<'a, T>> {
        let Some(data) = granted(self.data.try_lock()) else {
            std::mem::forget(native);
            data_in_use()
        };
        let result = self.wrap(data, native, site);
        if let (Some(show), Ok(guard)) = (self.show, &result)
            && is_recording()
        {
            record_value(show(guard));
        }
        result
    }

    /// The guard around std's.
    pub(super) fn wrap<'a>(
        &'a self,
        data: LockResult<std::sync::MutexGuard<'a, T>>,
        native: Option<NativeGuard<'a>>,
        site: Site,
    ) -> LockResult<MutexGuard<'a, T>> {
        let guard = |data| MutexGuard { lock: self, data: Some(data), native, site, written: Written::default() };
        match data {
            Ok(data) => Ok(guard(data)),
            Err(poisoned) => Err(PoisonError::new(guard(poisoned.into_inner()))),
        }
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

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").field("data", &&self.data).finish_non_exhaustive()
    }
}

/// Has the mutex until it is dropped.
#[must_use = "a guard that is dropped at once guards nothing"]
pub struct MutexGuard<'a, T: ?Sized> {
    pub(super) lock: &'a Mutex<T>,
    data: Option<std::sync::MutexGuard<'a, T>>,
    native: Option<NativeGuard<'a>>,
    site: Site,
    written: Written,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// std's guard alone, for std's condition variable.
    pub(super) fn into_data(mut self) -> (&'a Mutex<T>, std::sync::MutexGuard<'a, T>) {
        (self.lock, self.data.take().expect("a guard has its data until it is dropped"))
    }

    /// Gives the mutex back as part of `op`.
    pub(super) fn release(&mut self, op: Op) {
        if self.data.is_none() || self.lock.handle.is_real() {
            return;
        }
        let op = self.written.mark(op, self.data.as_deref());
        act(op, |mode| {
            let panics = std::thread::panicking();
            if mode == Mode::Loom && !panics && (op.kind != Kind::Unlock || self.lock.native.is_none()) {
                engine::loom::pass_gate(with(|x| x.current), &op);
            }
            let data = self.data.take();
            if let (Some(show), Some(data)) = (self.lock.show, &data)
                && is_recording()
            {
                let value = show(data);
                with(|x| x.released_value = Some(value));
            }
            drop(data);
            let_go(mode, self.native.take(), want_gates_soon);
            Acted::done(())
        });
        if self.lock.show.is_some()
            && let Some(value) = with(|x| x.released_value.take())
        {
            record_value(value);
        }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.data.as_ref().expect("a guard has its data until it is dropped")
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        let data = self.data.as_mut().expect("a guard has its data until it is dropped");
        self.written.begin(&**data);
        data
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.release(self.lock.handle.op(Kind::Unlock, self.site));
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

//! `RwLock`: many readers or one writer; loom's own under loom, unless the program does to it what loom's can't take. Every order of grants is explored. std's lock keeps new readers out while a writer
//! waits; that makes a difference only where a reader that the writer waits for waits for the new one itself, and there it is
//! a deadlock; and where a `try_read` is refused for it.

use super::written::Written;
use super::{LockResult, PoisonError, TryLockError, TryLockResult, data_in_use, granted, let_go, show};
use crate::engine::loom::{NativeRead, NativeRwLock, NativeWrite};
use crate::execution::{
    Acted, Effect, Handle, Kind, Mode, Op, Site, State, act, is_gated, is_recording, perform, record_value, with,
};
use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;

/// A lock for many readers or one writer, as [`std::sync::RwLock`].
pub struct RwLock<T: ?Sized> {
    handle: Handle,
    native: Option<NativeRwLock>,
    show: Option<fn(&T) -> String>,
    /// Never contended, but on real threads: the lock is taken first.
    data: std::sync::RwLock<T>,
}

impl<T> RwLock<T> {
    /// A lock that nobody holds.
    #[track_caller]
    #[must_use]
    pub fn new(value: T) -> Self {
        let state = State::RwLock { writer: None, readers: Vec::new(), queued: Vec::new() };
        let handle = Handle::new(state, Location::caller());
        let is_loom_s = !handle.is_real() && with(|x| x.mode == Mode::Loom && !x.gates_objects);
        let native = is_loom_s.then(NativeRwLock::new);
        RwLock { handle, native, show: None, data: std::sync::RwLock::new(value) }
    }

    /// Names the lock, and shows its data in traces.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self
    where
        T: fmt::Debug,
    {
        self.show = Some(show::<T>);
        self.handle.name(name.into());
        self
    }

    /// The data, from a lock that nobody can hold any more.
    ///
    /// # Errors
    /// If it is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        self.data.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until nobody writes, and reads. As with std, a thread that reads already must not read again: if a writer has
    /// queued in between, each waits for the other.
    ///
    /// # Errors
    /// If a writer panicked.
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let site = Location::caller();
        if self.handle.is_real() {
            return self.wrap_read(self.data.read(), None, site);
        }
        let native = self.wait(self.handle.op(Kind::Read, site), NativeRwLock::read);
        self.read_guard(native, site)
    }

    /// Reads if nobody writes, or waits to: std's lock lets nobody in before them.
    ///
    /// # Errors
    /// If somebody does, or a writer panicked.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let site = Location::caller();
        if self.handle.is_real() {
            let data = granted(self.data.try_read()).ok_or(TryLockError::WouldBlock)?;
            return self.wrap_read(data, None, site).map_err(TryLockError::Poisoned);
        }
        if perform(self.handle.op(Kind::TryRead, site)) == Effect::Refused {
            return Err(TryLockError::WouldBlock);
        }
        self.read_guard(None, site).map_err(TryLockError::Poisoned)
    }

    /// Waits until nobody reads or writes, and writes.
    ///
    /// # Errors
    /// If a writer panicked.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let site = Location::caller();
        if self.handle.is_real() {
            return self.wrap_write(self.data.write(), None, site);
        }
        let op = |kind| self.handle.op(kind, site);
        if is_gated(site) && perform(op(Kind::StartWrite)) != Effect::Refused {
            return self.write_guard(None, site);
        }
        let native = self.wait(op(Kind::Write), NativeRwLock::write);
        self.write_guard(native, site)
    }

    /// Writes if nobody reads or writes.
    ///
    /// # Errors
    /// If somebody does, or a writer panicked.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let site = Location::caller();
        if self.handle.is_real() {
            let data = granted(self.data.try_write()).ok_or(TryLockError::WouldBlock)?;
            return self.wrap_write(data, None, site).map_err(TryLockError::Poisoned);
        }
        if perform(self.handle.op(Kind::TryWrite, site)) == Effect::Refused {
            return Err(TryLockError::WouldBlock);
        }
        self.write_guard(None, site).map_err(TryLockError::Poisoned)
    }

    /// The data, without locking: the borrow proves that nobody else has the lock.
    ///
    /// # Errors
    /// If it is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.data.get_mut()
    }

    /// Whether a writer panicked.
    pub fn is_poisoned(&self) -> bool {
        self.data.is_poisoned()
    }

    /// Waits for the lock: `take` does it, where it is loom's.
    fn wait<'a, G>(&'a self, op: Op, take: impl FnOnce(&'a NativeRwLock) -> Option<G>) -> Option<G> {
        let Some(native) = &self.native else {
            perform(op);
            return None;
        };
        let wait = |mode| match mode {
            // To let others run would show them the panic; whoever catches it is explored with gates.
            Mode::Loom if std::thread::panicking() => with(|x| {
                x.unseen = true;
                None
            }),
            Mode::Loom => take(native),
            Mode::Shuttle => None,
        };
        act(op, |mode| Acted::done(wait(mode))).0
    }

    /// Gives the lock back: `native`, where it is loom's.
    fn unlock<G>(&self, op: Op, native: Option<G>) {
        let Some(loom_s) = &self.native else {
            perform(op);
            return;
        };
        act(op, |mode| {
            if mode == Mode::Loom && op.kind == Kind::ReadUnlock && !std::thread::panicking() {
                loom_s.end_read();
            }
            let_go(mode, native, || with(|x| x.unseen = true));
            Acted::done(())
        });
    }

    fn read_guard<'a>(&'a self, native: Option<NativeRead<'a>>, site: Site) -> LockResult<RwLockReadGuard<'a, T>> {
        let Some(data) = granted(self.data.try_read()) else {
            std::mem::forget(native);
            data_in_use()
        };
        let result = self.wrap_read(data, native, site);
        if let (Some(show), Ok(guard)) = (self.show, &result)
            && is_recording()
        {
            record_value(show(guard));
        }
        result
    }

    fn write_guard<'a>(&'a self, native: Option<NativeWrite<'a>>, site: Site) -> LockResult<RwLockWriteGuard<'a, T>> {
        let Some(data) = granted(self.data.try_write()) else {
            std::mem::forget(native);
            data_in_use()
        };
        let result = self.wrap_write(data, native, site);
        if let (Some(show), Ok(guard)) = (self.show, &result)
            && is_recording()
        {
            record_value(show(guard));
        }
        result
    }
}

impl<T: ?Sized> RwLock<T> {
    /// The guard around std's.
    fn wrap_read<'a>(
        &'a self,
        data: LockResult<std::sync::RwLockReadGuard<'a, T>>,
        native: Option<NativeRead<'a>>,
        site: Site,
    ) -> LockResult<RwLockReadGuard<'a, T>> {
        let guard = |data| RwLockReadGuard { lock: self, data: Some(data), native, site };
        match data {
            Ok(data) => Ok(guard(data)),
            Err(poisoned) => Err(PoisonError::new(guard(poisoned.into_inner()))),
        }
    }

    /// The guard around std's.
    fn wrap_write<'a>(
        &'a self,
        data: LockResult<std::sync::RwLockWriteGuard<'a, T>>,
        native: Option<NativeWrite<'a>>,
        site: Site,
    ) -> LockResult<RwLockWriteGuard<'a, T>> {
        let guard = |data| RwLockWriteGuard { lock: self, data: Some(data), native, site, written: Written::default() };
        match data {
            Ok(data) => Ok(guard(data)),
            Err(poisoned) => Err(PoisonError::new(guard(poisoned.into_inner()))),
        }
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwLock").field("data", &&self.data).finish_non_exhaustive()
    }
}

/// Reads until it is dropped.
#[must_use = "a guard that is dropped at once guards nothing"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    data: Option<std::sync::RwLockReadGuard<'a, T>>,
    native: Option<NativeRead<'a>>,
    site: Site,
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.data.as_ref().expect("a guard has its data until it is dropped")
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        if self.lock.handle.is_real() {
            return;
        }
        self.lock.unlock(self.lock.handle.op(Kind::ReadUnlock, self.site), self.native.take());
        self.data = None;
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// Writes until it is dropped.
#[must_use = "a guard that is dropped at once guards nothing"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    data: Option<std::sync::RwLockWriteGuard<'a, T>>,
    native: Option<NativeWrite<'a>>,
    site: Site,
    written: Written,
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.data.as_ref().expect("a guard has its data until it is dropped")
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        let data = self.data.as_mut().expect("a guard has its data until it is dropped");
        self.written.begin(&**data);
        data
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        if self.lock.handle.is_real() {
            return;
        }
        let op = self.lock.handle.op(Kind::WriteUnlock, self.site);
        self.lock.unlock(self.written.mark(op, self.data.as_deref()), self.native.take());
        if let (Some(show), Some(data)) = (self.lock.show, &self.data)
            && is_recording()
        {
            record_value(show(data));
        }
        self.data = None;
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

//! `Once` and `OnceLock`: something is done by the first to ask, and the others wait for it.

use crate::execution::{Handle, Kind, Op, Site, State, perform, with};
use std::borrow::Cow;
use std::panic::Location;

/// Runs something once, as [`std::sync::Once`]. A panic inside does not poison it: the next caller tries again.
#[derive(Debug)]
pub struct Once {
    handle: Handle,
    real: std::sync::Once,
}

impl Default for Once {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl Once {
    /// A once that has not run.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        Once { handle: Handle::new(State::fresh_once(), Location::caller()), real: std::sync::Once::new() }
    }

    /// Names it in traces.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.handle.name(name.into());
        self
    }

    /// Runs `init` unless a call has run it, and waits while another runs it.
    #[track_caller]
    pub fn call_once(&self, init: impl FnOnce()) {
        self.enter(Location::caller(), init);
    }

    /// Whether it has run.
    #[track_caller]
    #[must_use]
    pub fn is_completed(&self) -> bool {
        if self.handle.is_real() {
            return self.real.is_completed();
        }
        perform(self.handle.op(Kind::OnceCheck, Location::caller()));
        self.done()
    }

    /// Waits until it has run.
    #[track_caller]
    pub fn wait(&self) {
        if self.handle.is_real() {
            return self.real.wait();
        }
        self.wait_at(Location::caller());
    }

    fn wait_at(&self, site: Site) {
        perform(self.handle.op(Kind::OnceWait, site));
    }

    fn done(&self) -> bool {
        let id = self.handle.id();
        with(|x| matches!(x.objects[id.index()].state, State::Once { done: true, .. }))
    }

    fn enter(&self, site: Site, init: impl FnOnce()) {
        if self.handle.is_real() {
            return self.real.call_once_force(|_| init());
        }
        perform(self.handle.op(Kind::OnceEnter, site));
        if self.done() {
            return;
        }
        let mut leave = Leave(self.handle.op(Kind::OnceFail, site));
        init();
        leave.0.kind = Kind::OnceDone;
    }
}

/// Ends a run of `init` by this operation, also when it panics.
struct Leave(Op);

impl Drop for Leave {
    fn drop(&mut self) {
        perform(self.0);
    }
}

/// A value that the first to ask makes, as [`std::sync::OnceLock`].
#[derive(Debug)]
pub struct OnceLock<T> {
    once: Once,
    value: std::sync::OnceLock<T>,
}

impl<T> Default for OnceLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T> OnceLock<T> {
    /// A lock without a value.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        OnceLock { once: Once::new(), value: std::sync::OnceLock::new() }
    }

    /// Names it in traces.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        OnceLock { once: self.once.named(name), ..self }
    }

    /// The value, if it has been made.
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        if self.once.handle.is_real() {
            return self.value.get();
        }
        perform(self.once.handle.op(Kind::OnceCheck, Location::caller()));
        // The value is there before the run has ended, which is what orders it.
        if self.once.done() { self.value.get() } else { None }
    }

    /// Sets the value.
    ///
    /// # Errors
    /// With `value`, if there is one already.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        if self.once.handle.is_real() {
            return self.value.set(value);
        }
        let mut value = Some(value);
        self.once.enter(Location::caller(), || {
            if let Some(value) = value.take() {
                let _ = self.value.set(value);
            }
        });
        value.map_or(Ok(()), Err)
    }

    /// The value, made by `init` if nobody has; waits while another makes it.
    #[track_caller]
    pub fn get_or_init(&self, init: impl FnOnce() -> T) -> &T {
        self.init_at(Location::caller(), init)
    }

    pub(super) fn init_at(&self, site: Site, init: impl FnOnce() -> T) -> &T {
        if self.once.handle.is_real() {
            return self.value.get_or_init(init);
        }
        self.once.enter(site, || {
            let _ = self.value.set(init());
        });
        self.value.get().unwrap_or_else(|| super::data_in_use())
    }

    /// The value, for a task that knows it to be made: there is nothing to wait for, and nobody could come in between.
    pub(super) fn made(&self) -> Option<&T> {
        self.value.get()
    }

    /// One that belongs to a static.
    pub(super) fn of_static(handle: Handle) -> Self {
        let once = Once { handle, real: std::sync::Once::new() };
        OnceLock { once, value: std::sync::OnceLock::new() }
    }

    /// The value, of a lock that nobody else can use.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// The value, of a lock that nobody else can use, which is empty then.
    #[track_caller]
    pub fn take(&mut self) -> Option<T> {
        let value = self.value.take()?;
        // What is done to it from here on is no matter of what was done before.
        self.once = Once::new();
        Some(value)
    }

    /// The value, once somebody has made it.
    #[track_caller]
    pub fn wait(&self) -> &T {
        if self.once.handle.is_real() {
            return self.value.wait();
        }
        self.once.wait_at(Location::caller());
        self.value.get().unwrap_or_else(|| super::data_in_use())
    }

    /// The value, from a lock that nobody can use any more.
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        self.get().map_or_else(OnceLock::new, |value| OnceLock::from(value.clone()))
    }
}

impl<T> From<T> for OnceLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        let lock = OnceLock::new();
        if lock.once.handle.is_real() {
            let _ = lock.value.set(value);
        } else {
            let _ = lock.set(value);
        }
        lock
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    #[track_caller]
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceLock<T> {}

//! `Condvar`, with timeouts that race and, where the check allows them, spurious wakeups.

use super::{LockResult, MutexGuard, PoisonError};
use crate::engine;
use crate::execution::{Acted, Effect, Handle, Kind, Mode, Site, State, act, perform, with};
use std::borrow::Cow;
use std::panic::Location;
use std::time::{Duration, Instant};

/// A condition variable, as [`std::sync::Condvar`].
///
/// `notify_one` may wake any of the tasks that wait when it is called; which one is explored. Whether a timeout fires
/// while others can still run is explored as often as [`Checker::timeouts`](crate::Checker::timeouts) says, and a
/// wakeup that nobody sent as often as [`Checker::spurious_wakeups`](crate::Checker::spurious_wakeups) says.
#[derive(Debug)]
pub struct Condvar {
    handle: Handle,
    real: std::sync::Condvar,
}

/// Whether a wait with a timeout timed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether it did.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl Condvar {
    /// A condition variable that nobody waits on.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        let state = State::Condvar { waiters: Vec::new(), signals: Vec::new() };
        Condvar { handle: Handle::new(state, Location::caller()), real: std::sync::Condvar::new() }
    }

    /// Names it in traces.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.handle.name(name.into());
        self
    }

    /// Gives the mutex back, waits for a notification, and takes the mutex again.
    ///
    /// # Errors
    /// If the mutex is poisoned.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.wait_for(guard, None, Location::caller()).0
    }

    /// Waits while `condition` holds.
    ///
    /// # Errors
    /// If the mutex is poisoned.
    #[track_caller]
    pub fn wait_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        let site = Location::caller();
        while condition(&mut guard) {
            guard = self.wait_for(guard, None, site).0?;
        }
        Ok(guard)
    }

    /// Waits for a notification, or for a time.
    ///
    /// # Errors
    /// If the mutex is poisoned.
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let (guard, effect) = self.wait_for(guard, Some(timeout), Location::caller());
        let result = WaitTimeoutResult(effect == Effect::TimedOut);
        match guard {
            Ok(guard) => Ok((guard, result)),
            Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), result))),
        }
    }

    /// Waits while `condition` holds, or for a time.
    ///
    /// # Errors
    /// If the mutex is poisoned.
    #[track_caller]
    pub fn wait_timeout_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        timeout: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let site = Location::caller();
        // A model has no clock: only a real wait gets shorter with every wakeup.
        let started = self.handle.is_real().then(Instant::now);
        while condition(&mut guard) {
            let left = started.map_or(timeout, |started| timeout.saturating_sub(started.elapsed()));
            let (next, effect) = self.wait_for(guard, Some(left), site);
            guard = match next {
                Ok(guard) => guard,
                Err(poisoned) => return Err(PoisonError::new((poisoned.into_inner(), WaitTimeoutResult(false)))),
            };
            if effect == Effect::TimedOut {
                let still = condition(&mut guard);
                return Ok((guard, WaitTimeoutResult(still)));
            }
        }
        Ok((guard, WaitTimeoutResult(false)))
    }

    fn wait_for<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        timeout: Option<Duration>,
        site: Site,
    ) -> (LockResult<MutexGuard<'a, T>>, Effect) {
        if self.handle.is_real() {
            return self.really_wait_for(guard, timeout, site);
        }
        let lock = guard.lock;
        let mutex = lock.handle.id();
        guard.release(self.handle.op(Kind::Wait { mutex }, site));
        drop(guard);
        let op = self.handle.op(Kind::Wake { mutex }, site).timeout(timeout);
        let (native, confirmed) = act(op, |mode| {
            let native = match mode {
                Mode::Loom if !std::thread::panicking() => {
                    let me = with(|x| x.current);
                    if lock.native.is_some() {
                        engine::loom::wait_notified(me, &op, || lock.lock_native(mode))
                    } else {
                        engine::loom::wait_turn(me, &op);
                        None
                    }
                }
                _ => None,
            };
            Acted::done(native)
        });
        (lock.guard(native, site), confirmed.effect)
    }

    fn really_wait_for<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Option<Duration>,
        site: Site,
    ) -> (LockResult<MutexGuard<'a, T>>, Effect) {
        let (lock, data) = guard.into_data();
        let Some(timeout) = timeout else {
            return (lock.wrap(self.real.wait(data), None, site), Effect::Done);
        };
        let (data, result) = match self.real.wait_timeout(data, timeout) {
            Ok((data, result)) => (Ok(data), result),
            Err(poisoned) => {
                let (data, result) = poisoned.into_inner();
                (Err(PoisonError::new(data)), result)
            }
        };
        (lock.wrap(data, None, site), if result.timed_out() { Effect::TimedOut } else { Effect::Done })
    }

    /// Wakes one of the tasks that wait now, if any.
    #[track_caller]
    pub fn notify_one(&self) {
        if self.handle.is_real() {
            return self.real.notify_one();
        }
        perform(self.handle.op(Kind::NotifyOne, Location::caller()));
    }

    /// Wakes all tasks that wait now.
    #[track_caller]
    pub fn notify_all(&self) {
        if self.handle.is_real() {
            return self.real.notify_all();
        }
        perform(self.handle.op(Kind::NotifyAll, Location::caller()));
    }
}

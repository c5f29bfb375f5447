//! `LazyLock`: a static that is made anew in each execution, by the first task to use it.

use super::OnceLock;
use crate::engine::real;
use crate::execution::{Handle, Number, Site, State, drop_static, knows_static, of_static};
use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A value that the first to use it makes, as [`std::sync::LazyLock`], and the way to have statics: each execution makes
/// its own. Who makes it is explored, and the others wait meanwhile.
///
/// ```
/// use raddle::sync::{LazyLock, Mutex};
///
/// static JOBS: LazyLock<Mutex<Vec<u32>>> = LazyLock::new(|| Mutex::new(Vec::new()));
///
/// raddle::check(|| {
///     let other = raddle::thread::spawn(|| JOBS.lock().unwrap().push(1));
///     JOBS.lock().unwrap().push(2);
///     other.join().unwrap();
///     assert_eq!(JOBS.lock().unwrap().len(), 2);
/// });
/// ```
///
/// It is known by its place in the source, so no two that were made at one place can be in use in an execution: what is
/// made several times is a [`OnceLock`]. The value is dropped when the execution has ended, and operations do nothing then;
/// a reference to it must not be kept beyond that, in a static of std's or in what the program has captured.
pub struct LazyLock<T: 'static, F = fn() -> T> {
    number: Number,
    place: Site,
    init: F,
    /// On real threads: the value of the run of this number.
    real: Mutex<Option<(u64, Box<Made<T>>)>>,
    /// It is shared as a value is.
    value: PhantomData<T>,
}

/// A value that has been asked for.
struct Made<T> {
    lock: OnceLock<T>,
    poisoned: AtomicBool,
}

impl<T> Made<T> {
    fn new(lock: OnceLock<T>) -> Self {
        Made { lock, poisoned: AtomicBool::new(false) }
    }
}

/// Poisons it unless it is forgotten: a panic has ended what makes the value.
struct Poisons<'a>(&'a AtomicBool);

impl Drop for Poisons<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<T: 'static, F> LazyLock<T, F> {
    /// A value that `init` makes at its first use.
    #[track_caller]
    pub const fn new(init: F) -> Self {
        let place = Location::caller();
        LazyLock { number: Number::new(), place, init, real: Mutex::new(None), value: PhantomData }
    }

    fn place(&self) -> (Site, &'static str) {
        (self.place, type_name::<T>())
    }

    /// Where it is made on real threads, in this run.
    fn here_for_real(&self) -> *const Made<T> {
        let run = real::run_number();
        let mut known = self.real.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((of, made)) if *of == run => &raw const **made,
            _ => &raw const *known.insert((run, Box::new(Made::new(OnceLock::new())))).1,
        }
    }
}

impl<T: 'static, F: Fn() -> T> LazyLock<T, F> {
    /// The value, made if nobody has; waits while another task makes it.
    ///
    /// # Panics
    /// If making it has panicked before, and outside an exploration.
    #[track_caller]
    pub fn force(this: &Self) -> &T {
        let site = Location::caller();
        let is_real = real::is_on();
        let (made, known) = if is_real {
            (this.here_for_real(), false)
        } else {
            crate::execution::expect_exploration(site);
            let make = || Made::new(OnceLock::of_static(Handle::of_static(State::fresh_once(), this.place())));
            of_static(this.number.get(), this.place(), make)
        };
        // SAFETY: the box stays where it is, and is freed when the execution has ended, when `this` is dropped, which its
        // borrow outlives, or, on real threads, when the next run comes to it. No task runs then any more: an execution
        // of which a stack is left is not freed (`execution::made::drop_rest`), and a run has ended when all its threads
        // have. What could still have the reference is what outlives an execution, which programs are told not to give it
        // to; loom's and shuttle's statics are held to the same. Tested by `tests/faults/std_facade.rs`.
        #[expect(unsafe_code, reason = "a static is borrowed for ever, and its value lives for an execution")]
        let made: &Made<T> = unsafe { &*made };
        if known && let Some(value) = made.lock.made() {
            return value;
        }
        let value = made.lock.init_at(site, || {
            assert!(!made.poisoned.load(Ordering::Relaxed), "LazyLock instance has previously been poisoned");
            let poisons = Poisons(&made.poisoned);
            let value = (this.init)();
            std::mem::forget(poisons);
            value
        });
        if !is_real {
            knows_static(this.number.get());
        }
        value
    }
}

impl<T: 'static, F> Drop for LazyLock<T, F> {
    fn drop(&mut self) {
        if let Some(number) = self.number.known() {
            drop_static(number);
        }
    }
}

impl<T: 'static, F: Fn() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    #[track_caller]
    fn deref(&self) -> &T {
        LazyLock::force(self)
    }
}

impl<T: Default + 'static> Default for LazyLock<T> {
    #[track_caller]
    fn default() -> Self {
        LazyLock::new(T::default)
    }
}

impl<T: 'static, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyLock").field("place", &self.place).finish_non_exhaustive()
    }
}

//! `thread_local!`: one value for each task.

use crate::engine::real;
use crate::execution::{self, Number};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;

/// Declares statics of which each task has its own value, as [`std::thread_local!`](std::thread_local).
///
/// A task makes its value at first use, and drops it when it ends: the value made last is dropped first, before whoever
/// joins the task goes on. Destructors may use raddle's primitives, and other such values. A task of an event loop has
/// values of its own, too, also where its loop has one thread. Each execution begins without values.
///
/// ```
/// use std::cell::Cell;
///
/// raddle::thread_local! {
///     static DEPTH: Cell<u32> = const { Cell::new(0) };
/// }
///
/// raddle::check(|| {
///     DEPTH.set(1);
///     raddle::thread::spawn(|| assert_eq!(DEPTH.get(), 0)).join().unwrap();
///     assert_eq!(DEPTH.get(), 1);
/// });
/// ```
#[macro_export]
macro_rules! thread_local {
    () => {};
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty = const $init:block $(; $($rest:tt)*)?) => {
        $crate::thread_local!(@declare [$(#[$attr])* $vis] $name, $t, const $init);
        $($crate::thread_local!($($rest)*);)?
    };
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty = $init:expr $(; $($rest:tt)*)?) => {
        $crate::thread_local!(@declare [$(#[$attr])* $vis] $name, $t, $init);
        $($crate::thread_local!($($rest)*);)?
    };
    (@declare [$(#[$attr:meta])* $vis:vis] $name:ident, $t:ty, $init:expr) => {
        $(#[$attr])*
        $vis static $name: $crate::thread::LocalKey<$t> = {
            fn init() -> $t {
                $init
            }
            ::std::thread_local! {
                static REAL: $t = init();
            }
            $crate::thread::LocalKey::declared(init, &REAL)
        };
    };
}

/// The name of a value that each task has of its own: see [`thread_local!`](crate::thread_local).
pub struct LocalKey<T: 'static> {
    number: Number,
    init: fn() -> T,
    /// On real threads.
    real: &'static std::thread::LocalKey<T>,
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// The task's value has been dropped already: its destructor runs, or has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessError;

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("already destroyed")
    }
}

impl std::error::Error for AccessError {}

impl<T: 'static> LocalKey<T> {
    /// What the macro declares.
    #[doc(hidden)]
    #[must_use]
    pub const fn declared(init: fn() -> T, real: &'static std::thread::LocalKey<T>) -> Self {
        LocalKey { number: Number::new(), init, real }
    }

    /// Calls `f` with the task's value, made if it is not there.
    ///
    /// # Panics
    /// If the value has been dropped, and outside an exploration.
    #[track_caller]
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        gone_is_a_panic(self.access(None, |value, _| f(value)))
    }

    /// Calls `f` with the task's value, made if it is not there.
    ///
    /// # Errors
    /// If the value has been dropped.
    ///
    /// # Panics
    /// Outside an exploration.
    #[track_caller]
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        self.access(None, |value, _| f(value))
    }

    /// Calls `f` with the task's value, and with `first` unless that has become the value, which was not there.
    #[track_caller]
    fn access<R>(&'static self, first: Option<T>, f: impl FnOnce(&T, Option<T>) -> R) -> Result<R, AccessError> {
        if real::is_on() {
            return self.real.try_with(|value| f(value, first)).map_err(|_| AccessError);
        }
        let mut first = first;
        let make = || first.take().unwrap_or_else(self.init);
        let value = execution::local(self.number.get(), Location::caller(), make).ok_or(AccessError)?;
        Ok(f(&value, first))
    }
}

#[track_caller]
fn gone_is_a_panic<R>(result: Result<R, AccessError>) -> R {
    result.unwrap_or_else(|error| {
        panic!("cannot access a Thread Local Storage value during or after destruction: {error:?}")
    })
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// Sets the task's value; it is not made before.
    ///
    /// # Panics
    /// As [`Self::with`].
    #[track_caller]
    pub fn set(&'static self, value: T) {
        let set = |cell: &Cell<T>, value: Option<Cell<T>>| {
            if let Some(value) = value {
                cell.set(value.into_inner());
            }
        };
        gone_is_a_panic(self.access(Some(Cell::new(value)), set));
    }

    /// A copy of the task's value.
    ///
    /// # Panics
    /// As [`Self::with`].
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// The task's value, and its default in its place.
    ///
    /// # Panics
    /// As [`Self::with`].
    #[track_caller]
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// The task's value, and another in its place.
    ///
    /// # Panics
    /// As [`Self::with`].
    #[track_caller]
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// Calls `f` with the task's value.
    ///
    /// # Panics
    /// As [`Self::with`], and if it is borrowed mutably.
    #[track_caller]
    pub fn with_borrow<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.with(|cell| f(&cell.borrow()))
    }

    /// Calls `f` with the task's value, to be changed.
    ///
    /// # Panics
    /// As [`Self::with`], and if it is borrowed.
    #[track_caller]
    pub fn with_borrow_mut<R>(&'static self, f: impl FnOnce(&mut T) -> R) -> R {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// Sets the task's value; it is not made before.
    ///
    /// # Panics
    /// As [`Self::with`], and if it is borrowed.
    #[track_caller]
    pub fn set(&'static self, value: T) {
        let set = |cell: &RefCell<T>, value: Option<RefCell<T>>| {
            if let Some(value) = value {
                *cell.borrow_mut() = value.into_inner();
            }
        };
        gone_is_a_panic(self.access(Some(RefCell::new(value)), set));
    }

    /// The task's value, and its default in its place.
    ///
    /// # Panics
    /// As [`Self::with`], and if it is borrowed.
    #[track_caller]
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// The task's value, and another in its place.
    ///
    /// # Panics
    /// As [`Self::with`], and if it is borrowed.
    #[track_caller]
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

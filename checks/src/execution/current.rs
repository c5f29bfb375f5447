//! The execution that this thread is in.

use super::{Execution, Site};
use std::cell::RefCell;

thread_local! {
    static CURRENT: RefCell<Option<Box<Execution>>> = const { RefCell::new(None) };
}

/// The site of what no line of the program does: `main`'s start.
pub(crate) fn nowhere() -> Site {
    std::panic::Location::caller()
}

/// What is wrong with a primitive of another execution.
pub(crate) const CARRIED: &str = "a raddle primitive, or a guard, was carried from one execution into another: create it \
    inside the closure that is checked, and not in a static or a `thread_local!` of std's, or outside";

const OUTSIDE: &str = "raddle's primitives work inside an exploration: call this from the closure given to \
    `raddle::check`, or from a thread that `raddle::thread::spawn` has started in it, not from one of std's or tokio's";

/// Runs `f` on the current execution.
///
/// # Panics
/// Outside an exploration: the facade's primitives live inside one.
#[track_caller]
pub(crate) fn with<R>(f: impl FnOnce(&mut Execution) -> R) -> R {
    let done = CURRENT.with(|current| current.borrow_mut().as_deref_mut().map(f));
    done.expect(OUTSIDE)
}

/// The same for what is done at `site`.
///
/// # Panics
/// Outside an exploration.
#[track_caller]
pub(crate) fn with_at<R>(site: Site, f: impl FnOnce(&mut Execution) -> R) -> R {
    let done = CURRENT.with(|current| current.borrow_mut().as_deref_mut().map(f));
    done.unwrap_or_else(|| panic!("{site}: {OUTSIDE}"))
}

/// # Panics
/// Outside an exploration, for what is created at `site`.
#[track_caller]
pub(crate) fn expect_exploration(site: Site) {
    let is_there = CURRENT.with(|current| current.borrow().is_some());
    assert!(is_there, "{site}: {OUTSIDE}");
}

/// Runs `f` on the current execution if there is one that nobody is looking at.
pub(crate) fn try_with<R>(f: impl FnOnce(&mut Execution) -> R) -> Option<R> {
    CURRENT.try_with(|current| Some(f(current.try_borrow_mut().ok()?.as_mut()?))).ok().flatten()
}

pub(crate) fn begin(execution: Box<Execution>) {
    let ended = CURRENT.with(|current| current.borrow_mut().replace(execution));
    drop(ended);
}

pub(crate) fn end() -> Option<Box<Execution>> {
    CURRENT.with(|current| current.borrow_mut().take())
}

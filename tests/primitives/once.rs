//! `Once` and `OnceLock`.

use super::*;

#[test]
fn once_runs_once_and_the_others_wait_for_it() {
    fn program() -> (u32, u32) {
        let (once, data) = (Once::new(), RaceCell::new(0).named("data"));
        let use_it = |value: u32| {
            once.call_once(|| data.set(data.get() + value));
            assert!(once.is_completed(), "it has run");
            data.get()
        };
        both(|| use_it(1), || use_it(2))
    }
    outcomes(program, [(1, 1), (2, 2)]);
}

#[test]
fn once_is_completed_only_when_it_has_run() {
    fn program() -> (bool, bool) {
        let (once, data) = (Once::default(), RaceCell::new(false).named("data"));
        let look = || {
            let completed = once.is_completed();
            // Had it not run, this would be a data race.
            (completed, completed && data.get())
        };
        both(|| once.call_once(|| data.set(true)), look).1
    }
    outcomes(program, [(false, false), (true, true)]);
}

#[test]
fn once_tries_again_after_an_init_that_panicked() {
    holds(|| {
        let (once, cell) = (Once::new(), OnceLock::new());
        panics_with(|| once.call_once(|| panic!("first")));
        assert!(!once.is_completed(), "it has not run to its end");
        let mut ran = false;
        once.call_once(|| ran = true);
        assert!(ran, "the next caller tries again");
        panics_with(|| _ = cell.get_or_init(|| panic!("first")));
        assert_eq!((cell.get(), cell.get_or_init(|| 2)), (None, &2), "the next caller makes the value");
    });
}

#[test]
fn once_that_calls_itself_is_a_deadlock_of_one() {
    let program = || {
        let once = Once::new().named("once");
        once.call_once(|| once.call_once(|| ()));
    };
    fails(program, is_deadlock_of_one);
}

#[test]
fn once_lock_has_one_value_whoever_makes_it() {
    fn program() -> (u32, u32) {
        let cell = OnceLock::new();
        both(|| *cell.get_or_init(|| 1), || *cell.get_or_init(|| 2))
    }
    outcomes(program, [(1, 1), (2, 2)]);
}

#[test]
fn once_lock_set_and_get() {
    fn program() -> (Result<(), u32>, Option<u32>) {
        let cell = OnceLock::default();
        let (theirs, ()) = both(|| cell.set(1), || _ = cell.set(2));
        (theirs, cell.get().copied())
    }
    outcomes(program, [(Ok(()), Some(1)), (Err(1), Some(2))]);
    holds(|| {
        let cell = OnceLock::new().named("cell");
        assert_eq!(cell.get(), None, "there is no value yet");
        assert_eq!((cell.set(1), cell.set(2)), (Ok(()), Err(2)), "only the first set counts");
        assert_eq!(cell.get(), Some(&1), "and it is the value");
        assert_eq!(cell.into_inner(), Some(1), "which can be taken out");
    });
}

#[test]
fn once_lock_get_is_ordered_after_the_init_that_it_sees() {
    fn program() -> Option<u32> {
        let (cell, data) = (OnceLock::new(), RaceCell::new(0).named("data"));
        let make = || {
            cell.get_or_init(|| data.set(1));
        };
        both(make, || cell.get().map(|()| data.get())).1
    }
    outcomes(program, [None, Some(1)]);
}

//! Tasks that keep each other from getting anywhere.

use super::every;
use super::sleepers::STRATEGIES;
use crate::cases::{Came, RANDOM, fails, under};
use raddle::sync::Arc;
use raddle::sync::atomic::{AtomicBool, Ordering::*};
use raddle::{Engine, thread};
use std::time::Duration;

fn two_that_spin(sleeps: bool) {
    let flags = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
    let theirs = Arc::clone(&flags);
    let other = thread::spawn(move || {
        while !theirs[0].load(SeqCst) {
            thread::yield_now();
        }
        theirs[1].store(true, SeqCst);
    });
    if sleeps {
        thread::spawn(|| thread::sleep(Duration::from_millis(1)));
    }
    while !flags[1].load(SeqCst) {
        thread::yield_now();
    }
    flags[0].store(true, SeqCst);
    other.join().unwrap();
}

pub(super) fn livelock() -> Came {
    fails(&every(), "livelock", || two_that_spin(false))?;
    fails(&under(RANDOM).executions(300), "livelock", || two_that_spin(false))
}

pub(super) fn livelock_beside_a_sleeper() -> Came {
    fails(&every(), "livelock", || two_that_spin(true))?;
    fails(&under(RANDOM).executions(300), "livelock", || two_that_spin(true))
}

pub(super) fn livelock_within() -> Came {
    fails(&every().preemptions(0), "livelock", || two_that_spin(false))
}

/// Two transactions that each take a lock, find the other taken, give up and try again.
fn transactions() {
    let locks = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
    let commit = |locks: &[AtomicBool; 2], first: usize| {
        loop {
            while locks[first].swap(true, SeqCst) {
                thread::yield_now();
            }
            if !locks[1 - first].swap(true, SeqCst) {
                break;
            }
            locks[first].store(false, SeqCst);
            thread::yield_now();
        }
        locks[0].store(false, SeqCst);
        locks[1].store(false, SeqCst);
    };
    let theirs = Arc::clone(&locks);
    let other = thread::spawn(move || commit(&theirs, 1));
    commit(&locks, 0);
    other.join().unwrap();
}

fn polite_tasks() {
    let wants = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
    let enter = |wants: &[AtomicBool; 2], me: usize| {
        loop {
            wants[me].store(true, SeqCst);
            if !wants[1 - me].load(SeqCst) {
                break;
            }
            wants[me].store(false, SeqCst);
            thread::yield_now();
        }
        wants[me].store(false, SeqCst);
    };
    let theirs = Arc::clone(&wants);
    let other = thread::spawn(move || enter(&theirs, 1));
    enter(&wants, 0);
    other.join().unwrap();
}

/// Each sampler finds the livelock, or nothing: none says that the program is not deterministic.
fn never_an_error(program: fn()) -> Came {
    let mut found = 0;
    for strategy in STRATEGIES {
        for seed in 1..6 {
            let checker = under(Engine::Shuttle(strategy)).executions(300).seed(seed);
            match checker.run(program) {
                Ok(raddle::Outcome::Fails(fails)) if fails.verdict.name() == "livelock" => found += 1,
                Ok(raddle::Outcome::Holds(_)) => {}
                other => return Err(format!("{strategy:?}, seed {seed}: {other:?}")),
            }
        }
    }
    if found == 0 { Err("nobody finds it".into()) } else { Ok(format!("found in {found} of 30")) }
}

/// Each of three waits for the one before it.
fn ring_of_three() {
    let flags = Arc::new([AtomicBool::new(false), AtomicBool::new(false), AtomicBool::new(false)]);
    let wait = |flags: &[AtomicBool; 3], me: usize| {
        while !flags[(me + 2) % 3].load(SeqCst) {
            thread::yield_now();
        }
        flags[me].store(true, SeqCst);
    };
    let others = [1, 2].map(|me| {
        let flags = Arc::clone(&flags);
        thread::spawn(move || wait(&flags, me))
    });
    wait(&flags, 0);
    others.into_iter().for_each(|other| other.join().unwrap());
}

pub(super) fn three() -> Came {
    never_an_error(ring_of_three)
}

pub(super) fn aborts() -> Came {
    never_an_error(transactions)
}

pub(super) fn polite() -> Came {
    never_an_error(polite_tasks)
}

//! Two tasks, two locks, two orders.
//!
//! # What goes wrong
//! With `opposite_orders` each task can have its first lock when the other wants it, and then both wait for ever. It
//! needs nothing but that each is past its first lock before either is at its second.
//!
//! # Outcomes
//! | variant           | ends                | because                                       |
//! |-------------------|---------------------|-----------------------------------------------|
//! | `one_order`       | always              | who has the first lock can get the second     |
//! | `opposite_orders` | or deadlock of two  | each holds what the other wants               |
//!
//! Its depth is 2: each task takes its first lock before the other asks for it. One order alone leaves the schedules
//! in which one task runs through before the other begins.
//!
//! # Use instead
//! One order for all locks, everywhere.
//!
//! # In Python
//! `with a: with b: …` in one thread, and `with b: with a: …` in another.
//!
//! # Seen in the wild
//! The program `deadlock01` of Cordeiro and Fischer's suite (ICSE 2011) and of `SCTBench`; the circle of waiting is
//! the fourth condition of Coffman, Elphick and Shoshani (Computing Surveys 1971).

use super::{mean, row};
use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "classics/deadlock01",
    "Testing literature: the smallest deadlock",
    raddle::source!("deadlock01.rs"),
    &[
        Variant::correct("one_order", || tasks(one_order)),
        Variant::buggy("opposite_orders", Class::Deadlock, || tasks(opposite_orders))
            .fails_with(Expect::Deadlock(2))
            .sizes(SIZES),
    ],
);

const SIZES: &[Size] = &[Size::new("deadlock01", || tasks(opposite_orders))
    .published(&row([mean(3), mean(13), mean(4), mean(3), mean(2), mean(5)]))
    .depth(2)];

struct Shared {
    a: Mutex<()>,
    b: Mutex<()>,
    counter: AtomicU32,
}

impl Shared {
    fn count(&self) {
        self.counter.store(self.counter.load(SeqCst) + 1, SeqCst);
    }
}

fn one_order(shared: &Shared, _task: usize) {
    let _a = shared.a.lock().unwrap();
    let _b = shared.b.lock().unwrap();
    shared.count();
}

fn opposite_orders(shared: &Shared, task: usize) {
    let (first, second) = if task == 1 { (&shared.a, &shared.b) } else { (&shared.b, &shared.a) };
    let _first = first.lock().unwrap();
    // BUG: the other task may have this one, and wait for the one above.
    let _second = second.lock().unwrap();
    shared.count();
}

fn tasks(work: fn(&Shared, usize)) {
    let shared = Arc::new(Shared {
        a: Mutex::new(()).named("a"),
        b: Mutex::new(()).named("b"),
        counter: AtomicU32::new(0).named("counter"),
    });
    let start = |task: usize| {
        let shared = Arc::clone(&shared);
        thread::Builder::new().name(format!("task-{task}")).spawn(move || work(&shared, task)).unwrap()
    };
    for task in [1, 2].map(start) {
        task.join().unwrap();
    }
}

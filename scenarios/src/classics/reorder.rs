//! Two values that belong together are set one after the other, and somebody looks in between.
//!
//! # What goes wrong
//! Setters write 1 to the one value and then -1 to the other; checkers know of both being old or both new. With
//! `no_lock` a checker can see the new first value and the old second one. One setter is enough for that; the more
//! there are, the harder it is to see, as each of them sets the second value for all.
//!
//! # Outcomes
//! | variant      | a checker sees         | because                                     |
//! |--------------|------------------------|---------------------------------------------|
//! | `under_lock` | (0, 0) or (1, -1)      | nobody looks while somebody sets            |
//! | `no_lock`    | or (1, 0)              | a setter is between its two stores          |
//!
//! With s setters its depth is s + 1: some setter's first store before a checker reads the first value, and that
//! checker's last read before the second store of *each* setter. The setters are not ordered among themselves, so
//! none follows from the rest.
//!
//! # Use instead
//! One lock around both, for who sets and for who looks; or one atomic word that holds both.
//!
//! # In Python
//! `self.a = 1; self.b = -1`, with another thread that reads both. A tuple in one attribute is set in one step.
//!
//! # Seen in the wild
//! `reorder_3` to `reorder_20` of `SCTBench`, after Cordeiro and Fischer's suite (ICSE 2011). The larger sizes are
//! those of the studies that followed.

use super::{NEVER, mean, row, some};
use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI32, Ordering::SeqCst},
    },
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "classics/reorder",
    "Testing literature: a pair that is set in two steps",
    raddle::source!("reorder.rs"),
    &[
        Variant::correct("under_lock", || tasks(1, 1, under_lock)).full_size(|| tasks(4, 1, under_lock)),
        Variant::buggy("no_lock", Class::AtomicityViolation, || tasks(1, 1, no_lock))
            .fails_with(Expect::Assertion("half of a pair was set"))
            .full_size(|| tasks(2, 1, no_lock))
            .sizes(SIZES),
    ],
);

const SIZES: &[Size] = &[
    Size::new("reorder_3", || tasks(2, 1, no_lock))
        .published(&row([NEVER, mean(185), mean(86), mean(24), mean(7), mean(7)]))
        .depth(3),
    Size::new("reorder_4", || tasks(3, 1, no_lock))
        .published(&row([NEVER, mean(554), mean(533), mean(22), mean(7), mean(6)]))
        .depth(4),
    Size::new("reorder_5", || tasks(4, 1, no_lock))
        .published(&row([NEVER, mean(647), mean(2169), mean(27), mean(10), mean(6)]))
        .depth(5),
    Size::new("reorder_10", || tasks(9, 1, no_lock))
        .published(&row([NEVER, some(3225, 16), NEVER, mean(74), mean(17), mean(6)]))
        .depth(10),
    Size::new("reorder_20", || tasks(10, 10, no_lock))
        .published(&row([NEVER, mean(3005), NEVER, mean(10), mean(6), mean(6)]))
        .depth(11),
    Size::new("reorder_50", || tasks(49, 1, no_lock))
        .published(&row([NEVER, some(3304, 6), NEVER, mean(75), mean(13), mean(6)]))
        .depth(50),
    Size::new("reorder_100", || tasks(99, 1, no_lock))
        .published(&row([NEVER, NEVER, NEVER, some(3785, 12), mean(194), mean(6)]))
        .depth(100),
];

struct Pair {
    lock: Mutex<()>,
    a: AtomicI32,
    b: AtomicI32,
}

impl Pair {
    fn set(&self) {
        self.a.store(1, SeqCst);
        self.b.store(-1, SeqCst);
    }

    /// Whether it is wholly old or wholly new; each checker reads both values anew, once.
    fn is_whole(&self) -> bool {
        let values = (self.a.load(SeqCst), self.b.load(SeqCst));
        values == (0, 0) || values == (1, -1)
    }
}

fn under_lock(pair: &Pair, sets: bool) -> bool {
    let _both = pair.lock.lock().unwrap();
    if sets {
        pair.set();
    }
    sets || pair.is_whole()
}

fn no_lock(pair: &Pair, sets: bool) -> bool {
    if sets {
        // BUG: between the two stores of this anybody can look.
        pair.set();
    }
    sets || pair.is_whole()
}

fn tasks(setters: usize, checkers: usize, turn: fn(&Pair, bool) -> bool) {
    let pair = Arc::new(Pair {
        lock: Mutex::new(()).named("lock"),
        a: AtomicI32::new(0).named("a"),
        b: AtomicI32::new(0).named("b"),
    });
    let start = |name: String, sets: bool| {
        let pair = Arc::clone(&pair);
        let work = move || assert!(turn(&pair, sets), "half of a pair was set");
        thread::Builder::new().name(name).spawn(work).unwrap()
    };
    let mut threads: Vec<_> = (1..=setters).map(|number| start(format!("setter-{number}"), true)).collect();
    threads.extend((1..=checkers).map(|number| start(format!("checker-{number}"), false)));
    for thread in threads {
        thread.join().unwrap();
    }
}

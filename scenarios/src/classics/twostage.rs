//! A value is changed under one lock, and what follows from it under another.
//!
//! # What goes wrong
//! A writer sets the first value in a section, and the second, which depends on it, in the next one. With
//! `two_stages` a reader can pass between the two: it sees the new first value and the old second one. Each access
//! has its lock, so no data race is there to be found. The more writers there are, the fewer orders fail: *any* of
//! them mends the second value.
//!
//! # Outcomes
//! | variant      | the reader finds      | because                                                |
//! |--------------|-----------------------|--------------------------------------------------------|
//! | `one_stage`  | both new, or neither  | the first lock is kept until the second value is there |
//! | `two_stages` | or a new and an old   | between the stages the pair is not whole               |
//!
//! With a writers and one reader its depth is a + 1: some writer's first stage before the reader's, and the reader's
//! second before that of *each* writer. Nothing orders the writers' second stages among themselves, so none of these
//! follows from the rest.
//!
//! # Use instead
//! One section for what belongs together; or one lock over both values.
//!
//! # In Python
//! `with a_lock: a = …` and then `with b_lock: b = f(a)`, where others rely on `b == f(a)`.
//!
//! # Seen in the wild
//! The two-stage access of Farchi, Nir and Ur's bug patterns (IPDPS 2003); `twostage` and `twostage_100` of `SCTBench`.

use super::{NEVER, mean, row, some};
use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "classics/twostage",
    "Testing literature: two-stage access",
    raddle::source!("twostage.rs"),
    &[
        Variant::correct("one_stage", || tasks(1, 1, one_stage)).full_size(|| tasks(3, 1, one_stage)),
        Variant::buggy("two_stages", Class::AtomicityViolation, || tasks(1, 1, two_stages))
            .fails_with(Expect::Assertion("a new first value with an old second one"))
            .full_size(|| tasks(2, 1, two_stages))
            .sizes(SIZES),
    ],
);

const SIZES: &[Size] = &[
    Size::new("twostage(1,1)", || tasks(1, 1, two_stages))
        .published(&row([mean(464), mean(13), mean(15), mean(9), mean(8), mean(8)]))
        .depth(2),
    Size::new("twostage_20", || tasks(19, 1, two_stages))
        .published(&row([NEVER, mean(159), mean(156), mean(24), mean(6), mean(22)]))
        .depth(20),
    Size::new("twostage_50", || tasks(49, 1, two_stages))
        .published(&row([NEVER, mean(1676), mean(1637), mean(93), mean(20), mean(35)]))
        .depth(50),
    Size::new("twostage_100", || tasks(99, 1, two_stages))
        .published(&row([NEVER, some(7466, 3), some(6674, 3), some(2992, 18), mean(454), mean(56)]))
        .depth(100),
];

struct Pair {
    first_lock: Mutex<()>,
    first: AtomicU32,
    second_lock: Mutex<()>,
    second: AtomicU32,
}

impl Pair {
    fn set_first(&self) -> MutexGuard<'_, ()> {
        let guard = self.first_lock.lock().unwrap();
        self.first.store(1, SeqCst);
        guard
    }

    fn set_second(&self) {
        let _guard = self.second_lock.lock().unwrap();
        self.second.store(self.first.load(SeqCst) + 1, SeqCst);
    }

    /// Both values; nothing before the first has been set.
    fn read(&self) -> Option<(u32, u32)> {
        let guard = self.first_lock.lock().unwrap();
        if self.first.load(SeqCst) == 0 {
            return None;
        }
        let first = self.first.load(SeqCst);
        drop(guard);
        let _guard = self.second_lock.lock().unwrap();
        Some((first, self.second.load(SeqCst)))
    }
}

fn one_stage(pair: &Pair) {
    let _first = pair.set_first();
    pair.set_second();
}

fn two_stages(pair: &Pair) {
    drop(pair.set_first());
    // BUG: the first value is new here and the second is not, and no lock keeps a reader out.
    pair.set_second();
}

fn tasks(writers: usize, readers: usize, write: fn(&Pair)) {
    let pair = Arc::new(Pair {
        first_lock: Mutex::new(()).named("first_lock"),
        first: AtomicU32::new(0).named("first"),
        second_lock: Mutex::new(()).named("second_lock"),
        second: AtomicU32::new(0).named("second"),
    });
    let read = |pair: &Pair| {
        let read = pair.read();
        assert!(read.is_none_or(|(first, second)| second == first + 1), "a new first value with an old second one");
    };
    let start = |name: String, work: fn(&Pair)| {
        let pair = Arc::clone(&pair);
        thread::Builder::new().name(name).spawn(move || work(&pair)).unwrap()
    };
    let mut threads: Vec<_> = (1..=writers).map(|number| start(format!("writer-{number}"), write)).collect();
    threads.extend((1..=readers).map(|number| start(format!("reader-{number}"), read)));
    for thread in threads {
        thread.join().unwrap();
    }
}

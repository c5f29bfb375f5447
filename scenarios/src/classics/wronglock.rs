//! Everybody takes a lock, and not everybody the same one.
//!
//! # What goes wrong
//! One task remembers a value, adds 1 and compares, under the lock of the data. The others add 1 under a lock too. With
//! `other_lock` that is another one: they exclude each other, and not the task that compares.
//!
//! # Outcomes
//! | variant      | the value has grown by | because                                              |
//! |--------------|------------------------|------------------------------------------------------|
//! | `data_lock`  | 1                      | all who write hold the lock that the comparer holds  |
//! | `other_lock` | 1, or anything         | a lock that the comparer doesn't take excludes nobody |
//!
//! Its depth is 2, for any number of others: one of them stores after the comparer has read the value, and before it
//! reads it again. Run through one after the other, in any order, the tasks pass.
//!
//! # Use instead
//! Keep the value inside its lock (`Mutex<u32>`): then there is no other way to it.
//!
//! # In Python
//! `with self.lock:` in one class and `with other.lock:` in another, around the same list.
//!
//! # Seen in the wild
//! "Wrong lock or no lock" of Farchi, Nir and Ur's bug patterns (IPDPS 2003); `wronglock` and `wronglock_3` of
//! `SCTBench`.

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
    "classics/wronglock",
    "Testing literature: wrong lock or no lock",
    raddle::source!("wronglock.rs"),
    &[
        Variant::correct("data_lock", || tasks(1, data_lock)).full_size(|| tasks(3, data_lock)),
        Variant::buggy("other_lock", Class::AtomicityViolation, || tasks(1, other_lock))
            .fails_with(Expect::Assertion("the value changed under its lock"))
            .full_size(|| tasks(3, other_lock))
            .sizes(SIZES),
    ],
);

const SIZES: &[Size] = &[
    Size::new("wronglock(1,3)", || tasks(3, other_lock))
        .published(&row([mean(36), mean(58), mean(11), mean(5), mean(9), mean(1)]))
        .depth(2),
    Size::new("wronglock(1,7)", || tasks(7, other_lock))
        .published(&row([mean(36), mean(51), mean(10), mean(4), mean(7), mean(1)]))
        .depth(2),
];

struct Shared {
    data_lock: Mutex<()>,
    other_lock: Mutex<()>,
    value: AtomicU32,
}

impl Shared {
    fn add(&self) {
        self.value.store(self.value.load(SeqCst) + 1, SeqCst);
    }

    /// Whether adding 1 adds 1.
    fn compare(&self) -> bool {
        let _guard = self.data_lock.lock().unwrap();
        let before = self.value.load(SeqCst);
        self.add();
        self.value.load(SeqCst) == before + 1
    }
}

fn data_lock(shared: &Shared) {
    let _guard = shared.data_lock.lock().unwrap();
    shared.add();
}

fn other_lock(shared: &Shared) {
    // BUG: the task that compares holds the data's lock, and not this one.
    let _guard = shared.other_lock.lock().unwrap();
    shared.add();
}

fn tasks(others: usize, add: fn(&Shared)) {
    let shared = Arc::new(Shared {
        data_lock: Mutex::new(()).named("data_lock"),
        other_lock: Mutex::new(()).named("other_lock"),
        value: AtomicU32::new(0).named("value"),
    });
    let start = |name: String, work: fn(&Shared, fn(&Shared))| {
        let shared = Arc::clone(&shared);
        thread::Builder::new().name(name).spawn(move || work(&shared, add)).unwrap()
    };
    let compare = |shared: &Shared, _: fn(&Shared)| assert!(shared.compare(), "the value changed under its lock");
    let mut threads = vec![start("comparer".into(), compare)];
    threads.extend((1..=others).map(|number| start(format!("other-{number}"), |shared, add| add(shared))));
    for thread in threads {
        thread.join().unwrap();
    }
}

//! A bound that nobody keeps, broken in the one order in which its reader comes last.
//!
//! # What goes wrong
//! One task adds 1, one adds 2, and a third is sure that there are fewer than 3. Everything is under one lock. With
//! `unchecked_add` each addition is allowed for itself, and their sum is not; the reader sees that only after both.
//!
//! # Outcomes
//! | variant         | the reader sees  | because                                             |
//! |-----------------|------------------|-----------------------------------------------------|
//! | `checked_add`   | 0, 1 or 2        | who would break the bound sees it, under the lock   |
//! | `unchecked_add` | 0, 1, 2 or 3     | both have added before the reader looked            |
//!
//! Its depth is 2: the reader comes after the one task, and after the other.
//!
//! # Use instead
//! Keep an invariant where the value changes, in the section that changes it, and not where it is read.
//!
//! # In Python
//! `with lock: taken += n` in two threads, and `assert taken < limit` in a third.
//!
//! # Seen in the wild
//! The program `lazy01` of Cordeiro and Fischer's suite (ICSE 2011), of SV-COMP and of `SCTBench`.

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
    "classics/lazy01",
    "Testing literature: an invariant that only its reader knows",
    raddle::source!("lazy01.rs"),
    &[
        Variant::correct("checked_add", || tasks(checked_add)),
        Variant::buggy("unchecked_add", Class::OrderViolation, || tasks(unchecked_add))
            .fails_with(Expect::Assertion("the bound is broken"))
            .sizes(SIZES),
    ],
);

const SIZES: &[Size] = &[Size::new("lazy01", || tasks(unchecked_add))
    .published(&row([mean(21), mean(5), mean(5), mean(4), mean(2), mean(6)]))
    .depth(2)];

/// There have to be fewer.
const BOUND: u32 = 3;

struct Data {
    lock: Mutex<()>,
    value: AtomicU32,
}

fn checked_add(data: &Data, amount: u32) {
    let _guard = data.lock.lock().unwrap();
    let sum = data.value.load(SeqCst) + amount;
    if sum < BOUND {
        data.value.store(sum, SeqCst);
    }
}

fn unchecked_add(data: &Data, amount: u32) {
    let _guard = data.lock.lock().unwrap();
    let sum = data.value.load(SeqCst) + amount;
    // BUG: the other task's amount may be in the sum already.
    data.value.store(sum, SeqCst);
}

fn read(data: &Data) -> u32 {
    let _guard = data.lock.lock().unwrap();
    data.value.load(SeqCst)
}

fn tasks(add: fn(&Data, u32)) {
    let data = Arc::new(Data { lock: Mutex::new(()).named("lock"), value: AtomicU32::new(0).named("value") });
    let start = |name: &str, work: fn(&Data, fn(&Data, u32))| {
        let data = Arc::clone(&data);
        thread::Builder::new().name(name.into()).spawn(move || work(&data, add)).unwrap()
    };
    let threads = [
        start("adds-1", |data, add| add(data, 1)),
        start("adds-2", |data, add| add(data, 2)),
        start("reader", |data, _| assert!(read(data) < BOUND, "the bound is broken")),
    ];
    for thread in threads {
        thread.join().unwrap();
    }
}

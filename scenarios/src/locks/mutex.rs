//! Two threads increment one counter, and an increment goes missing.
//!
//! # What goes wrong
//! `counter += 1` is a read and a write. Two increments that overlap both read 0 and both write 1. A lock helps only if
//! one guard spans the read and the write, and if it is the *same* lock for everybody: `unguarded` takes none,
//! `split_lock` gives it back in between, and with `two_locks` each thread is alone with its own.
//!
//! # Outcomes
//! | variant      | final counter | because                                        |
//! |--------------|---------------|------------------------------------------------|
//! | `held_lock`  | 2             | one guard spans the read and the write         |
//! | `unguarded`  | 1 or 2        | nothing keeps the other's write out in between |
//! | `split_lock` | 1 or 2        | the write may rest on an out-of-date read      |
//! | `two_locks`  | 1 or 2        | a lock that others don't take excludes nobody  |
//!
//! # Use instead
//! Keep the guard until the new value is stored, or use `fetch_add`.
//!
//! # In Python
//! `with lock: counter += 1` is right. `with lock: value = counter` and then `with lock: counter = value + 1` is
//! `split_lock`; a `threading.Lock()` made inside the function is `two_locks`.

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
    "locks/mutex",
    "Synchronization Mechanisms: Locks",
    raddle::source!("mutex.rs"),
    &[
        Variant::correct("held_lock", || increments(2, 1, held_lock))
            .full_size(|| increments(3, 10, held_lock))
            .proven_at("3 threads, 3 increments each", || increments(3, 3, held_lock))
            .property(|| drawn(held_lock)),
        Variant::buggy("unguarded", Class::AtomicityViolation, || increments(2, 1, unguarded))
            .fails_with(Expect::Assertion("an increment was lost"))
            .property(|| drawn(unguarded))
            .smallest("workers 2, rounds 1", 1),
        Variant::buggy("split_lock", Class::AtomicityViolation, || increments(2, 1, split_lock))
            .fails_with(Expect::Assertion("an increment was lost"))
            .property(|| drawn(split_lock))
            .smallest("workers 2, rounds 1", 1),
        Variant::buggy("two_locks", Class::AtomicityViolation, || increments(2, 1, two_locks))
            .fails_with(Expect::Assertion("an increment was lost"))
            .property(|| drawn(two_locks))
            .smallest("workers 2, rounds 1", 1),
    ],
);

/// A counter that a lock is meant to guard, and a second lock that guards nothing.
struct Counter {
    value: AtomicU32,
    lock: Mutex<()>,
    other_lock: Mutex<()>,
}

fn held_lock(counter: &Counter, _worker: usize) {
    let _guard = counter.lock.lock().unwrap();
    let value = counter.value.load(SeqCst);
    counter.value.store(value + 1, SeqCst);
}

fn unguarded(counter: &Counter, _worker: usize) {
    let value = counter.value.load(SeqCst);
    // BUG: nothing keeps others out, so `value` can be out of date before it is used.
    counter.value.store(value + 1, SeqCst);
}

fn split_lock(counter: &Counter, _worker: usize) {
    let guard = counter.lock.lock().unwrap();
    let value = counter.value.load(SeqCst);
    drop(guard);
    // BUG: the lock is free here, so `value` can be out of date before it is used.
    let _guard = counter.lock.lock().unwrap();
    counter.value.store(value + 1, SeqCst);
}

fn two_locks(counter: &Counter, worker: usize) {
    // BUG: each thread has a lock of its own, so both can be here at once.
    let lock = if worker == 0 { &counter.lock } else { &counter.other_lock };
    let _guard = lock.lock().unwrap();
    let value = counter.value.load(SeqCst);
    counter.value.store(value + 1, SeqCst);
}

fn drawn(increment: fn(&Counter, usize)) -> Property {
    Property::new(&["workers", "rounds"], (1..=3_usize, 1..=3_u32), move |(workers, rounds)| {
        increments(workers, rounds, increment);
    })
}

fn increments(workers: usize, rounds: u32, increment: fn(&Counter, usize)) {
    let counter = Arc::new(Counter {
        value: AtomicU32::new(0).named("counter"),
        lock: Mutex::new(()).named("counter_lock"),
        other_lock: Mutex::new(()).named("other_lock"),
    });
    let spawn = |worker: usize| {
        let counter = Arc::clone(&counter);
        let name = ["first", "second", "third"][worker].to_owned();
        let increment = move || (0..rounds).for_each(|_| increment(&counter, worker));
        thread::Builder::new().name(name).spawn(increment).unwrap()
    };
    let threads: Vec<_> = (0..workers).map(spawn).collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let wanted = u32::try_from(workers).unwrap() * rounds;
    assert_eq!(counter.value.load(SeqCst), wanted, "an increment was lost");
}

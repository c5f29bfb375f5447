//! A reference count that threads share, and an object that is freed never, or while somebody uses it.
//!
//! # What goes wrong
//! Whoever takes the count to 0 frees the object, so a count that is wrong frees it twice or never. With
//! `split_decrement` two threads read 2 and both write 1: nobody sees 0. A right count is not enough, though. That
//! somebody's last use comes before the freeing is said by memory orders alone: the decrement has to *release* what its
//! thread did, and who finds itself alone has to *acquire* it. `relaxed_drop` does not release; `weak_unique_check`
//! finds itself alone by a load that does not acquire, and changes in place what others may still be reading.
//!
//! # Outcomes
//! | variant             | the payload              | because                                              |
//! |---------------------|--------------------------|------------------------------------------------------|
//! | `release_acquire`   | is freed once, after all | every use happens before the last decrement          |
//! | `split_decrement`   | or never                 | a decrement was lost                                 |
//! | `relaxed_drop`      | or while it is in use    | the count says who is last, not that others are done |
//! | `weak_unique_check` | or is changed while read | a relaxed load of 1 learns nothing of who has left   |
//!
//! # Use instead
//! `Arc`. By hand: `fetch_sub(1, Release)`, an acquire fence before the freeing, and `load(Acquire) == 1` before a change
//! in place.
//!
//! # In Python
//! Every object has such a count. `Py_DECREF` is a plain load and store, `split_decrement` but for the global interpreter
//! lock: that is what the lock is for. Without it (PEP 703) a count that threads share is changed by atomic operations.
//!
//! # Seen in the wild
//! `Arc::get_mut` checked that it was alone by a relaxed load: rust-lang/rust 51780.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, RaceCell,
        atomic::{AtomicUsize, Ordering, fence},
    },
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "threads/refcount",
    "Python's Global Interpreter Lock: why it exists",
    raddle::source!("refcount.rs"),
    &[
        Variant::correct("release_acquire", || run(2, release_acquire, acquire_check))
            .full_size(|| run(4, release_acquire, acquire_check))
            .property(|| drawn(release_acquire, acquire_check)),
        Variant::buggy("split_decrement", Class::AtomicityViolation, || run(1, split_decrement, acquire_check))
            .fails_with(Expect::Leak)
            .property(|| drawn(split_decrement, acquire_check))
            .smallest("readers 1", 1),
        Variant::buggy("relaxed_drop", Class::DataRace, || run(1, relaxed_drop, acquire_check))
            .fails_with(Expect::DataRace("payload"))
            .property(|| drawn(relaxed_drop, acquire_check))
            .smallest("readers 1", 1),
        Variant::buggy("weak_unique_check", Class::DataRace, || run(1, release_acquire, weak_unique_check))
            .fails_with(Expect::DataRace("payload"))
            .full_size(|| run(2, release_acquire, weak_unique_check))
            .property(|| drawn(release_acquire, weak_unique_check))
            .smallest("readers 1", 1),
    ],
);

/// An object with its reference count.
struct Counted {
    count: AtomicUsize,
    payload: RaceCell<Option<u32>>,
}

/// Gives a reference up, and whether it was the last.
fn release_acquire(count: &AtomicUsize) -> bool {
    let last = count.fetch_sub(1, Ordering::Release) == 1;
    if last {
        fence(Ordering::Acquire);
    }
    last
}

fn split_decrement(count: &AtomicUsize) -> bool {
    let references = count.load(Ordering::Acquire);
    // BUG: another may have read the same count, and one of the two decrements is lost.
    count.store(references - 1, Ordering::Release);
    references == 1
}

fn relaxed_drop(count: &AtomicUsize) -> bool {
    // BUG: this says that one more is done, and publishes nothing of what it has done.
    let last = count.fetch_sub(1, Ordering::Relaxed) == 1;
    if last {
        fence(Ordering::Acquire);
    }
    last
}

/// Whether nobody else has a reference.
fn acquire_check(count: &AtomicUsize) -> bool {
    count.load(Ordering::Acquire) == 1
}

fn weak_unique_check(count: &AtomicUsize) -> bool {
    // BUG: that the others have left is known now; what they did before is not.
    count.load(Ordering::Relaxed) == 1
}

fn drawn(decrement: fn(&AtomicUsize) -> bool, is_unique: fn(&AtomicUsize) -> bool) -> Property {
    Property::new(&["readers"], 1..=3_usize, move |readers| run(readers, decrement, is_unique))
}

/// Each reader reads the payload once; `main` changes it in place if it is alone by then.
fn run(readers: usize, decrement: fn(&AtomicUsize) -> bool, is_unique: fn(&AtomicUsize) -> bool) {
    let object = Arc::new(Counted {
        count: AtomicUsize::new(readers + 1).named("count"),
        payload: RaceCell::new(Some(1)).named("payload"),
    });
    let drop_reference = move |object: &Counted| {
        if decrement(&object.count) && object.payload.with_mut(Option::take).is_none() {
            raddle::misuse("the payload was freed twice");
        }
    };
    let start = |number: usize| {
        let object = Arc::clone(&object);
        let read = move || {
            let _value = object.payload.get();
            drop_reference(&object);
        };
        thread::Builder::new().name(format!("reader-{number}")).spawn(read).unwrap()
    };
    let running: Vec<_> = (1..=readers).map(start).collect();
    if is_unique(&object.count) {
        object.payload.set(Some(2));
    }
    drop_reference(&object);
    for thread in running {
        thread.join().unwrap();
    }
    if object.payload.get().is_some() {
        raddle::leak("payload");
    }
}

//! There is room for one in the store room: who wants in raises a flag, and goes in if the other's is down.
//!
//! # What goes wrong
//! Each till writes one flag and reads the other. With `Release` and `Acquire` a processor may let the read pass the
//! write, which still waits in its store buffer: each till then sees the other's flag down.
//!
//! # Outcomes
//! | variant           | in the room | because                                      |
//! |-------------------|-------------|----------------------------------------------|
//! | `fenced`          | 0 or 1      | a `SeqCst` fence keeps the read behind       |
//! | `release_acquire` | 0, 1 or 2   | a read may pass a write to something else    |
//!
//! # Use instead
//! A lock; or a `SeqCst` fence between the write and the read.

use raddle::prelude::*;
use raddle::sync::{
    Arc,
    atomic::{AtomicBool, Ordering, fence},
};
use raddle::thread;

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "stock/store_room",
    "Selling",
    raddle::source!("store_room.rs"),
    &[
        Variant::correct("fenced", || two_tills(fenced)),
        Variant::buggy("release_acquire", Class::AtomicityViolation, || two_tills(release_acquire))
            .fails_with(Expect::Assertion("two are in the store room"))
            .missed_by_shuttle("a read passes no write there: atomics are sequentially consistent"),
    ],
);

/// Whether this till goes in.
fn fenced(mine: &AtomicBool, other: &AtomicBool) -> bool {
    mine.store(true, Ordering::Relaxed);
    fence(Ordering::SeqCst);
    !other.load(Ordering::Relaxed)
}

fn release_acquire(mine: &AtomicBool, other: &AtomicBool) -> bool {
    mine.store(true, Ordering::Release);
    // BUG: nothing keeps this read behind the write above.
    !other.load(Ordering::Acquire)
}

fn two_tills(goes_in: fn(&AtomicBool, &AtomicBool) -> bool) {
    let flags = Arc::new([AtomicBool::new(false).named("flag 1"), AtomicBool::new(false).named("flag 2")]);
    let theirs = Arc::clone(&flags);
    let other = thread::Builder::new().name("other till".into());
    let other = other.spawn(move || goes_in(&theirs[1], &theirs[0])).unwrap();
    let one_is_in = goes_in(&flags[0], &flags[1]);
    let other_is_in = other.join().unwrap();
    assert!(!(one_is_in && other_is_in), "two are in the store room");
}

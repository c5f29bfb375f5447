//! A lock that its owner may take again, and what it has to remember for that.
//!
//! # What goes wrong
//! A plain lock doesn't know who has it, so the owner that takes it again waits for itself (`plain_lock_reentered`). A
//! reentrant lock remembers its owner, and how many times the owner is inside. Without the depth the innermost exit
//! frees the lock, and what the outer ones still do is unguarded (`depth_forgotten`). And both belong to the lock's own
//! state: who has freed the lock may not touch them any more. With `owner_cleared_late` the next owner's name is rubbed
//! out, and the next owner doesn't know itself when it comes again.
//!
//! # Outcomes
//! | variant                | ends                  | because                                               |
//! |------------------------|-----------------------|-------------------------------------------------------|
//! | `counts_depth`         | with every increment  | the last exit clears the owner, and frees in one step |
//! | `plain_lock_reentered` | deadlock of one       | the holder waits for the holder                       |
//! | `depth_forgotten`      | or a lost increment   | the first exit frees what the owner still needs       |
//! | `owner_cleared_late`   | or stuck              | the owner takes itself for somebody else              |
//!
//! # Use instead
//! A plain lock, taken in the public functions and handed as a guard to the private ones. Where a lock has to be
//! reentrant: owner and depth, both changed while the lock is held.
//!
//! # In Python
//! `with lock: with lock: …` hangs with a `threading.Lock`, and works with a `threading.RLock`.
//!
//! # Seen in the wild
//! `release` of `_thread.RLock` in the free-threaded build: owner and count have to be written before the lock is
//! free, as somebody else may own it after: `CPython` 125139.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread::{self, ThreadId},
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "locks/rlock",
    "Synchronization Mechanisms: RLock",
    raddle::source!("rlock.rs"),
    &[
        Variant::correct("counts_depth", || run(2, 2, counts_depth))
            .full_size(|| run(3, 2, counts_depth))
            .property(|| drawn(counts_depth)),
        Variant::buggy("plain_lock_reentered", Class::Deadlock, || run(1, 2, plain_lock_reentered))
            .fails_with(Expect::Deadlock(1))
            .property(|| drawn(plain_lock_reentered))
            .smallest("threads 1, levels 2", 0),
        Variant::buggy("depth_forgotten", Class::AtomicityViolation, || run(2, 2, depth_forgotten))
            .fails_with(Expect::Assertion("an increment was lost"))
            .property(|| drawn(depth_forgotten))
            .smallest("threads 2, levels 2", 1),
        Variant::buggy("owner_cleared_late", Class::OrderViolation, || run(2, 2, owner_cleared_late))
            .fails_with(Expect::Stuck)
            .property(|| drawn(owner_cleared_late))
            .smallest("threads 2, levels 2", 2),
    ],
);

/// A reentrant lock, and beside it a plain one.
pub struct RLock {
    state: Mutex<State>,
    freed: Condvar,
    plain: Mutex<()>,
}

#[derive(Default)]
struct State {
    owner: Option<ThreadId>,
    depth: u32,
}

impl Default for RLock {
    fn default() -> Self {
        RLock {
            state: Mutex::new(State::default()).named_opaque("state"),
            freed: Condvar::new().named("freed"),
            plain: Mutex::new(()).named("plain_lock"),
        }
    }
}

impl RLock {
    fn acquire(&self) {
        let me = thread::current().id();
        let mut state = self.state.lock().unwrap();
        while state.depth > 0 && state.owner != Some(me) {
            state = self.freed.wait(state).unwrap();
        }
        state.owner = Some(me);
        state.depth += 1;
    }
}

/// How a lock is held around what is done in it: Python's `with`.
pub type With = fn(&RLock, &dyn Fn());

/// Gives the lock back on the last way out.
pub fn counts_depth(lock: &RLock, body: &dyn Fn()) {
    lock.acquire();
    body();
    let mut state = lock.state.lock().unwrap();
    state.depth -= 1;
    if state.depth == 0 {
        state.owner = None;
        drop(state);
        lock.freed.notify_one();
    }
}

/// Takes a lock that is not reentrant.
pub fn plain_lock_reentered(lock: &RLock, body: &dyn Fn()) {
    // BUG: the thread that has this lock already waits for itself here.
    let _guard = lock.plain.lock().unwrap();
    body();
}

/// Gives the lock back on the first way out.
pub fn depth_forgotten(lock: &RLock, body: &dyn Fn()) {
    lock.acquire();
    body();
    let mut state = lock.state.lock().unwrap();
    // BUG: the owner may be in several times, and this is only its first way out.
    state.depth = 0;
    if state.depth == 0 {
        state.owner = None;
        drop(state);
        lock.freed.notify_one();
    }
}

/// Clears the owner after the lock is free.
pub fn owner_cleared_late(lock: &RLock, body: &dyn Fn()) {
    lock.acquire();
    body();
    let mut state = lock.state.lock().unwrap();
    state.depth -= 1;
    if state.depth == 0 {
        drop(state);
        lock.freed.notify_one();
        // BUG: the lock is free by now, so the owner that is cleared here may be the next one.
        lock.state.lock().unwrap().owner = None;
    }
}

/// Takes the lock `levels` times, one inside the other, and counts on each way out.
fn nested_lock(lock: &RLock, with: With, levels: u32, counter: &AtomicU32) {
    if levels > 0 {
        with(lock, &|| {
            nested_lock(lock, with, levels - 1, counter);
            let count = counter.load(SeqCst);
            counter.store(count + 1, SeqCst);
        });
    }
}

fn drawn(with: With) -> Property {
    Property::new(&["threads", "levels"], (1..=4_u32, 1..=3_u32), move |(threads, levels)| run(threads, levels, with))
}

fn run(threads: u32, levels: u32, with: With) {
    let shared = Arc::new((RLock::default(), AtomicU32::new(0).named("counter")));
    let start = |number: u32| {
        let shared = Arc::clone(&shared);
        let work = move || nested_lock(&shared.0, with, levels, &shared.1);
        thread::Builder::new().name(format!("thread-{number}")).spawn(work).unwrap()
    };
    let running: Vec<_> = (1..=threads).map(start).collect();
    for thread in running {
        thread.join().unwrap();
    }
    let counted = shared.1.load(SeqCst);
    assert!(counted == threads * levels, "an increment was lost");
}

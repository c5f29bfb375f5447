//! Five threads, two permits: what is counted, who gives it back, and who is told.
//!
//! # What goes wrong
//! A permit is a number that has to be looked at and lowered in one step (`check_then_take`), and given back once for
//! each time it was taken: not never, because the work panicked (`permit_leaked_on_panic`), and not twice, because
//! the error's handler and the way out both do it (`released_twice`). Who waits is woken by a notification, and
//! there is one notification for one permit. If the one that is woken doesn't want it any more, and says nothing, the
//! permit lies there and the others sleep on (`wakeup_lost_on_cancel`).
//!
//! # Outcomes
//! | variant                  | inside              | because                                              |
//! |--------------------------|---------------------|------------------------------------------------------|
//! | `counted`                | at most the permits | one lock spans look and take; every exit gives back  |
//! | `check_then_take`        | or one too many     | two have seen the last permit                        |
//! | `permit_leaked_on_panic` | or nobody any more  | the line that gives back was skipped                 |
//! | `released_twice`         | or one too many     | there is a permit more than there was                |
//! | `wakeup_lost_on_cancel`  | or nobody any more  | the wakeup ended with one that had given up          |
//!
//! # Use instead
//! A permit that is a guard, and is given back when it is dropped, on every way out. (Here `catch_unwind` stands in for
//! it, Python's `finally`: engines can't interleave what a destructor does while a panic unwinds.) A waiter that
//! gives up after it has been woken wakes the next.
//!
//! # In Python
//! `with semaphore:` gives back on every way out, `acquire()` and `release()` around the work don't. A
//! `BoundedSemaphore` raises when it gets a permit too many.
//!
//! # Seen in the wild
//! A task of `asyncio` that was cancelled after it had been woken, and the rest asleep although the semaphore was free:
//! `CPython` 90155, and before it python/asyncio 270.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "locks/semaphore",
    "Synchronization Mechanisms: Semaphores",
    raddle::source!("semaphore.rs"),
    &[
        Variant::correct("counted", || run(2, 1, 1, counted))
            .full_size(|| run(5, 2, 1, counted))
            .proven_at("3 threads", || run(3, 2, 1, counted))
            .property(|| drawn(counted)),
        Variant::buggy("check_then_take", Class::AtomicityViolation, || run(2, 1, 0, check_then_take))
            .fails_with(Expect::Assertion("more were inside than there are permits"))
            .property(|| drawn(check_then_take))
            .smallest("unlucky 0, permits 1, threads 2", 2),
        Variant::buggy("permit_leaked_on_panic", Class::Leak, || run(2, 1, 1, permit_leaked_on_panic))
            .fails_with(Expect::Stuck)
            .property(|| drawn(permit_leaked_on_panic))
            .smallest("unlucky 1, permits 1, threads 2", 0),
        Variant::buggy("released_twice", Class::Misuse, || run(3, 1, 1, released_twice))
            .fails_with(Expect::Assertion("more were inside than there are permits"))
            .property(|| drawn(released_twice))
            .smallest("unlucky 1, permits 1, threads 3", 1),
        Variant::buggy("wakeup_lost_on_cancel", Class::LostWakeup, || run(3, 1, 1, wakeup_lost_on_cancel))
            .fails_with(Expect::Stuck)
            .property(|| drawn(wakeup_lost_on_cancel))
            .smallest("unlucky 1, permits 1, threads 3", 1),
    ],
);

/// Permits, and who is inside with one.
pub struct Semaphore {
    free: Mutex<i32>,
    given_back: Condvar,
    inside: AtomicU32,
}

impl Semaphore {
    /// With so many permits.
    #[must_use]
    pub fn new(permits: i32) -> Self {
        Semaphore {
            free: Mutex::new(permits).named("free"),
            given_back: Condvar::new().named("given_back"),
            inside: AtomicU32::new(0).named("inside"),
        }
    }

    /// Takes a permit, unless the task is unlucky and has to wait: then its time is up when it is woken.
    pub fn acquire(&self, unlucky: bool) -> bool {
        let mut free = self.free.lock().unwrap();
        while *free < 1 {
            free = self.given_back.wait(free).unwrap();
            if unlucky {
                // This wakeup was for a permit, which another may be waiting for.
                self.given_back.notify_one();
                return false;
            }
        }
        *free -= 1;
        true
    }

    /// Gives a permit back.
    pub fn release(&self) {
        *self.free.lock().unwrap() += 1;
        self.given_back.notify_one();
    }

    /// What permits are for: how many are at it. The unlucky find that it is broken.
    fn access(&self, unlucky: bool) -> u32 {
        let inside = self.inside.fetch_add(1, SeqCst) + 1;
        self.inside.fetch_sub(1, SeqCst);
        assert!(!unlucky, "the resource is broken");
        inside
    }
}

/// Gets at what the permits are for: how many were at it, if it came to that.
type Access = fn(&Semaphore, bool) -> thread::Result<u32>;

fn counted(semaphore: &Semaphore, unlucky: bool) -> thread::Result<u32> {
    if !semaphore.acquire(unlucky) {
        return Ok(0);
    }
    let seen = catch_unwind(AssertUnwindSafe(|| semaphore.access(unlucky)));
    semaphore.release();
    seen
}

fn check_then_take(semaphore: &Semaphore, unlucky: bool) -> thread::Result<u32> {
    let mut free = semaphore.free.lock().unwrap();
    while *free < 1 {
        free = semaphore.given_back.wait(free).unwrap();
    }
    drop(free);
    // BUG: others can have seen the same permit, and take it before this does.
    *semaphore.free.lock().unwrap() -= 1;
    let seen = catch_unwind(AssertUnwindSafe(|| semaphore.access(unlucky)));
    semaphore.release();
    seen
}

fn permit_leaked_on_panic(semaphore: &Semaphore, unlucky: bool) -> thread::Result<u32> {
    catch_unwind(AssertUnwindSafe(|| {
        if !semaphore.acquire(unlucky) {
            return 0;
        }
        let seen = semaphore.access(unlucky);
        // BUG: if `access` panics nobody comes by here.
        semaphore.release();
        seen
    }))
}

fn released_twice(semaphore: &Semaphore, unlucky: bool) -> thread::Result<u32> {
    if !semaphore.acquire(unlucky) {
        return Ok(0);
    }
    let seen = catch_unwind(AssertUnwindSafe(|| semaphore.access(unlucky)));
    if seen.is_err() {
        // BUG: the way out, which gives the permit back, is the same with an error.
        semaphore.release();
    }
    semaphore.release();
    seen
}

fn wakeup_lost_on_cancel(semaphore: &Semaphore, unlucky: bool) -> thread::Result<u32> {
    let mut free = semaphore.free.lock().unwrap();
    while *free < 1 {
        free = semaphore.given_back.wait(free).unwrap();
        if unlucky {
            // BUG: the permit that this wakeup told of is there, and nobody else is told of it.
            return Ok(0);
        }
    }
    *free -= 1;
    drop(free);
    let seen = catch_unwind(AssertUnwindSafe(|| semaphore.access(unlucky)));
    semaphore.release();
    seen
}

fn drawn(access: Access) -> Property {
    let sizes = (0..=2_u32, 1..=3_u32, 1..=5_u32);
    Property::new(&["unlucky", "permits", "threads"], sizes, move |(unlucky, permits, threads)| {
        run(threads, permits, unlucky, access);
    })
}

/// `threads` want one of `permits`, and the first `unlucky` of them panic with it, or give up when they had to wait.
fn run(threads: u32, permits: u32, unlucky: u32, access: Access) {
    let semaphore = Arc::new(Semaphore::new(i32::try_from(permits).unwrap()));
    let start = |number: u32| {
        let semaphore = Arc::clone(&semaphore);
        let work = move || access(&semaphore, number <= unlucky).unwrap_or(0);
        thread::Builder::new().name(format!("thread-{number}")).spawn(work).unwrap()
    };
    let running: Vec<_> = (1..=threads).map(start).collect();
    let most = running.into_iter().map(|thread| thread.join().unwrap()).max();
    assert!(most <= Some(permits), "more were inside than there are permits");
}

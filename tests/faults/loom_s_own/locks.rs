//! What a read-write lock lets happen, and what not.

use raddle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use raddle::sync::{Arc, RaceCell, RwLock};
use raddle::thread::spawn;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(super) fn readers_that_write() {
    let shared = Arc::new((RwLock::new(()), RaceCell::new(0)));
    let theirs = Arc::clone(&shared);
    let thread = spawn(move || {
        let _reads = theirs.0.read().unwrap();
        theirs.1.set(1);
    });
    let reads = shared.0.read().unwrap();
    shared.1.set(2);
    drop(reads);
    thread.join().unwrap();
}

pub(super) fn reader_after_writer() {
    let shared = Arc::new((RwLock::new(false), RaceCell::new(0)));
    let theirs = Arc::clone(&shared);
    let thread = spawn(move || {
        theirs.1.set(1);
        *theirs.0.write().unwrap() = true;
    });
    let written = *shared.0.read().unwrap();
    if written {
        assert_eq!(shared.1.get(), 1);
    }
    thread.join().unwrap();
}

pub(super) fn between_two_reads() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let thread = spawn(move || *theirs.write().unwrap() = 1);
    let first = *lock.read().unwrap();
    let second = *lock.read().unwrap();
    assert_eq!(first, second);
    thread.join().unwrap();
}

pub(super) fn under_one_read() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let thread = spawn(move || *theirs.write().unwrap() = 1);
    let reads = lock.read().unwrap();
    let first = *reads;
    assert_eq!(first, *reads);
    drop(reads);
    thread.join().unwrap();
}

pub(super) fn at_once() {
    let inside = Arc::new((RwLock::new(()), AtomicUsize::new(0)));
    let enter = |inside: &(RwLock<()>, AtomicUsize)| {
        let _reads = inside.0.read().unwrap();
        let others = inside.1.fetch_add(1, SeqCst);
        inside.1.fetch_sub(1, SeqCst);
        assert_eq!(others, 0, "somebody reads, too");
    };
    let theirs = Arc::clone(&inside);
    let thread = spawn(move || enter(&theirs));
    enter(&inside);
    thread.join().unwrap();
}

pub(super) fn two_orders() {
    let locks = Arc::new((RwLock::new(0), RwLock::new(0)));
    let theirs = Arc::clone(&locks);
    let thread = spawn(move || {
        let _second = theirs.1.write().unwrap();
        let _first = theirs.0.write().unwrap();
    });
    let first = locks.0.write().unwrap();
    let second = locks.1.read().unwrap();
    drop((first, second));
    thread.join().unwrap();
}

pub(super) fn poisoned() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let thread = spawn(move || {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _writes = theirs.write().unwrap();
            panic!("the lock is poisoned by this");
        }));
        assert!(caught.is_err());
        assert!(theirs.read().is_err(), "it is poisoned");
    });
    let _ = lock.read();
    thread.join().unwrap();
    assert!(lock.write().is_err(), "it still is");
}

pub(super) fn read_and_panicked() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let thread = spawn(move || {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _reads = theirs.read().unwrap();
            panic!("who reads poisons nothing");
        }));
        assert!(caught.is_err());
    });
    *lock.write().unwrap() += 1;
    thread.join().unwrap();
    assert_eq!(*lock.read().unwrap(), 1);
}

pub(super) fn refused() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let thread = spawn(move || assert!(theirs.try_write().is_ok(), "nobody reads"));
    drop(lock.read().unwrap());
    thread.join().unwrap();
}

pub(super) fn guard_forgotten() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let thread = spawn(move || std::mem::forget(theirs.read().unwrap()));
    thread.join().unwrap();
    *lock.write().unwrap() += 1;
}

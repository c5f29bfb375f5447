//! A reader that tries again and again until somebody has come whom a queued writer may hold up.

use crate::cases::{Came, EXHAUSTIVE, fails, under};
use raddle::sync::atomic::{AtomicBool, Ordering::SeqCst};
use raddle::sync::{Arc, RwLock, mpsc};
use raddle::thread;
use std::time::Duration;

/// A reader that tries again and again, by `again`, until another reader has come, while a writer may have queued.
fn tries_until_read(again: impl Fn(&Arc<AtomicBool>)) {
    let lock = Arc::new(RwLock::new(0));
    let came = Arc::new(AtomicBool::new(false));
    let (theirs, others, comes) = (Arc::clone(&lock), Arc::clone(&lock), Arc::clone(&came));
    let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
    let reads = lock.read().unwrap();
    let reader = thread::spawn(move || {
        let _reads = others.read().unwrap();
        comes.store(true, SeqCst);
    });
    again(&came);
    drop(reads);
    writer.join().unwrap();
    reader.join().unwrap();
}

fn yields_until(flag: &AtomicBool) {
    while !flag.load(SeqCst) {
        thread::yield_now();
    }
}

pub(super) fn yields() {
    tries_until_read(|came| yields_until(came));
}

pub(super) fn sleeps() {
    tries_until_read(|came| {
        while !came.load(SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
    });
}

pub(super) fn joins_a_spin() {
    tries_until_read(|came| {
        let came = Arc::clone(came);
        thread::spawn(move || yields_until(&came)).join().unwrap();
    });
}

pub(super) fn times_out() -> Came {
    fails(&under(EXHAUSTIVE).timeouts(1), "stuck", || {
        let lock = Arc::new(RwLock::new(0));
        let (theirs, others) = (Arc::clone(&lock), Arc::clone(&lock));
        let (sender, receiver) = mpsc::channel();
        let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
        let reads = lock.read().unwrap();
        let reader = thread::spawn(move || {
            let _reads = others.read().unwrap();
            sender.send(()).unwrap();
        });
        if receiver.recv_timeout(Duration::from_millis(1)).is_err() {
            receiver.recv().unwrap();
        }
        drop(reads);
        writer.join().unwrap();
        reader.join().unwrap();
    })
}

pub(super) fn reads_nothing() {
    let lock = Arc::new(RwLock::new(0));
    let came = Arc::new(AtomicBool::new(false));
    let (theirs, comes) = (Arc::clone(&lock), Arc::clone(&came));
    let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
    let reads = lock.read().unwrap();
    let other = thread::spawn(move || comes.store(true, SeqCst));
    yields_until(&came);
    drop(reads);
    writer.join().unwrap();
    other.join().unwrap();
}

pub(super) fn read_before() {
    let lock = Arc::new(RwLock::new(0));
    let came = Arc::new(AtomicBool::new(false));
    let (theirs, others, comes) = (Arc::clone(&lock), Arc::clone(&lock), Arc::clone(&came));
    let reader = thread::spawn(move || {
        drop(others.read().unwrap());
        comes.store(true, SeqCst);
    });
    yields_until(&came);
    let reads = lock.read().unwrap();
    let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
    yields_until(&came);
    drop(reads);
    writer.join().unwrap();
    reader.join().unwrap();
}

pub(super) fn yields_alone() {
    let lock = Arc::new(RwLock::new(0));
    let came = Arc::new(AtomicBool::new(false));
    let (others, comes) = (Arc::clone(&lock), Arc::clone(&came));
    let reads = lock.read().unwrap();
    let reader = thread::spawn(move || {
        let _reads = others.read().unwrap();
        comes.store(true, SeqCst);
    });
    yields_until(&came);
    drop(reads);
    reader.join().unwrap();
}

pub(super) fn others_yield() {
    let lock = Arc::new(RwLock::new(0));
    let (theirs, others) = (Arc::clone(&lock), Arc::clone(&lock));
    let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
    let reads = lock.read().unwrap();
    thread::spawn(thread::yield_now).join().unwrap();
    drop(reads);
    assert!(*others.read().unwrap() < 2);
    writer.join().unwrap();
}

//! What is refused orders nothing, and what is granted does.

use super::beside;
use crate::cases::{Came, EXHAUSTIVE, LOOM, fails, holds, under};
use raddle::sync::atomic::Ordering::{Relaxed, Release};
use raddle::sync::atomic::{AtomicBool, AtomicUsize};
use raddle::sync::{Arc, Mutex, RaceCell, RwLock, Semaphore, mpsc};
use raddle::thread;

pub(super) fn refused_locks() -> Came {
    let program = || {
        let locks = [(); 4].map(|()| Mutex::new(()));
        let shared = Arc::new((locks, AtomicUsize::new(0), RaceCell::new(0)));
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.2.set(1);
                let mut guards = Vec::new();
                for lock in &shared.0 {
                    shared.1.fetch_add(1, Relaxed);
                    guards.push(lock.lock().unwrap());
                }
            }
        });
        if shared.0.iter().all(|lock| lock.try_lock().is_err()) {
            let _ = shared.2.get();
        }
        thread.join().unwrap();
    };
    fails(&under(EXHAUSTIVE), "data race", program)?;
    fails(&under(LOOM), "data race", program)
}

pub(super) fn refused_rwlock() -> Came {
    let program = |write: bool| {
        move || {
            let shared = Arc::new((RwLock::new(()), RaceCell::new(0)));
            let theirs = Arc::clone(&shared);
            beside(
                move || {
                    theirs.1.set(1);
                    let _guard = theirs.0.write().unwrap();
                },
                || {
                    let refused = if write { shared.0.try_write().is_err() } else { shared.0.try_read().is_err() };
                    if refused {
                        let _ = shared.1.get();
                    }
                },
            );
        }
    };
    fails(&under(LOOM), "data race", program(true))?;
    fails(&under(LOOM), "data race", program(false))
}

pub(super) fn refused_semaphore() -> Came {
    fails(&under(LOOM), "data race", || {
        let shared = Arc::new((Semaphore::new(1), RaceCell::new(0)));
        let theirs = Arc::clone(&shared);
        beside(
            move || {
                theirs.1.set(1);
                let _permit = theirs.0.acquire();
            },
            || {
                if shared.0.try_acquire().is_err() {
                    let _ = shared.1.get();
                }
            },
        );
    })
}

/// One is told that the channel is empty because another has taken what was there: nothing orders what that one did before.
pub(super) fn refused_recv() -> Came {
    fails(&under(LOOM), "data race", || {
        let cell = Arc::new(RaceCell::new(0));
        let (sender, receiver) = mpsc::channel();
        sender.send(1).unwrap();
        let receiver = Arc::new(Mutex::new(Some(receiver)));
        let looked = Arc::new(AtomicBool::new(false));
        let (theirs, done) = (Arc::clone(&cell), Arc::clone(&looked));
        let thread = thread::spawn(move || {
            theirs.set(1);
            done.store(true, Relaxed);
            drop(sender);
        });
        let receiver = receiver.lock().unwrap().take().unwrap();
        let _ = receiver.try_recv();
        if receiver.try_recv() == Err(mpsc::TryRecvError::Empty) && looked.load(Relaxed) {
            let _ = cell.get();
        }
        thread.join().unwrap();
    })
}

pub(super) fn granted_lock() -> Came {
    holds(&under(LOOM), || {
        let shared = Arc::new((Mutex::new(false), RaceCell::new(0)));
        let theirs = Arc::clone(&shared);
        beside(
            move || {
                theirs.1.set(1);
                *theirs.0.lock().unwrap() = true;
            },
            || {
                let done = shared.0.try_lock().is_ok_and(|done| *done);
                if done {
                    assert_eq!(shared.1.get(), 1);
                }
            },
        );
    })
}

pub(super) fn granted_lock_is_no_fence() -> Came {
    fails(&under(LOOM), "data race", || {
        let shared = Arc::new((Mutex::new(()), AtomicUsize::new(0), RaceCell::new(0)));
        let theirs = Arc::clone(&shared);
        beside(
            move || {
                theirs.2.set(1);
                theirs.1.store(1, Release);
            },
            || {
                let seen = shared.1.load(Relaxed);
                if shared.0.try_lock().is_ok() && seen == 1 {
                    let _ = shared.2.get();
                }
            },
        );
    })
}

pub(super) fn granted_recv() -> Came {
    holds(&under(LOOM), || {
        let cell = Arc::new(RaceCell::new(0));
        let (sender, receiver) = mpsc::channel();
        let theirs = Arc::clone(&cell);
        let thread = thread::spawn(move || {
            theirs.set(1);
            sender.send(()).unwrap();
        });
        if receiver.try_recv().is_ok() {
            assert_eq!(cell.get(), 1);
        }
        thread.join().unwrap();
    })
}

//! Where what is owned ends, and what happens before that.

use super::{ALL, each};
use crate::cases::{Came, EXHAUSTIVE, fails, holds, holds_within, under};
use raddle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use raddle::sync::{Arc, Mutex, RaceCell};
use raddle::thread;

/// Says which thread it ends in.
struct Ends(Arc<Mutex<String>>);

impl Drop for Ends {
    fn drop(&mut self) {
        thread::current().name().unwrap_or_default().clone_into(&mut self.0.lock().unwrap());
    }
}

pub(super) fn destructor_with_either() -> Came {
    let program = |expected: &'static str| {
        move || {
            let ended = Arc::new(Mutex::new(String::new()));
            let a = Arc::new(Ends(Arc::clone(&ended)));
            let b = Arc::clone(&a);
            let t = thread::Builder::new().name("other".into()).spawn(move || drop(b)).unwrap();
            drop(a);
            t.join().unwrap();
            assert_eq!(*ended.lock().unwrap() == "other", expected == "other");
        }
    };
    each(ALL, |checker| fails(checker, "assertion", program("main")))?;
    each(ALL, |checker| fails(checker, "assertion", program("other")))
}

/// Takes a lock when it is dropped: whoever holds that then waits for itself.
struct Registered(Arc<Mutex<usize>>);

impl Drop for Registered {
    fn drop(&mut self) {
        *self.0.lock().unwrap() -= 1;
    }
}

pub(super) fn destructor_deadlocks() -> Came {
    each(ALL, |checker| {
        fails(checker, "deadlock", || {
            let registry = Arc::new(Mutex::new(1));
            let a = Arc::new(Registered(Arc::clone(&registry)));
            let b = Arc::clone(&a);
            let t = thread::spawn(move || drop(b));
            let guard = registry.lock().unwrap();
            drop(a);
            drop(guard);
            t.join().unwrap();
        })
    })
}

pub(super) fn quiet_destructor() -> Came {
    struct Quiet(u32);
    impl Drop for Quiet {
        fn drop(&mut self) {
            self.0 += 1;
        }
    }
    holds_within(&under(EXHAUSTIVE), 1, || {
        let a = Arc::new(Quiet(0));
        let threads = [(); 3].map(|()| {
            let a = Arc::clone(&a);
            thread::spawn(move || drop(a))
        });
        drop(a);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    })
}

/// Looks at what its owners have written when it is dropped.
struct Slots([RaceCell<u32>; 2]);

impl Drop for Slots {
    fn drop(&mut self) {
        assert!(self.0.iter().map(RaceCell::get).sum::<u32>() <= 3, "whatever was written can be read");
    }
}

pub(super) fn destructor_reads() -> Came {
    each(ALL, |checker| {
        holds(checker, || {
            let a = Arc::new(Slots([RaceCell::new(0), RaceCell::new(0)]));
            let b = Arc::clone(&a);
            let t = thread::spawn(move || b.0[0].set(1));
            a.0[1].set(2);
            drop(a);
            t.join().unwrap();
        })
    })
}

/// A queue of one sender and one receiver, with a flag for each slot.
struct Queue {
    slots: [(AtomicBool, RaceCell<u32>); 2],
}

impl Drop for Queue {
    fn drop(&mut self) {
        for (full, slot) in &self.slots {
            if full.load(Ordering::Relaxed) {
                slot.set(0);
            }
        }
    }
}

pub(super) fn queue_destructor() -> Came {
    each(ALL, |checker| {
        holds(checker, || {
            let slots = [(); 2].map(|()| (AtomicBool::new(false), RaceCell::new(0)));
            let queue = Arc::new(Queue { slots });
            let sender = Arc::clone(&queue);
            let t = thread::spawn(move || {
                for (full, slot) in &sender.slots {
                    slot.set(1);
                    full.store(true, Ordering::Release);
                }
            });
            let (full, slot) = &queue.slots[0];
            if full.load(Ordering::Acquire) {
                assert_eq!(slot.get(), 1);
                full.store(false, Ordering::Relaxed);
            }
            drop(queue);
            t.join().unwrap();
        })
    })
}

pub(super) fn try_unwrap_reads() -> Came {
    each(ALL, |checker| {
        holds(checker, || {
            let a = Arc::new(RaceCell::new(0));
            let b = Arc::clone(&a);
            let t = thread::spawn(move || {
                b.set(1);
                drop(b);
            });
            if let Ok(cell) = Arc::try_unwrap(a) {
                assert_eq!(cell.get(), 1);
            }
            t.join().unwrap();
        })
    })
}

pub(super) fn get_mut_reads() -> Came {
    each(ALL, |checker| {
        holds(checker, || {
            let mut a = Arc::new(RaceCell::new(0));
            let b = Arc::clone(&a);
            let t = thread::spawn(move || {
                b.set(1);
                drop(b);
            });
            if let Some(cell) = Arc::get_mut(&mut a) {
                cell.set(cell.get() + 1);
            }
            t.join().unwrap();
        })
    })
}

pub(super) fn into_inner_reads() -> Came {
    each(ALL, |checker| {
        holds(checker, || {
            let a = Arc::new(RaceCell::new(0));
            let writers = [(); 2].map(|()| {
                let a = Arc::clone(&a);
                thread::spawn(move || Arc::into_inner(a).map(|cell| cell.set(1)))
            });
            if let Some(cell) = Arc::into_inner(a) {
                cell.set(2);
            }
            writers.into_iter().for_each(|writer| _ = writer.join().unwrap());
        })
    })
}

/// A count by hand with the wrong order: the last to leave has not acquired what the other wrote.
pub(super) fn relaxed_by_hand() -> Came {
    each(ALL, |checker| {
        fails(checker, "data race", || {
            let shared = Arc::new((AtomicUsize::new(2), RaceCell::new(0)));
            let theirs = Arc::clone(&shared);
            let t = thread::spawn(move || {
                theirs.1.set(1);
                theirs.0.fetch_sub(1, Ordering::Relaxed);
            });
            if shared.0.fetch_sub(1, Ordering::Relaxed) == 1 {
                shared.1.set(2);
            }
            t.join().unwrap();
        })
    })
}

/// Reading the count is relaxed: to find oneself alone by it orders nothing.
pub(super) fn count_orders_nothing() -> Came {
    each(ALL, |checker| {
        fails(checker, "data race", || {
            let a = Arc::new(RaceCell::new(0));
            let b = Arc::clone(&a);
            let t = thread::spawn(move || {
                b.set(1);
                drop(b);
            });
            if Arc::strong_count(&a) == 1 {
                a.set(2);
            }
            t.join().unwrap();
        })
    })
}

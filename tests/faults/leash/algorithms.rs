//! Locks and protocols of the literature: as they are proven with `SeqCst`, and what weaker orders break.

use super::{beside, places};
use crate::cases::{Came, LOOM, fails, holds, under};
use raddle::sync::atomic::Ordering::{self, Acquire, Relaxed, Release, SeqCst};
use raddle::sync::atomic::{AtomicBool, AtomicUsize};
use raddle::sync::{Arc, RaceCell};
use raddle::thread;

/// Two threads that are in turn in a section that `enter` and `leave` guard.
fn in_turn<const N: usize>(
    enter: fn(&[AtomicUsize; N], usize, Ordering, Ordering),
    leave: fn(&[AtomicUsize; N], usize, Ordering),
    (write, read): (Ordering, Ordering),
) -> impl Fn() + Send + Sync + 'static {
    move || {
        let shared = Arc::new(([(); N].map(|()| AtomicUsize::new(0)), RaceCell::new(0)));
        let go = move |shared: &([AtomicUsize; N], RaceCell<i32>), me: usize| {
            enter(&shared.0, me, write, read);
            shared.1.set(shared.1.get() + 1);
            leave(&shared.0, me, write);
        };
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || go(&shared, 1)
        });
        go(&shared, 0);
        thread.join().unwrap();
        assert_eq!(shared.1.get(), 2);
    }
}

const STRONG: (Ordering, Ordering) = (SeqCst, SeqCst);

const WEAK: (Ordering, Ordering) = (Release, Acquire);

fn peterson(orders: (Ordering, Ordering)) -> impl Fn() + Send + Sync + 'static {
    let enter = |x: &[AtomicUsize; 3], me: usize, write: Ordering, read: Ordering| {
        x[me].store(1, write);
        x[2].store(1 - me, write);
        while x[1 - me].load(read) == 1 && x[2].load(read) == 1 - me {
            thread::yield_now();
        }
    };
    in_turn::<3>(enter, |x, me, write| x[me].store(0, write), orders)
}

pub(super) fn peterson_strong() -> Came {
    // Without a bound loom fails in more impossible ways than are passed over.
    holds(&under(LOOM).preemptions(2), peterson(STRONG))
}

pub(super) fn peterson_weak() -> Came {
    fails(&under(LOOM), "data race", peterson(WEAK))
}

fn dekker(orders: (Ordering, Ordering)) -> impl Fn() + Send + Sync + 'static {
    let enter = |x: &[AtomicUsize; 3], me: usize, write: Ordering, read: Ordering| {
        x[me].store(1, write);
        while x[1 - me].load(read) == 1 {
            if x[2].load(read) == me {
                thread::yield_now();
                continue;
            }
            x[me].store(0, write);
            while x[2].load(read) != me {
                thread::yield_now();
            }
            x[me].store(1, write);
        }
    };
    let leave = |x: &[AtomicUsize; 3], me: usize, write: Ordering| {
        x[2].store(1 - me, write);
        x[me].store(0, write);
    };
    in_turn::<3>(enter, leave, orders)
}

pub(super) fn dekker_strong() -> Came {
    holds(&under(LOOM), dekker(STRONG))
}

pub(super) fn dekker_weak() -> Came {
    fails(&under(LOOM), "data race", dekker(WEAK))
}

/// Lamport's; the places are who chooses, and the numbers.
pub(super) fn bakery_strong() -> Came {
    let enter = |x: &[AtomicUsize; 4], me: usize, write: Ordering, read: Ordering| {
        let other = 1 - me;
        x[me].store(1, write);
        let number = x[2 + other].load(read) + 1;
        x[2 + me].store(number, write);
        x[me].store(0, write);
        while x[other].load(read) == 1 {
            thread::yield_now();
        }
        loop {
            let theirs = x[2 + other].load(read);
            if theirs == 0 || (number, me) < (theirs, other) {
                return;
            }
            thread::yield_now();
        }
    };
    holds(&under(LOOM), in_turn::<4>(enter, |x, me, write| x[2 + me].store(0, write), STRONG))
}

/// One reads through a pointer that it announces; the other takes the pointer away and frees what nobody has announced.
fn hazard((write, read): (Ordering, Ordering)) -> impl Fn() + Send + Sync + 'static {
    move || {
        // The pointer is to 1, and then null; the hazard; whether what it pointed to is freed.
        let x = places::<3>();
        x[0].store(1, SeqCst);
        let theirs = Arc::clone(&x);
        beside(
            move || {
                theirs[0].store(0, write);
                if theirs[1].load(read) == 0 {
                    theirs[2].store(1, Relaxed);
                }
            },
            || {
                let pointer = x[0].load(Relaxed);
                x[1].store(pointer, write);
                if pointer == 1 && x[0].load(read) == 1 {
                    assert_eq!(x[2].load(Relaxed), 0, "it is used and freed");
                    x[1].store(0, Release);
                }
            },
        );
    }
}

pub(super) fn hazard_strong() -> Came {
    holds(&under(LOOM), hazard(STRONG))
}

pub(super) fn hazard_weak() -> Came {
    fails(&under(LOOM), "assertion", hazard(WEAK))
}

/// One says that it sleeps and looks for work; the other brings work and looks for sleepers.
fn sleeper((write, read): (Ordering, Ordering)) -> impl Fn() + Send + Sync + 'static {
    move || {
        let x = places::<2>();
        let sleeps = thread::spawn({
            let x = Arc::clone(&x);
            move || {
                x[0].store(1, write);
                if x[1].load(read) == 0 {
                    thread::park();
                }
            }
        });
        x[1].store(1, write);
        if x[0].load(read) == 1 {
            sleeps.thread().unpark();
        }
        sleeps.join().unwrap();
    }
}

pub(super) fn sleeper_strong() -> Came {
    holds(&under(LOOM), sleeper(STRONG))
}

pub(super) fn sleeper_weak() -> Came {
    fails(&under(LOOM), "deadlock", sleeper(WEAK)).or_else(|_| fails(&under(LOOM), "stuck", sleeper(WEAK)))
}

fn waits(woken: fn(&AtomicBool) -> bool, wakes: bool) -> impl Fn() + Send + Sync + 'static {
    move || {
        let flag = Arc::new(AtomicBool::new(false));
        let me = thread::current();
        let thread = thread::spawn({
            let flag = Arc::clone(&flag);
            move || {
                flag.store(true, Release);
                if wakes {
                    me.unpark();
                }
            }
        });
        while !woken(&flag) {
            thread::park();
        }
        thread.join().unwrap();
    }
}

pub(super) fn block_on() -> Came {
    holds(&under(LOOM), waits(|flag| flag.swap(false, Acquire), true))
}

pub(super) fn block_on_by_exchange() -> Came {
    holds(&under(LOOM), waits(|flag| flag.compare_exchange(true, false, Acquire, Relaxed).is_ok(), true))
}

pub(super) fn block_on_stuck() -> Came {
    fails(&under(LOOM), "stuck", waits(|flag| flag.swap(false, Acquire), false))
}

//! What loom reports as failing a machine can show, and what a machine shows loom reports.

use crate::cases::{Came, Case, EXHAUSTIVE, Kind, LOOM, chain, fails, holds, say, under};
use raddle::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use raddle::sync::atomic::{AtomicBool, AtomicUsize, fence};
use raddle::sync::{Arc, Mutex, RaceCell, RwLock, Semaphore, mpsc};
use raddle::thread;

pub(crate) const KIND: Kind = Kind {
    name: "leash",
    what: "loom reports what no machine can do, and orders what no machine does",
    cases: &[
        Case { name: "a_swap_and_a_store_are_one_after_the_other", run: swap_against_store },
        Case { name: "the_last_store_stays", run: the_last_store_stays },
        Case { name: "a_lock_by_swap_that_a_store_unlocks", run: swap_lock },
        Case { name: "a_lock_by_exchange_that_a_store_unlocks", run: exchange_lock },
        Case { name: "a_dirty_flag_that_is_swapped_clean", run: dirty_flag },
        Case { name: "a_counter_that_a_store_resets", run: reset_counter },
        Case { name: "a_lock_by_swap_unlocked_relaxed_races", run: swap_lock_relaxed },
        Case { name: "a_lock_by_exchange_taken_relaxed_races", run: exchange_lock_relaxed },
        Case { name: "store_buffering_with_seq_cst", run: store_buffering_strong },
        Case { name: "store_buffering_with_fences", run: store_buffering_fenced },
        Case { name: "store_buffering_relaxed_fails", run: store_buffering_relaxed },
        Case { name: "store_buffering_release_acquire_fails", run: store_buffering_acquire },
        Case { name: "message_passing_relaxed_fails", run: message_passing_relaxed },
        Case { name: "message_passing_release_acquire", run: message_passing },
        Case { name: "peterson_with_seq_cst", run: peterson_strong },
        Case { name: "peterson_release_acquire_races", run: peterson_weak },
        Case { name: "dekker_with_seq_cst", run: dekker_strong },
        Case { name: "dekker_release_acquire_races", run: dekker_weak },
        Case { name: "bakery_with_seq_cst", run: bakery_strong },
        Case { name: "a_hazard_pointer_with_seq_cst", run: hazard_strong },
        Case { name: "a_hazard_pointer_release_acquire_fails", run: hazard_weak },
        Case { name: "sleepers_and_wakers_with_seq_cst", run: sleeper_strong },
        Case { name: "sleepers_and_wakers_release_acquire_get_stuck", run: sleeper_weak },
        Case { name: "block_on_by_swap_and_park", run: block_on },
        Case { name: "block_on_by_exchange_and_park", run: block_on_by_exchange },
        Case { name: "block_on_that_nobody_wakes_is_stuck", run: block_on_stuck },
        Case { name: "a_spin_lock_of_many_steps_is_no_assertion", run: spin_of_many_steps },
        Case { name: "more_steps_than_loom_takes_are_no_assertion", run: many_steps },
        Case { name: "a_spawned_thread_of_many_steps_is_no_assertion", run: many_steps_of_another },
        Case { name: "the_program_s_own_panic_is_its_own", run: own_panic },
        Case { name: "four_refused_try_locks_order_nothing", run: refused_locks },
        Case { name: "refused_try_reads_and_try_writes_order_nothing", run: refused_rwlock },
        Case { name: "a_refused_try_acquire_orders_nothing", run: refused_semaphore },
        Case { name: "an_empty_try_recv_orders_nothing", run: refused_recv },
        Case { name: "a_granted_try_lock_orders", run: granted_lock },
        Case { name: "a_granted_try_lock_orders_no_relaxed_load", run: granted_lock_is_no_fence },
        Case { name: "a_granted_try_recv_orders", run: granted_recv },
    ],
};

/// `n` places that begin with 0.
fn places<const N: usize>() -> Arc<[AtomicUsize; N]> {
    Arc::new([(); N].map(|()| AtomicUsize::new(0)))
}

fn beside(one: impl FnOnce() + Send + 'static, two: impl FnOnce()) {
    let thread = thread::spawn(one);
    two();
    thread.join().unwrap();
}

fn swap_against_store() -> Came {
    holds(&under(LOOM), || {
        let x = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let x = Arc::clone(&x);
            move || x.store(true, Release)
        });
        let taken = x.swap(false, AcqRel);
        thread.join().unwrap();
        assert!(taken || x.load(Acquire));
    })
}

fn the_last_store_stays() -> Came {
    holds(&under(LOOM), || {
        let x = Arc::new(AtomicUsize::new(0));
        let thread = thread::spawn({
            let x = Arc::clone(&x);
            move || {
                x.store(1, Relaxed);
                x.store(2, Relaxed);
            }
        });
        x.store(3, Relaxed);
        let _ = x.load(Relaxed);
        thread.join().unwrap();
        assert_ne!(x.load(Relaxed), 1);
    })
}

/// Two threads that count under a lock of this kind.
fn count(locks: fn(&AtomicUsize) -> bool, unlock: Ordering) -> impl Fn() + Send + Sync + 'static {
    move || {
        let shared = Arc::new((AtomicUsize::new(0), RaceCell::new(0)));
        let add = move |shared: &(AtomicUsize, RaceCell<i32>)| {
            while !locks(&shared.0) {
                thread::yield_now();
            }
            shared.1.set(shared.1.get() + 1);
            shared.0.store(0, unlock);
        };
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || add(&shared)
        });
        add(&shared);
        thread.join().unwrap();
        assert_eq!(shared.1.get(), 2);
    }
}

fn swap_lock() -> Came {
    holds(&under(LOOM), count(|lock| lock.swap(1, Acquire) == 0, Release))
}

fn exchange_lock() -> Came {
    holds(&under(LOOM), count(|lock| lock.compare_exchange(0, 1, Acquire, Relaxed).is_ok(), Release))
}

fn swap_lock_relaxed() -> Came {
    fails(&under(LOOM), "data race", count(|lock| lock.swap(1, Acquire) == 0, Relaxed))
}

fn exchange_lock_relaxed() -> Came {
    fails(&under(LOOM), "data race", count(|lock| lock.compare_exchange(0, 1, Relaxed, Relaxed).is_ok(), Release))
}

fn dirty_flag() -> Came {
    holds(&under(LOOM), || {
        let shared = Arc::new((AtomicBool::new(false), AtomicUsize::new(0)));
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.1.store(7, Relaxed);
                shared.0.store(true, Release);
            }
        });
        let mut written = 0;
        if shared.0.swap(false, AcqRel) {
            written = shared.1.load(Relaxed);
        }
        thread.join().unwrap();
        if shared.0.swap(false, AcqRel) {
            written = shared.1.load(Relaxed);
        }
        assert_eq!(written, 7, "what was marked is never written");
    })
}

fn reset_counter() -> Came {
    holds(&under(LOOM), || {
        let x = Arc::new(AtomicUsize::new(0));
        let thread = thread::spawn({
            let x = Arc::clone(&x);
            move || {
                x.fetch_add(1, Relaxed);
                x.store(0, Relaxed);
            }
        });
        x.fetch_add(1, Relaxed);
        x.fetch_add(1, Relaxed);
        thread.join().unwrap();
        assert!(x.load(Relaxed) <= 2, "what was reset is counted");
    })
}

/// Two threads that each set their own place and look at the other's; both see nothing.
fn store_buffering(write: Ordering, read: Ordering, fenced: bool) -> impl Fn() + Send + Sync + 'static {
    move || {
        let x = places::<2>();
        let go = move |x: &[AtomicUsize; 2], me: usize| {
            x[me].store(1, write);
            if fenced {
                fence(SeqCst);
            }
            x[1 - me].load(read)
        };
        let thread = thread::spawn({
            let x = Arc::clone(&x);
            move || go(&x, 1)
        });
        let seen = go(&x, 0);
        assert!(seen + thread.join().unwrap() > 0, "neither has seen the other");
    }
}

fn store_buffering_strong() -> Came {
    holds(&chain(), store_buffering(SeqCst, SeqCst, false))?;
    holds(&under(LOOM), store_buffering(SeqCst, SeqCst, false))
}

fn store_buffering_fenced() -> Came {
    holds(&under(LOOM), store_buffering(Relaxed, Relaxed, true))
}

fn store_buffering_relaxed() -> Came {
    fails(&chain(), "assertion", store_buffering(Relaxed, Relaxed, false))?;
    fails(&under(LOOM), "assertion", store_buffering(Relaxed, Relaxed, false))
}

fn store_buffering_acquire() -> Came {
    fails(&under(LOOM), "assertion", store_buffering(Release, Acquire, false))
}

fn pass_message(write: Ordering, read: Ordering) -> impl Fn() + Send + Sync + 'static {
    move || {
        let x = places::<2>();
        let theirs = Arc::clone(&x);
        beside(
            move || {
                theirs[0].store(1, Relaxed);
                theirs[1].store(1, write);
            },
            || assert!(x[1].load(read) == 0 || x[0].load(Relaxed) == 1, "the flag is there, and the data is not"),
        );
    }
}

fn message_passing_relaxed() -> Came {
    fails(&chain(), "assertion", pass_message(Relaxed, Relaxed))?;
    fails(&under(LOOM), "assertion", pass_message(Release, Relaxed))?;
    fails(&under(LOOM), "assertion", pass_message(Relaxed, Acquire))
}

fn message_passing() -> Came {
    holds(&chain(), pass_message(Release, Acquire))?;
    holds(&under(LOOM), pass_message(Release, Acquire))
}

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

fn peterson_strong() -> Came {
    // Without a bound loom fails in more impossible ways than are passed over.
    holds(&under(LOOM).preemptions(2), peterson(STRONG))
}

fn peterson_weak() -> Came {
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

fn dekker_strong() -> Came {
    holds(&under(LOOM), dekker(STRONG))
}

fn dekker_weak() -> Came {
    fails(&under(LOOM), "data race", dekker(WEAK))
}

/// Lamport's; the places are who chooses, and the numbers.
fn bakery_strong() -> Came {
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

fn hazard_strong() -> Came {
    holds(&under(LOOM), hazard(STRONG))
}

fn hazard_weak() -> Came {
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

fn sleeper_strong() -> Came {
    holds(&under(LOOM), sleeper(STRONG))
}

fn sleeper_weak() -> Came {
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

fn block_on() -> Came {
    holds(&under(LOOM), waits(|flag| flag.swap(false, Acquire), true))
}

fn block_on_by_exchange() -> Came {
    holds(&under(LOOM), waits(|flag| flag.compare_exchange(true, false, Acquire, Relaxed).is_ok(), true))
}

fn block_on_stuck() -> Came {
    fails(&under(LOOM), "stuck", waits(|flag| flag.swap(false, Acquire), false))
}

/// Whatever it comes to, it is no failure of the program.
fn is_no_failure(said: String) -> Came {
    let is_none = said.starts_with("holds") || said.starts_with("inconclusive");
    if is_none { Ok(said) } else { Err(format!("expected no failure, got {said}")) }
}

fn spin_of_many_steps() -> Came {
    let spins = |lock: &AtomicUsize| lock.swap(1, SeqCst) == 0;
    is_no_failure(say(&under(LOOM).steps(20_000).executions(50), count(spins, SeqCst)))
}

fn adds(times: usize) -> impl Fn(&AtomicUsize) + Send + Sync + Copy + 'static {
    move |x| (0..times).for_each(|_| _ = x.fetch_add(1, Relaxed))
}

fn many_steps() -> Came {
    is_no_failure(say(&under(LOOM).steps(100_000), || adds(25_000)(&AtomicUsize::new(0))))
}

fn many_steps_of_another() -> Came {
    is_no_failure(say(&under(LOOM).steps(100_000), || {
        thread::spawn(|| adds(25_000)(&AtomicUsize::new(0))).join().unwrap();
    }))
}

fn own_panic() -> Came {
    fails(&under(LOOM), "assertion", || {
        let x = places::<1>();
        let theirs = Arc::clone(&x);
        beside(move || theirs[0].store(1, SeqCst), || panic!("Model exceeded maximum number of {}", x[0].load(SeqCst)));
    })
}

fn refused_locks() -> Came {
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

fn refused_rwlock() -> Came {
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

fn refused_semaphore() -> Came {
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
fn refused_recv() -> Came {
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

fn granted_lock() -> Came {
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

fn granted_lock_is_no_fence() -> Came {
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

fn granted_recv() -> Came {
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

//! What loom reports as failing a machine can show, and what a machine shows loom reports.

mod algorithms;
mod refusals;

use crate::cases::{Came, Case, Kind, LOOM, chain, fails, holds, say, under};
use raddle::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use raddle::sync::atomic::{AtomicBool, AtomicUsize, fence};
use raddle::sync::{Arc, RaceCell};
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
        Case { name: "peterson_with_seq_cst", run: algorithms::peterson_strong },
        Case { name: "peterson_release_acquire_races", run: algorithms::peterson_weak },
        Case { name: "dekker_with_seq_cst", run: algorithms::dekker_strong },
        Case { name: "dekker_release_acquire_races", run: algorithms::dekker_weak },
        Case { name: "bakery_with_seq_cst", run: algorithms::bakery_strong },
        Case { name: "a_hazard_pointer_with_seq_cst", run: algorithms::hazard_strong },
        Case { name: "a_hazard_pointer_release_acquire_fails", run: algorithms::hazard_weak },
        Case { name: "sleepers_and_wakers_with_seq_cst", run: algorithms::sleeper_strong },
        Case { name: "sleepers_and_wakers_release_acquire_get_stuck", run: algorithms::sleeper_weak },
        Case { name: "block_on_by_swap_and_park", run: algorithms::block_on },
        Case { name: "block_on_by_exchange_and_park", run: algorithms::block_on_by_exchange },
        Case { name: "block_on_that_nobody_wakes_is_stuck", run: algorithms::block_on_stuck },
        Case { name: "a_spin_lock_of_many_steps_is_no_assertion", run: spin_of_many_steps },
        Case { name: "more_steps_than_loom_takes_are_no_assertion", run: many_steps },
        Case { name: "a_spawned_thread_of_many_steps_is_no_assertion", run: many_steps_of_another },
        Case { name: "the_program_s_own_panic_is_its_own", run: own_panic },
        Case { name: "a_deadlock_of_loom_s_own_is_loom_s", run: deadlock_of_loom_s_own },
        Case { name: "four_refused_try_locks_order_nothing", run: refusals::refused_locks },
        Case { name: "refused_try_reads_and_try_writes_order_nothing", run: refusals::refused_rwlock },
        Case { name: "a_refused_try_acquire_orders_nothing", run: refusals::refused_semaphore },
        Case { name: "an_empty_try_recv_orders_nothing", run: refusals::refused_recv },
        Case { name: "a_granted_try_lock_orders", run: refusals::granted_lock },
        Case { name: "a_granted_try_lock_orders_no_relaxed_load", run: refusals::granted_lock_is_no_fence },
        Case { name: "a_granted_try_recv_orders", run: refusals::granted_recv },
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

/// What loom itself says stops the engine, and is no verdict on the program.
fn deadlock_of_loom_s_own() -> Came {
    let said = say(&under(LOOM), || {
        let lock = loom::sync::Mutex::new(());
        let _first = lock.lock().unwrap();
        let _second = lock.lock().unwrap();
    });
    if said.starts_with("error: the engine stopped: deadlock") { Ok(said) } else { Err(said) }
}

fn own_panic() -> Came {
    fails(&under(LOOM), "assertion", || {
        let x = places::<1>();
        let theirs = Arc::clone(&x);
        beside(move || theirs[0].store(1, SeqCst), || panic!("Model exceeded maximum number of {}", x[0].load(SeqCst)));
    })
}

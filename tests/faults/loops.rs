//! Loops that wait by trying again: a round that changes nothing is no progress, and no new trace.

use crate::cases::{Came, Case, EXHAUSTIVE, Kind, LOOM, holds, holds_within, under};
use raddle::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::*};
use raddle::sync::{Arc, RaceCell};
use raddle::{Checker, thread};

mod livelocks;
mod queues;
mod sleepers;

pub(crate) const KIND: Kind = Kind {
    name: "loops",
    what: "a retry that leaves everything as it was, a spin that waits for a sleeper",
    cases: &[
        Case { name: "a_spin_lock_by_swap_in_ten_executions", run: by_swap },
        Case { name: "a_spin_lock_by_swap_within_no_preemption", run: || by_swap_within(0) },
        Case { name: "a_spin_lock_by_swap_within_one_preemption", run: || by_swap_within(1) },
        Case { name: "a_spin_lock_by_swap_within_two_preemptions", run: || by_swap_within(2) },
        Case { name: "a_spin_lock_by_swap_of_three", run: by_swap_of_three },
        Case { name: "a_spin_lock_by_swap_around_a_plain_variable", run: by_swap_around_a_cell },
        Case { name: "a_spin_lock_by_fetch_or", run: by_fetch_or },
        Case { name: "a_spin_lock_by_fetch_and", run: by_fetch_and },
        Case { name: "a_spin_lock_by_fetch_max", run: by_fetch_max },
        Case { name: "a_spin_lock_by_compare_exchange", run: by_compare_exchange },
        Case { name: "a_spin_lock_that_looks_first", run: looks_first },
        Case { name: "a_ticket_lock_of_three", run: tickets },
        Case { name: "petersons_lock", run: peterson },
        Case { name: "an_empty_pop_under_a_mutex", run: queues::pop },
        Case { name: "an_empty_pop_under_a_mutex_within_a_bound", run: queues::pop_within },
        Case { name: "an_empty_pop_under_a_write_lock", run: queues::pop_of_a_write_lock },
        Case { name: "two_poppers_and_a_pusher", run: queues::poppers },
        Case { name: "a_try_recv_of_nothing", run: queues::try_recv },
        Case { name: "a_bounded_queue_with_snooze_loops", run: queues::snooze },
        Case { name: "work_that_is_stolen", run: queues::stealing },
        Case { name: "a_task_that_polls_a_flag", run: sleepers::polls_a_flag },
        Case { name: "a_task_that_polls_a_flag_within_a_bound", run: sleepers::polls_a_flag_within },
        Case { name: "one_spinner_and_one_setter_within_bounds", run: spinner_and_setter },
        Case { name: "tries_that_are_counted_are_searched_whole", run: queues::counted },
        Case { name: "tries_that_are_counted_under_a_lock_are_searched_whole", run: queues::counted_under_a_lock },
        Case { name: "rounds_are_in_the_way_of_others_as_often_as_they_come", run: queues::rounds_in_the_way },
        Case { name: "rounds_that_write_are_seen_by_others", run: queues::rounds_that_write },
        Case { name: "an_update_that_changes_nothing_still_reads", run: queues::still_reads },
        Case { name: "an_update_that_changes_nothing_still_releases", run: queues::still_releases },
        Case { name: "what_was_not_released_races", run: queues::races },
        Case { name: "a_spin_until_a_sleeper_wakes", run: || sleepers::sleeper(EXHAUSTIVE) },
        Case { name: "a_spin_until_a_sleeper_wakes_under_loom", run: || sleepers::sleeper(LOOM) },
        Case {
            name: "a_spin_until_a_sleeper_wakes_under_samplers",
            run: || sleepers::samplers(sleepers::spin_until_a_sleeper_wakes),
        },
        Case { name: "a_spin_until_a_sleeper_wakes_within_a_bound", run: sleepers::sleeper_within },
        Case { name: "a_try_lock_until_a_sleeper_unlocks", run: sleepers::sleeping_holder },
        Case { name: "a_task_that_spins_until_a_sleeper_wakes", run: || sleepers::async_sleeper(EXHAUSTIVE) },
        Case {
            name: "a_task_that_spins_under_samplers",
            run: || sleepers::samplers(sleepers::tasks_until_a_sleeper_wakes),
        },
        Case { name: "a_spin_until_a_wait_times_out", run: sleepers::timed_out },
        Case { name: "a_spin_until_an_instant", run: sleepers::until_an_instant },
        Case { name: "an_empty_pop_until_a_sleeper_pushes", run: sleepers::sleeping_pusher },
        Case { name: "a_few_yields_take_no_time", run: sleepers::few_yields },
        Case { name: "two_tasks_that_poll_a_flag_are_no_livelock", run: sleepers::two_pollers },
        Case { name: "a_livelock_beside_a_sleeper_is_one", run: livelocks::livelock_beside_a_sleeper },
        Case { name: "a_livelock_is_one", run: livelocks::livelock },
        Case { name: "a_livelock_within_a_bound_is_one", run: livelocks::livelock_within },
        Case { name: "transactions_that_abort_each_other_under_samplers", run: livelocks::aborts },
        Case { name: "a_livelock_of_three_under_samplers", run: livelocks::three },
        Case { name: "an_execution_that_is_cut_says_who_ran_on_and_where", run: queues::cut_short },
        Case { name: "polite_tasks_under_samplers", run: livelocks::polite },
    ],
};

/// The exhaustive engine, on a leash: what has no end is not waited for.
fn every() -> Checker {
    under(EXHAUSTIVE).executions(3_000)
}

/// Two or more tasks that each add to what a lock guards.
fn guarded(tasks: usize, lock: fn(&AtomicU32), unlock: fn(&AtomicU32)) -> impl Fn() + Send + Sync + 'static {
    move || {
        let word = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let add = move |word: &(AtomicU32, AtomicU32)| {
            lock(&word.0);
            word.1.store(word.1.load(SeqCst) + 1, SeqCst);
            unlock(&word.0);
        };
        let threads: Vec<_> = (1..tasks)
            .map(|_| {
                let word = Arc::clone(&word);
                thread::spawn(move || add(&word))
            })
            .collect();
        add(&word);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(word.1.load(SeqCst), u32::try_from(tasks).unwrap());
    }
}

fn release(word: &AtomicU32) {
    word.store(0, SeqCst);
}

fn swap(word: &AtomicU32) {
    while word.swap(1, SeqCst) == 1 {
        thread::yield_now();
    }
}

fn by_swap() -> Came {
    holds_within(&under(EXHAUSTIVE), 10, || {
        let locked = Arc::new(AtomicBool::new(false));
        let section = |locked: &AtomicBool| {
            while locked.swap(true, SeqCst) {
                thread::yield_now();
            }
            locked.store(false, SeqCst);
        };
        let theirs = Arc::clone(&locked);
        let thread = thread::spawn(move || section(&theirs));
        section(&locked);
        thread.join().unwrap();
    })
}

fn by_swap_within(bound: usize) -> Came {
    holds(&every().preemptions(bound), guarded(2, swap, release))
}

fn by_swap_of_three() -> Came {
    holds(&every(), guarded(3, swap, release))
}

fn by_swap_around_a_cell() -> Came {
    holds(&every(), || {
        let lock = Arc::new((AtomicBool::new(false), RaceCell::new(0)));
        let add = |lock: &(AtomicBool, RaceCell<u32>)| {
            while lock.0.swap(true, AcqRel) {
                thread::yield_now();
            }
            lock.1.set(lock.1.get() + 1);
            lock.0.store(false, Release);
        };
        let theirs = Arc::clone(&lock);
        let thread = thread::spawn(move || add(&theirs));
        add(&lock);
        thread.join().unwrap();
        assert_eq!(lock.1.get(), 2);
    })
}

fn by_fetch_or() -> Came {
    let lock = |word: &AtomicU32| {
        while word.fetch_or(1, Acquire) & 1 == 1 {
            thread::yield_now();
        }
    };
    holds(&every(), guarded(3, lock, |word| _ = word.fetch_and(!1, Release)))
}

fn by_fetch_and() -> Came {
    // 0 is free: the lock is taken by a bit that is set where `fetch_and` of the others leaves nothing.
    let lock = |word: &AtomicU32| {
        while word.fetch_and(1, AcqRel) == 1 || word.swap(1, AcqRel) == 1 {
            thread::yield_now();
        }
    };
    holds(&every(), guarded(2, lock, release))
}

fn by_fetch_max() -> Came {
    let lock = |word: &AtomicU32| {
        while word.fetch_max(1, SeqCst) == 1 {
            thread::yield_now();
        }
    };
    holds(&every(), guarded(3, lock, release))
}

fn by_compare_exchange() -> Came {
    let lock = |word: &AtomicU32| {
        while word.compare_exchange(0, 1, SeqCst, SeqCst).is_err() {
            thread::yield_now();
        }
    };
    holds(&every(), guarded(3, lock, release))
}

fn looks_first() -> Came {
    let lock = |word: &AtomicU32| {
        while word.swap(1, SeqCst) == 1 {
            while word.load(SeqCst) == 1 {
                thread::yield_now();
            }
        }
    };
    holds(&every(), guarded(2, lock, release))
}

fn tickets() -> Came {
    holds(&every(), || {
        let lock = Arc::new([AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0)]);
        let add = |[next, serving, sum]: &[AtomicU32; 3]| {
            let ticket = next.fetch_add(1, SeqCst);
            while serving.load(SeqCst) != ticket {
                thread::yield_now();
            }
            sum.store(sum.load(SeqCst) + 1, SeqCst);
            serving.store(ticket + 1, SeqCst);
        };
        let threads = [(); 2].map(|()| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || add(&lock))
        });
        add(&lock);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(lock[2].load(SeqCst), 3);
    })
}

fn peterson() -> Came {
    holds(&every(), || {
        let shared =
            Arc::new(([AtomicBool::new(false), AtomicBool::new(false)], AtomicUsize::new(0), AtomicU32::new(0)));
        let add = |(flags, turn, sum): &([AtomicBool; 2], AtomicUsize, AtomicU32), me: usize| {
            flags[me].store(true, SeqCst);
            turn.store(1 - me, SeqCst);
            while flags[1 - me].load(SeqCst) && turn.load(SeqCst) == 1 - me {
                thread::yield_now();
            }
            sum.store(sum.load(SeqCst) + 1, SeqCst);
            flags[me].store(false, SeqCst);
        };
        let theirs = Arc::clone(&shared);
        let thread = thread::spawn(move || add(&theirs, 1));
        add(&shared, 0);
        thread.join().unwrap();
        assert_eq!(shared.2.load(SeqCst), 2);
    })
}

fn spinner_and_setter() -> Came {
    for bound in 0..3 {
        holds_within(&every().preemptions(bound), 10, || {
            let ready = Arc::new(AtomicBool::new(false));
            let theirs = Arc::clone(&ready);
            let setter = thread::spawn(move || theirs.store(true, SeqCst));
            while !ready.load(SeqCst) {
                thread::yield_now();
            }
            setter.join().unwrap();
        })?;
    }
    Ok("within 0, 1 and 2".into())
}

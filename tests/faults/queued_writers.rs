//! A read that a queued writer holds up.

mod retries;

use crate::cases::{Came, Case, EXHAUSTIVE, Kind, LOOM, RANDOM, chain, everywhere, fails, holds, under};
use raddle::sync::{Arc, Mutex, RaceCell, RwLock, mpsc};
use raddle::{Checker, Engine, thread};

pub(crate) const KIND: Kind = Kind {
    name: "queued_writers",
    what: "a nested read holds although a writer may have queued in between",
    cases: &[
        Case { name: "a_recursive_read_deadlocks_in_the_chain", run: || recursive(&chain()) },
        Case { name: "a_recursive_read_deadlocks_under_the_exhaustive_engine", run: || recursive(&under(EXHAUSTIVE)) },
        Case { name: "a_recursive_read_deadlocks_within_one_preemption", run: bounded },
        Case { name: "a_recursive_read_deadlocks_under_loom", run: || recursive(&under(LOOM)) },
        Case { name: "a_recursive_read_deadlocks_under_random_schedules", run: || recursive(&under(RANDOM)) },
        Case { name: "a_guard_in_a_match_scrutinee_is_a_recursive_read", run: scrutinee },
        Case { name: "a_reader_that_joins_a_reader_deadlocks", run: || joins_a_reader(&chain()) },
        Case { name: "a_reader_that_joins_a_reader_deadlocks_exhaustive", run: || joins_a_reader(&under(EXHAUSTIVE)) },
        Case { name: "a_reader_that_waits_for_a_readers_message_deadlocks", run: waits_for_a_message },
        Case { name: "a_reader_that_waits_for_a_readers_mutex_deadlocks", run: waits_for_a_mutex },
        Case { name: "a_read_again_after_giving_back_holds", run: || one_after_another(&under(EXHAUSTIVE)) },
        Case { name: "a_recursive_read_without_writers_holds", run: without_writers },
        Case { name: "a_recursive_read_before_the_writer_starts_holds", run: before_the_writer },
        Case { name: "readers_that_wait_for_nobody_hold", run: independent_readers },
        Case { name: "a_recursive_read_of_two_locks_holds", run: two_locks },
        Case {
            name: "a_recursive_read_beside_a_try_lock_deadlocks",
            run: || everywhere("deadlock", beside_a_try_lock),
        },
        Case {
            name: "a_reader_that_yields_until_a_reader_comes_never_ends",
            run: || everywhere("inconclusive", retries::yields),
        },
        Case {
            name: "a_reader_that_sleeps_until_a_reader_comes_never_ends",
            run: || everywhere("inconclusive", retries::sleeps),
        },
        Case {
            name: "a_reader_that_joins_who_yields_for_a_reader",
            run: || everywhere("inconclusive", retries::joins_a_spin),
        },
        Case { name: "a_reader_that_times_out_until_a_reader_comes", run: retries::times_out },
        Case {
            name: "a_reader_that_yields_for_who_reads_nothing_holds",
            run: || everywhere("holds", retries::reads_nothing),
        },
        Case {
            name: "a_reader_that_yields_for_who_read_before_holds",
            run: || everywhere("holds", retries::read_before),
        },
        Case { name: "a_reader_that_yields_without_writers_holds", run: || everywhere("holds", retries::yields_alone) },
        Case {
            name: "a_reader_that_waits_where_others_yield_holds",
            run: || everywhere("holds", retries::others_yield),
        },
        Case { name: "try_read_is_refused_where_a_writer_is_queued", run: || everywhere("assertion", refused) },
        Case { name: "try_read_may_come_before_the_writer", run: || everywhere("assertion", granted) },
        Case { name: "try_read_in_vain_while_it_keeps_the_writer_out_never_ends", run: tries_for_ever },
        Case { name: "try_read_without_writers_is_granted", run: || everywhere("holds", no_writer) },
        Case { name: "try_read_once_the_writer_is_done_is_granted", run: || everywhere("holds", writer_done) },
        Case { name: "try_read_until_it_is_granted_holds", run: || everywhere("holds", tries_again) },
        Case { name: "who_was_let_in_by_try_read_sees_what_was_written", run: || everywhere("holds", sees_all) },
    ],
};

fn recursive(checker: &Checker) -> Came {
    fails(checker, "deadlock", || {
        let lock = Arc::new(RwLock::new(0));
        let theirs = Arc::clone(&lock);
        let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
        let first = lock.read().unwrap();
        let second = lock.read().unwrap();
        assert_eq!(*first, *second);
        drop((first, second));
        writer.join().unwrap();
    })
}

fn bounded() -> Came {
    recursive(&under(EXHAUSTIVE).preemptions(1))
}

fn scrutinee() -> Came {
    fails(&chain(), "deadlock", || {
        let lock = Arc::new(RwLock::new(Some(1)));
        let theirs = Arc::clone(&lock);
        let writer = thread::spawn(move || *theirs.write().unwrap() = None);
        let sum = match *lock.read().unwrap() {
            Some(value) => value + lock.read().unwrap().unwrap_or(0),
            None => 0,
        };
        assert!(sum != 1);
        writer.join().unwrap();
    })
}

fn joins_a_reader(checker: &Checker) -> Came {
    fails(checker, "deadlock", || {
        let lock = Arc::new(RwLock::new(0));
        let (theirs, others) = (Arc::clone(&lock), Arc::clone(&lock));
        let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
        let guard = lock.read().unwrap();
        let reader = thread::spawn(move || *others.read().unwrap());
        reader.join().unwrap();
        drop(guard);
        writer.join().unwrap();
    })
}

fn waits_for_a_message() -> Came {
    // A channel has no owner, so nobody is in a circle: the tasks are stuck, or a cycle is named.
    let program = || {
        let lock = Arc::new(RwLock::new(0));
        let (theirs, others) = (Arc::clone(&lock), Arc::clone(&lock));
        let (sender, receiver) = mpsc::channel();
        let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
        let reader = thread::spawn(move || sender.send(*others.read().unwrap()).unwrap());
        let guard = lock.read().unwrap();
        receiver.recv().unwrap();
        drop(guard);
        reader.join().unwrap();
        writer.join().unwrap();
    };
    fails(&chain(), "stuck", program)
}

fn waits_for_a_mutex() -> Came {
    fails(&under(Engine::Exhaustive), "deadlock", || {
        let lock = Arc::new((RwLock::new(0), Mutex::new(0)));
        let (theirs, others) = (Arc::clone(&lock), Arc::clone(&lock));
        let writer = thread::spawn(move || *theirs.0.write().unwrap() += 1);
        let reader = thread::spawn(move || {
            let _mutex = others.1.lock().unwrap();
            let _read = others.0.read().unwrap();
        });
        let guard = lock.0.read().unwrap();
        drop(lock.1.lock().unwrap());
        drop(guard);
        reader.join().unwrap();
        writer.join().unwrap();
    })
}

fn one_after_another(checker: &Checker) -> Came {
    holds(checker, || {
        let lock = Arc::new(RwLock::new(0));
        let theirs = Arc::clone(&lock);
        let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
        let first = *lock.read().unwrap();
        let second = *lock.read().unwrap();
        assert!(first <= second);
        writer.join().unwrap();
    })
}

fn without_writers() -> Came {
    holds(&chain(), || {
        let lock = Arc::new(RwLock::new(0));
        let theirs = Arc::clone(&lock);
        let reader = thread::spawn(move || *theirs.read().unwrap());
        let (first, second) = (lock.read().unwrap(), lock.read().unwrap());
        drop((first, second));
        reader.join().unwrap();
    })
}

fn before_the_writer() -> Came {
    holds(&chain(), || {
        let lock = Arc::new(RwLock::new(0));
        let (first, second) = (lock.read().unwrap(), lock.read().unwrap());
        let theirs = Arc::clone(&lock);
        let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
        drop((first, second));
        writer.join().unwrap();
    })
}

fn independent_readers() -> Came {
    holds(&chain(), || {
        let lock = Arc::new(RwLock::new(0));
        let readers = [(); 2].map(|()| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || *lock.read().unwrap())
        });
        *lock.write().unwrap() += 1;
        readers.into_iter().for_each(|reader| _ = reader.join().unwrap());
    })
}

fn two_locks() -> Came {
    holds(&chain(), || {
        let locks = Arc::new((RwLock::new(0), RwLock::new(0)));
        let theirs = Arc::clone(&locks);
        let writer = thread::spawn(move || {
            *theirs.0.write().unwrap() += 1;
            *theirs.1.write().unwrap() += 1;
        });
        let (first, second) = (locks.0.read().unwrap(), locks.1.read().unwrap());
        drop((first, second));
        writer.join().unwrap();
    })
}

fn while_read(then: fn(&RwLock<u32>)) {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
    let first = lock.read().unwrap();
    then(&lock);
    drop(first);
    writer.join().unwrap();
}

/// A program that is explored with looks: who was let in where it looked would have been queued before.
fn beside_a_try_lock() {
    drop(Mutex::new(0).try_lock());
    while_read(|lock| drop(lock.read().unwrap()));
}

fn refused() {
    while_read(|lock| assert!(lock.try_read().is_ok(), "nobody writes"));
}

fn granted() {
    while_read(|lock| assert!(lock.try_read().is_err(), "nobody waits"));
}

/// One task alone that goes round and round is cut by its steps.
fn tries_for_ever() -> Came {
    fails(&under(EXHAUSTIVE).steps(400), "inconclusive", || {
        while_read(|lock| {
            while lock.try_read().is_err() {
                thread::yield_now();
            }
        });
    })
}

fn no_writer() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let reader = thread::spawn(move || *theirs.read().unwrap());
    let first = lock.read().unwrap();
    assert_eq!(*lock.try_read().expect("only readers"), *first);
    drop(first);
    reader.join().unwrap();
}

fn writer_done() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
    let first = *lock.read().unwrap();
    writer.join().unwrap();
    assert_eq!(*lock.try_read().expect("nobody waits any more"), 1, "after {first}");
}

fn tries_again() {
    let lock = Arc::new(RwLock::new(0));
    let [writer, reader] = [1, 0].map(|by| {
        let lock = Arc::clone(&lock);
        thread::spawn(move || {
            if by > 0 {
                *lock.write().unwrap() += by;
            } else {
                assert!(*lock.read().unwrap() < 2);
            }
        })
    });
    loop {
        if let Ok(value) = lock.try_read() {
            assert!(*value < 2);
            break;
        }
        thread::yield_now();
    }
    writer.join().unwrap();
    reader.join().unwrap();
}

fn sees_all() {
    let shared = Arc::new((RwLock::new(false), RaceCell::new(0)));
    let theirs = Arc::clone(&shared);
    let writer = thread::spawn(move || {
        let mut written = theirs.0.write().unwrap();
        theirs.1.set(1);
        *written = true;
    });
    if let Ok(written) = shared.0.try_read()
        && *written
    {
        assert_eq!(shared.1.get(), 1);
    }
    writer.join().unwrap();
}

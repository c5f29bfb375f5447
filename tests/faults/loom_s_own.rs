//! Channels and read-write locks under loom: as few executions as loom itself, and as many failures as with gates.

mod channels;
mod locks;

use crate::cases::{Came, Case, Kind, LOOM, everywhere, fails, holds, under};
use raddle::Outcome;
use std::panic::catch_unwind;
use std::rc::Rc;

pub(crate) const KIND: Kind = Kind {
    name: "loom_s_own",
    what: "loom under raddle runs far more executions than loom itself",
    cases: &[
        Case { name: "one_sender", run: || beside(one_sender::of_loom, one_sender::of_raddle) },
        Case { name: "two_senders", run: || beside(two_senders::of_loom, two_senders::of_raddle) },
        Case { name: "two_senders_of_two_messages", run: || beside(four_messages::of_loom, four_messages::of_raddle) },
        Case { name: "a_request_and_a_reply", run: || beside(reply::of_loom, reply::of_raddle) },
        Case { name: "three_writers", run: || beside(writers::of_loom, writers::of_raddle) },
        // loom does not try two readers at once: see the case after it.
        Case { name: "a_writer_and_two_readers", run: || beside_at_most(9, readers::of_loom, readers::of_raddle) },
        Case { name: "loom_itself_misses_that_two_readers_race", run: missed_by_loom },
        Case { name: "two_read_write_locks", run: || beside(two_locks::of_loom, two_locks::of_raddle) },
        Case { name: "three_mutexes", run: || beside(mutexes::of_loom, mutexes::of_raddle) },
        Case { name: "a_notification", run: || beside(notification::of_loom, notification::of_raddle) },
        Case { name: "named_threads", run: || beside(named::of_loom, named::of_raddle) },
        Case {
            name: "a_send_that_may_come_after_its_receiver_is_gone",
            run: || everywhere("assertion", channels::gone),
        },
        Case { name: "a_drop_with_a_message_in_flight", run: || everywhere("assertion", channels::in_flight) },
        Case { name: "a_receiver_that_goes_when_all_is_received", run: || everywhere("holds", channels::all_received) },
        Case { name: "messages_come_before_the_end", run: || everywhere("holds", channels::before_the_end) },
        Case {
            name: "messages_of_two_senders_come_in_any_order",
            run: || everywhere("assertion", channels::any_order),
        },
        Case { name: "messages_of_one_sender_come_in_order", run: || everywhere("holds", channels::in_order) },
        Case {
            name: "what_a_sender_did_before_it_went_is_seen",
            run: || everywhere("holds", channels::seen_at_the_end),
        },
        Case {
            name: "what_a_sender_does_after_it_sent_races",
            run: || everywhere("data race", channels::after_it_sent),
        },
        Case {
            name: "what_a_sender_did_before_it_sent_does_not_race",
            run: || everywhere("holds", channels::before_it_sent),
        },
        Case { name: "a_receive_tells_its_sender_nothing", run: || everywhere("data race", channels::tells_nothing) },
        Case { name: "a_receiver_of_nothing_is_stuck", run: || everywhere("stuck", channels::receives_nothing) },
        Case { name: "two_that_wait_for_each_others_message", run: || everywhere("stuck", channels::each_other) },
        Case { name: "a_channel_that_is_never_received", run: || everywhere("holds", channels::never_received) },
        Case { name: "a_channel_that_is_forgotten", run: || holds(&under(LOOM), channels::forgotten) },
        Case { name: "a_channel_that_a_thread_outlives", run: || everywhere("holds", channels::outlived) },
        Case { name: "try_recv_finds_nothing_or_something", run: || everywhere("assertion", channels::tried) },
        Case {
            name: "try_recv_after_the_last_sender_is_gone",
            run: || everywhere("holds", channels::tried_at_the_end),
        },
        Case {
            name: "recv_timeout_may_time_out",
            run: || fails(&under(LOOM).timeouts(1), "assertion", channels::timed),
        },
        Case { name: "a_sender_that_a_panic_drops", run: || everywhere("holds", channels::dropped_by_a_panic) },
        Case { name: "a_panic_beside_a_channel_is_found_at_once", run: channels::found_at_once },
        Case { name: "a_channel_in_a_channel", run: || everywhere("holds", channels::nested) },
        Case { name: "a_bounded_channel_beside_an_unbounded_one", run: || everywhere("holds", channels::bounded) },
        Case { name: "two_readers_that_write_race", run: || everywhere("data race", locks::readers_that_write) },
        Case {
            name: "a_reader_sees_what_the_writer_before_it_wrote",
            run: || everywhere("holds", locks::reader_after_writer),
        },
        Case { name: "a_writer_between_two_reads", run: || everywhere("assertion", locks::between_two_reads) },
        Case { name: "no_writer_between_two_looks_under_one_read", run: || everywhere("holds", locks::under_one_read) },
        Case { name: "readers_read_at_once", run: || everywhere("assertion", locks::at_once) },
        Case { name: "two_locks_in_two_orders_deadlock", run: || everywhere("deadlock", locks::two_orders) },
        Case { name: "a_lock_that_a_caught_panic_poisoned", run: || everywhere("holds", locks::poisoned) },
        Case {
            name: "a_read_guard_that_a_caught_panic_dropped",
            run: || everywhere("holds", locks::read_and_panicked),
        },
        Case { name: "try_write_is_refused_by_a_reader", run: || everywhere("assertion", locks::refused) },
        Case {
            name: "a_guard_that_is_forgotten_is_never_given_back",
            run: || everywhere("stuck", locks::guard_forgotten),
        },
    ],
};

/// The same program with loom's own primitives, and with raddle's under loom, which may run three times as many executions: a
/// sender that goes is a step of its own, which loom's channel does not have.
fn beside(of_loom: fn(), of_raddle: fn()) -> Came {
    beside_at_most(3, of_loom, of_raddle)
}

/// The same with so many times as many.
fn beside_at_most(times: u64, of_loom: fn(), of_raddle: fn()) -> Came {
    let counted = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counts = std::sync::Arc::clone(&counted);
    loom::model(move || {
        counts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        of_loom();
    });
    let its = counted.load(std::sync::atomic::Ordering::Relaxed);
    match under(LOOM).run(of_raddle) {
        Ok(Outcome::Holds(coverage)) if coverage.executions() <= times * its => {
            Ok(format!("holds: {} executions, and loom itself {its}", coverage.executions()))
        }
        other => Err(format!("expected a proof within {times} times loom's {its} executions, got {other:?}")),
    }
}

/// A program with the primitives of either.
macro_rules! twice {
    ($name:ident, $body:block) => {
        mod $name {
            pub(super) fn of_loom() {
                #[allow(unused_imports, reason = "not every program has all of them")]
                use {loom::sync::*, loom::thread, std::sync::Arc};
                $body
            }

            pub(super) fn of_raddle() {
                #[allow(unused_imports, reason = "not every program has all of them")]
                use {raddle::sync::*, raddle::thread};
                $body
            }
        }
    };
}

twice!(one_sender, {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || (0..3).for_each(|number| sender.send(number).unwrap()));
    (0..3).for_each(|number| assert_eq!(receiver.recv().unwrap(), number));
    thread.join().unwrap();
});

twice!(two_senders, {
    let (sender, receiver) = mpsc::channel();
    let other = sender.clone();
    let threads = [thread::spawn(move || sender.send(1).unwrap()), thread::spawn(move || other.send(2).unwrap())];
    assert_eq!(receiver.recv().unwrap() + receiver.recv().unwrap(), 3);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
});

twice!(four_messages, {
    let (sender, receiver) = mpsc::channel();
    let senders = [sender.clone(), sender];
    let threads = senders.map(|sender| thread::spawn(move || (1..=2).for_each(|number| sender.send(number).unwrap())));
    assert_eq!((0..4).map(|_| receiver.recv().unwrap()).sum::<u32>(), 6);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
});

twice!(reply, {
    let (sender, requests) = mpsc::channel();
    let (replies, receiver) = mpsc::channel();
    let thread = thread::spawn(move || replies.send(requests.recv().unwrap() + 1).unwrap());
    sender.send(1).unwrap();
    assert_eq!(receiver.recv().unwrap(), 2);
    thread.join().unwrap();
});

twice!(writers, {
    let lock = Arc::new(RwLock::new(0));
    let writer = |_| {
        let lock = Arc::clone(&lock);
        thread::spawn(move || *lock.write().unwrap() += 1)
    };
    [0; 3].map(writer).into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(*lock.read().unwrap(), 3);
});

twice!(readers, {
    let lock = Arc::new(RwLock::new(0));
    let (theirs, others) = (Arc::clone(&lock), Arc::clone(&lock));
    let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
    let reader = thread::spawn(move || assert!(*others.read().unwrap() < 2));
    assert!(*lock.read().unwrap() < 2);
    writer.join().unwrap();
    reader.join().unwrap();
});

twice!(two_locks, {
    let locks = Arc::new([RwLock::new(0), RwLock::new(0)]);
    let theirs = Arc::clone(&locks);
    let thread = thread::spawn(move || theirs.iter().for_each(|lock| *lock.write().unwrap() += 1));
    locks.iter().for_each(|lock| *lock.write().unwrap() += 1);
    thread.join().unwrap();
    locks.iter().for_each(|lock| assert_eq!(*lock.read().unwrap(), 2));
});

twice!(mutexes, {
    let lock = Arc::new(Mutex::new(0));
    let thread = |_| {
        let lock = Arc::clone(&lock);
        thread::spawn(move || *lock.lock().unwrap() += 1)
    };
    [0; 3].map(thread).into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(*lock.lock().unwrap(), 3);
});

twice!(notification, {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let theirs = Arc::clone(&pair);
    let thread = thread::spawn(move || {
        *theirs.0.lock().unwrap() = true;
        theirs.1.notify_one();
    });
    let mut ready = pair.0.lock().unwrap();
    while !*ready {
        ready = pair.1.wait(ready).unwrap();
    }
    drop(ready);
    thread.join().unwrap();
});

twice!(named, {
    let flag = Arc::new(atomic::AtomicBool::new(false));
    let thread = |name: &str| {
        let flag = Arc::clone(&flag);
        let program = move || {
            flag.store(true, atomic::Ordering::Release);
            assert!(thread::current().name().is_some());
        };
        thread::Builder::new().name(name.into()).spawn(program).unwrap()
    };
    ["one", "two"].map(thread).into_iter().for_each(|thread| thread.join().unwrap());
    assert!(flag.load(atomic::Ordering::Acquire));
});

fn missed_by_loom() -> Came {
    let missed = catch_unwind(|| {
        loom::model(|| {
            let shared = Rc::new((loom::sync::RwLock::new(()), loom::cell::Cell::new(0)));
            let theirs = Rc::clone(&shared);
            let thread = loom::thread::spawn(move || {
                let _reads = theirs.0.read().unwrap();
                theirs.1.set(1);
            });
            let reads = shared.0.read().unwrap();
            shared.1.set(2);
            drop(reads);
            thread.join().unwrap();
        });
    });
    missed
        .map(|()| "loom itself holds it for correct".into())
        .map_err(|_| "loom itself finds it: `Native` can go".into())
}

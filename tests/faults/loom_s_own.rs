//! Channels and read-write locks under loom: as few executions as loom itself, and as many failures as with gates.

use crate::cases::{Came, Case, Kind, LOOM, everywhere, fails, holds, say, under};
use raddle::Outcome;
use raddle::sync::mpsc::{RecvTimeoutError, TryRecvError, channel, sync_channel};
use raddle::sync::{Arc, RaceCell, RwLock};
use raddle::thread::spawn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

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
        Case { name: "a_send_that_may_come_after_its_receiver_is_gone", run: || everywhere("assertion", gone) },
        Case { name: "a_drop_with_a_message_in_flight", run: || everywhere("assertion", in_flight) },
        Case { name: "a_receiver_that_goes_when_all_is_received", run: || everywhere("holds", all_received) },
        Case { name: "messages_come_before_the_end", run: || everywhere("holds", before_the_end) },
        Case { name: "messages_of_two_senders_come_in_any_order", run: || everywhere("assertion", any_order) },
        Case { name: "messages_of_one_sender_come_in_order", run: || everywhere("holds", in_order) },
        Case { name: "what_a_sender_did_before_it_went_is_seen", run: || everywhere("holds", seen_at_the_end) },
        Case { name: "what_a_sender_does_after_it_sent_races", run: || everywhere("data race", after_it_sent) },
        Case { name: "what_a_sender_did_before_it_sent_does_not_race", run: || everywhere("holds", before_it_sent) },
        Case { name: "a_receive_tells_its_sender_nothing", run: || everywhere("data race", tells_nothing) },
        Case { name: "a_receiver_of_nothing_is_stuck", run: || everywhere("stuck", receives_nothing) },
        Case { name: "two_that_wait_for_each_others_message", run: || everywhere("stuck", each_other) },
        Case { name: "a_channel_that_is_never_received", run: || everywhere("holds", never_received) },
        Case { name: "a_channel_that_is_forgotten", run: || holds(&under(LOOM), forgotten) },
        Case { name: "a_channel_that_a_thread_outlives", run: || everywhere("holds", outlived) },
        Case { name: "try_recv_finds_nothing_or_something", run: || everywhere("assertion", tried) },
        Case { name: "try_recv_after_the_last_sender_is_gone", run: || everywhere("holds", tried_at_the_end) },
        Case { name: "recv_timeout_may_time_out", run: || fails(&under(LOOM).timeouts(1), "assertion", timed) },
        Case { name: "a_sender_that_a_panic_drops", run: || everywhere("holds", dropped_by_a_panic) },
        Case { name: "a_panic_beside_a_channel_is_found_at_once", run: found_at_once },
        Case { name: "a_channel_in_a_channel", run: || everywhere("holds", nested) },
        Case { name: "a_bounded_channel_beside_an_unbounded_one", run: || everywhere("holds", bounded) },
        Case { name: "two_readers_that_write_race", run: || everywhere("data race", readers_that_write) },
        Case {
            name: "a_reader_sees_what_the_writer_before_it_wrote",
            run: || everywhere("holds", reader_after_writer),
        },
        Case { name: "a_writer_between_two_reads", run: || everywhere("assertion", between_two_reads) },
        Case { name: "no_writer_between_two_looks_under_one_read", run: || everywhere("holds", under_one_read) },
        Case { name: "readers_read_at_once", run: || everywhere("assertion", at_once) },
        Case { name: "two_locks_in_two_orders_deadlock", run: || everywhere("deadlock", two_orders) },
        Case { name: "a_lock_that_a_caught_panic_poisoned", run: || everywhere("holds", poisoned) },
        Case { name: "a_read_guard_that_a_caught_panic_dropped", run: || everywhere("holds", read_and_panicked) },
        Case { name: "try_write_is_refused_by_a_reader", run: || everywhere("assertion", refused) },
        Case { name: "a_guard_that_is_forgotten_is_never_given_back", run: || everywhere("stuck", guard_forgotten) },
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

fn gone() {
    let (sender, receiver) = channel();
    let thread = spawn(move || sender.send(1).unwrap());
    drop(receiver);
    thread.join().unwrap();
}

fn in_flight() {
    let (sender, receiver) = channel();
    let thread = spawn(move || (0..2).for_each(|number| sender.send(number).expect("the receiver is there")));
    receiver.recv().unwrap();
    drop(receiver);
    thread.join().unwrap();
}

fn all_received() {
    let (sender, receiver) = channel();
    let thread = spawn(move || (0..2).for_each(|number| sender.send(number).unwrap()));
    receiver.recv().unwrap();
    receiver.recv().unwrap();
    drop(receiver);
    thread.join().unwrap();
}

fn before_the_end() {
    let (sender, receiver) = channel();
    let senders = [sender.clone(), sender];
    let threads = senders.map(|sender| spawn(move || sender.send(1).unwrap()));
    assert_eq!(receiver.iter().sum::<u32>(), 2);
    assert!(receiver.recv().is_err(), "and again");
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn any_order() {
    let (sender, receiver) = channel();
    let other = sender.clone();
    let threads = [spawn(move || sender.send(1).unwrap()), spawn(move || other.send(2).unwrap())];
    assert_ne!(receiver.iter().collect::<Vec<_>>(), [2, 1]);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn in_order() {
    let (sender, receiver) = channel();
    let thread = spawn(move || (0..3).for_each(|number| sender.send(number).unwrap()));
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2]);
    thread.join().unwrap();
}

fn seen_at_the_end() {
    let cell = Arc::new(RaceCell::new([0; 2]));
    let (sender, receiver) = channel::<()>();
    for (place, sender) in [sender.clone(), sender].into_iter().enumerate() {
        let cells = Arc::clone(&cell);
        spawn(move || {
            if place == 0 {
                cells.set([1; 2]);
            }
            drop(sender);
        });
    }
    assert!(receiver.recv().is_err());
    assert_eq!(cell.get(), [1; 2]);
}

fn after_it_sent() {
    let cell = Arc::new(RaceCell::new(0));
    let theirs = Arc::clone(&cell);
    let (sender, receiver) = channel();
    let thread = spawn(move || {
        sender.send(()).unwrap();
        theirs.set(1);
    });
    receiver.recv().unwrap();
    cell.set(2);
    thread.join().unwrap();
}

fn before_it_sent() {
    let cell = Arc::new(RaceCell::new(0));
    let theirs = Arc::clone(&cell);
    let (sender, receiver) = channel();
    let thread = spawn(move || {
        theirs.set(1);
        sender.send(()).unwrap();
    });
    receiver.recv().unwrap();
    cell.set(2);
    thread.join().unwrap();
}

fn tells_nothing() {
    let cell = Arc::new(RaceCell::new(0));
    let theirs = Arc::clone(&cell);
    let (sender, receiver) = channel();
    let thread = spawn(move || {
        sender.send(1).unwrap();
        sender.send(2).unwrap();
        theirs.set(1);
    });
    cell.set(2);
    receiver.recv().unwrap();
    receiver.recv().unwrap();
    thread.join().unwrap();
}

fn receives_nothing() {
    let (sender, receiver) = channel::<()>();
    let thread = spawn(move || receiver.recv());
    let _ = thread.join();
    drop(sender);
}

fn each_other() {
    let (sender, receiver) = channel();
    let (their_sender, their_receiver) = channel();
    let thread = spawn(move || {
        their_receiver.recv().unwrap();
        sender.send(()).unwrap();
    });
    receiver.recv().unwrap();
    their_sender.send(()).unwrap();
    thread.join().unwrap();
}

fn never_received() {
    let (sender, receiver) = channel();
    let thread = spawn(move || sender.send(1).unwrap());
    thread.join().unwrap();
    drop(receiver);
}

fn forgotten() {
    let (sender, receiver) = channel();
    let thread = spawn(move || sender.send(1).unwrap());
    std::mem::forget(receiver);
    thread.join().unwrap();
}

fn outlived() {
    let (sender, receiver) = channel::<()>();
    spawn(move || drop(sender));
    spawn(move || assert!(receiver.recv().is_err()));
}

fn tried() {
    let (sender, receiver) = channel();
    let thread = spawn(move || sender.send(1).unwrap());
    assert_ne!(receiver.try_recv(), Err(TryRecvError::Empty));
    let _ = thread.join();
}

fn tried_at_the_end() {
    let (sender, receiver) = channel();
    let thread = spawn(move || sender.send(1).unwrap());
    thread.join().unwrap();
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

fn timed() {
    let (sender, receiver) = channel();
    let thread = spawn(move || sender.send(1).unwrap());
    assert_ne!(receiver.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
    thread.join().unwrap();
}

fn dropped_by_a_panic() {
    let (sender, receiver) = channel::<()>();
    let thread = spawn(move || {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _sender = sender;
            panic!("it goes by this");
        }));
        assert!(caught.is_err());
    });
    assert!(receiver.recv().is_err());
    thread.join().unwrap();
}

fn found_at_once() -> Came {
    let said = say(&under(LOOM), || {
        let (sender, receiver) = channel();
        let thread = spawn(move || sender.send(1).unwrap());
        assert_eq!(receiver.recv(), Ok(2));
        thread.join().unwrap();
    });
    if said.starts_with("assertion at execution 1:") { Ok(said) } else { Err(said) }
}

fn nested() {
    let (sender, receiver) = channel();
    let thread = spawn(move || {
        let reply: raddle::sync::mpsc::Sender<u32> = receiver.recv().unwrap();
        reply.send(1).unwrap();
    });
    let (reply, answer) = channel();
    sender.send(reply).unwrap();
    assert_eq!(answer.recv(), Ok(1));
    assert!(answer.recv().is_err(), "it has one answer");
    thread.join().unwrap();
}

fn bounded() {
    let (jobs, work) = sync_channel(1);
    let (sender, results) = channel();
    let thread = spawn(move || work.iter().for_each(|job: u32| sender.send(job + 1).unwrap()));
    (0..2).for_each(|job| jobs.send(job).unwrap());
    drop(jobs);
    assert_eq!(results.iter().sum::<u32>(), 3);
    thread.join().unwrap();
}

fn readers_that_write() {
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

fn reader_after_writer() {
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

fn between_two_reads() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let thread = spawn(move || *theirs.write().unwrap() = 1);
    let first = *lock.read().unwrap();
    let second = *lock.read().unwrap();
    assert_eq!(first, second);
    thread.join().unwrap();
}

fn under_one_read() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let thread = spawn(move || *theirs.write().unwrap() = 1);
    let reads = lock.read().unwrap();
    let first = *reads;
    assert_eq!(first, *reads);
    drop(reads);
    thread.join().unwrap();
}

fn at_once() {
    let inside = Arc::new((RwLock::new(()), raddle::sync::atomic::AtomicUsize::new(0)));
    let enter = |inside: &(RwLock<()>, raddle::sync::atomic::AtomicUsize)| {
        let _reads = inside.0.read().unwrap();
        let others = inside.1.fetch_add(1, raddle::sync::atomic::Ordering::SeqCst);
        inside.1.fetch_sub(1, raddle::sync::atomic::Ordering::SeqCst);
        assert_eq!(others, 0, "somebody reads, too");
    };
    let theirs = Arc::clone(&inside);
    let thread = spawn(move || enter(&theirs));
    enter(&inside);
    thread.join().unwrap();
}

fn two_orders() {
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

fn poisoned() {
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

fn read_and_panicked() {
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

fn refused() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let thread = spawn(move || assert!(theirs.try_write().is_ok(), "nobody reads"));
    drop(lock.read().unwrap());
    thread.join().unwrap();
}

fn guard_forgotten() {
    let lock = Arc::new(RwLock::new(0));
    let theirs = Arc::clone(&lock);
    let thread = spawn(move || std::mem::forget(theirs.read().unwrap()));
    thread.join().unwrap();
    *lock.write().unwrap() += 1;
}

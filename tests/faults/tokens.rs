//! Waits that park their thread, as std's do: they take the token that `unpark` left; and rendezvous, which need somebody who
//! waits.

use crate::cases::{Case, EXHAUSTIVE, Kind, everywhere, holds, under};
use raddle::sync::atomic::{AtomicBool, Ordering::SeqCst};
use raddle::sync::{Arc, Condvar, Mutex, RaceCell, mpsc};
use raddle::thread::{self, park};
use raddle::time::Duration;

pub(crate) const TAKEN: Kind = Kind {
    name: "park_tokens",
    what: "a wait that parks its thread takes no token",
    cases: &[
        Case { name: "recv_takes_the_token", run: || everywhere("stuck", recv) },
        Case { name: "recv_timeout_takes_the_token", run: || everywhere("stuck", recv_timeout) },
        Case { name: "an_iterator_takes_the_token", run: || everywhere("stuck", iterator) },
        Case { name: "a_send_to_a_full_channel_takes_the_token", run: || everywhere("stuck", full_send) },
        Case { name: "a_send_to_a_rendezvous_takes_the_token", run: || everywhere("stuck", rendezvous_send) },
        Case { name: "the_end_of_a_scope_takes_the_token", run: || everywhere("stuck", scope_end) },
        Case { name: "the_token_of_a_wait_orders_nothing_else", run: || everywhere("data race", unordered) },
        Case { name: "a_message_that_is_there_leaves_the_token", run: || everywhere("holds", message_is_there) },
        Case { name: "a_token_after_the_message_is_kept", run: || everywhere("holds", token_after_the_message) },
        Case { name: "a_loop_around_park_needs_no_token", run: || everywhere("holds", looks_again) },
        Case { name: "try_recv_takes_no_token", run: || everywhere("holds", try_recv) },
        Case { name: "an_unbounded_send_takes_no_token", run: || everywhere("holds", unbounded_send) },
        Case { name: "a_lock_takes_no_token", run: || everywhere("holds", lock) },
        Case { name: "a_condvar_takes_no_token", run: || everywhere("holds", condvar) },
        Case { name: "a_join_takes_no_token", run: || everywhere("holds", join) },
        Case { name: "a_scope_that_is_over_leaves_the_token", run: || everywhere("holds", scope_is_over) },
    ],
};

pub(crate) const RENDEZVOUS: Kind = Kind {
    name: "rendezvous",
    what: "`try_send` never succeeds though a receiver waits",
    cases: &[
        Case { name: "try_send_may_find_a_receiver", run: || everywhere("assertion", finds_one) },
        Case { name: "try_send_may_find_none", run: || everywhere("assertion", finds_none) },
        Case { name: "try_send_until_it_succeeds", run: || everywhere("holds", tries_again) },
        Case { name: "what_is_handed_over_comes_though_time_runs_out", run: || everywhere("holds", in_time) },
        Case { name: "one_receiver_takes_from_one_sender", run: || holds(&under(EXHAUSTIVE), one_of_two) },
        Case { name: "who_gave_up_is_not_there", run: || everywhere("holds", gave_up) },
        Case { name: "nobody_is_there_ever_again", run: || everywhere("holds", disconnected) },
        Case { name: "what_came_before_is_ordered", run: || everywhere("holds", ordered) },
        Case { name: "a_sender_that_waits_is_first", run: || holds(&under(EXHAUSTIVE), sender_first) },
    ],
};

/// A thread that waits so and then parks is unparked once, and what it waits for comes `then`.
fn unparked<T: Send + 'static>(wait: impl FnOnce() -> T + Send + 'static, then: impl FnOnce()) {
    let waiter = thread::spawn(move || {
        wait();
        park();
    });
    waiter.thread().unpark();
    then();
    waiter.join().unwrap();
}

fn recv() {
    let (sender, receiver) = mpsc::channel();
    unparked(move || receiver.recv().unwrap(), || sender.send(()).unwrap());
}

fn recv_timeout() {
    let (sender, receiver) = mpsc::channel();
    unparked(move || receiver.recv_timeout(Duration::from_millis(1)), || _ = sender.send(()));
}

fn iterator() {
    let (sender, receiver) = mpsc::channel();
    unparked(
        move || assert_eq!(receiver.iter().count(), 1),
        || {
            sender.send(1).unwrap();
            drop(sender);
        },
    );
}

fn full_send() {
    let (sender, receiver) = mpsc::sync_channel(1);
    let send = move || [1, 2].map(|item| sender.send(item).unwrap());
    unparked(send, || assert_eq!((receiver.recv(), receiver.recv()), (Ok(1), Ok(2))));
}

fn rendezvous_send() {
    let (sender, receiver) = mpsc::sync_channel(0);
    unparked(move || sender.send(1).unwrap(), || assert_eq!(receiver.recv(), Ok(1)));
}

fn scope_end() {
    let main = thread::current();
    thread::scope(|scope| {
        scope.spawn(|| main.unpark());
    });
    park();
}

fn unordered() {
    let cell = Arc::new(RaceCell::new(0));
    let theirs = Arc::clone(&cell);
    let (sender, receiver) = mpsc::channel();
    let waiter = thread::spawn(move || {
        receiver.recv().unwrap();
        theirs.get()
    });
    let other = thread::spawn(move || sender.send(()).unwrap());
    cell.set(1);
    waiter.thread().unpark();
    other.join().unwrap();
    waiter.join().unwrap();
}

fn message_is_there() {
    let (sender, receiver) = mpsc::channel();
    sender.send(()).unwrap();
    unparked(move || receiver.recv().unwrap(), || {});
}

fn token_after_the_message() {
    let (sender, receiver) = mpsc::channel();
    let (acknowledge, acknowledged) = mpsc::channel();
    let waiter = thread::spawn(move || {
        receiver.recv().unwrap();
        acknowledge.send(()).unwrap();
        park();
    });
    sender.send(()).unwrap();
    acknowledged.recv().unwrap();
    waiter.thread().unpark();
    waiter.join().unwrap();
}

fn looks_again() {
    let (sender, receiver) = mpsc::channel();
    let ready = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&ready);
    let waiter = thread::spawn(move || {
        receiver.recv().unwrap();
        while !theirs.load(SeqCst) {
            park();
        }
    });
    ready.store(true, SeqCst);
    waiter.thread().unpark();
    sender.send(()).unwrap();
    waiter.join().unwrap();
}

fn try_recv() {
    let (sender, receiver) = mpsc::channel();
    let wait = move || {
        while receiver.try_recv().is_err() {
            thread::yield_now();
        }
    };
    unparked(wait, || sender.send(()).unwrap());
}

fn unbounded_send() {
    let (sender, receiver) = mpsc::channel();
    unparked(move || sender.send(1).unwrap(), || assert_eq!(receiver.recv(), Ok(1)));
}

fn lock() {
    let lock = Arc::new(Mutex::new(0));
    let theirs = Arc::clone(&lock);
    let guard = lock.lock().unwrap();
    unparked(move || *theirs.lock().unwrap() += 1, || drop(guard));
}

fn condvar() {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let theirs = Arc::clone(&shared);
    let wait = move || drop(theirs.1.wait_while(theirs.0.lock().unwrap(), |ready| !*ready).unwrap());
    unparked(wait, || {
        *shared.0.lock().unwrap() = true;
        shared.1.notify_one();
    });
}

fn join() {
    let other = thread::spawn(thread::yield_now);
    unparked(move || other.join().unwrap(), || {});
}

fn scope_is_over() {
    let main = thread::current();
    thread::scope(|scope| {
        scope.spawn(|| main.unpark()).join().unwrap();
    });
    park();
}

fn finds_one() {
    let (sender, receiver) = mpsc::sync_channel(0);
    let waiter = thread::spawn(move || receiver.recv());
    let sent = sender.try_send(1);
    assert!(sent.is_err(), "it was taken");
    drop(sender);
    assert!(waiter.join().unwrap().is_err());
}

fn finds_none() {
    let (sender, receiver) = mpsc::sync_channel(0);
    let waiter = thread::spawn(move || receiver.recv());
    let sent = sender.try_send(1);
    assert_ne!(sent, Err(mpsc::TrySendError::Full(1)), "nobody waits");
    drop(sender);
    _ = waiter.join();
}

fn tries_again() {
    let (sender, receiver) = mpsc::sync_channel(0);
    let waiter = thread::spawn(move || assert_eq!(receiver.recv(), Ok(1)));
    while sender.try_send(1).is_err() {
        thread::yield_now();
    }
    waiter.join().unwrap();
}

fn in_time() {
    let (sender, receiver) = mpsc::sync_channel(0);
    let waiter = thread::spawn(move || receiver.recv_timeout(Duration::from_millis(1)));
    let sent = sender.try_send(1).is_ok();
    assert_eq!(waiter.join().unwrap() == Ok(1), sent);
}

fn one_of_two() {
    let (sender, receiver) = mpsc::sync_channel(0);
    let other = sender.clone();
    let waiter = thread::spawn(move || receiver.recv());
    let one = thread::spawn(move || sender.try_send(1).is_ok());
    let two = thread::spawn(move || other.try_send(2).is_ok());
    let sent = [one, two].map(|sender| sender.join().unwrap());
    let came = waiter.join().unwrap();
    assert_eq!((came == Ok(1), came == Ok(2)), (sent[0], sent[1]));
}

fn gave_up() {
    let (sender, receiver) = mpsc::sync_channel(0);
    let waiter = thread::spawn(move || {
        _ = receiver.recv_timeout(Duration::from_millis(1));
        receiver
    });
    let receiver = waiter.join().unwrap();
    assert_eq!(sender.try_send(1), Err(mpsc::TrySendError::Full(1)));
    drop(receiver);
}

fn disconnected() {
    let (sender, receiver) = mpsc::sync_channel(0);
    let other = thread::spawn(move || drop(receiver));
    other.join().unwrap();
    assert_eq!(sender.try_send(1), Err(mpsc::TrySendError::Disconnected(1)));
}

fn ordered() {
    let cell = Arc::new(RaceCell::new(0));
    let theirs = Arc::clone(&cell);
    let (sender, receiver) = mpsc::sync_channel(0);
    let waiter = thread::spawn(move || {
        if receiver.recv().is_ok() {
            assert_eq!(theirs.get(), 1);
        }
    });
    cell.set(1);
    _ = sender.try_send(1);
    drop(sender);
    waiter.join().unwrap();
}

fn sender_first() {
    let (sender, receiver) = mpsc::sync_channel(0);
    let other = sender.clone();
    let waits = thread::spawn(move || sender.send(1).unwrap());
    let tries = thread::spawn(move || other.try_send(2).is_ok());
    let first = receiver.recv().unwrap();
    let second = receiver.recv();
    waits.join().unwrap();
    // Both were taken, or the one that waited.
    assert_eq!(second.is_ok(), tries.join().unwrap());
    assert!(first == 1 || second == Ok(1));
}

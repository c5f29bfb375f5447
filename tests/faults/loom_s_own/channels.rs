//! What a channel lets happen, and what not.

use crate::cases::{Came, LOOM, say, under};
use raddle::sync::mpsc::{RecvTimeoutError, Sender, TryRecvError, channel, sync_channel};
use raddle::sync::{Arc, RaceCell};
use raddle::thread::spawn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

pub(super) fn gone() {
    let (sender, receiver) = channel();
    let thread = spawn(move || sender.send(1).unwrap());
    drop(receiver);
    thread.join().unwrap();
}

pub(super) fn in_flight() {
    let (sender, receiver) = channel();
    let thread = spawn(move || (0..2).for_each(|number| sender.send(number).expect("the receiver is there")));
    receiver.recv().unwrap();
    drop(receiver);
    thread.join().unwrap();
}

pub(super) fn all_received() {
    let (sender, receiver) = channel();
    let thread = spawn(move || (0..2).for_each(|number| sender.send(number).unwrap()));
    receiver.recv().unwrap();
    receiver.recv().unwrap();
    drop(receiver);
    thread.join().unwrap();
}

pub(super) fn before_the_end() {
    let (sender, receiver) = channel();
    let senders = [sender.clone(), sender];
    let threads = senders.map(|sender| spawn(move || sender.send(1).unwrap()));
    assert_eq!(receiver.iter().sum::<u32>(), 2);
    assert!(receiver.recv().is_err(), "and again");
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

pub(super) fn any_order() {
    let (sender, receiver) = channel();
    let other = sender.clone();
    let threads = [spawn(move || sender.send(1).unwrap()), spawn(move || other.send(2).unwrap())];
    assert_ne!(receiver.iter().collect::<Vec<_>>(), [2, 1]);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

pub(super) fn in_order() {
    let (sender, receiver) = channel();
    let thread = spawn(move || (0..3).for_each(|number| sender.send(number).unwrap()));
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2]);
    thread.join().unwrap();
}

pub(super) fn seen_at_the_end() {
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

pub(super) fn after_it_sent() {
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

pub(super) fn before_it_sent() {
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

pub(super) fn tells_nothing() {
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

pub(super) fn receives_nothing() {
    let (sender, receiver) = channel::<()>();
    let thread = spawn(move || receiver.recv());
    let _ = thread.join();
    drop(sender);
}

pub(super) fn each_other() {
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

pub(super) fn never_received() {
    let (sender, receiver) = channel();
    let thread = spawn(move || sender.send(1).unwrap());
    thread.join().unwrap();
    drop(receiver);
}

pub(super) fn forgotten() {
    let (sender, receiver) = channel();
    let thread = spawn(move || sender.send(1).unwrap());
    std::mem::forget(receiver);
    thread.join().unwrap();
}

pub(super) fn outlived() {
    let (sender, receiver) = channel::<()>();
    spawn(move || drop(sender));
    spawn(move || assert!(receiver.recv().is_err()));
}

pub(super) fn tried() {
    let (sender, receiver) = channel();
    let thread = spawn(move || sender.send(1).unwrap());
    assert_ne!(receiver.try_recv(), Err(TryRecvError::Empty));
    let _ = thread.join();
}

pub(super) fn tried_at_the_end() {
    let (sender, receiver) = channel();
    let thread = spawn(move || sender.send(1).unwrap());
    thread.join().unwrap();
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

pub(super) fn timed() {
    let (sender, receiver) = channel();
    let thread = spawn(move || sender.send(1).unwrap());
    assert_ne!(receiver.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
    thread.join().unwrap();
}

pub(super) fn dropped_by_a_panic() {
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

pub(super) fn found_at_once() -> Came {
    let said = say(&under(LOOM), || {
        let (sender, receiver) = channel();
        let thread = spawn(move || sender.send(1).unwrap());
        assert_eq!(receiver.recv(), Ok(2));
        thread.join().unwrap();
    });
    if said.starts_with("assertion at execution 1:") { Ok(said) } else { Err(said) }
}

pub(super) fn nested() {
    let (sender, receiver) = channel();
    let thread = spawn(move || {
        let reply: Sender<u32> = receiver.recv().unwrap();
        reply.send(1).unwrap();
    });
    let (reply, answer) = channel();
    sender.send(reply).unwrap();
    assert_eq!(answer.recv(), Ok(1));
    assert!(answer.recv().is_err(), "it has one answer");
    thread.join().unwrap();
}

pub(super) fn bounded() {
    let (jobs, work) = sync_channel(1);
    let (sender, results) = channel();
    let thread = spawn(move || work.iter().for_each(|job: u32| sender.send(job + 1).unwrap()));
    (0..2).for_each(|job| jobs.send(job).unwrap());
    drop(jobs);
    assert_eq!(results.iter().sum::<u32>(), 3);
    thread.join().unwrap();
}

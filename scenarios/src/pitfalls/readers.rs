//! Readers that share a lock, and a writer that wants it alone.
//!
//! # What goes wrong
//! Readers don't disturb each other, so with `reader_preference` a reader that comes while others read is let in at
//! once. If they overlap, the lock is never free of readers, and the writer waits for ever, although each reader stays
//! only for a moment. A lock that makes newcomers wait behind the writer is fair, and has a trap of its own: a reader
//! that takes it *again* waits behind the writer, which waits for that reader to leave (`read_again_behind_writer`).
//!
//! # Outcomes
//! | variant                    | the writer is passed over  | because                                           |
//! |----------------------------|----------------------------|---------------------------------------------------|
//! | `phase_fair`               | at most once by each reader | who comes while it waits is let in after it      |
//! | `reader_preference`        | any number of times        | readers are let in while there are readers        |
//! | `read_again_behind_writer` | or deadlock of two         | the reader waits for who waits for the reader     |
//!
//! # Use instead
//! A lock with phases (Brandenburg and Anderson, 2010), in which a writer waits for one phase of readers, and readers for
//! one writer. With a fair lock, tokio's or `parking_lot`'s, hand the guard on instead of locking again.
//!
//! # In Python
//! The standard library has no lock for readers and writers; the usual recipe, a count of readers of which the first
//! takes a lock and the last gives it back, is `reader_preference`.
//!
//! # Seen in the wild
//! A task that held a read guard, and asked for another after a writer had queued up: tokio 2849.

use raddle::prelude::*;
use raddle::{
    Bypass,
    sync::{Arc, Condvar, Mutex, RwLock},
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "pitfalls/readers",
    "Debugging and Testing Concurrent Code: starvation",
    raddle::source!("readers.rs"),
    &[
        Variant::correct("phase_fair", || run(1, 2, 2, phase_fair))
            .full_size(|| run(3, 2, 2, phase_fair))
            .proven_at("2 readers, 2 writes", || run(2, 1, 2, phase_fair))
            .property(|| drawn(phase_fair)),
        Variant::buggy("reader_preference", Class::Starvation, || run(2, 2, 1, reader_preference))
            .fails_with(Expect::Starvation)
            .property(|| drawn(reader_preference))
            .smallest("readers 2, reads 2, writes 1", 1),
        Variant::buggy("read_again_behind_writer", Class::Deadlock, || look_twice(1, read_again_behind_writer))
            .fails_with(Expect::Deadlock(2))
            .property(|| {
                Property::new(&["readers"], 1..=3_u32, |readers| look_twice(readers, read_again_behind_writer))
            })
            .smallest("readers 1", 1),
    ],
);

/// A lock for many readers or one writer.
struct Lock {
    state: Mutex<State>,
    changed: Condvar,
    writes: Bypass,
}

#[derive(Default)]
struct State {
    reading: u32,
    writing: bool,
    readers_waiting: u32,
    writers_waiting: u32,
    /// Writers that have left.
    phase: u32,
}

fn phase_fair(lock: &Lock) {
    let mut state = lock.state.lock().unwrap();
    if state.writing || state.writers_waiting > 0 {
        let phase = state.phase;
        state.readers_waiting += 1;
        // The writer that leaves counts me in.
        while state.phase == phase {
            state = lock.changed.wait(state).unwrap();
        }
    } else {
        state.reading += 1;
    }
    lock.writes.request().granted();
}

fn reader_preference(lock: &Lock) {
    let mut state = lock.state.lock().unwrap();
    // BUG: a writer that waits for the last reader to leave has to wait for this one, too.
    while state.writing {
        state = lock.changed.wait(state).unwrap();
    }
    state.reading += 1;
    lock.writes.request().granted();
}

impl Lock {
    fn done_reading(&self) {
        self.state.lock().unwrap().reading -= 1;
        self.changed.notify_all();
    }

    fn write(&self) {
        let mut state = self.state.lock().unwrap();
        state.writers_waiting += 1;
        let request = self.writes.request();
        while state.writing || state.reading > 0 {
            state = self.changed.wait(state).unwrap();
        }
        state.writers_waiting -= 1;
        state.writing = true;
        request.granted();
    }

    fn done_writing(&self) {
        let mut state = self.state.lock().unwrap();
        state.writing = false;
        state.phase += 1;
        state.reading += std::mem::take(&mut state.readers_waiting);
        drop(state);
        self.changed.notify_all();
    }
}

fn drawn(read: fn(&Lock)) -> Property {
    let sizes = (1..=4_usize, 1..=2_u32, 1..=3_u32);
    Property::new(&["readers", "reads", "writes"], sizes, move |(readers, reads, writes)| {
        run(readers, reads, writes, read);
    })
}

/// Readers that come again and again, and a writer.
fn run(readers: usize, reads: u32, writes: u32, read: fn(&Lock)) {
    let lock = Arc::new(Lock {
        state: Mutex::new(State::default()).named_opaque("state"),
        changed: Condvar::new().named("changed"),
        // Every reader may go first once, and no more.
        writes: Bypass::new(readers).named("lock"),
    });
    let start = |name: String, times: u32, work: fn(&Lock, fn(&Lock))| {
        let lock = Arc::clone(&lock);
        let work = move || (0..times).for_each(|_| work(&lock, read));
        thread::Builder::new().name(name).spawn(work).unwrap()
    };
    let reader = |lock: &Lock, read: fn(&Lock)| {
        read(lock);
        lock.done_reading();
    };
    let mut tasks: Vec<_> = (1..=readers).map(|number| start(format!("reader-{number}"), reads, reader)).collect();
    tasks.push(start("writer".into(), writes, |lock, _| {
        lock.write();
        lock.done_writing();
    }));
    for task in tasks {
        task.join().unwrap();
    }
}

/// A fair lock from an unfair one: who waits at the turnstile makes everybody wait who comes later.
struct Fair {
    turnstile: Mutex<()>,
    pages: RwLock<u32>,
}

fn read_again_behind_writer(book: &Fair) {
    let turn = book.turnstile.lock().unwrap();
    let first = book.pages.read().unwrap();
    drop(turn);
    // BUG: a writer that has come by now keeps the turnstile until `first` is given back.
    let turn = book.turnstile.lock().unwrap();
    let second = book.pages.read().unwrap();
    drop(turn);
    assert_eq!(*first, *second, "the pages changed while they were read");
}

fn look_twice(readers: u32, read: fn(&Fair)) {
    let book = Arc::new(Fair { turnstile: Mutex::new(()).named("turnstile"), pages: RwLock::new(0).named("pages") });
    let start = |name: String, work: fn(&Fair)| {
        let book = Arc::clone(&book);
        thread::Builder::new().name(name).spawn(move || work(&book)).unwrap()
    };
    let mut tasks: Vec<_> = (1..=readers).map(|number| start(format!("reader-{number}"), read)).collect();
    tasks.push(start("writer".into(), |book| {
        let _turn = book.turnstile.lock().unwrap();
        *book.pages.write().unwrap() += 1;
    }));
    for task in tasks {
        task.join().unwrap();
    }
}

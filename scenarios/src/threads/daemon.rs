//! A daemon thread is not waited for: the program ends, and takes with it what the thread was about to do, or used.
//!
//! # What goes wrong
//! A daemon writes records that the program hands it. When `main` is done the interpreter ends, too: a daemon that wants
//! to go on finds it finalizing, and is stopped where it is. With `cut_short` records still lie in the queue then, and
//! nobody writes them. Being stopped is the better end. A daemon that comes back from a call outside the interpreter's
//! lock, and touches its thread state before it asks (`uses_freed_state`), touches what `main` has freed.
//!
//! # Outcomes
//! | variant            | at the end               | because                                                |
//! |--------------------|--------------------------|--------------------------------------------------------|
//! | `asked_to_stop`    | every record is written  | the interpreter ends after the daemon                  |
//! | `cut_short`        | or some are not          | the daemon is stopped before a record                  |
//! | `uses_freed_state` | or freed memory is read  | the daemon looks at its state before it takes the lock |
//!
//! # Use instead
//! A thread that is no daemon, and that is told when there is nothing more to come and then joined. Keep daemons for what
//! may stop anywhere. What a thread touches before it knows that the interpreter lives must outlive the interpreter.
//!
//! # In Python
//! `Thread(target=write, daemon=True)` is `cut_short`; `records.put(None)` and `thread.join()` before the end, or
//! `logging.handlers.QueueListener.stop()`, is `asked_to_stop`.
//!
//! # Seen in the wild
//! A daemon thread read its freed thread state when it took the interpreter's lock again: `CPython` 84058.

use raddle::prelude::*;
use raddle::{
    sync::{Arc, Mutex, MutexGuard, RaceCell, mpsc},
    thread::{self, JoinHandle},
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "threads/daemon",
    "Multithreading Basics: daemon threads",
    raddle::source!("daemon.rs"),
    &[
        Variant::correct("asked_to_stop", || run(2, lock_then_state, asked_to_stop))
            .full_size(|| run(5, lock_then_state, asked_to_stop))
            .property(|| drawn(lock_then_state, asked_to_stop)),
        Variant::buggy("cut_short", Class::OrderViolation, || run(1, lock_then_state, cut_short))
            .fails_with(Expect::Assertion("a record was never written"))
            .property(|| drawn(lock_then_state, cut_short))
            .smallest("records 1", 0),
        Variant::buggy("uses_freed_state", Class::OrderViolation, || run(1, uses_freed_state, cut_short))
            .fails_with(Expect::DataRace("thread_state"))
            .property(|| drawn(uses_freed_state, cut_short))
            .smallest("records 1", 0),
    ],
);

struct Interpreter {
    gil: Mutex<Memory>,
    /// The daemon's; gone once the interpreter is.
    thread_state: RaceCell<Option<&'static str>>,
}

#[derive(Debug, Default)]
struct Memory {
    finalizing: bool,
    written: usize,
}

impl Interpreter {
    fn finalize(&self) {
        let mut memory = self.gil.lock().unwrap();
        memory.finalizing = true;
        self.thread_state.set(None);
    }
}

/// The interpreter's memory, unless the thread has to stop here.
fn lock_then_state(interpreter: &Interpreter) -> Option<MutexGuard<'_, Memory>> {
    let memory = interpreter.gil.lock().unwrap();
    if memory.finalizing {
        return None;
    }
    let _state = interpreter.thread_state.get();
    Some(memory)
}

fn uses_freed_state(interpreter: &Interpreter) -> Option<MutexGuard<'_, Memory>> {
    // BUG: this can be gone; whether it is, only the lock tells.
    let _state = interpreter.thread_state.get();
    let memory = interpreter.gil.lock().unwrap();
    if memory.finalizing {
        return None;
    }
    Some(memory)
}

fn asked_to_stop(interpreter: &Interpreter, daemon: JoinHandle<()>) {
    daemon.join().unwrap();
    interpreter.finalize();
}

fn cut_short(interpreter: &Interpreter, daemon: JoinHandle<()>) {
    // BUG: records may still lie in the queue, and after this nobody writes them.
    interpreter.finalize();
    daemon.join().unwrap();
}

type TakeGil = fn(&Interpreter) -> Option<MutexGuard<'_, Memory>>;

fn drawn(take_gil: TakeGil, end: fn(&Interpreter, JoinHandle<()>)) -> Property {
    Property::new(&["records"], 1..=4_usize, move |records| run(records, take_gil, end))
}

/// A daemon that writes so many records; `end` ends the interpreter once there are no more.
fn run(records: usize, take_gil: TakeGil, end: fn(&Interpreter, JoinHandle<()>)) {
    let interpreter = Arc::new(Interpreter {
        gil: Mutex::new(Memory::default()).named("gil"),
        thread_state: RaceCell::new(Some("alive")).named("thread_state"),
    });
    let (sender, receiver) = mpsc::channel();
    let sender = sender.named("records");
    let theirs = Arc::clone(&interpreter);
    let write = move || {
        while receiver.recv().is_ok() {
            let Some(mut memory) = take_gil(&theirs) else { return };
            memory.written += 1;
        }
    };
    let daemon = thread::Builder::new().name("daemon".into()).spawn(write).unwrap();
    for record in 1..=records {
        sender.send(record).unwrap();
    }
    drop(sender);
    end(&interpreter, daemon);
    let written = interpreter.gil.lock().unwrap().written;
    assert_eq!(written, records, "a record was never written");
}

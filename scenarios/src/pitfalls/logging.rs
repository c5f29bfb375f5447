//! Log lines that come out in pieces, and a bug that is gone as soon as one logs.
//!
//! # What goes wrong
//! A line that is written in two writes, text and line end, is torn when another thread writes between the two
//! (`torn_lines`). The log has a lock, but it is held for a write, not for a line.
//!
//! The same lock makes the log a poor witness. In `masked_by_logging` a value is published by a flag that publishes
//! nothing: the reader may see the flag and yet not the value. With the log on that can't happen. The publisher
//! gives the log's lock back after it has written the value, the reader takes it before it reads, and so the lock, which has
//! nothing to do with either, orders the two in every schedule. The bug is declared with the log off; with the log on the
//! same program holds, and is proven to.
//!
//! # Outcomes
//! | variant              | seen                           | because                                         |
//! |----------------------|--------------------------------|-------------------------------------------------|
//! | `one_write_per_line` | whole lines, and the value     | one write is one hold of the log's lock         |
//! | `torn_lines`         | or two texts in one line       | another writes between a text and its line end  |
//! | `masked_by_logging`  | or a data race on the value    | without the log nothing orders write and read   |
//! | the same, log on     | whole lines, and the value     | the log's lock was given back and taken between |
//!
//! # Use instead
//! One write for a line, its end included; a flag that is stored with `Release` and loaded with `Acquire`. Look for a bug
//! with what synchronizes nothing: a recorded schedule, or a buffer for each thread.
//!
//! # In Python
//! `print(text)` writes text and line end separately, `logging` does so at once and under its handler's lock. A bug that a
//! `print` makes disappear, and that is back when the `print` is gone, is most likely one like this.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex, RaceCell,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "pitfalls/logging",
    "Debugging and Testing Concurrent Code: logging",
    raddle::source!("logging.rs"),
    &[
        Variant::correct("one_write_per_line", || run(2, publish, one_write_per_line))
            .full_size(|| run(4, publish, one_write_per_line))
            .property(|| drawn(publish, one_write_per_line)),
        Variant::buggy("torn_lines", Class::AtomicityViolation, || run(1, publish, torn_lines))
            .fails_with(Expect::Assertion("a line was torn"))
            .property(|| drawn(publish, torn_lines))
            .smallest("readers 1", 1),
        Variant::buggy("masked_by_logging", Class::DataRace, || run(1, masked_by_logging, no_log))
            .fails_with(Expect::DataRace("value"))
            .property(|| drawn(masked_by_logging, no_log))
            .smallest("readers 1", 0),
    ],
);

type Log = Mutex<String>;

struct Shared {
    value: RaceCell<u32>,
    ready: AtomicBool,
    log: Log,
}

fn one_write_per_line(log: &Log, text: &str) {
    let line = [text, "\n"].concat();
    *log.lock().unwrap() += &line;
}

fn torn_lines(log: &Log, text: &str) {
    *log.lock().unwrap() += text;
    // BUG: another thread can write here, and its text ends up in this line.
    *log.lock().unwrap() += "\n";
}

fn no_log(_log: &Log, _text: &str) {}

fn publish(ready: &AtomicBool) {
    ready.store(true, Release);
}

fn masked_by_logging(ready: &AtomicBool) {
    // BUG: this says that the value is there, and does not bring it along; the log's lock does, while there is a log.
    ready.store(true, Relaxed);
}

/// `masked_by_logging` with the log on: it holds.
pub fn masked(readers: usize) {
    run(readers, masked_by_logging, one_write_per_line);
}

fn drawn(publish: fn(&AtomicBool), write_line: fn(&Log, &str)) -> Property {
    Property::new(&["readers"], 1..=4_usize, move |readers| run(readers, publish, write_line))
}

/// A value that one publishes and others read if it is there by then; all say in the log what they do.
fn run(readers: usize, publish: fn(&AtomicBool), write_line: fn(&Log, &str)) {
    let shared = Arc::new(Shared {
        value: RaceCell::new(0).named("value"),
        ready: AtomicBool::new(false).named("ready"),
        log: Mutex::new(String::new()).named("log"),
    });
    let start = |number: usize| {
        let shared = Arc::clone(&shared);
        let read = move || {
            let ready = shared.ready.load(Acquire);
            write_line(&shared.log, if ready { "ready" } else { "not yet" });
            if ready {
                let _value = shared.value.get();
            }
        };
        thread::Builder::new().name(format!("reader-{number}")).spawn(read).unwrap()
    };
    let running: Vec<_> = (1..=readers).map(start).collect();
    shared.value.set(1);
    write_line(&shared.log, "published");
    publish(&shared.ready);
    for thread in running {
        thread.join().unwrap();
    }
    let log = shared.log.lock().unwrap().clone();
    let whole = |line: &str| ["ready", "not yet", "published"].contains(&line);
    assert!(log.lines().all(whole), "a line was torn");
}

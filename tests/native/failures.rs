//! Programs that fail on real threads with certainty, however these are scheduled.

use raddle::prelude::*;
use raddle::process::{self, Exit};
use raddle::sync::{Arc, RaceCell, mpsc};
use raddle::{Bypass, thread};

/// Each program, how it fails, and what is said then.
pub(crate) const EXPECTED: [(&str, &str, &str); 9] = [
    ("main_panics", "assertion", "main panicked: in vain"),
    ("thread_panics", "assertion", "worker panicked: in vain"),
    ("nobody_joins", "assertion", "thread-1 panicked: in vain"),
    ("process_panics", "assertion", "worker panicked: in vain"),
    ("accesses_overlap", "data race", "reader reads at tests/native/failures.rs:"),
    ("bound_breaks", "starvation", "main was bypassed 2 times at queue, which allows 1"),
    ("breaks_a_contract", "misuse", "main: released twice"),
    ("leaves_something", "leak", "left behind: a file"),
    ("ends_the_process", "crash", "7"),
];

pub(crate) const PATTERN: Pattern = Pattern::new(
    "native/failures",
    "none",
    raddle::source!("failures.rs"),
    &[
        Variant::correct("correct_but_panics", main_panics),
        Variant::buggy("main_panics", Class::Misuse, main_panics).fails_with(Expect::Assertion("in vain")),
        Variant::buggy("thread_panics", Class::Misuse, thread_panics).fails_with(Expect::Assertion("in vain")),
        Variant::buggy("nobody_joins", Class::Misuse, nobody_joins).fails_with(Expect::Assertion("in vain")),
        Variant::buggy("process_panics", Class::Misuse, process_panics).fails_with(Expect::Assertion("in vain")),
        Variant::buggy("accesses_overlap", Class::DataRace, accesses_overlap).fails_with(Expect::DataRace("cell")),
        Variant::buggy("bound_breaks", Class::Starvation, bound_breaks).fails_with(Expect::Starvation),
        Variant::buggy("breaks_a_contract", Class::Misuse, breaks_a_contract).fails_with(Expect::Misuse),
        Variant::buggy("leaves_something", Class::Leak, leaves_something).fails_with(Expect::Leak),
        Variant::buggy("ends_the_process", Class::Misuse, ends_the_process).fails_with(Expect::Misuse),
        Variant::buggy("waits_for_itself", Class::LostWakeup, waits_for_itself).fails_with(Expect::Stuck),
        Variant::buggy("one_choice_panics", Class::Misuse, one_choice_panics).fails_with(Expect::Assertion("in vain")),
    ],
);

fn main_panics() {
    panic!("in vain");
}

fn thread_panics() {
    thread::Builder::new().name("worker".into()).spawn(main_panics).unwrap().join().unwrap();
}

/// Panics when `main` is done, and the run is not.
fn nobody_joins() {
    let (_sender, receiver) = mpsc::channel::<u32>();
    thread::spawn(move || {
        receiver.recv().expect_err("nobody sends");
        main_panics();
    });
}

fn process_panics() {
    let (results, _received) = process::channel::<()>();
    _ = process::spawn("worker", &results, |_| {
        main_panics();
        Exit::Done
    })
    .wait();
}

fn accesses_overlap() {
    let cell = RaceCell::new(0).named("cell");
    cell.with_mut(|_| {
        thread::scope(|scope| {
            thread::Builder::new().name("reader".into()).spawn_scoped(scope, || cell.get()).unwrap();
        });
    });
}

fn bound_breaks() {
    let queue = Arc::new(Bypass::new(1).named("queue"));
    let mine = queue.request();
    let other = {
        let queue = Arc::clone(&queue);
        thread::spawn(move || (0..2).for_each(|_| queue.request().granted()))
    };
    other.join().unwrap();
    mine.granted();
}

fn breaks_a_contract() {
    raddle::misuse("released twice");
}

fn leaves_something() {
    raddle::leak("a file");
}

fn ends_the_process() {
    std::process::exit(7);
}

fn waits_for_itself() {
    let (sender, receiver) = mpsc::channel::<u32>();
    receiver.recv().unwrap();
    drop(sender);
}

fn one_choice_panics() {
    let choice = raddle::choose(2);
    raddle::observe("choice", choice);
    assert!(choice == 0, "in vain");
}

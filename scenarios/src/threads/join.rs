//! Threads that are started have to be waited for: before their results are read, before the run ends, and not in a circle.
//!
//! # What goes wrong
//! `start()` says that a thread runs from now on; only `join()` says that it has done what it was for. `read_before_join`
//! does join, but looks at the results first. `never_joined` looks at nothing: it ends while its workers are at work,
//! and what becomes of them nobody knows. And a thread that joins waits: with `join_cycle` each worker waits for the
//! other's end before its own, and neither ends unless `main` has joined one of them before.
//!
//! # Outcomes
//! | variant            | at the end                   | because                                         |
//! |--------------------|------------------------------|-------------------------------------------------|
//! | `joined`           | all workers have finished    | each was waited for before the results are read |
//! | `read_before_join` | or the results are not final | they were read while workers were at work       |
//! | `never_joined`     | or a worker still runs       | nothing orders its end before the run's         |
//! | `join_cycle`       | or two workers wait for ever | each waits for the other to end first           |
//!
//! # Use instead
//! One owner that starts all and joins all, before it reads anything: `thread::scope` can't forget to. Workers that need
//! each other's results pass messages.
//!
//! # In Python
//! `thread1.start(); thread2.start(); thread1.join(); thread2.join()`, then `print(results)`. Python joins threads that are
//! no daemons when the interpreter ends, so `never_joined` shows there only with daemons. A thread that joins itself gets
//! a `RuntimeError`; of two that join each other nobody tells.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "threads/join",
    "Multithreading Basics: start() and join()",
    raddle::source!("join.rs"),
    &[
        Variant::correct("joined", || run(2, alone, joined)).deny_leaks().property(|| drawn(1, alone, joined)),
        Variant::buggy("read_before_join", Class::OrderViolation, || run(1, alone, read_before_join))
            .fails_with(Expect::Assertion("the results were read before the workers had finished"))
            .property(|| drawn(1, alone, read_before_join))
            .smallest("workers 1", 0),
        Variant::buggy("never_joined", Class::Leak, || run(1, alone, never_joined))
            .fails_with(Expect::Leak)
            .deny_leaks()
            .property(|| drawn(1, alone, never_joined))
            .smallest("workers 1", 0),
        Variant::buggy("join_cycle", Class::Deadlock, || run(2, join_cycle, joined))
            .fails_with(Expect::Deadlock(2))
            .property(|| drawn(2, join_cycle, joined))
            .smallest("workers 2", 1),
    ],
);

/// The workers, where each can see the others: Python's globals `thread1` and `thread2`.
struct Team {
    threads: Vec<Mutex<Option<JoinHandle<()>>>>,
    finished: AtomicUsize,
}

impl Team {
    /// Waits for a worker that nobody else waits for.
    fn join(&self, number: usize) {
        let thread = self.threads[number].lock().unwrap().take();
        if let Some(thread) = thread {
            thread.join().unwrap();
        }
    }

    fn join_all(&self) {
        (0..self.threads.len()).for_each(|number| self.join(number));
    }

    fn expect_all(&self, finished: usize) {
        assert_eq!(finished, self.threads.len(), "the results were read before the workers had finished");
    }
}

fn alone(_team: &Team, _number: usize) {}

fn join_cycle(team: &Team, number: usize) {
    // BUG: the next worker does the same, and the last one's next is the first.
    team.join((number + 1) % team.threads.len());
}

fn joined(team: &Team) {
    team.join_all();
    team.expect_all(team.finished.load(SeqCst));
}

fn read_before_join(team: &Team) {
    // BUG: the workers have been started, and nothing says that they have got anywhere.
    let finished = team.finished.load(SeqCst);
    team.join_all();
    team.expect_all(finished);
}

fn never_joined(_team: &Team) {
    // BUG: the run ends here, wherever the workers are.
}

fn drawn(least: usize, before_the_end: fn(&Team, usize), end: fn(&Team)) -> Property {
    Property::new(&["workers"], least..=4, move |workers| run(workers, before_the_end, end))
}

/// Workers that each do their part; `end` is what `main` does about them.
fn run(workers: usize, before_the_end: fn(&Team, usize), end: fn(&Team)) {
    let slot = |number: usize| Mutex::new(None).named_opaque(format!("thread{}", number + 1));
    let team =
        Arc::new(Team { threads: (0..workers).map(slot).collect(), finished: AtomicUsize::new(0).named("finished") });
    for number in 0..workers {
        let theirs = Arc::clone(&team);
        let work = move || {
            before_the_end(&theirs, number);
            theirs.finished.fetch_add(1, SeqCst);
        };
        let thread = thread::Builder::new().name(format!("worker-{}", number + 1)).spawn(work).unwrap();
        *team.threads[number].lock().unwrap() = Some(thread);
    }
    end(&team);
}

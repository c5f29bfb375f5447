//! A queue in order of priority, and those in it who never come first.
//!
//! # What goes wrong
//! With `strict_priority` the most important of those who wait is next. As long as there is always somebody urgent, the
//! others could be served at any time, and are not: for that it takes two urgent tasks, one of which waits while the
//! other is served. `priority_inversion` turns it round: jobs age, but for background ones, of which nobody expects
//! anything. Here one of those has a lock that the urgent job wants, and it waits for the processor behind all that is
//! normal: which is less important than the urgent job, doesn't want the lock, and keeps it waiting all the same.
//!
//! # Outcomes
//! | variant              | a waiting job is passed over | because                                            |
//! |----------------------|------------------------------|----------------------------------------------------|
//! | `aged`               | at most once by each other   | waiting raises the priority                        |
//! | `strict_priority`    | any number of times          | urgent jobs that come later go first               |
//! | `priority_inversion` | any number of times          | normal jobs go before the one that has the lock    |
//!
//! # Use instead
//! Ageing, of every job: the bound on passing it over then holds for a lock's holder too, and with it for who waits for
//! the lock. Or priority inheritance, which lends the holder the priority of who waits for it (Sha, Rajkumar and
//! Lehoczky, 1990).
//!
//! # In Python
//! What lies at the end of a `queue.PriorityQueue` stays there while others keep coming. Put
//! `(priority + now / patience, job)` and not `(priority, job)`.

use raddle::prelude::*;
use raddle::{
    Bypass,
    sync::{Arc, Condvar, Mutex},
    thread,
};
use std::cmp::Reverse;
use std::ops::RangeInclusive;

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "pitfalls/priority",
    "Debugging and Testing Concurrent Code: higher-priority tasks",
    raddle::source!("priority.rs"),
    &[
        Variant::correct("aged", || run(1, 1, false, 2, aged))
            .full_size(|| run(2, 2, true, 3, aged))
            .proven_at("a normal, an urgent and a background task", || run(1, 1, true, 2, aged))
            .property(|| drawn(1..=2, aged)),
        Variant::buggy("strict_priority", Class::Starvation, || run(1, 2, false, 2, strict_priority))
            .fails_with(Expect::Starvation)
            .property(|| drawn(2..=3, strict_priority))
            .smallest("normal 1, urgent 2, background false, jobs 2", 1),
        Variant::buggy("priority_inversion", Class::Starvation, || run(1, 1, true, 2, priority_inversion))
            .fails_with(Expect::Starvation)
            .property(|| drawn(1..=2, priority_inversion))
            .smallest("normal 1, urgent 1, background true, jobs 2", 0),
    ],
);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Priority {
    Background,
    Normal,
    Urgent,
}

/// A job that waits for the processor.
struct Job {
    priority: Priority,
    number: u32,
    /// How many had been served when it came.
    came: u32,
}

/// What a job counts for, when so many have been served.
type Weight = fn(&Job, u32) -> u32;

fn aged(job: &Job, served: u32) -> u32 {
    job.priority as u32 + (served - job.came)
}

fn strict_priority(job: &Job, _served: u32) -> u32 {
    // BUG: however long a job has waited, it weighs no more than when it came.
    job.priority as u32
}

fn priority_inversion(job: &Job, served: u32) -> u32 {
    if job.priority == Priority::Background {
        // BUG: an urgent job may wait for what this one has locked.
        return 0;
    }
    job.priority as u32 + (served - job.came)
}

/// A processor that does one job at a time, and a lock that the background job has and urgent ones want.
struct Processor {
    state: Mutex<State>,
    changed: Condvar,
    turns: Bypass,
    weight: Weight,
}

struct State {
    busy: bool,
    locked: bool,
    served: u32,
    submitted: u32,
    queue: Vec<Job>,
}

impl State {
    fn submit(&mut self, priority: Priority) -> u32 {
        self.submitted += 1;
        self.queue.push(Job { priority, number: self.submitted, came: self.served });
        self.submitted
    }
}

impl Processor {
    /// Whether this job is next: of those that can go on the one that weighs most, and of equals the first.
    fn is_next(&self, state: &State, number: u32) -> bool {
        let can_go_on = |job: &&Job| !(job.priority == Priority::Urgent && state.locked);
        let order = |job: &&Job| ((self.weight)(job, state.served), Reverse(job.number));
        state.queue.iter().filter(can_go_on).max_by_key(order).is_some_and(|job| job.number == number)
    }

    fn work(&self, priority: Priority) {
        let mut state = self.state.lock().unwrap();
        let in_background = priority == Priority::Background;
        // The background job has been there from the beginning, and nobody has promised it anything.
        let number = if in_background { 1 } else { state.submit(priority) };
        let request = (!in_background).then(|| self.turns.request());
        while state.busy || !self.is_next(&state, number) {
            state = self.changed.wait(state).unwrap();
        }
        request.unwrap_or_else(|| self.turns.request()).granted();
        state.queue.retain(|job| job.number != number);
        state.served += 1;
        state.busy = true;
        drop(state);
        let mut state = self.state.lock().unwrap();
        state.busy = false;
        state.locked &= !in_background;
        drop(state);
        self.changed.notify_all();
    }
}

fn drawn(urgent: RangeInclusive<usize>, weight: Weight) -> Property {
    let sizes = (1..=3_usize, urgent, raddle::proptest::bool::ANY, 1..=3_u32);
    Property::new(&["normal", "urgent", "background", "jobs"], sizes, move |(normal, urgent, background, jobs)| {
        run(normal, urgent, background, jobs, weight);
    })
}

/// So many normal and urgent tasks with `jobs` each, and perhaps a background one that has the lock.
fn run(normal: usize, urgent: usize, background: bool, jobs: u32, weight: Weight) {
    let mut state = State { busy: false, locked: background, served: 0, submitted: 0, queue: Vec::new() };
    if background {
        state.submit(Priority::Background);
    }
    let processor = Arc::new(Processor {
        state: Mutex::new(state).named_opaque("state"),
        changed: Condvar::new().named("changed"),
        // Every other task may go first once, and no more.
        turns: Bypass::new(normal + urgent + usize::from(background) - 1).named("processor"),
        weight,
    });
    let start = |name: String, priority: Priority, jobs: u32| {
        let processor = Arc::clone(&processor);
        let work = move || (0..jobs).for_each(|_| processor.work(priority));
        thread::Builder::new().name(name).spawn(work).unwrap()
    };
    let mut tasks: Vec<_> =
        background.then(|| start("background".into(), Priority::Background, 1)).into_iter().collect();
    tasks.extend((1..=normal).map(|number| start(format!("normal-{number}"), Priority::Normal, jobs)));
    tasks.extend((1..=urgent).map(|number| start(format!("urgent-{number}"), Priority::Urgent, jobs)));
    for task in tasks {
        task.join().unwrap();
    }
}

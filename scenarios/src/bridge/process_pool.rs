//! Processes compute, and have no memory in common: what they share is messages.
//!
//! # What goes wrong
//! A process gets a copy of what its parent had, and what it changes is its own: `shared_memory_assumed` writes a result
//! into its copy, and the parent's is as before. Results that are taken as they come are in the order in which they came:
//! `order_assumed` takes the first for the first job's. And a process can die, of a signal or for want of memory, and send
//! nothing. Whoever waits for a message from it and keeps the channel open himself waits for ever
//! (`dead_worker_unnoticed`).
//!
//! # Outcomes
//! | variant                 | the parent has                   | because                                        |
//! |-------------------------|----------------------------------|------------------------------------------------|
//! | `results_by_message`    | every result, or word of a death | a message names its job, and a channel closes  |
//! | `shared_memory_assumed` | nothing                          | the results are in memory that nobody looks at |
//! | `order_assumed`         | or results of other jobs         | the jobs end in any order                      |
//! | `dead_worker_unnoticed` | or waits for ever                | nobody will send, and the channel is open      |
//!
//! # Use instead
//! Return values, and keep with each future which job it is. Watch the processes: a pipe that ends is a message, too.
//!
//! # In Python
//! `for f in concurrent.futures.as_completed(future_results): print(f.result())` prints in the order of completion;
//! `executor.map` gives the order of the jobs. A global list that a worker appends to is the worker's.
//! `ProcessPoolExecutor` notices a death (`BrokenProcessPool`), `multiprocessing.Pool` waits. Under an
//! engine each process is a thread that gets copies and sends messages; `raddle stress` starts processes.

use raddle::prelude::*;
use raddle::{
    process::{self, Child, Exit, Sender},
    sync::mpsc::Receiver,
};
use std::collections::BTreeMap;

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "bridge/process_pool",
    "Multiprocessing for CPU-Bound Work",
    raddle::source!("process_pool.rs"),
    &[
        Variant::correct("results_by_message", || run(2, 1, send_result, results_by_message))
            .full_size(|| run(4, 1, send_result, results_by_message))
            .property(|| drawn(send_result, results_by_message)),
        Variant::buggy("shared_memory_assumed", Class::Misuse, || {
            run(2, 0, shared_memory_assumed, results_by_message);
        })
        .full_size(|| run(4, 0, shared_memory_assumed, results_by_message))
        .fails_with(Expect::Assertion("a result is missing"))
        .property(|| drawn(shared_memory_assumed, results_by_message))
        .smallest("jobs 1, dying 0", 0),
        Variant::buggy("dead_worker_unnoticed", Class::Leak, || run(2, 1, send_result, dead_worker_unnoticed))
            .full_size(|| run(4, 1, send_result, dead_worker_unnoticed))
            .fails_with(Expect::Stuck)
            .property(|| drawn(send_result, dead_worker_unnoticed))
            .smallest("jobs 1, dying 1", 0),
        Variant::buggy("order_assumed", Class::OrderViolation, || run(2, 0, send_result, order_assumed))
            .full_size(|| run(4, 0, send_result, order_assumed))
            .fails_with(Expect::Assertion("a result is another job's"))
            .property(|| drawn(send_result, order_assumed))
            .smallest("jobs 2, dying 0", 0),
    ],
);

/// A result, and the job that it is of.
type Message = (u64, u64);

/// What a process remembers: the results by job.
type Memory = BTreeMap<u64, u64>;

/// The article's sum of squares.
fn cpu_intensive_calc(n: u64) -> u64 {
    (0..n).map(|i| i * i).sum()
}

fn send_result(_memory: Memory, job: u64, results: &Sender<Message>) {
    results.send((job, cpu_intensive_calc(job))).unwrap();
}

fn shared_memory_assumed(mut memory: Memory, job: u64, _results: &Sender<Message>) {
    // BUG: this is the worker's copy, which ends with it.
    memory.insert(job, cpu_intensive_calc(job));
}

fn results_by_message(own: Sender<Message>, results: &Receiver<Message>, memory: &mut Memory, _jobs: u64) {
    drop(own);
    while let Ok((job, result)) = results.recv() {
        memory.insert(job, result);
    }
}

fn dead_worker_unnoticed(_own: Sender<Message>, results: &Receiver<Message>, memory: &mut Memory, jobs: u64) {
    for _ in 1..=jobs {
        // BUG: a worker that has died sends nothing, and this end, which could send, keeps the channel open.
        let (job, result) = results.recv().unwrap();
        memory.insert(job, result);
    }
}

fn order_assumed(own: Sender<Message>, results: &Receiver<Message>, memory: &mut Memory, _jobs: u64) {
    drop(own);
    let mut job = 1;
    while let Ok((_, result)) = results.recv() {
        // BUG: this is the result that came as the `job`-th, whosever it is.
        memory.insert(job, result);
        job += 1;
    }
}

/// What a worker does.
type Work = fn(Memory, u64, &Sender<Message>);

/// Takes the results as they come; the first sender is the parent's own.
type Collect = fn(Sender<Message>, &Receiver<Message>, &mut Memory, u64);

fn drawn(work: Work, collect: Collect) -> Property {
    let sizes = (1..=4_u64, 0..=1_u64);
    Property::new(&["jobs", "dying"], sizes, move |(jobs, dying)| run(jobs, dying, work, collect))
}

/// A process for each job; of so many, the environment decides whether they die before they have a result.
fn run(jobs: u64, dying: u64, work: Work, collect: Collect) {
    let (own, results) = process::channel();
    let (own, mut memory) = (own.named("results"), Memory::new());
    let start = |job: u64| -> Child {
        let copy = memory.clone();
        process::spawn(format!("process-{job}"), &own, move |results| {
            let dies = job <= dying && raddle::choose(2) == 1;
            if dies {
                return Exit::Killed;
            }
            work(copy, job, results);
            Exit::Done
        })
    };
    let processes: Vec<_> = (1..=jobs).map(start).collect();
    collect(own, &results, &mut memory, jobs);
    let died = processes.into_iter().map(Child::wait).filter(|exit| *exit == Exit::Killed).count();
    raddle::observe("results", format_args!("{memory:?}"));
    let right = |(job, result): (&u64, &u64)| *result == cpu_intensive_calc(*job);
    assert!(memory.len() + died == usize::try_from(jobs).unwrap(), "a result is missing");
    assert!(memory.iter().all(right), "a result is another job's");
}

//! Work is spread over tasks, and their results are combined.
//!
//! # What goes wrong
//! A total is right when every task has added to it, and only then: `combined_early` reads it when the first task has
//! ended. Who adds has to read and write without an await in between: `racy_sum` reads the total, then awaits its result,
//! then writes, and what others have added meanwhile is gone. Who collects on another thread while tasks are at work must
//! look first whether they have ended, and then for values: `last_value_lost` looks for values first, and one that comes
//! between the two looks is never taken. And a task that keeps its permit while it joins a task of its own waits for
//! somebody who may be waiting for that permit (`permits_held_while_joining`).
//!
//! # Outcomes
//! | variant                      | total                  | because                                               |
//! |------------------------------|------------------------|-------------------------------------------------------|
//! | `combined_after_all`         | complete               | every task has been joined before it is read          |
//! | `combined_early`             | or a part is missing   | one task's end says nothing of the others             |
//! | `racy_sum`                   | or a part is missing   | the write rests on an out-of-date total               |
//! | `last_value_lost`            | or the last is missing | it came between the two looks                         |
//! | `permits_held_while_joining` | none                   | the part waits for a permit, its owner for the part   |
//!
//! # Use instead
//! Values returned by the tasks and combined by the one that joins them all. Where values come through a channel, a `recv`
//! that tells a closed channel from an empty one in one step. Give a permit back before you wait for others who need one.
//!
//! # In Python
//! `sum(await asyncio.gather(*tasks))` is right, `asyncio.wait(tasks, return_when=FIRST_COMPLETED)` is early. `total +=
//! await work(x)` loads `total` before the await. `if queue.empty() and not worker.is_alive(): break` looks in the wrong order.
//!
//! # Seen in the wild
//! flume 120: a receiver found the channel empty, then disconnected, and between the two the last value had been sent.
//! futures-rs 2387: futures that nobody polls have all permits, and the one who would poll them waits for one.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    task::{self, JoinHandle, runtime::Builder, sync::Semaphore},
    time::{Duration, sleep},
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "flows/fan_out_fan_in",
    "Concurrency Patterns: Fan-In / Fan-Out",
    raddle::source!("fan_out_fan_in.rs"),
    &[
        Variant::correct("combined_after_all", || run(ON_A_LOOP, 2, 1, add, combined_after_all))
            .full_size(|| run(ON_A_LOOP, 5, 2, add, combined_after_all))
            .proven_at("3 tasks, 2 permits", || run(ON_A_LOOP, 3, 2, add, combined_after_all))
            .property(|| drawn(ON_A_LOOP, add, combined_after_all)),
        Variant::buggy("combined_early", Class::OrderViolation, || run(ON_A_LOOP, 2, 2, add, combined_early))
            .full_size(|| run(ON_A_LOOP, 5, 2, add, combined_early))
            .fails_with(Expect::Assertion("a part of the total is missing"))
            .property(|| drawn(ON_A_LOOP, add, combined_early))
            .smallest("tasks 2, permits 1", 0),
        Variant::buggy("racy_sum", Class::AtomicityViolation, || run(ON_A_LOOP, 2, 2, racy_sum, combined_after_all))
            .full_size(|| run(ON_A_LOOP, 5, 2, racy_sum, combined_after_all))
            .fails_with(Expect::Assertion("a part of the total is missing"))
            .property(|| drawn(ON_A_LOOP, racy_sum, combined_after_all))
            .smallest("tasks 2, permits 1", 0),
        Variant::buggy("last_value_lost", Class::AtomicityViolation, || {
            run(ON_THREADS, 1, 1, add, last_value_lost);
        })
        .full_size(|| run(ON_THREADS, 3, 2, add, last_value_lost))
        .fails_with(Expect::Assertion("a part of the total is missing"))
        .property(|| drawn(ON_THREADS, add, last_value_lost))
        .smallest("tasks 1, permits 1", 1),
        Variant::buggy("permits_held_while_joining", Class::Deadlock, || {
            run(ON_A_LOOP, 1, 1, permits_held_while_joining, combined_after_all);
        })
        .full_size(|| run(ON_A_LOOP, 5, 1, permits_held_while_joining, combined_after_all))
        .fails_with(Expect::Deadlock(2))
        .property(|| drawn(ON_A_LOOP, permits_held_while_joining, combined_after_all))
        .smallest("tasks 1, permits 1", 0),
    ],
);

const ON_A_LOOP: fn() -> Builder = Builder::new_current_thread;
const ON_THREADS: fn() -> Builder = Builder::new_multi_thread;

/// What the tasks share.
struct Fan {
    total: AtomicU32,
    permits: Semaphore,
}

impl Fan {
    /// A part of the work: it takes a permit, and a second.
    async fn compute(&self, part: u32) -> u32 {
        let _permit = self.permits.acquire().await.unwrap();
        sleep(Duration::from_secs(1)).await;
        part
    }
}

async fn add(fan: Arc<Fan>, part: u32) {
    let value = fan.compute(part).await;
    fan.total.fetch_add(value, SeqCst);
}

async fn racy_sum(fan: Arc<Fan>, part: u32) {
    let total = fan.total.load(SeqCst);
    let value = fan.compute(part).await;
    // BUG: others have added to the total during the await.
    fan.total.store(total + value, SeqCst);
}

async fn permits_held_while_joining(fan: Arc<Fan>, part: u32) {
    let _permit = fan.permits.acquire().await.unwrap();
    let rest = task::Builder::new().name(format!("rest-{part}")).spawn(add(Arc::clone(&fan), part)).unwrap();
    // BUG: `rest` needs a permit, and this one is given back when `rest` has ended.
    rest.await.unwrap();
}

async fn combined_after_all(fan: Arc<Fan>, tasks: Vec<JoinHandle<()>>) -> u32 {
    for task in tasks {
        task.await.unwrap();
    }
    fan.total.load(SeqCst)
}

async fn combined_early(fan: Arc<Fan>, tasks: Vec<JoinHandle<()>>) -> u32 {
    let mut tasks = tasks.into_iter();
    tasks.next().unwrap().await.unwrap();
    // BUG: the first task has added its part, and the others may be at work.
    let total = fan.total.load(SeqCst);
    for task in tasks {
        task.await.unwrap();
    }
    total
}

async fn last_value_lost(fan: Arc<Fan>, tasks: Vec<JoinHandle<()>>) -> u32 {
    let mut total = 0;
    loop {
        total += fan.total.swap(0, SeqCst);
        // BUG: a task can add its part and end before this look, and after the one at the values.
        let at_work = tasks.iter().any(|task| !task.is_finished());
        if !at_work {
            return total;
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// A task of the fan-out.
type Work<F> = fn(Arc<Fan>, u32) -> F;

/// The fan-in.
type Combine<G> = fn(Arc<Fan>, Vec<JoinHandle<()>>) -> G;

fn drawn<F, G>(runtime: fn() -> Builder, work: Work<F>, combine: Combine<G>) -> Property
where
    F: Future<Output = ()> + Send + 'static,
    G: Future<Output = u32> + 'static,
{
    let sizes = (1..=4_u32, 1..=2_u32);
    Property::new(&["tasks", "permits"], sizes, move |(tasks, permits)| run(runtime, tasks, permits, work, combine))
}

fn run<F, G>(runtime: fn() -> Builder, tasks: u32, permits: u32, work: Work<F>, combine: Combine<G>)
where
    F: Future<Output = ()> + Send + 'static,
    G: Future<Output = u32>,
{
    let runtime = runtime().enable_time().build().unwrap();
    let total = runtime.block_on(async {
        let permits = Semaphore::new(usize::try_from(permits).unwrap()).named("permits");
        let fan = Arc::new(Fan { total: AtomicU32::new(0).named("total"), permits });
        let start =
            |part| task::Builder::new().name(format!("task-{part}")).spawn(work(Arc::clone(&fan), part)).unwrap();
        let tasks = (1..=tasks).map(start).collect();
        combine(fan, tasks).await
    });
    raddle::observe("total", total);
    assert!(total == (1..=tasks).sum::<u32>(), "a part of the total is missing");
}

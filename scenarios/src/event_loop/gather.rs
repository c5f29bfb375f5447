//! Five tasks are gathered: somebody has to keep them, wait for each, and set each result once.
//!
//! # What goes wrong
//! A handle that is dropped cancels nothing and waits for nothing: its task runs on until the loop ends, and with it
//! the task, wherever it is (`detached_task`). An error that is passed on at once drops the handles of the rest in the
//! same way: who handles it believes that the work is over, and the siblings go on writing (`first_error_orphans`). And
//! a future is a placeholder for one result: of two that set it, the second has to find that out before it does
//! (`resolved_twice`).
//!
//! # Outcomes
//! | variant               | afterwards                    | because                                          |
//! |-----------------------|-------------------------------|--------------------------------------------------|
//! | `gathered`            | every task has ended          | each is waited for, whatever the others came to  |
//! | `detached_task`       | or a task still runs          | nobody has its handle                            |
//! | `first_error_orphans` | or tasks write after an error | the error was passed on, and the tasks were not  |
//! | `resolved_twice`      | or a result is set twice      | who was second has not looked                    |
//!
//! # Use instead
//! Wait for all, then pass the error on; or a `JoinSet`, which aborts what it holds when it is dropped. Set a result
//! through a `oneshot::Sender`, which is used up by it.
//!
//! # In Python
//! `results = await asyncio.gather(*tasks)` raises the first error and leaves the other tasks running; with
//! `return_exceptions=True` it waits for all, and `asyncio.TaskGroup` cancels and waits. `create_task(work(i))` without
//! keeping the task is `detached_task`. A second `future.set_result()` raises `InvalidStateError`.
//!
//! # Seen in the wild
//! The loop keeps only weak references, so that a task without a handle can be collected while it waits: `CPython` 91887.
//! `gather` does not cancel the siblings of the task that failed: `CPython` 75633.

use raddle::prelude::*;
use raddle::{
    proptest::{bool::ANY, strategy::Just, strategy::Strategy},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    task::{self, JoinHandle},
    time::{Duration, sleep},
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "event_loop/gather",
    "Async I/O Fundamentals: Tasks and Futures",
    raddle::source!("gather.rs"),
    &[
        Variant::correct("gathered", || run(2, true, gathered, set_if_empty))
            .full_size(|| run(5, false, gathered, set_if_empty))
            .deny_leaks()
            .property(|| drawn(ANY, gathered, set_if_empty)),
        Variant::buggy("detached_task", Class::Leak, || run(2, false, detached_task, set_if_empty))
            .fails_with(Expect::Leak)
            .deny_leaks()
            .property(|| drawn(Just(false), detached_task, set_if_empty))
            .smallest("tasks 1, fails false", 0),
        Variant::buggy("first_error_orphans", Class::OrderViolation, || {
            run(2, true, first_error_orphans, set_if_empty);
        })
        .fails_with(Expect::Assertion("tasks ran on after the error"))
        .property(|| drawn(Just(true), first_error_orphans, set_if_empty))
        .smallest("tasks 2, fails true", 0),
        Variant::buggy("resolved_twice", Class::Misuse, || run(2, false, gathered, resolved_twice))
            .fails_with(Expect::Misuse)
            .property(|| drawn(ANY, gathered, resolved_twice))
            .smallest("tasks 2, fails false", 0),
    ],
);

const SECOND: Duration = Duration::from_secs(1);

/// What work comes to.
type Worked = Result<String, Refused>;

#[derive(Debug)]
struct Refused;

type Tasks = Vec<JoinHandle<Worked>>;

/// Python's `Future`: a place for one result, which here is the first that any task has.
struct Slot {
    result: Mutex<Option<String>>,
}

impl Slot {
    fn is_set(&self) -> bool {
        self.result.lock().unwrap().is_some()
    }

    fn set(&self, result: &str) {
        if self.result.lock().unwrap().replace(result.to_owned()).is_some() {
            raddle::misuse("a result is set once");
        }
    }
}

async fn gathered(tasks: Tasks) -> Result<Vec<String>, Refused> {
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results.into_iter().collect()
}

async fn first_error_orphans(tasks: Tasks) -> Result<Vec<String>, Refused> {
    let mut results = Vec::new();
    for task in tasks {
        // BUG: an error leaves here at once, and with it go the handles of tasks that are still at work.
        results.push(task.await.unwrap()?);
    }
    Ok(results)
}

async fn detached_task(mut tasks: Tasks) -> Result<Vec<String>, Refused> {
    // BUG: the task goes on, and nobody is left who could wait for it.
    drop(tasks.pop());
    gathered(tasks).await
}

fn set_if_empty(first: &Slot, result: &str) {
    if !first.is_set() {
        first.set(result);
    }
}

fn resolved_twice(first: &Slot, result: &str) {
    // BUG: another task may have been here before.
    first.set(result);
}

type Gather<F> = fn(Tasks) -> F;
type Resolve = fn(&Slot, &str);

fn drawn<F: Future<Output = Result<Vec<String>, Refused>> + 'static>(
    fails: impl Strategy<Value = bool> + Send + Sync + 'static,
    gather: Gather<F>,
    resolve: Resolve,
) -> Property {
    let sizes = (1..=5_usize, fails);
    Property::new(&["tasks", "fails"], sizes, move |(tasks, fails)| run(tasks, fails, gather, resolve))
}

/// So many tasks, of which the first may fail. After an error the program goes on for a while.
fn run<F>(tasks: usize, fails: bool, gather: Gather<F>, resolve: Resolve)
where
    F: Future<Output = Result<Vec<String>, Refused>>,
{
    task::block_on(async {
        let first = Arc::new(Slot { result: Mutex::new(None).named("first result") });
        let written = Arc::new(AtomicU32::new(0).named("written"));
        let start = |x: usize| {
            let (first, written) = (Arc::clone(&first), Arc::clone(&written));
            let work = async move {
                sleep(SECOND).await;
                if fails && x == 0 {
                    return Err(Refused);
                }
                let data = format!("Data {x}");
                resolve(&first, &data);
                written.fetch_add(1, SeqCst);
                Ok(data)
            };
            task::Builder::new().name(format!("work-{x}")).spawn(work).unwrap()
        };
        let gathered = gather((0..tasks).map(start).collect()).await;
        raddle::observe("gathered", format_args!("{gathered:?}"));
        if gathered.is_err() {
            let before = written.load(SeqCst);
            sleep(SECOND).await;
            assert!(written.load(SeqCst) == before, "tasks ran on after the error");
        }
    });
}

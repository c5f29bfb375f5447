//! Blocking jobs on a pool of threads, awaited by a task of a loop.
//!
//! # What goes wrong
//! A pool has so many threads, and a job keeps one until it is done. A job that waits for another job of the same pool keeps
//! the thread that the other needs (`nested_submit`). Jobs that take long keep small ones waiting: in `saturated_pool` there
//! are fewer threads than jobs, and one is late. A loop that waits for a thread has to await, and be woken: if the
//! thread leaves its result and wakes nobody (`result_without_wake`), the loop sleeps on. Nor may the loop block until the thread is
//! done: with `loop_blocks_on_thread` the thread needs something of the loop.
//!
//! # Outcomes
//! | variant                 | the jobs                  | because                                                |
//! |-------------------------|---------------------------|--------------------------------------------------------|
//! | `offload_and_await`     | each done in its own time | a thread for each, and a loop that goes on             |
//! | `nested_submit`         | wait for each other       | the inner one needs the thread that the outer one has  |
//! | `result_without_wake`   | or done, and nobody knows | the loop has looked, and nobody tells it to look again |
//! | `loop_blocks_on_thread` | or wait for ever          | the thread waits for a task, which waits for the loop  |
//! | `saturated_pool`        | a small one is late       | slow ones have all threads                             |
//!
//! # Use instead
//! Await the job's handle; let a job return what has to be done next, and submit that from the loop. Have a pool
//! of its own for what must not wait.
//!
//! # In Python
//! `loop.run_in_executor(executor, blocking_io, i + 1)` and `await asyncio.gather(*tasks)`. A job that calls
//! `executor.submit(…).result()` is the nested one; `future.set_result(…)` from a thread, without
//! `loop.call_soon_threadsafe`, wakes nobody; `thread.join()` in a coroutine blocks the loop, and
//! `asyncio.run_coroutine_threadsafe(…, loop).result()` in that thread waits for it.
//!
//! # Seen in the wild
//! `CPython` 112169: one default pool for everything, so that slow jobs hold up all others, name lookups among them.

use raddle::prelude::*;
use raddle::{
    sync::{Arc, Mutex},
    task::{
        self,
        runtime::{Builder, Handle},
    },
    thread,
    time::{Deadline, Duration},
};
use std::task::{Poll, Waker};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "bridge/executor",
    "Integrating Threads in an Async Application",
    raddle::source!("executor.rs"),
    &[
        Variant::correct("offload_and_await", || run(1, 1, offload_and_await))
            .full_size(|| run(3, 3, offload_and_await))
            .property(|| drawn(ENOUGH, offload_and_await)),
        Variant::buggy("nested_submit", Class::Deadlock, || run(1, 1, nested_submit))
            .fails_with(Expect::Deadlock(2))
            .property(|| drawn(ONE, nested_submit))
            .smallest("jobs 1, threads 1", 0),
        Variant::buggy("result_without_wake", Class::LostWakeup, || run(1, 1, result_without_wake))
            .full_size(|| run(3, 3, result_without_wake))
            .fails_with(Expect::Stuck)
            .property(|| drawn(ENOUGH, result_without_wake))
            .smallest("jobs 1, threads 1", 0),
        Variant::buggy("loop_blocks_on_thread", Class::Deadlock, || run(1, 1, loop_blocks_on_thread))
            .fails_with(Expect::Deadlock(3))
            .property(|| drawn(ENOUGH, loop_blocks_on_thread))
            .smallest("jobs 1, threads 1", 0),
        Variant::buggy("saturated_pool", Class::Starvation, || run(2, 1, saturated_pool))
            .full_size(|| run(3, 2, saturated_pool))
            .fails_with(Expect::Starvation)
            .property(|| drawn(ANY, saturated_pool))
            .smallest("jobs 2, threads 1", 0),
    ],
);

/// The article's job.
fn blocking_io(seconds: u64) -> u64 {
    thread::sleep(Duration::from_secs(seconds));
    seconds
}

async fn offload_and_await(seconds: u64) -> u64 {
    task::spawn_blocking(move || blocking_io(seconds)).await.unwrap()
}

async fn nested_submit(seconds: u64) -> u64 {
    let outer = task::spawn_blocking(move || {
        let inner = task::spawn_blocking(move || blocking_io(seconds));
        // BUG: `inner` waits for a thread of the pool, and this job has it until `inner` is done.
        Handle::current().block_on(inner).unwrap()
    });
    outer.await.unwrap()
}

async fn result_without_wake(seconds: u64) -> u64 {
    let slot: Arc<Mutex<(Option<u64>, Option<Waker>)>> = Arc::new(Mutex::default().named_opaque("slot"));
    let theirs = Arc::clone(&slot);
    // Its handle says nothing of the result, which comes by the slot.
    drop(task::spawn_blocking(move || {
        let result = blocking_io(seconds);
        // BUG: the waker that the loop has left beside the result is not called.
        theirs.lock().unwrap().0 = Some(result);
    }));
    std::future::poll_fn(|cx| {
        let (result, waker) = &mut *slot.lock().unwrap();
        *waker = Some(cx.waker().clone());
        result.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

async fn loop_blocks_on_thread(seconds: u64) -> u64 {
    let on_the_loop = task::Builder::new().name("needed").spawn(async move { seconds }).unwrap();
    let runtime = Handle::current();
    let needs_the_loop = move || blocking_io(runtime.block_on(on_the_loop).unwrap());
    let thread = thread::Builder::new().name("thread".into()).spawn(needs_the_loop).unwrap();
    // BUG: nobody is polled until the thread is done, and the thread waits for somebody who has to be polled.
    thread.join().unwrap()
}

async fn saturated_pool(seconds: u64) -> u64 {
    // BUG: nobody has counted the threads, and jobs that take longer may have all of them.
    offload_and_await(seconds).await
}

/// Has a job done that takes so many seconds.
type Offload<F> = fn(u64) -> F;

/// How many threads there are for so many jobs, where so many have been drawn.
type Pool = fn(usize, usize) -> usize;

/// One for each job, or more.
const ENOUGH: Pool = |jobs, threads| threads.max(jobs);
/// With more of them an inner job could find one, and be late.
const ONE: Pool = |_, _| 1;
const ANY: Pool = |_, threads| threads;

/// Up to three jobs and three threads.
fn drawn<F: Future<Output = u64> + Send + 'static>(pool: Pool, offload: Offload<F>) -> Property {
    Property::new(&["jobs", "threads"], (1..=3_u64, 1..=3_usize), move |(jobs, threads)| {
        run(jobs, pool(usize::try_from(jobs).unwrap(), threads), offload);
    })
}

/// Jobs of 1, 2, 3 seconds, each of which has to be done in its own time.
fn run<F: Future<Output = u64> + Send + 'static>(jobs: u64, threads: usize, offload: Offload<F>) {
    let runtime = Builder::new_current_thread().max_blocking_threads(threads).enable_all().build().unwrap();
    let results: Vec<_> = runtime.block_on(async {
        let start = |seconds| {
            let deadline = Deadline::after(Duration::from_secs(seconds)).named(format!("job of {seconds} s"));
            let offloaded = async move {
                let result = offload(seconds).await;
                deadline.met();
                result
            };
            task::Builder::new().name(format!("waits-{seconds}")).spawn(offloaded).unwrap()
        };
        let tasks: Vec<_> = (1..=jobs).map(start).collect();
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.unwrap());
        }
        results
    });
    raddle::observe("results", format_args!("{results:?}"));
    assert!(results.into_iter().eq(1..=jobs), "a result is wrong");
}

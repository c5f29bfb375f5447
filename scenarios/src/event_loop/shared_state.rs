//! Tasks of one loop share a counter: one thread, no parallelism, and still a race.
//!
//! # What goes wrong
//! On an event loop nothing interleaves between two awaits, so an update without one is atomic (`no_await_inside`). An
//! await in the middle lets every other task in: `read_await_write` writes what it has read before, and whatever the
//! others have written meanwhile is lost. A lock that is held across the await keeps them out (`async_lock`).
//!
//! # Outcomes
//! | variant            | final counter of two tasks | because                                      |
//! |--------------------|----------------------------|----------------------------------------------|
//! | `no_await_inside`  | 2                          | nobody else is polled between read and write |
//! | `async_lock`       | 2                          | others wait for the lock                     |
//! | `read_await_write` | 1 or 2                     | the write may rest on an out-of-date read    |
//!
//! # Use instead
//! Read after the await; or hold a `tokio::sync::Mutex` (in Python an `asyncio.Lock`) across it.
//!
//! # In Python
//! `value = self.count`, then `await session.post(value)`, then `self.count = value + 1`.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    task::{self, sync::Mutex},
    time::{Duration, sleep},
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "event_loop/shared_state",
    "The Event Loop and Coroutines",
    raddle::source!("shared_state.rs"),
    &[
        Variant::correct("no_await_inside", || run(2, no_await_inside))
            .full_size(|| run(5, no_await_inside))
            .property(|| drawn(no_await_inside)),
        Variant::correct("async_lock", || run(2, async_lock))
            .full_size(|| run(5, async_lock))
            .cancel_anywhere()
            .property(|| drawn(async_lock)),
        Variant::buggy("read_await_write", Class::AtomicityViolation, || run(2, read_await_write))
            .fails_with(Expect::Assertion("an update was lost"))
            .property(|| drawn(read_await_write))
            .smallest("tasks 2", 0),
    ],
);

/// A counter of one loop's, and a lock for it.
struct Counter {
    value: AtomicU32,
    lock: Mutex<()>,
}

async fn post(_value: u32) {
    sleep(Duration::from_secs(1)).await;
}

async fn no_await_inside(counter: Arc<Counter>) {
    post(counter.value.load(SeqCst)).await;
    let value = counter.value.load(SeqCst);
    counter.value.store(value + 1, SeqCst);
}

async fn async_lock(counter: Arc<Counter>) {
    let _guard = counter.lock.lock().await;
    let value = counter.value.load(SeqCst);
    post(value).await;
    counter.value.store(value + 1, SeqCst);
}

async fn read_await_write(counter: Arc<Counter>) {
    let value = counter.value.load(SeqCst);
    post(value).await;
    // BUG: whoever was polled during the await has read the same `value`.
    counter.value.store(value + 1, SeqCst);
}

/// An update of the counter, as a task.
type Update<F> = fn(Arc<Counter>) -> F;

fn drawn<F: Future<Output = ()> + Send + 'static>(update: Update<F>) -> Property {
    Property::new(&["tasks"], 1..=5_u32, move |tasks| run(tasks, update))
}

fn run<F: Future<Output = ()> + Send + 'static>(tasks: u32, update: Update<F>) {
    task::block_on(async {
        let (value, lock) = (AtomicU32::new(0).named("counter"), Mutex::new(()).named("lock"));
        let counter = Arc::new(Counter { value, lock });
        let start =
            |number| task::Builder::new().name(format!("task-{number}")).spawn(update(Arc::clone(&counter))).unwrap();
        let mut updates = 0;
        for task in (1..=tasks).map(start).collect::<Vec<_>>() {
            // One that was cancelled has written nothing.
            updates += u32::from(task.await.is_ok());
        }
        raddle::observe("counter", counter.value.load(SeqCst));
        assert!(counter.value.load(SeqCst) == updates, "an update was lost");
    });
}

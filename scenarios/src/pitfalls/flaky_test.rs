//! A test of something that happens later: it waits for the effect, or for a time and hopes.
//!
//! # What goes wrong
//! What a test starts in the background has not happened when the call returns. Asserted right away it holds only if the
//! loop happens to have polled the other task, and that had nothing to wait for (`asserts_before_effect`). The usual repair
//! is to sleep (`sleeps_and_hopes`), and it makes the failure rare: the fetch then has a second, which is a lot. It still
//! fails when the fetch takes as long, and a longer sleep moves that instant and removes it for no fetch that retries.
//! Virtual time makes such a test fast, and no truer: at the instant at which both wake, either may be polled first.
//!
//! # Outcomes
//! | variant                 | the test                      | because                                        |
//! |-------------------------|-------------------------------|------------------------------------------------|
//! | `waits_for_effect`      | passes                        | it goes on when the page is there              |
//! | `asserts_before_effect` | or fails                      | nothing orders the page and the assertion      |
//! | `sleeps_and_hopes`      | or fails, more rarely         | the fetch can take as long as the sleep        |
//!
//! # Use instead
//! Await the task, a notification, or a channel that the effect comes by. A `timeout` around it is there to fail the test,
//! not to pass it, and can be as long as one likes.
//!
//! # In Python
//! With `pytest-asyncio`: `data = await some_async_fetch_function(url)`, then `assert len(data) > 0`. What the tested code
//! starts by `create_task` has to be awaited by the test, too; `await asyncio.sleep(1)` before the `assert` is
//! `sleeps_and_hopes`. In Rust tokio's clock can be paused (`tokio::time::pause`), which makes the same test fast.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    task::{self, sync::Notify},
    time::{Duration, sleep},
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "pitfalls/flaky_test",
    "Debugging and Testing Concurrent Code: Unit Tests",
    raddle::source!("flaky_test.rs"),
    &[
        Variant::correct("waits_for_effect", || run(1, waits_for_effect))
            .full_size(|| run(3, waits_for_effect))
            .property(|| drawn(waits_for_effect)),
        Variant::buggy("asserts_before_effect", Class::OrderViolation, || run(0, asserts_before_effect))
            .fails_with(Expect::Assertion("there is no page yet"))
            .property(|| drawn(asserts_before_effect))
            .smallest("retries 0", 0),
        Variant::buggy("sleeps_and_hopes", Class::OrderViolation, || run(1, sleeps_and_hopes))
            .fails_with(Expect::Assertion("there is no page yet"))
            .property(|| drawn(sleeps_and_hopes))
            .smallest("retries 1", 0),
    ],
);

const SECOND: Duration = Duration::from_secs(1);

/// Where a page is put that is fetched in the background.
struct Cache {
    bytes: AtomicU32,
    stored: Notify,
}

impl Cache {
    /// Fetches a page; the server makes it wait for a second, so many times at most.
    async fn fetch(&self, retries: usize) {
        for _ in 0..raddle::choose(retries + 1) {
            sleep(SECOND).await;
        }
        self.bytes.store(1256, SeqCst);
        self.stored.notify_one();
    }
}

async fn waits_for_effect(cache: Arc<Cache>) -> u32 {
    cache.stored.notified().await;
    cache.bytes.load(SeqCst)
}

async fn asserts_before_effect(cache: Arc<Cache>) -> u32 {
    task::yield_now().await;
    // BUG: the fetch can have been polled by now, and done; it need not have.
    cache.bytes.load(SeqCst)
}

async fn sleeps_and_hopes(cache: Arc<Cache>) -> u32 {
    sleep(SECOND).await;
    // BUG: a fetch that takes a second ends at this instant, and may be polled after this.
    cache.bytes.load(SeqCst)
}

/// A test: what it has found to assert.
type Test<F> = fn(Arc<Cache>) -> F;

fn drawn<F: Future<Output = u32> + 'static>(test: Test<F>) -> Property {
    Property::new(&["retries"], 0..=3_usize, move |retries| run(retries, test))
}

fn run<F: Future<Output = u32>>(retries: usize, test: Test<F>) {
    task::block_on(async {
        let (bytes, stored) = (AtomicU32::new(0).named("bytes"), Notify::new().named("stored"));
        let cache = Arc::new(Cache { bytes, stored });
        let theirs = Arc::clone(&cache);
        let fetch = task::Builder::new().name("fetch").spawn(async move { theirs.fetch(retries).await }).unwrap();
        let bytes = test(cache).await;
        fetch.await.unwrap();
        raddle::observe("bytes", bytes);
        assert!(bytes > 0, "there is no page yet");
    });
}

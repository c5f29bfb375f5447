//! A producer puts items into a queue, a consumer gets them, and `join()` tells when all have been dealt with.
//!
//! # What goes wrong
//! A queue counts what was put and not yet reported by `task_done()`; `join()` waits until nothing is left, and then the
//! consumer can be cancelled. The report has to come after the work: `done_before_work` reports an item when it has got it,
//! `join()` returns, and the cancel strikes in the middle of the work. With `done_forgotten` the count never comes to
//! nothing. `cancelled_before_join` waits for the producer only, and what has been put has not been dealt with.
//! The queue itself can lose an item, too: `item_to_cancelled_getter` gives it straight to the getter that waits, and if
//! that gives up before it is polled again, the item goes with it.
//!
//! # Outcomes
//! | variant                    | at the end             | because                                            |
//! |----------------------------|------------------------|----------------------------------------------------|
//! | `done_after_work`          | all items dealt with   | `join()` counts what has been worked on            |
//! | `done_before_work`         | or one is lost         | the cancel comes between the report and the work   |
//! | `done_forgotten`           | `join()` never returns | nobody reports                                     |
//! | `cancelled_before_join`    | or one is lost         | it was in the queue, or in work                    |
//! | `item_to_cancelled_getter` | or one is lost         | it was in nobody's queue and nobody's hands        |
//!
//! # Use instead
//! `task_done()` after the work (in Python in a `finally`), `join()` before `cancel()`; a `get` that takes an item out of
//! the queue only in the poll in which it returns it.
//!
//! # In Python
//! `await producer_task`, `await queue.join()`, `consumer_task.cancel()`: the order of these lines, and in the consumer that
//! of `print(item)` and `queue.task_done()`. A getter is cancelled by `asyncio.wait_for(queue.get(), timeout)`.
//!
//! # Seen in the wild
//! python/asyncio PR 256: `put()` set an item as the result of a getter that was cancelled in the same round of the loop.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    task::{
        self, Either, JoinHandle,
        sync::{Notify, oneshot},
    },
    time::{Duration, sleep, timeout},
};
use std::collections::VecDeque;

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "flows/producer_consumer",
    "Example of a Producer-Consumer Pattern in Async",
    raddle::source!("producer_consumer.rs"),
    &[
        Variant::correct("done_after_work", || run(2, 1, put, done_after_work, join_then_cancel))
            .full_size(|| run(5, 1, put, done_after_work, join_then_cancel))
            .property(|| drawn(put, done_after_work, join_then_cancel)),
        Variant::buggy("done_before_work", Class::OrderViolation, || {
            run(1, 0, put, done_before_work, join_then_cancel)
        })
        .full_size(|| run(5, 0, put, done_before_work, join_then_cancel))
        .fails_with(Expect::Assertion("an item was lost"))
        .property(|| drawn(put, done_before_work, join_then_cancel))
        .smallest("items 1, impatient 0", 0),
        Variant::buggy("done_forgotten", Class::LostWakeup, || run(1, 0, put, done_forgotten, join_then_cancel))
            .full_size(|| run(5, 0, put, done_forgotten, join_then_cancel))
            .fails_with(Expect::Stuck)
            .property(|| drawn(put, done_forgotten, join_then_cancel))
            .smallest("items 1, impatient 0", 0),
        Variant::buggy("cancelled_before_join", Class::OrderViolation, || {
            run(1, 0, put, done_after_work, cancelled_before_join);
        })
        .full_size(|| run(5, 0, put, done_after_work, cancelled_before_join))
        .fails_with(Expect::Assertion("an item was lost"))
        .property(|| drawn(put, done_after_work, cancelled_before_join))
        .smallest("items 1, impatient 0", 0),
        Variant::buggy("item_to_cancelled_getter", Class::AtomicityViolation, || {
            run(1, 1, item_to_cancelled_getter, done_after_work, join_for_a_minute);
        })
        .full_size(|| run(5, 1, item_to_cancelled_getter, done_after_work, join_for_a_minute))
        .fails_with(Expect::Assertion("an item was lost"))
        .property(|| drawn(item_to_cancelled_getter, done_after_work, join_for_a_minute))
        .smallest("items 1, impatient 1", 0),
    ],
);

/// What `asyncio.Queue` is made of.
struct Queue {
    items: Mutex<VecDeque<u32>>,
    /// Those who wait for an item: an item that they are sent, or word that there is one.
    getters: Mutex<VecDeque<oneshot::Sender<Option<u32>>>>,
    unfinished: AtomicU32,
    finished: Notify,
    /// How often the consumer gives up, before it waits for as long as it takes.
    impatient: AtomicU32,
    worked_on: AtomicU32,
}

impl Queue {
    async fn get(&self) -> u32 {
        loop {
            if let Some(item) = self.items.lock().unwrap().pop_front() {
                return item;
            }
            let (getter, sent) = oneshot::channel();
            self.getters.lock().unwrap().push_back(getter);
            if let Ok(Some(item)) = sent.await {
                return item;
            }
        }
    }

    /// The next item: the consumer's `await queue.get()`, given up after one round of the loop while it is impatient.
    async fn next(&self) -> u32 {
        while self.impatient.load(SeqCst) > 0 {
            self.impatient.fetch_sub(1, SeqCst);
            if let Either::Left(item) = task::race(self.get(), task::yield_now()).await {
                return item;
            }
        }
        self.get().await
    }

    fn task_done(&self) {
        if self.unfinished.fetch_sub(1, SeqCst) == 1 {
            self.finished.notify_one();
        }
    }

    async fn join(&self) {
        while self.unfinished.load(SeqCst) > 0 {
            self.finished.notified().await;
        }
    }

    /// What the consumer does with an item.
    async fn work(&self, _item: u32) {
        sleep(Duration::from_secs(1)).await;
        self.worked_on.fetch_add(1, SeqCst);
    }
}

fn put(queue: &Queue, item: u32) {
    queue.items.lock().unwrap().push_back(item);
    if let Some(getter) = queue.getters.lock().unwrap().pop_front() {
        // Whoever has given up finds the item in the queue the next time.
        _ = getter.send(None);
    }
}

fn item_to_cancelled_getter(queue: &Queue, item: u32) {
    let getter = queue.getters.lock().unwrap().pop_front();
    let kept = match getter {
        // BUG: the getter can give up before it is polled again, and the item is not in the queue any more.
        Some(getter) => getter.send(Some(item)).err().flatten(),
        None => Some(item),
    };
    queue.items.lock().unwrap().extend(kept);
}

async fn done_after_work(queue: Arc<Queue>) {
    loop {
        let item = queue.next().await;
        queue.work(item).await;
        queue.task_done();
    }
}

async fn done_before_work(queue: Arc<Queue>) {
    loop {
        let item = queue.next().await;
        // BUG: this ends `join()`, and the work on the item has not begun.
        queue.task_done();
        queue.work(item).await;
    }
}

async fn done_forgotten(queue: Arc<Queue>) {
    loop {
        let item = queue.next().await;
        queue.work(item).await;
        // BUG: nobody says that the item has been worked on, and `join()` waits for that.
    }
}

async fn join_then_cancel(queue: Arc<Queue>, consumer: JoinHandle<()>) {
    queue.join().await;
    consumer.abort();
}

async fn join_for_a_minute(queue: Arc<Queue>, consumer: JoinHandle<()>) {
    _ = timeout(Duration::from_secs(60), queue.join()).await;
    consumer.abort();
}

async fn cancelled_before_join(queue: Arc<Queue>, consumer: JoinHandle<()>) {
    // BUG: the producer has put all items, and the consumer is still at work.
    consumer.abort();
    _ = timeout(Duration::from_secs(60), queue.join()).await;
}

type Put = fn(&Queue, u32);
type Consume<F> = fn(Arc<Queue>) -> F;
type End<G> = fn(Arc<Queue>, JoinHandle<()>) -> G;

fn drawn<F, G>(put: Put, consume: Consume<F>, end: End<G>) -> Property
where
    F: Future<Output = ()> + Send + 'static,
    G: Future<Output = ()> + 'static,
{
    let sizes = (1..=5_u32, 0..=1_u32);
    Property::new(&["items", "impatient"], sizes, move |(items, impatient)| run(items, impatient, put, consume, end))
}

/// The article's program.
fn run<F, G>(items: u32, impatient: u32, put: Put, consume: Consume<F>, end: End<G>)
where
    F: Future<Output = ()> + Send + 'static,
    G: Future<Output = ()>,
{
    task::block_on(async {
        let count = |name: &'static str, start| AtomicU32::new(start).named(name);
        let queue = Arc::new(Queue {
            items: Mutex::default().named("items"),
            getters: Mutex::default().named_opaque("getters"),
            unfinished: count("unfinished", 0),
            finished: Notify::new().named("finished"),
            impatient: count("impatient", impatient),
            worked_on: count("worked_on", 0),
        });
        let consumer = task::Builder::new().name("consumer").spawn(consume(Arc::clone(&queue))).unwrap();
        let theirs = Arc::clone(&queue);
        let produce = async move {
            for item in 1..=items {
                theirs.unfinished.fetch_add(1, SeqCst);
                put(&theirs, item);
                sleep(Duration::from_secs(1)).await;
            }
        };
        task::Builder::new().name("producer").spawn(produce).unwrap().await.unwrap();
        end(Arc::clone(&queue), consumer).await;
        assert!(queue.worked_on.load(SeqCst) == items, "an item was lost");
    });
}

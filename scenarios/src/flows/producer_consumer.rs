//! A producer puts items into a queue, a consumer gets them, and `join()` tells when all have been dealt with.
//!
//! # What goes wrong
//! A queue counts what was put and not yet reported by `task_done()`. When `join()` finds nothing left the consumer can be
//! cancelled. `done_before_work` reports an item too soon, and the cancel strikes in the middle of the work. With
//! `done_forgotten` the count never comes to nothing. `cancelled_before_join` waits for the producer only. And the queue
//! itself can lose an item: `item_to_cancelled_getter` gives it straight to a getter, which may have given up by then.
//!
//! # Outcomes
//! | variant                    | at the end             | because                                          |
//! |----------------------------|------------------------|--------------------------------------------------|
//! | `done_after_work`          | all items worked on    | `join()` counts what has been worked on          |
//! | `done_before_work`         | or one is lost         | the cancel comes between the report and the work |
//! | `done_forgotten`           | `join()` never returns | nobody reports                                   |
//! | `cancelled_before_join`    | or one is lost         | it was in the queue, or in work                  |
//! | `item_to_cancelled_getter` | or one is lost         | it was with a getter that had given up           |
//!
//! # Use instead
//! `task_done()` after the work, `join()` before `cancel()`; a `get` that takes an item out as it returns it, not before.
//!
//! # In Python
//! `await producer_task`, `await queue.join()`, `consumer_task.cancel()`, in this order, and in the consumer `print(item)`
//! before `queue.task_done()`. A getter is cancelled by `asyncio.wait_for(queue.get(), timeout)`.
//!
//! # Seen in the wild
//! python/asyncio PR 256: `put()` set an item as the result of a getter that was cancelled in the same round of the loop.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    task::{self, Either::Left, JoinHandle, sync::Notify, sync::oneshot},
    time::{Duration, sleep, timeout},
};
use std::collections::VecDeque;

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "flows/producer_consumer",
    "Example of a Producer-Consumer Pattern in Async",
    raddle::source!("producer_consumer.rs"),
    &[
        Variant::correct("done_after_work", || run(1, 0, put, done_after_work, join_first))
            .full_size(|| run(5, 1, put, done_after_work, join_first))
            .cancel_anywhere()
            .property(|| drawn(put, done_after_work, join_first)),
        Variant::buggy("done_before_work", Class::OrderViolation, || run(1, 0, put, done_before_work, join_first))
            .full_size(|| run(5, 0, put, done_before_work, join_first))
            .fails_with(Expect::Assertion("an item was lost"))
            .property(|| drawn(put, done_before_work, join_first))
            .smallest("items 1, impatient 0", 0),
        Variant::buggy("done_forgotten", Class::LostWakeup, || run(1, 0, put, done_forgotten, join_first))
            .fails_with(Expect::Stuck)
            .property(|| drawn(put, done_forgotten, join_first))
            .smallest("items 1, impatient 0", 0),
        Variant::buggy("cancelled_before_join", Class::OrderViolation, || {
            run(1, 0, put, done_after_work, cancelled_before_join);
        })
        .fails_with(Expect::Assertion("an item was lost"))
        .property(|| drawn(put, done_after_work, cancelled_before_join))
        .smallest("items 1, impatient 0", 0),
        Variant::buggy("item_to_cancelled_getter", Class::AtomicityViolation, || {
            run(1, 1, item_to_cancelled_getter, done_after_work, join_a_minute);
        })
        .full_size(|| run(5, 1, item_to_cancelled_getter, done_after_work, join_a_minute))
        .fails_with(Expect::Assertion("an item was lost"))
        .property(|| drawn(item_to_cancelled_getter, done_after_work, join_a_minute))
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

    /// The consumer's next item. If it is impatient it gives up once, after a round of the loop, and starts again.
    async fn next(&self) -> u32 {
        if self.impatient.swap(0, SeqCst) > 0
            && let Left(item) = task::race(self.get(), task::yield_now()).await
        {
            return item;
        }
        self.get().await
    }

    /// Sends this to the first getter that is still there.
    fn send(&self, sent: Option<u32>) -> bool {
        let mut getters = self.getters.lock().unwrap();
        std::iter::from_fn(|| getters.pop_front()).any(|getter| getter.send(sent).is_ok())
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

    async fn work(&self, item: u32) {
        let in_work = InWork(self, item);
        sleep(Duration::from_secs(1)).await;
        self.worked_on.fetch_add(1, SeqCst);
        std::mem::forget(in_work);
    }
}

/// An item that goes back into the queue when the work on it is cancelled.
struct InWork<'a>(&'a Queue, u32);

impl Drop for InWork<'_> {
    fn drop(&mut self) {
        self.0.items.lock().unwrap().push_front(self.1);
    }
}

fn put(queue: &Queue, item: u32) {
    queue.items.lock().unwrap().push_back(item);
    queue.send(None);
}

fn item_to_cancelled_getter(queue: &Queue, item: u32) {
    // BUG: the getter can give up before it is polled again, and the item is not in the queue any more.
    if !queue.send(Some(item)) {
        queue.items.lock().unwrap().push_back(item);
    }
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

async fn join_first(queue: Arc<Queue>, mut consumer: JoinHandle<()>) -> bool {
    let ended = task::race(queue.join(), &mut consumer).await;
    consumer.abort();
    matches!(ended, Left(()))
}

async fn join_a_minute(queue: Arc<Queue>, consumer: JoinHandle<()>) -> bool {
    timeout(Duration::from_mins(1), join_first(queue, consumer)).await.unwrap_or(true)
}

async fn cancelled_before_join(queue: Arc<Queue>, consumer: JoinHandle<()>) -> bool {
    // BUG: the producer has put all items, and the consumer is still at work.
    consumer.abort();
    join_a_minute(queue, consumer).await;
    true
}

trait Task<T>: Future<Output = T> + Send + 'static {}
impl<F: Future + Send + 'static> Task<F::Output> for F {}
type Put = fn(&Queue, u32);
type Consume<F> = fn(Arc<Queue>) -> F;
/// Waits for the work, and ends the consumer; whether, as far as it knows, all has been worked on.
type End<G> = fn(Arc<Queue>, JoinHandle<()>) -> G;

fn drawn<F: Task<()>, G: Task<bool>>(put: Put, consume: Consume<F>, end: End<G>) -> Property {
    let sizes = (1..=5_u32, 0..=1_u32);
    Property::new(&["items", "impatient"], sizes, move |(items, impatient)| run(items, impatient, put, consume, end))
}

/// The article's program.
fn run<F: Task<()>, G: Task<bool>>(items: u32, impatient: u32, put: Put, consume: Consume<F>, end: End<G>) {
    task::block_on(async {
        let queue = Arc::new(Queue {
            items: Mutex::default().named("items"),
            getters: Mutex::default().named_opaque("getters"),
            unfinished: AtomicU32::new(0).named("unfinished"),
            finished: Notify::new().named("finished"),
            impatient: AtomicU32::new(impatient).named("impatient"),
            worked_on: AtomicU32::new(0).named("worked_on"),
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
        let all_put = task::Builder::new().name("producer").spawn(produce).unwrap().await.is_ok();
        let all_done = end(Arc::clone(&queue), consumer).await && all_put;
        let in_queue = u32::try_from(queue.items.lock().unwrap().len()).unwrap();
        raddle::observe("worked_on", queue.worked_on.load(SeqCst));
        assert!(queue.unfinished.load(SeqCst) == in_queue, "an item was lost");
        assert!(!all_done || queue.worked_on.load(SeqCst) == items, "an item was lost");
    });
}

//! Stages that pass items on through channels, and how the last one learns that there are no more.
//!
//! # What goes wrong
//! A stage waits for the next item, and has to be told that none will come. A channel that closes when its last sender is
//! gone tells it to all workers of a stage, and when they have gone, to the next stage. With `no_sentinel` the source
//! stays, says nothing, and waits for the workers to go. A sentinel is an item like another, so one worker gets it:
//! of two, `one_sentinel_many_workers` leaves one waiting. And a sentinel that a worker passes on says nothing of its
//! colleague's item: with `sentinel_overtakes` the sink goes home while that is still in work.
//! Channels with limited room make senders wait. In `feedback_full` the one who feeds the pipeline is the one who empties it:
//! it waits for the worker to take an item, and the worker for it to take a result.
//!
//! # Outcomes
//! | variant                     | at the sink           | because                                               |
//! |-----------------------------|-----------------------|-------------------------------------------------------|
//! | `close_propagates`          | all items, and ends   | a channel is closed when all who send have gone       |
//! | `no_sentinel`               | all items, no end     | the workers wait for the source, which waits for them |
//! | `one_sentinel_many_workers` | all items, no end     | one worker took the only sentinel                     |
//! | `sentinel_overtakes`        | or an item is missing | the first worker's sentinel ends it for all           |
//! | `feedback_full`             | or nothing            | both channels are full, and both ends send            |
//!
//! # Use instead
//! Close instead of sending a sentinel, and let the last worker's going close the next channel. Feed and drain in two tasks.
//!
//! # In Python
//! An `asyncio.Queue` has no end before 3.13's `shutdown()`: it takes `for _ in workers: await queue.put(None)`, and a
//! `gather(*workers)` before the sentinel for the next stage. `Queue(maxsize=1)` is a channel with room for one.
//!
//! # Seen in the wild
//! otel-arrow 2157: a manager waited for room in a node's channel, and the node for room in the manager's.

use raddle::prelude::*;
use raddle::{
    sync::Arc,
    task::{
        self,
        sync::{
            Mutex,
            mpsc::{self, Receiver, Sender},
        },
    },
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "flows/pipeline",
    "Concurrency Patterns: Pipeline",
    raddle::source!("pipeline.rs"),
    &[
        Variant::correct("close_propagates", || run(1, 2, close_propagates, pass_on))
            .full_size(|| run(5, 2, close_propagates, pass_on))
            .proven_at("2 items, 2 workers", || run(2, 2, close_propagates, pass_on))
            .deny_leaks()
            .property(|| drawn(close_propagates, pass_on)),
        Variant::buggy("no_sentinel", Class::OrderViolation, || run(1, 1, no_sentinel, pass_on))
            .fails_with(Expect::Stuck)
            .property(|| drawn(no_sentinel, pass_on))
            .smallest("items 1, workers 1", 0),
        Variant::buggy("one_sentinel_many_workers", Class::LostWakeup, || {
            run(1, 2, one_sentinel_many_workers, pass_on);
        })
        .fails_with(Expect::Stuck)
        .property(|| drawn(one_sentinel_many_workers, pass_on))
        .smallest("items 1, workers 2", 0),
        Variant::buggy("sentinel_overtakes", Class::OrderViolation, || run(1, 2, close_propagates, sentinel_overtakes))
            .fails_with(Expect::Assertion("an item is missing"))
            .property(|| drawn(close_propagates, sentinel_overtakes))
            .smallest("items 1, workers 2", 0),
        Variant::buggy("feedback_full", Class::Deadlock, || run(4, 1, feedback_full, pass_on))
            .fails_with(Expect::Deadlock(2))
            .property(|| drawn(feedback_full, pass_on))
            .smallest("items 4, workers 1", 0),
    ],
);

/// A number, or the sentinel.
type Item = Option<u32>;

/// The first stage.
struct Source {
    items: u32,
    input: Sender<Item>,
}

impl Source {
    async fn send_all(&self) {
        for item in 1..=self.items {
            self.input.send(Some(item)).await.unwrap();
        }
    }
}

/// The second stage, of which there may be several workers; it takes an item, and passes on its square.
struct Stage {
    input: Arc<Mutex<Receiver<Item>>>,
    output: Sender<Item>,
}

impl Stage {
    async fn next(&self) -> Item {
        self.input.lock().await.recv().await.flatten()
    }

    async fn pass_on_all(&self) {
        while let Some(item) = self.next().await {
            task::yield_now().await;
            // Nobody takes it if the sink has gone home.
            _ = self.output.send(Some(item * item)).await;
        }
    }
}

async fn pass_on(stage: Stage) {
    stage.pass_on_all().await;
}

async fn sentinel_overtakes(stage: Stage) {
    stage.pass_on_all().await;
    // BUG: another worker can still have an item in its hands, and the sink goes home at the first sentinel.
    _ = stage.output.send(None).await;
}

/// The third stage, to the end or the sentinel.
async fn sink(mut results: Receiver<Item>) -> u32 {
    let mut sum = 0;
    while let Some(result) = results.recv().await.flatten() {
        sum += result;
    }
    sum
}

async fn close_propagates(source: Source, results: Receiver<Item>) -> u32 {
    let feed = async move { source.send_all().await };
    let feeding = task::Builder::new().name("source").spawn(feed).unwrap();
    let sum = sink(results).await;
    feeding.await.unwrap();
    sum
}

async fn no_sentinel(source: Source, results: Receiver<Item>) -> u32 {
    let feed = async move {
        source.send_all().await;
        // BUG: the workers go when the source has gone, and it is the source that waits.
        source.input.closed().await;
    };
    let feeding = task::Builder::new().name("source").spawn(feed).unwrap();
    let sum = sink(results).await;
    feeding.await.unwrap();
    sum
}

async fn one_sentinel_many_workers(source: Source, results: Receiver<Item>) -> u32 {
    let feed = async move {
        source.send_all().await;
        // BUG: one worker gets this, and the others wait for theirs.
        source.input.send(None).await.unwrap();
        source.input.closed().await;
    };
    let feeding = task::Builder::new().name("source").spawn(feed).unwrap();
    let sum = sink(results).await;
    feeding.await.unwrap();
    sum
}

async fn feedback_full(source: Source, results: Receiver<Item>) -> u32 {
    // BUG: while this waits for room nobody takes results, and room there is when the worker has got rid of one.
    source.send_all().await;
    drop(source);
    sink(results).await
}

/// Feeds the pipeline, and gives the sum of what comes out.
type Ends<F> = fn(Source, Receiver<Item>) -> F;

/// A worker of the second stage.
type Work<G> = fn(Stage) -> G;

fn drawn<F, G>(ends: Ends<F>, work: Work<G>) -> Property
where
    F: Future<Output = u32> + 'static,
    G: Future<Output = ()> + Send + 'static,
{
    let sizes = (1..=5_u32, 1..=3_u32);
    Property::new(&["items", "workers"], sizes, move |(items, workers)| run(items, workers, ends, work))
}

/// Three stages, and two channels with room for one.
fn run<F, G>(items: u32, workers: u32, ends: Ends<F>, work: Work<G>)
where
    F: Future<Output = u32>,
    G: Future<Output = ()> + Send + 'static,
{
    task::block_on(async {
        let (input, taken) = mpsc::channel(1);
        let (output, results) = mpsc::channel(1);
        let (input, output) = (input.named("input"), output.named("output"));
        let taken = Arc::new(Mutex::new(taken).named("whose turn it is"));
        for number in 1..=workers {
            let stage = Stage { input: Arc::clone(&taken), output: output.clone() };
            // It goes by itself: the sink sees it.
            drop(task::Builder::new().name(format!("worker-{number}")).spawn(work(stage)).unwrap());
        }
        drop((taken, output));
        let sum = ends(Source { items, input }, results).await;
        raddle::observe("sum", sum);
        assert!(sum == (1..=items).map(|item| item * item).sum::<u32>(), "an item is missing");
    });
}

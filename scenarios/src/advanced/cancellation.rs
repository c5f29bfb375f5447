//! A long operation is cancelled in its third second: what becomes of what it had begun, and does it end at all?
//!
//! # What goes wrong
//! Cancellation ends a task at an await, any of them. In Rust the future is dropped there: what has to be put right is put
//! right by destructors. What is half done at an await stays half done (`torn_update`), and a future that is dropped
//! because another branch of a `select` was first takes along what it has taken (`item_lost_in_select`). Where
//! cancelling is a request that the task gets to see, as in Python, the task can take it for one more error and go on
//! (`swallowed`); it is not asked twice, and whoever awaits its end waits for ever.
//!
//! # Outcomes
//! | variant                   | at the end                    | because                                           |
//! |---------------------------|-------------------------------|---------------------------------------------------|
//! | `cleans_up_and_reraises`  | each item to do, or done      | an item changes sides between two awaits          |
//! | `torn_update`             | or an item that is nowhere    | the task ended between the update's two halves    |
//! | `item_lost_in_select`     | or an item that is nowhere    | the branch that had it was not the first          |
//! | `swallowed`               | `main` waits for ever         | the request was seen, and not obeyed              |
//!
//! # Use instead
//! No await between the halves of an update, or a destructor that undoes the first. In a `select` branch only what loses
//! nothing when it is dropped (a channel's `recv`), and the rest after it. Whoever sees the request cleans up and returns.
//!
//! # In Python
//! `except asyncio.CancelledError: …; raise`, and what needs no look at the error in `finally:`. Without the `raise`, or with
//! a bare `except:` inside the loop, `task.cancel()` has been used up and `await task` never ends. `asyncio.shield()`
//! around both halves keeps an update whole. `item_lost_in_select` is `asyncio.wait(…, return_when=FIRST_COMPLETED)`
//! with a `cancel()` for all that are pending, or a `wait_for` around a `get` and what follows it.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    task::{
        self,
        Either::{Left, Right},
        JoinHandle, race,
        sync::Notify,
    },
    time::{Duration, sleep},
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "advanced/cancellation",
    "Task Cancellation",
    raddle::source!("cancellation.rs"),
    &[
        Variant::correct("cleans_up_and_reraises", || run(5, 2, abort, cleans_up_and_reraises))
            .deny_leaks()
            .cancel_anywhere()
            .property(|| drawn(abort, cleans_up_and_reraises)),
        Variant::buggy("swallowed", Class::LostWakeup, || run(5, 2, request, swallowed))
            .fails_with(Expect::Stuck)
            .property(|| drawn(request, swallowed))
            .smallest("cancelled_after 1, items 1", 0),
        Variant::buggy("torn_update", Class::AtomicityViolation, || run(5, 2, abort, torn_update))
            .fails_with(Expect::Assertion("an item is neither to do nor done"))
            .property(|| drawn(abort, torn_update))
            .smallest("cancelled_after 1, items 1", 0),
        Variant::buggy("item_lost_in_select", Class::AtomicityViolation, || run(5, 2, request, item_lost_in_select))
            .fails_with(Expect::Assertion("an item is neither to do nor done"))
            .property(|| drawn(request, item_lost_in_select))
            .smallest("cancelled_after 1, items 1", 0),
    ],
);

/// Items to do, items done, and what the task hears of.
struct Work {
    to_do: AtomicU32,
    done: AtomicU32,
    busy: AtomicBool,
    more: Notify,
    cancelled: Notify,
}

impl Work {
    /// Waits until there is an item to do; main brings none after the first.
    async fn wait_for_item(&self) {
        while self.to_do.load(SeqCst) == 0 {
            self.more.notified().await;
        }
    }

    /// Waits for an item, takes it, and works at it for a second.
    async fn next(&self) {
        self.wait_for_item().await;
        self.to_do.fetch_sub(1, SeqCst);
        sleep(Duration::from_secs(1)).await;
    }
}

/// Somebody is at work until this is dropped: Python's `finally`.
struct AtWork(Arc<Work>);

impl AtWork {
    fn begin(work: &Arc<Work>) -> Self {
        work.busy.store(true, SeqCst);
        AtWork(Arc::clone(work))
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.busy.store(false, SeqCst);
    }
}

async fn cleans_up_and_reraises(work: Arc<Work>) {
    let _at_work = AtWork::begin(&work);
    loop {
        work.wait_for_item().await;
        sleep(Duration::from_secs(1)).await;
        work.to_do.fetch_sub(1, SeqCst);
        work.done.fetch_add(1, SeqCst);
    }
}

async fn torn_update(work: Arc<Work>) {
    let _at_work = AtWork::begin(&work);
    loop {
        work.wait_for_item().await;
        work.to_do.fetch_sub(1, SeqCst);
        // BUG: cancelled in this await, the task has taken an item and not done it.
        sleep(Duration::from_secs(1)).await;
        work.done.fetch_add(1, SeqCst);
    }
}

async fn item_lost_in_select(work: Arc<Work>) {
    let _at_work = AtWork::begin(&work);
    loop {
        // BUG: `next` can have an item in hand when the other branch is first, and is dropped with it.
        match race(work.cancelled.notified(), work.next()).await {
            Left(()) => return,
            Right(()) => work.done.fetch_add(1, SeqCst),
        };
    }
}

async fn swallowed(work: Arc<Work>) {
    let _at_work = AtWork::begin(&work);
    loop {
        match race(work.cancelled.notified(), work.wait_for_item()).await {
            // BUG: the request is taken for an error of this item's, and it does not come a second time.
            Left(()) => continue,
            Right(()) => sleep(Duration::from_secs(1)).await,
        }
        work.to_do.fetch_sub(1, SeqCst);
        work.done.fetch_add(1, SeqCst);
    }
}

fn abort(task: &JoinHandle<()>, _work: &Work) {
    task.abort();
}

fn request(_task: &JoinHandle<()>, work: &Work) {
    work.cancelled.notify_one();
}

/// How `main` cancels.
type Cancel = fn(&JoinHandle<()>, &Work);

/// Works until it is cancelled.
type Operation<F> = fn(Arc<Work>) -> F;

fn drawn<F: Future<Output = ()> + Send + 'static>(cancel: Cancel, lengthy_op: Operation<F>) -> Property {
    Property::new(&["cancelled_after", "items"], (1..=7_u64, 1..=5_u32), move |(cancelled_after, items)| {
        run(items, cancelled_after, cancel, lengthy_op);
    })
}

/// An operation of a second for each item, cancelled after so many seconds.
fn run<F: Future<Output = ()> + Send + 'static>(
    items: u32,
    cancelled_after: u64,
    cancel: Cancel,
    lengthy_op: Operation<F>,
) {
    task::block_on(async {
        let work = Arc::new(Work {
            to_do: AtomicU32::new(items).named("to do"),
            done: AtomicU32::new(0).named("done"),
            busy: AtomicBool::new(false).named("busy"),
            more: Notify::new().named("more"),
            cancelled: Notify::new().named("cancelled"),
        });
        let task = task::Builder::new().name("lengthy_op").spawn(lengthy_op(Arc::clone(&work))).unwrap();
        sleep(Duration::from_secs(cancelled_after)).await;
        cancel(&task, &work);
        // An error is the cancellation, caught in main.
        let (Ok(()) | Err(_)) = task.await;
        assert!(!work.busy.load(SeqCst), "the operation has not cleaned up");
        raddle::observe("done", work.done.load(SeqCst));
        let left = work.to_do.load(SeqCst) + work.done.load(SeqCst);
        assert!(left == items, "an item is neither to do nor done");
    });
}

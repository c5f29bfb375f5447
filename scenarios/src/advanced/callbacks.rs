//! `call_soon` and `call_later`: callbacks in a queue, put there by timers, by threads, and by each other.
//!
//! # What goes wrong
//! A timer that is due is no timer any more: it is a callback in the queue, and the one before it can cancel it yet. A loop
//! that runs whatever is in the queue runs it after its `cancel` has returned (`timer_fires_after_cancel`). And code of
//! others' can run inside `put`: a listener, a destructor, a signal handler. If it puts something itself, and `put` holds the
//! queue's lock meanwhile, the thread waits for itself (`reentrant_callback`).
//!
//! # Outcomes
//! | variant                    | seen                              | because                                            |
//! |----------------------------|-----------------------------------|----------------------------------------------------|
//! | `threadsafe_call`          | an answer, or that it is too late | each is asked before it runs; calls come unlocked  |
//! | `timer_fires_after_cancel` | or both                           | the timer was in the queue when it was cancelled   |
//! | `reentrant_callback`       | or a thread that waits for itself | it holds the lock that the inner `put` wants       |
//!
//! # Use instead
//! A handle with a flag that says "cancelled", looked at when the callback would run, on the loop that also cancels. No code of
//! others' while a lock is held; push, unlock, and then tell whom it may concern.
//!
//! # In Python
//! `loop.call_soon_threadsafe(callback)` from other threads, `loop.call_soon` from none but the loop's. A `TimerHandle`
//! has the flag, and the loop looks at it. With a loop of your own, or `threading.Timer`, whose `cancel()` comes too late
//! when the function has been started, it is up to you. `queue.SimpleQueue.put` can be called from within itself;
//! `queue.Queue.put` can't.
//!
//! # Seen in the wild
//! A garbage collection inside `queue.Queue.put`, which ran a callback of a weak reference, which called `put` of the same
//! queue: `CPython` 76757.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{self, sync::Notify},
    thread,
    time::{Duration, sleep},
};
use std::collections::VecDeque;

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "advanced/callbacks",
    "Callbacks and Signals: call_soon, call_later",
    raddle::source!("callbacks.rs"),
    &[
        Variant::correct("threadsafe_call", || run(1, 0, threadsafe_call, unless_cancelled))
            .full_size(|| run(1, 1, threadsafe_call, unless_cancelled))
            .property(|| drawn(threadsafe_call, unless_cancelled)),
        Variant::buggy("timer_fires_after_cancel", Class::OrderViolation, || {
            run(1, 0, threadsafe_call, timer_fires_after_cancel);
        })
        .fails_with(Expect::Assertion("a timer fired after it had been cancelled"))
        .property(|| drawn(threadsafe_call, timer_fires_after_cancel))
        .smallest("garbage 0, requests 1", 0),
        Variant::buggy("reentrant_callback", Class::Deadlock, || run(1, 1, reentrant_callback, unless_cancelled))
            .fails_with(Expect::Deadlock(1))
            .property(|| drawn(reentrant_callback, unless_cancelled))
            .smallest("garbage 1, requests 1", 0),
    ],
);

/// What the loop is to run.
#[derive(Clone, Copy, Debug)]
enum Callback {
    /// Takes the answer to this request, and cancels its timer.
    Answer(usize),
    /// Gives this request up.
    Timer(usize),
    /// Somebody's own, of something that was collected.
    Finalizer,
}

/// The timer of a request that a thread answers.
struct Timer {
    cancelled: AtomicBool,
    fired_late: AtomicBool,
}

/// A queue of callbacks, and who is told when there are more.
struct Loop {
    queue: Mutex<VecDeque<Callback>>,
    pushed: Notify,
    garbage: Option<AtomicBool>,
    timers: Vec<Timer>,
}

impl Loop {
    fn new(requests: usize, garbage: bool) -> Self {
        let flag = |what: &str, number| AtomicBool::new(false).named(format!("timer-{number} {what}"));
        let timer = |number| Timer { cancelled: flag("cancelled", number), fired_late: flag("fired late", number) };
        Loop {
            queue: Mutex::new(VecDeque::new()).named("queue"),
            pushed: Notify::new().named("pushed"),
            garbage: garbage.then(|| AtomicBool::new(true).named("garbage")),
            timers: (0..requests).map(timer).collect(),
        }
    }

    /// A collection can come in any line; what is collected puts a callback.
    fn collect_garbage(&self, put: Put) {
        if self.garbage.as_ref().is_some_and(|garbage| garbage.swap(false, SeqCst)) {
            put(self, Callback::Finalizer);
        }
    }

    fn call(&self, callback: Callback) {
        match callback {
            Callback::Answer(number) => self.timers[number].cancelled.store(true, SeqCst),
            Callback::Timer(number) => {
                let cancelled = self.timers[number].cancelled.load(SeqCst);
                self.timers[number].fired_late.store(cancelled, SeqCst);
            }
            Callback::Finalizer => {}
        }
    }

    /// Runs so many callbacks, as they come.
    async fn serve(&self, callbacks: usize, next: Next) {
        for _ in 0..callbacks {
            let callback = loop {
                let first = self.queue.lock().unwrap().pop_front();
                match first {
                    Some(callback) => break callback,
                    None => self.pushed.notified().await,
                }
            };
            next(self, callback);
        }
    }
}

/// Puts a callback into the queue, from any thread.
type Put = fn(&Loop, Callback);

/// Runs the callback that was the queue's first.
type Next = fn(&Loop, Callback);

fn threadsafe_call(events: &Loop, callback: Callback) {
    events.queue.lock().unwrap().push_back(callback);
    events.collect_garbage(threadsafe_call);
    events.pushed.notify_one();
}

fn reentrant_callback(events: &Loop, callback: Callback) {
    let mut queue = events.queue.lock().unwrap();
    queue.push_back(callback);
    // BUG: what runs here may put a callback, too, and this thread holds the lock.
    events.collect_garbage(reentrant_callback);
    drop(queue);
    events.pushed.notify_one();
}

fn unless_cancelled(events: &Loop, callback: Callback) {
    let is_cancelled = matches!(callback, Callback::Timer(number) if events.timers[number].cancelled.load(SeqCst));
    if !is_cancelled {
        events.call(callback);
    }
}

fn timer_fires_after_cancel(events: &Loop, callback: Callback) {
    // BUG: an answer that was before it in the queue has cancelled this timer.
    events.call(callback);
}

fn drawn(put: Put, next: Next) -> Property {
    Property::new(&["garbage", "requests"], (0..=1_usize, 1..=3_usize), move |(garbage, requests)| {
        run(requests, garbage, put, next);
    })
}

/// Requests that threads answer after a second, each with a timer of a second; the first callback that is put may come with
/// a collection.
fn run(requests: usize, garbage: usize, put: Put, next: Next) {
    let events = Arc::new(Loop::new(requests, garbage == 1));
    let mut servers = Vec::new();
    task::block_on(async {
        for number in 0..requests {
            let ours = Arc::clone(&events);
            let timer = async move {
                sleep(Duration::from_secs(1)).await;
                put(&ours, Callback::Timer(number));
            };
            drop(task::Builder::new().name(format!("timer-{number}")).spawn(timer).unwrap());
            let ours = Arc::clone(&events);
            let serve = move || {
                thread::sleep(Duration::from_secs(1));
                put(&ours, Callback::Answer(number));
            };
            servers.push(thread::Builder::new().name(format!("server-{number}")).spawn(serve).unwrap());
        }
        events.serve(2 * requests + garbage, next).await;
    });
    for server in servers {
        server.join().unwrap();
    }
    let late = events.timers.iter().any(|timer| timer.fired_late.load(SeqCst));
    raddle::observe("late", late);
    assert!(!late, "a timer fired after it had been cancelled");
}

//! A loop sleeps until a waker is called: where that waker lies, since when, and whose it is.
//!
//! # What goes wrong
//! A future that is pending has left a waker with somebody who will call it; the loop polls it again when that happens, and
//! not before. The waker has to lie there before the future looks whether there is anything to do: the other way round, the
//! thread that brings something comes between the two, finds no waker, and calls nobody (`checks_then_registers`). It has
//! to be the waker of the last poll: a future can be polled by one task, handed over, and awaited by another, and the first
//! waker wakes the wrong one (`keeps_stale_waker`). And the thread has to call it: a callback that is put into the queue of
//! a loop that sleeps lies there until something else wakes the loop (`foreign_push_without_wake`).
//!
//! # Outcomes
//! | variant                     | the callback               | because                                          |
//! |-----------------------------|----------------------------|--------------------------------------------------|
//! | `registers_then_checks`     | runs                       | what comes after the look finds the waker        |
//! | `checks_then_registers`     | or lies there for ever     | it came after the look and before the waker      |
//! | `keeps_stale_waker`         | or lies there for ever     | the task that was woken does not wait for it     |
//! | `foreign_push_without_wake` | or lies there for ever     | nobody was woken                                 |
//!
//! # Use instead
//! `tokio::sync::Notify` or `mpsc`, which do all this; `futures::task::AtomicWaker` where a future is written by hand:
//! register, then check, each time.
//!
//! # In Python
//! `loop.call_soon(callback)` is for the loop's own thread: it appends to the queue and wakes nobody.
//! `loop.call_soon_threadsafe(callback)` also writes to the pipe that the loop sleeps on. In debug mode `call_soon` raises
//! a `RuntimeError` in another thread.
//!
//! # Seen in the wild
//! `call_soon` called from another thread, and nothing that says so: python/asyncio 154, which asked for the check.

use raddle::prelude::*;
use raddle::{
    sync::{Arc, Mutex},
    task, thread,
};
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "event_loop/waker",
    "The Event Loop and Coroutines: how a loop runs a future",
    raddle::source!("waker.rs"),
    &[
        Variant::correct("registers_then_checks", || run(1, true, registers_then_checks, push_and_wake))
            .full_size(|| run(3, true, registers_then_checks, push_and_wake))
            .property(|| drawn(registers_then_checks, push_and_wake)),
        Variant::buggy("checks_then_registers", Class::LostWakeup, || {
            run(1, false, checks_then_registers, push_and_wake);
        })
        .fails_with(Expect::Stuck)
        .property(|| drawn(checks_then_registers, push_and_wake))
        .smallest("callbacks 1, handed over false", 1),
        Variant::buggy("keeps_stale_waker", Class::LostWakeup, || run(1, true, keeps_stale_waker, push_and_wake))
            .fails_with(Expect::Stuck)
            .property(|| drawn(keeps_stale_waker, push_and_wake))
            .smallest("callbacks 1, handed over true", 0),
        Variant::buggy("foreign_push_without_wake", Class::LostWakeup, || {
            run(1, false, registers_then_checks, foreign_push_without_wake);
        })
        .fails_with(Expect::Stuck)
        .property(|| drawn(registers_then_checks, foreign_push_without_wake))
        .smallest("callbacks 1, handed over false", 0),
    ],
);

/// What threads want the loop to run, and the waker of who runs it.
#[derive(Debug)]
pub struct Inbox {
    callbacks: Mutex<VecDeque<u32>>,
    waker: Mutex<Slot>,
}

struct Slot(Option<Waker>);

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "there" } else { "none" })
    }
}

impl Default for Inbox {
    fn default() -> Self {
        let (queue, waker) = (Mutex::new(VecDeque::new()).named("callbacks"), Mutex::new(Slot(None)).named("waker"));
        Inbox { callbacks: queue, waker }
    }
}

impl Inbox {
    fn check(&self) -> Poll<u32> {
        let next = self.callbacks.lock().unwrap().pop_front();
        next.map_or(Poll::Pending, Poll::Ready)
    }

    fn register(&self, cx: &Context<'_>) {
        self.waker.lock().unwrap().0 = Some(cx.waker().clone());
    }

    /// Leaves a callback.
    pub fn push(&self, callback: u32) {
        self.callbacks.lock().unwrap().push_back(callback);
    }

    /// Wakes who runs callbacks, if it has registered.
    pub fn wake(&self) {
        let waker = self.waker.lock().unwrap().0.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// One poll for the next callback.
type Next = fn(&Inbox, &Context<'_>) -> Poll<u32>;
/// Has the loop run a callback.
type CallSoon = fn(&Inbox, u32);

/// Leaves its waker before it looks.
pub fn registers_then_checks(inbox: &Inbox, cx: &Context<'_>) -> Poll<u32> {
    inbox.register(cx);
    inbox.check()
}

/// Leaves its waker after it has looked.
pub fn checks_then_registers(inbox: &Inbox, cx: &Context<'_>) -> Poll<u32> {
    let next = inbox.check();
    // BUG: what has come since the check has found no waker, and this one is never called for it.
    inbox.register(cx);
    next
}

/// Leaves its waker if there is none.
pub fn keeps_stale_waker(inbox: &Inbox, cx: &Context<'_>) -> Poll<u32> {
    // BUG: the waker that is there can be that of a task which has handed this future over.
    inbox.waker.lock().unwrap().0.get_or_insert_with(|| cx.waker().clone());
    inbox.check()
}

fn push_and_wake(inbox: &Inbox, callback: u32) {
    inbox.push(callback);
    inbox.wake();
}

fn foreign_push_without_wake(inbox: &Inbox, callback: u32) {
    // BUG: the loop may sleep, and nothing tells it that there is a callback now.
    inbox.push(callback);
}

/// Runs so many callbacks, one after the other.
async fn run_callbacks(inbox: Arc<Inbox>, callbacks: u32, next: Next) {
    for number in 1..=callbacks {
        let callback = poll_fn(|cx| next(&inbox, cx)).await;
        raddle::observe("callback", callback);
        assert!(callback == number, "callbacks ran out of order");
    }
}

fn drawn(next: Next, call_soon: CallSoon) -> Property {
    let sizes = (1..=3_u32, raddle::proptest::bool::ANY);
    Property::new(&["callbacks", "handed over"], sizes, move |(callbacks, handed_over)| {
        run(callbacks, handed_over, next, call_soon);
    })
}

/// A thread that wants callbacks run, and a task that runs them: `main`, or one that it hands over to after a poll.
fn run(callbacks: u32, handed_over: bool, next: Next, call_soon: CallSoon) {
    let inbox = Arc::new(Inbox::default());
    let theirs = Arc::clone(&inbox);
    let call = move || (1..=callbacks).for_each(|number| call_soon(&theirs, number));
    let caller = thread::Builder::new().name("caller".into()).spawn(call).unwrap();
    task::block_on(async {
        let mut running = Box::pin(run_callbacks(inbox, callbacks, next));
        if !handed_over {
            return running.await;
        }
        let polled = poll_fn(|cx| Poll::Ready(running.as_mut().poll(cx))).await;
        if polled.is_pending() {
            task::Builder::new().name("runner").spawn(running).unwrap().await.unwrap();
        }
    });
    caller.join().unwrap();
}

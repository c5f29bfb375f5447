//! Payments are accepted, wait in an outbox, and are sent to the bank by a task of their own.
//!
//! # What goes wrong
//! A payment that has been accepted is sent, whatever happens: where the sender is stopped, the next one finds it in the
//! outbox. `taken_before_sent` takes it out, and awaits the bank with the payment in its hands; a sender that is cancelled
//! there drops it. `rings_once` tells a sender that waits about a new payment. One that has just found the outbox empty,
//! and does not wait yet, is not told.
//!
//! # Outcomes
//! | variant             | an accepted payment     | because                                          |
//! |---------------------|-------------------------|--------------------------------------------------|
//! | `kept_until_sent`   | is sent, or still there | it leaves the outbox when the bank has it        |
//! | `taken_before_sent` | or is lost              | the sender had it, and was cancelled             |
//! | `rings_once`        | or lies there for ever  | the sender had looked, and waits for the next    |
//!
//! # Use instead
//! Look at the first, send it, and remove it then. `Notify::notify_one`, which keeps a notification for who waits next.

use raddle::prelude::*;
use raddle::sync::{Arc, Mutex};
use raddle::tokio::runtime::Builder;
use raddle::tokio::sync::Notify;
use raddle::tokio::task;
use std::collections::VecDeque;

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "payments/outbox",
    "Outbox: a queue that survives who works on it",
    raddle::source!("outbox.rs"),
    &[
        Variant::correct("kept_until_sent", || a_day(kept_until_sent, rings_until_heard))
            .bounded(3, "a million executions are not enough for loom")
            .cancel_anywhere(),
        Variant::buggy("taken_before_sent", Class::OrderViolation, || a_day(taken_before_sent, rings_until_heard))
            .cancel_anywhere()
            .fails_with(Expect::Assertion("an accepted payment is lost")),
        Variant::buggy("rings_once", Class::LostWakeup, || a_day(kept_until_sent, rings_once))
            .fails_with(Expect::Stuck),
    ],
);

struct Outbox {
    queue: Mutex<Queue>,
    bell: Notify,
    bank: Mutex<Vec<u32>>,
}

#[derive(Debug, Default)]
struct Queue {
    payments: VecDeque<u32>,
    accepted: Vec<u32>,
    closed: bool,
}

impl Outbox {
    /// The first payment, or whether there will be none.
    fn first(&self) -> Result<u32, bool> {
        let queue = self.queue.lock().unwrap();
        queue.payments.front().copied().ok_or(queue.closed)
    }

    fn remove_first(&self) {
        self.queue.lock().unwrap().payments.pop_front();
    }

    /// The bank answers later than it books.
    async fn send(&self, payment: u32) {
        task::yield_now().await;
        self.bank.lock().unwrap().push(payment);
    }

    fn accept(&self, payment: u32) {
        let mut queue = self.queue.lock().unwrap();
        queue.payments.push_back(payment);
        queue.accepted.push(payment);
    }

    fn close(&self) {
        self.queue.lock().unwrap().closed = true;
    }
}

async fn kept_until_sent(outbox: Arc<Outbox>, payment: u32) {
    outbox.send(payment).await;
    outbox.remove_first();
}

async fn taken_before_sent(outbox: Arc<Outbox>, payment: u32) {
    outbox.remove_first();
    // BUG: who is cancelled here takes the payment along.
    outbox.send(payment).await;
}

fn rings_until_heard(outbox: &Outbox) {
    outbox.bell.notify_one();
}

fn rings_once(outbox: &Outbox) {
    // BUG: a sender that has looked, and does not wait yet, does not hear it.
    outbox.bell.notify_waiters();
}

/// Sends what there is until the outbox is closed.
async fn sends<F: Future<Output = ()>>(outbox: Arc<Outbox>, send: fn(Arc<Outbox>, u32) -> F) {
    loop {
        match outbox.first() {
            Ok(payment) => send(Arc::clone(&outbox), payment).await,
            Err(true) => return,
            Err(false) => outbox.bell.notified().await,
        }
    }
}

fn a_day<F>(send: fn(Arc<Outbox>, u32) -> F, ring: fn(&Outbox))
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = Builder::new_multi_thread().build().unwrap();
    runtime.block_on(async move {
        let outbox = Arc::new(Outbox {
            queue: Mutex::new(Queue::default()).named("queue"),
            bell: Notify::new().named("bell"),
            bank: Mutex::new(Vec::new()).named("bank"),
        });
        let sender = task::Builder::new().name("sender").spawn(sends(Arc::clone(&outbox), send)).unwrap();
        outbox.accept(1);
        ring(&outbox);
        outbox.close();
        ring(&outbox);
        let is_done = sender.await.is_ok();
        let (queue, bank) = (outbox.queue.lock().unwrap(), outbox.bank.lock().unwrap());
        let is_safe = |payment: &u32| bank.contains(payment) || (!is_done && queue.payments.contains(payment));
        assert!(queue.accepted.iter().all(is_safe), "an accepted payment is lost");
    });
}

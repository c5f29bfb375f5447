//! A result, a timer and a cancellation that come in one tick of the clock: one of them counts, and none gets lost.
//!
//! # What goes wrong
//! A wait with a timeout is a race, and both can arrive at the same instant: the loop has two callbacks to run then, and
//! neither knows of the other but by what they share. `both_win` looks whether it has been decided, awaits
//! something, and then decides; by then the other has, too. A cancellation is a third one in the race. `cancel_swallowed`
//! takes the result where both are there, and with that the cancellation is gone: it woke a wait that looked away. The task
//! goes on, to its next wait, and who cancelled it waits for its end.
//!
//! # Outcomes
//! | variant            | at the end                         | because                                        |
//! |--------------------|------------------------------------|------------------------------------------------|
//! | `one_winner`       | a result or a timeout, and an end  | claimed before the await; the request is kept  |
//! | `both_win`         | or a result and a timeout          | the look and the claim have an await between   |
//! | `cancel_swallowed` | or `main` waits for ever           | the request went to a wait that was over       |
//!
//! # Use instead
//! Look and claim without an await between them; `time::timeout` does. A request to stop is a state that stays (a flag, a
//! `watch`, a token that is cancelled once and for all), not an event that is seen or missed.
//!
//! # In Python
//! `async with asyncio.timeout(1):` counts how often the task was cancelled and lets a foreign cancellation through. By hand:
//! `loop.call_later(1, on_timeout)` beside `future.add_done_callback(on_result)`, where both run if both are due, and each has
//! to ask `future.done()` first. A task that catches `CancelledError` and has a result, too, has to raise in the end.
//!
//! # Seen in the wild
//! `asyncio.wait_for` that returned its result although the task had been cancelled in the same tick, so that a loop of
//! `wait_for` calls never ended: `CPython` 86296.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    task::{
        self,
        Either::{Left, Right},
        race,
        sync::Notify,
    },
    time::{Duration, sleep},
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "advanced/timeout",
    "Callbacks and Signals: managing timeouts",
    raddle::source!("timeout.rs"),
    &[
        Variant::correct("one_winner", || run(SAME_TICK, one_winner, until_cancelled))
            .property(|| drawn(one_winner, until_cancelled)),
        Variant::buggy("both_win", Class::AtomicityViolation, || run(SAME_TICK, both_win, until_cancelled))
            .fails_with(Expect::Assertion("both the result and the timeout won"))
            .property(|| drawn(both_win, until_cancelled))
            .smallest("result 1, timeout 1, cancel 1", 0),
        Variant::buggy("cancel_swallowed", Class::LostWakeup, || run(SAME_TICK, one_winner, cancel_swallowed))
            .fails_with(Expect::Stuck)
            .property(|| drawn(one_winner, cancel_swallowed))
            .smallest("result 1, timeout 1, cancel 1", 0),
    ],
);

/// When the result comes, when the time is up, and when the task is cancelled, in seconds.
type Instants = (u64, u64, u64);

const SAME_TICK: Instants = (1, 1, 1);

/// A call that is being waited for.
struct Call {
    winners: AtomicU32,
    decided: Notify,
    cancelled: AtomicBool,
    cancel: Notify,
}

impl Call {
    /// The log of what came is written by somebody else: the loop polls others meanwhile.
    async fn log(&self) {
        task::yield_now().await;
    }

    fn cancel(&self) {
        self.cancelled.store(true, SeqCst);
        self.cancel.notify_waiters();
    }
}

async fn one_winner(call: Arc<Call>, after: u64) {
    sleep(Duration::from_secs(after)).await;
    if call.winners.load(SeqCst) == 0 {
        call.winners.fetch_add(1, SeqCst);
        call.log().await;
        call.decided.notify_one();
    }
}

async fn both_win(call: Arc<Call>, after: u64) {
    sleep(Duration::from_secs(after)).await;
    if call.winners.load(SeqCst) == 0 {
        call.log().await;
        // BUG: during the await the other has found that nobody had won, too.
        call.winners.fetch_add(1, SeqCst);
        call.decided.notify_one();
    }
}

/// Waits for the call, and then for its next one, until it is cancelled.
async fn until_cancelled(call: Arc<Call>) {
    loop {
        let cancelled = call.cancel.notified();
        if call.cancelled.load(SeqCst) {
            return;
        }
        race(cancelled, call.decided.notified()).await;
    }
}

async fn cancel_swallowed(call: Arc<Call>) {
    loop {
        match race(call.cancel.notified(), call.decided.notified()).await {
            Left(()) => return,
            // BUG: the other can have come in the same tick, and nobody will ever look at it.
            Right(()) => continue,
        }
    }
}

/// What happens when the result comes, and when the time is up.
type Callback<F> = fn(Arc<Call>, u64) -> F;

/// Who waits.
type Client<F> = fn(Arc<Call>) -> F;

fn drawn<F, G>(callback: Callback<F>, client: Client<G>) -> Property
where
    F: Future<Output = ()> + Send + 'static,
    G: Future<Output = ()> + Send + 'static,
{
    let seconds = (1..=3_u64, 1..=3_u64, 1..=3_u64);
    Property::new(&["result", "timeout", "cancel"], seconds, move |instants| run(instants, callback, client))
}

/// A client waits for a result or a timeout, and on for more, until `main` cancels it.
fn run<F, G>((result, timeout, cancel): Instants, callback: Callback<F>, client: Client<G>)
where
    F: Future<Output = ()> + Send + 'static,
    G: Future<Output = ()> + Send + 'static,
{
    task::block_on(async {
        let call = Arc::new(Call {
            winners: AtomicU32::new(0).named("winners"),
            decided: Notify::new().named("decided"),
            cancelled: AtomicBool::new(false).named("cancelled"),
            cancel: Notify::new().named("cancel"),
        });
        let client = task::Builder::new().name("client").spawn(client(Arc::clone(&call))).unwrap();
        let on_result = task::Builder::new().name("result").spawn(callback(Arc::clone(&call), result)).unwrap();
        let on_timeout = task::Builder::new().name("timeout").spawn(callback(Arc::clone(&call), timeout)).unwrap();
        sleep(Duration::from_secs(cancel)).await;
        call.cancel();
        for task in [client, on_result, on_timeout] {
            task.await.unwrap();
        }
        assert!(call.winners.load(SeqCst) == 1, "both the result and the timeout won");
    });
}

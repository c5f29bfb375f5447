//! A result, a timer and a cancellation that come in one tick of the clock: one of them counts, and none gets lost.
//!
//! # What goes wrong
//! A wait with a timeout is a race, and both can arrive at the same instant: the loop has two callbacks to run then, and
//! neither knows of the other but by what they share. `both_win` looks whether it has been decided, awaits
//! something, and then decides; by then the other has, too. A cancellation is a third one in the race. `cancel_swallowed`
//! was woken, finds a result, and goes on to its next wait; that it had been cancelled in the same tick it does not see, as
//! two wakeups before a poll are one. Who cancelled it waits for its end.
//!
//! # Outcomes
//! | variant            | at the end                         | because                                        |
//! |--------------------|------------------------------------|------------------------------------------------|
//! | `one_winner`       | a result or a timeout, and an end  | claimed before the await; the request is kept  |
//! | `both_win`         | or a result and a timeout          | the look and the claim have an await between   |
//! | `cancel_swallowed` | or `main` waits for ever           | the result is looked at, the request is not    |
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
    task::{self, sync::Notify},
    time::{Duration, sleep},
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "advanced/timeout",
    "Callbacks and Signals: managing timeouts",
    raddle::source!("timeout.rs"),
    &[
        Variant::correct("one_winner", || run((1, 1, 0), one_winner, until_cancelled))
            .full_size(|| run((1, 1, 1), one_winner, until_cancelled))
            .property(|| drawn(one_winner, until_cancelled)),
        Variant::buggy("both_win", Class::AtomicityViolation, || run((1, 1, 0), both_win, until_cancelled))
            .fails_with(Expect::Assertion("both the result and the timeout won"))
            .property(|| drawn(both_win, until_cancelled))
            .smallest("result 1, timeout 1, cancel 0", 0),
        Variant::buggy("cancel_swallowed", Class::LostWakeup, || run((1, 0, 1), one_winner, cancel_swallowed))
            .fails_with(Expect::Stuck)
            .property(|| drawn(one_winner, cancel_swallowed))
            .smallest("result 1, timeout 0, cancel 1", 0),
    ],
);

/// When the result comes, when the time is up, and when the client is cancelled, in seconds; 0 is a wait without a timeout,
/// or without a client that goes on.
type Instants = (u64, u64, u64);

/// A call that is being waited for.
struct Call {
    winners: AtomicU32,
    cancelled: AtomicBool,
    changed: Notify,
}

impl Call {
    /// The log of what came is written by somebody else: the loop polls others meanwhile.
    async fn log(&self) {
        task::yield_now().await;
    }

    fn cancel(&self) {
        self.cancelled.store(true, SeqCst);
        self.changed.notify_waiters();
    }
}

async fn one_winner(call: Arc<Call>, after: u64) {
    sleep(Duration::from_secs(after)).await;
    if call.winners.load(SeqCst) == 0 {
        call.winners.fetch_add(1, SeqCst);
        call.log().await;
        call.changed.notify_waiters();
    }
}

async fn both_win(call: Arc<Call>, after: u64) {
    sleep(Duration::from_secs(after)).await;
    if call.winners.load(SeqCst) == 0 {
        call.log().await;
        // BUG: during the await the other has found that nobody had won, too.
        call.winners.fetch_add(1, SeqCst);
        call.changed.notify_waiters();
    }
}

/// Waits for the call, and then for its next one, until it is cancelled.
async fn until_cancelled(call: Arc<Call>) {
    while !call.cancelled.load(SeqCst) {
        call.changed.notified().await;
    }
}

async fn cancel_swallowed(call: Arc<Call>) {
    call.changed.notified().await;
    if call.winners.load(SeqCst) > 0 {
        // BUG: the cancellation can have come in the same tick, and there won't be another.
        call.changed.notified().await;
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
    let seconds = (1..=3_u64, 0..=3_u64, 0..=3_u64);
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
            cancelled: AtomicBool::new(false).named("cancelled"),
            changed: Notify::new().named("changed"),
        });
        let start = |name: &str, callback| task::Builder::new().name(name).spawn(callback).unwrap();
        let mut callbacks = vec![start("result", callback(Arc::clone(&call), result))];
        if timeout > 0 {
            callbacks.push(start("timeout", callback(Arc::clone(&call), timeout)));
        }
        if cancel > 0 {
            let client = task::Builder::new().name("client").spawn(client(Arc::clone(&call))).unwrap();
            sleep(Duration::from_secs(cancel)).await;
            call.cancel();
            client.await.unwrap();
        }
        for task in callbacks {
            task.await.unwrap();
        }
        raddle::observe("winners", call.winners.load(SeqCst));
        assert!(call.winners.load(SeqCst) == 1, "both the result and the timeout won");
    });
}

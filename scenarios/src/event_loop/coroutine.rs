//! Alice and Bob are greeted: a call of a coroutine greets nobody yet, and an await greets one after the other.
//!
//! # What goes wrong
//! A coroutine runs only while somebody polls it. What is called and not awaited never begins (`never_awaited`). What is
//! awaited where it is called begins, and whoever called it waits for its end before the next is called
//! (`awaited_in_turn`): nothing is lost but the time, as while Alice's greeting sleeps there is nobody else to be polled.
//! Made tasks first, and awaited then, the greetings sleep through the same second (`awaited_together`).
//!
//! # Outcomes
//! | variant            | Alice and Bob      | on the virtual clock | because                                         |
//! |--------------------|--------------------|----------------------|-------------------------------------------------|
//! | `awaited_together` | are greeted        | 1 s                  | both are tasks before either is waited for      |
//! | `never_awaited`    | hear nothing       | no time              | nobody polls a coroutine that is only called    |
//! | `awaited_in_turn`  | are greeted        | 2 s                  | Bob's is not there before Alice's has ended     |
//!
//! # Use instead
//! Make tasks of what has to run at once, then wait for all: `task::spawn` for each, or a `JoinSet`. The compiler warns
//! of a future that is dropped unused, unless it is stored or dropped by name.
//!
//! # In Python
//! `await asyncio.gather(greet("Alice"), greet("Bob"))`, and not `await greet("Alice")` and then `await greet("Bob")`. A
//! bare `greet("Alice")` says hello to nobody; "coroutine 'greet' was never awaited" is a warning, and comes only when the
//! coroutine is collected.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    task,
    time::{Duration, Instant, sleep},
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "event_loop/coroutine",
    "Async I/O Fundamentals: Coroutines",
    raddle::source!("coroutine.rs"),
    &[
        Variant::correct("awaited_together", || run(2, awaited_together)).property(|| drawn(awaited_together)),
        Variant::buggy("never_awaited", Class::OrderViolation, || run(2, never_awaited))
            .fails_with(Expect::Assertion("somebody was not greeted"))
            .property(|| drawn(never_awaited))
            .smallest("guests 1", 0),
        Variant::buggy("awaited_in_turn", Class::OrderViolation, || run(2, awaited_in_turn))
            .fails_with(Expect::Assertion("one greeting waited for another"))
            .property(|| drawn(awaited_in_turn))
            .smallest("guests 2", 0),
    ],
);

const GUESTS: [&str; 4] = ["Alice", "Bob", "Carol", "Dave"];
const SECOND: Duration = Duration::from_secs(1);

/// How often it has been said.
struct Said {
    hello: AtomicU32,
    goodbye: AtomicU32,
}

async fn greet(said: Arc<Said>) {
    said.hello.fetch_add(1, SeqCst);
    sleep(SECOND).await;
    said.goodbye.fetch_add(1, SeqCst);
}

async fn awaited_together(said: Arc<Said>, guests: usize) {
    let call = |name: &&str| task::Builder::new().name(*name).spawn(greet(Arc::clone(&said))).unwrap();
    for greeting in GUESTS[..guests].iter().map(call).collect::<Vec<_>>() {
        greeting.await.unwrap();
    }
}

async fn never_awaited(said: Arc<Said>, guests: usize) {
    for _ in 0..guests {
        // BUG: this is a future; nobody has polled it, and nobody will.
        drop(greet(Arc::clone(&said)));
    }
}

async fn awaited_in_turn(said: Arc<Said>, guests: usize) {
    for name in &GUESTS[..guests] {
        let greeting = task::Builder::new().name(*name).spawn(greet(Arc::clone(&said))).unwrap();
        // BUG: the next greeting is not called before this one has ended, and this one sleeps.
        greeting.await.unwrap();
    }
}

/// Greets so many guests.
type Party<F> = fn(Arc<Said>, usize) -> F;

fn drawn<F: Future<Output = ()> + 'static>(party: Party<F>) -> Property {
    Property::new(&["guests"], 1..=GUESTS.len(), move |guests| run(guests, party))
}

fn run<F: Future<Output = ()>>(guests: usize, party: Party<F>) {
    task::block_on(async {
        let (hello, goodbye) = (AtomicU32::new(0).named("hello"), AtomicU32::new(0).named("goodbye"));
        let said = Arc::new(Said { hello, goodbye });
        let start = Instant::now();
        party(Arc::clone(&said), guests).await;
        let greeted = [said.hello.load(SeqCst), said.goodbye.load(SeqCst)];
        raddle::observe("greeted", format_args!("{greeted:?}"));
        assert!(greeted.iter().all(|said| *said as usize == guests), "somebody was not greeted");
        // tokio rounds timers up to the next millisecond.
        assert!(start.elapsed() < 2 * SECOND, "one greeting waited for another");
    });
}

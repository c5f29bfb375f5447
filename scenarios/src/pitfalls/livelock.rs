//! A couple with one spoon, each so polite that neither eats.
//!
//! # What goes wrong
//! With `polite_retry` whoever has the spoon, and sees that the other is hungry, hands it over. The other sees the same
//! and hands it back. Nobody waits for anybody: both go on, step by step, and nobody gets anywhere. Doing so more slowly
//! changes nothing, as long as both do the same.
//!
//! # Outcomes
//! | variant           | they eat    | because                                              |
//! |-------------------|-------------|------------------------------------------------------|
//! | `ordered_backoff` | always      | one of them gives way, and the other takes the spoon |
//! | `polite_retry`    | or livelock | both give way, for the same reason                   |
//!
//! # Use instead
//! An order among those who compete, so that one of any two doesn't give way. Or pauses that differ by chance, and grow:
//! those make it unlikely that it goes on, and an order rules it out.
//!
//! # In Python
//! Two threads that release what they have when the other wants it, and try again: `lock.release(); time.sleep(0.1);
//! lock.acquire()`; in `asyncio` two tasks with `await asyncio.sleep(0)` in such a loop.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "pitfalls/livelock",
    "Debugging and Testing Concurrent Code: Common Pitfalls",
    raddle::source!("livelock.rs"),
    &[
        Variant::correct("ordered_backoff", || run(1, ordered_backoff))
            .full_size(|| run(2, ordered_backoff))
            .property(|| drawn(ordered_backoff)),
        Variant::buggy("polite_retry", Class::Livelock, || run(1, polite_retry))
            .fails_with(Expect::Livelock)
            .property(|| drawn(polite_retry))
            .smallest("meals 1", 0),
    ],
);

struct Dinner {
    /// Held while somebody looks or acts, and never longer.
    table: Mutex<()>,
    /// Whose it is: a number, as in `hungry`.
    spoon: AtomicUsize,
    hungry: [AtomicBool; 2],
}

impl Dinner {
    fn set_hungry(&self, me: usize, hungry: bool) {
        let _table = self.table.lock().unwrap();
        self.hungry[me].store(hungry, SeqCst);
    }

    /// Whether I have the spoon; `gives_way` says whether the other gets it if hungry.
    fn may_eat(&self, me: usize, gives_way: fn(usize) -> bool) -> bool {
        let _table = self.table.lock().unwrap();
        if self.spoon.load(SeqCst) != me {
            return false;
        }
        if gives_way(me) && self.hungry[1 - me].load(SeqCst) {
            self.spoon.store(1 - me, SeqCst);
            return false;
        }
        true
    }
}

fn ordered_backoff(me: usize) -> bool {
    me > 0
}

fn polite_retry(_me: usize) -> bool {
    // BUG: the other gives way, too, so the spoon comes back, and both are as hungry as before.
    true
}

fn drawn(gives_way: fn(usize) -> bool) -> Property {
    Property::new(&["meals"], 1..=3_u32, move |meals| run(meals, gives_way))
}

/// Both eat so many times.
fn run(meals: u32, gives_way: fn(usize) -> bool) {
    let dinner = Arc::new(Dinner {
        table: Mutex::new(()).named("table"),
        spoon: AtomicUsize::new(1).named("spoon"),
        hungry: ["wife_hungry", "husband_hungry"].map(|name| AtomicBool::new(false).named(name)),
    });
    let sit_down = |name: &str, me: usize| {
        let dinner = Arc::clone(&dinner);
        let eat = move || {
            for _ in 0..meals {
                dinner.set_hungry(me, true);
                while !dinner.may_eat(me, gives_way) {
                    thread::yield_now();
                }
                dinner.set_hungry(me, false);
            }
            let _table = dinner.table.lock().unwrap();
            dinner.spoon.store(1 - me, SeqCst);
        };
        thread::Builder::new().name(name.into()).spawn(eat).unwrap()
    };
    for guest in [sit_down("wife", 0), sit_down("husband", 1)] {
        guest.join().unwrap();
    }
}

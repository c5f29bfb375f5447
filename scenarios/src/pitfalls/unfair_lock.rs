//! A lock that whoever comes first may take, and a task that never comes first.
//!
//! # What goes wrong
//! With `barging` a lock that is given back is free for all: a task that has just had it can have it again before one
//! that has waited since long ago is even awake. Nothing stops that from happening every time. The tasks that wait are
//! not blocked by anybody in particular, so there is no deadlock to be found; what is broken is a bound.
//!
//! # Outcomes
//! | variant   | grants to others while one waits | because                                     |
//! |-----------|----------------------------------|---------------------------------------------|
//! | `ticket`  | at most the number of others     | tickets are served in the order of drawing  |
//! | `barging` | any number                       | who runs when the lock is free has it       |
//!
//! # Use instead
//! A lock that hands over in order (a ticket lock, tokio's `Mutex`, `parking_lot` with fair unlocking) where waiting
//! has to be bounded. It costs: the lock stays idle until the next in line wakes.
//!
//! # In Python
//! `threading.Lock` promises no order among its waiters; `asyncio.Lock` is first come, first served.

use raddle::prelude::*;
use raddle::{
    Bypass,
    sync::{Arc, Condvar, Mutex},
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "pitfalls/unfair_lock",
    "Debugging and Testing Concurrent Code: starvation",
    raddle::source!("unfair_lock.rs"),
    &[
        Variant::correct("ticket", || contend(1, ticket))
            .full_size(|| contend(3, ticket))
            .proven_at("2 eager tasks", || contend(2, ticket))
            .property(|| contended(ticket)),
        Variant::buggy("barging", Class::Starvation, || contend(1, barging))
            .fails_with(Expect::Starvation)
            .property(|| contended(barging))
            .smallest("eager 1", 1),
    ],
);

/// A lock whose waiters queue, or don't.
pub struct Lock {
    state: Mutex<State>,
    changed: Condvar,
    bypass: Bypass,
}

#[derive(Default)]
struct State {
    taken: bool,
    next_ticket: u32,
    now_serving: u32,
}

impl Lock {
    /// Free, for tasks of which each lets others go first at most `bound` times.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        Lock {
            state: Mutex::new(State::default()).named_opaque("state"),
            changed: Condvar::new().named("changed"),
            bypass: Bypass::new(bound).named("lock"),
        }
    }

    /// Lets the next one in.
    pub fn unlock(&self) {
        let mut state = self.state.lock().unwrap();
        state.taken = false;
        state.now_serving += 1;
        drop(state);
        self.changed.notify_all();
    }
}

/// Waits for its turn.
pub fn ticket(lock: &Lock) {
    let mut state = lock.state.lock().unwrap();
    let mine = state.next_ticket;
    state.next_ticket += 1;
    let request = lock.bypass.request();
    while state.now_serving != mine {
        state = lock.changed.wait(state).unwrap();
    }
    state.taken = true;
    request.granted();
}

/// Waits until the lock is free.
pub fn barging(lock: &Lock) {
    let mut state = lock.state.lock().unwrap();
    let request = lock.bypass.request();
    // BUG: whoever finds the lock free has it, however long others have waited.
    while state.taken {
        state = lock.changed.wait(state).unwrap();
    }
    state.taken = true;
    request.granted();
}

fn contended(acquire: fn(&Lock)) -> Property {
    Property::new(&["eager"], 1..=3_usize, move |eager| contend(eager, acquire))
}

/// One patient task that wants the lock once, among eager ones that want it again and again.
fn contend(eager: usize, acquire: fn(&Lock)) {
    // Every other task may go first once, and no more.
    let lock = Arc::new(Lock::new(eager));
    let start = |name: String, rounds: usize| {
        let lock = Arc::clone(&lock);
        let work = move || {
            for _ in 0..rounds {
                acquire(&lock);
                lock.unlock();
            }
        };
        thread::Builder::new().name(name).spawn(work).unwrap()
    };
    let patient = start("patient".into(), 1);
    let others: Vec<_> = (1..=eager).map(|number| start(format!("eager-{number}"), 3)).collect();
    patient.join().unwrap();
    for other in others {
        other.join().unwrap();
    }
}

//! Stations that pass a value round a ring, each as soon as it runs, whether or not the value has come to it.
//!
//! # What goes wrong
//! Station 1 makes a new value of the last station's, station 2 copies it from 1, and 3 from 2. Each does so in a
//! section of its own, and then says that it is done. With `any_turn` a station copies whatever lies there: if 1 is
//! not the first, somebody has copied an old value. All have done their part, and the values differ.
//!
//! # Outcomes
//! | variant    | when all are done                | because                                       |
//! |------------|----------------------------------|-----------------------------------------------|
//! | `own_turn` | all values are equal             | nobody is done whose neighbour was not before |
//! | `any_turn` | all are equal iff 1 was first    | who comes before 1 copies an old value        |
//!
//! Its depth is 3: station 2 before 1, and then the checker after 1 and after 3. For the checker to be the last of four
//! takes three orders, whichever they are.
//!
//! # Use instead
//! Pass the turn on with the value: a flag of the neighbour's that is asked in the section, a channel, a semaphore.
//!
//! # In Python
//! `with lock: b = a; b_done = True` in a thread for each station; `queue.Queue` between them keeps the order.
//!
//! # Seen in the wild
//! The program `token_ring` of Cordeiro and Fischer's suite (ICSE 2011) and of `SCTBench`. `main` returns without
//! joining.

use super::{mean, row};
use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "classics/token_ring",
    "Testing literature: sections in the wrong order",
    raddle::source!("token_ring.rs"),
    &[
        Variant::correct("own_turn", || ring(own_turn)),
        Variant::buggy("any_turn", Class::OrderViolation, || ring(any_turn))
            .fails_with(Expect::Assertion("the ring's values differ"))
            .sizes(SIZES),
    ],
);

const SIZES: &[Size] = &[Size::new("token_ring", || ring(any_turn))
    .published(&row([mean(13), mean(8), mean(9), mean(9), mean(8), mean(5)]))
    .depth(3)];

struct Ring {
    lock: Mutex<()>,
    values: [AtomicU32; 3],
    done: [AtomicBool; 3],
}

impl Ring {
    /// Passes the value on to `station` from the one before it.
    fn pass(&self, station: usize) {
        let value = self.values[(station + 2) % 3].load(SeqCst);
        self.values[station].store(if station == 0 { (value + 1) % 4 } else { value }, SeqCst);
        self.done[station].store(true, SeqCst);
    }

    /// Whether the values are equal, once all have passed theirs on.
    fn is_settled(&self) -> bool {
        let _guard = self.lock.lock().unwrap();
        let value = |station: usize| self.values[station].load(SeqCst);
        !self.done.iter().all(|done| done.load(SeqCst)) || (value(0) == value(1) && value(1) == value(2))
    }
}

fn own_turn(ring: &Ring, station: usize) {
    let _guard = ring.lock.lock().unwrap();
    if station == 0 || ring.done[station - 1].load(SeqCst) {
        ring.pass(station);
    }
}

fn any_turn(ring: &Ring, station: usize) {
    let _guard = ring.lock.lock().unwrap();
    // BUG: the station before may not have had its turn, and its value is an old one.
    ring.pass(station);
}

fn ring(turn: fn(&Ring, usize)) {
    let value = |value: u32, name| AtomicU32::new(value).named(name);
    let flag = |name| AtomicBool::new(false).named(name);
    let ring = Arc::new(Ring {
        lock: Mutex::new(()).named("lock"),
        values: [value(1, "value_1"), value(2, "value_2"), value(1, "value_3")],
        done: [flag("done_1"), flag("done_2"), flag("done_3")],
    });
    for station in 0..3 {
        let ring = Arc::clone(&ring);
        thread::Builder::new().name(format!("station-{}", station + 1)).spawn(move || turn(&ring, station)).unwrap();
    }
    let check = move || assert!(ring.is_settled(), "the ring's values differ");
    thread::Builder::new().name("checker".into()).spawn(check).unwrap();
}

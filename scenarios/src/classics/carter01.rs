//! Two groups share a room in turns, and the door that counts them is locked from both sides.
//!
//! # What goes wrong
//! The first of a group to come takes the room, and the last to leave gives it back; a lock guards the count. With
//! `one_switch` both groups count under the *same* lock. Who finds the room taken waits for it with that lock in
//! hand, and whoever is in the room needs the lock to leave.
//!
//! # Outcomes
//! | variant      | ends               | because                                              |
//! |--------------|--------------------|------------------------------------------------------|
//! | `own_switch` | always             | who is in the room needs no lock that a waiter has   |
//! | `one_switch` | or deadlock of two | one has the room, and the other the way out          |
//!
//! Its depth is 2: one task has counted itself in before the other does, and the other before the one counts itself
//! out. Run one after the other, in either order, they end.
//!
//! # Use instead
//! A lock of its own for the count of each group (the light switch of the readers and writers of Courtois, Heymans and
//! Parnas, CACM 1971). Better, wait with no lock in hand.
//!
//! # In Python
//! A `threading.Lock` taken in one `with count_lock:` block and released in another. A guard can't be kept beyond a
//! `with` block there; here it is the value of an `Option`, and plain code too.
//!
//! # Seen in the wild
//! The program `carter01` of Cordeiro and Fischer's suite (ICSE 2011) and of `SCTBench`, where two more tasks do
//! nothing.

use super::mean;
use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "classics/carter01",
    "Testing literature: waiting with the way out in hand",
    raddle::source!("carter01.rs"),
    &[
        Variant::correct("own_switch", || visit(0, own_switch)).full_size(|| visit(2, own_switch)),
        Variant::buggy("one_switch", Class::Deadlock, || visit(0, one_switch))
            .fails_with(Expect::Deadlock(2))
            .full_size(|| visit(2, one_switch))
            .sizes(SIZES),
    ],
);

const SIZES: &[Size] = &[Size::new("carter01", || visit(2, one_switch))
    .published(&[("RW", mean(1)), ("PCT d=3", mean(5)), ("POS", mean(2)), ("RFF", mean(2))])
    .depth(2)];

struct Building {
    room: Mutex<()>,
    switches: [Mutex<()>; 2],
    inside: [AtomicU32; 2],
}

impl Building {
    /// Somebody of `group` comes and goes, counted under the lock `switch`.
    fn visit(&self, group: usize, switch: &Mutex<()>) {
        let inside = &self.inside[group];
        let mut room = None;
        {
            let _count = switch.lock().unwrap();
            inside.store(inside.load(SeqCst) + 1, SeqCst);
            if inside.load(SeqCst) == 1 {
                room = Some(self.room.lock().unwrap());
            }
        }
        let _count = switch.lock().unwrap();
        inside.store(inside.load(SeqCst) - 1, SeqCst);
        if inside.load(SeqCst) == 0 {
            drop(room);
        }
    }
}

fn own_switch(building: &Building, group: usize) {
    building.visit(group, &building.switches[group]);
}

fn one_switch(building: &Building, group: usize) {
    // BUG: the other group counts under this lock too, and may hold it while it waits for the room.
    building.visit(group, &building.switches[0]);
}

fn visit(idle: usize, switch: fn(&Building, usize)) {
    let building = Arc::new(Building {
        room: Mutex::new(()).named("room"),
        switches: [Mutex::new(()).named("switch_a"), Mutex::new(()).named("switch_b")],
        inside: [AtomicU32::new(0).named("inside_a"), AtomicU32::new(0).named("inside_b")],
    });
    let start = |(group, name): (usize, &str)| {
        let building = Arc::clone(&building);
        thread::Builder::new().name(name.into()).spawn(move || switch(&building, group)).unwrap()
    };
    let mut threads: Vec<_> = [(0, "visitor-a"), (1, "visitor-b")].map(start).into();
    for number in 1..=idle {
        threads.push(thread::Builder::new().name(format!("idle-{number}")).spawn(|| {}).unwrap());
    }
    for thread in threads {
        thread.join().unwrap();
    }
}

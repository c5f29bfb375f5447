//! A driver that is stopped while somebody is just coming in.
//!
//! # What goes wrong
//! A driver counts who is at work, itself included, and is stopped by whoever counts down to 0. Who comes in asks
//! whether it is being stopped, and then counts itself in. With `look_then_count` the stopper can come between these
//! two: it raises the flag, finds nobody at work, and takes everything down. The late comer has an answer from before
//! that, and goes to work.
//!
//! # Outcomes
//! | variant           | who works finds the driver | because                                             |
//! |-------------------|----------------------------|-----------------------------------------------------|
//! | `count_then_look` | running                    | who has been counted can't be overlooked            |
//! | `look_then_count` | running, or stopped        | the answer is out of date when the count goes up    |
//!
//! Its depth is 2: the adder looks before the flag is raised, and counts itself in after the driver has stopped. If
//! either task runs through before the other begins, nothing fails.
//!
//! # Use instead
//! Count first and look afterwards, and count down again if it was too late. `Arc` and `Weak::upgrade` do this.
//!
//! # In Python
//! `if not stopping: pending += 1; work()`: the same gap, with or without a lock around the addition alone.
//!
//! # Seen in the wild
//! A Bluetooth driver of Windows NT, in Qadeer and Wu's KISS (PLDI 2004). As there, who finds the driver stopping
//! counts down too, without having counted up: with one adder nobody notices.

use super::{mean, row, some};
use raddle::prelude::*;
use raddle::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, Ordering::SeqCst},
    },
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "classics/bluetooth",
    "Testing literature: check, then act, in a driver",
    raddle::source!("bluetooth.rs"),
    &[
        Variant::correct("count_then_look", || driver(count_then_look)),
        Variant::buggy("look_then_count", Class::AtomicityViolation, || driver(look_then_count))
            .fails_with(Expect::Assertion("at work in a stopped driver"))
            .sizes(SIZES),
    ],
);

const SIZES: &[Size] = &[Size::new("bluetooth", || driver(look_then_count))
    .published(&row([mean(215), mean(112), mean(36), some(1494, 19), mean(70), mean(45)]))
    .depth(2)];

struct Driver {
    /// Who is at work, and one for the driver itself.
    pending: AtomicI32,
    stopping: AtomicBool,
    nobody_left: AtomicBool,
    stopped: AtomicBool,
}

impl Driver {
    fn leave(&self) {
        if self.pending.fetch_sub(1, SeqCst) == 1 {
            self.nobody_left.store(true, SeqCst);
        }
    }

    fn work(&self) {
        assert!(!self.stopped.load(SeqCst), "at work in a stopped driver");
    }

    fn stop(&self) {
        self.stopping.store(true, SeqCst);
        self.leave();
        if self.nobody_left.load(SeqCst) {
            self.stopped.store(true, SeqCst);
        }
    }
}

fn count_then_look(driver: &Driver) {
    driver.pending.fetch_add(1, SeqCst);
    if !driver.stopping.load(SeqCst) {
        driver.work();
    }
    driver.leave();
}

fn look_then_count(driver: &Driver) {
    if !driver.stopping.load(SeqCst) {
        // BUG: the driver can stop here, for nobody has been counted yet.
        driver.pending.fetch_add(1, SeqCst);
        driver.work();
    }
    driver.leave();
}

fn driver(add: fn(&Driver)) {
    let driver = Arc::new(Driver {
        pending: AtomicI32::new(1).named("pending"),
        stopping: AtomicBool::new(false).named("stopping"),
        nobody_left: AtomicBool::new(false).named("nobody_left"),
        stopped: AtomicBool::new(false).named("stopped"),
    });
    let start = |name: &str, work: fn(&Driver, fn(&Driver))| {
        let driver = Arc::clone(&driver);
        thread::Builder::new().name(name.into()).spawn(move || work(&driver, add)).unwrap()
    };
    let threads = [start("adder", |driver, add| add(driver)), start("stopper", |driver, _| driver.stop())];
    for thread in threads {
        thread.join().unwrap();
    }
}

//! Consumers sleep on a condition variable until there is something, and wake to nothing, or never.
//!
//! # What goes wrong
//! A notification says that something may have changed, not that it is still so. Between the notification and the
//! waiter's waking others can run: `if_instead_of_while` takes an item that another consumer has taken already, and
//! `spurious_wakeup_unhandled` one that never was, since a wait may end although nobody notified. A notification
//! also wakes only who waits *now*: `flag_outside_lock` changes the condition without the lock, between a consumer's
//! check and its wait, and the consumer sleeps through it. And `notify_one` wakes anybody: with
//! `one_signal_two_roles` it can be the one that has no use for it.
//!
//! # Outcomes
//! | variant                     | consumers get | because                                           |
//! |-----------------------------|---------------|---------------------------------------------------|
//! | `while_loop`                | every item    | the condition is checked again, under the lock    |
//! | `if_instead_of_while`       | or nothing    | another consumer was faster                       |
//! | `flag_outside_lock`         | or sleep      | the notification came between check and wait      |
//! | `one_signal_two_roles`      | or sleep      | the wrong role was woken and went back to sleep   |
//! | `spurious_wakeup_unhandled` | or nothing    | the wait ended for no reason                      |
//!
//! # Use instead
//! Change the condition under the lock, wait in a `while` (`Condvar::wait_while`), and give each role a condition
//! variable of its own or use `notify_all`.
//!
//! # In Python
//! `while not items: condition.wait()`, or `condition.wait_for(lambda: items)`; an `if` there is the first bug, and
//! `items.append(…)` before `with condition:` is the second.
//!
//! # Seen in the wild
//! A flag set outside the lock, and a wakeup lost for it: tokio 2134.

use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "locks/condvar",
    "Synchronization Mechanisms: Condition Variables",
    raddle::source!("condvar.rs"),
    &[
        Variant::correct("while_loop", || shop(2, while_loop))
            .full_size(|| shop(5, while_loop))
            .proven_at("3 consumers", || shop(3, while_loop))
            .spurious_wakeups(1),
        Variant::buggy("if_instead_of_while", Class::AtomicityViolation, || shop(2, if_instead_of_while))
            .fails_with(Expect::Assertion("woke to an empty shelf")),
        Variant::buggy("flag_outside_lock", Class::LostWakeup, || signal(flag_outside_lock)).fails_with(Expect::Stuck),
        Variant::buggy("one_signal_two_roles", Class::LostWakeup, one_signal_two_roles).fails_with(Expect::Stuck),
        Variant::buggy("spurious_wakeup_unhandled", Class::OrderViolation, || signal(spurious_wakeup_unhandled))
            .fails_with(Expect::Assertion("woke before the signal"))
            .spurious_wakeups(1),
    ],
);

struct Shelf {
    items: Mutex<u32>,
    not_empty: Condvar,
}

fn while_loop(shelf: &Shelf) {
    let mut items = shelf.items.lock().unwrap();
    while *items == 0 {
        items = shelf.not_empty.wait(items).unwrap();
    }
    *items = items.checked_sub(1).expect("woke to an empty shelf");
}

fn if_instead_of_while(shelf: &Shelf) {
    let mut items = shelf.items.lock().unwrap();
    if *items == 0 {
        // BUG: another consumer may take the item between the notification and the end of this wait.
        items = shelf.not_empty.wait(items).unwrap();
    }
    *items = items.checked_sub(1).expect("woke to an empty shelf");
}

/// As many items as consumers, put on the shelf one by one.
fn shop(consumers: u32, consume: fn(&Shelf)) {
    let shelf = Arc::new(Shelf { items: Mutex::new(0).named("items"), not_empty: Condvar::new().named("not_empty") });
    let open = |number: u32| {
        let shelf = Arc::clone(&shelf);
        thread::Builder::new().name(format!("consumer-{number}")).spawn(move || consume(&shelf)).unwrap()
    };
    let threads: Vec<_> = (1..=consumers).map(open).collect();
    for _ in 0..consumers {
        *shelf.items.lock().unwrap() += 1;
        shelf.not_empty.notify_one();
    }
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*shelf.items.lock().unwrap(), 0, "an item was left");
}

/// A flag for one waiter.
struct Signal {
    lock: Mutex<()>,
    flag: AtomicBool,
    changed: Condvar,
}

fn flag_outside_lock(signal: &Signal) {
    // BUG: without the lock this can fall between the waiter's check and its wait.
    signal.flag.store(true, SeqCst);
    signal.changed.notify_one();
}

fn spurious_wakeup_unhandled(signal: &Signal) {
    let guard = signal.lock.lock().unwrap();
    signal.flag.store(true, SeqCst);
    drop(guard);
    signal.changed.notify_one();
}

fn signal(send: fn(&Signal)) {
    let signal = Arc::new(Signal {
        lock: Mutex::new(()).named("flag_lock"),
        flag: AtomicBool::new(false).named("flag"),
        changed: Condvar::new().named("changed"),
    });
    let sender = {
        let signal = Arc::clone(&signal);
        thread::Builder::new().name("sender".into()).spawn(move || send(&signal)).unwrap()
    };
    let guard = signal.lock.lock().unwrap();
    if !signal.flag.load(SeqCst) {
        // BUG: a wait can end although nobody notified; only a loop that checks the flag again is safe from that.
        let _guard = signal.changed.wait(guard).unwrap();
        assert!(signal.flag.load(SeqCst), "woke before the signal");
    }
    sender.join().unwrap();
}

/// A buffer for one item, whose producer and consumer wait on the same condition variable.
fn one_signal_two_roles() {
    let buffer = Arc::new((Mutex::new(0_u32).named("buffer"), Condvar::new().named("changed")));
    let work = |produces: bool| {
        let buffer = Arc::clone(&buffer);
        move || {
            let (items, changed) = &*buffer;
            let mut items = items.lock().unwrap();
            while (*items == 1) == produces {
                items = changed.wait(items).unwrap();
            }
            *items = u32::from(produces);
            // BUG: this may wake one of the same role, which goes back to sleep and wakes nobody.
            changed.notify_one();
        }
    };
    let spawn = |name: &str, produces| thread::Builder::new().name(name.into()).spawn(work(produces)).unwrap();
    let threads =
        [spawn("consumer-1", false), spawn("consumer-2", false), spawn("producer-1", true), spawn("producer-2", true)];
    for thread in threads {
        thread.join().unwrap();
    }
}

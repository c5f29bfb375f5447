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
            .spurious_wakeups(1)
            .property(|| shops(while_loop)),
        Variant::buggy("if_instead_of_while", Class::AtomicityViolation, || shop(2, if_instead_of_while))
            .fails_with(Expect::Assertion("woke to an empty shelf"))
            .property(|| shops(if_instead_of_while))
            .smallest("consumers 2", 2),
        Variant::buggy("flag_outside_lock", Class::LostWakeup, || signal(1, FLAG_OUTSIDE_LOCK))
            .fails_with(Expect::Stuck)
            .property(|| signals(FLAG_OUTSIDE_LOCK))
            .smallest("waiters 1", 1),
        Variant::buggy("one_signal_two_roles", Class::LostWakeup, || one_signal_two_roles(2))
            .fails_with(Expect::Stuck)
            .property(|| Property::new(&["pairs"], 1..=3_u32, one_signal_two_roles))
            .smallest("pairs 2", 0),
        Variant::buggy("spurious_wakeup_unhandled", Class::OrderViolation, || signal(1, SPURIOUS_WAKEUP_UNHANDLED))
            .fails_with(Expect::Assertion("woke before the signal"))
            .spurious_wakeups(1)
            .property(|| signals(SPURIOUS_WAKEUP_UNHANDLED))
            .smallest("waiters 1", 0),
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

fn shops(consume: fn(&Shelf)) -> Property {
    Property::new(&["consumers"], 1..=4_u32, move |consumers| shop(consumers, consume))
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

/// Somebody sends a signal, and others wait for it.
#[derive(Clone, Copy)]
struct Roles {
    send: fn(&Signal),
    wait: fn(&Signal),
}

const FLAG_OUTSIDE_LOCK: Roles = Roles { send: flag_outside_lock, wait };
const SPURIOUS_WAKEUP_UNHANDLED: Roles = Roles { send, wait: spurious_wakeup_unhandled };

fn send(signal: &Signal) {
    let guard = signal.lock.lock().unwrap();
    signal.flag.store(true, SeqCst);
    drop(guard);
    signal.changed.notify_all();
}

fn flag_outside_lock(signal: &Signal) {
    // BUG: without the lock this can fall between the waiter's check and its wait.
    signal.flag.store(true, SeqCst);
    signal.changed.notify_all();
}

fn wait(signal: &Signal) {
    let mut guard = signal.lock.lock().unwrap();
    while !signal.flag.load(SeqCst) {
        guard = signal.changed.wait(guard).unwrap();
    }
}

fn spurious_wakeup_unhandled(signal: &Signal) {
    let mut guard = signal.lock.lock().unwrap();
    if !signal.flag.load(SeqCst) {
        // BUG: a wait can end although nobody notified; only a loop that checks the flag again is safe from that.
        guard = signal.changed.wait(guard).unwrap();
    }
    let sent = signal.flag.load(SeqCst);
    drop(guard);
    assert!(sent, "woke before the signal");
}

fn signals(roles: Roles) -> Property {
    Property::new(&["waiters"], 1..=3_u32, move |waiters| signal(waiters, roles))
}

/// A sender, and so many that wait for it; the last of them is `main`.
fn signal(waiters: u32, roles: Roles) {
    let signal = Arc::new(Signal {
        lock: Mutex::new(()).named("flag_lock"),
        flag: AtomicBool::new(false).named("flag"),
        changed: Condvar::new().named("changed"),
    });
    let start = |name: String, work: fn(&Signal)| {
        let signal = Arc::clone(&signal);
        thread::Builder::new().name(name).spawn(move || work(&signal)).unwrap()
    };
    let sender = start("sender".into(), roles.send);
    let others: Vec<_> = (1..waiters).map(|number| start(format!("waiter-{number}"), roles.wait)).collect();
    (roles.wait)(&signal);
    sender.join().unwrap();
    for other in others {
        other.join().unwrap();
    }
}

/// A buffer for one item, whose producers and consumers wait on the same condition variable.
fn one_signal_two_roles(pairs: u32) {
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
    let start = |produces: bool| {
        let role = if produces { "producer" } else { "consumer" };
        (1..=pairs)
            .map(move |number| thread::Builder::new().name(format!("{role}-{number}")).spawn(work(produces)).unwrap())
    };
    let threads: Vec<_> = start(false).chain(start(true)).collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

//! Tasks that take several locks, each in an order of its own, and wait for each other for ever.
//!
//! # What goes wrong
//! A task that holds one lock and waits for another makes everybody who wants the first wait too. If the waiting goes
//! round in a circle, nobody moves again. Two tasks with two locks are enough (`opposite_orders`), so are N philosophers
//! with N forks (`ring`), and so is one lock and a callback that waits for somebody who needs it (`lock_in_callback`).
//! `try_lock_retry` is a wrong fix: who finds the second lock taken gives the first one back, and tries again. That
//! removes the waiting but not the circle, and the tasks can go on taking and giving back in step.
//!
//! # Outcomes
//! | variant            | ends                 | because                                         |
//! |--------------------|----------------------|-------------------------------------------------|
//! | `one_order`        | always               | whoever has the lower lock can get the higher   |
//! | `opposite_orders`  | or deadlock of two   | each holds what the other wants                 |
//! | `ring`             | or deadlock of N     | each holds the fork of its neighbour            |
//! | `lock_in_callback` | or deadlock of two   | the callback waits while its caller has a lock  |
//! | `try_lock_retry`   | or livelock          | both retreat, and both come back, at the same time |
//!
//! # Use instead
//! One order for all locks, everywhere; call out to others' code with no lock held. Where the order can't be known,
//! back off by different amounts, or take all the locks in one step.
//!
//! # In Python
//! `with accounts: with journal: …` in one thread and `with journal: with accounts: …` in another; or a
//! `Future.add_done_callback` that runs while the caller holds a `threading.Lock`.

use raddle::prelude::*;
use raddle::{
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "locks/lock_order",
    "Synchronization Mechanisms: Locks; Common Pitfalls: cyclic dependency",
    raddle::source!("lock_order.rs"),
    &[
        Variant::correct("one_order", || dinner(2, one_order))
            .full_size(|| dinner(5, one_order))
            .property(|| dinners(one_order)),
        Variant::buggy("opposite_orders", Class::Deadlock, || bank(1, opposite_orders))
            .fails_with(Expect::Deadlock(2))
            .property(|| banks(opposite_orders))
            .smallest("rounds 1", 1),
        Variant::buggy("ring", Class::Deadlock, || dinner(3, ring))
            .fails_with(Expect::Deadlock(3))
            .property(|| dinners(ring))
            .smallest("philosophers 2", 1),
        Variant::buggy("lock_in_callback", Class::Deadlock, || bank(1, lock_in_callback))
            .fails_with(Expect::Deadlock(2))
            .property(|| banks(lock_in_callback))
            .smallest("rounds 1", 1),
        Variant::buggy("try_lock_retry", Class::Livelock, || bank(1, try_lock_retry))
            .fails_with(Expect::Livelock)
            .property(|| banks(try_lock_retry))
            .smallest("rounds 1", 3),
    ],
);

/// What two tasks of a bank work on.
struct Bank {
    accounts: Mutex<i32>,
    journal: Mutex<i32>,
}

impl Bank {
    fn book(mut one: MutexGuard<'_, i32>, mut other: MutexGuard<'_, i32>) {
        *one += 1;
        *other += 1;
    }
}

fn opposite_orders(bank: &Bank, clerk: &str) {
    if clerk == "teller" {
        let accounts = bank.accounts.lock().unwrap();
        let journal = bank.journal.lock().unwrap();
        Bank::book(accounts, journal);
    } else {
        let journal = bank.journal.lock().unwrap();
        // BUG: the other clerk takes these two the other way round.
        let accounts = bank.accounts.lock().unwrap();
        Bank::book(accounts, journal);
    }
}

fn lock_in_callback(bank: &Bank, clerk: &str) {
    let on_change = || {
        let mut journal = bank.journal.lock().unwrap();
        *journal += 1;
    };
    if clerk == "teller" {
        let mut accounts = bank.accounts.lock().unwrap();
        *accounts += 1;
        // BUG: the callback is somebody else's code, and takes a lock while this one is held.
        on_change();
    } else {
        let mut journal = bank.journal.lock().unwrap();
        *journal += 1;
        *bank.accounts.lock().unwrap() += 1;
    }
}

fn try_lock_retry(bank: &Bank, clerk: &str) {
    let (first, second) =
        if clerk == "teller" { (&bank.accounts, &bank.journal) } else { (&bank.journal, &bank.accounts) };
    loop {
        let mine = first.lock().unwrap();
        if let Ok(theirs) = second.try_lock() {
            return Bank::book(theirs, mine);
        }
        drop(mine);
        // BUG: both clerks step back for equally long, so both may meet again.
        thread::yield_now();
    }
}

fn banks(work: fn(&Bank, &str)) -> Property {
    Property::new(&["rounds"], 1..=3_u16, move |rounds| bank(rounds, work))
}

fn bank(rounds: u16, work: fn(&Bank, &str)) {
    let bank = Arc::new(Bank { accounts: Mutex::new(0).named("accounts"), journal: Mutex::new(0).named("journal") });
    let spawn = |clerk: &'static str| {
        let bank = Arc::clone(&bank);
        thread::Builder::new().name(clerk.into()).spawn(move || (0..rounds).for_each(|_| work(&bank, clerk))).unwrap()
    };
    for clerk in ["teller", "auditor"].map(spawn) {
        clerk.join().unwrap();
    }
    let booked = (*bank.accounts.lock().unwrap(), *bank.journal.lock().unwrap());
    let wanted = 2 * i32::from(rounds);
    assert_eq!(booked, (wanted, wanted), "a booking was lost");
}

fn one_order(left: usize, right: usize) -> (usize, usize) {
    (left.min(right), left.max(right))
}

fn ring(left: usize, right: usize) -> (usize, usize) {
    // BUG: the last philosopher's right fork is the first one's left: the orders close a circle.
    (left, right)
}

fn dinners(order: fn(usize, usize) -> (usize, usize)) -> Property {
    Property::new(&["philosophers"], 2..=5_usize, move |philosophers| dinner(philosophers, order))
}

fn dinner(philosophers: usize, order: fn(usize, usize) -> (usize, usize)) {
    const FORKS: [&str; 5] = ["fork_a", "fork_b", "fork_c", "fork_d", "fork_e"];
    const NAMES: [&str; 5] = ["aristotle", "bacon", "cicero", "descartes", "epicurus"];
    let forks: Arc<Vec<_>> = Arc::new((0..philosophers).map(|fork| Mutex::new(()).named(FORKS[fork])).collect());
    let sit_down = |seat: usize| {
        let forks = Arc::clone(&forks);
        let eat = move || {
            let (first, second) = order(seat, (seat + 1) % philosophers);
            let _first = forks[first].lock().unwrap();
            let _second = forks[second].lock().unwrap();
        };
        thread::Builder::new().name(NAMES[seat].into()).spawn(eat).unwrap()
    };
    let guests: Vec<_> = (0..philosophers).map(sit_down).collect();
    for guest in guests {
        guest.join().unwrap();
    }
}

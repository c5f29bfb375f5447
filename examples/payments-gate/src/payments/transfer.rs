//! Money moves between accounts, each under a lock of its own.
//!
//! # What goes wrong
//! A transfer changes two accounts, and nobody may see, or come to, a state in between. `payer_first` takes the payer's
//! lock and then the receiver's: two people who pay each other wait for each other. `looks_first` never has more than one
//! lock, looks whether there is enough, and takes the money later: two payments that each could be made are both made.
//!
//! # Outcomes
//! | variant              | ends                     | because                                            |
//! |----------------------|--------------------------|----------------------------------------------------|
//! | `lower_number_first` | with 200 and no debts    | both locks, in one order for everybody             |
//! | `payer_first`        | or deadlock of two       | each has the account that the other one pays to    |
//! | `looks_first`        | or with an overdraft     | what it saw is out of date when the money is taken |
//!
//! # Use instead
//! Take both locks before looking, the one of the lower account number first.

use raddle::prelude::*;
use raddle::sync::{Arc, Mutex, MutexGuard};
use raddle::thread;

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "payments/transfer",
    "Ledger: transfers between accounts",
    raddle::source!("transfer.rs"),
    &[
        Variant::correct("lower_number_first", || at_once(lower_number_first)),
        Variant::buggy("payer_first", Class::Deadlock, || at_once(payer_first)).fails_with(Expect::Deadlock(2)),
        Variant::buggy("looks_first", Class::AtomicityViolation, || at_once(looks_first))
            .fails_with(Expect::Assertion("an account is overdrawn")),
    ],
);

/// A standing order: from whom, to whom, how much.
type Order = (usize, usize, i64);

const ANN: usize = 0;
const BOB: usize = 1;
const OPENING: i64 = 100;
const ORDERS: [(&str, Order); 3] = [("rent", (ANN, BOB, 80)), ("loan", (ANN, BOB, 70)), ("refund", (BOB, ANN, 20))];

struct Ledger {
    accounts: [Mutex<i64>; 2],
}

fn lower_number_first(ledger: &Ledger, (from, to, amount): Order) {
    let lower = ledger.accounts[from.min(to)].lock().unwrap();
    let upper = ledger.accounts[from.max(to)].lock().unwrap();
    let (payer, receiver) = if from < to { (lower, upper) } else { (upper, lower) };
    book(payer, receiver, amount);
}

fn payer_first(ledger: &Ledger, (from, to, amount): Order) {
    let payer = ledger.accounts[from].lock().unwrap();
    // BUG: who pays the other way has the receiver's account, and waits for the payer's.
    let receiver = ledger.accounts[to].lock().unwrap();
    book(payer, receiver, amount);
}

fn looks_first(ledger: &Ledger, (from, to, amount): Order) {
    if *ledger.accounts[from].lock().unwrap() < amount {
        return;
    }
    // BUG: another order may have taken the money since.
    *ledger.accounts[from].lock().unwrap() -= amount;
    *ledger.accounts[to].lock().unwrap() += amount;
}

fn book(mut payer: MutexGuard<'_, i64>, mut receiver: MutexGuard<'_, i64>, amount: i64) {
    if *payer >= amount {
        *payer -= amount;
        *receiver += amount;
    }
}

fn at_once(transfer: fn(&Ledger, Order)) {
    let accounts = ["ann", "bob"].map(|name| Mutex::new(OPENING).named(name));
    let ledger = Arc::new(Ledger { accounts });
    let start = |(name, order): (&str, Order)| {
        let ledger = Arc::clone(&ledger);
        thread::Builder::new().name(name.into()).spawn(move || transfer(&ledger, order)).unwrap()
    };
    for clerk in ORDERS.map(start) {
        clerk.join().unwrap();
    }
    let balances = ledger.accounts.each_ref().map(|account| *account.lock().unwrap());
    assert!(balances.iter().all(|balance| *balance >= 0), "an account is overdrawn");
    assert_eq!(balances.iter().sum::<i64>(), 2 * OPENING, "money was made or lost");
}

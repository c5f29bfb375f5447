//! A checker of an account that is wrong, and right whenever it looks too early.
//!
//! # What goes wrong
//! Every access is under the one lock, so nothing races. `wrong_sum` compares the balance with a formula that is
//! wrong, but only once both bookings are done: with three tasks that start at the same time, the checker has to come
//! last for anybody to notice. A check that is skipped in most orders tests those orders only.
//!
//! # Outcomes
//! | variant     | the checker                | because                                       |
//! |-------------|----------------------------|-----------------------------------------------|
//! | `right_sum` | agrees, or is too early    | the formula has the signs of the bookings     |
//! | `wrong_sum` | fails iff it comes last    | only then are both flags set when it looks    |
//!
//! Its depth is 2: the checker comes after the deposit, and after the withdrawal. One order less, and it may be
//! skipped.
//!
//! # Use instead
//! Wait for what is to be checked (`join`), and then check without an `if`.
//!
//! # In Python
//! `if deposited and withdrawn: assert balance == …` in a thread of its own, started with the others.
//!
//! # Seen in the wild
//! The account program of Cordeiro and Fischer's suite (ICSE 2011) and of `SCTBench`. `main` returns without joining.

use super::{mean, row};
use raddle::prelude::*;
use raddle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI32, Ordering::SeqCst},
    },
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "classics/account",
    "Testing literature: an assertion that few orders reach",
    raddle::source!("account.rs"),
    &[
        Variant::correct("right_sum", || bank(right_sum)),
        Variant::buggy("wrong_sum", Class::OrderViolation, || bank(wrong_sum))
            .fails_with(Expect::Assertion("the balance is not the sum of the bookings"))
            .sizes(SIZES),
    ],
);

const SIZES: &[Size] = &[Size::new("account", || bank(wrong_sum))
    .published(&row([mean(18), mean(4), mean(4), mean(3), mean(6), mean(1)]))
    .depth(2)];

const OPENING: i32 = 100;
const DEPOSIT: i32 = 30;
const WITHDRAWAL: i32 = 20;

struct Account {
    lock: Mutex<()>,
    balance: AtomicI32,
    deposited: AtomicBool,
    withdrawn: AtomicBool,
}

impl Account {
    fn book(&self, amount: i32, done: &AtomicBool) {
        let _guard = self.lock.lock().unwrap();
        self.balance.store(self.balance.load(SeqCst) + amount, SeqCst);
        done.store(true, SeqCst);
    }

    /// The balance once both bookings are done.
    fn closing(&self) -> Option<i32> {
        let _guard = self.lock.lock().unwrap();
        (self.deposited.load(SeqCst) && self.withdrawn.load(SeqCst)).then(|| self.balance.load(SeqCst))
    }
}

fn right_sum(account: &Account) -> bool {
    account.closing().is_none_or(|balance| balance == OPENING + DEPOSIT - WITHDRAWAL)
}

fn wrong_sum(account: &Account) -> bool {
    // BUG: a deposit is added. Whoever looks before both bookings are done never compares.
    account.closing().is_none_or(|balance| balance == OPENING - DEPOSIT - WITHDRAWAL)
}

fn bank(agrees: fn(&Account) -> bool) {
    let account = Arc::new(Account {
        lock: Mutex::new(()).named("lock"),
        balance: AtomicI32::new(OPENING).named("balance"),
        deposited: AtomicBool::new(false).named("deposited"),
        withdrawn: AtomicBool::new(false).named("withdrawn"),
    });
    let start = |name: &str, work: fn(&Account, fn(&Account) -> bool)| {
        let account = Arc::clone(&account);
        thread::Builder::new().name(name.into()).spawn(move || work(&account, agrees)).unwrap();
    };
    start("checker", |account, agrees| assert!(agrees(account), "the balance is not the sum of the bookings"));
    start("depositor", |account, _| account.book(DEPOSIT, &account.deposited));
    start("withdrawer", |account, _| account.book(-WITHDRAWAL, &account.withdrawn));
}

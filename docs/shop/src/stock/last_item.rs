//! Two tills sell the last item at once.
//!
//! # What goes wrong
//! `two_guards` looks whether there is an item under one guard, and takes it under another. Each access is guarded,
//! but between the two the other till can take the item that this one has seen.
//!
//! # Outcomes
//! | variant      | left    | because                                     |
//! |--------------|---------|---------------------------------------------|
//! | `one_guard`  | 0       | one guard spans the look and the sale       |
//! | `two_guards` | 0 or -1 | the sale may rest on an out-of-date look    |
//!
//! # Use instead
//! Keep the guard until the item is taken.

use raddle::prelude::*;
use raddle::{
    sync::{Arc, Mutex},
    thread,
};

/// The pattern and its ground truth.
pub const PATTERN: Pattern = Pattern::new(
    "stock/last_item",
    "Selling",
    raddle::source!("last_item.rs"),
    &[
        Variant::correct("one_guard", || two_tills(one_guard)),
        Variant::buggy("two_guards", Class::AtomicityViolation, || two_tills(two_guards))
            .fails_with(Expect::Assertion("an item was sold twice")),
    ],
);

fn one_guard(stock: &Mutex<i32>) {
    let mut stock = stock.lock().unwrap();
    if *stock > 0 {
        *stock -= 1;
    }
}

fn two_guards(stock: &Mutex<i32>) {
    if *stock.lock().unwrap() > 0 {
        // BUG: the lock is free here, so the item can be gone before it is taken.
        *stock.lock().unwrap() -= 1;
    }
}

fn two_tills(sell: fn(&Mutex<i32>)) {
    let stock = Arc::new(Mutex::new(1).named("stock"));
    let theirs = Arc::clone(&stock);
    let other = thread::Builder::new().name("other till".into());
    let other = other.spawn(move || sell(&theirs)).unwrap();
    sell(&stock);
    other.join().unwrap();
    assert!(*stock.lock().unwrap() >= 0, "an item was sold twice");
}

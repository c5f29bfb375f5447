//! Names for pointers: who put one into an atomic first, and as its how-manieth.
//!
//! An address is the allocator's business and differs from run to run: what has been freed may be given again, or not. So
//! nothing that is compared or shown has an address in it. A pointer keeps its name while an atomic holds it; what comes
//! back after that may be something else at the same address, and is named anew.

use super::{Execution, mix, try_with};
use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

#[derive(Debug)]
struct Named {
    /// Equal in every execution of a trace.
    hash: u64,
    /// In order of naming.
    number: u64,
    /// Atomics that hold it.
    holders: usize,
}

/// The pointers of an execution, by address.
#[derive(Debug, Default)]
pub(super) struct Pointers {
    known: HashMap<usize, Named>,
    count: u64,
    /// How many each task has named, by its identity.
    by: HashMap<u64, u64>,
}

impl Execution {
    fn hold(&mut self, address: usize) -> u64 {
        if address == 0 {
            return 0;
        }
        if let Some(named) = self.pointers.known.get_mut(&address).filter(|named| named.holders > 0) {
            named.holders += 1;
            return named.hash;
        }
        let who = self.tasks[self.current.index()].identity;
        let nth = self.pointers.by.entry(who).or_default();
        *nth += 1;
        let hash = mix(who, *nth);
        self.pointers.count += 1;
        let named = Named { hash, number: self.pointers.count, holders: 1 };
        self.pointers.known.insert(address, named);
        hash
    }

    fn let_go(&mut self, address: usize) {
        if let Some(named) = self.pointers.known.get_mut(&address) {
            named.holders = named.holders.saturating_sub(1);
        }
    }
}

/// What an atomic holds: a pointer that keeps its name meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Held {
    address: AtomicUsize,
    /// Of which execution.
    serial: AtomicU64,
}

impl Held {
    /// It holds this from here on. Gives a number for that.
    pub(crate) fn set<T>(&self, pointer: *mut T) -> u64 {
        let new = pointer.addr();
        let old = self.address.swap(new, Ordering::Relaxed);
        let hash = try_with(|x| {
            let hash = x.hold(new);
            if self.serial.swap(x.serial.get(), Ordering::Relaxed) == x.serial.get() {
                x.let_go(old);
            }
            hash
        });
        hash.unwrap_or(0)
    }

    /// A pointer's name in this execution, for a trace.
    pub(crate) fn show<T>(pointer: *mut T) -> String {
        if pointer.is_null() {
            return "null".to_owned();
        }
        let number = try_with(|x| Some(x.pointers.known.get(&pointer.addr())?.number)).flatten();
        number.map_or_else(|| "ptr".to_owned(), |number| format!("ptr#{number}"))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let serial = NonZeroU64::new(*self.serial.get_mut());
        let address = *self.address.get_mut();
        try_with(|x| {
            if serial == Some(x.serial) {
                x.let_go(address);
            }
        });
    }
}

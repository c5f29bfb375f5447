//! The stack as it was first: a head is a slot's number alone, and every order is `Relaxed`.

use super::{NONE, Slot, at};
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// The first version.
pub(super) struct Untagged {
    full: Head,
    free: Head,
    slots: Box<[Slot]>,
}

impl Untagged {
    pub(super) fn with_capacity(capacity: u32) -> Self {
        let slot = |number| Slot {
            word: AtomicU64::new(0),
            next: AtomicU32::new(if number + 1 < capacity { number + 1 } else { NONE }),
        };
        Untagged {
            full: Head(AtomicU32::new(NONE)),
            free: Head(AtomicU32::new(0)),
            slots: (0..capacity).map(slot).collect(),
        }
    }

    pub(super) fn push(&self, word: u64) -> bool {
        let Some(slot) = self.free.pop(&self.slots) else { return false };
        at(&self.slots, slot).word.store(word, Relaxed);
        // BUG: who finds the slot linked may still see the word that was there before.
        self.full.push(slot, &self.slots);
        true
    }

    pub(super) fn pop(&self) -> Option<u64> {
        let slot = self.full.pop(&self.slots)?;
        let word = at(&self.slots, slot).word.load(Relaxed);
        self.free.push(slot, &self.slots);
        Some(word)
    }
}

struct Head(AtomicU32);

impl Head {
    fn push(&self, slot: u32, slots: &[Slot]) {
        let mut top = self.0.load(Relaxed);
        loop {
            at(slots, slot).next.store(top, Relaxed);
            match self.0.compare_exchange_weak(top, slot, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(other) => top = other,
            }
        }
    }

    fn pop(&self, slots: &[Slot]) -> Option<u32> {
        let mut top = self.0.load(Relaxed);
        while top != NONE {
            let next = at(slots, top).next.load(Relaxed);
            // BUG: the slot may have left and come back since, with another one below it.
            match self.0.compare_exchange_weak(top, next, Relaxed, Relaxed) {
                Ok(_) => return Some(top),
                Err(other) => top = other,
            }
        }
        None
    }
}

//! The crate's stack, written straight on `std::sync::atomic`.

#![allow(clippy::disallowed_types, reason = "that is the point")]

use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

pub(crate) struct Stack {
    full: AtomicU64,
    free: AtomicU64,
    slots: Box<[Slot]>,
}

struct Slot {
    word: AtomicU64,
    next: AtomicU32,
}

const NONE: u32 = u32::MAX;

fn split(word: u64) -> (u32, u32) {
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a word")]
    (word as u32, (word >> 32) as u32)
}

fn join(slot: u32, tag: u32) -> u64 {
    u64::from(tag) << 32 | u64::from(slot)
}

impl Stack {
    pub(crate) fn with_capacity(capacity: u32) -> Self {
        let slot = |number| Slot {
            word: AtomicU64::new(0),
            next: AtomicU32::new(if number + 1 < capacity { number + 1 } else { NONE }),
        };
        Stack {
            full: AtomicU64::new(join(NONE, 0)),
            free: AtomicU64::new(join(0, 0)),
            slots: (0..capacity).map(slot).collect(),
        }
    }

    pub(crate) fn push(&self, word: u64) -> Result<(), u64> {
        let slot = self.take(&self.free).ok_or(word)?;
        self.slots[slot as usize].word.store(word, Relaxed);
        self.give(&self.full, slot);
        Ok(())
    }

    pub(crate) fn pop(&self) -> Option<u64> {
        let slot = self.take(&self.full)?;
        let word = self.slots[slot as usize].word.load(Relaxed);
        self.give(&self.free, slot);
        Some(word)
    }

    fn give(&self, head: &AtomicU64, slot: u32) {
        let mut seen = head.load(Relaxed);
        loop {
            let (top, tag) = split(seen);
            self.slots[slot as usize].next.store(top, Relaxed);
            match head.compare_exchange_weak(seen, join(slot, tag.wrapping_add(1)), Release, Relaxed) {
                Ok(_) => return,
                Err(other) => seen = other,
            }
        }
    }

    fn take(&self, head: &AtomicU64) -> Option<u32> {
        let mut seen = head.load(Acquire);
        loop {
            let (top, tag) = split(seen);
            if top == NONE {
                return None;
            }
            let next = self.slots[top as usize].next.load(Relaxed);
            match head.compare_exchange_weak(seen, join(next, tag.wrapping_add(1)), Acquire, Acquire) {
                Ok(_) => return Some(top),
                Err(other) => seen = other,
            }
        }
    }
}

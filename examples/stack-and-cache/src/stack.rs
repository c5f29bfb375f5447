//! A stack of words that threads share without locks (Treiber, IBM RJ 5118, 1986), in safe Rust.
//!
//! What is on the stack lies in slots of an arena, and slots are linked by their numbers. So memory is never given back
//! while somebody may still look at it: a slot that has been popped goes to a second stack, of those that are free.
//!
//! A slot that comes back makes the *ABA problem*: who has read that slot 3 is on top of slot 5 may be delayed, find 3 on
//! top again, and take it for the same stack, though 5 has left it meanwhile. Therefore a head is a number *and a tag*,
//! in one word, and every change counts the tag up.

#[cfg(test)]
mod before;
#[cfg(test)]
mod tests;

use crate::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::fmt;

/// There is no free slot for this word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full(pub u64);

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the stack is full: there is no room for {}", self.0)
    }
}

impl std::error::Error for Full {}

/// A bounded stack of words: handles, offsets, ids.
///
/// ```
/// let stack = stack_and_cache::Stack::with_capacity(2);
/// stack.push(7)?;
/// stack.push(8)?;
/// assert!(stack.push(9).is_err());
/// assert_eq!((stack.pop(), stack.pop(), stack.pop()), (Some(8), Some(7), None));
/// # Ok::<(), stack_and_cache::Full>(())
/// ```
#[derive(Debug)]
pub struct Stack {
    full: Head,
    free: Head,
    slots: Box<[Slot]>,
}

#[derive(Debug)]
struct Slot {
    word: AtomicU64,
    /// The slot below, on whichever of the two stacks it is.
    next: AtomicU32,
}

/// The number of no slot.
const NONE: u32 = u32::MAX;

impl Stack {
    /// A stack with room for so many words.
    ///
    /// # Panics
    /// If that is 2³² − 1, which stands for none.
    #[must_use]
    pub fn with_capacity(capacity: u32) -> Self {
        assert!(capacity < NONE, "a stack has room for less than {NONE} words");
        let slot = |number| Slot {
            word: AtomicU64::new(0),
            next: AtomicU32::new(if number + 1 < capacity { number + 1 } else { NONE }),
        };
        let slots = (0..capacity).map(slot).collect();
        Stack { full: Head::new(NONE), free: Head::new(if capacity > 0 { 0 } else { NONE }), slots }
    }

    /// Puts a word on top.
    ///
    /// # Errors
    /// If no slot is free. One that another call is just moving is on neither stack, so while others push and pop a
    /// stack may call itself full that has fewer words.
    #[inline]
    pub fn push(&self, word: u64) -> Result<(), Full> {
        let slot = self.free.pop(&self.slots).ok_or(Full(word))?;
        // The slot is ours until it is linked, and what links it publishes the word.
        self.at(slot).word.store(word, Relaxed);
        self.full.push(slot, &self.slots);
        Ok(())
    }

    /// Takes the word on top.
    #[inline]
    pub fn pop(&self) -> Option<u64> {
        let slot = self.full.pop(&self.slots)?;
        let word = self.at(slot).word.load(Relaxed);
        self.free.push(slot, &self.slots);
        Some(word)
    }

    fn at(&self, slot: u32) -> &Slot {
        at(&self.slots, slot)
    }
}

fn at(slots: &[Slot], slot: u32) -> &Slot {
    &slots[slot as usize]
}

/// The top of a stack of slots: the slot's number below, the tag above.
#[derive(Debug)]
struct Head(AtomicU64);

/// One state of a head.
#[derive(Clone, Copy)]
struct Top {
    slot: u32,
    tag: u32,
}

impl Top {
    fn pack(self) -> u64 {
        u64::from(self.tag) << 32 | u64::from(self.slot)
    }

    fn unpack(word: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the halves of a word")]
        let (slot, tag) = (word as u32, (word >> 32) as u32);
        Top { slot, tag }
    }

    /// What follows this state, with another slot on top.
    fn then(self, slot: u32) -> u64 {
        Top { slot, tag: self.tag.wrapping_add(1) }.pack()
    }
}

impl Head {
    fn new(slot: u32) -> Self {
        Head(AtomicU64::new(Top { slot, tag: 0 }.pack()))
    }

    #[inline]
    fn push(&self, slot: u32, slots: &[Slot]) {
        let mut seen = self.0.load(Relaxed);
        loop {
            let top = Top::unpack(seen);
            at(slots, slot).next.store(top.slot, Relaxed);
            match self.0.compare_exchange_weak(seen, top.then(slot), Release, Relaxed) {
                Ok(_) => return,
                Err(other) => seen = other,
            }
        }
    }

    #[inline]
    fn pop(&self, slots: &[Slot]) -> Option<u32> {
        let mut seen = self.0.load(Acquire);
        loop {
            let top = Top::unpack(seen);
            if top.slot == NONE {
                return None;
            }
            // Out of date if another has popped the slot since, and then the tag is, too.
            let next = at(slots, top.slot).next.load(Relaxed);
            match self.0.compare_exchange_weak(seen, top.then(next), Acquire, Acquire) {
                Ok(_) => return Some(top.slot),
                Err(other) => seen = other,
            }
        }
    }
}

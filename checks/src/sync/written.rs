//! Whether what a lock guards has been written to, and is as it was all the same.
//!
//! Whoever takes a lock and looks for something to take out, as by `pop`, borrows what is guarded mutably, be there
//! anything or not. A loop that does so until there is has to be known as one that waits (`engine/exhaustive/spin.rs`), so
//! the value's own bytes are compared. What it points to is not: a loop that changes only that, twenty times over and alone,
//! and nothing else that can be seen, is taken for one that waits.

use crate::execution::{Op, try_with};
use std::mem::MaybeUninit;

/// Bytes of a value that is compared: of a larger one every write counts as a change.
const BYTES_MAX: usize = 256;

/// What a guard knows of writes.
#[derive(Default)]
pub(super) struct Written {
    is: bool,
    before: Option<Bytes>,
}

impl Written {
    /// The value is about to be borrowed mutably.
    pub(super) fn begin<T: ?Sized>(&mut self, value: &T) {
        if std::mem::replace(&mut self.is, true) {
            return;
        }
        if try_with(|x| x.compares_bytes()).unwrap_or(false) {
            self.before = Bytes::of(value);
        }
    }

    /// `op` gives the lock back.
    pub(super) fn mark<T: ?Sized>(&mut self, op: Op, value: Option<&T>) -> Op {
        let before = self.before.take();
        let idle = before.zip(value).is_some_and(|(before, value)| before.are(value));
        Op { progress: std::mem::take(&mut self.is), idle, ..op }
    }
}

/// The bytes of a value itself, padding among them.
struct Bytes(Box<[MaybeUninit<u8>]>);

impl Bytes {
    fn of<T: ?Sized>(value: &T) -> Option<Self> {
        (cfg!(unix) && size_of_val(value) <= BYTES_MAX).then(|| Bytes(bytes(value).into()))
    }

    /// Whether they are the value's.
    fn are<T: ?Sized>(&self, value: &T) -> bool {
        let now = bytes(value);
        now.len() == self.0.len() && are_equal(&self.0, now)
    }
}

fn bytes<T: ?Sized>(value: &T) -> &[MaybeUninit<u8>] {
    let first = std::ptr::from_ref(value).cast::<MaybeUninit<u8>>();
    // SAFETY: so many bytes from there are the value's, which is borrowed for as long as the slice is. A byte that may be
    // uninitialised may be anything, so padding is fine. Nobody writes to them meanwhile: the task has the lock, and tasks
    // are coroutines of one thread.
    #[expect(unsafe_code, reason = "a value of any type has bytes, and no trait says so")]
    unsafe {
        std::slice::from_raw_parts(first, size_of_val(value))
    }
}

#[cfg(unix)]
fn are_equal(one: &[MaybeUninit<u8>], other: &[MaybeUninit<u8>]) -> bool {
    // SAFETY: both are so long. C's `memcmp` may be given padding, whose bytes then have some value; if they differ the
    // values count as different, and if all bytes are equal those that are none are, too.
    #[expect(unsafe_code, reason = "padding can be compared in C alone")]
    unsafe {
        libc::memcmp(one.as_ptr().cast(), other.as_ptr().cast(), one.len().min(other.len())) == 0
    }
}

#[cfg(not(unix))]
fn are_equal(_: &[MaybeUninit<u8>], _: &[MaybeUninit<u8>]) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn what_is_as_it_was_is_known_by_its_bytes() {
        let mut queue: VecDeque<u32> = VecDeque::new();
        let empty = Bytes::of(&queue).unwrap();
        assert_eq!(queue.pop_front(), None);
        assert!(empty.are(&queue));
        queue.push_back(1);
        assert!(!empty.are(&queue));
        let mut padded = (1_u8, 2_u32);
        let before = Bytes::of(&padded).unwrap();
        padded.0 = 3;
        assert!(!before.are(&padded));
        assert!(Bytes::of(&[0_u8; BYTES_MAX + 1]).is_none(), "a large value");
        assert!(Bytes::of(&[][..] as &[u32]).unwrap().are(&[] as &[u32]), "nothing");
    }
}

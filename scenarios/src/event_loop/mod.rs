//! The event loop: coroutines, wakers, tasks, and what they share.

use raddle::Family;

pub mod blocking;
pub mod coroutine;
pub mod gather;
pub mod shared_state;
pub mod waker;

/// The patterns of this family.
pub const FAMILY: Family = Family {
    name: "event_loop",
    patterns: &[coroutine::PATTERN, waker::PATTERN, gather::PATTERN, blocking::PATTERN, shared_state::PATTERN],
};

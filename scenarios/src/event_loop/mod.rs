//! The event loop: coroutines, wakers, tasks, and what they share.

use raddle::Family;

pub mod shared_state;

/// The patterns of this family.
pub const FAMILY: Family = Family { name: "event_loop", patterns: &[shared_state::PATTERN] };

//! Threads, and the interpreter lock.

use raddle::Family;

pub mod daemon;
pub mod gil;
pub mod join;
pub mod refcount;

/// The patterns of this family.
pub const FAMILY: Family =
    Family { name: "threads", patterns: &[join::PATTERN, daemon::PATTERN, gil::PATTERN, refcount::PATTERN] };

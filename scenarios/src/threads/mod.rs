//! Threads, and the interpreter lock.

use raddle::Family;

pub mod gil;

/// The patterns of this family.
pub const FAMILY: Family = Family { name: "threads", patterns: &[gil::PATTERN] };

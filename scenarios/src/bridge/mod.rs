//! Threads and event loops together.

use raddle::Family;

pub mod executor;
pub mod process_pool;

/// The patterns of this family.
pub const FAMILY: Family = Family { name: "bridge", patterns: &[executor::PATTERN, process_pool::PATTERN] };

//! Locks and condition variables.

use raddle::Family;

pub mod condvar;
pub mod lock_order;
pub mod mutex;

/// The patterns of this family.
pub const FAMILY: Family = Family { name: "locks", patterns: &[mutex::PATTERN, lock_order::PATTERN, condvar::PATTERN] };

//! What goes wrong although every lock is taken.

use raddle::Family;

pub mod logging;
pub mod unfair_lock;

/// The patterns of this family.
pub const FAMILY: Family = Family { name: "pitfalls", patterns: &[unfair_lock::PATTERN, logging::PATTERN] };

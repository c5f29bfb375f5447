//! Context managers, callbacks, timeouts and cancellation.

use raddle::Family;

pub mod callbacks;
pub mod cancellation;
pub mod context_manager;
pub mod timeout;

/// The patterns of this family.
pub const FAMILY: Family = Family {
    name: "advanced",
    patterns: &[context_manager::PATTERN, callbacks::PATTERN, timeout::PATTERN, cancellation::PATTERN],
};

//! Context managers, callbacks, timeouts and cancellation.

use raddle::Family;

/// The patterns of this family.
pub const FAMILY: Family = Family { name: "advanced", patterns: &[] };

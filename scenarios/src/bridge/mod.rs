//! Threads and event loops together.

use raddle::Family;

/// The patterns of this family.
pub const FAMILY: Family = Family { name: "bridge", patterns: &[] };

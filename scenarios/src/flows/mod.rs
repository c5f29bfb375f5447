//! Pipelines, queues, fan-out and nurseries.

use raddle::Family;

/// The patterns of this family.
pub const FAMILY: Family = Family { name: "flows", patterns: &[] };

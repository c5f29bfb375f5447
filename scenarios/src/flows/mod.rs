//! Pipelines, queues, fan-out and nurseries.

use raddle::Family;

pub mod fan_out_fan_in;
pub mod nursery;
pub mod pipeline;
pub mod producer_consumer;

/// The patterns of this family.
pub const FAMILY: Family = Family {
    name: "flows",
    patterns: &[pipeline::PATTERN, producer_consumer::PATTERN, fan_out_fan_in::PATTERN, nursery::PATTERN],
};

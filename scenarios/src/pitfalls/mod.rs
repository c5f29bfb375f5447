//! What goes wrong although every lock is taken.

use raddle::Family;

pub mod flaky_test;
pub mod livelock;
pub mod logging;
pub mod priority;
pub mod readers;
pub mod unfair_lock;

/// The patterns of this family.
pub const FAMILY: Family = Family {
    name: "pitfalls",
    patterns: &[
        unfair_lock::PATTERN,
        priority::PATTERN,
        readers::PATTERN,
        livelock::PATTERN,
        logging::PATTERN,
        flaky_test::PATTERN,
    ],
};

//! Accounts, and the queue of payments that leave the house.

use raddle::Family;

pub mod outbox;
pub mod transfer;

/// The patterns of this family.
pub const FAMILY: Family = Family { name: "payments", patterns: &[transfer::PATTERN, outbox::PATTERN] };

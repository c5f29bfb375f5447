//! What is in stock, and who takes it.

use raddle::Family;

pub mod last_item;
pub mod store_room;

/// The patterns of this family.
pub const FAMILY: Family = Family { name: "stock", patterns: &[last_item::PATTERN, store_room::PATTERN] };

//! The article's workflows: a scraper and a connection pool.

use raddle::Family;

pub mod connection_pool;
pub mod scraper;

/// The patterns of this family.
pub const FAMILY: Family = Family { name: "workflows", patterns: &[scraper::PATTERN, connection_pool::PATTERN] };

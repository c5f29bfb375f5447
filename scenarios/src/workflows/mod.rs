//! The article's workflows: a scraper and a connection pool.

use raddle::Family;

/// The patterns of this family.
pub const FAMILY: Family = Family { name: "workflows", patterns: &[] };

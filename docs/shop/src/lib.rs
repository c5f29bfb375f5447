//! How the shop synchronizes: each way correct, and as it must not be.

use raddle::Catalogue;

pub mod stock;

/// All patterns.
pub static CATALOGUE: Catalogue = Catalogue { name: "shop", families: &[stock::FAMILY], regressions: None };

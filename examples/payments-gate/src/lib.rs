//! What the payment service does at once, each way as a correct program and as the buggy ones that it once was.

use raddle::Catalogue;

pub mod payments;

/// All patterns.
pub static CATALOGUE: Catalogue = Catalogue { name: "payments-gate", families: &[payments::FAMILY], regressions: None };

//! The catalogue: every synchronization pattern, correct and buggy.
//!
//! A pattern is one file and two lines of its family's `mod.rs`.

#![expect(clippy::missing_panics_doc, reason = "scenarios panic to fail, and their lessons say when")]

use raddle::Catalogue;

pub mod advanced;
pub mod bridge;
pub mod classics;
pub mod event_loop;
pub mod flows;
pub mod locks;
pub mod pitfalls;
pub mod threads;
pub mod wire;
pub mod workflows;

/// All patterns. A static, as a constant would be compiled again, scenarios and all, in each crate that uses it.
pub static CATALOGUE: Catalogue = Catalogue {
    name: "raddle",
    families: &[
        threads::FAMILY,
        locks::FAMILY,
        event_loop::FAMILY,
        workflows::FAMILY,
        advanced::FAMILY,
        bridge::FAMILY,
        flows::FAMILY,
        pitfalls::FAMILY,
        classics::FAMILY,
    ],
    regressions: Some(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures")),
};

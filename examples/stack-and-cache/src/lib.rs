//! Two building blocks of a service: a [`Stack`] that threads share without locks, and a [`Cache`] in which concurrent
//! callers share one load.
//!
//! Both are written against `src/sync.rs`, which is std and tokio in what ships, and raddle in this crate's own tests.

// Where `sync.rs` has raddle's, clippy refuses what raddle can't see: see `clippy.toml`.
#![cfg_attr(not(test), allow(clippy::disallowed_types, reason = "what ships is built on std and tokio"))]

pub mod cache;
pub mod stack;
mod sync;

pub use cache::Cache;
pub use stack::{Full, Stack};

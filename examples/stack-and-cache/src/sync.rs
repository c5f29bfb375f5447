//! The primitives: std's and tokio's in what ships, raddle's in this crate's tests.
//!
//! `cfg(test)` is the switch, as it needs nothing else: `cargo test` is the whole command, raddle is a development
//! dependency, and nobody who depends on this crate can turn the model on. A cargo feature could be turned on by any
//! crate of a build, for all of it; `--cfg` needs `RUSTFLAGS`, and builds everything anew. What it costs: the model is
//! there in unit tests only. Integration tests, examples and benchmarks get what ships, which is what they are for. Take
//! `--cfg`, with raddle below `[target.'cfg(…)'.dependencies]`, where one test has to model several crates at once.

#[cfg(not(test))]
pub(crate) use {
    ::tokio,
    std::sync::{Mutex, PoisonError, atomic},
};

#[cfg(test)]
pub(crate) use raddle::{
    sync::{Mutex, PoisonError, atomic},
    tokio,
};

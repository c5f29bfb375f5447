//! tokio's tree, so that a program swaps `use tokio` for `use raddle::tokio` and nothing else.
//!
//! What a name does stands where it is defined: [`crate::task`], [`crate::task::sync`], [`crate::time`].

pub use crate::select;
pub use crate::task::{self, runtime, spawn, sync};
pub use crate::time;
pub use ::tokio::{join, pin, try_join};

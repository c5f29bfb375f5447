//! tokio's tree, so that a program swaps `use tokio` for `use raddle::tokio` and nothing else.
//!
//! What a name does stands where it is defined: [`crate::task`], [`crate::task::sync`], [`crate::time`].

pub use crate::select;
pub use crate::task::{self, runtime, spawn, sync};
pub use crate::time;
pub use ::tokio::{join, pin, try_join};

/// What reads and writes streams: traits and adapters, which are no synchronization. `duplex` and its like are left out: they
/// wake with a lock of their own held, and to be woken is a step of the model, in which others run.
pub mod io {
    pub use ::tokio::io::{
        AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufStream,
        BufWriter, Lines, ReadBuf, Result, copy, copy_bidirectional, empty, repeat, sink,
    };
}

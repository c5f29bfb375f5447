//! Asynchronous primitives, with `tokio::sync`'s names and signatures.
//!
//! Each is tokio's own, behind a wrapper that announces what is done to it: a step of a primitive is one step of the
//! execution, and wakes whom tokio wakes. Only `watch` is ours, as tokio's draws whom it wakes first.

mod announced;
mod barrier;
pub mod broadcast;
pub mod mpsc;
mod mutex;
mod notify;
pub mod oneshot;
mod rwlock;
mod semaphore;
pub mod watch;

pub use ::tokio::sync::TryLockError;
pub(crate) use announced::Announcer;
pub use barrier::{Barrier, BarrierWaitResult};
pub use mutex::{Mutex, MutexGuard, OwnedMutexGuard};
pub use notify::Notify;
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError};

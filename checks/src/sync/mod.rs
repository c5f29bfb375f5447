//! Synchronization primitives with `std::sync`'s signatures, for every engine in one build.
//!
//! Each is created inside an exploration and belongs to one execution; on real threads (`raddle stress`) each is std's
//! own. `.named(…)` names it in traces, and shows the values it guards; without it a primitive is called by the `let` or
//! field that it is created into.
//! Clones and drops of an [`Arc`] are steps where somebody can tell in which order they come, and cost nothing elsewhere.

mod arc;
pub mod atomic;
mod barrier;
mod cell;
mod condvar;
mod lazy;
pub mod mpsc;
mod mutex;
mod once;
mod rwlock;
mod semaphore;
mod written;

pub use arc::{Arc, Weak};
pub use barrier::{Barrier, BarrierWaitResult};
pub use cell::RaceCell;
pub use condvar::{Condvar, WaitTimeoutResult};
pub use lazy::LazyLock;
pub use mutex::{Mutex, MutexGuard};
pub use once::{Once, OnceLock};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::{Semaphore, SemaphorePermit, TryAcquireError};
pub use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use crate::execution::{Mode, abandon, halt, with};

/// A value, as a trace shows it: one line, at most 40 characters.
pub(crate) fn show<T: std::fmt::Debug + ?Sized>(value: &T) -> String {
    let text = format!("{value:?}");
    if text.chars().count() <= 40 {
        return text;
    }
    text.chars().take(39).chain(['…']).collect()
}

/// What `try_lock` gave, unless the lock is taken.
fn granted<G>(result: TryLockResult<G>) -> Option<LockResult<G>> {
    match result {
        Ok(guard) => Some(Ok(guard)),
        Err(TryLockError::Poisoned(poisoned)) => Some(Err(poisoned)),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Gives back what a lock of loom's own gave; `unseen` is called if loom can't be told.
fn let_go<G>(mode: Mode, native: Option<G>, unseen: impl FnOnce()) {
    match (mode, native) {
        (_, None) => {}
        // A panic that may be caught: loom would take its lock for poisoned, and panic itself at the next one.
        (Mode::Loom, native) if std::thread::panicking() => {
            std::mem::forget(native);
            unseen();
        }
        (Mode::Loom, native) => drop(native),
        // Others wait for it, and have to come to their end.
        (Mode::Shuttle, native) if with(|x| x.dropped) => drop(native),
        // The execution is over: loom's guard would call into what is gone.
        (Mode::Shuttle, native) => std::mem::forget(native),
    }
}

/// The data that a model says is free is still borrowed: only by a task of an execution that is over.
fn data_in_use() -> ! {
    if std::thread::panicking() {
        abandon();
    }
    let over = with(|x| x.over);
    assert!(over, "the data of a lock or a cell is in use by the task itself, or raddle gave a lock to two tasks");
    halt()
}

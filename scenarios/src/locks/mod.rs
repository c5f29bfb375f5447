//! Locks, condition variables and semaphores.

use raddle::Family;

pub mod condvar;
pub mod lock_order;
pub mod mutex;
pub mod rlock;
pub mod semaphore;

/// The patterns of this family.
pub const FAMILY: Family = Family {
    name: "locks",
    patterns: &[mutex::PATTERN, lock_order::PATTERN, rlock::PATTERN, condvar::PATTERN, semaphore::PATTERN],
};

//! A read-write lock of loom's own, for one of the facade's.

use loom::sync::{Condvar, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(crate) type NativeRead<'a> = RwLockReadGuard<'a, ()>;
pub(crate) type NativeWrite<'a> = RwLockWriteGuard<'a, ()>;

/// loom's part of a lock: the data is the facade's.
pub(crate) struct NativeRwLock {
    lock: RwLock<()>,
    /// Who begins to read, and who ends, notifies it, and nobody ever waits. loom's lock lets a reader's end happen before
    /// the next reader, and tries no other order; with this it does, and those two are ordered by nothing.
    readers: Condvar,
}

impl NativeRwLock {
    pub(crate) fn new() -> Self {
        NativeRwLock { lock: RwLock::new(()), readers: Condvar::new() }
    }

    /// Waits until nobody writes, and reads. The guard is dropped after [`end_read`](Self::end_read).
    pub(crate) fn read(&self) -> Option<NativeRead<'_>> {
        let guard = self.lock.read().ok();
        self.readers.notify_all();
        guard
    }

    /// Lets others run before the current task ends to read.
    pub(crate) fn end_read(&self) {
        self.readers.notify_all();
    }

    /// Waits until nobody reads or writes, and writes.
    pub(crate) fn write(&self) -> Option<NativeWrite<'_>> {
        self.lock.write().ok()
    }
}

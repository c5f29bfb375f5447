//! `RwLock`.

use super::*;

#[test]
fn rwlock_lets_two_readers_in_together() {
    fn program() -> usize {
        let lock = RwLock::new(());
        most_inside(|| lock.read().unwrap())
    }
    outcomes(program, [1, 2]);
}

#[test]
fn rwlock_writer_excludes_writers_and_readers() {
    fn writers() -> usize {
        let lock = RwLock::new(());
        most_inside(|| lock.write().unwrap())
    }
    outcomes(writers, [1]);
    fn writer_and_reader() -> u32 {
        let lock = RwLock::new((0, 0));
        let write = || {
            let mut pair = lock.write().unwrap();
            pair.0 += 1;
            thread::yield_now();
            pair.1 += 1;
        };
        let read = || {
            let pair = lock.read().unwrap();
            assert_eq!(pair.0, pair.1, "a reader saw half of a write");
            pair.0
        };
        both(write, read).1
    }
    outcomes(writer_and_reader, [0, 1]);
}

#[test]
fn rwlock_try_read_and_try_write_are_refused_by_whoever_excludes_them() {
    fn try_both(lock: &RwLock<u32>) -> (bool, bool) {
        let read = lock.try_read().is_ok();
        let write = lock.try_write().is_ok();
        (read, write)
    }
    fn beside_a_writer() -> (bool, bool) {
        let lock = RwLock::new(0);
        both(|| *lock.write().unwrap() += 1, || try_both(&lock)).1
    }
    outcomes(beside_a_writer, [(false, false), (false, true), (true, false), (true, true)]);
    fn beside_a_reader() -> (bool, bool) {
        let lock = RwLock::new(0);
        both(|| drop(lock.read().unwrap()), || try_both(&lock)).1
    }
    outcomes(beside_a_reader, [(true, false), (true, true)]);
}

#[test]
fn rwlock_upgrade_on_the_same_task_is_a_deadlock_of_one() {
    let upgrade = || {
        let lock = RwLock::new(0).named("table");
        let _read = lock.read().unwrap();
        let _write = lock.write();
    };
    fails(upgrade, is_deadlock_of_one);
    let downgrade = || {
        let lock = RwLock::new(0).named("table");
        let _write = lock.write().unwrap();
        let _read = lock.read();
    };
    fails(downgrade, is_deadlock_of_one);
}

#[test]
fn rwlock_can_be_read_twice_by_one_task() {
    holds(|| {
        let mut lock = RwLock::new(3);
        {
            let (one, two) = (lock.read().unwrap(), lock.read().unwrap());
            assert_eq!(*one + *two, 6, "both guards read the data");
            assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)), "two readers are inside");
            drop(one);
            assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)), "one reader is left");
        }
        *lock.write().unwrap() += 1;
        *lock.get_mut().unwrap() += 1;
        assert_eq!(lock.into_inner().unwrap(), 5, "both writes count");
    });
}

#[test]
fn rwlock_is_poisoned_by_a_writer_alone() {
    holds(|| {
        let lock = RwLock::new(0);
        panics_with(|| lock.read());
        assert!(!lock.is_poisoned(), "a reader's panic does not poison");
        panics_with(|| lock.write());
        assert!(lock.is_poisoned(), "a writer's panic does");
        assert!(lock.read().is_err() && lock.write().is_err(), "and every access tells");
        assert!(matches!(lock.try_read(), Err(TryLockError::Poisoned(_))), "try_read");
        assert!(matches!(lock.try_write(), Err(TryLockError::Poisoned(_))), "try_write");
        assert!(lock.into_inner().is_err(), "into_inner");
    });
}

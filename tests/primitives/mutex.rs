//! `Mutex`.

use super::*;

#[test]
fn mutex_excludes() {
    fn program() -> usize {
        let lock = Mutex::new(());
        most_inside(|| lock.lock().unwrap())
    }
    outcomes(program, [1]);
}

#[test]
fn mutex_grants_in_any_order() {
    fn program() -> Vec<u32> {
        let order = Mutex::new(Vec::new());
        both(|| order.lock().unwrap().push(1), || order.lock().unwrap().push(2));
        order.into_inner().unwrap()
    }
    outcomes(program, [vec![1, 2], vec![2, 1]]);
}

#[test]
fn mutex_try_lock_is_granted_and_refused_under_contention() {
    // The critical section does nothing that an engine could see.
    fn program() -> bool {
        let lock = Mutex::new(0);
        both(|| *lock.lock().unwrap() += 1, || lock.try_lock().is_ok()).1
    }
    outcomes(program, [false, true]);
}

#[test]
fn mutex_try_lock_on_a_lock_that_the_task_holds_is_refused() {
    holds(|| {
        let lock = Mutex::new(0);
        let guard = lock.lock().unwrap();
        assert!(matches!(lock.try_lock(), Err(TryLockError::WouldBlock)), "it was granted twice");
        drop(guard);
        assert!(lock.try_lock().is_ok(), "it was refused although nobody holds it");
    });
}

#[test]
fn mutex_that_the_task_holds_is_a_deadlock_of_one() {
    let program = || {
        let lock = Mutex::new(0).named("lock");
        let _guard = lock.lock().unwrap();
        let _again = lock.lock();
    };
    fails_with(&Engine::ALL, &Checker::new(), program, |verdict| {
        is_deadlock_of_one(verdict)
            && matches!(verdict, Verdict::Deadlock { cycle } if cycle[0].wants == "lock" && cycle[0].task == "main")
    });
}

#[test]
fn mutexes_in_opposite_orders_are_a_deadlock_of_two() {
    let program = || {
        let (a, b) = (Mutex::new(()), Mutex::new(()));
        let nested = |outer: &Mutex<()>, inner: &Mutex<()>| {
            let _outer = outer.lock().unwrap();
            let _inner = inner.lock().unwrap();
        };
        both(|| nested(&a, &b), || nested(&b, &a));
    };
    fails(program, is_deadlock_of_two);
}

#[test]
fn mutex_is_poisoned_by_a_holder_that_panics() {
    fn program() -> &'static str {
        let lock = Mutex::new(7);
        let ((), seen) = both(
            || {
                panics_with(|| {
                    let mut guard = lock.lock().unwrap();
                    *guard = 8;
                    guard
                });
            },
            || match lock.lock() {
                Ok(guard) => {
                    assert_eq!(*guard, 7, "the holder panicked, but the lock is not poisoned");
                    "sound"
                }
                Err(poisoned) => {
                    assert_eq!(*poisoned.into_inner(), 8, "what the holder wrote is lost");
                    "poisoned"
                }
            },
        );
        assert!(lock.is_poisoned(), "the holder panicked");
        seen
    }
    outcomes(program, ["poisoned", "sound"]);
}

#[test]
fn mutex_poisoning_reaches_every_accessor_and_can_be_cleared() {
    holds(|| {
        let mut lock = Mutex::new(7);
        panics_with(|| drop(lock.lock()));
        assert!(!lock.is_poisoned(), "the guard was dropped before the panic");
        panics_with(|| lock.lock());
        assert!(lock.lock().is_err(), "lock");
        assert!(matches!(lock.try_lock(), Err(TryLockError::Poisoned(_))), "try_lock");
        assert!(lock.get_mut().is_err(), "get_mut");
        lock.clear_poison();
        assert_eq!(*lock.lock().unwrap(), 7, "clear_poison makes it sound again");
        panics_with(|| lock.lock());
        assert!(lock.into_inner().is_err(), "into_inner");
    });
}

#[test]
fn mutex_gives_its_data_without_locking() {
    holds(|| {
        let mut lock = Mutex::new(1);
        *lock.get_mut().unwrap() += 1;
        assert_eq!(format!("{}", lock.lock().unwrap()), "2", "a guard displays the data");
        assert_eq!(lock.into_inner().unwrap(), 2, "into_inner gives what get_mut wrote");
        assert_eq!(*Mutex::<u32>::default().lock().unwrap(), 0, "default");
        assert_eq!(*Mutex::from(5).lock().unwrap(), 5, "from");
    });
}

//! `Semaphore`.

use super::*;

#[test]
fn semaphore_permits_bound_how_many_are_inside() {
    fn one() -> usize {
        let pool = Semaphore::new(1);
        most_inside(|| pool.acquire())
    }
    outcomes(one, [1]);
    fn two() -> usize {
        let pool = Semaphore::new(2);
        most_inside(|| pool.acquire())
    }
    outcomes(two, [1, 2]);
    fn two_at_once() -> usize {
        let pool = Semaphore::new(2);
        most_inside(|| pool.acquire_many(2))
    }
    outcomes(two_at_once, [1]);
}

#[test]
fn semaphore_try_acquire_is_granted_and_refused() {
    fn program() -> bool {
        let pool = Semaphore::new(1);
        both(|| drop(pool.acquire()), || pool.try_acquire().is_ok()).1
    }
    outcomes(program, [false, true]);
}

#[test]
fn semaphore_counts_its_permits() {
    holds(|| {
        let pool = Semaphore::new(3);
        let two = pool.acquire_many(2);
        assert_eq!(pool.available_permits(), 1, "two of three are taken");
        drop(two);
        assert_eq!(pool.available_permits(), 3, "a permit comes back when it is dropped");
        pool.acquire().forget();
        assert_eq!(pool.available_permits(), 2, "a forgotten permit does not come back");
        pool.add_permits(2);
        assert_eq!(pool.available_permits(), 4, "added permits are there");
        let _all = pool.acquire_many(4);
        assert!(pool.try_acquire().is_err(), "all are taken");
    });
}

#[test]
fn semaphore_add_permits_lets_a_waiter_go_on() {
    holds(|| {
        let pool = Semaphore::new(0);
        both(|| pool.add_permits(1), || drop(pool.acquire()));
        assert_eq!(pool.available_permits(), 1, "the waiter gave the permit back");
    });
}

#[test]
fn semaphore_that_nobody_gives_back_to_blocks_forever() {
    fails(|| drop(Semaphore::new(0).named("pool").acquire()), is_main_stuck);
    fails(|| drop(Semaphore::new(1).named("pool").acquire_many(2)), is_main_stuck);
}

#[test]
fn semaphore_two_tasks_that_hold_one_of_two_and_want_another_deadlock() {
    let program = || {
        let pool = Semaphore::new(2).named("pool");
        let take_two = || {
            let _one = pool.acquire();
            let _two = pool.acquire();
        };
        both(take_two, take_two);
    };
    fails(
        program,
        |verdict| matches!(verdict, Verdict::Deadlock { cycle } if cycle.iter().all(|wait| wait.wants == "pool")),
    );
}

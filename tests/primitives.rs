//! What every primitive of the facade does, under both engines; and what the facade relies on of the raw engines.
//!
//! A program is a plain function. Every test goes through [`holds`], [`fails`] or [`outcomes`], or through a variant of
//! theirs that names the engines or the checker.

#![expect(clippy::items_after_statements, reason = "a program stands right before what is expected of it")]
#![expect(clippy::disallowed_types, reason = "what the executions came to is collected outside of them")]

use raddle::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16, AtomicU32,
    AtomicU64, AtomicUsize, Ordering, fence,
};
use raddle::sync::mpsc::{
    self, RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError, channel, sync_channel,
};
use raddle::sync::{Arc, Barrier, Condvar, Mutex, Once, OnceLock, RaceCell, RwLock, Semaphore, TryLockError, Weak};
use raddle::{Bypass, CheckError, Checker, Coverage, Engine, Outcome, Strategy, Verdict, thread};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool as StdAtomicBool;
use std::sync::{Mutex as StdMutex, OnceLock as StdOnceLock};
use std::time::Duration;

const LOOM: &[Engine] = &[Engine::Loom];
const DFS: Engine = Engine::Shuttle(Strategy::Dfs);
/// For programs that are too long, or spin, for an enumeration without reduction.
const DEFAULT: &[Engine] = &Engine::DEFAULT;
/// Engines that see everything a small program can do.
const THOROUGH: &[Engine] = &[Engine::Loom, Engine::shuttle(), DFS];
const SHUTTLE: &[Engine] = &[Engine::shuttle(), DFS];
const SECOND: Duration = Duration::from_secs(1);

fn run(checker: &Checker, engine: Engine, program: fn()) -> Outcome {
    let outcome = checker.clone().engine(engine).run(program);
    outcome.unwrap_or_else(|error| panic!("under {engine} the check could not be made: {error}"))
}

#[track_caller]
fn assert_holds(engine: Engine, outcome: &Outcome) {
    match outcome {
        Outcome::Holds(Coverage::Exhaustive { .. }) => {}
        Outcome::Holds(Coverage::Sampled { .. }) if engine.samples() => {}
        Outcome::Fails(found) => panic!("under {engine} it should hold, but {}", found.verdict),
        other => panic!("under {engine} it should hold with a coverage that fits the engine, but came to {other:?}"),
    }
}

/// `program` holds under every engine.
#[track_caller]
fn holds(program: fn()) {
    holds_with(&Engine::ALL, &Checker::new(), program);
}

#[track_caller]
fn holds_with(engines: &[Engine], checker: &Checker, program: fn()) {
    for &engine in engines {
        assert_holds(engine, &run(checker, engine, program));
    }
}

/// `program` fails under loom, random and depth-first schedules, with a verdict that `is_expected`.
#[track_caller]
fn fails(program: fn(), is_expected: fn(&Verdict) -> bool) {
    fails_with(THOROUGH, &Checker::new(), program, is_expected);
}

#[track_caller]
fn fails_with(engines: &[Engine], checker: &Checker, program: fn(), is_expected: fn(&Verdict) -> bool) {
    for &engine in engines {
        let outcome = run(checker, engine, program);
        let Some(found) = outcome.counterexample() else {
            panic!("under {engine} it should fail, but came to {outcome:?}");
        };
        assert!(is_expected(&found.verdict), "under {engine} another verdict was expected than {:?}", found.verdict);
    }
}

/// `program` can come to each of `expected` and to nothing else, under loom, random and depth-first schedules.
#[track_caller]
fn outcomes<T: Debug + 'static>(program: fn() -> T, expected: impl IntoIterator<Item = T>) {
    outcomes_with(THOROUGH, &Checker::new(), program, expected);
}

/// Values are told apart by how they show, for errors have no order.
#[track_caller]
fn outcomes_with<T: Debug + 'static>(
    engines: &[Engine],
    checker: &Checker,
    program: fn() -> T,
    expected: impl IntoIterator<Item = T>,
) {
    let expected: BTreeSet<String> = expected.into_iter().map(|value| format!("{value:?}")).collect();
    for &engine in engines {
        let seen = Arc::new(StdMutex::new(BTreeSet::new()));
        let collect = Arc::clone(&seen);
        let outcome = checker.clone().engine(engine).run(move || {
            let value = format!("{:?}", program());
            collect.lock().unwrap().insert(value);
        });
        assert_holds(engine, &outcome.unwrap_or_else(|error| panic!("under {engine}: {error}")));
        assert_eq!(*seen.lock().unwrap(), expected, "left: what was seen under {engine}; right: what is possible");
    }
}

/// Runs `theirs` in a thread called `other` and `mine` in this one, and gives what they come to.
fn both<A: Send, B>(theirs: impl FnOnce() -> A + Send, mine: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let other = thread::Builder::new().name("other".into()).spawn_scoped(scope, theirs).unwrap();
        let mine = mine();
        (other.join().unwrap(), mine)
    })
}

/// Panics while it holds what `hold` gives, and catches that.
fn panics_with<G>(hold: impl FnOnce() -> G) {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _held = hold();
        panic!("caught again");
    }));
    assert!(caught.is_err(), "the panic should have come out");
}

/// How many of two tasks are inside a section at once, at most; `enter` gives a guard.
fn most_inside<G>(enter: impl Fn() -> G + Sync) -> usize {
    let inside = AtomicUsize::new(0);
    let visit = || {
        let guard = enter();
        let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
        inside.fetch_sub(1, Ordering::SeqCst);
        drop(guard);
        now
    };
    let (theirs, mine) = both(visit, visit);
    theirs.max(mine)
}

fn is_deadlock_of_one(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Deadlock { cycle } if cycle.len() == 1 && cycle[0].task == cycle[0].held_by)
}

fn is_deadlock_of_two(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Deadlock { cycle }
        if cycle.len() == 2 && cycle[0].held_by == cycle[1].task && cycle[1].held_by == cycle[0].task)
}

/// `main` waits for what can't come, by itself.
fn is_main_stuck(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Stuck { waiting } if waiting.len() == 1 && waiting[0].task == "main")
}

fn is_race_on_data(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::DataRace { object, first, second }
        if object == "data" && first.task != second.task && (first.write || second.write))
}

fn is_assertion(verdict: &Verdict, text: &str) -> bool {
    matches!(verdict, Verdict::Assertion { message, .. } if message.contains(text))
}

// Mutex

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

// Condvar

#[test]
fn condvar_wait_gives_the_mutex_back_and_is_woken() {
    holds(|| {
        let (ready, changed) = (Mutex::new(false), Condvar::new());
        let tell = || {
            *ready.lock().unwrap() = true;
            changed.notify_one();
        };
        let wait = || {
            let mut guard = ready.lock().unwrap();
            while !*guard {
                guard = changed.wait(guard).unwrap();
            }
            assert!(*guard, "it woke without what it waited for");
        };
        both(tell, wait);
    });
}

#[test]
fn condvar_wait_while_waits_while_the_condition_holds() {
    holds(|| {
        let (count, changed) = (Mutex::new(0), Condvar::new());
        let tell = || {
            for _ in 0..2 {
                *count.lock().unwrap() += 1;
                changed.notify_all();
            }
        };
        let wait =
            || assert_eq!(*changed.wait_while(count.lock().unwrap(), |count| *count < 2).unwrap(), 2, "too early");
        both(tell, wait);
    });
}

#[test]
fn condvar_notification_before_the_wait_is_lost() {
    let program = || {
        let (lock, changed) = (Mutex::new(()), Condvar::new());
        both(|| changed.notify_one(), || drop(changed.wait(lock.lock().unwrap())));
    };
    fails(program, is_main_stuck);
}

/// Two tasks wait; once both do, `main` does `tell`. Gives who went on first.
fn first_of_two_waiters(tell: fn(&Condvar), pass_on: bool) -> u32 {
    struct Turns {
        waiting: u32,
        first: u32,
    }
    let (turns, all_wait, go) = (Mutex::new(Turns { waiting: 0, first: 0 }), Condvar::new(), Condvar::new());
    let waiter = |number: u32| {
        let mut guard = turns.lock().unwrap();
        guard.waiting += 1;
        if guard.waiting == 2 {
            all_wait.notify_one();
        }
        guard = go.wait(guard).unwrap();
        if guard.first == 0 {
            guard.first = number;
        }
        drop(guard);
        if pass_on {
            go.notify_one();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| waiter(1));
        scope.spawn(|| waiter(2));
        drop(all_wait.wait_while(turns.lock().unwrap(), |turns| turns.waiting < 2).unwrap());
        tell(&go);
    });
    turns.into_inner().unwrap().first
}

#[test]
fn condvar_notify_one_wakes_any_of_two_waiters() {
    outcomes_with(DEFAULT, &Checker::new(), || first_of_two_waiters(Condvar::notify_one, true), [1, 2]);
}

#[test]
fn condvar_notify_one_wakes_only_one_of_two_waiters() {
    let program = || _ = first_of_two_waiters(Condvar::notify_one, false);
    fails_with(
        DEFAULT,
        &Checker::new(),
        program,
        |verdict| matches!(verdict, Verdict::Stuck { waiting } if waiting.iter().any(|waiting| waiting.operation == "wake")),
    );
}

#[test]
fn condvar_notify_all_wakes_both_waiters() {
    outcomes_with(DEFAULT, &Checker::new(), || first_of_two_waiters(Condvar::notify_all, false), [1, 2]);
}

/// A wait with a timeout beside a task that notifies; `before` is done first.
fn wait_beside_a_notifier(before: fn()) -> &'static str {
    before();
    let (ready, changed) = (Mutex::new(false), Condvar::new());
    let tell = || {
        *ready.lock().unwrap() = true;
        changed.notify_one();
    };
    let wait = || {
        let guard = ready.lock().unwrap();
        if *guard {
            return "was ready";
        }
        let (guard, result) = changed.wait_timeout(guard, SECOND).unwrap();
        match (result.timed_out(), *guard) {
            (true, false) => "timed out",
            (true, true) => "timed out, then ready",
            (false, true) => "notified",
            (false, false) => "woken for nothing",
        }
    };
    both(tell, wait).1
}

/// Makes loom explore the program with the model's mutexes.
fn try_a_lock() {
    assert!(Mutex::new(()).try_lock().is_ok(), "nobody else knows it");
}

#[test]
fn condvar_wait_timeout_races_with_a_notification() {
    let expected = ["was ready", "timed out", "timed out, then ready", "notified"];
    outcomes(|| wait_beside_a_notifier(|| ()), expected);
    outcomes(|| wait_beside_a_notifier(try_a_lock), expected);
}

#[test]
fn condvar_wait_timeout_does_not_fire_early_without_a_budget_for_it() {
    let checker = Checker::new().timeouts(0);
    outcomes_with(THOROUGH, &checker, || wait_beside_a_notifier(|| ()), ["was ready", "notified"]);
    outcomes_with(THOROUGH, &checker, || wait_beside_a_notifier(try_a_lock), ["was ready", "notified"]);
}

#[test]
fn condvar_wait_timeout_that_nobody_notifies_times_out() {
    fn program() -> (bool, bool) {
        let (lock, changed) = (Mutex::new(()), Condvar::new());
        let first = changed.wait_timeout(lock.lock().unwrap(), SECOND).unwrap().1.timed_out();
        let second = changed.wait_timeout_while(lock.lock().unwrap(), SECOND, |()| true).unwrap().1.timed_out();
        (first, second)
    }
    outcomes(program, [(true, true)]);
    outcomes_with(THOROUGH, &Checker::new().timeouts(0), program, [(true, true)]);
}

#[test]
fn condvar_the_shorter_of_two_timeouts_fires_first_when_nothing_else_can_run() {
    fn program() -> Vec<u64> {
        let (order, changed) = (Mutex::new(Vec::new()), Condvar::new());
        let sleep = |seconds: u64| {
            let timeout = Duration::from_secs(seconds);
            changed.wait_timeout(order.lock().unwrap(), timeout).unwrap().0.push(seconds);
        };
        both(|| sleep(2), || sleep(1));
        order.into_inner().unwrap()
    }
    // The longer one can still come first where it alone waits so far.
    outcomes_with(THOROUGH, &Checker::new().timeouts(0), program, [vec![1, 2]]);
}

/// Waits without a loop; `before` is done first.
fn trust_the_wakeup(before: fn()) {
    before();
    let (ready, changed) = (Mutex::new(false), Condvar::new());
    let tell = || {
        *ready.lock().unwrap() = true;
        changed.notify_one();
    };
    let wait = || {
        let mut guard = ready.lock().unwrap();
        if !*guard {
            guard = changed.wait(guard).unwrap();
        }
        let is_ready = *guard;
        drop(guard);
        assert!(is_ready, "woken for nothing");
    };
    both(tell, wait);
}

#[test]
fn condvar_wakes_for_nothing_only_where_the_check_allows_it() {
    let spurious = Checker::new().spurious_wakeups(1);
    for program in [|| trust_the_wakeup(|| ()), || trust_the_wakeup(try_a_lock)] {
        holds(program);
        fails_with(THOROUGH, &spurious, program, |verdict| is_assertion(verdict, "woken for nothing"));
    }
    holds_with(THOROUGH, &spurious, || {
        let (ready, changed) = (Mutex::new(false), Condvar::new());
        let tell = || {
            *ready.lock().unwrap() = true;
            changed.notify_one();
        };
        both(tell, || drop(changed.wait_while(ready.lock().unwrap(), |ready| !*ready).unwrap()));
    });
}

// RwLock

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

// Semaphore

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

// Barrier

#[test]
fn barrier_has_one_leader_whoever_comes_last() {
    fn program() -> (bool, bool) {
        let barrier = Barrier::new(2);
        both(|| barrier.wait().is_leader(), || barrier.wait().is_leader())
    }
    outcomes(program, [(false, true), (true, false)]);
}

#[test]
fn barrier_can_be_used_again() {
    holds_with(THOROUGH, &Checker::new(), || {
        let barrier = Barrier::new(2);
        let round = || [barrier.wait().is_leader(), barrier.wait().is_leader()];
        let (theirs, mine) = both(round, round);
        for generation in 0..2 {
            assert_ne!(theirs[generation], mine[generation], "one leader in generation {generation}");
        }
    });
}

#[test]
fn barrier_for_one_lets_it_go_on_and_leads() {
    holds(|| {
        let barrier = Barrier::new(1);
        assert!(barrier.wait().is_leader() && barrier.wait().is_leader(), "it is the last to arrive, each time");
    });
}

#[test]
fn barrier_orders_what_came_before_with_what_comes_after() {
    holds(|| {
        let (barrier, data) = (Barrier::new(2), RaceCell::new(0).named("data"));
        let write = || {
            data.set(1);
            barrier.wait();
        };
        let read = || {
            barrier.wait();
            assert_eq!(data.get(), 1, "what came before the barrier");
        };
        both(write, read);
    });
}

#[test]
fn barrier_with_too_few_is_stuck() {
    let program = || {
        let barrier = Barrier::new(3).named("barrier");
        both(|| barrier.wait(), || barrier.wait());
    };
    fails(program, |verdict| {
        matches!(verdict, Verdict::Stuck { waiting }
            if waiting.len() == 2 && waiting.iter().all(|waiting| waiting.object == "barrier"))
    });
}

// Once, OnceLock

#[test]
fn once_runs_once_and_the_others_wait_for_it() {
    fn program() -> (u32, u32) {
        let (once, data) = (Once::new(), RaceCell::new(0).named("data"));
        let use_it = |value: u32| {
            once.call_once(|| data.set(data.get() + value));
            assert!(once.is_completed(), "it has run");
            data.get()
        };
        both(|| use_it(1), || use_it(2))
    }
    outcomes(program, [(1, 1), (2, 2)]);
}

#[test]
fn once_is_completed_only_when_it_has_run() {
    fn program() -> (bool, bool) {
        let (once, data) = (Once::default(), RaceCell::new(false).named("data"));
        let look = || {
            let completed = once.is_completed();
            // Had it not run, this would be a data race.
            (completed, completed && data.get())
        };
        both(|| once.call_once(|| data.set(true)), look).1
    }
    outcomes(program, [(false, false), (true, true)]);
}

#[test]
fn once_tries_again_after_an_init_that_panicked() {
    holds(|| {
        let (once, cell) = (Once::new(), OnceLock::new());
        panics_with(|| once.call_once(|| panic!("first")));
        assert!(!once.is_completed(), "it has not run to its end");
        let mut ran = false;
        once.call_once(|| ran = true);
        assert!(ran, "the next caller tries again");
        panics_with(|| _ = cell.get_or_init(|| panic!("first")));
        assert_eq!((cell.get(), cell.get_or_init(|| 2)), (None, &2), "the next caller makes the value");
    });
}

#[test]
fn once_that_calls_itself_is_a_deadlock_of_one() {
    let program = || {
        let once = Once::new().named("once");
        once.call_once(|| once.call_once(|| ()));
    };
    fails(program, is_deadlock_of_one);
}

#[test]
fn once_lock_has_one_value_whoever_makes_it() {
    fn program() -> (u32, u32) {
        let cell = OnceLock::new();
        both(|| *cell.get_or_init(|| 1), || *cell.get_or_init(|| 2))
    }
    outcomes(program, [(1, 1), (2, 2)]);
}

#[test]
fn once_lock_set_and_get() {
    fn program() -> (Result<(), u32>, Option<u32>) {
        let cell = OnceLock::default();
        let (theirs, ()) = both(|| cell.set(1), || _ = cell.set(2));
        (theirs, cell.get().copied())
    }
    outcomes(program, [(Ok(()), Some(1)), (Err(1), Some(2))]);
    holds(|| {
        let cell = OnceLock::new().named("cell");
        assert_eq!(cell.get(), None, "there is no value yet");
        assert_eq!((cell.set(1), cell.set(2)), (Ok(()), Err(2)), "only the first set counts");
        assert_eq!(cell.get(), Some(&1), "and it is the value");
        assert_eq!(cell.into_inner(), Some(1), "which can be taken out");
    });
}

#[test]
fn once_lock_get_is_ordered_after_the_init_that_it_sees() {
    fn program() -> Option<u32> {
        let (cell, data) = (OnceLock::new(), RaceCell::new(0).named("data"));
        let make = || {
            cell.get_or_init(|| data.set(1));
        };
        both(make, || cell.get().map(|()| data.get())).1
    }
    outcomes(program, [None, Some(1)]);
}

// mpsc

#[test]
fn channel_is_first_in_first_out_and_ends_with_its_senders() {
    holds(|| {
        let (sender, receiver) = channel();
        let send = move || {
            for message in 0..3 {
                sender.send(message).unwrap();
            }
        };
        both(send, || {
            assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2], "in order, and the iteration ends");
            assert_eq!(receiver.recv(), Err(RecvError), "all senders are gone");
        });
    });
}

#[test]
fn channel_mixes_its_senders_in_any_order() {
    fn program() -> Vec<u32> {
        let (sender, receiver) = channel();
        let another = sender.clone();
        both(move || another.send(1).unwrap(), move || sender.send(2).unwrap());
        receiver.into_iter().collect()
    }
    outcomes(program, [vec![1, 2], vec![2, 1]]);
}

#[test]
fn channel_send_fails_once_the_receiver_is_gone() {
    fn program() -> Result<(), u32> {
        let (sender, receiver) = channel();
        both(move || drop(receiver), || sender.send(1).map_err(|SendError(value)| value)).1
    }
    outcomes(program, [Ok(()), Err(1)]);
}

#[test]
fn channel_try_recv_tells_empty_from_disconnected() {
    fn program() -> Result<u32, TryRecvError> {
        let (sender, receiver) = channel();
        both(move || sender.send(1).unwrap(), || receiver.try_recv()).1
    }
    outcomes(program, [Ok(1), Err(TryRecvError::Empty)]);
    fn without_a_message() -> Result<u32, TryRecvError> {
        let (sender, receiver) = channel();
        both(move || drop(sender), || receiver.try_recv()).1
    }
    outcomes(without_a_message, [Err(TryRecvError::Empty), Err(TryRecvError::Disconnected)]);
    holds(|| {
        let (sender, receiver) = channel();
        sender.send(1).unwrap();
        sender.send(2).unwrap();
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [1, 2], "what is there now");
    });
}

#[test]
fn channel_recv_timeout_races_with_a_message() {
    fn program() -> Result<u32, RecvTimeoutError> {
        let (sender, receiver) = channel();
        both(|| sender.send(1).unwrap(), || receiver.recv_timeout(SECOND)).1
    }
    outcomes(program, [Ok(1), Err(RecvTimeoutError::Timeout)]);
    fn disconnecting() -> Result<u32, RecvTimeoutError> {
        let (sender, receiver) = channel();
        both(move || drop(sender), || receiver.recv_timeout(SECOND)).1
    }
    outcomes(disconnecting, [Err(RecvTimeoutError::Disconnected), Err(RecvTimeoutError::Timeout)]);
    fn alone() -> Result<u32, RecvTimeoutError> {
        let (_sender, receiver) = channel();
        receiver.recv_timeout(SECOND)
    }
    outcomes(alone, [Err(RecvTimeoutError::Timeout)]);
}

#[test]
fn channel_whose_sender_is_kept_alive_leaves_the_receiver_stuck() {
    let program = || {
        let (_sender, receiver) = channel::<u32>();
        let _ = receiver.recv();
    };
    fails(program, is_main_stuck);
}

#[test]
fn sync_channel_blocks_at_its_bound() {
    fn program() -> usize {
        let (sender, receiver) = sync_channel(1);
        let count = AtomicUsize::new(0);
        let send = || {
            for message in 0..3 {
                sender.send(message).unwrap();
                count.fetch_add(1, Ordering::SeqCst);
            }
        };
        let receive = || {
            let ahead = count.load(Ordering::SeqCst);
            assert_eq!([receiver.recv(), receiver.recv(), receiver.recv()], [Ok(0), Ok(1), Ok(2)], "in order");
            ahead
        };
        both(send, receive).1
    }
    outcomes(program, [0, 1]);
    let without_a_receiver = || {
        let (sender, _receiver) = sync_channel(1);
        sender.send(0).unwrap();
        let _ = sender.send(1);
    };
    fails(without_a_receiver, is_main_stuck);
}

#[test]
fn sync_channel_try_send_tells_full_from_disconnected() {
    holds(|| {
        let (sender, receiver) = sync_channel(1);
        assert_eq!(
            (sender.try_send(1), sender.try_send(2)),
            (Ok(()), Err(TrySendError::Full(2))),
            "there is room for one"
        );
        drop(receiver);
        assert_eq!(sender.try_send(3), Err(TrySendError::Disconnected(3)), "the receiver is gone");
        assert_eq!(sender.send(4), Err(SendError(4)), "and a full channel does not block then");
    });
}

#[test]
fn rendezvous_send_waits_until_its_message_is_taken() {
    holds(|| {
        let (sender, receiver) = sync_channel(0);
        let taken = AtomicBool::new(false);
        let send = || {
            sender.send(1).unwrap();
            assert!(taken.load(Ordering::SeqCst), "the send came back before the receive began");
        };
        both(send, || {
            taken.store(true, Ordering::SeqCst);
            assert_eq!(receiver.recv(), Ok(1), "the message");
        });
    });
    let alone = || {
        let (sender, _receiver) = sync_channel(0);
        let _ = sender.send(1);
    };
    fails(alone, is_main_stuck);
}

#[test]
fn rendezvous_send_fails_when_the_receiver_goes_without_taking_the_message() {
    fn program() -> Result<(), SendError<u32>> {
        let (sender, receiver) = sync_channel(0);
        both(move || drop(receiver), || sender.send(1)).1
    }
    outcomes(program, [Err(SendError(1))]);
}

#[test]
fn rendezvous_try_send_always_finds_it_full() {
    // std's would hand over to a receiver that waits: here it can't know of one.
    fn program() -> bool {
        let (sender, receiver) = sync_channel(0);
        let offer = move || sender.try_send(1) == Err(TrySendError::Full(1));
        both(offer, || assert_eq!(receiver.recv(), Err(RecvError), "nothing was handed over")).0
    }
    outcomes(program, [true]);
}

#[test]
fn channel_orders_what_came_before_the_send_with_what_comes_after_the_receive() {
    holds(|| {
        let (sender, receiver): (mpsc::Sender<()>, _) = channel();
        let data = RaceCell::new(0).named("data");
        let send = || {
            data.set(1);
            sender.send(()).unwrap();
        };
        both(send, || {
            receiver.recv().unwrap();
            assert_eq!(data.get(), 1, "what came before the send");
        });
    });
}

// Atomics

/// An integer's operations, against std's.
macro_rules! updates_as_std {
    ($($atomic:ident $value:ty),*) => {
        $({
            let ours = $atomic::new(<$value>::MAX - 1);
            let theirs = std::sync::atomic::$atomic::new(<$value>::MAX - 1);
            for order in [Ordering::Relaxed, Ordering::Acquire, Ordering::Release, Ordering::AcqRel, Ordering::SeqCst] {
                assert_eq!(ours.fetch_add(3, order), theirs.fetch_add(3, order), "fetch_add wraps");
                assert_eq!(ours.fetch_sub(2, order), theirs.fetch_sub(2, order), "fetch_sub wraps");
                assert_eq!(ours.fetch_and(0b110, order), theirs.fetch_and(0b110, order), "fetch_and");
                assert_eq!(ours.fetch_or(0b101, order), theirs.fetch_or(0b101, order), "fetch_or");
                assert_eq!(ours.fetch_xor(0b011, order), theirs.fetch_xor(0b011, order), "fetch_xor");
                assert_eq!(ours.fetch_nand(0b111, order), theirs.fetch_nand(0b111, order), "fetch_nand");
                assert_eq!(ours.fetch_max(9, order), theirs.fetch_max(9, order), "fetch_max");
                assert_eq!(ours.fetch_min(4, order), theirs.fetch_min(4, order), "fetch_min");
                assert_eq!(ours.swap(7, order), theirs.swap(7, order), "swap");
            }
            assert_eq!(ours.load(Ordering::SeqCst), 7, "the last swap");
            assert_eq!(format!("{ours:?}"), "7", "it shows its value");
            assert_eq!(ours.into_inner(), 7, "into_inner");
        })*
    };
}

#[test]
fn atomic_integers_update_as_std() {
    holds(|| {
        updates_as_std!(
            AtomicU8 u8, AtomicU16 u16, AtomicU32 u32, AtomicU64 u64, AtomicUsize usize,
            AtomicI8 i8, AtomicI16 i16, AtomicI32 i32, AtomicI64 i64, AtomicIsize isize
        );
    });
}

#[test]
fn atomic_bool_and_pointer_update_as_std() {
    holds(|| {
        let flag = AtomicBool::new(true);
        assert!(flag.fetch_and(false, Ordering::AcqRel), "fetch_and gives the old value");
        assert!(!flag.fetch_or(true, Ordering::AcqRel), "fetch_or gives the old value");
        assert!(flag.fetch_xor(true, Ordering::AcqRel), "fetch_xor gives the old value");
        assert!(!flag.fetch_nand(true, Ordering::AcqRel), "fetch_nand gives the old value");
        assert!(flag.swap(false, Ordering::AcqRel), "not (false and true) is true");

        let (mut one, mut two) = (1, 2);
        let (one, two): (*mut u32, *mut u32) = (&raw mut one, &raw mut two);
        let pointer = AtomicPtr::new(one);
        assert_eq!(pointer.swap(two, Ordering::AcqRel), one, "swap gives the old pointer");
        let exchanged = pointer.compare_exchange(one, one, Ordering::AcqRel, Ordering::Acquire);
        assert_eq!(exchanged, Err(two), "it points elsewhere");
        let exchanged = pointer.compare_exchange_weak(two, one, Ordering::AcqRel, Ordering::Acquire);
        assert_eq!((exchanged, pointer.load(Ordering::Acquire)), (Ok(two), one), "and now it does not");
    });
}

#[test]
fn atomics_take_every_order_that_std_takes() {
    holds(|| {
        let value = AtomicU32::new(0);
        for (order, expected) in [(Ordering::Relaxed, 1), (Ordering::Release, 2), (Ordering::SeqCst, 3)] {
            value.store(expected, order);
            assert_eq!(value.load(Ordering::SeqCst), expected, "stored with {order:?}");
        }
        for order in [Ordering::Relaxed, Ordering::Acquire, Ordering::SeqCst] {
            assert_eq!(value.load(order), 3, "loaded with {order:?}");
        }
        let successes = [Ordering::Relaxed, Ordering::Acquire, Ordering::Release, Ordering::AcqRel, Ordering::SeqCst];
        for success in successes {
            for failure in [Ordering::Relaxed, Ordering::Acquire, Ordering::SeqCst] {
                assert_eq!(value.compare_exchange(9, 0, success, failure), Err(3), "it is 3, not 9");
                assert_eq!(value.compare_exchange(3, 3, success, failure), Ok(3), "it is 3");
            }
        }
        for order in [Ordering::Acquire, Ordering::Release, Ordering::AcqRel, Ordering::SeqCst] {
            fence(order);
        }
        let even = |value: u32| value.is_multiple_of(2).then_some(value + 2);
        assert_eq!(value.fetch_update(Ordering::AcqRel, Ordering::Acquire, even), Err(3), "3 is odd");
        value.store(4, Ordering::Relaxed);
        assert_eq!(value.fetch_update(Ordering::AcqRel, Ordering::Acquire, even), Ok(4), "the old value");
        assert_eq!(value.load(Ordering::Relaxed), 6, "the new one");
    });
}

#[test]
fn atomic_relaxed_fence_is_refused_as_in_std() {
    fails(|| fence(Ordering::Relaxed), |verdict| is_assertion(verdict, "relaxed fence"));
}

/// Two tasks add one each, by `add`.
fn sum(add: fn(&AtomicU32)) -> u32 {
    let sum = AtomicU32::new(0);
    both(|| add(&sum), || add(&sum));
    sum.load(Ordering::SeqCst)
}

#[test]
fn atomic_updates_are_indivisible_and_load_then_store_is_not() {
    fn update() -> u32 {
        sum(|sum| _ = sum.fetch_add(1, Ordering::Relaxed))
    }
    outcomes(update, [2]);
    fn fetch_update() -> u32 {
        sum(|sum| _ = sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |value| Some(value + 1)))
    }
    outcomes(fetch_update, [2]);
    fn load_then_store() -> u32 {
        sum(|sum| sum.store(sum.load(Ordering::SeqCst) + 1, Ordering::SeqCst))
    }
    outcomes(load_then_store, [1, 2]);
}

#[test]
fn atomic_compare_exchange_has_one_winner() {
    fn program() -> (Result<u32, u32>, Result<u32, u32>) {
        let owner = AtomicU32::new(0);
        let take = |me: u32| owner.compare_exchange(0, me, Ordering::AcqRel, Ordering::Acquire);
        both(|| take(1), || take(2))
    }
    outcomes(program, [(Ok(0), Err(1)), (Err(2), Ok(0))]);
}

/// Data published by a flag.
fn publish(store: fn(&AtomicBool), load: fn(&AtomicBool) -> bool) -> Option<u32> {
    let (data, flag) = (RaceCell::new(0).named("data"), AtomicBool::new(false));
    let write = || {
        data.set(1);
        store(&flag);
    };
    both(write, || load(&flag).then(|| data.get())).1
}

#[test]
fn atomic_release_and_acquire_publish_data() {
    fn program() -> Option<u32> {
        publish(|flag| flag.store(true, Ordering::Release), |flag| flag.load(Ordering::Acquire))
    }
    outcomes(program, [None, Some(1)]);
    fn by_update() -> Option<u32> {
        let take = |flag: &AtomicBool| flag.compare_exchange(true, false, Ordering::Acquire, Ordering::Relaxed).is_ok();
        publish(|flag| _ = flag.swap(true, Ordering::Release), take)
    }
    outcomes(by_update, [None, Some(1)]);
}

#[test]
fn atomic_relaxed_flag_publishes_nothing() {
    let store = || _ = publish(|flag| flag.store(true, Ordering::Relaxed), |flag| flag.load(Ordering::Acquire));
    fails(store, is_race_on_data);
    let load = || _ = publish(|flag| flag.store(true, Ordering::Release), |flag| flag.load(Ordering::Relaxed));
    fails(load, is_race_on_data);
    let failed_exchange = || {
        // The exchange fails where it reads `true`, so the order of its failure counts.
        let look =
            |flag: &AtomicBool| flag.compare_exchange(false, false, Ordering::Acquire, Ordering::Relaxed).is_err();
        let _ = publish(|flag| flag.store(true, Ordering::Release), look);
    };
    fails(failed_exchange, is_race_on_data);
}

#[test]
fn atomic_fences_order_relaxed_accesses() {
    fn store(flag: &AtomicBool) {
        fence(Ordering::Release);
        flag.store(true, Ordering::Relaxed);
    }
    fn load(flag: &AtomicBool) -> bool {
        let seen = flag.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        seen
    }
    outcomes(|| publish(store, load), [None, Some(1)]);
    let without_release = || _ = publish(|flag| flag.store(true, Ordering::Relaxed), load);
    fails(without_release, is_race_on_data);
    let without_acquire = || _ = publish(store, |flag| flag.load(Ordering::Relaxed));
    fails(without_acquire, is_race_on_data);
}

/// Each task writes one variable and reads the other (Dekker's pattern).
fn store_buffering(between: fn(), order: fn() -> (Ordering, Ordering)) -> (u32, u32) {
    let (x, y) = (AtomicU32::new(0), AtomicU32::new(0));
    let (store, load) = order();
    let side = |mine: &AtomicU32, other: &AtomicU32| {
        mine.store(1, store);
        between();
        other.load(load)
    };
    both(|| side(&x, &y), || side(&y, &x))
}

#[test]
fn atomic_store_buffering_reads_two_zeros_under_loom_and_shuttle_is_blind_to_it() {
    fn program() -> (u32, u32) {
        store_buffering(|| (), || (Ordering::Relaxed, Ordering::Relaxed))
    }
    outcomes_with(LOOM, &Checker::new(), program, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    outcomes_with(SHUTTLE, &Checker::new(), program, [(0, 1), (1, 0), (1, 1)]);
}

#[test]
fn atomic_store_buffering_with_seq_cst_fences_never_reads_two_zeros() {
    fn program() -> (u32, u32) {
        store_buffering(|| fence(Ordering::SeqCst), || (Ordering::Relaxed, Ordering::Relaxed))
    }
    outcomes(program, [(0, 1), (1, 0), (1, 1)]);
}

#[test]
fn atomic_store_buffering_with_seq_cst_accesses_reads_two_zeros_under_loom_which_is_wrong() {
    fn program() -> (u32, u32) {
        store_buffering(|| (), || (Ordering::SeqCst, Ordering::SeqCst))
    }
    outcomes_with(LOOM, &Checker::new(), program, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    outcomes_with(SHUTTLE, &Checker::new(), program, [(0, 1), (1, 0), (1, 1)]);
}

// RaceCell

#[test]
fn race_cell_unordered_write_is_a_data_race_with_writes_and_reads() {
    let writes = || {
        let data = RaceCell::new(0).named("data");
        both(|| data.set(1), || data.set(2));
    };
    fails_with(&Engine::ALL, &Checker::new(), writes, |verdict| {
        is_race_on_data(verdict)
            && matches!(verdict, Verdict::DataRace { first, second, .. } if first.write && second.write)
    });
    let write_and_read = || {
        let data = RaceCell::new(0).named("data");
        both(|| data.set(1), || data.get());
    };
    fails_with(&Engine::ALL, &Checker::new(), write_and_read, |verdict| {
        is_race_on_data(verdict)
            && matches!(verdict, Verdict::DataRace { first, second, .. } if first.write != second.write)
    });
}

#[test]
fn race_cell_can_be_read_by_all() {
    holds(|| {
        let data = RaceCell::new(vec![1]);
        let read = || data.with(Vec::len);
        assert_eq!(both(read, read), (1, 1), "both read it");
        data.with_mut(|data| data.push(2));
        assert_eq!(data.with(Vec::len), 2, "and it can be written once they are done");
    });
}

#[test]
fn race_cell_can_be_read_by_two_at_once_and_within_itself() {
    holds(|| {
        let data = RaceCell::new(1);
        data.set(2);
        let read = || {
            data.with(|value| {
                thread::yield_now();
                *value + data.get()
            })
        };
        assert_eq!(both(read, read), (4, 4), "both read it, twice");
    });
    let written_inside_itself = || {
        let data = RaceCell::new(1);
        data.with_mut(|_| data.set(2));
    };
    fails(written_inside_itself, |verdict| is_assertion(verdict, "in use by the task itself"));
}

#[test]
fn race_cell_is_ordered_by_locks_and_by_spawning_and_joining() {
    holds(|| {
        let (lock, data) = (Mutex::new(()), RaceCell::new(0));
        data.set(1);
        let add = || {
            let _guard = lock.lock().unwrap();
            data.set(data.get() + 1);
        };
        both(add, add);
        assert_eq!(data.get(), 3, "both added to what came before the spawn");
    });
    holds(|| {
        let (lock, data) = (RwLock::new(()), RaceCell::new(0));
        let write = || {
            let _guard = lock.write().unwrap();
            data.set(1);
        };
        let read = || {
            let _guard = lock.read().unwrap();
            data.get()
        };
        both(write, read);
    });
    holds(|| {
        let (pool, data) = (Semaphore::new(1), RaceCell::new(0));
        let add = || {
            let _permit = pool.acquire();
            data.set(data.get() + 1);
        };
        both(add, add);
        assert_eq!(data.get(), 2, "both added");
    });
}

#[test]
fn race_cell_is_not_guarded_by_a_lock_that_two_can_have() {
    let readers = || {
        let (lock, data) = (RwLock::new(()), RaceCell::new(0).named("data"));
        let add = || {
            let _guard = lock.read().unwrap();
            data.set(1);
        };
        both(add, add);
    };
    fails(readers, is_race_on_data);
    let permits = || {
        let (pool, data) = (Semaphore::new(2), RaceCell::new(0).named("data"));
        let add = || {
            let _permit = pool.acquire();
            data.set(1);
        };
        both(add, add);
    };
    fails(permits, is_race_on_data);
    let two_locks = || {
        let (a, b, data) = (Mutex::new(()), Mutex::new(()), RaceCell::new(0).named("data"));
        let add = |lock: &Mutex<()>| {
            let _guard = lock.lock().unwrap();
            data.set(1);
        };
        both(|| add(&a), || add(&b));
    };
    fails(two_locks, is_race_on_data);
}

// Threads

#[test]
fn thread_join_gives_the_value() {
    holds(|| {
        let handle = thread::spawn(|| String::from("done"));
        assert_eq!(handle.join().unwrap(), "done", "what the closure gave");
    });
}

#[test]
fn thread_is_called_as_its_builder_says() {
    holds(|| {
        assert_eq!(thread::current().name(), Some("main"), "the first thread's name");
        let builder = thread::Builder::new().name("worker".into()).stack_size(1 << 20);
        let named = builder.spawn(|| (thread::current().id(), thread::current().name().map(str::to_owned))).unwrap();
        let (id, name) = (named.thread().id(), named.thread().name().map(str::to_owned));
        assert_eq!(name.as_deref(), Some("worker"), "the handle knows the name");
        assert_eq!(named.join().unwrap(), (id, name), "and so does the thread");
        assert_ne!(id, thread::current().id(), "each thread has a number of its own");
        let unnamed = thread::spawn(|| thread::current().name().map(str::to_owned));
        assert_eq!(unnamed.join().unwrap(), None, "nobody named it");
    });
}

#[test]
fn thread_panic_fails_the_execution_and_names_the_thread() {
    let program = || {
        let worker = thread::Builder::new().name("worker".into()).spawn(|| panic!("out of paper")).unwrap();
        let _ = worker.join();
    };
    fails_with(
        &Engine::ALL,
        &Checker::new(),
        program,
        |verdict| matches!(verdict, Verdict::Assertion { task, message, at: Some(_) } if task == "worker" && message == "out of paper"),
    );
}

#[test]
fn thread_scope_borrows_and_gives_values() {
    holds(|| {
        let words = [String::from("a"), String::from("b")];
        let mut total = 0;
        let joined = thread::scope(|scope| {
            let first = scope.spawn(|| words[0].clone());
            scope.spawn(|| total += words.len());
            first.join().unwrap()
        });
        assert_eq!((joined.as_str(), total), ("a", 2), "the scope waited for the thread that nobody joined");
    });
}

#[test]
fn thread_scope_that_panics_waits_for_its_threads_first() {
    holds(|| {
        let ran = AtomicBool::new(false);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            thread::scope(|scope| {
                scope.spawn(|| ran.store(true, Ordering::SeqCst));
                panic!("in the scope");
            });
        }));
        assert!(caught.is_err(), "the panic comes out of the scope");
        assert!(ran.load(Ordering::SeqCst), "after the thread has ended");
    });
}

#[test]
fn thread_scope_fails_with_the_panic_of_a_thread_in_it() {
    let program = || {
        thread::scope(|scope| {
            thread::Builder::new().name("scoped".into()).spawn_scoped(scope, || panic!("out of ink")).unwrap();
        });
    };
    fails(
        program,
        |verdict| matches!(verdict, Verdict::Assertion { task, message, .. } if task == "scoped" && message == "out of ink"),
    );
}

#[test]
fn thread_park_takes_the_token_also_of_an_unpark_that_came_first() {
    holds(|| {
        let main = thread::current();
        let data = RaceCell::new(0).named("data");
        let wake = || {
            data.set(1);
            main.unpark();
        };
        both(wake, || {
            thread::park();
            assert_eq!(data.get(), 1, "what came before the unpark");
        });
    });
    holds(|| {
        thread::current().unpark();
        thread::park();
    });
}

#[test]
fn thread_park_has_one_token() {
    let program = || {
        thread::current().unpark();
        thread::current().unpark();
        thread::park();
        thread::park();
    };
    fails(program, is_main_stuck);
}

#[test]
fn thread_unpark_orders_nothing_that_comes_after_it() {
    let program = || {
        let main = thread::current();
        let data = RaceCell::new(0).named("data");
        let wake = || {
            main.unpark();
            data.set(1);
        };
        both(wake, || {
            thread::park();
            data.get()
        });
    };
    fails(program, is_race_on_data);
}

#[test]
fn thread_park_wakes_for_nothing_only_where_the_check_allows_it() {
    fails(thread::park, is_main_stuck);
    fn program() -> bool {
        let (main, ready) = (thread::current(), AtomicBool::new(false));
        let wake = || {
            ready.store(true, Ordering::Release);
            main.unpark();
        };
        both(wake, || {
            thread::park();
            ready.load(Ordering::Acquire)
        })
        .1
    }
    outcomes(program, [true]);
    outcomes_with(THOROUGH, &Checker::new().spurious_wakeups(1), program, [false, true]);
}

#[test]
fn thread_park_timeout_comes_back_with_and_without_a_token() {
    fn program() -> bool {
        let (main, ready) = (thread::current(), AtomicBool::new(false));
        let wake = || {
            ready.store(true, Ordering::Release);
            main.unpark();
        };
        both(wake, || {
            thread::park_timeout(SECOND);
            ready.load(Ordering::Acquire)
        })
        .1
    }
    outcomes(program, [false, true]);
    holds(|| thread::park_timeout(SECOND));
}

#[test]
fn thread_is_finished_before_and_after_its_end() {
    fn program() -> bool {
        let worker = thread::spawn(|| ());
        let finished = worker.is_finished();
        worker.join().unwrap();
        finished
    }
    outcomes(program, [false, true]);
}

#[test]
fn thread_that_is_seen_finished_has_done_all_before() {
    fn program() -> Option<u32> {
        let data = Arc::new(RaceCell::new(0).named("data"));
        let theirs = Arc::clone(&data);
        let worker = thread::spawn(move || theirs.set(1));
        let seen = worker.is_finished().then(|| data.get());
        worker.join().unwrap();
        seen
    }
    outcomes(program, [None, Some(1)]);
}

#[test]
fn thread_yield_now_lets_a_spin_wait_end() {
    holds_with(DEFAULT, &Checker::new(), || {
        let flag = AtomicBool::new(false);
        both(
            || flag.store(true, Ordering::Release),
            || {
                while !flag.load(Ordering::Acquire) {
                    thread::yield_now();
                }
            },
        );
    });
}

// What the environment decides, and what ends an execution

#[test]
fn choose_gives_every_answer() {
    outcomes(|| raddle::choose(3), [0, 1, 2]);
    outcomes(|| raddle::choose(1), [0]);
    fn pairs() -> (usize, usize) {
        both(|| raddle::choose(3), || raddle::choose(2))
    }
    outcomes(pairs, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
    fn dependent() -> (usize, usize) {
        let first = raddle::choose(3);
        (first, if first == 2 { raddle::choose(2) } else { 0 })
    }
    outcomes(dependent, [(0, 0), (1, 0), (2, 0), (2, 1)]);
}

#[test]
fn choose_gives_every_answer_also_where_their_number_depends_on_the_schedule() {
    fn program() -> (bool, usize) {
        let more = AtomicBool::new(false);
        both(
            || more.store(true, Ordering::SeqCst),
            || {
                let more = more.load(Ordering::SeqCst);
                (more, raddle::choose(if more { 3 } else { 2 }))
            },
        )
        .1
    }
    outcomes(program, [(false, 0), (false, 1), (true, 0), (true, 1), (true, 2)]);
}

#[test]
fn choose_from_nothing_is_refused() {
    fails(|| _ = raddle::choose(0), |verdict| is_assertion(verdict, "nothing to choose from"));
}

#[test]
fn threads_left_running_are_a_leak_only_where_the_check_denies_it() {
    let program = || drop(thread::Builder::new().name("daemon".into()).spawn(thread::yield_now).unwrap());
    holds(program);
    let deny = Checker::new().deny_leaks();
    fails_with(THOROUGH, &deny, program, |verdict| matches!(verdict, Verdict::Leak { what } if what == &["daemon"]));
    holds_with(THOROUGH, &deny, || both(thread::yield_now, || ()).0);
}

#[test]
fn misuse_and_leak_end_the_execution_with_their_verdicts() {
    let misuse = || {
        both(|| raddle::misuse("closed twice"), || ());
    };
    fails_with(
        &Engine::ALL,
        &Checker::new(),
        misuse,
        |verdict| matches!(verdict, Verdict::Misuse { task, message } if task == "other" && message == "closed twice"),
    );
    let leak = || {
        let node = Arc::new(());
        let weak: Weak<()> = Arc::downgrade(&node);
        std::mem::forget(node);
        if weak.upgrade().is_some() {
            raddle::leak("a node")
        }
    };
    fails_with(
        &Engine::ALL,
        &Checker::new(),
        leak,
        |verdict| matches!(verdict, Verdict::Leak { what } if what == &["a node"]),
    );
}

#[test]
fn bypass_is_starvation_only_beyond_its_bound() {
    fn program(bound: usize) {
        let queue = Bypass::new(bound).named("queue");
        let visit_twice = || {
            queue.request().granted();
            queue.request().granted();
        };
        both(visit_twice, || queue.request().granted());
    }
    fails(
        || program(1),
        |verdict| {
            matches!(verdict, Verdict::Starvation { task, object, bypassed: 2, bound: 1, by }
                if task == "main" && object == "queue" && by == &["other", "other"])
        },
    );
    holds(|| program(2));
}

/// Two tasks that retry until the other has let go, which neither does first.
fn after_you(mark: fn()) {
    let (a, b) = (Mutex::new(()), Mutex::new(()));
    let take = |mine: &Mutex<()>, other: &Mutex<()>| {
        for _ in 0..200 {
            let guard = mine.lock().unwrap();
            if other.try_lock().is_ok() {
                return;
            }
            drop(guard);
            mark();
            thread::yield_now();
        }
    };
    both(|| take(&a, &b), || take(&b, &a));
}

#[test]
fn progress_tells_a_retry_from_a_livelock() {
    let shuttle = [Engine::shuttle()];
    fails_with(&shuttle, &Checker::new(), || after_you(|| ()), |verdict| matches!(verdict, Verdict::Livelock { .. }));
    holds_with(&shuttle, &Checker::new(), || after_you(raddle::progress));
}

#[test]
fn a_fifth_thread_is_refused_under_loom_by_name() {
    let program = || {
        thread::scope(|scope| {
            for name in ["a", "b", "c", "d", "e"] {
                thread::Builder::new().name(name.into()).spawn_scoped(scope, || ()).unwrap();
            }
        });
    };
    match Checker::new().engine(Engine::Loom).run(program) {
        Err(CheckError::TooManyThreads { names, limit }) => {
            assert_eq!((names.join(" ").as_str(), limit), ("main a b c d e", 5), "the program's threads, loom's limit");
        }
        other => panic!("too many threads for loom were expected, not {other:?}"),
    }
    holds_with(&[Engine::shuttle()], &Checker::new(), program);
}

#[test]
fn four_threads_beside_main_are_as_many_as_loom_takes() {
    holds_with(DEFAULT, &Checker::new(), || {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| ());
            }
        });
    });
}

#[test]
fn a_program_that_is_not_deterministic_is_refused() {
    static AGAIN: StdAtomicBool = StdAtomicBool::new(false);
    for engine in Engine::ALL {
        let outcome = Checker::new().engine(engine).run(|| {
            let lock = Mutex::new(0);
            both(
                || {
                    if AGAIN.fetch_xor(true, std::sync::atomic::Ordering::SeqCst) {
                        *lock.lock().unwrap() += 1;
                    }
                },
                || *lock.lock().unwrap() += 1,
            );
        });
        let refused = matches!(outcome, Err(CheckError::Nondeterministic { .. }));
        assert!(refused, "under {engine} it should be refused as not deterministic, but came to {outcome:?}");
    }
}

#[test]
fn a_primitive_from_another_execution_is_refused() {
    for engine in Engine::ALL {
        let carried = Arc::new(StdOnceLock::new());
        let outcome = Checker::new().engine(engine).run(move || {
            let lock: &Mutex<u32> = carried.get_or_init(|| Mutex::new(0));
            drop(lock.lock());
        });
        let found = outcome.unwrap_or_else(|error| panic!("under {engine}: {error}"));
        let verdict = found.counterexample().map(|found| &found.verdict);
        let told = verdict.is_some_and(|verdict| is_assertion(verdict, "carried from one execution into another"));
        assert!(told, "under {engine} it should say that the lock was carried over, but came to {found:?}");
    }
}

// How many executions loom takes

#[track_caller]
fn loom_takes(expected: u64, program: fn()) {
    let outcome = run(&Checker::new(), Engine::Loom, program);
    let Outcome::Holds(Coverage::Exhaustive { executions }) = outcome else {
        panic!("it should hold exhaustively, but came to {outcome:?}");
    };
    assert_eq!(executions, expected, "executions that loom can tell apart");
}

/// Three tasks beside `main`, each with two increments, as `raw_loom_takes_as_many_executions_for_its_own_mutex`.
fn three_times_two_increments() {
    let counter = Arc::new(Mutex::new(0));
    let workers = [(); 3].map(|()| {
        let counter = Arc::clone(&counter);
        thread::spawn(move || (0..2).for_each(|_| *counter.lock().unwrap() += 1))
    });
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!(*counter.lock().unwrap(), 6, "an increment was lost");
}

#[test]
fn loom_takes_as_many_executions_as_it_did() {
    loom_takes(1, || drop(Mutex::new(0).lock().unwrap()));
    loom_takes(3, || _ = raddle::choose(3));
    loom_takes(1, || _ = both(|| (), || ()));
    loom_takes(4, || _ = sum(|sum| _ = sum.fetch_add(1, Ordering::Relaxed)));
    loom_takes(7_847, three_times_two_increments);
}

// The engines themselves: what the facade relies on.

/// Runs a raw loom model and gives every value that it can come to.
fn raw_loom<T: Ord + Send + 'static>(program: fn() -> T) -> (BTreeSet<T>, usize) {
    let seen = std::sync::Arc::new(StdMutex::new((BTreeSet::new(), 0)));
    let collect = std::sync::Arc::clone(&seen);
    loom::model(move || {
        let value = program();
        let mut seen = collect.lock().unwrap();
        seen.0.insert(value);
        seen.1 += 1;
    });
    std::mem::take(&mut *seen.lock().unwrap())
}

/// Runs a raw shuttle program along every schedule and gives every value that it can come to.
fn raw_shuttle<T: Ord + Send + 'static>(program: fn() -> T) -> BTreeSet<T> {
    let seen = std::sync::Arc::new(StdMutex::new(BTreeSet::new()));
    let collect = std::sync::Arc::clone(&seen);
    let exhaust = move || {
        let value = program();
        collect.lock().unwrap().insert(value);
    };
    shuttle::check_dfs(exhaust, None);
    std::mem::take(&mut *seen.lock().unwrap())
}

#[test]
fn raw_loom_takes_as_many_executions_for_its_own_mutex() {
    let executions = raw_loom(|| {
        // std's `Arc`, as everywhere in the facade: loom's own is one more thing to order.
        let counter = std::sync::Arc::new(loom::sync::Mutex::new(0));
        let workers = [(); 3].map(|()| {
            let counter = std::sync::Arc::clone(&counter);
            loom::thread::spawn(move || (0..2).for_each(|_| *counter.lock().unwrap() += 1))
        });
        for worker in workers {
            worker.join().unwrap();
        }
        assert_eq!(*counter.lock().unwrap(), 6, "an increment was lost");
    })
    .1;
    assert_eq!(executions, 7_847, "as many as for the facade's mutex");
}

#[test]
fn raw_loom_never_refuses_a_try_lock_beside_a_critical_section_without_other_steps() {
    // The facade's gates make up for this: `mutex_try_lock_is_granted_and_refused_under_contention`.
    let granted = raw_loom(|| {
        let lock = std::sync::Arc::new(loom::sync::Mutex::new(0));
        let theirs = std::sync::Arc::clone(&lock);
        let other = loom::thread::spawn(move || *theirs.lock().unwrap() += 1);
        let granted = lock.try_lock().is_ok();
        other.join().unwrap();
        granted
    });
    assert_eq!(granted.0, BTreeSet::from([true]), "loom sees contention now: are the gates still needed?");
}

#[test]
fn raw_loom_takes_five_threads() {
    assert_eq!(loom::MAX_THREADS, 5, "main included");
    let spawn = |count: usize| {
        catch_unwind(move || {
            loom::model(move || {
                let threads: Vec<_> = (0..count).map(|_| loom::thread::spawn(|| ())).collect();
                for thread in threads {
                    thread.join().unwrap();
                }
            });
        })
    };
    assert!(spawn(4).is_ok(), "four and main are fine");
    assert!(spawn(5).is_err(), "loom takes more threads now: raise `THREADS_MAX`");
}

#[test]
fn raw_loom_reads_two_zeros_in_store_buffering_with_seq_cst_accesses_which_is_wrong() {
    let seen = raw_loom(|| {
        use loom::sync::atomic::AtomicU32;
        let shared = std::sync::Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let theirs = std::sync::Arc::clone(&shared);
        let other = loom::thread::spawn(move || {
            theirs.0.store(1, Ordering::SeqCst);
            theirs.1.load(Ordering::SeqCst)
        });
        shared.1.store(1, Ordering::SeqCst);
        let mine = shared.0.load(Ordering::SeqCst);
        (other.join().unwrap(), mine)
    });
    assert!(seen.0.contains(&(0, 0)), "loom orders SeqCst accesses now: say so in the docs. It saw {:?}", seen.0);
}

#[test]
fn raw_loom_mutex_can_not_be_locked_again_once_a_panic_unwound_its_guard() {
    // loom keeps the data behind a mutex of std's, and unwraps its poisoning.
    let relock = || {
        loom::model(|| {
            let lock = loom::sync::Mutex::new(());
            panics_with(|| lock.lock());
            let _ = lock.lock();
        });
    };
    assert!(catch_unwind(relock).is_err(), "loom's mutexes survive a panic now: is the model's still needed?");
}

#[test]
fn raw_loom_names_its_limits_as_the_session_expects() {
    let mut builder = loom::model::Builder::new();
    builder.max_branches = 10;
    let stopped = catch_unwind(AssertUnwindSafe(|| {
        builder.check(|| {
            let value = loom::sync::atomic::AtomicU32::new(0);
            for _ in 0..20 {
                value.fetch_add(1, Ordering::Relaxed);
                loom::thread::yield_now();
            }
        });
    }));
    let payload = stopped.expect_err("twenty steps are more than ten");
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default();
    assert!(text.contains("exceeded maximum number of branches"), "loom says it otherwise now: {text}");
}

#[test]
fn raw_shuttle_sleep_is_a_scheduling_point_and_a_plain_store_is_none() {
    // std's atomics are no scheduling points, so only the sleep lets the other thread look in between.
    fn halfway(between: fn()) -> bool {
        let value = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let theirs = std::sync::Arc::clone(&value);
        let other = shuttle::thread::spawn(move || {
            theirs.store(1, Ordering::SeqCst);
            between();
            theirs.store(2, Ordering::SeqCst);
        });
        shuttle::thread::sleep(Duration::ZERO);
        let halfway = value.load(Ordering::SeqCst) == 1;
        other.join().unwrap();
        halfway
    }
    let sleeping = raw_shuttle(|| halfway(|| shuttle::thread::sleep(Duration::ZERO)));
    assert_eq!(sleeping, BTreeSet::from([false, true]), "the other thread can look in between");
    assert_eq!(raw_shuttle(|| halfway(|| ())), BTreeSet::from([false]), "there is nothing in between");
}

#[test]
fn raw_shuttle_atomics_are_sequentially_consistent_whatever_the_order() {
    let seen = raw_shuttle(|| {
        use shuttle::sync::atomic::AtomicU32;
        let shared = std::sync::Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let theirs = std::sync::Arc::clone(&shared);
        let other = shuttle::thread::spawn(move || {
            theirs.0.store(1, Ordering::Relaxed);
            theirs.1.load(Ordering::Relaxed)
        });
        shared.1.store(1, Ordering::Relaxed);
        let mine = shared.0.load(Ordering::Relaxed);
        (other.join().unwrap(), mine)
    });
    assert_eq!(seen, BTreeSet::from([(0, 1), (1, 0), (1, 1)]), "never two zeros");
}

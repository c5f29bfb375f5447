//! `Condvar`.

use super::*;

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

#[test]
fn condvar_wakes_spuriously_no_more_often_than_allowed() {
    fn two_waiters() {
        let (flag, changed) = (Mutex::new(false), Condvar::new());
        let spurious = AtomicU32::new(0);
        let wait = || {
            let mut set = flag.lock().unwrap();
            while !*set {
                set = changed.wait(set).unwrap();
                if !*set {
                    spurious.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        thread::scope(|scope| {
            scope.spawn(wait);
            scope.spawn(wait);
            *flag.lock().unwrap() = true;
            changed.notify_all();
        });
        assert!(spurious.load(Ordering::Relaxed) <= 1, "one spurious wakeup is allowed");
    }
    holds_with(DEFAULT, &Checker::new().spurious_wakeups(1), two_waiters);
}

#[test]
fn condvar_timeouts_fire_early_no_more_often_than_allowed() {
    fn two_waiters() {
        let (flag, changed) = (Mutex::new(false), Condvar::new());
        let early = AtomicU32::new(0);
        let wait = || {
            let set = flag.lock().unwrap();
            if !*set {
                let (set, _) = changed.wait_timeout(set, SECOND).unwrap();
                if !*set {
                    early.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        thread::scope(|scope| {
            scope.spawn(wait);
            scope.spawn(wait);
            *flag.lock().unwrap() = true;
            changed.notify_all();
        });
        assert!(early.load(Ordering::Relaxed) <= 1, "one timeout may fire while others can still run");
    }
    holds_with(DEFAULT, &Checker::new().timeouts(1), two_waiters);
}

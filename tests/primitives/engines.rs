//! The engines themselves: what the facade relies on.

use super::*;

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
fn raw_loom_misses_a_store_before_a_load_that_another_load_came_after() {
    // Of the loads since the last store it keeps only one, the last, and tries a store before that one alone (loom issues
    // 166 and 392): that the store of 2 comes between the two loads of 1's writer and the other task is never tried.
    let seen = raw_loom(|| {
        let value = std::sync::Arc::new(loom::sync::atomic::AtomicU32::new(0));
        let theirs = std::sync::Arc::clone(&value);
        let first = loom::thread::spawn(move || {
            theirs.store(1, Ordering::SeqCst);
            theirs.load(Ordering::SeqCst)
        });
        let mine = value.load(Ordering::SeqCst);
        value.store(2, Ordering::SeqCst);
        (first.join().unwrap(), mine)
    });
    let all = BTreeSet::from([(1, 0), (1, 1), (2, 0), (2, 1)]);
    assert!(!seen.0.contains(&(2, 1)), "loom remembers every load now: hold it to that in `differential.rs`");
    assert!(seen.0.is_subset(&all), "{:?}", seen.0);
    let program = || {
        let value = Arc::new(raddle::sync::atomic::AtomicU32::new(0));
        let theirs = Arc::clone(&value);
        let first = thread::spawn(move || {
            theirs.store(1, Ordering::SeqCst);
            theirs.load(Ordering::SeqCst)
        });
        let mine = value.load(Ordering::SeqCst);
        value.store(2, Ordering::SeqCst);
        (first.join().unwrap(), mine)
    };
    outcomes_with(&[Engine::Exhaustive, Engine::Shuttle(Strategy::Dfs)], &Checker::new(), program, all);
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

#[test]
fn loom_does_not_let_a_task_that_has_yielded_go_on_before_others() {
    // So a state that only such a schedule leads to is one that loom misses.
    let program = || {
        let value = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&value);
        let writer = thread::spawn(move || {
            thread::yield_now();
            theirs.store(1, Ordering::SeqCst);
        });
        let seen = value.load(Ordering::SeqCst);
        writer.join().unwrap();
        seen
    };
    outcomes_with(&[Engine::Loom], &Checker::new(), program, [0]);
    outcomes_with(&[Engine::Exhaustive, Engine::Shuttle(Strategy::Dfs)], &Checker::new(), program, [0, 1]);
}

//! What the environment decides, and what ends an execution.

use super::*;

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
    for engine in Engine::ALL {
        let line = line!() + 1;
        let outcome = Checker::new().engine(engine).run(|| _ = raddle::choose(0));
        let told = matches!(&outcome, Err(CheckError::Usage { what, at })
            if what.contains("nothing to choose from") && at.line == line && at.file.ends_with("outcome.rs"));
        assert!(told, "under {engine}: {outcome:?}");
    }
}

#[test]
fn threads_left_running_are_a_leak_only_where_the_check_denies_it() {
    let program = || drop(thread::Builder::new().name("daemon".into()).spawn(thread::yield_now).unwrap());
    holds(program);
    let deny = Checker::new().deny_leaks();
    fails_with(THOROUGH, &deny, program, |verdict| matches!(verdict, Verdict::Leak { what } if what == &["daemon"]));
    holds_with(THOROUGH, &deny, || both(thread::yield_now, || ()).0);
}

/// Joins a thread unless it has come far. A step of it is left then, and nobody looks at what that does.
fn joins_who_is_slow() {
    let steps = Arc::new((AtomicBool::new(false), AtomicBool::new(false)));
    let theirs = Arc::clone(&steps);
    let work = move || {
        theirs.0.store(true, Ordering::SeqCst);
        theirs.1.store(true, Ordering::SeqCst);
    };
    let worker = thread::Builder::new().name("worker".into()).spawn(work).unwrap();
    if !steps.0.load(Ordering::SeqCst) {
        worker.join().unwrap();
    }
}

#[test]
fn that_main_ends_before_a_thread_is_an_order_that_is_searched() {
    let engines = [Engine::Loom, Engine::Exhaustive, Engine::shuttle(), DFS];
    let is_leak = |verdict: &Verdict| matches!(verdict, Verdict::Leak { what } if what == &["worker"]);
    fails_with(&engines, &Checker::new().deny_leaks(), joins_who_is_slow, is_leak);
    let joins_another_last = || {
        let other = thread::spawn(|| ());
        joins_who_is_slow();
        other.join().unwrap();
    };
    fails_with(&engines, &Checker::new().deny_leaks(), joins_another_last, is_leak);
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
        let told = matches!(&outcome, Err(CheckError::Usage { what, at })
            if what.contains("carried from one execution into another") && at.file.ends_with("outcome.rs"));
        assert!(told, "under {engine} it should say that the lock was carried over, but came to {outcome:?}");
    }
}

#[test]
fn a_primitive_outside_of_an_exploration_is_refused_where_it_is_created() {
    let line = line!() + 1;
    let refused = catch_unwind(|| drop(Mutex::new(0)));
    let message = *refused.unwrap_err().downcast::<String>().expect("a message");
    assert!(message.starts_with(&format!("{}:{line}:", file!())), "{message}");
    assert!(message.contains("call this from the closure given to `raddle::check`"), "{message}");
}

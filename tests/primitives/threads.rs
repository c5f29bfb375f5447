//! Threads.

use super::*;

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
fn thread_scope_waits_for_threads_that_its_threads_spawn() {
    holds(|| {
        let ran = AtomicBool::new(false);
        thread::scope(|scope| {
            let ran = &ran;
            scope.spawn(move || scope.spawn(move || ran.store(true, Ordering::SeqCst)));
        });
        assert!(ran.load(Ordering::SeqCst), "the scope was left before its last thread had ended");
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

/// Parks by `park` while another task gets something ready and then unparks; gives whether it is ready afterwards.
fn finds_ready_after(park: fn()) -> bool {
    let (main, ready) = (thread::current(), AtomicBool::new(false));
    let wake = || {
        ready.store(true, Ordering::Release);
        main.unpark();
    };
    let found = both(wake, || {
        park();
        ready.load(Ordering::Acquire)
    });
    found.1
}

#[test]
fn thread_park_wakes_for_nothing_only_where_the_check_allows_it() {
    fails(thread::park, is_main_stuck);
    fn program() -> bool {
        finds_ready_after(thread::park)
    }
    outcomes(program, [true]);
    outcomes_with(THOROUGH, &Checker::new().spurious_wakeups(1), program, [false, true]);
}

#[test]
fn thread_park_timeout_comes_back_with_and_without_a_token() {
    fn program() -> bool {
        finds_ready_after(|| thread::park_timeout(SECOND))
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

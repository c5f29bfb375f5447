//! A failing execution ends as a verdict, whatever is alive at the time: never as an abort of the process, which would
//! end this test too.

use raddle::sync::{Arc, Condvar, Mutex, OnceLock, RwLock, Semaphore, mpsc};
use raddle::{Checker, Engine, Outcome, Strategy, Verdict, thread};
use std::task::{Context, Poll, Wake, Waker};

const ENGINES: [Engine; 4] =
    [Engine::Loom, Engine::Shuttle(Strategy::Random), Engine::Shuttle(Strategy::Pct), Engine::Shuttle(Strategy::Dfs)];

/// The verdict of `program` under each engine.
fn verdicts(program: fn()) -> Vec<(Engine, Verdict)> {
    let verdict = |engine| match Checker::new().engine(engine).run(program) {
        Ok(Outcome::Fails(found)) => (engine, found.verdict),
        other => panic!("{engine}: expected a failure, got {other:?}"),
    };
    ENGINES.into_iter().map(verdict).collect()
}

#[track_caller]
fn deadlocks(program: fn()) {
    for (engine, verdict) in verdicts(program) {
        assert!(matches!(&verdict, Verdict::Deadlock { cycle } if cycle.len() == 2), "{engine}: {verdict:?}");
    }
}

/// Two threads that take two locks in opposite orders, with something else in their hands.
fn opposite_orders<T: Send + 'static>(first_has: impl FnOnce() -> T, second_has: impl FnOnce() -> T) {
    let (one, two) = (Arc::new(Mutex::new(0).named("one")), Arc::new(Mutex::new(0).named("two")));
    let (in_hand, also_in_hand) = (first_has(), second_has());
    let other = {
        let (one, two) = (Arc::clone(&one), Arc::clone(&two));
        thread::spawn(move || {
            let _kept = also_in_hand;
            let _two = two.lock().unwrap();
            let _one = one.lock().unwrap();
        })
    };
    let _kept = in_hand;
    let guards = (one.lock().unwrap(), two.lock().unwrap());
    drop(guards);
    other.join().unwrap();
}

#[test]
fn a_deadlock_with_guards_alive_is_a_verdict() {
    deadlocks(|| opposite_orders(|| (), || ()));
}

#[test]
fn a_deadlock_with_channels_alive_is_a_verdict() {
    deadlocks(|| {
        let (sender, receiver) = mpsc::channel::<u32>();
        sender.send(1).unwrap();
        let (also, other) = mpsc::sync_channel::<u32>(1);
        opposite_orders(|| (Some(sender), None, Some(receiver), None), || (None, Some(also), None, Some(other)));
    });
}

#[test]
fn a_deadlock_with_locks_permits_and_cells_alive_is_a_verdict() {
    struct Hands {
        lock: RwLock<u32>,
        permits: Semaphore,
        once: OnceLock<u32>,
        ready: (Mutex<bool>, Condvar),
    }
    impl Drop for Hands {
        // A destructor that uses all of it, of an execution that is over.
        fn drop(&mut self) {
            *self.lock.write().unwrap() += 1;
            let _permit = self.permits.acquire();
            assert_eq!(*self.once.get_or_init(|| 1), 1);
            *self.ready.0.lock().unwrap() = true;
            self.ready.1.notify_all();
        }
    }
    deadlocks(|| {
        let hands = || Hands {
            lock: RwLock::new(0),
            permits: Semaphore::new(1),
            once: OnceLock::new(),
            ready: (Mutex::new(false), Condvar::new()),
        };
        opposite_orders(hands, hands);
    });
}

#[test]
fn a_deadlock_with_a_waker_alive_is_a_verdict() {
    struct Flag(Mutex<bool>, Condvar);
    impl Wake for Flag {
        fn wake(self: std::sync::Arc<Self>) {
            *self.0.lock().unwrap() = true;
            self.1.notify_one();
        }
    }
    /// Wakes itself when it is dropped, as a task that is cancelled does.
    struct WakesLast(Waker);
    impl Drop for WakesLast {
        fn drop(&mut self) {
            self.0.wake_by_ref();
        }
    }
    deadlocks(|| {
        let waker = || {
            let waker = Waker::from(Arc::new(Flag(Mutex::new(false), Condvar::new())));
            let polled = std::pin::pin!(std::future::ready(1)).as_mut().poll(&mut Context::from_waker(&waker));
            assert_eq!(polled, Poll::Ready(1));
            WakesLast(waker)
        };
        opposite_orders(waker, waker);
    });
}

#[test]
fn scope_a_deadlock_inside_is_a_verdict() {
    deadlocks(|| {
        let (one, two) = (Mutex::new(String::from("one")), Mutex::new(String::from("two")));
        let here = String::from("borrowed");
        thread::scope(|scope| {
            for swap in [false, true] {
                let (one, two, here) = (&one, &two, &here);
                scope.spawn(move || {
                    let (first, second) = if swap { (two, one) } else { (one, two) };
                    let mut first = first.lock().unwrap();
                    let mut second = second.lock().unwrap();
                    first.push_str(here);
                    second.push_str(here);
                });
            }
        });
        assert_eq!(here, "borrowed");
    });
}

/// What a scoped thread captured borrows from a frame that is gone when the engine drops the thread unrun.
#[test]
fn scope_a_thread_that_never_ran_is_not_dropped_into_its_dead_frame() {
    struct LooksBack<'a>(&'a Mutex<Vec<u8>>, &'a str);
    impl Drop for LooksBack<'_> {
        fn drop(&mut self) {
            assert_eq!(self.1, "alive");
            if let Ok(mut bytes) = self.0.lock() {
                bytes.push(1);
            }
        }
    }
    for (engine, verdict) in verdicts(|| {
        let bytes = Mutex::new(Vec::new());
        let text = String::from("alive");
        thread::scope(|scope| {
            let looks_back = LooksBack(&bytes, &text);
            scope.spawn(move || drop(looks_back));
            let own = Mutex::new(0);
            let _held = own.lock().unwrap();
            let _again = own.lock().unwrap();
        });
    }) {
        assert!(matches!(&verdict, Verdict::Deadlock { cycle } if cycle.len() == 1), "{engine}: {verdict:?}");
    }
}

#[test]
fn scope_a_panic_inside_still_waits_for_its_threads() {
    for (engine, verdict) in verdicts(|| {
        let done = Mutex::new(false);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            thread::scope(|scope| {
                scope.spawn(|| *done.lock().unwrap() = true);
                panic!("in the scope");
            });
        }));
        assert!(caught.is_err());
        assert!(*done.lock().unwrap(), "the thread had ended");
        panic!("after the scope");
    }) {
        assert!(
            matches!(&verdict, Verdict::Assertion { message, .. } if message == "after the scope"),
            "{engine}: {verdict:?}"
        );
    }
}

#[test]
fn a_panic_in_drop_while_a_panic_unwinds_is_a_verdict() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("second");
        }
    }
    for (engine, verdict) in verdicts(|| {
        let lock = Arc::new(Mutex::new(0));
        let held = Arc::clone(&lock);
        let other = thread::spawn(move || drop(held.lock().unwrap()));
        let _bomb = Bomb;
        let _guard = lock.lock().unwrap();
        drop(other);
        panic!("first");
    }) {
        let Verdict::Assertion { message, .. } = &verdict else { panic!("{engine}: {verdict:?}") };
        assert!(message.starts_with("first"), "{engine}: the cause comes first: {message}");
        assert!(message.contains("second"), "{engine}: and what came of it: {message}");
    }
}

#[test]
fn a_panic_in_drop_of_a_deadlocked_thread_is_a_verdict() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(!std::thread::panicking(), "in a destructor, of a stack that unwinds");
        }
    }
    deadlocks(|| opposite_orders(|| Bomb, || Bomb));
}

#[test]
fn a_destructor_that_waits_in_vain_while_a_panic_unwinds_is_a_verdict() {
    struct TakesLock(Arc<Mutex<u32>>);
    impl Drop for TakesLock {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    for (engine, verdict) in verdicts(|| {
        let lock = Arc::new(Mutex::new(0));
        let guard = lock.lock().unwrap();
        let takes_lock = TakesLock(Arc::clone(&lock));
        let both = (takes_lock, &guard);
        assert_eq!(**both.1, 1, "never one");
    }) {
        assert!(
            matches!(&verdict, Verdict::Assertion { message, .. } if message.contains("never one")),
            "{engine}: {verdict:?}"
        );
    }
}

#[test]
fn a_panic_that_the_program_catches_is_no_failure() {
    for engine in ENGINES {
        let outcome = Checker::new().engine(engine).run(|| {
            let lock = Arc::new(Mutex::new(0));
            let theirs = Arc::clone(&lock);
            let other = thread::spawn(move || {
                let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    let _guard = theirs.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    panic!("caught");
                }));
                assert!(caught.is_err());
            });
            drop(lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
            other.join().unwrap();
            assert!(lock.is_poisoned());
        });
        assert!(matches!(outcome, Ok(Outcome::Holds(_))), "{engine}: {outcome:?}");
    }
}

/// Tells a test that it runs in a process of its own, where it may hang.
const CHILD: &str = "TEARDOWN_CHILD";

/// What this binary comes to with `test` alone, as a child, and what it writes to stderr; libtest keeps what the thread of
/// a test prints.
fn alone(test: &str) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", test]).env(CHILD, "").env("RADDLE_HANG", "1").output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[expect(clippy::disallowed_types, reason = "the lock that raddle does not see is what hangs")]
fn waits_for_a_lock_of_stds() {
    let lock = Arc::new((std::sync::Mutex::new(0), raddle::sync::atomic::AtomicU32::new(0)));
    let append = |lock: &(std::sync::Mutex<u32>, raddle::sync::atomic::AtomicU32)| {
        let mut held = lock.0.lock().unwrap();
        *held += lock.1.fetch_add(1, raddle::sync::atomic::Ordering::SeqCst);
    };
    let theirs = Arc::clone(&lock);
    let other = thread::spawn(move || append(&theirs));
    append(&lock);
    other.join().unwrap();
}

#[test]
fn a_hang_is_told_past_what_captures_output() {
    if std::env::var_os(CHILD).is_some() {
        return raddle::check(waits_for_a_lock_of_stds);
    }
    let (code, text) = alone("a_hang_is_told_past_what_captures_output");
    assert_eq!(code, Some(101), "{text}");
    let name = "in        a_hang_is_told_past_what_captures_output";
    for words in ["an execution hangs", name, "thread-1, after step 3", "main×2 thread-1"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn an_exit_is_no_success() {
    if std::env::var_os(CHILD).is_some() {
        return raddle::check(|| thread::spawn(|| std::process::exit(0)).join().unwrap());
    }
    let (code, text) = alone("an_exit_is_no_success");
    assert_eq!(code, Some(101), "{text}");
    assert!(text.contains("an execution calls `exit`") && text.contains("in        an_exit_is_no_success"), "{text}");
}

//! Runtimes and tasks.

use super::*;
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::sync::{Arc, Mutex};
use raddle::task::{self, Either, JoinSet, runtime};
use raddle::thread;
use raddle::time::{self, Duration};
use std::task::{Poll, Waker};

/// What two tasks that add one in two steps come to.
async fn additions() -> u32 {
    let counter = Arc::new(AtomicU32::new(0));
    let add = || {
        let counter = Arc::clone(&counter);
        task::spawn(async move {
            let value = counter.load(SeqCst);
            counter.store(value + 1, SeqCst);
        })
    };
    for task in [add(), add()] {
        task.await.unwrap();
    }
    counter.load(SeqCst)
}

#[test]
fn on_one_thread_nothing_happens_within_a_poll_and_on_several_it_does() {
    assert_eq!(outcomes(|| task::block_on(additions())), BTreeSet::from([2]));
    let on_several = || runtime::Builder::new_multi_thread().build().unwrap().block_on(additions());
    assert_eq!(outcomes(on_several), BTreeSet::from([1, 2]));
}

#[test]
fn any_task_that_is_woken_may_be_polled_next() {
    let orders = outcomes(|| {
        task::block_on(async {
            let order = Arc::new(Mutex::new(Vec::new()));
            let note = |number: u32| {
                let order = Arc::clone(&order);
                task::spawn(async move { order.lock().unwrap().push(number) })
            };
            for task in [note(1), note(2), note(3)] {
                task.await.unwrap();
            }
            Arc::into_inner(order).unwrap().into_inner().unwrap()
        })
    });
    assert_eq!(orders.len(), 6, "{orders:?}");
}

#[test]
fn what_has_not_ended_is_dropped_with_the_runtime_where_it_waits() {
    struct Noted(Arc<AtomicU32>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    fn program() -> (u32, u32) {
        let (dropped, ended) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let (theirs, ends) = (Noted(Arc::clone(&dropped)), Arc::clone(&ended));
        task::block_on(async move {
            drop(task::spawn(async move {
                let _noted = theirs;
                time::sleep(Duration::from_secs(1)).await;
                ends.fetch_add(1, SeqCst);
            }));
        });
        (dropped.load(SeqCst), ended.load(SeqCst))
    }
    assert_eq!(outcomes(program), BTreeSet::from([(1, 0)]));
    let denies = Checker::new().deny_leaks();
    fails_with(&denies, || _ = program(), |verdict| matches!(verdict, Verdict::Leak { what } if what.len() == 1));
}

#[test]
fn a_task_that_has_been_aborted_is_not_left_behind() {
    fn program() {
        task::block_on(async {
            let mut tasks = task::JoinSet::new();
            tasks.spawn(std::future::pending::<()>());
            // Dropped, it aborts its tasks, and does not wait for them.
        });
    }
    for engine in ALL {
        let outcome = Checker::new().engine(engine).deny_leaks().run(program);
        assert!(matches!(outcome, Ok(Outcome::Holds(_))), "{engine}: {outcome:?}");
    }
}

#[test]
fn a_task_that_is_aborted_ends_at_an_await_or_has_ended() {
    let ends = outcomes(|| {
        task::block_on(async {
            let task = task::spawn(async {
                task::yield_now().await;
                7
            });
            task::yield_now().await;
            task.abort();
            task.await.map_err(|error| error.is_cancelled())
        })
    });
    assert_eq!(ends, BTreeSet::from([Ok(7), Err(true)]));
}

#[test]
fn blocking_calls_wait_for_one_of_the_threads() {
    let most = outcomes(|| {
        let (now, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let runtime = runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        let call = || {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            runtime.spawn_blocking(move || {
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                now.fetch_sub(1, SeqCst);
            })
        };
        let calls = [call(), call()];
        runtime.block_on(async {
            for call in calls {
                call.await.unwrap();
            }
        });
        most.load(SeqCst)
    });
    assert_eq!(most, BTreeSet::from([1]));
}

#[test]
fn a_runtime_can_be_blocked_on_again_and_polls_nobody_in_between() {
    holds(|| {
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        let polls = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&polls);
        runtime.block_on(async move {
            drop(task::spawn(async move { theirs.fetch_add(1, SeqCst) }));
        });
        let before = polls.load(SeqCst);
        thread::yield_now();
        assert_eq!(polls.load(SeqCst), before, "nobody blocks on the loop");
        runtime.block_on(task::yield_now());
    });
}

#[test]
fn the_first_of_two_that_are_ready_may_be_either() {
    let winners = outcomes(|| {
        task::block_on(async {
            match task::race(std::future::ready(1), std::future::ready(2)).await {
                Either::Left(left) => left,
                Either::Right(right) => right,
            }
        })
    });
    assert_eq!(winners, BTreeSet::from([1, 2]));
}

/// As a program of tokio's has it, but for the first line.
#[test]
fn tokio_s_own_tree_is_there() {
    use raddle::tokio;
    let winners = outcomes(|| {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
            let sends = tokio::spawn(async move {
                tokio::time::sleep(tokio::time::Duration::from_secs(1)).await;
                sender.send("sent").await.is_ok()
            });
            let winner = tokio::select! {
                value = receiver.recv() => value.unwrap_or("closed"),
                () = tokio::time::sleep(tokio::time::Duration::from_secs(1)) => "timed out",
                () = std::future::pending() => "never",
            };
            drop(receiver);
            let (one, sent) = tokio::join!(async { 1 }, sends);
            (winner, one, sent.unwrap())
        })
    });
    // Both come at one instant. What has been sent may not have been received.
    assert_eq!(winners, BTreeSet::from([("sent", 1, true), ("timed out", 1, false), ("timed out", 1, true)]));
}

#[test]
fn a_set_of_tasks_gives_them_as_they_end() {
    fn ends(runtime: &runtime::Runtime) -> Vec<u32> {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            for number in 1..=2_u32 {
                set.spawn(async move { number });
            }
            let mut ends = Vec::new();
            while let Some(end) = set.join_next().await {
                ends.push(end.unwrap());
            }
            ends
        })
    }
    let both = BTreeSet::from([vec![1, 2], vec![2, 1]]);
    assert_eq!(outcomes(|| ends(&runtime::Builder::new_current_thread().build().unwrap())), both);
    assert_eq!(outcomes(|| ends(&runtime::Builder::new_multi_thread().build().unwrap())), both);
}

/// Looks at the flag, and then leaves a waker: who sets it in between wakes nobody.
#[test]
fn a_lost_wakeup_is_a_verdict_and_names_the_task() {
    fails(
        || {
            let (flag, slot) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(None::<Waker>)));
            let (set, wakes) = (Arc::clone(&flag), Arc::clone(&slot));
            let setter = thread::spawn(move || {
                set.store(1, SeqCst);
                let left = wakes.lock().unwrap().take();
                if let Some(left) = left {
                    left.wake();
                }
            });
            task::block_on(std::future::poll_fn(|cx| {
                if flag.load(SeqCst) == 1 {
                    return Poll::Ready(());
                }
                *slot.lock().unwrap() = Some(cx.waker().clone());
                Poll::Pending
            }));
            setter.join().unwrap();
        },
        |verdict| matches!(verdict, Verdict::Stuck { waiting } if waiting.len() == 1 && waiting[0].task == "main"),
    );
}

#[test]
fn a_panic_in_a_task_fails_the_execution_and_names_it() {
    fails(
        || {
            task::block_on(async {
                let worker = task::Builder::new().name("worker").spawn(async { panic!("out of paper") });
                let _: Result<(), _> = worker.unwrap().await;
            });
        },
        |verdict| matches!(verdict, Verdict::Assertion { task, message, .. } if task == "worker" && message == "out of paper"),
    );
}

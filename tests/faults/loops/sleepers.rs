//! Spins that wait for somebody who waits for the clock, and tasks of an event loop that poll.

use super::every;
use crate::cases::{Came, RANDOM, holds, holds_within, under};
use raddle::sync::atomic::{AtomicBool, Ordering::*};
use raddle::sync::mpsc::channel;
use raddle::sync::{Arc, Mutex};
use raddle::{Engine, Strategy, task, thread, time};
use std::time::Duration;

fn flag_of_a_task() {
    task::block_on(async {
        let ready = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&ready);
        let setter = task::spawn(async move { theirs.store(true, SeqCst) });
        while !ready.load(SeqCst) {
            task::yield_now().await;
        }
        setter.await.unwrap();
    });
}

pub(super) fn polls_a_flag() -> Came {
    holds_within(&every(), 10, flag_of_a_task)
}

pub(super) fn polls_a_flag_within() -> Came {
    holds(&every().preemptions(0), flag_of_a_task)
}

pub(super) fn spin_until_a_sleeper_wakes() {
    let ready = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&ready);
    let sleeper = thread::spawn(move || {
        thread::sleep(Duration::from_millis(1));
        theirs.store(true, SeqCst);
    });
    while !ready.load(SeqCst) {
        thread::yield_now();
    }
    sleeper.join().unwrap();
}

pub(super) fn tasks_until_a_sleeper_wakes() {
    task::block_on(async {
        let ready = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&ready);
        let sleeper = task::spawn(async move {
            time::sleep(Duration::from_millis(1)).await;
            theirs.store(true, SeqCst);
        });
        while !ready.load(SeqCst) {
            task::yield_now().await;
        }
        sleeper.await.unwrap();
    });
}

pub(super) fn sleeper(engine: Engine) -> Came {
    holds(&under(engine).executions(3_000), spin_until_a_sleeper_wakes)
}

pub(super) fn async_sleeper(engine: Engine) -> Came {
    holds(&under(engine).executions(3_000), tasks_until_a_sleeper_wakes)
}

pub(super) fn sleeper_within() -> Came {
    holds(&every().preemptions(1), spin_until_a_sleeper_wakes)
}

pub(super) const STRATEGIES: [Strategy; 6] =
    [Strategy::Random, Strategy::Pct, Strategy::Urw, Strategy::Pos, Strategy::Surw, Strategy::ReadsFrom];

pub(super) fn samplers(program: fn()) -> Came {
    for strategy in STRATEGIES {
        holds(&under(Engine::Shuttle(strategy)).executions(300), program)
            .map_err(|why| format!("{strategy:?}: {why}"))?;
    }
    Ok("under each".into())
}

pub(super) fn sleeping_holder() -> Came {
    holds(&every(), || {
        let lock = Arc::new(Mutex::new(0));
        let theirs = Arc::clone(&lock);
        let holder = thread::spawn(move || {
            let mut guard = theirs.lock().unwrap();
            thread::sleep(Duration::from_secs(1));
            *guard += 1;
        });
        while lock.try_lock().is_err() {
            thread::yield_now();
        }
        holder.join().unwrap();
    })
}

pub(super) fn timed_out() -> Came {
    holds(&every(), || {
        let gone = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&gone);
        let (sender, receiver) = channel::<u32>();
        let waiter = thread::spawn(move || {
            assert!(receiver.recv_timeout(Duration::from_millis(5)).is_err());
            theirs.store(true, SeqCst);
        });
        while !gone.load(SeqCst) {
            thread::yield_now();
        }
        drop(sender);
        waiter.join().unwrap();
    })
}

pub(super) fn until_an_instant() -> Came {
    holds(&every(), || {
        let start = time::Instant::now();
        let sleeper = thread::spawn(|| thread::sleep(Duration::from_millis(2)));
        while start.elapsed() < Duration::from_millis(2) {
            thread::yield_now();
        }
        sleeper.join().unwrap();
    })
}

pub(super) fn sleeping_pusher() -> Came {
    let program = || {
        let queue = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::clone(&queue);
        let pusher = thread::spawn(move || {
            thread::sleep(Duration::from_millis(3));
            theirs.lock().unwrap().push(1);
        });
        while queue.lock().unwrap().pop().is_none() {
            thread::yield_now();
        }
        pusher.join().unwrap();
    };
    holds(&every(), program)?;
    holds(&under(RANDOM).executions(300), program)
}

/// The clock stands still while tasks do what comes to an end.
pub(super) fn few_yields() -> Came {
    let program = || {
        let sleeper = thread::spawn(|| thread::sleep(Duration::from_secs(2)));
        let start = time::Instant::now();
        for _ in 0..5 {
            thread::yield_now();
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        sleeper.join().unwrap();
    };
    holds(&under(RANDOM).executions(300), program)?;
    holds(&every(), program)
}

pub(super) fn two_pollers() -> Came {
    let program = || {
        task::block_on(async {
            let ready = Arc::new(AtomicBool::new(false));
            let theirs = Arc::clone(&ready);
            let other = task::spawn(async move {
                while !theirs.load(SeqCst) {
                    task::yield_now().await;
                }
            });
            let theirs = Arc::clone(&ready);
            let setter = task::spawn(async move { theirs.store(true, SeqCst) });
            while !ready.load(SeqCst) {
                task::yield_now().await;
            }
            other.await.unwrap();
            setter.await.unwrap();
        });
    };
    holds(&every(), program)?;
    samplers(program)
}

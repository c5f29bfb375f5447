//! What samplers guarantee, measured.

use crate::cases::{Came, Case, Kind};
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::sync::{Arc, Condvar, Mutex};
use raddle::{Checker, Engine, Outcome, Strategy, thread};
use raddle_tests::soak;

pub(crate) const KIND: Kind = Kind {
    name: "samplers",
    what: "a sampler finds a bug less often than its theorem says",
    cases: &[
        Case { name: "pct_finds_a_load_between_two_stores", run: between_stores },
        Case { name: "pct_finds_a_late_thread", run: late_thread },
        Case { name: "pct_finds_a_lost_update", run: lost_update },
        Case { name: "pct_finds_the_bounded_buffers_deadlock", run: || buffer(2, 60, 10_000) },
        // Deeper than PCT aims at: its theorem says nothing, and it was not found at all before.
        Case { name: "pct_finds_the_bounded_buffers_deadlock_with_one_item_each", run: || buffer(1, 5_000, 200) },
        Case { name: "pct_passes_a_correct_buffer", run: correct_buffer },
    ],
};

const PCT: Engine = Engine::Shuttle(Strategy::Pct);

/// No search comes to its end: one in 40 takes four times as many executions as they do on average.
const UNTIL_FOUND: u64 = 1_000_000;

/// Executions until it fails, the mean of so many searches.
fn mean(searches: u64, program: fn()) -> Result<f64, String> {
    let mut sum = 0;
    for seed in 0..searches {
        match Checker::new().engine(PCT).seed(seed).executions(UNTIL_FOUND).run(program) {
            Ok(Outcome::Fails(found)) => sum += found.execution,
            other => return Err(format!("seed {seed}: expected a failure, got {other:?}")),
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a mean")]
    Ok(sum as f64 / searches as f64)
}

/// Holds the mean to a bound: over so many searches in `make soak`.
fn at_most(bound: f64, searches: u64, program: fn()) -> Came {
    let mean = mean(soak(searches), program)?;
    let said = format!("found after {mean:.1} schedules on average, at most {bound} by the theorem or the literature");
    if mean <= bound { Ok(said) } else { Err(said) }
}

/// Depth 2, two tasks and seven steps: one in 2 · 7 or more often, aimed at depth 3 one in 2 · 49.
fn between_stores() -> Came {
    at_most(98.0, 10_000, || {
        let x = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&x);
        let writer = thread::spawn(move || {
            theirs.store(1, SeqCst);
            theirs.store(2, SeqCst);
        });
        assert_ne!(x.load(SeqCst), 1);
        writer.join().unwrap();
    })
}

fn late_thread() -> Came {
    // Depth 1: the other starts only when `main` is nearly done.
    at_most(60.0, 10_000, || {
        let x = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&x);
        let late = thread::spawn(move || theirs.load(SeqCst));
        (0..20).for_each(|_| _ = x.fetch_add(1, SeqCst));
        assert_ne!(late.join().unwrap(), 20);
    })
}

fn lost_update() -> Came {
    at_most(98.0, 10_000, || {
        let x = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&x);
        let other = thread::spawn(move || theirs.store(theirs.load(SeqCst) + 1, SeqCst));
        x.store(x.load(SeqCst) + 1, SeqCst);
        other.join().unwrap();
        assert_eq!(x.load(SeqCst), 2);
    })
}

/// A buffer for one item with one condition variable for both sides, and `notify_one`: a notification may wake a task of
/// the wrong side (the literature's bounded buffer, which others find after about 20 schedules).
fn run_buffer(items: u32, notify: fn(&Condvar)) {
    let shared = Arc::new((Mutex::new(0), Condvar::new()));
    let spawn = |delta: i32| {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let (count, changed) = &*shared;
            for _ in 0..items {
                let is_stuck = |count: &mut i32| if delta > 0 { *count == 1 } else { *count == 0 };
                let mut count = changed.wait_while(count.lock().unwrap(), is_stuck).unwrap();
                *count += delta;
                notify(changed);
            }
        })
    };
    let threads = [1, 1, -1, -1].map(spawn);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn buffer(items: u32, bound: u32, searches: u64) -> Came {
    let program: fn() =
        if items == 2 { || run_buffer(2, Condvar::notify_one) } else { || run_buffer(1, Condvar::notify_one) };
    at_most(f64::from(bound), searches, program)
}

fn correct_buffer() -> Came {
    match Checker::new().engine(PCT).executions(2_000).run(|| run_buffer(2, Condvar::notify_all)) {
        Ok(Outcome::Holds(coverage)) => Ok(coverage.to_string()),
        other => Err(format!("{other:?}")),
    }
}

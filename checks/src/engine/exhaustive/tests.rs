//! Programs whose traces are known, and generated ones against search without reduction.

use super::*;
use crate::Checker;
use crate::sync::atomic::{AtomicU32, Ordering::SeqCst};
use crate::sync::{Arc, Mutex};
use crate::thread;

fn searched(program: impl Fn() + Send + Sync + 'static) -> Searched {
    let program: Program = Arc::new(program);
    search(&program, &Checker::new().plan, &Arc::default())
}

fn all(tasks: Vec<thread::JoinHandle<()>>) {
    tasks.into_iter().for_each(|task| task.join().unwrap());
}

fn locks(tasks: usize, rounds: usize) {
    let counter = Arc::new(Mutex::new(0));
    let add = |_| {
        let counter = Arc::clone(&counter);
        thread::spawn(move || (0..rounds).for_each(|_| *counter.lock().unwrap() += 1))
    };
    all((0..tasks).map(add).collect());
    assert_eq!(*counter.lock().unwrap(), tasks * rounds);
}

fn philosophers(seats: usize) {
    let forks: Arc<Vec<_>> = Arc::new((0..seats).map(|_| Mutex::new(())).collect());
    let dine = |seat: usize| {
        let forks = Arc::clone(&forks);
        thread::spawn(move || {
            let next = (seat + 1) % seats;
            let _low = forks[seat.min(next)].lock().unwrap();
            let _high = forks[seat.max(next)].lock().unwrap();
        })
    };
    all((0..seats).map(dine).collect());
}

fn independent(tasks: usize, steps: usize) {
    let work = |_| {
        thread::spawn(move || {
            let own = AtomicU32::new(0);
            (0..steps).for_each(|_| _ = own.fetch_add(1, SeqCst));
        })
    };
    all((0..tasks).map(work).collect());
}

#[test]
fn as_many_executions_as_there_are_traces() {
    let rows: [(&str, u64, Searched); 8] = [
        ("locks(2, 1)", 2, searched(|| locks(2, 1))),
        ("locks(3, 2)", 90, searched(|| locks(3, 2))),
        ("philosophers(2)", 2, searched(|| philosophers(2))),
        ("philosophers(3)", 6, searched(|| philosophers(3))),
        ("philosophers(4)", 14, searched(|| philosophers(4))),
        ("philosophers(5)", 30, searched(|| philosophers(5))),
        ("independent(3, 3)", 1, searched(|| independent(3, 3))),
        ("independent(9, 5)", 1, searched(|| independent(9, 5))),
    ];
    for (name, traces, searched) in rows {
        assert!(
            searched.found.is_none() && searched.problem.is_none() && searched.cut.is_none(),
            "{name}: {searched:?}"
        );
        assert_eq!(searched.counts, Counts { complete: traces, blocked: 0, too_long: 0 }, "{name}");
        assert_eq!(searched.strays, 0, "{name}");
    }
}

/// A task that waits for a flag by yielding, and one that sets it after some steps.
fn flag(steps: u32) {
    let flag = Arc::new(AtomicU32::new(0));
    let theirs = Arc::clone(&flag);
    let setter = thread::spawn(move || (0..steps).for_each(|_| _ = theirs.fetch_add(1, SeqCst)));
    while flag.load(SeqCst) < steps {
        thread::yield_now();
    }
    setter.join().unwrap();
}

#[test]
fn a_loop_that_waits_by_yielding_has_an_end() {
    // The waiter looks at some of the values, in order, and at the last one in any case.
    for (steps, traces) in [(1, 2), (2, 4), (3, 8)] {
        let searched = searched(move || flag(steps));
        assert!(searched.found.is_none() && searched.problem.is_none() && searched.cut.is_none(), "{searched:?}");
        assert_eq!((searched.counts.complete, searched.counts.too_long), (traces, 0), "{steps} steps");
        // Some are given up where the loop is met first.
        assert!(searched.counts.blocked <= traces, "{searched:?}");
    }
}

#[test]
fn a_loop_that_counts_its_rounds_is_searched_whole() {
    let outcomes = Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    let notes = Arc::clone(&outcomes);
    let searched = searched(move || {
        let lock = Arc::new(Mutex::new(()));
        let theirs = Arc::clone(&lock);
        let holder = thread::spawn(move || {
            let _guard = theirs.lock().unwrap();
            thread::yield_now();
        });
        let mut tries = 0;
        while tries < 4 && lock.try_lock().is_err() {
            tries += 1;
            thread::yield_now();
        }
        notes.lock().unwrap().insert(tries);
        holder.join().unwrap();
    });
    assert!(searched.found.is_none() && searched.problem.is_none() && searched.cut.is_none(), "{searched:?}");
    assert_eq!(*outcomes.lock().unwrap(), (0..=4).collect(), "{searched:?}");
}

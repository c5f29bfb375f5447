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

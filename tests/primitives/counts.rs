//! How many executions loom takes.

use super::*;

#[track_caller]
fn loom_takes(expected: u64, program: fn()) {
    let outcome = run(&Checker::new(), Engine::Loom, program);
    let Outcome::Holds(Coverage { searched: Searched::Explored, executions, .. }) = outcome else {
        panic!("it should hold wherever loom explores, but came to {outcome:?}");
    };
    assert_eq!(executions, expected, "executions that loom can tell apart");
}

/// Three tasks beside `main`, each with two increments, as `raw_loom_takes_as_many_executions_for_its_own_mutex`.
fn three_times_two_increments() {
    let counter = Arc::new(Mutex::new(0));
    let workers = [(); 3].map(|()| {
        let counter = Arc::clone(&counter);
        thread::spawn(move || (0..2).for_each(|_| *counter.lock().unwrap() += 1))
    });
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!(*counter.lock().unwrap(), 6, "an increment was lost");
}

#[test]
fn loom_takes_as_many_executions_as_it_did() {
    loom_takes(1, || drop(Mutex::new(0).lock().unwrap()));
    loom_takes(3, || _ = raddle::choose(3));
    loom_takes(1, || _ = both(|| (), || ()));
    loom_takes(4, || _ = sum(|sum| _ = sum.fetch_add(1, Ordering::Relaxed)));
    loom_takes(7_847, three_times_two_increments);
}

/// Whom an unlock and the end after it let go on may be next: here `main`, which joins the first worker before the second
/// has begun. There are 19 orders of the starts, the locks, the second spawn and the first join.
#[test]
fn whom_an_end_lets_go_on_may_be_next() {
    let program = || {
        let lock = Arc::new(Mutex::new(0));
        let workers = [(); 2].map(|()| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || *lock.lock().unwrap() += 1)
        });
        for worker in workers {
            worker.join().unwrap();
        }
    };
    let outcome = run(&Checker::new(), Engine::Shuttle(Strategy::Dfs), program);
    assert_eq!(outcome.executions(), 19, "schedules: {outcome:?}");
}

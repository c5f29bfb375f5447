//! Programs whose traces are known, and generated ones against search without reduction.

use super::*;
use crate::Checker;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU32, Ordering::SeqCst};
use crate::thread;

fn searched(program: impl Fn() + Send + Sync + 'static) -> Searched {
    let program: Program = Arc::new(program);
    search(&program, &Checker::new().plan, &Arc::default()).unwrap()
}

fn all(tasks: Vec<thread::JoinHandle<()>>) {
    for task in tasks {
        task.join().unwrap();
    }
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

#[test]
fn a_search_goes_on_from_where_it_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/locks.json");
    let program: Program = Arc::new(|| locks(3, 2));
    let plan = || Checker::new().executions(25).checkpoint(&file).plan;
    let part = || search(&program, &plan(), &Arc::default()).unwrap();
    let mut cuts = 0;
    let last = loop {
        let part = part();
        assert!(part.problem.is_none() && part.found.is_none() && part.strays == 0, "{part:?}");
        if part.cut.is_none() {
            break part;
        }
        assert!(file.exists(), "a search that is cut is kept");
        cuts += 1;
        assert_eq!(part.counts, Counts { complete: cuts * 25, ..Counts::default() });
    };
    assert_eq!((cuts, last.counts), (3, Counts { complete: 90, ..Counts::default() }));
    assert!(!file.exists(), "a search that is done leaves nothing");
}

#[test]
fn a_checkpoint_of_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("locks.json");
    let plan = Checker::new().executions(10).checkpoint(&file).plan;
    let locks: Program = Arc::new(|| locks(3, 2));
    let other: Program = Arc::new(|| philosophers(5));
    assert!(search(&locks, &plan, &Arc::default()).unwrap().cut.is_some());
    let refused = |program: &Program, plan: &Plan| search(program, plan, &Arc::default()).unwrap_err().to_string();
    let text = refused(&other, &plan);
    assert!(text.contains("locks.json") && text.contains("another program") && text.contains("step"), "{text}");
    let text = refused(&locks, &Checker::new().timeouts(3).checkpoint(&file).plan);
    assert!(text.contains("1 timeouts and 0 spurious wakeups"), "{text}");
    for (broken, says) in [("", "EOF"), ("{\"schema\": 1}", "missing field"), ("[", "EOF")] {
        std::fs::write(&file, broken).unwrap();
        assert!(refused(&locks, &plan).contains(says), "{broken:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), broken, "what can't be read is left as it is");
    }
}

#[test]
fn a_program_that_differs_is_noticed_with_a_bound_too() {
    // The preflight would have noticed; here it only goes another way once a search has been under way.
    for preemptions in [None, Some(1)] {
        let runs = std::sync::atomic::AtomicU32::new(0);
        let program: Program = Arc::new(move || {
            let run = runs.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            locks(if run < 2 { 3 } else { 1 }, 1);
        });
        let plan = Plan { preemptions, ..Checker::new().plan };
        let searched = search(&program, &plan, &Arc::default()).unwrap();
        assert!(matches!(searched.problem, Some(Problem::Nondeterministic(_))), "{preemptions:?}: {searched:?}");
    }
}

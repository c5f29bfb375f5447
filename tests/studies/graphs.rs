//! Graphs: every state of a program, and every way from one to the next.

use raddle::graph::Graph;
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::sync::{Arc, Mutex};
use raddle::{Checker, Verdict, choose, thread};
use std::collections::BTreeSet;

fn graph(program: fn()) -> Graph {
    Checker::new().graph(program, 10_000).expect("it is small")
}

/// How many schedules pass, and how many fail.
fn schedules(graph: &Graph) -> (u64, u64) {
    let count = graph.schedules()[0];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they are counts, and small")]
    let whole = (count.passing as u64, count.failing as u64);
    whole
}

/// How its executions fail.
fn verdicts(graph: &Graph) -> BTreeSet<&str> {
    graph.states.iter().filter_map(|state| state.verdict.as_ref()).map(Verdict::name).collect()
}

fn lost_update() {
    let counter = Arc::new(AtomicU32::new(0).named("counter"));
    let theirs = Arc::clone(&counter);
    let other = thread::spawn(move || theirs.store(theirs.load(SeqCst) + 1, SeqCst));
    counter.store(counter.load(SeqCst) + 1, SeqCst);
    other.join().unwrap();
    assert_eq!(counter.load(SeqCst), 2, "an increment was lost");
}

/// `main` loads and stores; the other starts, loads and stores: 10 orders. It is right where all of one's come before the
/// other's load.
#[test]
fn a_graph_counts_schedules_that_pass_and_that_fail() {
    let graph = graph(lost_update);
    // The other's end lets `main` join: that is no choice. Of 10 orders of (load, store) and (start, load, store), those that
    // pass: other first (1), or main's two before its load, with the start anywhere among them (3).
    assert_eq!(schedules(&graph), (4, 6));
    assert_eq!(verdicts(&graph), BTreeSet::from(["assertion"]));
    assert_eq!(graph.tasks, ["main", "thread-1"]);
}

/// Whoever walks along comes to an end, and every event and change that a step speaks of is there.
#[test]
fn every_way_leads_on_to_an_end() {
    let graph = graph(lost_update);
    for (index, state) in graph.states.iter().enumerate() {
        for step in &state.steps {
            assert!(step.to > index && step.to < graph.states.len(), "{index}: {step:?}");
            assert!(step.events.iter().all(|event| *event < graph.events.len()), "{step:?}");
            assert!(step.changes.iter().all(|change| *change < graph.changes.len()), "{step:?}");
            let first = &graph.events[step.events[0]];
            assert_eq!((first.task, first.step), (step.task, 0), "{step:?}");
        }
        assert!(state.verdict.is_none() || state.steps.is_empty(), "{index}: who goes on after the end?");
    }
    let last = graph.changes.iter().filter(|(object, _)| graph.objects[*object].name == "counter");
    assert_eq!(last.map(|(_, state)| state.as_str()).collect::<BTreeSet<_>>(), BTreeSet::from(["0", "1", "2"]));
}

#[test]
fn an_answer_makes_a_way_of_its_own() {
    let graph = graph(|| assert_ne!(choose(3), 1, "one"));
    assert_eq!(schedules(&graph), (2, 1));
}

#[test]
fn a_deadlock_is_an_end_and_steps_say_whether_leaving_them_alone_preempts() {
    let graph = graph(|| {
        let locks = Arc::new((Mutex::new(()).named("one"), Mutex::new(()).named("two")));
        let theirs = Arc::clone(&locks);
        let other = thread::spawn(move || {
            let _two = theirs.1.lock();
            let _one = theirs.0.lock();
        });
        {
            let _one = locks.0.lock();
            let _two = locks.1.lock();
        }
        other.join().unwrap();
    });
    assert_eq!(verdicts(&graph), BTreeSet::from(["deadlock"]));
    let goes_on =
        |goes_on: bool| graph.states.iter().flat_map(|state| &state.steps).any(|step| step.goes_on == goes_on);
    assert!(goes_on(true) && goes_on(false), "a start can't be preempted, and a lock that is free can");
}

#[test]
fn too_many_states_are_none() {
    assert_eq!(Checker::new().graph(lost_update, 5), None);
}

/// Two that give way to each other for ever: the round is no step of anybody's.
#[test]
fn a_loop_that_goes_round_has_an_end() {
    let graph = Checker::new().graph(
        || {
            let flag = Arc::new(AtomicU32::new(0));
            let theirs = Arc::clone(&flag);
            let other = thread::spawn(move || {
                while theirs.load(SeqCst) == 0 {
                    thread::yield_now();
                }
            });
            flag.store(1, SeqCst);
            other.join().unwrap();
        },
        10_000,
    );
    assert!(graph.is_some_and(|graph| schedules(&graph).1 == 0));
}

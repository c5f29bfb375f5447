//! Locks and queues under random concurrent programs, held against what they do when calls come one by one.

mod objects;

use objects::{
    Register, RegisterOp, added_between_locks, built, built_semaphores, counted, given_back_twice, in_turn, let_go,
    locked_once, looked_before, out_of_turn, queues, registers, rlocks, seen_before, semaphores, taken_twice, tickets,
    under_rwlock,
};
use raddle::sync::Arc;
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::{
    Checker, Counterexample, Engine, History, Model, Outcome, Property, Strategy as Sampler, Verdict, thread,
};
use raddle_scenarios::locks::rlock;

/// Runs each thread's operations on one object, and holds what they returned against `model`.
fn run<M, T>(
    threads: Vec<Vec<M::Op>>,
    model: M,
    object: T,
    work: impl Fn(&T, &M::Op) -> M::Returns + Copy + Send + 'static,
) where
    M: Model + Send + Sync + 'static,
    M::Op: Send + Sync + 'static,
    M::Returns: Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    let shared = Arc::new((object, History::new(model).named("object")));
    let start = |calls: Vec<M::Op>| {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            for op in calls {
                let (object, history) = &*shared;
                history.call(op.clone(), || work(object, &op));
            }
        })
    };
    for thread in threads.into_iter().map(start).collect::<Vec<_>>() {
        thread.join().unwrap();
    }
    shared.1.check();
}

fn describe(found: &Counterexample) -> String {
    let Verdict::Assertion { message, .. } = &found.verdict else { return found.verdict.to_string() };
    message.clone()
}

#[track_caller]
fn holds(property: &Property) {
    for seed in 0..3 {
        match Checker::new().seed(seed).run_property(property) {
            Ok(Outcome::Holds(_)) => {}
            Ok(Outcome::Fails(found)) => panic!("seed {seed}: {}", describe(&found)),
            other => panic!("seed {seed}: {other:?}"),
        }
    }
}

/// Fails at every seed, and gives the smallest calls.
#[track_caller]
fn smallest(property: &Property) -> String {
    let fails = |seed: u64| match Checker::new().seed(seed).run_property(property) {
        Ok(Outcome::Fails(found)) => {
            let message = describe(&found);
            assert!(message.starts_with("no order of the calls on object gives what they returned\n"), "{message}");
            found.parameters.expect("the calls were drawn").to_string()
        }
        other => panic!("seed {seed}: {other:?}"),
    };
    (0..5).map(fails).min_by_key(String::len).expect("five seeds")
}

#[test]
fn a_bounded_queue_is_linearizable_and_its_faults_are_not() {
    holds(&queues(locked_once));
    assert_eq!(smallest(&queues(taken_twice)), r#"calls [[{"Put":1}],["Take","Take"]]"#);
    let full = smallest(&queues(looked_before));
    assert_eq!(full.matches("Put").count(), 3, "one more than there is room for: {full}");
}

#[test]
fn a_semaphore_is_linearizable_and_its_faults_are_not() {
    holds(&semaphores(counted));
    assert_eq!(smallest(&semaphores(seen_before)), r#"calls [["Try"],["Try"]], takers 0"#);
}

/// The catalogue's own.
#[test]
fn a_semaphore_of_a_mutex_and_a_condition_variable_is_linearizable_and_a_permit_too_many_is_not() {
    holds(&built_semaphores(built));
    assert_eq!(smallest(&built_semaphores(given_back_twice)), "takers 3");
}

#[test]
fn a_reader_writer_lock_makes_a_register_linearizable_and_two_locks_do_not() {
    holds(&registers(under_rwlock));
    assert_eq!(smallest(&registers(added_between_locks)), r#"calls [[{"Add":1}],[{"Add":1}]]"#);
}

/// The catalogue's own.
#[test]
fn a_reentrant_lock_makes_nested_additions_linearizable_and_its_faults_do_not() {
    holds(&rlocks(rlock::counts_depth));
    assert_eq!(smallest(&rlocks(rlock::depth_forgotten)), r#"calls [[{"Add":2}],[{"Add":1}]]"#);
    for (with, calls, ends) in [
        (rlock::plain_lock_reentered as rlock::With, r#"calls [[{"Add":2}]]"#, "Deadlock"),
        (rlock::owner_cleared_late, r#"calls [[{"Add":1}],[{"Add":2}]]"#, "Stuck"),
    ] {
        let outcome = Checker::new().run_property(&rlocks(with));
        let Ok(Outcome::Fails(found)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(found.parameters.as_ref().expect("drawn").to_string(), calls, "{}", found.verdict);
        assert!(format!("{:?}", found.verdict).starts_with(ends), "{}", found.verdict);
    }
}

/// Whoever barges in keeps others out all the same: that one may wait for ever is no matter of what calls return.
#[test]
fn a_ticket_lock_and_a_barging_lock_keep_others_out() {
    holds(&tickets(in_turn));
    holds(&tickets(out_of_turn));
    assert_eq!(smallest(&tickets(let_go)), r#"calls [[{"Add":1}],[{"Add":1}]]"#);
}

/// The write goes to one copy, and the read to another: nothing but the calls orders them.
fn two_copies() {
    let shared = Arc::new((AtomicU32::new(0), AtomicU32::new(0), History::new(Register(0)).named("register")));
    let theirs = Arc::clone(&shared);
    let writer = thread::spawn(move || {
        theirs.2.call(RegisterOp::Write(1), || {
            theirs.0.store(1, SeqCst);
            1
        });
    });
    shared.2.call(RegisterOp::Read, || shared.1.load(SeqCst));
    writer.join().unwrap();
    shared.2.check();
}

#[test]
fn an_old_value_after_a_write_has_returned_is_found_by_every_engine() {
    let dfs = Engine::Shuttle(Sampler::Dfs);
    for engine in [Engine::Loom, Engine::Exhaustive, dfs, Engine::shuttle(), Engine::Property] {
        let outcome = Checker::new().engine(engine).run(two_copies);
        let Ok(Outcome::Fails(found)) = outcome else { panic!("{engine}: {outcome:?}") };
        let message = describe(&found);
        for words in [
            "no order of the calls on register gives what they returned",
            "\n  1–2 thread-1: Write(1) → 1\n  3–4 main: Read → 0\n",
            "the longest order that does: Write(1) → 1; no other can follow",
        ] {
            assert!(message.contains(words), "{engine}: {message}");
        }
        let names = |name: &str| found.trace.operations().iter().any(|operation| operation.contains(name));
        assert!(names("call register") && names("return register"), "{:?}", found.trace.operations());
    }
}

#[test]
fn the_exhaustive_engine_runs_one_execution_for_each_order_of_returns_and_calls() {
    let executions = |program: fn()| match Checker::new().engine(Engine::Exhaustive).run(program) {
        Ok(Outcome::Holds(coverage)) => coverage.executions(),
        other => panic!("{other:?}"),
    };
    // Two calls that touch nothing: either overlaps the other, or comes before it.
    let count = executions(|| {
        let history = Arc::new(History::new(Register(0)));
        let theirs = Arc::clone(&history);
        let other = thread::spawn(move || theirs.call(RegisterOp::Read, || 0));
        history.call(RegisterOp::Read, || 0);
        other.join().unwrap();
        history.check();
    });
    assert_eq!(count, 3, "first, second, or at once");
}

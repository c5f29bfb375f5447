//! `Barrier`.

use super::*;

#[test]
fn barrier_has_one_leader_whoever_comes_last() {
    fn program() -> (bool, bool) {
        let barrier = Barrier::new(2);
        both(|| barrier.wait().is_leader(), || barrier.wait().is_leader())
    }
    outcomes(program, [(false, true), (true, false)]);
}

#[test]
fn barrier_can_be_used_again() {
    holds_with(THOROUGH, &Checker::new(), || {
        let barrier = Barrier::new(2);
        let round = || [barrier.wait().is_leader(), barrier.wait().is_leader()];
        let (theirs, mine) = both(round, round);
        for generation in 0..2 {
            assert_ne!(theirs[generation], mine[generation], "one leader in generation {generation}");
        }
    });
}

#[test]
fn barrier_for_one_lets_it_go_on_and_leads() {
    holds(|| {
        let barrier = Barrier::new(1);
        assert!(barrier.wait().is_leader() && barrier.wait().is_leader(), "it is the last to arrive, each time");
    });
}

#[test]
fn barrier_orders_what_came_before_with_what_comes_after() {
    holds(|| {
        let (barrier, data) = (Barrier::new(2), RaceCell::new(0).named("data"));
        let write = || {
            data.set(1);
            barrier.wait();
        };
        let read = || {
            barrier.wait();
            assert_eq!(data.get(), 1, "what came before the barrier");
        };
        both(write, read);
    });
}

#[test]
fn barrier_with_too_few_is_stuck() {
    let program = || {
        let barrier = Barrier::new(3).named("barrier");
        both(|| barrier.wait(), || barrier.wait());
    };
    fails(program, |verdict| {
        matches!(verdict, Verdict::Stuck { waiting }
            if waiting.len() == 2 && waiting.iter().all(|waiting| waiting.object == "barrier"))
    });
}

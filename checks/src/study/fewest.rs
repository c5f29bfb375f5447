//! Whether a failure needs the preemptions that its schedule has: every schedule with fewer is searched, from none upward
//! (iterative context bounding: Musuvathi and Qadeer, PLDI 2007).

use super::Like;
use super::explore::{Until, explore};
use super::replay::Run;
use crate::engine::Program;
use crate::execution::Rules;
use crate::verdict::Verdict;
use serde::{Deserialize, Serialize};

/// How sure it is that a counterexample's preemptions are the fewest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Fewest {
    /// No schedule with fewer preemptions than this fails in this way: each was searched.
    pub none_below: usize,
    /// It is proven: `none_below` is the counterexample's number.
    pub proven: bool,
    /// Executions that the search took.
    pub executions: u64,
    /// A schedule with fewer preemptions fails in another way.
    pub otherwise: Option<Verdict>,
}

/// Searches the schedules with fewer preemptions than `preemptions`; gives a run if one of them fails so.
pub(super) fn fewest(
    program: &Program,
    rules: &Rules,
    preemptions: usize,
    like: &Like,
    executions_max: u64,
) -> (Fewest, Option<Run>) {
    let mut fewest = Fewest::default();
    for bound in 0..preemptions {
        let left = executions_max.saturating_sub(fewest.executions);
        let until = Until::Fails(like.clone());
        let explored = explore(program, rules, until, &[], &[], Some(bound), left);
        fewest.executions += explored.executions;
        fewest.otherwise = fewest.otherwise.or(explored.otherwise);
        if explored.found.is_some() {
            fewest.proven = true;
            return (fewest, explored.found);
        }
        if !explored.whole {
            return (fewest, None);
        }
        fewest.none_below = bound + 1;
    }
    fewest.proven = true;
    (fewest, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use crate::{Checker, Engine, thread};
    use std::sync::Arc;

    /// Each of two tasks loads and stores so often; a lost update takes one preemption.
    fn lossy(rounds: u32, least: u32) -> Program {
        Arc::new(move || {
            let counter = Arc::new(AtomicU32::new(0));
            let theirs = Arc::clone(&counter);
            let add = move |counter: &AtomicU32| {
                for _ in 0..rounds {
                    counter.store(counter.load(SeqCst) + 1, SeqCst);
                }
            };
            let other = thread::spawn(move || add(&theirs));
            add(&counter);
            other.join().unwrap();
            assert!(counter.load(SeqCst) >= least, "lost");
        })
    }

    fn search(program: &Program, preemptions: usize, executions: u64) -> (Fewest, Option<usize>) {
        let rules = Rules { recurrences: 2, ..Checker::new().plan.rules(Engine::shuttle()) };
        let (fewest, run) = fewest(program, &rules, preemptions, &(Arc::new(|_: &Verdict| true) as Like), executions);
        (fewest, run.map(|run| run.preemptions))
    }

    #[test]
    fn the_fewest_preemptions_are_found_however_many_are_given() {
        for given in 2..5 {
            let (fewest, found) = search(&lossy(1, 2), given, 10_000);
            assert!(fewest.proven, "{fewest:?}");
            assert_eq!((fewest.none_below, found), (1, Some(1)), "of {given}");
            // One preemption between a load and a store loses both of the other's updates.
            let (fewest, found) = search(&lossy(2, 3), given, 10_000);
            assert_eq!((fewest.none_below, found), (1, Some(1)), "of {given}: {fewest:?}");
        }
        let (fewest, found) = search(&lossy(2, 3), 1, 10_000);
        assert!(fewest.proven && fewest.none_below == 1 && found.is_none(), "one is given, and needed: {fewest:?}");
    }

    #[test]
    fn a_program_without_the_failure_is_searched_wholly() {
        let (fewest, found) = search(&lossy(2, 1), 3, 10_000);
        assert!(fewest.proven && fewest.none_below == 3 && found.is_none(), "{fewest:?}");
    }

    #[test]
    fn a_search_that_is_cut_short_proves_nothing() {
        let (fewest, found) = search(&lossy(2, 1), 3, 5);
        assert!(!fewest.proven && fewest.none_below < 3 && found.is_none(), "{fewest:?}");
    }
}

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

//! The point of no return: the first step of a failing run after which every continuation fails.

use super::explore::{Until, explore};
use super::replay::{Replayer, Run};
use crate::engine::Program;
use crate::execution::{Random, Rules, TaskId};
use serde::{Deserialize, Serialize};

/// Continuations that are drawn where there are too many to run all of them.
const SAMPLES: u64 = 200;

/// The first step after which every continuation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct PointOfNoReturn {
    /// The step of the schedule, counted from 1.
    pub step: usize,
    /// Every continuation was run, with the same answers to choices; else so many were drawn, and all of them failed.
    pub exhaustive: bool,
    /// How many continuations were run.
    pub continuations: u64,
}

/// Looks for it by bisection: once there is no way back, there is none later either.
pub(super) fn point_of_no_return(
    replayer: &mut Replayer,
    program: &Program,
    rules: &Rules,
    run: &Run,
    executions_max: u64,
) -> Option<PointOfNoReturn> {
    let mut fate = |steps: usize| fate(replayer, program, rules, run, steps, executions_max);
    let mut found = fate(run.log.len())?;
    let (mut open, mut closed) = (0, run.log.len());
    while open + 1 < closed {
        let middle = usize::midpoint(open, closed);
        match fate(middle) {
            Some(doomed) => (found, closed) = (doomed, middle),
            None => open = middle,
        }
    }
    Some(found)
}

/// Whether every continuation of the run's first `steps` fails.
fn fate(
    replayer: &mut Replayer,
    program: &Program,
    rules: &Rules,
    run: &Run,
    steps: usize,
    executions_max: u64,
) -> Option<PointOfNoReturn> {
    let prefix = &run.log[..steps];
    let plan = |more: Vec<TaskId>| run.plan_of([prefix, &more].concat());
    if replayer.replay(&plan(Vec::new())).passed() {
        return None;
    }
    let explored = explore(program, rules, Until::Passes, prefix, &run.answers, None, executions_max);
    if explored.found.is_some() {
        return None;
    }
    let (exhaustive, mut continuations) = (explored.whole, explored.executions);
    if !exhaustive {
        let tasks = 1 + run.log.iter().chain(run.left.iter().map(|left| &left.task)).map(|task| task.index()).max()?;
        let mut random = Random(steps as u64);
        for _ in 0..SAMPLES {
            let more = (0..4 * run.log.len()).map(|_| TaskId::from_index(random.below(tasks))).collect();
            continuations += 1;
            if replayer.replay(&plan(more)).passed() {
                return None;
            }
        }
    }
    Some(PointOfNoReturn { step: steps, exhaustive, continuations })
}

//! What decides: orders of two operations, and tasks that came too late, each tried the other way.

use super::order::{At, Order};
use super::replay::{Came, Replayer, Run};
use super::schedule;
use crate::execution::TaskId;
use crate::schedule::Schedule;
use crate::trace::{Event, Phase, Trace};
use serde::{Deserialize, Serialize};

/// Two operations of different tasks that depend on each other and that nothing else orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Pair {
    /// The event that came first: an index into the trace's events.
    pub first: usize,
    /// The event that came second, or was about to.
    pub second: usize,
    /// With the second before the first, the run passes.
    pub passes: bool,
    /// That run's schedule.
    pub reversed: Schedule,
}

/// A task that would have averted the failure, had it run before an operation as far as it can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Late {
    /// The event that it was too late for: an index into the trace's events.
    pub first: usize,
    /// The task.
    pub task: usize,
    /// What it would have done: `store counter`.
    pub operation: String,
    /// The schedule of the run that passes.
    pub reversed: Schedule,
}

/// Reversals that are tried.
const PAIRS_MAX: usize = 500;

/// The event of a step, counted from 0.
fn done(trace: &Trace, step: usize, task: TaskId) -> Option<usize> {
    let is = |event: &Event| event.step == step + 1 && event.task == task.index();
    trace.events.iter().position(|event| is(event) && !matches!(event.phase, Phase::Waits | Phase::Next))
}

/// Tries every reversal, and says whether it did: a run can be too long, and have too many.
pub(super) fn pairs(replayer: &mut Replayer, run: &Run, trace: &Trace) -> (Vec<Pair>, bool) {
    let Some(order) = Order::new(run) else { return (Vec::new(), false) };
    let left = |task: TaskId| {
        let ahead = |event: &Event| matches!(event.phase, Phase::Waits | Phase::Next);
        trace.events.iter().rposition(|event| event.task == task.index() && ahead(event))
    };
    let mut pairs = Vec::new();
    let races = order.races();
    let all = races.len() <= PAIRS_MAX;
    for race in races.into_iter().take(PAIRS_MAX) {
        let second = match race.second {
            At::Step(step) => done(trace, step, run.log[step]),
            At::Left(index) => left(run.left[index].task),
        };
        let (Some(first), Some(second)) = (done(trace, race.first, run.log[race.first]), second) else { continue };
        // Passing more of a task's steps than it takes says nothing new.
        let task = run.log[race.first].index();
        if pairs.iter().any(|pair: &Pair| pair.passes && pair.second == second && trace.events[pair.first].task == task)
        {
            continue;
        }
        let (plan, shown) = order.reversed(race);
        let reversed = replayer.replay(&plan);
        if reversed.log.get(..shown) != Some(&plan.steps[..shown]) || matches!(reversed.came, Came::Nowhere) {
            // The second can't come first: something that it needs comes with the first.
            continue;
        }
        let passes = reversed.passed();
        pairs.push(Pair { first, second, passes, reversed: schedule(&reversed) });
    }
    pairs.sort_by_key(|pair| (pair.first, pair.second));
    (pairs, all)
}

/// Runs that are tried with a task earlier.
const EARLIER_MAX: usize = 200;
/// Steps that a task is given to get ahead.
const AHEAD: usize = 1_000;

/// The tasks that had not begun, or could have gone on, and that avert the failure by going first: the last event before
/// which they do, and the run that passes. Where none does, and no pair decides: any task, as the one that made the last
/// access of a data race.
pub(super) fn late(replayer: &mut Replayer, run: &Run, trace: &Trace, pairs: &[Pair]) -> Vec<(usize, usize, Run)> {
    let could_go_on =
        |task: &TaskId| !run.log.contains(task) || run.left.iter().any(|left| left.task == *task && !left.waits);
    let decides = |task: TaskId| {
        let of_task = |event: usize| trace.events[event].task == task.index();
        pairs.iter().any(|pair| pair.passes && (of_task(pair.first) || of_task(pair.second)))
    };
    let tasks = (0..trace.tasks.len()).map(TaskId::from_index);
    let (first, others): (Vec<TaskId>, Vec<TaskId>) = tasks.partition(could_go_on);
    let mut earlier = |task| earlier(replayer, run, trace, task);
    let late: Vec<_> = first.into_iter().filter(|task| !decides(*task)).filter_map(&mut earlier).collect();
    if !late.is_empty() || pairs.iter().any(|pair| pair.passes) {
        return late;
    }
    others.into_iter().filter_map(earlier).collect()
}

/// The last event that `task` averts the failure by going before, the task, and the run that passes.
fn earlier(replayer: &mut Replayer, run: &Run, trace: &Trace, task: TaskId) -> Option<(usize, usize, Run)> {
    for step in (0..run.log.len()).rev().filter(|step| run.log[*step] != task).take(EARLIER_MAX) {
        let mut steps = run.log[..step].to_vec();
        steps.extend(std::iter::repeat_n(task, AHEAD));
        steps.extend_from_slice(&run.log[step..]);
        let other = replayer.replay(&run.plan_of(steps));
        if other.passed() {
            return Some((done(trace, step, run.log[step])?, task.index(), other));
        }
    }
    None
}

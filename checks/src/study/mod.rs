//! Studying a counterexample: made as short as it gets, certified, and explained.
//!
//! Everything that is said here has been run: the shortened schedule fails, each reversal passes, and what "every" means
//! is counted. It knows programs and runs, and nothing of how a study is drawn.

mod doom;
mod explore;
mod fewest;
mod measure;
mod missed;
mod order;
mod replay;
mod shrink;

pub use doom::PointOfNoReturn;
pub use fewest::Fewest;
pub use measure::Measure;
pub use missed::Missed;

use crate::checker::Plan;
use crate::engine::{self, Engine, Program};
use crate::execution::{Rules, TaskId};
use crate::schedule::Schedule;
use crate::trace::{Phase, Trace};
use crate::verdict::{CheckError, Counterexample};
use order::{At, Order};
use replay::{Came, Replayer, Run};
use serde::Serialize;

/// How much a study may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Replays for shrinking.
    pub replays: u64,
    /// Executions for the proof that fewer preemptions don't fail.
    pub executions: u64,
    /// Executions for each step that may be the point of no return.
    pub continuations: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Effort { replays: 2_000, executions: 20_000, continuations: 2_000 }
    }
}

/// How far a sequentially consistent schedule is looked for where the engine's own is not.
const STRONG_PREEMPTIONS_MAX: usize = 4;

/// A counterexample that has been studied.
#[derive(Clone, Debug, Serialize)]
pub struct Study {
    /// The counterexample, as short as it got.
    pub counterexample: Counterexample,
    /// How long the schedule was that the engine found.
    pub found: Measure,
    /// How long it is now.
    pub shrunk: Measure,
    /// Replays that shrinking took.
    pub replays: u64,
    /// Whether it could do with fewer preemptions.
    pub fewest: Fewest,
    /// Every two adjacent dependent operations whose order could have been the other.
    pub pairs: Vec<Pair>,
    /// From where on there is no way back; none for a livelock, which can be left at any time.
    pub point_of_no_return: Option<PointOfNoReturn>,
    /// Notifications that stuck tasks have missed.
    pub missed: Vec<Missed>,
    /// No sequentially consistent schedule fails so: this is the engine's own schedule, and nothing was tried with it.
    pub weak: bool,
}

impl Study {
    /// The pairs that decide: reversed, the run passes.
    pub fn critical(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().filter(|pair| pair.passes)
    }
}

/// Two operations of different tasks that depend on each other and that nothing else orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// Studies what `plan` found in `program`.
pub(crate) fn study(
    program: &Program,
    plan: &Plan,
    found: &Counterexample,
    effort: Effort,
) -> Result<Study, CheckError> {
    let rules = Rules { recurrences: 2, ..plan.rules(Engine::shuttle()) };
    let mut replayer = Replayer::new(program, &rules);
    let Some(start) = first_run(&mut replayer, found).or_else(|| strong_run(program, &rules, found, effort)) else {
        return Ok(weak(found));
    };
    let before = Measure::of(&start);
    let best = shrink::shrink(&mut replayer, start, &found.verdict, effort.replays);
    let (fewest, fewer) = fewest::fewest(program, &rules, best.preemptions, &found.verdict, effort.executions);
    let best = match fewer {
        Some(run) => shrink::shrink(&mut replayer, run, &found.verdict, effort.replays),
        None => best,
    };
    let replays = replayer.replays;
    let schedule = schedule(&best);
    let recorded = engine::replay(Engine::shuttle(), plan, program, &schedule)?;
    let Some(recorded) = recorded.filter(|recorded| recorded.verdict.is_like(&found.verdict)) else {
        let what = "a schedule that failed does not fail when it is recorded".to_owned();
        return Err(CheckError::Nondeterministic { what });
    };
    let counterexample = Counterexample { execution: found.execution, none_within: found.none_within, ..recorded };
    let pairs = pairs(&mut replayer, &best, &counterexample.trace);
    // A livelock can be left at any time.
    let point_of_no_return = match best.round {
        Some(_) => None,
        None => doom::point_of_no_return(&mut replayer, program, &rules, &best, effort.continuations),
    };
    let missed = missed::missed(&counterexample.trace);
    let shrunk = Measure::of(&best);
    let study = Study {
        counterexample,
        found: before,
        shrunk,
        replays,
        fewest,
        pairs,
        point_of_no_return,
        missed,
        weak: false,
    };
    Ok(study)
}

/// The counterexample's own run, if it fails so in a sequentially consistent world.
fn first_run(replayer: &mut Replayer, found: &Counterexample) -> Option<Run> {
    let tasks = &found.trace.tasks;
    let id = |name: &String| tasks.iter().position(|task| task == name).map(TaskId::from_index);
    let steps: Option<Vec<TaskId>> = found.schedule.steps.iter().map(id).collect();
    let run = replayer.replay(&replay::Plan { steps: steps?, answers: found.schedule.answers.clone() });
    run.verdict().is_some_and(|verdict| verdict.is_like(&found.verdict)).then_some(run)
}

/// A run that fails so without a load that sees an old value, where the counterexample has one.
fn strong_run(program: &Program, rules: &Rules, found: &Counterexample, effort: Effort) -> Option<Run> {
    fewest::fewest(program, rules, STRONG_PREEMPTIONS_MAX, &found.verdict, effort.executions).1
}

/// What is known of a counterexample that needs a weaker memory than a replay has.
fn weak(found: &Counterexample) -> Study {
    let steps = &found.schedule.steps;
    let tasks: std::collections::BTreeSet<&String> = steps.iter().collect();
    let measure = Measure {
        tasks: tasks.len(),
        preemptions: found.trace.preemptions(),
        switches: steps.windows(2).filter(|pair| pair[0] != pair[1]).count(),
        steps: steps.len(),
        answers: found.schedule.answers.iter().sum(),
    };
    let none_below = found.none_within.map_or(0, |within| within + 1);
    let fewest = Fewest { none_below, proven: none_below >= measure.preemptions, ..Fewest::default() };
    Study {
        counterexample: found.clone(),
        found: measure,
        shrunk: measure,
        replays: 0,
        fewest,
        pairs: Vec::new(),
        point_of_no_return: None,
        missed: missed::missed(&found.trace),
        weak: true,
    }
}

fn schedule(run: &Run) -> Schedule {
    let steps = run.log.iter().map(|task| run.names[task.index()].clone()).collect();
    let round = run.round.as_ref().map_or(0, ExactSizeIterator::len);
    Schedule { steps, answers: run.answers.clone(), round }
}

/// Tries every reversal.
fn pairs(replayer: &mut Replayer, run: &Run, trace: &Trace) -> Vec<Pair> {
    let Some(order) = Order::new(run) else { return Vec::new() };
    let done = |step: usize, task: TaskId| {
        let is = |event: &crate::Event| event.step == step + 1 && event.task == task.index();
        trace.events.iter().position(|event| is(event) && !matches!(event.phase, Phase::Waits | Phase::Next))
    };
    let left = |task: TaskId| {
        let ahead = |event: &crate::Event| matches!(event.phase, Phase::Waits | Phase::Next);
        trace.events.iter().rposition(|event| event.task == task.index() && ahead(event))
    };
    let mut pairs = Vec::new();
    for race in order.races() {
        let second = match race.second {
            At::Step(step) => done(step, run.log[step]),
            At::Left(index) => left(run.left[index].task),
        };
        let (Some(first), Some(second)) = (done(race.first, run.log[race.first]), second) else { continue };
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
    pairs
}

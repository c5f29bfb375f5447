//! Studying a counterexample: made as short as it gets, certified, and explained.
//!
//! Everything that is said here has been run: the shortened schedule fails, each reversal passes, and what "every" means
//! is counted. It knows programs and runs, and nothing of how a study is drawn.

mod decide;
mod doom;
mod endings;
mod explore;
mod fewest;
pub mod graph;
mod measure;
mod missed;
mod order;
mod replay;
mod shrink;

pub use decide::{Late, Pair};
pub use doom::PointOfNoReturn;
pub use fewest::Fewest;
pub use measure::Measure;
pub use missed::Missed;

use crate::checker::Plan;
use crate::engine::{self, Engine, Followed, Program};
use crate::execution::{Counted, Rules, TaskId};
use crate::outcome::{CheckError, Counterexample};
use crate::schedule::Schedule;
use crate::trace::Trace;
use crate::verdict::Verdict;
pub(crate) use endings::endings;
pub use endings::{Ending, Endings};
use explore::{Until, explore};
use replay::{Grain, Replayer, Run};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    /// Every such pair was tried; otherwise there were too many, or the run is too long.
    pub pairs_complete: bool,
    /// Tasks that would have averted it, had they been earlier.
    pub late: Vec<Late>,
    /// From where on there is no way back; none for a livelock, which can be left at any time.
    pub point_of_no_return: Option<PointOfNoReturn>,
    /// Notifications that stuck tasks have missed.
    pub missed: Vec<Missed>,
    /// No sequentially consistent schedule was found that fails so: this is the engine's own, and nothing was tried with it.
    pub weak: bool,
    /// It has not been studied, because of this: it is as it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untried: Option<String>,
}

impl Study {
    /// What there is to say of a counterexample that can't be studied.
    #[must_use]
    pub fn untried(found: &Counterexample, why: impl Into<String>) -> Self {
        Study { untried: Some(why.into()), ..weak(found) }
    }

    /// The pairs that decide: reversed, the run passes.
    pub fn critical(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().filter(|pair| pair.passes)
    }
}

/// Which failures are the one that is studied.
pub(crate) type Like = Arc<dyn Fn(&Verdict) -> bool + Send + Sync>;

/// A study that is being made.
struct Desk<'a> {
    program: &'a Program,
    plan: &'a Plan,
    rules: Rules,
    replayer: Replayer,
    like: Like,
    effort: Effort,
}

/// Studies what `plan` found in `program`.
pub(crate) fn study(
    program: &Program,
    plan: &Plan,
    found: &Counterexample,
    effort: Effort,
) -> Result<Study, CheckError> {
    let verdict = found.verdict.clone();
    let plan = &plan.along(&found.schedule);
    let mut desk = Desk::new(program, plan, Arc::new(move |other: &Verdict| other.is_like(&verdict)), effort);
    let Some(start) = desk.first_run(found) else { return Ok(weak(found)) };
    let study = desk.study(start)?;
    let Counterexample { execution, none_within, found_by, ref parameters, .. } = *found;
    let parameters = parameters.clone();
    let counterexample = Counterexample { execution, none_within, found_by, parameters, ..study.counterexample };
    Ok(Study { counterexample, ..study })
}

/// Looks for a failure near an old schedule, and studies it.
pub(crate) fn update(
    program: &Program,
    plan: &Plan,
    schedule: &Schedule,
    like: &Like,
    effort: Effort,
) -> Result<Option<Study>, CheckError> {
    let plan = &plan.along(schedule);
    let mut desk = Desk::new(program, plan, Arc::clone(like), effort);
    desk.near(schedule).map(|run| desk.study(run)).transpose()
}

impl<'a> Desk<'a> {
    fn new(program: &'a Program, plan: &'a Plan, like: Like, effort: Effort) -> Self {
        let rules = Rules { recurrences: 2, ..plan.rules(Engine::shuttle()) };
        let replayer = Replayer::new(program, &rules);
        Desk { program, plan, rules, replayer, like, effort }
    }

    fn is_like(&self, run: &Run) -> bool {
        run.verdict().is_some_and(|verdict| (self.like)(verdict))
    }

    fn study(&mut self, start: Run) -> Result<Study, CheckError> {
        self.refine(start.grain);
        let plan = start.plan();
        let study = self.study_once(start)?;
        let Schedule { gated, counted, .. } = study.counterexample.schedule;
        let grain = self.replayer.grain.with(Grain { gated, counted });
        if plan.grain.has(grain) {
            return Ok(study);
        }
        // Near this schedule somebody can tell whether clones and drops, or looks, come before: they are steps, then.
        self.refine(grain);
        let start = self.replayer.replay(&plan);
        if self.is_like(&start) { self.study_once(start) } else { Ok(Study { pairs_complete: false, ..study }) }
    }

    /// From here on these are steps, too.
    fn refine(&mut self, grain: Grain) {
        let has = Grain { gated: self.rules.gated, counted: self.rules.counted.is_on() };
        if has.has(grain) {
            return;
        }
        self.rules.gated |= grain.gated;
        if grain.counted && !has.counted {
            self.rules.counted = Arc::new(Counted::all_if(true));
        }
        self.replayer = Replayer::new(self.program, &self.rules);
    }

    fn study_once(&mut self, start: Run) -> Result<Study, CheckError> {
        let Effort { replays, executions, continuations } = self.effort;
        let before = Measure::of(&start);
        let best = shrink::shrink(&mut self.replayer, start, &self.like, replays);
        let (fewest, fewer) = fewest::fewest(self.program, &self.rules, best.preemptions, &self.like, executions);
        let best = match fewer {
            Some(run) => shrink::shrink(&mut self.replayer, run, &self.like, replays),
            None => best,
        };
        let replays = self.replayer.replays;
        let recorded = engine::replay(Engine::shuttle(), self.plan, self.program, &schedule(&best))?;
        let Some(counterexample) = recorded.filter(|recorded| (self.like)(&recorded.verdict)) else {
            let what = "a schedule that failed does not fail when it is recorded".to_owned();
            return Err(CheckError::Nondeterministic { what });
        };
        let (pairs, pairs_complete) = decide::pairs(&mut self.replayer, &best, &counterexample.trace);
        let late = self.late(&best, &counterexample.trace, &pairs)?;
        // A livelock can be left at any time.
        let point_of_no_return = match best.round {
            Some(_) => None,
            None => doom::point_of_no_return(&mut self.replayer, self.program, &self.rules, &best, continuations),
        };
        let missed = missed::missed(&counterexample.trace);
        let shrunk = Measure::of(&best);
        let weak = false;
        Ok(Study {
            counterexample,
            found: before,
            shrunk,
            replays,
            fewest,
            pairs,
            pairs_complete,
            late,
            point_of_no_return,
            missed,
            weak,
            untried: None,
        })
    }

    /// The tasks that came too late, each with what it would have done.
    fn late(&mut self, run: &Run, trace: &Trace, pairs: &[Pair]) -> Result<Vec<Late>, CheckError> {
        let mut late = Vec::new();
        for (first, task, reversed) in decide::late(&mut self.replayer, run, trace, pairs) {
            let reversed = schedule(&reversed);
            let followed = engine::follow(Engine::shuttle(), self.plan, self.program, &reversed)?;
            let name = format!("{} ", trace.task(task));
            let does = |operation: &String| operation.strip_prefix(&name).map(str::to_owned);
            let about = trace.events[first].object.map(|object| trace.objects[object].name.as_str());
            let of_task: Vec<String> = followed.operations.iter().filter_map(does).collect();
            let same = of_task.iter().find(|does| about.is_some_and(|about| does.ends_with(&format!(" {about}"))));
            let operation = same.or(of_task.first()).cloned().unwrap_or_default();
            late.push(Late { first, task, operation, reversed });
        }
        Ok(late)
    }

    /// The counterexample's own run, if it fails so in a sequentially consistent world; or another that does.
    fn first_run(&mut self, found: &Counterexample) -> Option<Run> {
        let run = self.replayer.replay(&plan_of(&found.schedule, &found.trace.tasks)?);
        if self.is_like(&run) {
            return Some(run);
        }
        fewest::fewest(self.program, &self.rules, STRONG_PREEMPTIONS_MAX, &self.like, self.effort.executions).1
    }

    /// A failing run that begins like `schedule`, as far as possible.
    fn near(&mut self, schedule: &Schedule) -> Option<Run> {
        let plan = plan_as_far_as_known(&mut self.replayer, schedule)?;
        let run = self.replayer.replay(&plan);
        if self.is_like(&run) {
            return Some(run);
        }
        let mut steps = run.log.len();
        loop {
            let (until, prefix) = (Until::Fails(Arc::clone(&self.like)), &run.log[..steps]);
            let bound = (steps == 0).then_some(STRONG_PREEMPTIONS_MAX);
            let executions = self.effort.executions;
            let explored = explore(self.program, &self.rules, until, prefix, &run.answers, bound, executions);
            if explored.found.is_some() || steps == 0 {
                return explored.found;
            }
            steps /= 2;
        }
    }
}

/// Runs `program`, which may be another than the schedule was of, along it as far as it fits, and then without further
/// preemptions; gives what happens.
pub(crate) fn along(program: &Program, plan: &Plan, schedule: &Schedule) -> Result<Followed, CheckError> {
    let mut replayer = Replayer::new(program, &plan.along(schedule).rules(Engine::shuttle()));
    let known = plan_as_far_as_known(&mut replayer, schedule).unwrap_or_default();
    let run = replayer.replay(&known);
    engine::follow(Engine::shuttle(), plan, program, &self::schedule(&run))
}

/// `schedule` as numbers of tasks, without the steps of tasks that the program hasn't got.
fn plan_as_far_as_known(replayer: &mut Replayer, schedule: &Schedule) -> Option<replay::Plan> {
    // The tasks' numbers are those of the program as it is now.
    let first = replayer.replay(&replay::Plan::default());
    let known = schedule.steps.iter().filter(|name| first.names.contains(name)).cloned().collect();
    plan_of(&Schedule { steps: known, ..schedule.clone() }, &first.names)
}

/// `schedule` as numbers of tasks.
fn plan_of(schedule: &Schedule, tasks: &[String]) -> Option<replay::Plan> {
    let id = |name: &String| tasks.iter().position(|task| task == name).map(TaskId::from_index);
    let steps: Option<Vec<TaskId>> = schedule.steps.iter().map(id).collect();
    Some(replay::Plan {
        steps: steps?,
        answers: schedule.answers.clone(),
        grain: Grain { gated: schedule.gated, counted: schedule.counted },
    })
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
        pairs_complete: false,
        late: Vec::new(),
        point_of_no_return: None,
        missed: missed::missed(&found.trace),
        weak: true,
        untried: None,
    }
}

fn schedule(run: &Run) -> Schedule {
    let steps = run.log.iter().map(|task| run.names[task.index()].clone()).collect();
    let round = run.round.as_ref().map_or(0, ExactSizeIterator::len);
    let Grain { gated, counted } = run.grain;
    Schedule { steps, answers: run.answers.clone(), round, weak: false, gated, counted }
}

//! Replaying variations of a schedule, one after another, in one run of the engine.
//!
//! A plan that does not fit is followed as far as it does: a step whose task can't go on is skipped, and when the plan
//! is done the execution ends without further interruptions: the current task as long as it can, then the earliest.

use crate::engine::Program;
use crate::engine::errand::{Errand, Errands};
use crate::engine::pilot::{End, by_default};
use crate::execution::{Decision, Execution, Kind, Op, Pending, Rules, Source, Step, TaskId};
use crate::verdict::Verdict;
use std::ops::Range;
use std::sync::Arc;

/// Who is to run when, and how each choice is to be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) steps: Vec<TaskId>,
    pub(super) answers: Vec<usize>,
    /// Which steps there are besides. Where some are not among them and turn out to be steps, each comes at once.
    pub(super) grain: Grain,
}

/// What is a step where somebody can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Grain {
    /// See [`Schedule::gated`](crate::schedule::Schedule).
    pub(super) gated: bool,
    /// See [`Schedule::counted`](crate::schedule::Schedule).
    pub(super) counted: bool,
}

impl Grain {
    /// Whether it has all steps that the other has.
    pub(super) fn has(self, other: Self) -> bool {
        self.with(other) == self
    }

    pub(super) fn with(self, other: Self) -> Self {
        Grain { gated: self.gated || other.gated, counted: self.counted || other.counted }
    }

    /// Whether the operation is no step.
    fn leaves_out(self, kind: Kind) -> bool {
        (!self.counted && kind.is_about_owners()) || (!self.gated && kind.looks_before_it_waits())
    }
}

/// What an execution came to.
#[derive(Clone, Debug)]
pub(super) enum Came {
    To(Verdict),
    /// Every task came to its end.
    Passed,
    /// It took too many steps, or the engine stopped.
    Nowhere,
}

/// An execution that has been run.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) came: Came,
    /// Who ran; of a livelock, up to the end of the first round.
    pub(super) log: Vec<TaskId>,
    pub(super) answers: Vec<usize>,
    /// Of a livelock: the steps of the round.
    pub(super) round: Option<Range<usize>>,
    pub(super) preemptions: usize,
    /// What each step touched.
    pub(super) steps: Vec<Step>,
    /// What was left to do.
    pub(super) left: Vec<Pending>,
    /// The tasks' names.
    pub(super) names: Vec<String>,
    pub(super) grain: Grain,
}

impl Run {
    pub(super) fn verdict(&self) -> Option<&Verdict> {
        match &self.came {
            Came::To(verdict) => Some(verdict),
            _ => None,
        }
    }

    pub(super) fn passed(&self) -> bool {
        matches!(self.came, Came::Passed)
    }

    pub(super) fn plan(&self) -> Plan {
        self.plan_of(self.log.clone())
    }

    /// Other steps, with the same answers.
    pub(super) fn plan_of(&self, steps: Vec<TaskId>) -> Plan {
        Plan { steps, answers: self.answers.clone(), grain: self.grain }
    }

    /// A run that could not be made.
    fn nowhere() -> Self {
        Run {
            came: Came::Nowhere,
            log: Vec::new(),
            answers: Vec::new(),
            round: None,
            preemptions: 0,
            steps: Vec::new(),
            left: Vec::new(),
            names: Vec::new(),
            grain: Grain::default(),
        }
    }

    /// What `x`, which has ended so, was.
    pub(super) fn of(x: &Execution, end: End, preemptions: usize) -> Self {
        let mut log: Vec<TaskId> = x.log.iter().map(|decision: &Decision| decision.task).collect();
        let mut steps = Vec::new();
        if let Some(journal) = &x.journal {
            steps.clone_from(&journal.steps);
        }
        let came = match end {
            End::Found(found) => Came::To(found.verdict),
            End::Passed => Came::Passed,
            End::GivenUp | End::TooLong | End::Problem => Came::Nowhere,
        };
        if let Some(round) = &x.round {
            log.truncate(round.end);
            steps.truncate(round.end);
        }
        let (answers, left) = (x.answers.clone(), x.left_to_do());
        let grain = Grain { gated: x.gated, counted: x.owners.counted.is_on() };
        Run { came, log, answers, round: x.round.clone(), preemptions, steps, left, names: x.task_names(), grain }
    }
}

/// Follows a plan.
struct Follow {
    plan: Plan,
    /// Steps of the plan that are done or skipped.
    at: usize,
    /// Steps of the log that have been held against the plan.
    seen: usize,
    preemptions: usize,
}

impl Errand for Follow {
    type Report = Run;

    fn begin(&mut self, source: &mut Source) {
        *source = Source::Recorded(self.plan.answers.iter().copied().collect());
        (self.at, self.seen, self.preemptions) = (0, 0, 0);
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId> {
        let steps = &self.plan.steps;
        // Steps that the plan does not have, though it is of the same execution.
        let is_extra = |op: Option<&Op>| op.is_some_and(|op| self.plan.grain.leaves_out(op.kind));
        for (step, decision) in x.log.iter().enumerate().skip(self.seen) {
            let op = x.journal.as_ref().and_then(|journal| Some(&journal.steps.get(step)?.op));
            if steps.get(self.at) == Some(&decision.task) && !is_extra(op) {
                self.at += 1;
            }
        }
        self.seen = x.log.len();
        let last = x.log.last().map(|decision| decision.task);
        let goes_on = |last: &TaskId| enabled.contains(last) && is_extra(x.tasks[last.index()].pending.as_ref());
        if let Some(last) = last.filter(goes_on) {
            return Some(last);
        }
        let skipped = steps[self.at..].iter().take_while(|task| !enabled.contains(task)).count();
        self.at += skipped;
        let chosen = steps.get(self.at).copied().unwrap_or_else(|| by_default(x, enabled));
        self.preemptions += usize::from(x.preempts(chosen).is_some());
        Some(chosen)
    }

    fn end(self, x: &Execution, end: End) -> Run {
        Run::of(x, end, self.preemptions)
    }
}

/// Replays plans.
pub(super) struct Replayer {
    errands: Errands<Follow>,
    /// Replays so far.
    pub(super) replays: u64,
    /// Steps of all of them.
    pub(super) steps: u64,
    /// What turned out to be steps.
    pub(super) grain: Grain,
}

impl Replayer {
    pub(super) fn new(program: &Program, rules: &Rules) -> Self {
        let rules = Rules { journal: true, ..rules.clone() };
        Replayer {
            errands: Errands::new(program, &rules, &Arc::default()),
            replays: 0,
            steps: 0,
            grain: Grain::default(),
        }
    }

    /// Runs the program along `plan`.
    pub(super) fn replay(&mut self, plan: &Plan) -> Run {
        self.replays += 1;
        let run = self.errands.run(Follow { plan: plan.clone(), at: 0, seen: 0, preemptions: 0 });
        self.steps += run.as_ref().map_or(0, |run| run.log.len() as u64);
        let run = run.unwrap_or_else(|_| Run::nowhere());
        self.grain = self.grain.with(run.grain);
        run
    }
}

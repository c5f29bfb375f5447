//! Replaying variations of a schedule, one after another, in one run of the engine.
//!
//! A plan that does not fit is followed as far as it does: a step whose task can't go on is skipped, and when the plan
//! is done the execution ends without further interruptions: the current task as long as it can, then the earliest.

use crate::engine::Program;
use crate::engine::pilot::{End, Pilot, by_default, fly};
use crate::execution::{Acquittal, Decision, Execution, Pending, Rules, Source, Step, TaskId};
use crate::verdict::Verdict;
use std::ops::Range;
use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Who is to run when, and how each choice is to be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) steps: Vec<TaskId>,
    pub(super) answers: Vec<usize>,
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
        Plan { steps: self.log.clone(), answers: self.answers.clone() }
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
        Run { came, log, answers, round: x.round.clone(), preemptions, steps, left, names: x.task_names() }
    }
}

struct Follower {
    plans: Receiver<Plan>,
    /// Nobody listens any more once it is gone.
    runs: Option<Sender<Run>>,
    plan: Option<Plan>,
    /// Steps of the plan that are done or skipped.
    at: usize,
    /// Steps of the log that have been held against the plan.
    seen: usize,
    preemptions: usize,
    /// States of this plan whose cycle did not repeat.
    acquitted: Vec<Acquittal>,
}

impl Pilot for Follower {
    fn begin(&mut self, source: &mut Source) -> bool {
        if self.plan.is_none() {
            self.plan = self.plans.recv().ok();
        }
        let Some(plan) = &self.plan else { return false };
        *source = Source::Recorded(plan.answers.iter().copied().collect());
        (self.at, self.seen, self.preemptions) = (0, 0, 0);
        true
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId> {
        if x.watch.acquitted().len() > self.acquitted.len() {
            // A cycle was forced, and did not repeat: the plan goes once more without.
            return None;
        }
        let plan = self.plan.as_ref()?;
        for decision in &x.log[self.seen..] {
            if plan.steps.get(self.at) == Some(&decision.task) {
                self.at += 1;
            }
        }
        self.seen = x.log.len();
        let skipped = plan.steps[self.at..].iter().take_while(|task| !enabled.contains(task)).count();
        self.at += skipped;
        let chosen = plan.steps.get(self.at).copied().unwrap_or_else(|| by_default(x, enabled));
        self.preemptions += usize::from(x.preempts(chosen).is_some());
        Some(chosen)
    }

    fn end(&mut self, x: &Execution, end: End) {
        let acquitted = x.watch.acquitted();
        if acquitted.len() > self.acquitted.len() && matches!(end, End::GivenUp) {
            self.acquitted = acquitted.to_vec();
            return;
        }
        self.acquitted.clear();
        self.plan = None;
        if let Some(runs) = &self.runs {
            let _ = runs.send(Run::of(x, end, self.preemptions));
        }
    }

    fn restart(&mut self) {}

    fn acquitted(&self) -> Vec<Acquittal> {
        self.acquitted.clone()
    }
}

/// Replays plans.
pub(super) struct Replayer {
    program: Program,
    rules: Rules,
    line: Option<(Sender<Plan>, Receiver<Run>)>,
    /// Replays so far.
    pub(super) replays: u64,
    /// Steps of all of them.
    pub(super) steps: u64,
    /// Runs that broke off, each of which keeps a thread for good.
    broken: usize,
}

/// Runs that may break off before nothing is replayed any more.
const BROKEN_MAX: usize = 8;

impl Replayer {
    pub(super) fn new(program: &Program, rules: &Rules) -> Self {
        Replayer { program: program.clone(), rules: rules.clone(), line: None, replays: 0, steps: 0, broken: 0 }
    }

    /// Runs the program along `plan`.
    pub(super) fn replay(&mut self, plan: &Plan) -> Run {
        self.replays += 1;
        if self.broken >= BROKEN_MAX {
            return Run::nowhere();
        }
        let (plans, runs) = self.line.get_or_insert_with(|| {
            let ((plans, their_plans), (their_runs, runs)) = (channel(), channel());
            let (program, rules) = (self.program.clone(), self.rules.clone());
            std::thread::spawn(move || {
                let (plan, acquitted) = (None, Vec::new());
                let (plans, runs) = (their_plans, Some(their_runs));
                let follower = Follower { plans, runs, plan, at: 0, seen: 0, preemptions: 0, acquitted };
                let (follower, _) = fly(&program, &rules, follower);
                // A destructor that left the run no way to go on keeps its thread, and the pilot with it.
                follower.lock().unwrap_or_else(PoisonError::into_inner).runs = None;
            });
            (plans, runs)
        });
        let run = plans.send(plan.clone()).ok().and_then(|()| runs.recv().ok());
        self.steps += run.as_ref().map_or(0, |run| run.log.len() as u64);
        run.unwrap_or_else(|| {
            self.line = None;
            self.broken += 1;
            Run::nowhere()
        })
    }
}

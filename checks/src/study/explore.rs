//! Every schedule with so many preemptions, or every continuation of a schedule: sequentially consistent, each state once.
//!
//! Depth first by replay. Two pasts that differ in the order of independent steps only lead to one state
//! ([`Journal`](crate::execution::Journal)), so a state that was reached before, by the same task and with no more
//! preemptions, is not gone on from again (context bounding and its state cache: Musuvathi and Qadeer, PLDI 2007). A
//! task that yields in a state that it has yielded in before lets everybody else go first (their fair scheduler, PLDI
//! 2008), so a loop that waits by yielding ends.

use super::Like;
use super::endings::Ending;
use super::graph::Atlas;
use super::replay::Run;
use crate::engine::Program;
use crate::engine::pilot::{End, Pilot, by_default, fly, yields};
use crate::execution::{Acquittal, Execution, Rules, Source, TaskId};
use crate::verdict::Verdict;
use smallvec::SmallVec;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::PoisonError;

/// Steps that an execution may have on average: a search of longer ones ends after fewer.
const STEPS_EACH: u64 = 100;

/// What ends a search early.
#[derive(Clone)]
pub(super) enum Until {
    /// An execution that fails so.
    Fails(Like),
    /// An execution in which every task comes to its end.
    Passes,
    /// None: what all come to is collected.
    Never,
}

/// What a search came to.
#[derive(Debug, Default)]
pub(super) struct Explored {
    /// The execution that it was to end at.
    pub(super) found: Option<Run>,
    /// What the executions came to, if nothing was to end the search.
    pub(super) endings: BTreeSet<Ending>,
    /// How else an execution failed.
    pub(super) otherwise: Option<Verdict>,
    /// There was nothing left to search.
    pub(super) whole: bool,
    /// Executions, those included that were given up at a state known already.
    pub(super) executions: u64,
}

/// A decision, and the ways to take it that are left.
struct Node {
    options: SmallVec<[TaskId; 4]>,
    at: usize,
}

struct Explorer {
    until: Until,
    /// Steps that are given.
    prefix: Vec<TaskId>,
    /// With a prefix, how choices are answered; without one, every answer is explored.
    answers: Vec<usize>,
    preemptions_max: Option<usize>,
    executions_max: u64,
    /// States are not gone on from again.
    cached: bool,
    /// Steps of all executions so far.
    steps: u64,
    path: Vec<Node>,
    depth: usize,
    /// The fewest preemptions that a state was reached with.
    seen: HashMap<(u64, TaskId), usize>,
    preemptions: usize,
    fairness: Fairness,
    /// States whose cycle did not repeat, and how many decisions of the path led there.
    acquitted: Vec<(Acquittal, usize)>,
    /// The last execution forced a cycle that did not repeat: it goes once more without.
    again: bool,
    started: bool,
    explored: Explored,
    /// Takes notes, for whoever wants to know what happened on the way.
    atlas: Option<Atlas>,
}

/// Explores from the end of `prefix`, with at most so many preemptions after it, until `until`.
pub(super) fn explore(
    program: &Program,
    rules: &Rules,
    until: Until,
    prefix: &[TaskId],
    answers: &[usize],
    preemptions_max: Option<usize>,
    executions_max: u64,
) -> Explored {
    explore_with(program, rules, Explorer::new(until, prefix, answers, preemptions_max, executions_max))
}

/// Explores from the beginning, noting what happens; no further than `atlas` has room.
pub(super) fn explore_noting(
    program: &Program,
    rules: &Rules,
    until: Until,
    executions_max: u64,
    atlas: Atlas,
) -> (Explored, Option<Atlas>) {
    let search = Explorer::new(until, &[], &[], None, executions_max);
    explore_all(program, rules, Explorer { atlas: Some(atlas), ..search })
}

fn explore_with(program: &Program, rules: &Rules, search: Explorer) -> Explored {
    explore_all(program, rules, search).0
}

fn explore_all(program: &Program, rules: &Rules, search: Explorer) -> (Explored, Option<Atlas>) {
    let (flown, report) = fly(program, rules, search);
    let mut search = flown.lock().unwrap_or_else(PoisonError::into_inner);
    let mut explored = std::mem::take(&mut search.explored);
    let finer = (report.counted.is_on() && !rules.counted.is_on()) || (report.gated && !rules.gated);
    if finer && !search.prefix.is_empty() {
        // Clones and drops, or looks, are steps after all: it has not gone on from where it was to.
        explored = Explored { whole: false, found: None, ..explored };
    }
    // A run that broke off has not seen everything.
    explored.whole &= explored.found.is_none() && report.problem.is_none() && report.found.is_none();
    (explored, search.atlas.take())
}

impl Explorer {
    fn new(
        until: Until,
        prefix: &[TaskId],
        answers: &[usize],
        preemptions_max: Option<usize>,
        executions_max: u64,
    ) -> Self {
        Explorer {
            until,
            prefix: prefix.to_vec(),
            answers: answers.to_vec(),
            preemptions_max,
            executions_max,
            cached: true,
            steps: 0,
            path: Vec::new(),
            depth: 0,
            seen: HashMap::new(),
            preemptions: 0,
            fairness: Fairness::default(),
            acquitted: Vec::new(),
            again: false,
            started: false,
            explored: Explored { whole: true, ..Explored::default() },
            atlas: None,
        }
    }

    /// Goes on to the next path; false when there is none.
    fn advance(&mut self, source: &mut Source) -> bool {
        let more = self.next_path(source);
        // On another path the state may be another, though it looks the same.
        let decided = self.path.len();
        self.acquitted.retain(|(_, at)| *at < decided);
        more
    }

    fn next_path(&mut self, source: &mut Source) -> bool {
        while let Some(node) = self.path.last_mut() {
            if node.at + 1 < node.options.len() {
                node.at += 1;
                return true;
            }
            self.path.pop();
        }
        // Every schedule of this script of choices has been had.
        self.seen.clear();
        match source {
            Source::Script(script) => script.advance(),
            _ => false,
        }
    }

    /// The ways to go on from here, the one without a preemption first.
    fn options(&mut self, x: &Execution, enabled: &[TaskId]) -> SmallVec<[TaskId; 4]> {
        let left = self.preemptions_max.map(|max| max.saturating_sub(self.preemptions));
        let first = by_default(x, enabled);
        let fair = self.fairness.fair(enabled);
        let others = enabled.iter().copied().filter(|task| *task != first);
        std::iter::once(first)
            .chain(others)
            .filter(|task| fair.contains(task))
            .filter(|task| left != Some(0) || x.preempts(*task).is_none())
            .collect()
    }
}

impl Pilot for Explorer {
    fn begin(&mut self, source: &mut Source) -> bool {
        if self.explored.found.is_some() {
            return false;
        }
        let again = std::mem::take(&mut self.again) || !std::mem::replace(&mut self.started, true);
        if !again && !self.advance(source) {
            return false;
        }
        let spent = self.steps >= self.executions_max.saturating_mul(STEPS_EACH);
        let full = self.atlas.as_ref().is_some_and(Atlas::is_full);
        if self.explored.executions >= self.executions_max || spent || full {
            self.explored.whole = false;
            return false;
        }
        if !self.prefix.is_empty() {
            *source = Source::Recorded(self.answers.iter().copied().collect());
        }
        self.explored.executions += 1;
        (self.depth, self.preemptions) = (0, 0);
        self.fairness = Fairness::default();
        if let Some(atlas) = &mut self.atlas {
            atlas.begin();
        }
        true
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId> {
        if let Some(task) = self.prefix.get(x.log.len()) {
            return enabled.contains(task).then_some(*task);
        }
        if x.watch.acquitted().len() > self.acquitted.len() {
            // A cycle was forced, and did not repeat: this goes once more without.
            return None;
        }
        self.fairness.follow(x, enabled);
        let past = past(x) ^ self.fairness.hash();
        if let Some(atlas) = &mut self.atlas {
            atlas.arrive(x, past);
        }
        if self.depth == self.path.len() {
            let last = x.log.last().map_or(TaskId::MAIN, |decision| decision.task);
            let seen = self.seen.get(&(past, last));
            if self.cached && seen.is_some_and(|preemptions| *preemptions <= self.preemptions) {
                return None;
            }
            self.seen.insert((past, last), self.preemptions);
            let options = self.options(x, enabled);
            if options.is_empty() {
                return None;
            }
            self.path.push(Node { options, at: 0 });
        }
        let node = &self.path[self.depth];
        self.depth += 1;
        let chosen = node.options[node.at];
        self.preemptions += usize::from(x.preempts(chosen).is_some());
        if let Some(atlas) = &mut self.atlas {
            atlas.leave(x, chosen);
        }
        Some(chosen)
    }

    fn end(&mut self, x: &Execution, end: End) {
        if let Some(atlas) = &mut self.atlas {
            atlas.end(x, &end, past(x));
        }
        self.steps += x.log.len() as u64;
        let acquitted = x.watch.acquitted();
        if acquitted.len() > self.acquitted.len() && matches!(end, End::GivenUp) {
            let new = &acquitted[self.acquitted.len()..];
            self.acquitted.extend(new.iter().map(|state| (*state, self.path.len())));
            self.again = true;
            return;
        }
        let wanted = match (&end, &self.until) {
            (End::Found(found), Until::Never) => {
                self.explored.endings.insert(Ending::new(&x.observed, Some(&found.verdict)));
                false
            }
            (End::Passed, Until::Never) => {
                self.explored.endings.insert(Ending::new(&x.observed, None));
                false
            }
            (End::Found(found), Until::Fails(like)) => {
                let like = like(&found.verdict);
                if !like && self.explored.otherwise.is_none() {
                    self.explored.otherwise = Some(found.verdict.clone());
                }
                like
            }
            (End::Passed, Until::Passes) => true,
            (End::TooLong | End::Problem, _) => {
                self.explored.whole = false;
                false
            }
            _ => false,
        };
        if wanted {
            self.explored.found = Some(Run::of(x, end, self.preemptions));
        }
    }

    fn restart(&mut self) {
        self.path.clear();
        self.seen.clear();
        self.acquitted.clear();
        self.explored.endings.clear();
        if let Some(atlas) = &mut self.atlas {
            atlas.restart();
        }
        (self.started, self.explored.executions) = (false, 0);
    }

    fn acquitted(&self) -> Vec<Acquittal> {
        self.acquitted.iter().map(|(state, _)| *state).collect()
    }
}

/// The past, up to the order of independent steps.
fn past(x: &Execution) -> u64 {
    x.journal.as_ref().map_or(0, |journal| journal.past())
}

/// Who has to let whom go first.
#[derive(Default)]
struct Fairness {
    /// States in which a task was about to yield.
    yielded: HashSet<(TaskId, u64)>,
    /// A task, and those that go before it.
    after: Vec<(TaskId, SmallVec<[TaskId; 4]>)>,
    /// Steps that have been followed.
    followed: usize,
}

impl Fairness {
    fn follow(&mut self, x: &Execution, enabled: &[TaskId]) {
        for decision in &x.log[self.followed..] {
            self.after.retain(|(task, _)| *task != decision.task);
            for (_, before) in &mut self.after {
                before.retain(|task| *task != decision.task);
            }
        }
        let stepped = self.followed < x.log.len();
        self.followed = x.log.len();
        let Some(last) = x.log.last().map(|decision| decision.task).filter(|_| stepped) else { return };
        if yields(x, last) && !self.yielded.insert((last, x.state_hash())) {
            self.after.push((last, enabled.iter().copied().filter(|task| *task != last).collect()));
        }
    }

    /// Those of `enabled` whose turn it may be.
    fn fair(&self, enabled: &[TaskId]) -> SmallVec<[TaskId; 8]> {
        let waits = |task: &TaskId| {
            let after = self.after.iter().find(|(after, _)| after == task);
            after.is_some_and(|(_, before)| before.iter().any(|task| enabled.contains(task)))
        };
        let fair: SmallVec<[TaskId; 8]> = enabled.iter().copied().filter(|task| !waits(task)).collect();
        if fair.is_empty() { enabled.into() } else { fair }
    }

    /// A number for it, 0 where nobody has to let anybody go first.
    fn hash(&self) -> u64 {
        let add = |hash: u64, task: &TaskId| (hash ^ (u64::from(task.0) + 1)).wrapping_mul(0x0100_0000_01B3);
        self.after.iter().fold(0, |hash, (task, before)| before.iter().fold(add(hash, task), add))
    }
}

#[cfg(test)]
mod tests;

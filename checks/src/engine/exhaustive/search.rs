//! The search: one execution of each trace, depth first.

mod decide;

pub(super) use self::decide::least_recent;

use super::event::{Events, Tasks};
use super::node::{Choice, Counts, Node, Ways};
use super::races::Allowances;
use super::spin::{self, Loops};
use super::wakeup::Branch;
use crate::engine::pilot::{End, Pilot};
use crate::execution::{Acquittal, Budget, Execution, Found, Source, TaskId, thread_time};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Executions that may take too many steps before the search ends: what is cut short is not searched, so it could prove
/// nothing any more, but another may still fail.
const TOO_LONG_MAX: u64 = 16;

/// What the search may spend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) executions: u64,
    /// Of the thread that explores.
    pub(super) time: Option<Duration>,
    pub(super) allowances: Allowances,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub(super) struct Search {
    pub(super) limits: Limits,
    pub(super) nodes: Vec<Node>,
    pub(super) tasks: Tasks,
    pub(super) events: Events,
    pub(super) counts: Counts,
    pub(super) loops: Loops,
    /// Decisions of this execution.
    pub(super) depth: usize,
    /// The steps of this execution that belong to events.
    pub(super) absorbed: usize,
    /// The tasks that the clock has woken in it, as far as events know.
    pub(super) woken: usize,
    /// Decisions that are given; the last of them is one that has not been made before.
    given: usize,
    /// The search goes on from a checkpoint: the given decisions' events are not known, but for what they begin with.
    pub(super) resumed: bool,
    pub(super) places: Vec<Option<u64>>,
    /// Executions that were counted before that.
    before: u64,
    /// What comes after the given decisions.
    pub(super) ahead: Vec<Branch>,
    /// What comes after the current one.
    next: Vec<Branch>,
    /// States whose cycle did not repeat, and how many decisions led there.
    acquitted: Vec<(Acquittal, usize)>,
    /// Nobody whom the current decision is about can do anything that comes to something.
    all_spin: bool,
    /// The last execution forced a cycle that did not repeat: it goes once more without.
    again: bool,
    pub(super) started: bool,
    pub(super) found: Option<Box<Found>>,
    pub(super) cut: Option<Budget>,
    /// The program did something else than before.
    pub(super) differs: Option<usize>,
    /// Wakers come by a way that we do not see, and the search does not know.
    pub(super) hidden: bool,
    /// Futures are polled beside others that could share something with them.
    pub(super) polls: bool,
    /// The steps of this execution before the first decision.
    pub(super) before_events: usize,
    /// The program could not go on as it was to.
    pub(super) strays: u64,
    /// From what has been explored, how much there may be.
    pub(super) ways: Ways,
    /// Where it says how much is done, in millionths.
    estimate: Arc<AtomicU64>,
}

impl Search {
    pub(super) fn new(limits: Limits, estimate: Arc<AtomicU64>) -> Self {
        Search {
            limits,
            nodes: Vec::new(),
            tasks: Tasks::default(),
            events: Events::default(),
            counts: Counts::default(),
            loops: Loops::default(),
            depth: 0,
            absorbed: 0,
            woken: 0,
            given: 0,
            resumed: false,
            places: Vec::new(),
            before: 0,
            ahead: Vec::new(),
            next: Vec::new(),
            acquitted: Vec::new(),
            all_spin: false,
            again: false,
            started: false,
            found: None,
            cut: None,
            differs: None,
            hidden: false,
            polls: false,
            before_events: 0,
            strays: 0,
            ways: Ways::default(),
            estimate,
        }
    }

    /// The first event that has not been in an execution before.
    fn fresh(&self) -> usize {
        if self.resumed { 0 } else { self.given.saturating_sub(1) }
    }

    /// All that is set is what is to be explored; the next execution is the first.
    pub(super) fn resume_from_checkpoint(&mut self) {
        self.given = self.nodes.len();
        self.before = self.counts.all();
        self.resumed = true;
        self.again = true;
        self.started = true;
    }

    /// Takes the races of the last execution into account. Those among what was in an execution before have been, but
    /// for events that may depend on more than before once they are reversed: what else can go before them differs from
    /// one execution to the next.
    fn analyse(&mut self) {
        let fresh = self.fresh();
        self.events.order(fresh);
        for second in 0..self.events.all.len() {
            let fickle = self.events.is_fickle(second, self.limits.allowances);
            if second < fresh && !fickle {
                continue;
            }
            for first in self.events.races_with(second, self.limits.allowances) {
                let sequence = self.events.reversal(first, second, self.limits.allowances);
                if let Some(node) = self.nodes.get_mut(first) {
                    node.add(sequence);
                }
            }
            if second >= fresh {
                for (read, sequence) in self.events.held_up(second) {
                    self.nodes[read].add(sequence);
                }
            }
        }
    }

    /// Goes on to the next execution; false when there is none.
    fn advance(&mut self) -> bool {
        self.nodes.truncate(self.events.all.len());
        while let Some(node) = self.nodes.last_mut() {
            let index = self.events.all.len() - 1;
            node.done += 1;
            if let Some(choice) = node.choice.and_then(Choice::next) {
                node.choice = Some(choice);
                self.given = index + 1;
                self.ahead.clear();
                return self.resume(index);
            }
            node.asleep.push(self.events.all[index].deed.clone());
            let asleep = |branch: &Branch| node.asleep.iter().any(|deed| deed.task == branch.deed.task);
            let awake = node.tree.iter().position(|branch| !asleep(branch)).unwrap_or(node.tree.len());
            node.tree.drain(..awake);
            if !node.tree.is_empty() {
                let branch = node.tree.remove(0);
                node.task = branch.deed.task;
                node.choice = branch.deed.answer.map(|answer| Choice { answer, first: answer, options: usize::MAX });
                self.ahead = branch.then;
                self.given = index + 1;
                return self.resume(index);
            }
            if let Some(node) = self.nodes.pop() {
                self.ways.learn(&node);
            }
            self.events.truncate(index);
        }
        false
    }

    pub(super) fn note_beginning(&mut self) {
        if self.depth == 0 {
            self.before_events = self.absorbed;
        }
    }

    /// The event of the last given decision is a new one.
    fn resume(&mut self, index: usize) -> bool {
        self.events.truncate(index);
        let decided = self.given;
        self.acquitted.retain(|(_, at)| *at < decided);
        true
    }

    /// The answers to the choices that are given.
    fn answers(&self) -> VecDeque<usize> {
        let mut answers: VecDeque<usize> =
            self.nodes[..self.given].iter().filter_map(|node| node.choice.map(|choice| choice.answer)).collect();
        let mut ahead = self.ahead.first();
        while let Some(branch) = ahead {
            answers.extend(branch.deed.answer);
            ahead = branch.then.first();
        }
        answers
    }

    /// Adds the steps since the last decision to its event.
    pub(super) fn absorb(&mut self, x: &Execution) {
        let Some(journal) = &x.journal else { return };
        let steps = &journal.steps[self.absorbed..];
        self.absorbed = journal.steps.len();
        if self.depth <= self.fresh() {
            return;
        }
        if let Some((answer, options)) = self.events.absorb(x, steps)
            && let Some(Node { choice, .. }) = self.nodes.get_mut(self.depth - 1)
        {
            let first = choice.map_or(answer, |choice| choice.first);
            let as_before = choice.is_none_or(|choice| choice.options == usize::MAX || choice.options == options);
            if !as_before || first >= options {
                self.differs = Some(x.log.len());
            }
            *choice = Some(Choice { answer, first, options });
        }
    }

    /// Begins the event of a decision that has not been made before.
    pub(super) fn begin_event(&mut self, x: &Execution, task: TaskId) {
        for object in &x.woken_by_clock[self.woken..] {
            self.events.keep_state(x, *object);
        }
        self.woken = x.woken_by_clock.len();
        let mut event = Events::next(x, task, self.tasks.number(task));
        event.round = self.loops.round(&self.events, &event);
        event.vain = self.events.vain_round(&event, self.all_spin);
        if let Some(from) = event.round {
            let looks = self.events.round_touches(from, event.deed.task);
            spin::look_again(&mut event.deed, looks);
        }
        self.events.begin(x, event);
    }

    /// Whether a task is about to do what it did when this decision was made before.
    fn is_as_before(&self, x: &Execution, task: TaskId) -> bool {
        let event = self.events.all.get(self.depth).filter(|_| self.depth < self.fresh());
        let place = x.tasks[task.index()].pending.map(|op| op.place());
        event.is_none_or(|event| Some(event.op.place()) == place) && self.is_as_saved(x, task)
    }

    /// Whether a task is about to do what it was when the search was saved.
    fn is_as_saved(&self, x: &Execution, task: TaskId) -> bool {
        let saved = self.places.get(self.depth).copied().flatten().filter(|_| self.resumed);
        let place = x.tasks[task.index()].pending.map(|op| op.place());
        saved.is_none() || saved == place
    }

    fn is_spent(&mut self) -> bool {
        let executions = self.counts.all() - self.before;
        self.cut = if executions >= self.limits.executions {
            Some(Budget::Executions)
        } else if self.limits.time.is_some_and(|time| thread_time() >= time) {
            Some(Budget::Time)
        } else if self.counts.too_long >= TOO_LONG_MAX {
            Some(Budget::Steps)
        } else {
            None
        };
        self.cut.is_some()
    }
}

impl Pilot for Search {
    fn begin(&mut self, source: &mut Source) -> bool {
        if self.found.is_some() || self.differs.is_some() || self.hidden {
            return false;
        }
        if self.again {
            self.again = false;
            self.nodes.truncate(self.given);
            self.events.truncate(self.fresh());
        } else if self.started && !self.advance() {
            return false;
        }
        self.started = true;
        if self.is_spent() {
            return false;
        }
        *source = Source::Recorded(self.answers());
        (self.depth, self.absorbed, self.woken) = (0, 0, 0);
        self.next.clone_from(&self.ahead);
        true
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId> {
        if x.watch.acquitted().len() > self.acquitted.len() {
            // A cycle was forced, and did not repeat: this goes once more without.
            return None;
        }
        self.tasks.look_at(x);
        self.absorb(x);
        self.all_spin = false;
        self.note_beginning();
        let task = if self.depth < self.given {
            let is =
                |task: &TaskId| self.tasks.number(*task) == self.nodes[self.depth].task && self.is_as_before(x, *task);
            let task = enabled.iter().copied().find(is);
            if task.is_none() && self.depth + 1 < self.given {
                self.differs = Some(x.log.len() + 1);
            } else if task.is_none() {
                self.strays += 1;
            }
            task?
        } else {
            self.decide(x, enabled)?
        };
        if self.depth >= self.fresh() {
            self.begin_event(x, task);
        }
        self.depth += 1;
        Some(task)
    }

    fn end(&mut self, x: &Execution, end: End) {
        let acquitted = x.watch.acquitted();
        if acquitted.len() > self.acquitted.len() && !matches!(end, End::Found(_)) {
            // Steps of a cycle that was forced and did not repeat are no decisions of the search.
            let new = &acquitted[self.acquitted.len()..];
            self.acquitted.extend(new.iter().map(|state| (*state, self.depth)));
            self.again = true;
            return;
        }
        if self.loops.ends_trial() && !matches!(end, End::Found(_)) {
            self.again = true;
            return;
        }
        if let End::Found(mut found) = end {
            self.counts.complete += 1;
            found.execution = self.counts.all();
            self.found = Some(found);
            return;
        }
        self.absorb(x);
        if self.depth < self.given && matches!(end, End::Passed | End::TooLong) {
            // It has come to its end before it has done all that it did before.
            self.differs = Some(x.log.len() + 1);
        }
        if self.differs.is_some() {
            return;
        }
        match end {
            End::Passed => self.counts.complete += 1,
            End::TooLong => self.counts.too_long += 1,
            End::GivenUp => self.counts.blocked += 1,
            _ => {}
        }
        self.analyse();
        self.look_for_hidden(x);
        self.resumed = false;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a million")]
        self.estimate.store((self.ways.share(&self.nodes) * 1e6) as u64, Ordering::Relaxed);
    }

    fn restart(&mut self) {
        *self = Search::new(self.limits, Arc::clone(&self.estimate));
    }

    fn acquitted(&self) -> Vec<Acquittal> {
        self.acquitted.iter().map(|(state, _)| *state).collect()
    }
}

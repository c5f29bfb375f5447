//! Every trace that has an execution with so many preemptions.
//!
//! Partial-order reduction relies on any execution of a trace standing for all of them, and they differ in their
//! preemptions. So a race is reversed not only where it is: also where the earlier event's task began its turn, since to
//! switch there preempts nobody (conservative backtracking points: Coons, Musuvathi and others, "Bounded
//! partial-order reduction", OOPSLA 2013). Nothing is ever asleep: what has been explored from a state may have been
//! stopped by the bound. So one trace may be run more than once. Loops that try again wait for a change (`spin.rs`), and to
//! go on with another task than one that waits so preempts nobody.

use super::event::{Events, Tasks};
use super::node::Counts;
use super::search::{Limits, least_recent};
use super::spin::{self, Loops};
use crate::engine::pilot::{End, Pilot, by_default};
use crate::execution::{Acquittal, Budget, Execution, Found, Source, TaskId, thread_time};
use smallvec::SmallVec;
use std::collections::VecDeque;

/// A decision, and who else is to be let go on instead.
#[derive(Debug)]
struct Node {
    task: u32,
    /// Who could go on.
    enabled: SmallVec<[u32; 8]>,
    todo: SmallVec<[u32; 4]>,
    done: SmallVec<[u32; 4]>,
    /// Who would be preempted by anybody else.
    stays: Option<u32>,
    /// Preemptions before.
    preemptions: usize,
    /// Of a choice: its answer, and how many there are.
    choice: Option<(usize, usize)>,
}

impl Node {
    fn costs(&self, task: u32) -> usize {
        self.preemptions + usize::from(self.stays.is_some_and(|stays| stays != task))
    }

    fn add(&mut self, task: u32, bound: usize) {
        let new = !self.done.contains(&task) && !self.todo.contains(&task) && task != self.task;
        if new && self.enabled.contains(&task) && self.costs(task) <= bound {
            self.todo.push(task);
        }
    }
}

#[derive(Debug)]
pub(super) struct Bounded {
    limits: Limits,
    bound: usize,
    nodes: Vec<Node>,
    tasks: Tasks,
    events: Events,
    pub(super) counts: Counts,
    pub(super) loops: Loops,
    /// Nobody whom the current decision is about can do anything that comes to something.
    all_spin: bool,
    depth: usize,
    absorbed: usize,
    /// Decisions that are given; the last of them is one that has not been made before.
    given: usize,
    acquitted: Vec<(Acquittal, usize)>,
    again: bool,
    started: bool,
    pub(super) found: Option<Box<Found>>,
    pub(super) cut: Option<Budget>,
    /// The program did something else than before, at this step.
    pub(super) differs: Option<usize>,
}

impl Bounded {
    pub(super) fn new(limits: Limits, bound: usize) -> Self {
        Bounded {
            limits,
            bound,
            nodes: Vec::new(),
            tasks: Tasks::default(),
            events: Events::default(),
            counts: Counts::default(),
            loops: Loops::default(),
            all_spin: false,
            depth: 0,
            absorbed: 0,
            given: 0,
            acquitted: Vec::new(),
            again: false,
            started: false,
            found: None,
            cut: None,
            differs: None,
        }
    }

    fn fresh(&self) -> usize {
        self.given.saturating_sub(1)
    }

    /// Where the task of this event began its turn.
    fn turn(&self, event: usize) -> usize {
        let task = self.nodes[event].task;
        (0..event).rev().take_while(|index| self.nodes[*index].task == task).last().unwrap_or(event)
    }

    fn analyse(&mut self) {
        self.events.order(self.fresh());
        for second in 0..self.events.all.len() {
            for first in self.events.dependent_before(second) {
                let task = self.events.all[second].deed.task;
                for at in [first, self.turn(first)] {
                    let node = &mut self.nodes[at];
                    if node.enabled.contains(&task) {
                        node.add(task, self.bound);
                    } else {
                        node.enabled.clone().into_iter().for_each(|task| node.add(task, self.bound));
                    }
                }
            }
        }
    }

    fn advance(&mut self) -> bool {
        while let Some(node) = self.nodes.last_mut() {
            let index = self.events.all.len() - 1;
            let more = match &mut node.choice {
                Some((answer, options)) if *answer + 1 < *options => {
                    *answer += 1;
                    true
                }
                choice => {
                    *choice = None;
                    node.done.push(node.task);
                    let next = (!node.todo.is_empty()).then(|| node.todo.remove(0));
                    node.task = next.unwrap_or(node.task);
                    next.is_some()
                }
            };
            if more {
                self.given = index + 1;
                self.events.truncate(index);
                self.acquitted.retain(|(_, at)| *at <= index);
                return true;
            }
            self.nodes.pop();
            self.events.truncate(index);
        }
        false
    }

    fn absorb(&mut self, x: &Execution) {
        let Some(journal) = &x.journal else { return };
        let steps = &journal.steps[self.absorbed..];
        self.absorbed = journal.steps.len();
        if self.depth <= self.fresh() {
            return;
        }
        if let Some(choice) = self.events.absorb(x, steps) {
            self.nodes[self.depth - 1].choice = Some(choice);
        }
    }

    fn decide(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId> {
        let going = self.loops.going(x, &self.events, &self.tasks, enabled);
        self.all_spin = going.is_empty();
        // All spin in vain: each in turn, and it makes no difference in which.
        let alone = least_recent(x, enabled).into_iter().filter(|_| self.all_spin).collect();
        let enabled = if self.all_spin { &alone } else { &going };
        if self.loops.trial.is_some() {
            return self.loops.next(x, &self.events, enabled);
        }
        let last = x.log.last().map(|decision| decision.task).filter(|last| enabled.contains(last));
        let preempts = |task: &TaskId| last.is_some() && x.preempts(*task).is_some();
        let stays = last.filter(|_| enabled.iter().any(preempts)).map(|last| self.tasks.number(last));
        let preemptions = self.nodes.last().map_or(0, |node| node.costs(node.task));
        let cheap: SmallVec<[TaskId; 8]> =
            enabled.iter().copied().filter(|task| preemptions < self.bound || !preempts(task)).collect();
        let task = by_default(x, &cheap);
        let enabled = enabled.iter().map(|task| self.tasks.number(*task)).collect();
        let (todo, done) = (SmallVec::new(), SmallVec::new());
        self.nodes.push(Node { task: self.tasks.number(task), enabled, todo, done, stays, preemptions, choice: None });
        Some(task)
    }

    /// Begins the event of a decision that has not been made before.
    fn begin_event(&mut self, x: &Execution, task: TaskId) {
        let mut event = Events::next(x, task, self.tasks.number(task));
        event.round = self.loops.round(&self.events, &event);
        event.vain = self.events.vain_round(&event, self.all_spin);
        if let Some(from) = event.round {
            let looks = self.events.round_touches(from, event.deed.task);
            spin::look_again(&mut event.deed, looks);
        }
        self.events.begin(x, event);
    }
}

impl Pilot for Bounded {
    fn begin(&mut self, source: &mut Source) -> bool {
        if self.found.is_some() || self.differs.is_some() {
            return false;
        }
        if std::mem::take(&mut self.again) {
            self.nodes.truncate(self.given);
            self.events.truncate(self.fresh());
        } else if self.started && !self.advance() {
            return false;
        }
        self.started = true;
        if self.counts.all() >= self.limits.executions {
            self.cut = Some(Budget::Executions);
        } else if self.limits.time.is_some_and(|time| thread_time() >= time) {
            self.cut = Some(Budget::Time);
        } else if self.counts.too_long > 0 {
            self.cut = Some(Budget::Steps);
        }
        if self.cut.is_some() {
            return false;
        }
        let answers: VecDeque<usize> =
            self.nodes[..self.given].iter().filter_map(|node| Some(node.choice?.0)).collect();
        *source = Source::Recorded(answers);
        (self.depth, self.absorbed) = (0, 0);
        true
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId> {
        if x.watch.acquitted().len() > self.acquitted.len() {
            return None;
        }
        self.tasks.look_at(x);
        self.absorb(x);
        self.all_spin = false;
        let task = if self.depth < self.given {
            let before = self.events.all.get(self.depth).filter(|_| self.depth < self.fresh());
            let place = before.map(|event| event.op.place());
            let is = |task: &TaskId| {
                let pending = x.tasks[task.index()].pending.map(|op| op.place());
                self.tasks.number(*task) == self.nodes[self.depth].task && (place.is_none() || place == pending)
            };
            let task = enabled.iter().copied().find(is);
            if task.is_none() {
                self.differs = Some(x.log.len() + 1);
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
            let new = &acquitted[self.acquitted.len()..];
            self.acquitted.extend(new.iter().map(|state| (*state, self.depth)));
            self.again = true;
            return;
        }
        if self.loops.ends_trial() && !matches!(end, End::Found(_)) {
            self.again = true;
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
            End::Found(mut found) => {
                self.counts.complete += 1;
                found.execution = self.counts.all();
                self.found = Some(found);
            }
            End::Passed => self.counts.complete += 1,
            End::TooLong => self.counts.too_long += 1,
            End::GivenUp | End::Problem => self.counts.blocked += 1,
        }
        self.analyse();
    }

    fn restart(&mut self) {
        *self = Bounded::new(self.limits, self.bound);
    }

    fn acquitted(&self) -> Vec<Acquittal> {
        self.acquitted.iter().map(|(state, _)| *state).collect()
    }
}

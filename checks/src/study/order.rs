//! Which orders of a failing run decide: adjacent dependent steps that could have gone the other way round, each tried.
//!
//! A pair is a *reversible race* of partial-order reduction (Flanagan and Godefroid, POPL 2005): two dependent steps of
//! different tasks that nothing else orders. What hands something on (an unlock, a notification, a task's end) only
//! orders what waits for it, so two critical sections are one pair, of their first steps.

use super::replay::{Plan, Run};
use crate::execution::{How, Pending, Step, TaskId, Thing, Touch, dependent};

/// Steps beyond which a run is not looked at: every two steps are held against each other.
const STEPS_MAX: usize = 2_000;

/// A step of a run, or what a task was about to do when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    Step(usize),
    /// An index into what was left to do.
    Left(usize),
}

/// Two dependent steps of different tasks, with nothing between them but independent steps and the first task's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Race {
    pub(super) first: usize,
    pub(super) second: At,
}

/// A set of steps.
type Steps = Vec<u64>;

fn has(set: &[u64], step: usize) -> bool {
    set[step / 64] >> (step % 64) & 1 == 1
}

/// The steps of a run and what happens before each, by dependence.
pub(super) struct Order<'a> {
    run: &'a Run,
    /// For each step, the steps before it.
    before: Vec<Steps>,
}

impl<'a> Order<'a> {
    /// Nothing for a run of too many steps.
    pub(super) fn new(run: &'a Run) -> Option<Self> {
        let count = run.steps.len();
        if count > STEPS_MAX || count != run.log.len() {
            return None;
        }
        let mut before: Vec<Steps> = Vec::with_capacity(count);
        for (index, step) in run.steps.iter().enumerate() {
            let mut set = vec![0_u64; count.div_ceil(64)];
            for earlier in (0..index).rev() {
                if !has(&set, earlier) && follows(&run.steps[earlier], step) {
                    set.iter_mut().zip(&before[earlier]).for_each(|(word, more)| *word |= more);
                    set[earlier / 64] |= 1 << (earlier % 64);
                }
            }
            before.push(set);
        }
        Some(Order { run, before })
    }

    /// Every two steps whose order could have been the other.
    pub(super) fn races(&self) -> Vec<Race> {
        let steps = (0..self.run.steps.len()).map(At::Step);
        let mut races = Vec::new();
        for second in steps.chain((0..self.run.left.len()).map(At::Left)) {
            for first in self.races_with(second) {
                let race = Race { first, second };
                if !races.contains(&race) {
                    races.push(race);
                }
            }
        }
        races
    }

    /// The steps that race with `second` and come before it.
    fn races_with(&self, second: At) -> Vec<usize> {
        let steps = &self.run.steps;
        let (task, touches, waits, parks, end) = match second {
            At::Step(index) => {
                let Step { task, op, touches, waits, .. } = &steps[index];
                (*task, touches, *waits, op.parks, index)
            }
            At::Left(index) => {
                let Pending { task, touches, waits, parks } = &self.run.left[index];
                (*task, touches, *waits, *parks, steps.len())
            }
        };
        // What waits for something else, and takes the thread's token, does not wait for the token.
        let awaits = |touch: &Touch| waits && !(parks && matches!(touch.thing, Thing::Token(_)));
        let own = (0..end).rev().find(|earlier| steps[*earlier].task == task);
        let is_past = |step: usize| own.is_some_and(|own| own == step || has(&self.before[own], step));
        let mut found = Vec::new();
        for touch in touches {
            // Whose change stands in between: before it, only that task's own steps can be passed.
            let mut behind = None;
            for first in (0..end).rev() {
                let earlier = &steps[first];
                let Some(theirs) = earlier.touches.iter().find(|theirs| theirs.thing == touch.thing) else {
                    continue;
                };
                if is_past(first) && theirs.how != How::Looks || behind.is_some_and(|task| task != earlier.task) {
                    break;
                }
                if is_past(first) || !touch.conflicts(theirs) || (theirs.gives && awaits(touch)) {
                    continue;
                }
                found.push(first);
                if theirs.how != How::Looks {
                    behind = Some(earlier.task);
                }
            }
        }
        found
    }

    /// The run with the second step of `race` before the first, and how many steps of the plan show that.
    pub(super) fn reversed(&self, race: Race) -> (Plan, usize) {
        let log = &self.run.log;
        let (end, second) = match race.second {
            At::Step(index) => (index, log[index]),
            At::Left(index) => (log.len(), self.run.left[index].task),
        };
        let after = |step: &usize| *step == race.first || has(&self.before[*step], race.first);
        let between = race.first..end;
        let mut steps: Vec<TaskId> = log[..race.first].to_vec();
        steps.extend(between.clone().filter(|step| !after(step)).map(|step| log[step]));
        steps.push(second);
        let shown = steps.len();
        steps.extend(between.filter(after).map(|step| log[step]));
        steps.extend(log.get(end + 1..).unwrap_or_default());
        (self.run.plan_of(steps), shown)
    }
}

/// Whether `later` can only come after `earlier`.
fn follows(earlier: &Step, later: &Step) -> bool {
    earlier.task == later.task || dependent(&earlier.touches, &later.touches)
}

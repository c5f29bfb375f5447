//! Making a failing schedule shorter while it fails alike: fewer tasks, then fewer preemptions, then fewer switches, then
//! fewer steps.
//!
//! Delta debugging (Zeller and Hildebrandt, TSE 2002) over the stretches in which one task runs, and the merging of a
//! task's stretches (Jalbert and Sen, FSE 2010); whatever is left out follows without interruptions, as proptest shrinks
//! choices toward the simplest one. Every attempt is replayed, so what comes out is what has been seen to fail.

use super::Like;
use super::measure::Measure;
use super::replay::{Plan, Replayer, Run};
use crate::execution::TaskId;

/// A stretch in which one task runs.
type Stretch = (TaskId, usize);

struct Shrinker<'a> {
    replayer: &'a mut Replayer,
    /// How it has to fail.
    like: &'a Like,
    best: Run,
    measure: Measure,
    /// Replays, and steps in all, after which it is good enough.
    replays_max: u64,
    steps_max: u64,
}

/// Steps that a replay may have on average: of longer ones there are fewer.
const STEPS_EACH: u64 = 500;

/// The shortest run that fails so, as far as `replays` go.
pub(super) fn shrink(replayer: &mut Replayer, start: Run, like: &Like, replays: u64) -> Run {
    let (replays_max, steps_max) = (replayer.replays + replays, replayer.steps + replays.saturating_mul(STEPS_EACH));
    let measure = Measure::of(&start);
    let mut shrinker = Shrinker { replayer, like, best: start, measure, replays_max, steps_max };
    loop {
        let before = shrinker.measure;
        shrinker.drop_tasks();
        shrinker.drop_stretches();
        shrinker.merge_stretches();
        shrinker.lower_answers();
        if shrinker.measure == before || shrinker.is_spent() {
            return shrinker.best;
        }
    }
}

impl Shrinker<'_> {
    fn is_spent(&self) -> bool {
        self.replayer.replays >= self.replays_max || self.replayer.steps >= self.steps_max
    }

    /// Replays `plan`, and keeps what comes of it if it is better.
    fn attempt(&mut self, plan: &Plan) -> bool {
        if self.is_spent() || *plan == self.best.plan() {
            return false;
        }
        let run = self.replayer.replay(plan);
        let measure = Measure::of(&run);
        let better = run.verdict().is_some_and(|verdict| (self.like)(verdict))
            && measure < self.measure
            && measure.preemptions <= self.measure.preemptions;
        if better {
            (self.best, self.measure) = (run, measure);
        }
        better
    }

    fn attempt_stretches(&mut self, stretches: impl IntoIterator<Item = Stretch>) -> bool {
        let steps = stretches.into_iter().flat_map(|(task, steps)| std::iter::repeat_n(task, steps)).collect();
        self.attempt(&self.best.plan_of(steps))
    }

    fn stretches(&self) -> Vec<Stretch> {
        self.best.log.chunk_by(|one, two| one == two).map(|stretch| (stretch[0], stretch.len())).collect()
    }

    /// Leaves a task to run when nobody else can, or never.
    fn drop_tasks(&mut self) {
        let mut tasks: Vec<TaskId> = self.best.log.clone();
        tasks.sort_unstable();
        tasks.dedup();
        for task in tasks.into_iter().rev() {
            let others = self.stretches().into_iter().filter(|(other, _)| *other != task);
            self.attempt_stretches(others.collect::<Vec<_>>());
        }
    }

    /// Leaves stretches out, many at a time, then fewer.
    fn drop_stretches(&mut self) {
        let mut size = self.stretches().len().div_ceil(2);
        while size > 0 && !self.is_spent() {
            let mut from = 0;
            while from < self.stretches().len() && !self.is_spent() {
                let stretches = self.stretches();
                let to = (from + size).min(stretches.len());
                let rest = stretches[..from].iter().chain(&stretches[to..]).copied();
                if !self.attempt_stretches(rest.collect::<Vec<_>>()) {
                    from += size;
                }
            }
            size /= 2;
        }
    }

    /// Lets a task go on at once with what it does later, or do later what it does now.
    fn merge_stretches(&mut self) {
        let mut at = 0;
        while at < self.stretches().len() && !self.is_spent() {
            let stretches = self.stretches();
            let (task, steps) = stretches[at];
            let next = stretches[at + 1..].iter().position(|(other, _)| *other == task).map(|next| at + 1 + next);
            let merged = next.is_some_and(|next| {
                let sum = (task, steps + stretches[next].1);
                let place = |keep: usize, leave: usize| {
                    let stretches = stretches.iter().enumerate().filter(move |(index, _)| *index != leave);
                    let kept = move |(index, stretch): (usize, &Stretch)| if index == keep { sum } else { *stretch };
                    stretches.map(kept).collect::<Vec<_>>()
                };
                self.attempt_stretches(place(at, next)) || self.attempt_stretches(place(next, at))
            });
            at += usize::from(!merged);
        }
    }

    /// Answers choices with smaller numbers.
    fn lower_answers(&mut self) {
        for index in 0..self.best.answers.len() {
            let lower = |to: &dyn Fn(usize) -> usize, best: &Run| {
                let mut plan = best.plan();
                let answer = plan.answers.get_mut(index)?;
                *answer = to(*answer);
                Some(plan)
            };
            while let Some(plan) = lower(&|_| 0, &self.best) {
                if self.attempt(&plan) {
                    break;
                }
                let Some(plan) = lower(&|answer| answer.saturating_sub(1), &self.best) else { break };
                if !self.attempt(&plan) {
                    break;
                }
            }
        }
    }
}

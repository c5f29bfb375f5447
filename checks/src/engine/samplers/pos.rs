//! Partial order sampling (Yuan, Yang, Gu, CAV 2018).

use super::{Sampler, pending, race, yields};
use crate::execution::{Execution, Random, TaskId};

/// Each pending operation draws a priority, and the highest goes on; then those that race with it draw anew, so that
/// orders of operations that race with nothing are not drawn more often for it.
#[derive(Debug, Default)]
pub(crate) struct Pos {
    /// By task; 0 where none is drawn.
    priorities: Vec<u64>,
}

/// What a task that yields stays below.
const YIELDING_MAX: u64 = 1 << 62;

impl Pos {
    /// Of `enabled`, which may not be empty, the task whose operation has the highest priority.
    pub(super) fn highest(&mut self, x: &Execution, enabled: &[TaskId], random: &mut Random) -> TaskId {
        if self.priorities.len() < x.tasks.len() {
            self.priorities.resize(x.tasks.len(), 0);
        }
        let mut best = (0, enabled[0]);
        for &task in enabled {
            let priority = &mut self.priorities[task.index()];
            if *priority == 0 {
                // A task that yields lets others go first, or a loop that waits would not end.
                let drawn = random.next() >> 2;
                *priority = if yields(x, task) { drawn | 1 } else { drawn | YIELDING_MAX };
            }
            best = best.max((*priority, task));
        }
        best.1
    }

    /// `chosen` goes on: its next operation draws anew, and so do those that race with this one.
    pub(super) fn goes(&mut self, x: &Execution, chosen: TaskId) {
        self.priorities[chosen.index()] = 0;
        if yields(x, chosen) {
            // Nobody gets anywhere but by yielding: each may be next, or the lowest would sink and sink.
            for (task, priority) in x.task_ids().zip(&mut self.priorities) {
                if yields(x, task) {
                    *priority = 0;
                }
            }
        }
        let Some(op) = pending(x, chosen).filter(|op| op.object.is_some()) else { return };
        for (task, priority) in x.task_ids().zip(&mut self.priorities) {
            if pending(x, task).is_some_and(|other| race(op, other)) {
                *priority = 0;
            }
        }
    }

    pub(super) fn forget(&mut self) {
        self.priorities.clear();
    }
}

impl Sampler for Pos {
    fn begin(&mut self, _: &mut Random) {
        self.forget();
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId], random: &mut Random) -> TaskId {
        let chosen = self.highest(x, enabled, random);
        self.goes(x, chosen);
        chosen
    }
}

//! Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatte, ASPLOS 2010).

use super::{Sampler, pending, yields};
use crate::execution::{Execution, Kind, Op, Random, TaskId};

/// The bug depth that it aims at: the number of ordering constraints that a schedule has to meet to fail.
const DEPTH: usize = 3;

/// Each task draws a priority, and the highest that can run does. At `DEPTH - 1` steps, drawn from as many as an execution
/// has had, whoever ran falls below all others. Every step counts, also where only one task can run: a bound that counts
/// fewer finds nothing in small programs.
///
/// Two things are drawn that the paper does not have, and its bound says nothing where they come up. How many others go
/// before a task that yields: were it always all of them, a bug in which it goes before one of them would never be found.
/// Which waiter a notification is for: the waiters' priorities would always give it to the same one.
#[derive(Debug, Default)]
pub(crate) struct Pct {
    /// The tasks by priority, the highest first.
    order: Vec<TaskId>,
    /// After which steps, counted from 1, priorities fall.
    falls: [usize; DEPTH - 1],
    /// Steps of this execution, and the most of an earlier one.
    steps: usize,
    steps_max: usize,
    last: Option<TaskId>,
}

impl Pct {
    fn rank(&self, task: TaskId) -> usize {
        self.order.iter().position(|other| *other == task).expect("every task has a priority")
    }

    fn highest(&self, enabled: &[TaskId]) -> TaskId {
        *self.order.iter().find(|task| enabled.contains(task)).expect("somebody can run")
    }

    /// `task` falls below all others.
    fn sink(&mut self, task: TaskId) {
        let rank = self.rank(task);
        self.order[rank..].rotate_left(1);
    }

    /// `task` falls below as many of those behind it as is drawn. Tasks that wait count, too: others of its event loop can
    /// only go on when its poll is over.
    fn draw_turn(&mut self, task: TaskId, random: &mut Random) {
        let rank = self.rank(task);
        let below = random.below(self.order.len() - rank);
        self.order[rank..=rank + below].rotate_left(1);
    }

    /// `op` notifies one waiter: draws which of them comes first.
    fn draw_waiter(&mut self, x: &Execution, op: &Op, random: &mut Random) {
        let waits = |task: &TaskId| {
            pending(x, *task).is_some_and(|wait| matches!(wait.kind, Kind::Wake { .. }) && wait.object == op.object)
        };
        let waiters: Vec<TaskId> = x.task_ids().filter(waits).collect();
        if waiters.len() > 1 {
            let (first, drawn) = (self.rank(self.highest(&waiters)), self.rank(waiters[random.below(waiters.len())]));
            self.order.swap(first, drawn);
        }
    }
}

impl Sampler for Pct {
    fn begin(&mut self, random: &mut Random) {
        self.order.clear();
        self.falls = [(); DEPTH - 1].map(|()| if self.steps_max == 0 { 0 } else { 1 + random.below(self.steps_max) });
        (self.steps, self.last) = (0, None);
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId], random: &mut Random) -> TaskId {
        for index in self.order.len()..x.tasks.len() {
            self.order.insert(random.below(index + 1), TaskId::from_index(index));
        }
        if let Some(last) = self.last.filter(|_| self.falls.contains(&self.steps)) {
            self.sink(last);
        }
        let mut chosen = self.highest(enabled);
        if yields(x, chosen) {
            self.draw_turn(chosen, random);
            chosen = self.highest(enabled);
        }
        if let Some(op) = pending(x, chosen).filter(|op| op.kind == Kind::NotifyOne) {
            let op = *op;
            self.draw_waiter(x, &op, random);
        }
        self.steps += 1;
        self.steps_max = self.steps_max.max(self.steps);
        self.last = Some(chosen);
        chosen
    }
}

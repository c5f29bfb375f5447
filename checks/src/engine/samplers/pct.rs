//! Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatte, ASPLOS 2010).

use super::{Sampler, pending, yields};
use crate::execution::{Execution, Kind, Op, Random, TaskId};

/// The bug depth that it aims at: the number of ordering constraints that a schedule has to meet to fail.
const DEPTH: usize = 3;

/// Each task draws a priority, and the highest that can run does. At `DEPTH - 1` steps, drawn from as many as an execution
/// has had, whoever ran falls below all others. Every step counts, also where only one task can run: a bound that counts
/// fewer finds nothing in small programs. Which waiter a notification is for is drawn, too: the waiters' priorities would
/// always give it to the same one.
#[derive(Debug, Default)]
pub(crate) struct Pct {
    /// By task; 0 where none is drawn yet.
    priorities: Vec<u64>,
    /// After which steps, counted from 1, priorities fall.
    falls: [usize; DEPTH - 1],
    /// Steps of this execution, and the most of an earlier one.
    steps: usize,
    steps_max: usize,
    last: Option<TaskId>,
    /// Below all that has been given.
    lowest: u64,
}

/// What drawn priorities are above.
const DRAWN_MIN: u64 = 1 << 62;

impl Pct {
    fn sink(&mut self, task: TaskId) {
        self.lowest -= 1;
        self.priorities[task.index()] = self.lowest;
    }

    fn highest(&self, enabled: &[TaskId]) -> TaskId {
        let by_priority = |task: &&TaskId| self.priorities[task.index()];
        *enabled.iter().max_by_key(by_priority).expect("somebody can run")
    }

    /// `op` notifies one waiter: draws which of them comes first.
    fn draw_waiter(&mut self, x: &Execution, op: &Op, random: &mut Random) {
        let waits = |task: &TaskId| {
            pending(x, *task).is_some_and(|wait| matches!(wait.kind, Kind::Wake { .. }) && wait.object == op.object)
        };
        let waiters: Vec<TaskId> = x.task_ids().filter(waits).collect();
        if waiters.len() > 1 {
            let (first, drawn) = (self.highest(&waiters), waiters[random.below(waiters.len())]);
            self.priorities.swap(first.index(), drawn.index());
        }
    }
}

impl Sampler for Pct {
    fn begin(&mut self, random: &mut Random) {
        self.priorities.clear();
        self.falls = [(); DEPTH - 1].map(|()| if self.steps_max == 0 { 0 } else { 1 + random.below(self.steps_max) });
        (self.steps, self.last, self.lowest) = (0, None, DRAWN_MIN);
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId], random: &mut Random) -> TaskId {
        while self.priorities.len() < x.tasks.len() {
            self.priorities.push(random.next() | DRAWN_MIN);
        }
        if let Some(last) = self.last.filter(|_| self.falls.contains(&self.steps)) {
            self.sink(last);
        }
        let mut chosen = self.highest(enabled);
        if yields(x, chosen) {
            // It lets others run first; if it is the highest again, nobody else can.
            self.sink(chosen);
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

//! Tasks that have to wait: who waits in vain, and whose timeout comes first.

use super::{Execution, Op, TaskId, TaskState};
use crate::engine;
use crate::verdict::Verdict;

impl Execution {
    /// `task` has to wait: shows it, and finds out whether it waits in vain.
    pub(super) fn blocked(&mut self, task: TaskId, op: &Op) {
        self.tasks[task.index()].shown_waiting = true;
        if let Some(recorder) = &mut self.recorder {
            recorder.waits(self.log.len() + 1, task, op);
        }
        if let Some(cycle) = self.cycle_from(task) {
            let verdict = Verdict::Deadlock { cycle: self.describe_cycle(&cycle) };
            self.show_waiting();
            self.fail(verdict);
            return;
        }
        self.check_all_blocked();
    }

    /// Fails the execution if nobody can run; a timeout that could fire then does.
    pub(crate) fn check_all_blocked(&mut self) {
        if self.over || self.task_ids().any(|task| self.is_enabled(task)) {
            return;
        }
        let waiting = |task: &TaskId| self.tasks[task.index()].state != TaskState::Finished;
        let all: Vec<TaskId> = self.task_ids().filter(waiting).collect();
        if all.is_empty() {
            return;
        }
        if let Some(first) = self.first_timeout(&all) {
            self.tasks[first.index()].fired = true;
            if self.parked > 0 {
                engine::loom::wake_ready(self);
            }
            return;
        }
        self.show_waiting();
        let verdict = match self.cycle_among(&all) {
            Some(cycle) => Verdict::Deadlock { cycle: self.describe_cycle(&cycle) },
            None => Verdict::Stuck { waiting: self.describe_waiting(&all) },
        };
        self.fail(verdict);
    }

    /// Whose timeout comes first; at one instant, the task spawned first.
    fn first_timeout(&self, waiting: &[TaskId]) -> Option<TaskId> {
        let timeout = |task: &TaskId| {
            let op = self.tasks[task.index()].pending.as_ref()?;
            Some((op.timeout.filter(|_| self.may_give_up(op))?, *task))
        };
        waiting.iter().filter_map(timeout).min().map(|(_, task)| task)
    }

    /// Puts every task that waits into the trace, once.
    fn show_waiting(&mut self) {
        let step = self.log.len() + 1;
        for task in self.task_ids() {
            let entry = &mut self.tasks[task.index()];
            let Some(op) = entry.pending else { continue };
            if entry.state == TaskState::Live && !entry.shown_waiting {
                entry.shown_waiting = true;
                if !self.ready(task, &op)
                    && let Some(recorder) = &mut self.recorder
                {
                    recorder.waits(step, task, &op);
                }
            }
        }
    }
}

//! Who goes on from a state that no execution has reached before.

use super::Search;
use crate::engine::exhaustive::event::Deed;
use crate::engine::exhaustive::node::{Choice, Node};
use crate::engine::exhaustive::wakeup::Branch;
use crate::engine::pilot::by_default;
use crate::execution::{Execution, TaskId};
use smallvec::SmallVec;

impl Search {
    /// The decisions that are asleep in the state after the last one.
    pub(super) fn inherit(&self) -> Vec<Deed> {
        let (Some(node), Some(event)) = (self.nodes.last(), self.events.all.last()) else { return Vec::new() };
        node.asleep.iter().filter(|deed| !deed.conflicts(&event.deed)).cloned().collect()
    }

    /// Who goes on from a state that the execution is the first to reach.
    pub(super) fn decide(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId> {
        let going = self.loops.going(x, &self.events, &self.tasks, enabled);
        // All spin in vain: each in turn, so that it shows that they do so for ever.
        let all_spin = going.is_empty();
        self.all_spin = all_spin;
        let enabled = if all_spin { enabled } else { &going };
        if self.loops.trial.is_some() {
            return self.loops.next(x, &self.events, enabled);
        }
        let asleep = self.inherit();
        let mut next = std::mem::take(&mut self.next);
        let mut choice = None;
        let awake: SmallVec<[TaskId; 8]> = enabled
            .iter()
            .copied()
            .filter(|task| !asleep.iter().any(|deed| deed.task == self.tasks.number(*task)))
            .collect();
        let wanted = |branch: &Branch| awake.iter().copied().find(|task| self.tasks.number(*task) == branch.deed.task);
        let task = loop {
            if next.is_empty() {
                break match &awake[..] {
                    [] => None,
                    awake if all_spin => least_recent(x, awake),
                    awake => Some(by_default(x, awake)),
                }?;
            }
            let branch = next.remove(0);
            if let Some(task) = wanted(&branch) {
                choice = branch.deed.answer.map(|answer| Choice { answer, first: answer, options: usize::MAX });
                self.next = branch.then;
                break task;
            }
            // If it is asleep, all that begins with it has been explored.
            let can = |task: &TaskId| self.tasks.number(*task) == branch.deed.task;
            self.strays += u64::from(!enabled.iter().any(can));
        };
        let task_number = self.tasks.number(task);
        self.nodes.push(Node { task: task_number, asleep, tree: next, choice, done: 0, awake: awake.len() });
        Some(task)
    }
}

/// Who has waited longest for its turn.
pub(in crate::engine::exhaustive) fn least_recent(x: &Execution, tasks: &[TaskId]) -> Option<TaskId> {
    tasks.iter().copied().min_by_key(|task| x.log.iter().rposition(|decision| decision.task == *task))
}

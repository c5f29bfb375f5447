//! The wait-for graph: who waits for whom, and whether in vain.

use crate::execution::{Execution, Hold, Kind, Op, State, TaskId};
use crate::verdict::{Place, Wait, Waiting};

impl Execution {
    /// Follows the one task that each waits for, from `task` back to itself.
    pub(crate) fn cycle_from(&self, task: TaskId) -> Option<Vec<(TaskId, Hold)>> {
        // Most often nobody in question waits either: that takes no search.
        let op = self.tasks[task.index()].pending.as_ref()?;
        let holder = match (op.kind, op.object.map(|object| &self.objects[object.index()].state)) {
            (Kind::Join(other), _) => Some(other),
            (_, Some(State::Mutex { holder: Some(hold) })) => Some(hold.task),
            _ => None,
        };
        if holder.is_some_and(|holder| !self.tasks[holder.index()].may_wait) {
            return None;
        }
        self.search_cycle(task, task, &mut Vec::new(), false)
    }

    /// A cycle among tasks of which none can run; a permit's holders count then, since none will give it back.
    pub(crate) fn cycle_among(&self, tasks: &[TaskId]) -> Option<Vec<(TaskId, Hold)>> {
        tasks.iter().find_map(|task| self.search_cycle(*task, *task, &mut Vec::new(), true))
    }

    fn search_cycle(
        &self,
        start: TaskId,
        task: TaskId,
        path: &mut Vec<(TaskId, Hold)>,
        permits: bool,
    ) -> Option<Vec<(TaskId, Hold)>> {
        let op = self.tasks[task.index()].pending.as_ref()?;
        let waits = !self.ready(task, op) || self.may_be_held_up(task, op);
        if !waits || op.timeout.is_some() || path.iter().any(|(seen, _)| *seen == task) {
            return None;
        }
        let mut blockers = self.blockers(task, op);
        if permits {
            blockers.extend(self.permit_holders(op));
            // Who has one of several permits itself waits for the others', too: theirs tell more.
            blockers.sort_by_key(|hold| hold.task == task);
        }
        for hold in blockers {
            path.push((task, hold));
            if hold.task == start {
                return Some(path.clone());
            }
            if let Some(cycle) = self.search_cycle(start, hold.task, path, permits) {
                return Some(cycle);
            }
            path.pop();
        }
        None
    }

    pub(crate) fn describe_cycle(&self, cycle: &[(TaskId, Hold)]) -> Vec<Wait> {
        let names = self.names();
        let describe = |(task, hold): &(TaskId, Hold)| {
            let op = self.as_shown(&self.pending(*task));
            Wait {
                task: names.task(*task).to_owned(),
                wants: names.target(&op).to_owned(),
                operation: op.kind.label().to_owned(),
                at: Place::of(op.site),
                held_by: names.task(hold.task).to_owned(),
                since: Place::of(hold.site),
                queued: op.kind == Kind::Read && self.may_be_held_up(*task, &op),
            }
        };
        cycle.iter().map(describe).collect()
    }

    pub(crate) fn describe_waiting(&self, tasks: &[TaskId]) -> Vec<Waiting> {
        let names = self.names();
        let describe = |task: &TaskId| {
            let op = self.as_shown(&self.pending(*task));
            Waiting {
                task: names.task(*task).to_owned(),
                operation: op.kind.label().to_owned(),
                object: names.target(&op).to_owned(),
                at: Place::of(op.site),
            }
        };
        tasks.iter().map(describe).collect()
    }

    fn pending(&self, task: TaskId) -> Op {
        self.tasks[task.index()].pending.expect("a task that waits has announced what for")
    }
}

//! Whom a scheduler is offered, of the tasks that shuttle knows: those that can go on.

use crate::execution::{Execution, TaskId, TaskState, drift};
use shuttle::scheduler::Task;

/// Who may be chosen, by index into the tasks that shuttle offers.
pub(super) enum Next {
    Stop,
    Task(usize),
    AmongAll,
    Among(IndexSet),
}

/// A set of indices.
#[derive(Default)]
pub(super) struct IndexSet {
    low: u64,
    high: Vec<usize>,
}

impl IndexSet {
    #[inline]
    fn add(&mut self, index: usize) {
        match 1_u64.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)) {
            Some(bit) => self.low |= bit,
            None => self.high.push(index),
        }
    }

    #[inline]
    pub(super) fn has(&self, index: usize) -> bool {
        match 1_u64.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)) {
            Some(bit) => self.low & bit != 0,
            None => self.high.contains(&index),
        }
    }

    fn is_empty(&self) -> bool {
        self.low == 0 && self.high.is_empty()
    }
}

/// Who may go on, of the tasks that shuttle offers.
pub(super) fn next(x: &mut Execution, runnable: &[&Task]) -> Next {
    if x.over {
        return Next::Stop;
    }
    let mut enabled = IndexSet::default();
    let mut count = 0;
    let known = x.runnable.take();
    for (index, task) in runnable.iter().enumerate() {
        let id = TaskId::from_index(task.id().into());
        if known.and_then(|known| known.has(id)).unwrap_or_else(|| x.may_run(id)) {
            enabled.add(index);
            count += 1;
        } else if x.tasks[id.index()].state == TaskState::Finished {
            // It is done, but for leaving its coroutine.
            return Next::Task(index);
        }
    }
    if enabled.is_empty() {
        // Unless everybody waits in vain, a timeout fires.
        x.check_all_blocked();
        for (index, task) in runnable.iter().enumerate() {
            if x.may_run(TaskId::from_index(task.id().into())) {
                enabled.add(index);
                count += 1;
            }
        }
        if x.over || enabled.is_empty() {
            return Next::Stop;
        }
    }
    x.concurrent |= count > 1;
    let forced = match x.steer_turn() {
        Some(Ok(task)) => Some(task),
        Some(Err((expected, found))) => {
            drift(x, expected, found);
            return Next::Stop;
        }
        None => x.watch.next(x.log.len()),
    };
    if let Some(forced) = forced {
        let is_forced = |index: &usize| usize::from(runnable[*index].id()) == forced.index();
        if let Some(index) = (0..runnable.len()).find(is_forced).filter(|index| enabled.has(*index)) {
            return Next::Task(index);
        }
        // A suspected cycle that does not repeat; a schedule's task has been found able to go on above.
        x.watch.acquit();
    }
    if count == runnable.len() { Next::AmongAll } else { Next::Among(enabled) }
}

//! Numbers for tasks and objects, in the order in which an execution makes them.

/// A task of the execution: a number in order of spawning; `main` is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TaskId(pub(crate) u16);

impl TaskId {
    pub(crate) const MAIN: TaskId = TaskId(0);

    pub(crate) fn from_index(index: usize) -> Self {
        TaskId(u16::try_from(index).expect("an execution has at most 65,535 tasks"))
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A set of tasks; whether it has those from the 64th on is not known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TaskSet {
    low: u64,
    /// How many of the first 64.
    count: u32,
    /// There are more tasks than it can tell.
    partial: bool,
}

impl TaskSet {
    #[inline]
    pub(super) fn with(mut self, task: TaskId, included: bool) -> Self {
        if task.0 >= 64 {
            self.partial = true;
        } else if included {
            self.low |= 1 << task.0;
            self.count += 1;
        }
        self
    }

    /// Whether it has the task, if that is known.
    #[inline]
    pub(crate) fn has(self, task: TaskId) -> Option<bool> {
        (task.0 < 64).then(|| self.low >> task.0 & 1 == 1)
    }

    pub(super) fn is_only(self, task: TaskId) -> bool {
        !self.partial && self.count == 1 && self.has(task) == Some(true)
    }
}

/// An object of the execution: a number in order of creation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectId(pub(crate) u32);

impl ObjectId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

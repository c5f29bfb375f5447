//! The rules by which an engine runs a program, and how they change where it has to begin again.

use super::{Counted, Mode, SessionReport};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What an engine's run may do and has to do.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub(crate) struct Rules {
    pub(crate) mode: Mode,
    pub(crate) executions_max: u64,
    /// Executions that are drawn, and not run, before these: they count where one is numbered.
    pub(crate) skip: u64,
    pub(crate) time_max: Option<Duration>,
    /// Decisions in one execution.
    pub(crate) steps_max: usize,
    pub(crate) spurious_wakeups: usize,
    pub(crate) timeouts: usize,
    pub(crate) deny_leaks: bool,
    pub(crate) cancels: Option<Cancels>,
    /// Unlocking is a scheduling point, who may have to wait looks first, and under loom mutexes and tasks have gates: for
    /// programs that can tell (see [`looks_first`](super::looks_first) and `try_lock`), and under loom for those that park.
    pub(crate) gated: bool,
    /// Under loom: asynchronous primitives and tasks have gates, for programs in which not only tasks of one loop, which take
    /// turns, use them.
    pub(crate) gates_tasks: bool,
    /// Under loom: read-write locks and channels, which are loom's own otherwise, have gates, for programs that do to them
    /// what loom's can't take.
    pub(crate) gates_objects: bool,
    /// Whose owners are counted by operations.
    pub(crate) counted: Arc<Counted>,
    /// Keep the decisions of the last two executions.
    pub(crate) compare: bool,
    /// Record every event of every execution.
    pub(crate) record: bool,
    /// It is a check's last run: see [`is_last_run`](super::is_last_run).
    pub(crate) is_last: bool,
    /// Record every event of this execution alone, counted from 1.
    pub(crate) record_at: Option<u64>,
    /// What fails is held to the memory model, and dropped if no machine can do it.
    pub(crate) judges: bool,
    /// The schedule to follow.
    pub(crate) schedule: Option<crate::schedule::Schedule>,
    /// Keep what each step touches.
    pub(crate) journal: bool,
    /// Wakers come by a way that we do not see: what a task does between two operations may be about it, and is dependent.
    pub(crate) hidden: bool,
    /// Recurrences of a state that raise the suspicion of a livelock.
    pub(crate) recurrences: usize,
    /// States that are known not to recur for ever.
    pub(crate) acquitted: Vec<super::Acquittal>,
}

/// The awaits at which tasks have been cancelled: of which task, and how many polls it had had.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancels(Arc<Mutex<BTreeSet<(u64, usize)>>>);

impl Cancels {
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// A task of this identity was cancelled after so many polls.
    pub(crate) fn add(&self, task: u64, polls: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((task, polls));
    }
}

impl Rules {
    /// The rules by which a program is explored again after that.
    pub(crate) fn after(self, report: &SessionReport) -> Self {
        let mut counted = (*self.counted).clone();
        counted.extend(&report.needs_counts);
        Rules {
            gated: self.gated || report.needs_gates,
            gates_tasks: self.gates_tasks || report.needs_task_gates,
            gates_objects: self.gates_objects || report.needs_object_gates,
            counted: Arc::new(counted),
            ..self
        }
    }
}

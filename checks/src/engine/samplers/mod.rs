//! Samplers of our own: who goes on is drawn by what each task is about to do, which the facade announces.
//!
//! A sampler sees every operation before it runs, but for unlocking where that is no scheduling point.

mod pct;
mod pos;
mod reads_from;
mod surw;

pub(crate) use pct::Pct;
pub(crate) use pos::Pos;
pub(crate) use reads_from::ReadsFrom;
pub(crate) use surw::Surw;

use super::Strategy;
use super::pilot::yields;
use crate::execution::{Execution, Kind, ObjectId, Op, Random, Site, TaskId, mix, session};
use shuttle::scheduler::{Schedule, Scheduler, Task};
use smallvec::SmallVec;

impl Strategy {
    /// What its algorithm guarantees, if it guarantees anything; in each case as far as it was published. Of partial order
    /// sampling nothing is claimed here, and a random walk draws a schedule with the product of its choices' chances.
    #[must_use]
    pub fn guarantee(self) -> Option<&'static str> {
        match self {
            Strategy::Pct => Some(
                "an execution finds a bug of depth 3 or less with a probability of at least 1/(n k^2), where no task yields \
                 and no notification chooses among waiters: n tasks, at most k steps, k known from earlier executions",
            ),
            Strategy::Urw => Some(
                "every interleaving is as likely as any other, where each task has as many steps as in the first execution \
                 and none waits for another",
            ),
            Strategy::Surw => Some(
                "every order of the operations on the objects selected for an execution is as likely as any other, where \
                 each task has as many of them as in earlier executions and none waits for another",
            ),
            Strategy::Random | Strategy::Pos | Strategy::ReadsFrom | Strategy::Dfs => None,
        }
    }
}

/// Draws who goes on, in one execution after another.
pub(crate) trait Sampler: Send + 'static {
    /// Gets ready for the next execution.
    fn begin(&mut self, random: &mut Random);

    /// Who goes on, of those that can: at least one.
    fn choose(&mut self, x: &Execution, enabled: &[TaskId], random: &mut Random) -> TaskId;

    /// The execution is over.
    fn end(&mut self, _x: &Execution) {}
}

/// A sampler as shuttle's scheduler.
pub(crate) struct Sampling<S> {
    sampler: S,
    seed: u64,
    executions: usize,
    executions_max: usize,
    /// Of the current execution: what one draws leaves the next one's as they are.
    random: Random,
}

impl<S: Sampler> Sampling<S> {
    pub(crate) fn new(sampler: S, seed: u64, executions_max: usize) -> Self {
        Sampling { sampler, seed, executions: 0, executions_max, random: Random(seed) }
    }
}

impl<S: Sampler> Scheduler for Sampling<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        session(|session| {
            if let Some(last) = session.last_execution() {
                self.sampler.end(last);
            }
        });
        if self.executions >= self.executions_max {
            return None;
        }
        self.executions += 1;
        self.random = Random(mix(self.seed, self.executions as u64));
        self.sampler.begin(&mut self.random);
        Some(Schedule::new(self.seed))
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        _: Option<shuttle::scheduler::TaskId>,
        _: bool,
    ) -> Option<shuttle::scheduler::TaskId> {
        let enabled: SmallVec<[TaskId; 16]> =
            runnable.iter().map(|task| TaskId::from_index(task.id().into())).collect();
        let chosen = crate::execution::with(|x| self.sampler.choose(x, &enabled, &mut self.random));
        runnable.iter().map(|task| task.id()).find(|id| usize::from(*id) == chosen.index())
    }

    fn next_u64(&mut self) -> u64 {
        self.random.next()
    }
}

/// What `task` is about to do.
fn pending(x: &Execution, task: TaskId) -> Option<&Op> {
    x.tasks[task.index()].pending.as_ref()
}

/// The objects that `op` is on: of a wait on a condition variable, the mutex too.
fn objects(op: &Op) -> impl Iterator<Item = ObjectId> + use<> {
    op.object.into_iter().chain(op.kind.mutex())
}

/// Whether an operation can leave its object other than it was; readers of one lock do not get in each other's way.
fn changes(op: &Op) -> bool {
    !matches!(op.kind, Kind::Load(_) | Kind::OnceCheck | Kind::Read | Kind::TryRead | Kind::ReadUnlock)
}

/// Whether it gives a lock back: nobody could take it before.
fn gives_back(op: &Op) -> bool {
    matches!(op.kind, Kind::Unlock | Kind::ReadUnlock | Kind::WriteUnlock | Kind::OnceDone | Kind::OnceFail)
}

/// Whether it makes a difference which of two operations of different tasks goes first: they are on one object, and at
/// least one changes it; two that take one lock are.
fn race(one: &Op, other: &Op) -> bool {
    (changes(one) || changes(other)) && objects(one).any(|object| objects(other).any(|theirs| theirs == object))
}

/// A number for a place in the program, equal in every execution.
fn place(site: Site) -> u64 {
    let file = site.file().bytes().fold(0, |hash, byte| mix(hash, u64::from(byte)));
    mix(file, u64::from(site.line()) << 32 | u64::from(site.column()))
}

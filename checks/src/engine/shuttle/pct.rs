//! Probabilistic concurrency testing: shuttle's, made to go on where it would panic.

use shuttle::scheduler::{PctScheduler, Schedule, Scheduler, Task, TaskId};

/// PCT's bug depth: the number of ordering constraints that it aims at.
const PCT_DEPTH: usize = 3;

/// shuttle's PCT, which takes the number of decisions from its first execution and panics if there were none. Where what
/// the program draws made that one sequential, the next is the first again.
pub(super) struct Pct {
    inner: PctScheduler,
    seed: u64,
    executions_left: usize,
    has_decided: bool,
    /// Who has yielded while nobody else could go on, as in a poll: shuttle's lowers its priority when others can.
    yielded: Option<TaskId>,
}

impl Pct {
    pub(super) fn new(seed: u64, executions: usize) -> Self {
        let inner = PctScheduler::new_from_seed(seed, PCT_DEPTH, executions);
        Pct { inner, seed, executions_left: executions, has_decided: false, yielded: None }
    }
}

impl Scheduler for Pct {
    fn new_execution(&mut self) -> Option<Schedule> {
        if !self.has_decided {
            self.inner = PctScheduler::new_from_seed(self.seed, PCT_DEPTH, self.executions_left);
        }
        self.yielded = None;
        self.executions_left = self.executions_left.saturating_sub(1);
        self.inner.new_execution()
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, yields: bool) -> Option<TaskId> {
        if yields && runnable.len() == 1 {
            self.yielded = current;
        } else if runnable.len() > 1 {
            self.has_decided = true;
            let yielded = self.yielded.take();
            let yields = yields || (yielded.is_some() && yielded == current);
            return self.inner.next_task(runnable, current, yields);
        }
        self.inner.next_task(runnable, current, yields)
    }

    fn next_u64(&mut self) -> u64 {
        self.inner.next_u64()
    }
}

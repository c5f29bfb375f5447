//! What a check is to do: budgets, and the rules by which an engine runs.

use crate::engine::Engine;
use crate::execution::{Cancels, Counted, LastCut, Rules};
use crate::schedule::Schedule;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// How far to explore.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) executions: Option<u64>,
    /// Executions that are drawn, and not run, before the others.
    pub(crate) skip: u64,
    pub(crate) time: Option<Duration>,
    pub(crate) steps: usize,
    pub(crate) seed: u64,
    pub(crate) preemptions: Option<usize>,
    pub(crate) spurious_wakeups: usize,
    pub(crate) timeouts: usize,
    pub(crate) deny_leaks: bool,
    /// One task is cancelled in each execution, at any of its awaits; at which has been.
    pub(crate) cancels: Option<Cancels>,
    /// Where an exhaustive search says how much of it is done, in millionths.
    pub(crate) estimate: Arc<AtomicU64>,
    /// Where it is said how an execution ended that was given up after too many steps.
    pub(crate) cut_short: LastCut,
    /// Where an exhaustive search that a budget cuts is kept.
    pub(crate) checkpoint: Option<std::path::PathBuf>,
    /// Threads that a portfolio runs on; as many as there are processors, if it is not said.
    pub(crate) threads: Option<usize>,
    /// A schedule is followed in which looks before a wait are steps, and one in which owners are counted.
    pub(crate) gated: bool,
    pub(crate) counts: bool,
}

/// Schedules that a sampling engine draws, unless told otherwise.
const SAMPLES: u64 = 1_000;
/// Executions after which an enumerating engine gives up, unless told otherwise.
const EXECUTIONS_MAX: u64 = 1_000_000;
/// Steps after which an execution is given up, unless told otherwise.
pub(super) const STEPS_MAX: usize = 5_000;

impl Plan {
    /// The same, for runs along this schedule.
    pub(crate) fn along(&self, schedule: &Schedule) -> Plan {
        Plan { gated: schedule.gated, counts: schedule.counted, ..self.clone() }
    }

    pub(crate) fn rules(&self, engine: Engine) -> Rules {
        let executions = if engine.samples() { SAMPLES } else { EXECUTIONS_MAX };
        Rules {
            mode: engine.mode(),
            executions_max: self.executions.unwrap_or(executions),
            skip: if engine.draws_by_number() { self.skip } else { 0 },
            time_max: self.time,
            steps_max: self.steps,
            spurious_wakeups: self.spurious_wakeups,
            timeouts: self.timeouts,
            deny_leaks: self.deny_leaks,
            cancels: self.cancels.clone(),
            gated: self.gated,
            gates_tasks: false,
            gates_objects: false,
            counted: Arc::new(Counted::all_if(self.counts)),
            hidden: false,
            compare: false,
            record: false,
            is_last: false,
            record_at: None,
            judges: false,
            schedule: None,
            journal: false,
            recurrences: crate::execution::RECURRENCES,
            acquitted: Vec::new(),
        }
    }
}

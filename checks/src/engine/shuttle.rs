//! shuttle: one sequentially consistent interleaving at a time, at any number of threads.
//!
//! shuttle gives the coroutines and the schedulers; the primitives are the facade's model. A task whose operation
//! is not ready is not offered to the scheduler, so nothing runs just to find that it has to wait, a deadlock is
//! known before anybody blocks, and a timeout or a spurious wakeup is one more scheduling decision.

use crate::execution::{
    Budget, Random, Rules, Script, Session, SessionReport, Source, TaskId, TaskState, drift, finish_execution, finish_task,
    next_execution, run_task, session, with,
};
use serde::{Deserialize, Serialize};
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Schedule, Scheduler, Task, UrwRandomScheduler};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The engine's version, for schedules.
pub(crate) const VERSION: &str = "0.9.9";
/// Coroutine stacks, in bytes.
const STACK_BYTES: usize = 128 << 10;

/// How shuttle decides who runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Uniform at every decision.
    Random,
    /// Probabilistic concurrency testing with two priority changes (depth 3; Burckhardt et al., ASPLOS 2010).
    Pct,
    /// Uniform random walk: uniform over interleavings, from the task lengths of a first run.
    Urw,
    /// Every schedule, depth first, without reduction.
    Dfs,
}

/// PCT's bug depth: the number of ordering constraints that it aims at.
const PCT_DEPTH: usize = 3;

/// A scheduling point: others may run before this returns.
pub(crate) fn switch(yielding: bool) {
    if yielding {
        shuttle::thread::yield_now();
    } else {
        // shuttle has no time: its `sleep` is exactly a scheduling point.
        shuttle::thread::sleep(std::time::Duration::ZERO);
    }
}

/// Starts a thread for `program`, whose number `id` gives once it runs. A scheduling point.
pub(crate) fn spawn(id: impl FnOnce() -> TaskId + Send + 'static, program: impl FnOnce() + Send + 'static) {
    let body = move || body(id(), program);
    drop(shuttle::thread::spawn(body));
}

fn body(me: TaskId, program: impl FnOnce()) {
    run_task(me, program);
    finish_task(me);
}

/// Explores `program` with `strategy`.
pub(crate) fn explore(
    program: Arc<dyn Fn() + Send + Sync>,
    strategy: Strategy,
    seed: u64,
    rules: Rules,
    progress: Arc<AtomicU64>,
) -> SessionReport {
    let executions = usize::try_from(rules.executions_max).unwrap_or(usize::MAX);
    let source = match strategy {
        Strategy::Dfs => Source::Script(Script::default()),
        _ => Source::Random(Random(seed)),
    };
    Session::run(rules, source, progress, move || match strategy {
        Strategy::Random => run(Guided::new(RandomScheduler::new_from_seed(seed, executions)), program),
        Strategy::Pct => run(Guided::new(PctScheduler::new_from_seed(seed, PCT_DEPTH, executions)), program),
        Strategy::Urw => run(Guided::new(UrwRandomScheduler::new_from_seed(seed, executions)), program),
        Strategy::Dfs => run(Guided::new(Exhausting(DfsScheduler::new(None, false))), program),
    })
}

/// Runs `program` once or along `rules.schedule`, with the earliest task that can go on where nothing says who.
pub(crate) fn run_once(program: Arc<dyn Fn() + Send + Sync>, rules: Rules, answers: Vec<usize>) -> SessionReport {
    let rules = Rules { executions_max: 1, ..rules };
    let source = Source::Recorded(answers.into());
    Session::run(rules, source, Arc::default(), move || run(Guided::new(Earliest), program))
}

fn run(scheduler: Guided<impl Scheduler + 'static>, program: Arc<dyn Fn() + Send + Sync>) {
    let mut config = shuttle::Config::new();
    config.stack_size = STACK_BYTES;
    config.failure_persistence = shuttle::FailurePersistence::None;
    config.max_steps = shuttle::MaxSteps::None;
    config.max_time = None;
    config.silence_warnings = true;
    shuttle::Runner::new(scheduler, config).run(move || body(TaskId::MAIN, || program()));
}

/// Makes shuttle install its panic hook.
pub(crate) fn warm_up() {
    let mut config = shuttle::Config::new();
    config.failure_persistence = shuttle::FailurePersistence::None;
    config.silence_warnings = true;
    shuttle::Runner::new(DfsScheduler::new(Some(1), false), config).run(|| {});
}

/// Stays on the current task while it can go on; then the one spawned first.
struct Earliest;

impl Scheduler for Earliest {
    fn new_execution(&mut self) -> Option<Schedule> {
        Some(Schedule::new(0))
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<shuttle::scheduler::TaskId>, yields: bool) -> Choice {
        let current = current.filter(|current| !yields && runnable.iter().any(|task| task.id() == *current));
        // A task that yields makes room for the next one.
        let after = |task: &&&Task| yields && current.is_none_or(|current| task.id() > current);
        current.or_else(|| runnable.iter().find(after).or(runnable.first()).map(|task| task.id()))
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

type Choice = Option<shuttle::scheduler::TaskId>;

/// shuttle's depth-first search, begun again for every script of choices.
struct Exhausting(DfsScheduler);

impl Scheduler for Exhausting {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.0.new_execution().or_else(|| {
            let more = session(|session| match &mut session.source {
                Source::Script(script) => script.advance(),
                _ => false,
            });
            if !more {
                return None;
            }
            self.0 = DfsScheduler::new(None, false);
            self.0.new_execution()
        })
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<shuttle::scheduler::TaskId>, yields: bool) -> Choice {
        self.0.next_task(runnable, current, yields)
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// Offers a scheduler only the tasks that can go on, and overrules it where a schedule is being followed.
struct Guided<S> {
    /// Never dropped: shuttle's random scheduler writes a seed to stderr when it is dropped before its time.
    inner: ManuallyDrop<S>,
}

impl<S: Scheduler> Guided<S> {
    fn new(inner: S) -> Self {
        Guided { inner: ManuallyDrop::new(inner) }
    }
}

impl<S: Scheduler> Scheduler for Guided<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        finish_execution();
        let sequential = session(|session| session.report.executions == 1 && !session.report.concurrent);
        let random = session(|session| matches!(session.source, Source::Random(_)));
        if sequential && random {
            // There is one schedule, and it has been run; PCT would panic.
            return None;
        }
        let stop = session(|session| session.report.found.is_some() || session.report.problem.is_some());
        if stop || session(|session| session.report.cut.is_some()) {
            return None;
        }
        let schedule = self.inner.new_execution();
        if schedule.is_none() && random {
            session(|session| session.report.cut = Some(Budget::Executions));
        }
        schedule.filter(|_| next_execution())
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<shuttle::scheduler::TaskId>, yields: bool) -> Choice {
        let chosen = with(|x| {
            if x.over {
                return Next::Stop;
            }
            // A task that is done, but for leaving its coroutine.
            if let Some(done) = runnable.iter().find(|task| x.tasks[usize::from(task.id())].state == TaskState::Finished) {
                return Next::Task(done.id());
            }
            x.check_all_blocked();
            if x.over {
                return Next::Stop;
            }
            match x.steer_turn() {
                Some(Ok(task)) => return Next::Task(task.index().into()),
                Some(Err((expected, found))) => {
                    drift(x, expected, found);
                    return Next::Stop;
                }
                None => {}
            }
            let may_run = |task: TaskId| {
                let wakes = x.tasks[task.index()].pending.is_some_and(|op| x.may_wake_spuriously(&op));
                x.is_enabled(task) || wakes
            };
            let enabled: Vec<&Task> =
                runnable.iter().filter(|task| may_run(TaskId::from_index(task.id().into()))).copied().collect();
            x.concurrent |= enabled.len() > 1;
            if let Some(next) = x.watch.next(x.log.len()) {
                if enabled.iter().any(|task| usize::from(task.id()) == next.index()) {
                    return Next::Task(next.index().into());
                }
                x.watch.acquit();
            }
            Next::Among(enabled)
        });
        match chosen {
            Next::Stop => None,
            Next::Task(task) => Some(task),
            Next::Among(enabled) => self.inner.next_task(&enabled, current, yields),
        }
    }

    fn next_u64(&mut self) -> u64 {
        self.inner.next_u64()
    }
}

enum Next<'a> {
    Stop,
    Task(shuttle::scheduler::TaskId),
    Among(Vec<&'a Task>),
}

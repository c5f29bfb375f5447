//! shuttle: one sequentially consistent interleaving at a time, at any number of threads.
//!
//! shuttle gives the coroutines and the schedulers; the primitives are the facade's model. A task whose operation
//! is not ready is not offered to the scheduler, so nothing runs just to find that it has to wait, a deadlock is
//! known before anybody blocks, and a timeout or a spurious wakeup is one more scheduling decision.

mod offered;

use super::pilot::{Cockpit, Pilot};
use super::portfolio::Turn;
use super::samplers::{Pct, Pos, ReadsFrom, Sampling, Surw};
use crate::execution::{
    Budget, Random, Rules, Script, Session, SessionReport, Source, TaskId, finish_execution, finish_task,
    next_execution, run_task, session, with,
};
use offered::{Next, next};
use serde::{Deserialize, Serialize};
use shuttle::scheduler::{DfsScheduler, RandomScheduler, Schedule, Scheduler, Task, UrwRandomScheduler};
use smallvec::SmallVec;
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The engine's version, for schedules.
pub(crate) const VERSION: &str = "0.9.9";
/// Coroutine stacks, in bytes, unless a program asks for more.
const STACK_BYTES: usize = 128 << 10;

thread_local! {
    /// Bytes of the stacks of this thread's exploration.
    static STACKS: Cell<usize> = const { Cell::new(0) };
}

/// Bytes of the stacks of this exploration.
pub(crate) fn stacks() -> usize {
    STACKS.get()
}

/// How shuttle decides who runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Uniform at every decision.
    Random,
    /// Probabilistic concurrency testing with two priority changes (depth 3; Burckhardt et al., ASPLOS 2010).
    Pct,
    /// Uniform random walk: uniform over interleavings, from the task lengths of a first run (Zhao et al., ASPLOS 2025).
    Urw,
    /// Partial order sampling: operations that race draw priorities anew (Yuan, Yang, Gu, CAV 2018).
    Pos,
    /// Selectively uniform random walk: uniform over the orders of the operations on objects that are drawn for each
    /// execution (Zhao et al., ASPLOS 2025).
    Surw,
    /// Steers towards pairs of operations that were rarely seen to follow on each other; after reads-from fuzzing
    /// (Wolff et al., ASPLOS 2024).
    ReadsFrom,
    /// Every schedule, depth first, without reduction.
    Dfs,
}

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

/// Explores `program` with `strategy`; `turn` gives its place in a portfolio, if it is in one.
pub(super) fn explore(
    program: &Arc<dyn Fn() + Send + Sync>,
    strategy: Strategy,
    seed: u64,
    rules: Rules,
    progress: &Arc<AtomicU64>,
    turn: impl Fn() -> Option<Turn>,
) -> SessionReport {
    let source = match strategy {
        Strategy::Dfs => Source::Script(Script::default()),
        _ => Source::Random(Random(seed)),
    };
    let skip = rules.skip;
    let mut report = again_with_gates(rules, |rules| {
        let (program, source, progress) = (Arc::clone(program), source.clone(), Arc::clone(progress));
        let turn = turn();
        let executions = usize::try_from(rules.executions_max.saturating_add(rules.skip)).unwrap_or(usize::MAX);
        Session::run(rules, source, progress, move || search(strategy, seed, executions, turn, program))
    });
    if let Some(found) = &mut report.found {
        found.execution += skip;
    }
    report
}

/// Unlocking a mutex is a scheduling point only where it can be told from what came before: in programs that use
/// `try_lock`. That one does is known once it does; then the search begins again.
fn again_with_gates(rules: Rules, run: impl Fn(Rules) -> SessionReport) -> SessionReport {
    let mut rules = rules;
    loop {
        let report = run(rules.clone());
        if !report.begins_again() {
            return report;
        }
        rules = rules.after(&report);
    }
}

fn search(strategy: Strategy, seed: u64, executions: usize, turn: Option<Turn>, program: Arc<dyn Fn() + Send + Sync>) {
    match strategy {
        Strategy::Random => draw(RandomScheduler::new_from_seed(seed, executions), turn, program),
        Strategy::Pct => count(Sampling::new(Pct::default(), seed, executions), turn, program),
        Strategy::Urw => count(UrwRandomScheduler::new_from_seed(seed, executions), turn, program),
        Strategy::Pos => count(Sampling::new(Pos::default(), seed, executions), turn, program),
        Strategy::Surw => count(Sampling::new(Surw::default(), seed, executions), turn, program),
        Strategy::ReadsFrom => count(Sampling::new(ReadsFrom::default(), seed, executions), turn, program),
        Strategy::Dfs => draw(Exhausting(DfsScheduler::new(None, false)), turn, program),
    }
}

fn draw(scheduler: impl Scheduler + 'static, turn: Option<Turn>, program: Arc<dyn Fn() + Send + Sync>) {
    run(Guided { turn, ..Guided::new(scheduler) }, program);
}

/// For schedulers that count steps: they are asked at each.
fn count(scheduler: impl Scheduler + 'static, turn: Option<Turn>, program: Arc<dyn Fn() + Send + Sync>) {
    run(Guided { turn, every_step: true, ..Guided::new(scheduler) }, program);
}

/// Runs `program` twice along one schedule: the earliest task that can go on, always.
pub(crate) fn run_twice(program: &Arc<dyn Fn() + Send + Sync>, rules: Rules) -> SessionReport {
    let rules = Rules { executions_max: 2, compare: true, ..rules };
    follow(program, rules, &[])
}

/// Runs `program` once or along `rules.schedule`, with the earliest task that can go on where nothing says who.
pub(crate) fn run_once(program: &Arc<dyn Fn() + Send + Sync>, rules: Rules, answers: &[usize]) -> SessionReport {
    let rules = Rules { executions_max: 1, ..rules };
    follow(program, rules, answers)
}

/// Runs `program` once along `rules.schedule`, with these answers, each of which has to fit.
pub(crate) fn run_exactly(program: &Arc<dyn Fn() + Send + Sync>, rules: Rules, answers: &[usize]) -> SessionReport {
    let rules = Rules { executions_max: 1, ..rules };
    follow_with(program, rules, &Source::Exactly(answers.iter().copied().collect()))
}

fn follow(program: &Arc<dyn Fn() + Send + Sync>, rules: Rules, answers: &[usize]) -> SessionReport {
    follow_with(program, rules, &Source::Recorded(answers.iter().copied().collect()))
}

fn follow_with(program: &Arc<dyn Fn() + Send + Sync>, rules: Rules, source: &Source) -> SessionReport {
    let rules = Rules { skip: 0, ..rules };
    again_with_gates(rules, |rules| {
        let (program, source) = (Arc::clone(program), source.clone());
        Session::run(rules, source, Arc::default(), move || run(Guided::new(Earliest), program))
    })
}

fn run(scheduler: impl Scheduler + 'static, program: Arc<dyn Fn() + Send + Sync>) {
    let mut config = shuttle::Config::new();
    config.stack_size = super::stack_bytes(STACK_BYTES);
    STACKS.set(config.stack_size);
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
        let stays = current.filter(|current| !yields && runnable.iter().any(|task| task.id() == *current));
        // A task that yields makes room for the next one.
        let after = |task: &&&Task| yields && current.is_none_or(|current| task.id() > current);
        stays.or_else(|| runnable.iter().find(after).or(runnable.first()).map(|task| task.id()))
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
    /// Whether it is asked, too, where only one task can go on.
    every_step: bool,
    /// Its place in a portfolio.
    turn: Option<Turn>,
}

impl<S: Scheduler> Guided<S> {
    fn new(inner: S) -> Self {
        Guided { inner: ManuallyDrop::new(inner), every_step: false, turn: None }
    }
}

impl<S: Scheduler> Scheduler for Guided<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        finish_execution();
        let sequential = session(|session| session.report.executions == 1 && !session.report.concurrent);
        let random = session(|session| matches!(session.source, Source::Random(_)));
        if sequential && random {
            // There is one schedule, and it has been run.
            return None;
        }
        if session(|session| session.report.is_settled()) {
            return None;
        }
        if self.turn.as_mut().is_some_and(|turn| !turn.next()) {
            return None;
        }
        for _ in 0..session(|session| std::mem::take(&mut session.rules.skip)) {
            self.inner.new_execution();
            session(Session::skip_source);
        }
        let schedule = self.inner.new_execution();
        if schedule.is_none() && random {
            session(|session| session.report.cut = Some(Budget::Executions));
        }
        schedule.filter(|_| next_execution())
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<shuttle::scheduler::TaskId>, yields: bool) -> Choice {
        let every_step = self.every_step;
        let next = with(|x| {
            x.every_step = every_step;
            next(x, runnable)
        });
        match next {
            Next::Stop => None,
            Next::Task(index) => Some(runnable[index].id()),
            Next::AmongAll => self.inner.next_task(runnable, current, yields),
            Next::Among(set) => {
                let mut enabled: SmallVec<[&Task; 8]> = SmallVec::new();
                for (index, task) in runnable.iter().enumerate() {
                    if set.has(index) {
                        enabled.push(task);
                    }
                }
                self.inner.next_task(&enabled, current, yields)
            }
        }
    }

    fn next_u64(&mut self) -> u64 {
        self.inner.next_u64()
    }
}

/// Lets a pilot decide.
struct Piloted<P>(Cockpit<P>);

impl<P: Pilot> Scheduler for Piloted<P> {
    fn new_execution(&mut self) -> Option<Schedule> {
        finish_execution();
        (self.0.next() && next_execution()).then(|| Schedule::new(0))
    }

    fn next_task(&mut self, runnable: &[&Task], _: Option<shuttle::scheduler::TaskId>, _: bool) -> Choice {
        let ids = || runnable.iter().map(|task| TaskId::from_index(task.id().into()));
        let chosen = with(|x| match next(x, runnable) {
            Next::Stop => None,
            Next::Task(index) => ids().nth(index),
            Next::AmongAll => self.0.choose(x, &ids().collect::<SmallVec<[TaskId; 8]>>()),
            Next::Among(set) => {
                let enabled = ids().enumerate().filter(|(index, _)| set.has(*index)).map(|(_, task)| task);
                self.0.choose(x, &enabled.collect::<SmallVec<[TaskId; 8]>>())
            }
        });
        if chosen.is_none() {
            // It is given up: destructors that run while its stacks are dropped do nothing to it any more.
            with(|x| x.over = true);
        }
        ids().position(|task| Some(task) == chosen).map(|index| runnable[index].id())
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

/// Runs `program` as often, and each time as, a pilot says.
pub(crate) fn fly(cockpit: Cockpit<impl Pilot>, program: Arc<dyn Fn() + Send + Sync>) {
    run(Piloted(cockpit), program);
}

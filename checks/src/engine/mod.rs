//! The engines, behind one signature: a program and a plan in, an outcome out.
//!
//! Only this module, and the inner parts of the facade's primitives, name loom or shuttle.

/// What a process can tell of its executions to another, while they are run.
#[cfg(feature = "suite")]
pub(crate) mod blackbox {
    pub(crate) use crate::execution::{Told, Wanted, Witness, executions_begun, install_black_box, leave_to_parent};
}
mod deepen;
pub(crate) mod errand;
mod exactly;
mod exhaustive;
mod follow;
pub(crate) mod loom;
pub(crate) mod pilot;
mod portfolio;
pub(crate) mod real;
mod samplers;
pub(crate) mod shuttle;

pub(crate) use self::exactly::{line_of, run_line};
pub use self::follow::Followed;
pub(crate) use self::follow::{follow, last_run, replay};
pub use self::shuttle::Strategy;

use self::deepen::deepen;
use crate::checker::Plan;
use crate::execution::{Budget, Found, Mode, Problem, Rules, SessionReport, Uses, hint_at_slowness};
use crate::outcome::{CheckError, Counterexample, Coverage, Gap, Outcome, Searched};
use crate::property::{self, Property};
use crate::schedule::Schedule;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The largest stack that any program of this process has asked for, in bytes.
static STACK: AtomicUsize = AtomicUsize::new(0);
/// What a program may ask for: every task of an execution has as much.
pub(crate) const STACK_MAX: usize = 64 << 20;

/// A thread is to have a stack of so many bytes.
pub(crate) fn want_stack(bytes: usize) {
    STACK.fetch_max(bytes, Ordering::Relaxed);
}

/// Bytes of a stack, where an engine's own are `least`.
pub(crate) fn stack_bytes(least: usize) -> usize {
    STACK.load(Ordering::Relaxed).max(least)
}

/// A program to explore: it is run many times, and has to do the same each time but for what is scheduled.
pub(crate) type Program = Arc<dyn Fn() + Send + Sync>;

/// Which engine explores.
///
/// # What they can't see
/// - loom: more than five threads (refused by name before the run); `compare_exchange_weak` failing spuriously; load buffering.
///   It takes `SeqCst` *accesses* for `AcqRel`, and its updates are not atomic against plain stores: what fails is held to C11's
///   model (RC11), and what no machine can do is dropped and counted ([`Gap::Impossible`]). Executions that go on from one that
///   was dropped are not explored. A load may see a replaced store: the trace says `(stale: …)`.
/// - loom forgets loads: of those since the last store to an atomic it keeps the last one, and does not try a store before the
///   others. So its proof is not whole where two tasks load an atomic that one of them stores to; the exhaustive engine's is,
///   under sequential consistency (loom issues 166 and 392).
/// - loom: a task that has yielded goes on only when all others wait. `main`'s stack is 32 KiB, others' 64; shuttle's are 128.
/// - shuttle, exhaustive: weak memory. Only data races on `RaceCell` follow the orders.
/// - Both: operations in a destructor while a caught panic unwinds can't be interleaved; under loom, an atomic there ends the
///   check with an error that says so.
/// - Both: locks and channels that are none of raddle's. Where one of them hands on a task's waker that shows: the exhaustive
///   engine then tries all orders of what the program does between its operations, and loom refuses.
/// - Livelock is seen by random walks and by loom; PCT's priorities never go round in a circle.
/// - Real threads: what they happen not to do. Accesses to a `RaceCell` go through a lock's word, so a race is seen only where
///   two overlap; spurious wakeups are not forced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
#[serde(into = "String", try_from = "String")]
#[cfg_attr(feature = "suite", schemars(extend("enum" = Engine::ALL.map(Engine::name)), description = "Which engine explores."))]
pub enum Engine {
    /// loom: C11 memory orders, at most five threads.
    Loom,
    /// shuttle: sequentially consistent, any number of threads.
    Shuttle(Strategy),
    /// raddle's own, over shuttle: every trace under sequential consistency, any number of threads.
    Exhaustive,
    /// Several of shuttle's strategies side by side, on all processors: what they find does not depend on how many there are.
    Portfolio,
    /// proptest draws the schedule, a number for each decision, and shrinks it; of a [`Property`](crate::Property), what the
    /// program is made of, too. Over shuttle.
    Property,
}

impl Engine {
    /// Every engine, in the order of the matrix.
    pub const ALL: [Engine; 11] = [
        Engine::Loom,
        Engine::Exhaustive,
        Engine::Shuttle(Strategy::Random),
        Engine::Shuttle(Strategy::Pct),
        Engine::Shuttle(Strategy::Urw),
        Engine::Shuttle(Strategy::Pos),
        Engine::Shuttle(Strategy::Surw),
        Engine::Shuttle(Strategy::ReadsFrom),
        Engine::Shuttle(Strategy::Dfs),
        Engine::Portfolio,
        Engine::Property,
    ];

    /// The engines that a check runs unless told otherwise.
    pub const DEFAULT: [Engine; 4] =
        [Engine::Loom, Engine::Exhaustive, Engine::Shuttle(Strategy::Random), Engine::Property];

    /// shuttle with uniformly random schedules.
    #[must_use]
    pub const fn shuttle() -> Self {
        Engine::Shuttle(Strategy::Random)
    }

    /// The name on the command line, in the JSON and in file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Engine::Loom => "loom",
            Engine::Exhaustive => "exhaustive",
            Engine::Shuttle(Strategy::Random) => "shuttle",
            Engine::Shuttle(Strategy::Pct) => "shuttle-pct",
            Engine::Shuttle(Strategy::Urw) => "shuttle-urw",
            Engine::Shuttle(Strategy::Pos) => "shuttle-pos",
            Engine::Shuttle(Strategy::Surw) => "shuttle-surw",
            Engine::Shuttle(Strategy::ReadsFrom) => "shuttle-rf",
            Engine::Shuttle(Strategy::Dfs) => "shuttle-dfs",
            Engine::Portfolio => "portfolio",
            Engine::Property => "property",
        }
    }

    /// The version of the library behind it.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Engine::Loom => loom::VERSION,
            _ => shuttle::VERSION,
        }
    }

    /// How many threads it takes, `main` included.
    #[must_use]
    pub fn threads_max(self) -> Option<usize> {
        match self {
            Engine::Loom => Some(loom::THREADS_MAX),
            _ => None,
        }
    }

    pub(crate) fn mode(self) -> Mode {
        match self {
            Engine::Loom => Mode::Loom,
            _ => Mode::Shuttle,
        }
    }

    /// What its algorithm guarantees of the schedules that it draws, if anything.
    #[must_use]
    pub fn guarantee(self) -> Option<&'static str> {
        match self {
            Engine::Shuttle(strategy) => strategy.guarantee(),
            _ => None,
        }
    }

    /// Whether it is given the program at the article's size: it samples, and draws no sizes of its own.
    pub(crate) fn samples_full_size(self) -> bool {
        self.samples() && self != Engine::Property
    }

    /// Whether a schedule that it draws can be told from its number alone, whatever came of those before it.
    pub(crate) fn draws_by_number(self) -> bool {
        matches!(self, Engine::Shuttle(Strategy::Random | Strategy::Pos))
    }

    /// Whether it draws schedules at random rather than enumerating them.
    #[must_use]
    pub fn samples(self) -> bool {
        !matches!(self, Engine::Loom | Engine::Exhaustive | Engine::Shuttle(Strategy::Dfs))
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl From<Engine> for String {
    fn from(engine: Engine) -> Self {
        engine.name().to_owned()
    }
}

impl TryFrom<String> for Engine {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Engine::ALL.into_iter().find(|engine| engine.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Engine::ALL.iter().map(|engine| engine.name()).collect();
            format!("no engine `{name}`: it is one of {}", names.join(", "))
        })
    }
}

/// Explores `program` under `engine` as `plan` says.
///
/// # Errors
/// If the check can't be made: see [`CheckError`].
pub(crate) fn explore(
    engine: Engine,
    plan: &Plan,
    program: &Program,
    progress: &Arc<AtomicU64>,
) -> Result<Outcome, CheckError> {
    if plan.executions == Some(0) {
        return Err(CheckError::NoBudget);
    }
    if engine != Engine::Property {
        preflight(engine, plan, program)?;
    }
    match engine {
        Engine::Loom => deepen(plan, program, progress),
        Engine::Exhaustive => prove(plan, program, progress),
        Engine::Portfolio => portfolio::explore(plan, program, progress),
        Engine::Property => property::search(&Property::of(program.clone()), plan, progress),
        Engine::Shuttle(strategy) => {
            let rules = plan.rules(engine);
            let report = shuttle::explore(program, strategy, plan.seed, rules, progress, || None);
            plan.cut_short.note(report.cut_short);
            if let Some(problem) = report.problem {
                return Err(problem.into());
            }
            if let Some(found) = report.found {
                return confirm(engine, plan, program, &found);
            }
            Ok(match report.cut {
                Some(Budget::Executions) if engine.samples() => {
                    holds(engine, Searched::Sampled { seed: plan.seed }, report.executions, report.uses)
                }
                Some(budget) => {
                    Outcome::Inconclusive { budget, executions: report.executions, done: None, tried: Vec::new() }
                }
                None => holds(engine, Searched::Every, report.executions, report.uses),
            })
        }
    }
}

/// Runs the program twice along one schedule before anything else: it has to do the same both times, and not have
/// more threads than the engine takes. Gives what these runs have used.
pub(crate) fn preflight(engine: Engine, plan: &Plan, program: &Program) -> Result<Uses, CheckError> {
    let report = shuttle::run_twice(program, plan.rules(Engine::shuttle()));
    hint_at_slowness(report.time / u32::try_from(report.executions.max(1)).unwrap_or(u32::MAX));
    if let (Some(limit), names) = (engine.threads_max(), &report.tasks)
        && names.len() > limit
    {
        return Err(CheckError::TooManyThreads { names: names.clone(), limit });
    }
    if report.found.is_some() {
        // It failed the first time, and so was not run again.
        return Ok(report.uses);
    }
    if let Some(problem @ (Problem::Engine(_) | Problem::Usage { .. })) = report.problem {
        return Err(problem.into());
    }
    if matches!(report.cut, Some(Budget::Steps | Budget::Time)) {
        // There are not two whole runs to compare.
        return Ok(report.uses);
    }
    let (first, second) = (&report.log_before, &report.log);
    let differs = first.iter().zip(second).position(|(one, two)| one != two);
    let differs = differs.or((first.len() != second.len()).then(|| first.len().min(second.len())));
    if let Some(step) = differs {
        let what = format!("step {} of its first schedule differs from one run to the next", step + 1);
        return Err(CheckError::Nondeterministic { what });
    }
    Ok(report.uses)
}

/// Nothing failed in so many executions of a program that uses this: what that covers, and what it leaves out.
pub(crate) fn holds(engine: Engine, searched: Searched, executions: u64, uses: Uses) -> Outcome {
    let mut coverage = Coverage::new(engine, searched, executions);
    if engine == Engine::Loom {
        coverage.gaps.extend(uses.yields.then_some(Gap::Yields));
        coverage.gaps.extend(uses.atomics.then_some(Gap::ForgottenStores));
    } else {
        coverage.gaps.extend(uses.weak_orders.then_some(Gap::WeakOrders));
    }
    coverage.gaps.extend(uses.has_nothing_to_explore().then_some(Gap::NothingShared { tasks: uses.tasks }));
    Outcome::Holds(coverage)
}

/// Every trace.
fn prove(plan: &Plan, program: &Program, progress: &Arc<AtomicU64>) -> Result<Outcome, CheckError> {
    let searched = exhaustive::search(program, plan, progress)?;
    plan.cut_short.note(searched.cut_short);
    if let Some(problem) = searched.problem {
        return Err(problem.into());
    }
    if let Some(found) = searched.found {
        return confirm(Engine::Exhaustive, plan, program, &found);
    }
    let executions = searched.counts.complete;
    if let Some(budget) = searched.cut {
        return Ok(Outcome::Inconclusive { budget, executions, done: searched.done, tried: Vec::new() });
    }
    let every = plan.preemptions.map_or(Searched::Every, |preemptions| Searched::Bounded { preemptions });
    let mut outcome = holds(Engine::Exhaustive, every, executions, searched.uses);
    if let Outcome::Holds(coverage) = &mut outcome {
        coverage.gaps.extend(searched.by_bytes.then_some(Gap::LoopsComparedByBytes));
    }
    Ok(outcome)
}

/// Runs a failing execution of shuttle's again along its schedule, recording it.
pub(crate) fn confirm(engine: Engine, plan: &Plan, program: &Program, found: &Found) -> Result<Outcome, CheckError> {
    let schedule = Schedule::of(found);
    let counted = Arc::clone(&found.counted);
    let rules = Rules { record: true, schedule: Some(schedule), gated: found.gated, counted, ..plan.rules(engine) };
    let again = shuttle::run_once(program, rules, &found.answers);
    settle(engine, found, again, None, 0)
}

/// Holds the recorded run against the one that was found.
fn settle(
    engine: Engine,
    found: &Found,
    again: SessionReport,
    none_within: Option<usize>,
    before: u64,
) -> Result<Outcome, CheckError> {
    let same = |other: &Found| other.verdict == found.verdict && other.log == found.log;
    match again.found {
        Some(other) if same(&other) => Ok(Outcome::Fails(Box::new(Counterexample {
            verdict: other.verdict.clone(),
            execution: before + found.execution,
            none_within,
            found_by: None,
            parameters: None,
            schedule: Schedule::of(&other),
            trace: other.trace.expect("the run was recorded"),
        }))),
        other => {
            let then = match (other, again.problem) {
                (Some(other), _) => format!("it failed with: {}", other.verdict),
                (None, Some(problem)) => problem.to_string(),
                (None, None) => "it did not fail".to_owned(),
            };
            let what = format!("{} found: {}; along the same schedule, {then}", engine.name(), found.verdict);
            Err(CheckError::Nondeterministic { what })
        }
    }
}

impl From<Problem> for CheckError {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::TooManyThreads { names, limit } => CheckError::TooManyThreads { names, limit },
            Problem::Drift(drift) => CheckError::Drift(drift),
            Problem::Usage { what, at } => CheckError::Usage { what, at },
            Problem::Nondeterministic(what) => CheckError::Nondeterministic { what },
            Problem::Engine(what) => CheckError::Engine(what),
        }
    }
}

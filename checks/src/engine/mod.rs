//! The engines, behind one signature: a program and a plan in, an outcome out.
//!
//! Only this module, and the inner parts of the facade's primitives, name loom or shuttle.

/// What a process can tell of its executions to another, while they are run.
#[cfg(feature = "suite")]
pub(crate) mod blackbox {
    pub(crate) use crate::execution::{Told, Wanted, Witness, executions_begun, install_black_box};
}
pub(crate) mod errand;
mod exhaustive;
mod follow;
pub(crate) mod loom;
pub(crate) mod pilot;
mod portfolio;
pub(crate) mod real;
mod samplers;
pub(crate) mod shuttle;

pub(crate) use self::exhaustive::is_refusal;
pub use self::follow::Followed;
pub(crate) use self::follow::{follow, replay};
pub use self::shuttle::Strategy;

use crate::checker::Plan;
use crate::execution::{Budget, Found, Mode, Problem, Rules, SessionReport, hint_at_slowness};
use crate::outcome::{CheckError, Counterexample, Coverage, Outcome};
use crate::property::{self, Property};
use crate::schedule::Schedule;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

/// A program to explore: it is run many times, and has to do the same each time but for what is scheduled.
pub(crate) type Program = Arc<dyn Fn() + Send + Sync>;

/// Which engine explores.
///
/// # What they can't see
/// - loom: more than five threads (refused by name before the run); `compare_exchange_weak` failing spuriously; load buffering.
///   It takes `SeqCst` *accesses* for `AcqRel`, so a store-buffering litmus on them fails although C11 forbids it. A load may see a
///   replaced store: the trace says `(stale: …)`.
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
    /// loom: exhaustive, C11 memory orders, at most five threads.
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
            if let Some(problem) = report.problem {
                return Err(problem.into());
            }
            if let Some(found) = report.found {
                return confirm(engine, plan, program, &found);
            }
            Ok(match report.cut {
                Some(Budget::Executions) if engine.samples() => {
                    Outcome::Holds(Coverage::Sampled { executions: report.executions, seed: plan.seed })
                }
                Some(budget) => Outcome::Inconclusive { budget, executions: report.executions, done: None },
                None => Outcome::Holds(Coverage::Exhaustive { executions: report.executions }),
            })
        }
    }
}

/// Runs the program twice along one schedule before anything else: it has to do the same both times, and not have
/// more threads than the engine takes.
pub(crate) fn preflight(engine: Engine, plan: &Plan, program: &Program) -> Result<(), CheckError> {
    let started = Instant::now();
    let report = shuttle::run_twice(program, plan.rules(Engine::shuttle()));
    hint_at_slowness(started.elapsed() / u32::try_from(report.executions.max(1)).unwrap_or(u32::MAX));
    if let (Some(limit), names) = (engine.threads_max(), &report.tasks)
        && names.len() > limit
    {
        return Err(CheckError::TooManyThreads { names: names.clone(), limit });
    }
    if report.found.is_some() {
        // It failed the first time, and so was not run again.
        return Ok(());
    }
    if let Some(Problem::Engine(what)) = report.problem {
        return Err(CheckError::Engine(what));
    }
    if matches!(report.cut, Some(Budget::Steps | Budget::Time)) {
        // There are not two whole runs to compare.
        return Ok(());
    }
    let (first, second) = (&report.log_before, &report.log);
    let differs = first.iter().zip(second).position(|(one, two)| one != two);
    let differs = differs.or((first.len() != second.len()).then(|| first.len().min(second.len())));
    if let Some(step) = differs {
        let what = format!("step {} of its first schedule differs from one run to the next", step + 1);
        return Err(CheckError::Nondeterministic { what });
    }
    Ok(())
}

/// Every trace.
fn prove(plan: &Plan, program: &Program, progress: &Arc<AtomicU64>) -> Result<Outcome, CheckError> {
    let searched = exhaustive::search(program, plan, progress)?;
    if let Some(problem) = searched.problem {
        return Err(problem.into());
    }
    if let Some(found) = searched.found {
        return confirm(Engine::Exhaustive, plan, program, &found);
    }
    let executions = searched.counts.complete;
    Ok(match searched.cut {
        Some(budget) => Outcome::Inconclusive { budget, executions, done: searched.done },
        None => Outcome::Holds(match plan.preemptions {
            Some(preemptions) => Coverage::Bounded { preemptions, executions },
            None => Coverage::Exhaustive { executions },
        }),
    })
}

/// loom's outcome, unless there is something that orders the program's tasks and that neither it nor we see.
fn deepen(plan: &Plan, program: &Program, progress: &Arc<AtomicU64>) -> Result<Outcome, CheckError> {
    let mut wakers_taken = false;
    let outcome = deepen_all(plan, program, progress, &mut wakers_taken);
    if wakers_taken && exhaustive::hides(program, &plan.rules(Engine::Exhaustive)) {
        return Err(exhaustive::refusal());
    }
    outcome
}

/// loom with 0, 1, 2 preemptions and then without a bound, so that the first counterexample has the fewest.
fn deepen_all(
    plan: &Plan,
    program: &Program,
    progress: &Arc<AtomicU64>,
    wakers_taken: &mut bool,
) -> Result<Outcome, CheckError> {
    let bounds = match plan.preemptions {
        Some(bound) => (0..=bound).map(Some).collect(),
        None => vec![Some(0), Some(1), Some(2), None],
    };
    let mut before = 0;
    let mut proven = None;
    for bound in bounds {
        let rules = plan.rules(Engine::Loom);
        let report = loom::explore(program, bound, rules, progress);
        *wakers_taken |= report.wakers_taken;
        if let Some(problem) = report.problem {
            return Err(problem.into());
        }
        if let Some(found) = report.found {
            return confirm_loom(plan, program, &found, bound, proven, before);
        }
        if let Some(budget) = report.cut {
            // A bounded search can run out of steps where the whole one would find a cycle; only the last counts.
            let last = bound == plan.preemptions;
            if last || budget != Budget::Steps {
                let executions = before + report.executions;
                return Ok(Outcome::Inconclusive { budget, executions, done: None });
            }
        } else {
            proven = bound;
            if bound == plan.preemptions {
                let executions = report.executions;
                return Ok(Outcome::Holds(match bound {
                    Some(preemptions) => Coverage::Bounded { preemptions, executions },
                    None => Coverage::Exhaustive { executions },
                }));
            }
        }
        before += report.executions;
    }
    unreachable!("the last bound is the plan's")
}

/// Runs a failing execution of loom's again, recording it. Its search is deterministic, so that is the same search
/// up to the same execution.
fn confirm_loom(
    plan: &Plan,
    program: &Program,
    found: &Found,
    bound: Option<usize>,
    proven: Option<usize>,
    before: u64,
) -> Result<Outcome, CheckError> {
    let rules = Rules { record_at: Some(found.execution), time_max: None, ..plan.rules(Engine::Loom) };
    let again = loom::explore(program, bound, rules, &Arc::default());
    settle(Engine::Loom, found, again, proven, before)
}

/// Runs a failing execution of shuttle's again along its schedule, recording it.
pub(crate) fn confirm(engine: Engine, plan: &Plan, program: &Program, found: &Found) -> Result<Outcome, CheckError> {
    let schedule = Schedule::of(found);
    let rules = Rules { record: true, schedule: Some(schedule), ..plan.rules(engine) };
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
            Problem::Nondeterministic(what) => CheckError::Nondeterministic { what },
            Problem::Engine(what) => CheckError::Engine(what),
        }
    }
}

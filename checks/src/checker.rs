//! The front door: what a check explores, how far, and what a failing one says.

mod chain;
pub(crate) mod environment;
pub(crate) mod plan;
mod replay;
mod studies;

pub(crate) use self::plan::Plan;
use self::plan::STEPS_MAX;

use crate::engine::{self, Engine, Program};
use crate::execution::{Cancels, LastCut, Reporting};
use crate::extent::{self, Extent};
use crate::outcome::{CheckError, Coverage, Outcome};
use crate::property::{self, Property};
use crate::study::{self, Effort};
use serde_json::Value;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// A check: which engine explores a program, and how far.
///
/// ```
/// use raddle::{Checker, Engine, Outcome, sync::{Arc, Mutex}, thread};
///
/// let outcome = Checker::new().engine(Engine::Loom).run(|| {
///     let counter = Arc::new(Mutex::new(0).named("counter"));
///     let adder = { let counter = Arc::clone(&counter); thread::spawn(move || *counter.lock().unwrap() += 1) };
///     *counter.lock().unwrap() += 1;
///     adder.join().unwrap();
///     assert_eq!(*counter.lock().unwrap(), 2);
/// })?;
/// assert!(matches!(outcome, Outcome::Holds(_)));
/// # Ok::<(), raddle::CheckError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a checker does nothing until it is run"]
pub struct Checker {
    pub(crate) engine: Option<Engine>,
    pub(crate) plan: Plan,
    pub(crate) progress: Arc<AtomicU64>,
}

impl Default for Checker {
    fn default() -> Self {
        Self::new()
    }
}

impl Checker {
    /// The seed of a check that is given none.
    pub const DEFAULT_SEED: u64 = 0x0072_6164_646c_6500;

    /// The check that [`check`] makes.
    pub fn new() -> Self {
        let plan = Plan {
            executions: None,
            skip: 0,
            time: None,
            steps: STEPS_MAX,
            seed: Self::DEFAULT_SEED,
            preemptions: None,
            spurious_wakeups: 0,
            timeouts: 1,
            deny_leaks: false,
            cancels: None,
            estimate: Arc::default(),
            cut_short: LastCut::default(),
            checkpoint: None,
            threads: None,
            gated: false,
            counts: false,
        };
        Checker { engine: None, plan, progress: Arc::default() }
    }

    /// Explores with this engine alone.
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = Some(engine);
        self
    }

    /// How many schedules a sampling engine draws (1,000 unless told otherwise), and after how many executions an
    /// enumerating one gives up (1,000,000, for each preemption bound).
    pub fn executions(mut self, executions: u64) -> Self {
        self.plan.executions = Some(executions);
        self
    }

    /// Makes engines whose schedules can be told from their number alone, [`Strategy::Random`](crate::Strategy::Random) and
    /// [`Strategy::Pos`](crate::Strategy::Pos), go on as if they had explored so many executions already: a budget can be
    /// split over several machines. Others explore as if this were not said.
    ///
    /// ```
    /// use raddle::{Checker, Coverage, Engine, Outcome, thread};
    ///
    /// let program = || {
    ///     let other = thread::spawn(thread::yield_now);
    ///     thread::yield_now();
    ///     other.join().unwrap();
    /// };
    /// let second_half = Checker::new().engine(Engine::shuttle()).skip(5_000).executions(5_000).run(program)?;
    /// assert!(matches!(second_half, Outcome::Holds(Coverage { executions: 5_000, .. })));
    /// # Ok::<(), raddle::CheckError>(())
    /// ```
    pub fn skip(mut self, executions: u64) -> Self {
        self.plan.skip = executions;
        self
    }

    /// How long to explore: what each thread that explores may run. Time in which others have its processor does not count,
    /// nor does time in which the program really sleeps. A search that is not done by then is inconclusive, and how far it
    /// got depends on the machine: prefer [`Checker::executions`] where results have to be the same everywhere.
    pub fn time(mut self, time: Duration) -> Self {
        self.plan.time = Some(time);
        self
    }

    /// Steps after which an execution is given up, and with it the search (5,000).
    pub fn steps(mut self, steps: usize) -> Self {
        self.plan.steps = steps;
        self
    }

    /// The seed of engines that draw schedules. The same seed draws the same schedules on every machine.
    pub fn seed(mut self, seed: u64) -> Self {
        self.plan.seed = seed;
        self
    }

    /// Makes loom and the exhaustive engine stop at this many preemptions: complete for fewer, silent on more.
    pub fn preemptions(mut self, preemptions: usize) -> Self {
        self.plan.preemptions = Some(preemptions);
        self
    }

    /// How many waits on condition variables, and parks, may end in an execution although nobody woke them (none).
    pub fn spurious_wakeups(mut self, wakeups: usize) -> Self {
        self.plan.spurious_wakeups = wakeups;
        self
    }

    /// How many timeouts may fire in an execution although others can still run (1). One fires in any case when
    /// nothing else can run.
    pub fn timeouts(mut self, timeouts: usize) -> Self {
        self.plan.timeouts = timeouts;
        self
    }

    /// Makes threads that still run when `main` is done a [`Verdict::Leak`](crate::Verdict::Leak), and tasks that have
    /// neither ended nor been aborted when their runtime goes.
    pub fn deny_leaks(mut self) -> Self {
        self.plan.deny_leaks = true;
        self
    }

    /// Cancels a task in each execution: which one, and at which of its awaits, is explored. So is that none is. Tasks are
    /// those that a runtime has spawned for futures.
    ///
    /// ```
    /// use raddle::sync::Arc;
    /// use raddle::tokio::{self, sync::Semaphore, task};
    /// use raddle::{Checker, Engine, Outcome};
    ///
    /// let checker = Checker::new().engine(Engine::Exhaustive).cancel_anywhere();
    /// let outcome = checker.run(|| {
    ///     task::block_on(async {
    ///         let permits = Arc::new(Semaphore::new(1));
    ///         let theirs = Arc::clone(&permits);
    ///         let worker = tokio::spawn(async move {
    ///             let _permit = theirs.acquire().await.unwrap();
    ///             task::yield_now().await;
    ///         });
    ///         let _may_be_cancelled = worker.await;
    ///         assert_eq!(permits.available_permits(), 1);
    ///     });
    /// });
    /// assert!(matches!(outcome, Ok(Outcome::Holds(_))));
    /// assert_eq!(checker.awaits_cancelled(), Some(2), "before its first poll, and in `yield_now`");
    /// ```
    pub fn cancel_anywhere(mut self) -> Self {
        self.plan.cancels = Some(Cancels::default());
        self
    }

    /// At how many awaits tasks have been cancelled, each counted once, so far.
    #[must_use]
    pub fn awaits_cancelled(&self) -> Option<usize> {
        self.plan.cancels.as_ref().map(Cancels::count)
    }

    /// Threads that [`Engine::Portfolio`] runs on: as many as there are processors, unless told otherwise. What it finds is
    /// the same for any number.
    pub fn threads(mut self, threads: usize) -> Self {
        self.plan.threads = Some(threads);
        self
    }

    /// Counts executions into `progress` while exploring.
    pub fn progress(mut self, progress: Arc<AtomicU64>) -> Self {
        self.progress = progress;
        self
    }

    /// Keeps an exhaustive search that a budget cuts in this file, and goes on from what is there. A search that comes to
    /// its end removes the file. A budget is what one run may spend; executions count from the first run on. A search
    /// with a bound on preemptions is not kept.
    pub fn checkpoint(mut self, file: impl Into<std::path::PathBuf>) -> Self {
        self.plan.checkpoint = Some(file.into());
        self
    }

    /// Tells, while an exhaustive search goes on, about how much of it is done, in millionths. The tree's size is not
    /// known before it has been searched: from every state as many ways are taken to go on as from those before at which as
    /// many tasks could go on, and all count alike.
    pub fn estimate(mut self, estimate: Arc<AtomicU64>) -> Self {
        self.plan.estimate = estimate;
        self
    }

    /// Explores `program`, and tells what came of it.
    ///
    /// Without an engine several are tried. Schedules are drawn first, which finds most bugs at once. Then the exhaustive
    /// engine proves that there are no others among the sequentially consistent executions, which are all that there are
    /// where every atomic access is `SeqCst`. Where some are weaker, loom explores C11's orders, too, if it takes that many
    /// threads. If the exhaustive engine runs out of its budget, loom is tried in any case. [`Coverage`](crate::Coverage)
    /// says what each came to.
    ///
    /// # Errors
    /// If the check can't be made: too many threads for the engine, a program that is not deterministic.
    pub fn run(&self, program: impl Fn() + Send + Sync + 'static) -> Result<Outcome, CheckError> {
        self.run_program(&(Arc::new(program) as Program))
    }

    /// How large `program` is: see [`Extent`].
    ///
    /// # Errors
    /// If the engine gave up.
    pub fn extent(&self, program: impl Fn() + Send + Sync + 'static) -> Result<Extent, CheckError> {
        extent::extent(&self.plan, &(Arc::new(program) as Program))
    }

    pub(crate) fn run_program(&self, program: &Program) -> Result<Outcome, CheckError> {
        if let Some(engine) = self.engine {
            return engine::explore(engine, &self.plan, program, &self.progress);
        }
        chain::run(&self.plan, program, &self.progress)
    }

    /// Explores `property`: proptest draws parameters and schedules, 1,000 executions unless told otherwise, and shrinks both.
    ///
    /// # Errors
    /// As [`Checker::run`]; if the strategy gives no value, or the kept regressions can't be read or written.
    pub fn run_property(&self, property: &Property) -> Result<Outcome, CheckError> {
        property::search(property, &self.plan, &self.progress)
    }

    /// Explores `program`, and panics unless it holds.
    ///
    /// The environment goes before what this was built with, here and in [`Checker::check_property`], so that a test can be
    /// run another way without being changed: `RADDLE_SEED=42`, `RADDLE_EXECUTIONS=100000`, `RADDLE_TIME=2m`,
    /// `RADDLE_ENGINE=exhaustive` (of a property, proptest draws the schedules whatever that says), `RADDLE_PREEMPTIONS=2`.
    /// After `RADDLE_HANG=60s` without a step an execution hangs, and the process ends.
    ///
    /// # Panics
    /// If a variable of the environment can't be read.
    /// With the rendered counterexample if the program fails; with what to do about it if the search was cut short
    /// or could not be made.
    #[track_caller]
    pub fn check(&self, program: impl Fn() + Send + Sync + 'static) {
        let program: Program = Arc::new(program);
        let checker = self.as_told();
        checker.settle(|| checker.run_program(&program), |_| Ok(Arc::clone(&program)));
    }

    /// Explores `property`, and panics unless it holds.
    ///
    /// # Panics
    /// As [`Checker::check`].
    #[track_caller]
    pub fn check_property(&self, property: &Property) {
        let at = |values: Option<&Value>| Ok(Arc::new(property.at(values.unwrap_or(&Value::Null))?) as Program);
        let checker = self.as_told();
        checker.settle(|| checker.run_property(property), at);
    }

    /// Panics unless `run` says that all holds, or replays; `program` gives the program at these parameters.
    #[track_caller]
    fn settle(
        &self,
        run: impl FnOnce() -> Result<Outcome, CheckError>,
        program: impl Fn(Option<&Value>) -> Result<Program, String>,
    ) {
        let number = match replay::next() {
            replay::Task::Replay(line) => self.replay_and_panic(program(line.parameters()), &line),
            replay::Task::Explore(number) => number,
        };
        let outcome = run();
        replay::goes_on(matches!(outcome, Ok(Outcome::Holds(_))));
        let _reporting = Reporting::new();
        match outcome {
            Ok(Outcome::Holds(coverage)) => tell(&coverage),
            Ok(Outcome::Fails(found)) => {
                let values = found.parameters.as_ref().map(property::Parameters::values);
                let program = program(values).expect("the values were drawn by it");
                match study::study(&program, &self.plan, &found, Effort::default()) {
                    Ok(study) => panic!("{}", self.failure(&program, &study, number)),
                    Err(error) => panic!("{error}"),
                }
            }
            Ok(Outcome::Inconclusive { budget: crate::Budget::Steps, executions, .. }) => panic!(
                "an execution had more than {} steps, and was given up ({executions} were run): does a loop try again \
                 without `raddle::thread::yield_now`? Until it yields nobody else has to have a turn. If it is no loop, make \
                 the program smaller, or allow for more (`Checker::steps`){}",
                self.plan.steps, self.plan.cut_short
            ),
            Ok(outcome @ Outcome::Inconclusive { .. }) => panic!(
                "raddle found no failure, but did not get to the end of its search, so the result is inconclusive\n{outcome}\n\
                 make the program smaller, raise the budget (`Checker::executions`), bound the preemptions \
                 (`Checker::preemptions`), or settle for sampling (`.engine(Engine::shuttle())`)"
            ),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Says what held, if that is wanted (`RADDLE_LOG=1`), or if something was left out that could fail. Written past the test
/// harness, which keeps what passing tests print.
fn tell(coverage: &Coverage) {
    let wanted = std::env::var_os("RADDLE_LOG").is_some_and(|value| !value.is_empty() && value != "0");
    let test = std::thread::current().name().map_or_else(String::new, |name| format!(" {name}:"));
    let line = if wanted {
        format!("raddle:{test} holds: {coverage}\n")
    } else if coverage.is_doubtful() {
        format!("raddle: warning:{test} nothing failed in {coverage}\n")
    } else {
        return;
    };
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Explores the interleavings of `program`, and panics with the rendered counterexample if one fails.
///
/// The program uses `raddle::sync` and `raddle::thread` where it would use `std`'s, and is run many times.
///
/// ```should_panic
/// use raddle::{sync::{Arc, atomic::{AtomicU32, Ordering}}, thread};
///
/// raddle::check(|| {
///     let counter = Arc::new(AtomicU32::new(0));
///     let workers: Vec<_> = (0..2).map(|_| {
///         let counter = Arc::clone(&counter);
///         thread::spawn(move || {
///             let value = counter.load(Ordering::SeqCst);
///             counter.store(value + 1, Ordering::SeqCst); // the load may be out of date
///         })
///     }).collect();
///     for worker in workers { worker.join().unwrap(); }
///     assert_eq!(counter.load(Ordering::SeqCst), 2);
/// });
/// ```
///
/// # Panics
/// See [`Checker::check`].
#[track_caller]
pub fn check(program: impl Fn() + Send + Sync + 'static) {
    Checker::new().check(program);
}

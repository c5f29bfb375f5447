//! `raddle stress`: how often real threads show a bug, beside what the engines needed for it.
//!
//! The program runs in a child process, this same executable: a run that hangs can only be killed, and one that fails
//! leaves threads behind.

mod child;
mod report;

pub(super) use child::run as run_child;

use super::cli::StressArgs;
use super::process::{Answer, Process, how};
use super::run::{Job, run_jobs};
use super::terminal::{Terminal, progress_bar};
use super::{EXIT_MET, EXIT_UNMET, SuiteError, select};
use crate::engine::real::Failure;
use crate::{Catalogue, Checker, Ending, Engine};
use child::Line;
use serde::Serialize;
use std::time::Duration;

/// How long a process may take to get to the program.
const START_MAX: Duration = Duration::from_mins(1);

/// Why a program can't be run on real threads.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StressError {
    /// The child process can't be started.
    #[error("the child process that runs it can't be started: {0}")]
    Start(#[from] std::io::Error),
    /// The child process did not get to the program.
    #[error("the child process {0} before it ran the program; does `main` pass its arguments to `raddle::suite`?")]
    NotReady(String),
}

/// How to run a program on real threads.
///
/// The child process is this executable, called as the command line: its `main` has to be [`main`](super::main), or to
/// pass the arguments on to [`run`](super::run) when the first of them is `stress-child`.
#[derive(Clone, Copy, Debug)]
pub struct Stress {
    /// How often.
    pub runs: u64,
    /// How long a run may take before it counts as hung, and is killed.
    pub deadline: Duration,
    /// After how many hung runs to stop: each costs a deadline.
    pub max_hangs: u64,
    /// Run the small program, which loom is given, and not the larger one of engines that sample.
    pub small: bool,
}

impl Default for Stress {
    /// 1,000 runs of at most 2 s, of which 10 may hang.
    fn default() -> Self {
        Stress { runs: 1_000, deadline: Duration::from_secs(2), max_hangs: 10, small: false }
    }
}

/// What the runs came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stressed {
    /// Runs that were made: fewer than asked for if too many hung.
    pub runs: u64,
    /// Runs that failed, of each kind.
    pub failures: Vec<StressFailure>,
    /// How often the runs ended in each way. One that hung has observed nothing, as far as is known.
    pub endings: Vec<(Ending, u64)>,
}

/// Failures of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct StressFailure {
    /// A verdict's name, `hung`, or `crash` if the process ended without a word.
    pub kind: String,
    /// How many runs failed so.
    pub count: u64,
    /// The first of them, counted from 1.
    pub first_run: u64,
    /// What the first of them said.
    pub message: String,
}

impl Stressed {
    /// Runs that failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures.iter().map(|failure| failure.count).sum()
    }

    /// Runs that failed in this way.
    #[must_use]
    pub fn count(&self, kind: &str) -> u64 {
        self.failures.iter().find(|failure| failure.kind == kind).map_or(0, |failure| failure.count)
    }

    fn note_ending(&mut self, failure: Option<&Failure>, observed: Vec<String>) {
        let (verdict, message) = failure.map_or(("holds", ""), |failure| (&failure.kind, &failure.message));
        let ending = Ending { observed, verdict: verdict.to_owned(), message: message.to_owned() };
        match self.endings.iter_mut().find(|(known, _)| *known == ending) {
            Some((_, count)) => *count += 1,
            None => self.endings.push((ending, 1)),
        }
    }

    fn note(&mut self, failure: Failure) {
        match self.failures.iter_mut().find(|known| known.kind == failure.kind) {
            Some(known) => known.count += 1,
            None => self.failures.push(StressFailure {
                kind: failure.kind,
                count: 1,
                first_run: self.runs,
                message: failure.message,
            }),
        }
    }
}

/// A run with no end.
const HUNG: &str = "hung";
/// A process with no last word.
const CRASH: &str = "crash";

impl Stress {
    /// Runs the variant called `family/pattern/variant`, calling `tick` with the number of runs made after each.
    ///
    /// # Errors
    /// If the child process can't be started or does not know the variant.
    pub fn run(&self, variant: &str, mut tick: impl FnMut(u64)) -> Result<Stressed, StressError> {
        let mut stressed = Stressed::default();
        while stressed.runs < self.runs && stressed.count(HUNG) < self.max_hangs {
            let mut process = self.start(variant, stressed.runs + 1, self.runs - stressed.runs)?;
            let mut usable = true;
            while usable && stressed.runs < self.runs {
                let (failure, observed) = match process.answer(self.deadline) {
                    Answer::Line(line) => (line.failure, line.observed),
                    Answer::Ended(status) => {
                        let message = format!("the process {}", how(status));
                        (Some(Failure { kind: CRASH.into(), message }), Vec::new())
                    }
                    Answer::Nothing => {
                        let message = format!("no end within {}", report::seconds(self.deadline));
                        (Some(Failure { kind: HUNG.into(), message }), Vec::new())
                    }
                };
                stressed.runs += 1;
                stressed.note_ending(failure.as_ref(), observed);
                usable = failure.is_none();
                if let Some(failure) = failure {
                    stressed.note(failure);
                }
                tick(stressed.runs);
            }
        }
        Ok(stressed)
    }
}

impl Stress {
    /// A process that is about to run the program `runs` times, the first run being number `first`.
    fn start(&self, variant: &str, first: u64, runs: u64) -> Result<Process<Line>, StressError> {
        let (first, runs) = (first.to_string(), runs.to_string());
        let mut arguments = vec!["stress-child", variant, "--first", &first, "--runs", &runs];
        arguments.extend(self.small.then_some("--small"));
        let mut process = Process::start(&arguments, None::<&()>)?;
        match process.answer(START_MAX) {
            Answer::Line(_) => Ok(process),
            Answer::Ended(status) => Err(StressError::NotReady(how(status))),
            Answer::Nothing => Err(StressError::NotReady("did nothing for a minute".into())),
        }
    }
}

pub(super) fn run(catalogue: &'static Catalogue, args: &StressArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    let (pattern, variant) = select::variant(catalogue, &args.variant)?;
    let deadline = Duration::from_millis(args.deadline);
    let stress = Stress { runs: args.runs, deadline, max_hangs: args.max_hangs, small: args.small };
    let bar = progress_bar("runs on real threads", args.runs);
    let stressed = stress.run(&args.variant, |runs| bar.set_position(runs));
    bar.finish_and_clear();
    let stressed = stressed.map_err(|source| SuiteError::Stress { name: args.variant.clone(), source })?;
    let jobs = Engine::DEFAULT.map(|engine| Job::new(pattern, variant, engine));
    let results = run_jobs(&jobs, Checker::DEFAULT_SEED, None, None);
    terminal.print(&if args.json {
        report::json(&stress, &stressed, &results)
    } else {
        report::text(&stress, &stressed, &results, terminal.style)
    });
    Ok(if variant.is_correct() && stressed.failed() > 0 { EXIT_UNMET } else { EXIT_MET })
}

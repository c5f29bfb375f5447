//! A check in a process of its own: whatever becomes of it there is that check's result, and no other's.
//!
//! The parent gives an order and attends to what the child says; a child that ends without an answer, or does not come to
//! one in time, is looked into (`witness.rs`). `child.rs` is the other side.

mod child;
mod witness;

pub(super) use child::run as run_child;

use super::process::{Answer, Process, how};
use super::run::{CheckResult, Job, Part};
use crate::engine::blackbox::{Told, Wanted};
use crate::graph::Graph;
use crate::{Budget, CheckError, Counterexample, Engine, Outcome, Study, Trace};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The command that makes a process a child.
pub(super) const COMMAND: &str = "check-child";

/// What a child may spend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Until it has to be done.
    pub(super) deadline: Duration,
    /// MiB of address space.
    pub(super) memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { deadline: Duration::from_secs(Self::DEADLINE_SECONDS), memory: Self::MEMORY_MIB }
    }
}

impl Limits {
    pub(super) const DEADLINE_SECONDS: u64 = 120;
    pub(super) const MEMORY_MIB: u64 = 4096;

    /// How long an execution that says nothing counts as one with an end.
    fn patience(&self) -> Duration {
        Duration::from_secs(1).min(self.deadline / 2)
    }
}

/// What a child is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// `family/pattern/variant`.
    pub(super) variant: String,
    pub(super) engine: Engine,
    pub(super) seed: u64,
    pub(super) executions: Option<u64>,
    pub(super) part: Option<Part>,
    pub(super) checkpoint: Option<PathBuf>,
    pub(super) work: Work,
    memory: Option<u64>,
    wanted: Wanted,
    /// Of an engine that runs several executions at once: one at a time, in the same order each time.
    one_by_one: bool,
    /// It is known to hang: once it says nothing any more, it does.
    hangs: bool,
}

/// What is wanted of a variant's program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Work {
    /// What it comes to.
    Check,
    /// What is to be said of what was found in it.
    Study(Box<Counterexample>),
    /// What happens along what was found in another variant.
    Along(Box<Counterexample>),
    /// Its states, if there are no more than so many.
    Graph(usize),
}

impl Order {
    pub(super) fn new(job: &Job, seed: u64, executions: Option<u64>) -> Self {
        Order {
            variant: job.name(),
            engine: job.engine,
            seed,
            executions,
            part: job.part,
            checkpoint: None,
            work: Work::Check,
            memory: None,
            wanted: Wanted::default(),
            one_by_one: false,
            hangs: false,
        }
    }
}

/// How far a child is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Beat {
    /// Executions that have begun in the process, of whatever kind.
    begun: u64,
    /// Those of the search.
    pub(super) explored: u64,
    /// The share of an exhaustive search, in millionths.
    pub(super) done: u64,
}

/// What a child says, on a line of its own.
#[derive(Debug, Serialize, Deserialize)]
enum Line {
    Beat(Beat),
    Told(Beat, Told),
    Checked {
        outcome: Result<Outcome, CheckError>,
        awaits_cancelled: Option<usize>,
    },
    Studied(Box<Result<Study, CheckError>>),
    /// What happened, if the program came to its end.
    Followed(Option<Box<Trace>>),
    Drawn(Option<Box<Graph>>),
}

/// Set when the user wants an end.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether the user wants an end.
pub(super) fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Has Ctrl-C, and a request to terminate, end the children and what waits for them.
pub(super) fn take_interrupts() {
    // If somebody else takes them, they are theirs.
    let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed));
}

/// How a child's work ended.
enum End {
    /// With an answer.
    Answer(Line),
    /// Without one: how.
    Ended(String),
    /// It did not.
    Deadline { hangs: bool },
    /// Its parent's did.
    Interrupted,
}

/// Starts a child, and sees to it until it has an answer, or can't have one any more. Gives its last beat, too.
fn attend(order: &Order, limits: &Limits, mut hear: impl FnMut(Beat, Option<Told>)) -> std::io::Result<(End, Beat)> {
    let order = Order { memory: Some(limits.memory), ..order.clone() };
    let mut process = Process::start(&[COMMAND], Some(&order))?;
    let started = Instant::now();
    let (mut beat, mut changed) = (Beat::default(), started);
    loop {
        if is_interrupted() {
            return Ok((End::Interrupted, beat));
        }
        let left = limits.deadline.saturating_sub(started.elapsed());
        let quiet = order.hangs && changed.elapsed() > limits.patience() && beat.begun > 0;
        if left.is_zero() || quiet {
            let hangs = changed.elapsed() >= limits.patience();
            return Ok((End::Deadline { hangs }, beat));
        }
        match process.answer(left.min(Duration::from_millis(50))) {
            Answer::Line(Line::Beat(now)) => {
                (beat, changed) = (now, Instant::now());
                hear(beat, None);
            }
            Answer::Line(Line::Told(now, told)) => {
                (beat, changed) = (now, Instant::now());
                hear(beat, Some(told));
            }
            Answer::Line(answer) => return Ok((End::Answer(answer), beat)),
            Answer::Ended(status) => {
                let how = in_words(&process.errors(), status, limits);
                return Ok((End::Ended(how), beat));
            }
            Answer::Nothing => {}
        }
    }
}

/// How a process ended whose main thread panicked: raddle's own.
const PANICKED: &str = "panicked: ";

/// How the process ended, by what it said last and how it went.
fn in_words(errors: &str, status: ExitStatus, limits: &Limits) -> String {
    if let Some(how) = in_other_words(errors, limits) {
        return how;
    }
    let how = how(status);
    if ["SIGSEGV", "SIGBUS"].iter().any(|signal| how.ends_with(signal)) {
        return format!("{how}: in safe code, a stack overflow");
    }
    let panic = errors.trim_end().rsplit_once("panicked at ").filter(|_| status.code() == Some(101));
    panic.map_or(how, |(_, panic)| format!("{PANICKED}{}", panic.lines().take(2).collect::<Vec<_>>().join(" ")))
}

/// What Rust's runtime says before it aborts.
fn in_other_words(errors: &str, limits: &Limits) -> Option<String> {
    let last = errors.trim_end().lines().rev().take(3).collect::<Vec<_>>();
    let says = |text: &str| last.iter().any(|line| line.contains(text));
    if says("memory allocation of") {
        return Some(format!("ran out of memory (the limit is {} MiB)", limits.memory));
    }
    says("has overflowed its stack").then(|| "ended by a stack overflow".to_owned())
}

/// Runs a check in a child process; none if that was interrupted.
pub(super) fn check(job: &Job, order: &Order, limits: &Limits, mut hear: impl FnMut(Beat)) -> Option<CheckResult> {
    let started = Instant::now();
    let (outcome, awaits_cancelled) = match attend(order, limits, |beat, _| hear(beat)) {
        Err(error) => (Err(CheckError::Process(format!("can't be started: {error}"))), None),
        Ok((End::Interrupted, _)) => return None,
        Ok((End::Answer(Line::Checked { outcome, awaits_cancelled }), _)) => (outcome, awaits_cancelled),
        Ok((End::Deadline { hangs: false }, beat)) => {
            #[expect(clippy::cast_precision_loss, reason = "an estimate")]
            let done = (beat.done > 0).then_some(beat.done as f64 / 1e6);
            (
                Ok(Outcome::Inconclusive { budget: Budget::Time, executions: beat.explored, done, tried: Vec::new() }),
                None,
            )
        }
        Ok((End::Deadline { hangs: true }, beat)) => (witness::of_hang(order, limits, beat)?, None),
        Ok((End::Ended(how), _)) if how.starts_with(PANICKED) => (Err(CheckError::Process(how)), None),
        Ok((End::Ended(how), beat)) => (witness::of_crash(order, limits, beat, &how)?, None),
        Ok((End::Answer(_), _)) => (Err(CheckError::Process("answered something else".into())), None),
    };
    Some(CheckResult { job: *job, outcome, awaits_cancelled, time: started.elapsed() })
}

/// Studies a counterexample in a child process; none if that was interrupted. What can't be studied is given as it is.
pub(super) fn study(job: &Job, found: &Counterexample, limits: &Limits) -> Option<Study> {
    let why = match work(job, Work::Study(Box::new(found.clone())), limits)? {
        Ok(Line::Studied(study)) => match *study {
            Ok(study) => return Some(study),
            Err(error) => error.to_string(),
        },
        Ok(_) => "the process for its study answered something else".into(),
        Err(why) => why,
    };
    Some(Study::untried(found, why))
}

/// What happens in a variant's program along what was found in another; none if that is not known, or it fails.
pub(super) fn along(job: &Job, found: &Counterexample, limits: &Limits) -> Option<Trace> {
    match work(job, Work::Along(Box::new(found.clone())), limits)? {
        Ok(Line::Followed(trace)) => trace.map(|trace| *trace),
        _ => None,
    }
}

/// The states of a variant's program; none if there are more than so many, or they are not known.
pub(super) fn graph(job: &Job, states_max: usize, limits: &Limits) -> Option<Graph> {
    match work(job, Work::Graph(states_max), limits)? {
        Ok(Line::Drawn(graph)) => graph.map(|graph| *graph),
        _ => None,
    }
}

/// Has a child do work on what is known to end; none if that was interrupted, or why there is no answer.
fn work(job: &Job, work: Work, limits: &Limits) -> Option<Result<Line, String>> {
    let order = Order { work, ..Order::new(job, 0, None) };
    Some(match attend(&order, limits, |_, _| {}) {
        Err(error) => Err(format!("the process for it can't be started: {error}")),
        Ok((End::Interrupted, _)) => return None,
        Ok((End::Answer(answer), _)) => Ok(answer),
        Ok((End::Deadline { .. }, _)) => Err("its study was not done within the deadline".into()),
        Ok((End::Ended(how), _)) => Err(format!("in another interleaving the process {how}")),
    })
}

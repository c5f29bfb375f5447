//! Runs checks, several at once, and gives their results in the order in which they were asked for.

use super::Isolation;
use super::isolate::{self, Limits, Order};
use crate::{CheckError, Checker, Counterexample, Engine, Expect, Outcome, Pattern, Property, Variant};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A check to run.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// The pattern.
    pub pattern: &'static Pattern,
    /// The variant.
    pub variant: Variant,
    /// The engine.
    pub engine: Engine,
    /// See [`Catalogue::regressions`](crate::Catalogue::regressions).
    pub regressions: Option<&'static str>,
    /// Of a sampled budget: these of its executions alone.
    pub part: Option<Part>,
}

/// Some of the executions of a search, as it would draw them if it made them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Executions that come before them.
    pub first: u64,
    /// How many they are.
    pub executions: u64,
}

impl Job {
    /// The check of `variant` under `engine`.
    #[must_use]
    pub fn new(pattern: &'static Pattern, variant: &Variant, engine: Engine) -> Self {
        Job { pattern, variant: *variant, engine, regressions: None, part: None }
    }

    /// `family/pattern/variant`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.pattern.name, self.variant.name)
    }

    /// What it has to come to.
    #[must_use]
    pub fn expect(&self) -> Expect {
        self.variant.expect(self.engine)
    }

    /// The check, before it is run.
    pub fn checker(&self, seed: u64, executions: Option<u64>) -> Checker {
        let checker = self.variant.checker(self.engine).seed(seed);
        match (self.part, executions) {
            (Some(Part { first, executions }), _) => checker.skip(first).executions(executions),
            (None, Some(executions)) => checker.executions(executions),
            (None, None) => checker,
        }
    }

    /// What a correct variant fails at is kept; a buggy one has to be found again each time.
    fn keeping(&self, property: Property) -> Property {
        let folder = self.regressions.map(Path::new).filter(|folder| self.variant.is_correct() && folder.is_dir());
        match folder {
            Some(folder) => property.regressions(property_file(folder, self.pattern, &self.variant)),
            None => property,
        }
    }

    /// Runs the check.
    #[must_use]
    pub fn run(&self, checker: &Checker) -> CheckResult {
        let started = Instant::now();
        let outcome = match self.variant.declared_property() {
            Some(property) if self.engine == Engine::Property => checker.run_property(&self.keeping(property)),
            _ => checker.run(self.variant.program(self.engine)),
        };
        CheckResult { job: *self, outcome, awaits_cancelled: checker.awaits_cancelled(), time: started.elapsed() }
    }
}

/// The file in `folder` that keeps what a variant's property failed at.
pub(super) fn property_file(folder: &Path, pattern: &Pattern, variant: &Variant) -> PathBuf {
    folder.join(pattern.name).join(format!("{}.property.json", variant.name))
}

/// What a check came to.
#[derive(Clone, Debug)]
pub struct CheckResult {
    /// Which check.
    pub job: Job,
    /// What it came to.
    pub outcome: Result<Outcome, CheckError>,
    /// At how many awaits a task was cancelled, where any may be.
    pub awaits_cancelled: Option<usize>,
    /// How long it took.
    pub time: Duration,
}

impl CheckResult {
    /// Whether it came to what was expected: an inconclusive search never does, and a correct variant's proof under
    /// loom has to be whole, or bounded as declared.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|outcome| self.job.expect().met_by(outcome))
    }

    /// What it found.
    #[must_use]
    pub fn counterexample(&self) -> Option<&Counterexample> {
        self.outcome.as_ref().ok().and_then(Outcome::counterexample)
    }

    /// The outcome in one word: `holds`, a verdict's name, `inconclusive`, or `error`.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        match &self.outcome {
            Ok(Outcome::Holds(_)) => "holds",
            Ok(Outcome::Fails(counterexample)) => counterexample.verdict.name(),
            Ok(Outcome::Inconclusive { .. }) => "inconclusive",
            Err(_) => "error",
        }
    }
}

/// Runs `jobs` in this process, `at_once` of them side by side, and gives the results in the order of the jobs.
#[must_use]
pub fn run_jobs(jobs: &[Job], seed: u64, executions: Option<u64>, at_once: Option<usize>) -> Vec<CheckResult> {
    Runner { seed, executions, at_once, checkpoints: None, limits: None }.run(jobs)
}

/// How checks are run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runner<'a> {
    pub(super) seed: u64,
    pub(super) executions: Option<u64>,
    /// So many side by side; as many as there are processors unless told otherwise.
    pub(super) at_once: Option<usize>,
    /// The folder that keeps exhaustive searches that a budget cuts, and that they go on from.
    pub(super) checkpoints: Option<&'a Path>,
    /// Each check has a process of its own, which may spend so much.
    pub(super) limits: Option<Limits>,
}

impl Runner<'static> {
    /// For one check, or for several that somebody else runs side by side.
    pub(super) fn alone(seed: u64, isolation: Isolation) -> Self {
        let limits = (isolation == Isolation::Processes).then(Limits::default);
        Runner { seed, executions: None, at_once: Some(1), checkpoints: None, limits }
    }
}

impl Runner<'_> {
    /// The result of one.
    pub(super) fn run_one(&self, job: &Job) -> CheckResult {
        let explored = Arc::default();
        let apart = self.limits.as_ref().and_then(|limits| self.run_apart(job, limits, &explored, &explored));
        // Nobody takes interrupts here.
        apart.unwrap_or_else(|| self.run_here(job, &explored, &Arc::default()))
    }

    /// The results in the order of the jobs; of those that were done when the user wanted an end.
    pub(super) fn run(&self, jobs: &[Job]) -> Vec<CheckResult> {
        let (explored, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let bar = progress_bar_of(jobs.len(), Arc::clone(&explored), Arc::clone(&done));
        let results = side_by_side(jobs.len(), self.at_once, |index| {
            let job = &jobs[index];
            bar.set_message(format!("{} under {}", job.name(), job.engine));
            let result = match &self.limits {
                Some(limits) => self.run_apart(job, limits, &explored, &done),
                None => Some(self.run_here(job, &explored, &done)),
            };
            done.store(0, Ordering::Relaxed);
            bar.inc(1);
            result
        });
        bar.finish_and_clear();
        results.into_iter().flatten().collect()
    }

    fn checkpoint(&self, job: &Job) -> Option<PathBuf> {
        let folder = self.checkpoints.filter(|_| job.engine == Engine::Exhaustive)?;
        Some(folder.join(format!("{}.json", job.name())))
    }

    fn run_here(&self, job: &Job, explored: &Arc<AtomicU64>, done: &Arc<AtomicU64>) -> CheckResult {
        let mut checker = job.checker(self.seed, self.executions).progress(Arc::clone(explored));
        if job.engine == Engine::Exhaustive {
            checker = checker.estimate(Arc::clone(done));
        }
        if let Some(file) = self.checkpoint(job) {
            checker = checker.checkpoint(file);
        }
        job.run(&checker)
    }

    fn run_apart(&self, job: &Job, limits: &Limits, explored: &AtomicU64, done: &AtomicU64) -> Option<CheckResult> {
        if isolate::is_interrupted() {
            return None;
        }
        let mut order = Order::new(job, self.seed, self.executions);
        order.checkpoint = self.checkpoint(job);
        let mut before = 0;
        isolate::check(job, &order, limits, |beat| {
            explored.fetch_add(beat.explored.saturating_sub(before), Ordering::Relaxed);
            before = beat.explored;
            done.store(beat.done, Ordering::Relaxed);
        })
    }
}

/// `work` on each of `0..count`, so many of them at once, or as many as there are processors; the results are in order.
pub(super) fn side_by_side<T: Send>(count: usize, at_once: Option<usize>, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<T>>> = Mutex::new((0..count).map(|_| None).collect());
    let at_once = at_once.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get));
    std::thread::scope(|scope| {
        for _ in 0..at_once.clamp(1, count.max(1)) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    let result = work(index);
                    results.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(result);
                }
            });
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().flatten().collect()
}

/// A bar on stderr, with the executions explored so far; where that is no terminal, nothing.
pub(super) fn progress_bar(checks: usize, explored: Arc<AtomicU64>) -> ProgressBar {
    progress_bar_of(checks, explored, Arc::default())
}

/// The same, with the share, in millionths, of the exhaustive search that goes on.
fn progress_bar_of(checks: usize, explored: Arc<AtomicU64>, done: Arc<AtomicU64>) -> ProgressBar {
    let bar = ProgressBar::new(checks as u64);
    let template = "{spinner} {bar:30} {pos}/{len} checks  {executions} executions  {wide_msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.with_key("executions", move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{}", explored.load(Ordering::Relaxed));
            let done = done.load(Ordering::Relaxed);
            if done > 0 {
                #[expect(clippy::cast_precision_loss, reason = "an estimate")]
                let _ = write!(out, ", the search about {:.1} % done", done as f64 / 1e4);
            }
        }));
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

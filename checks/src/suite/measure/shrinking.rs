//! `raddle measure shrinking`: what becomes of random failing schedules.

use crate::suite::cli::ShrinkingArgs;
use crate::suite::run::{Job, progress_bar, side_by_side};
use crate::suite::terminal::{Terminal, table};
use crate::suite::{EXIT_MET, EXIT_UNMET, SuiteError, select};
use crate::{Catalogue, Effort, Engine, Measure, Outcome};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// A random failing schedule that has been shrunk.
#[derive(Clone, Debug, Serialize)]
pub struct ShrinkCase {
    /// `family/pattern/variant`.
    pub name: String,
    /// The seed of the search that found it.
    pub seed: u64,
    /// As it was found.
    pub before: Measure,
    /// As it got.
    pub after: Measure,
    /// It still fails alike.
    pub same_verdict: bool,
    /// No schedule with fewer preemptions fails: every one was run.
    pub certified: bool,
    /// Replays that shrinking took.
    pub replays: u64,
    /// What shrinking, certifying and explaining took.
    #[serde(serialize_with = "as_millis")]
    pub time: Duration,
}

fn as_millis<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64() * 1_000.0)
}

impl ShrinkCase {
    /// Whether shrinking kept its promises: the same failure, and no more preemptions than before.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.same_verdict && self.after.preemptions <= self.before.preemptions
    }
}

/// Finds `cases` failing schedules by random walks, from `seed` upward over the buggy variants called `names` in
/// turn, and shrinks each.
///
/// # Errors
/// If the catalogue has nothing of a name, or a variant does not fail.
pub fn shrink_cases(
    catalogue: &'static Catalogue,
    names: &[String],
    cases: usize,
    seed: u64,
    at_once: Option<usize>,
) -> Result<Vec<ShrinkCase>, SuiteError> {
    let jobs = select::jobs(catalogue, names, &[Engine::shuttle()])?;
    let buggy = |job: &Job| !job.variant.is_correct() && job.variant.missed(job.engine).is_none();
    let jobs: Vec<Job> = jobs.into_iter().filter(buggy).collect();
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let bar = progress_bar(cases, Arc::new(AtomicU64::new(0)));
    let cases = side_by_side(cases, at_once, |index| {
        let case = shrink_case(&jobs[index % jobs.len()], seed + (index / jobs.len()) as u64);
        bar.inc(1);
        case
    });
    bar.finish_and_clear();
    cases.into_iter().collect()
}

fn shrink_case(job: &Job, seed: u64) -> Result<ShrinkCase, SuiteError> {
    let result = job.run(&job.checker(seed, None));
    let failed = |source| SuiteError::Check { name: job.name(), source };
    let outcome = result.outcome.map_err(failed)?;
    let Some(found) = outcome.counterexample() else {
        let what = match outcome {
            Outcome::Holds(_) => "nothing failed",
            _ => "inconclusive",
        };
        return Err(failed(crate::CheckError::Engine(format!("{what} at seed {seed}"))));
    };
    let started = Instant::now();
    let study = job.variant.checker(job.engine).study(job.variant.program(job.engine), found, Effort::default());
    let (study, time) = (study.map_err(failed)?, started.elapsed());
    Ok(ShrinkCase {
        name: job.name(),
        seed,
        before: study.found,
        after: study.shrunk,
        same_verdict: study.counterexample.verdict.is_like(&found.verdict),
        certified: study.fewest.proven,
        replays: study.replays,
        time,
    })
}

pub(super) fn run(catalogue: &'static Catalogue, args: &ShrinkingArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    let cases = shrink_cases(catalogue, &args.patterns, args.cases, args.seed, args.jobs.map(usize::from))?;
    if args.json {
        let document = serde_json::json!({ "schema": 1, "cases": cases });
        terminal.print(&format!("{document:#}\n"));
    } else {
        terminal.print(&draw(&cases, terminal));
    }
    Ok(if cases.iter().all(ShrinkCase::is_kept) { EXIT_MET } else { EXIT_UNMET })
}

/// The distribution: a row for each variant, and one for all.
fn draw(cases: &[ShrinkCase], terminal: &Terminal) -> String {
    let mut table = table(terminal.style.ascii, terminal.style.width);
    table.set_header(["variant", "cases", "preemptions", "switches", "steps", "replays", "ms at 50, 90, 100 %"]);
    let mut names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let of_name: Vec<&ShrinkCase> = cases.iter().filter(|case| case.name == name).collect();
        table.add_row(row(name, &of_name));
    }
    table.add_row(row("all", &cases.iter().collect::<Vec<_>>()));
    let count = |is: &dyn Fn(&ShrinkCase) -> bool| cases.iter().filter(|case| is(case)).count();
    let all = cases.len();
    format!(
        "{table}\n\nleast–median–most, before → after\n{} of {all} fail as before, {} with no more preemptions, {} certified \
         to have the fewest\n",
        count(&|case| case.same_verdict),
        count(&|case| case.after.preemptions <= case.before.preemptions),
        count(&|case| case.certified),
    )
}

fn row(name: &str, cases: &[&ShrinkCase]) -> Vec<String> {
    let spread = |of: &dyn Fn(&ShrinkCase) -> usize| {
        let mut values: Vec<usize> = cases.iter().map(|case| of(case)).collect();
        values.sort_unstable();
        let (least, most) = (values.first().copied().unwrap_or(0), values.last().copied().unwrap_or(0));
        if least == most { least.to_string() } else { format!("{least}–{}–{most}", values[values.len() / 2]) }
    };
    let shrunk = |of: &dyn Fn(&Measure) -> usize| {
        format!("{} → {}", spread(&|case| of(&case.before)), spread(&|case| of(&case.after)))
    };
    let mut times: Vec<Duration> = cases.iter().map(|case| case.time).collect();
    times.sort_unstable();
    let time = |percent: usize| {
        let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(index).map_or_else(String::new, |time| format!("{:.1}", time.as_secs_f64() * 1_000.0))
    };
    vec![
        name.to_owned(),
        cases.len().to_string(),
        shrunk(&|measure| measure.preemptions),
        shrunk(&|measure| measure.switches),
        shrunk(&|measure| measure.steps),
        spread(&|case| usize::try_from(case.replays).unwrap_or(usize::MAX)),
        [50, 90, 100].map(time).join(", "),
    ]
}

//! What `raddle stress` prints.

use super::{Stress, StressFailure, Stressed};
use crate::report::text::{Style, clean};
use crate::suite::CheckResult;
use crate::suite::checked::ResultRow;
use crate::suite::terminal::grouped;
use crate::{Ending, Outcome};
use serde::Serialize;
use std::fmt::Write;
use std::time::Duration;

/// The version of the JSON's form.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    /// `family/pattern`.
    pattern: &'static str,
    variant: &'static str,
    /// `holds`, or the verdict that the variant declares.
    expected: &'static str,
    runs_wanted: u64,
    runs: u64,
    failed: u64,
    /// So many hung that the rest was left out.
    stopped_early: bool,
    deadline_millis: u64,
    failures: &'a [StressFailure],
    /// In how many ways the runs ended, and how often in each.
    endings: Vec<EndingRow<'a>>,
    /// What the engines came to, as `raddle check --json` has it.
    engines: Vec<ResultRow>,
}

#[derive(Serialize)]
struct EndingRow<'a> {
    #[serde(flatten)]
    ending: &'a Ending,
    runs: u64,
}

/// One document. `results` is the variant's, by each engine.
pub(super) fn json(stress: &Stress, stressed: &Stressed, results: &[CheckResult]) -> String {
    let job = results[0].job;
    let report = Report {
        schema: SCHEMA,
        pattern: job.pattern.name,
        variant: job.variant.name,
        expected: job.variant.declared().name(),
        runs_wanted: stress.runs,
        runs: stressed.runs,
        failed: stressed.failed(),
        stopped_early: stressed.runs < stress.runs,
        deadline_millis: u64::try_from(stress.deadline.as_millis()).unwrap_or(u64::MAX),
        failures: &stressed.failures,
        endings: stressed.endings.iter().map(|(ending, runs)| EndingRow { ending, runs: *runs }).collect(),
        engines: results.iter().map(ResultRow::new).collect(),
    };
    let mut text = serde_json::to_string_pretty(&report).expect("a report is plain data");
    text.push('\n');
    text
}

/// A line for the runs, one for each kind of failure, and one for each engine.
pub(super) fn text(stress: &Stress, stressed: &Stressed, results: &[CheckResult], style: Style) -> String {
    let job = results[0].job;
    let mut out = format!("{} · {} on real threads: ", job.pattern.name, job.variant.name);
    let counts = format!("{} of {} runs failed", grouped(stressed.failed()), grouped(stressed.runs));
    if stressed.failures.is_empty() {
        let _ = writeln!(out, "{counts}");
    } else {
        let kinds = stressed.failures.iter().map(|failure| format!("{} {}", grouped(failure.count), failure.kind));
        let _ = writeln!(out, "{} ({})", style.bad(&counts), kinds.collect::<Vec<_>>().join(", "));
    }
    for failure in &stressed.failures {
        let message = clean(failure.message.lines().next().unwrap_or_default());
        let _ = writeln!(out, "  {:<11} {:<6} {message}", failure.kind, grouped(failure.count));
    }
    let left_out = stress.runs - stressed.runs;
    if left_out > 0 {
        let (left_out, wanted) = (grouped(left_out), grouped(stress.runs));
        let _ = writeln!(
            out,
            "  {} after {} hung runs (--max-hangs): {left_out} of {wanted} runs were not made",
            style.warn("stopped    "),
            stress.max_hangs
        );
    }
    for (ending, runs) in stressed.endings.iter().filter(|(ending, _)| !ending.observed.is_empty()) {
        let observed = clean(&ending.observed.join(", "));
        let _ = writeln!(out, "  {:<11} {:<6} {observed}", ending.verdict, grouped(*runs));
    }
    for (index, result) in results.iter().enumerate() {
        let _ = writeln!(out, "  {:<11} {}", if index == 0 { "engines" } else { "" }, engine(result));
    }
    out
}

/// `loom: deadlock in execution 4`.
fn engine(result: &CheckResult) -> String {
    let engine = result.job.engine;
    match &result.outcome {
        Ok(Outcome::Fails(found)) => {
            format!("{engine}: {} in execution {}", found.verdict.name(), grouped(found.execution))
        }
        Ok(Outcome::Holds(coverage)) => {
            let missed = result.job.variant.missed(engine).map(|reason| format!(" (can't see it: {reason})"));
            format!("{engine}: holds: {coverage}{}", missed.unwrap_or_default())
        }
        Ok(Outcome::Inconclusive { executions, .. }) => {
            format!("{engine}: inconclusive after {} executions", grouped(*executions))
        }
        Err(error) => format!("{engine}: {}", clean(error.to_string().lines().next().unwrap_or_default())),
    }
}

/// `2 s`, `1.5 s`, `0.05 s`.
pub(super) fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

//! What a run of checks came to: everything that a report is made of, a baseline is held against, and a merge puts together.

use super::run::{CheckResult, Job, Part};
use super::shard::Shard;
use super::study::{self, Studied};
use super::{SuiteError, select};
use crate::{Budget, Catalogue, CheckError, Counterexample, Coverage, Engine, Finder, Outcome, Study};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version of the JSON's form.
const SCHEMA: u32 = 2;

/// A run of checks.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) catalogue: &'static Catalogue,
    pub(super) seed: u64,
    /// The budget that was asked for.
    pub(super) executions: Option<u64>,
    /// The names and the engines that were asked for.
    pub(super) patterns: Vec<String>,
    pub(super) engines: Vec<Engine>,
    /// Which of several machines' part this is.
    pub(super) shard: Option<Shard>,
    /// How many checks it was to be: more than there are results, if the user wanted an end.
    pub(super) wanted: usize,
    pub(super) results: Vec<CheckResult>,
    pub(super) studied: Vec<Studied>,
}

impl Checked {
    /// What this check found, as it is shown.
    pub(super) fn shown(&self, result: &CheckResult) -> Option<&Studied> {
        self.studied.iter().find(|(header, _)| study::is_of(header, result))
    }

    /// The results as JSON.
    pub(super) fn json(&self) -> String {
        let report = Report {
            schema: SCHEMA,
            catalogue: self.catalogue.name.to_owned(),
            seed: self.seed,
            executions: self.executions,
            patterns: self.patterns.clone(),
            engines: self.engines.clone(),
            shard: self.shard,
            checks: self.wanted,
            results: self.results.iter().map(ResultRow::new).collect(),
            counterexamples: self.studied.iter().map(Shown::new).collect(),
        };
        let mut text = serde_json::to_string_pretty(&report).expect("results are plain data");
        text.push('\n');
        crate::report::json::printable(&text)
    }

    /// Reads what [`Checked::json`] has written.
    pub(super) fn read(catalogue: &'static Catalogue, path: &Path) -> Result<Self, SuiteError> {
        Report::read(catalogue, path)?.checked(catalogue, path)
    }
}

/// The one field that every form has.
#[derive(Deserialize)]
struct Form {
    schema: u32,
}

/// The results as `--json` writes them, and `--baseline` and `merge` read them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    /// The form: 2.
    pub schema: u32,
    /// The catalogue's name.
    pub catalogue: String,
    /// The seed of engines that draw schedules.
    pub seed: u64,
    /// The budget, if one was given.
    pub executions: Option<u64>,
    /// The families, patterns and variants that were asked for; none for all.
    pub patterns: Vec<String>,
    /// The engines.
    pub engines: Vec<Engine>,
    /// Which part of the checks this is, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// How many checks were to be made: more than there are results if somebody ended it early.
    pub checks: usize,
    /// A row for each check, in the catalogue's order.
    pub results: Vec<ResultRow>,
    /// What they found, each way of failing once.
    pub counterexamples: Vec<Shown>,
}

/// One check.
#[derive(Debug, Serialize, Deserialize)]
pub struct ResultRow {
    /// `family/pattern`.
    pub pattern: String,
    /// The variant.
    pub variant: String,
    /// The engine.
    pub engine: Engine,
    /// Of a sampled budget that is split: which of its executions these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// `holds`, or the verdict that it has to reach.
    pub expected: String,
    /// `holds`, the verdict that it reached, `inconclusive`, or `error`.
    pub verdict: String,
    /// How much was searched, where nothing failed.
    pub coverage: Option<Coverage>,
    /// How many executions were run.
    pub executions: u64,
    /// Of an inconclusive search: which budget ran out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// Of an inconclusive exhaustive search: about which share of it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<f64>,
    /// At how many awaits a task was cancelled, where any may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits_cancelled: Option<usize>,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Whether it came to what was expected.
    pub met: bool,
    /// Why the check could not be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl ResultRow {
    pub(super) fn new(result: &CheckResult) -> Self {
        let outcome = result.outcome.as_ref();
        let (budget, done) = match outcome {
            Ok(Outcome::Inconclusive { budget, done, .. }) => (Some(*budget), *done),
            _ => (None, None),
        };
        ResultRow {
            pattern: result.job.pattern.name.to_owned(),
            variant: result.job.variant.name.to_owned(),
            engine: result.job.engine,
            part: result.job.part,
            expected: result.job.expect().name().to_owned(),
            verdict: result.verdict().to_owned(),
            coverage: match outcome {
                Ok(Outcome::Holds(coverage)) => Some(coverage.clone()),
                _ => None,
            },
            executions: outcome.map_or(0, Outcome::executions),
            budget,
            done,
            awaits_cancelled: result.awaits_cancelled,
            millis: u64::try_from(result.time.as_millis()).unwrap_or(u64::MAX),
            met: result.is_met(),
            error: outcome.err().map(ToString::to_string),
        }
    }

    fn name(&self) -> String {
        format!("{}/{}", self.pattern, self.variant)
    }
}

/// What one or several checks found, studied.
#[derive(Debug, Serialize, Deserialize)]
pub struct Shown {
    /// `family/pattern`.
    pub pattern: String,
    /// The variant.
    pub variant: String,
    /// The engines that found it.
    pub found: Vec<Finder>,
    /// The counterexample, and what is known of it.
    pub study: Study,
}

impl Shown {
    fn new((header, study): &Studied) -> Self {
        let (pattern, variant) = (header.pattern.clone(), header.variant.clone());
        Shown { pattern, variant, found: header.found.clone(), study: study.clone() }
    }
}

impl Report {
    /// Reads what [`Checked::json`] has written, of this catalogue.
    pub(super) fn read(catalogue: &'static Catalogue, path: &Path) -> Result<Self, SuiteError> {
        let foreign = |message: String| SuiteError::Foreign { path: path.into(), message };
        let no_report = |error: serde_json::Error| foreign(format!("no report of `raddle check --json`: {error}"));
        let text = std::fs::read(path).map_err(|source| SuiteError::Read { path: path.into(), source })?;
        let form: Form = serde_json::from_slice(&text).map_err(no_report)?;
        if form.schema != SCHEMA {
            return Err(foreign(format!("a report of form {}; this raddle reads form {SCHEMA}", form.schema)));
        }
        let report: Report = serde_json::from_slice(&text).map_err(no_report)?;
        if report.catalogue != catalogue.name {
            return Err(foreign(format!("of the catalogue `{}`; this is `{}`", report.catalogue, catalogue.name)));
        }
        Ok(report)
    }

    fn checked(self, catalogue: &'static Catalogue, path: &Path) -> Result<Checked, SuiteError> {
        let foreign = |message: String| SuiteError::Foreign { path: path.into(), message };
        let job = |name: &str, engine: Engine| {
            let (pattern, variant) = select::variant(catalogue, name)
                .map_err(|error| foreign(format!("{error}, of which it has results")))?;
            Ok::<Job, SuiteError>(Job { regressions: catalogue.regressions, ..Job::new(pattern, variant, engine) })
        };
        let mut results = Vec::new();
        for row in &self.results {
            let job = Job { part: row.part, ..job(&row.name(), row.engine)? };
            let outcome = self.outcome(row).map_err(foreign)?;
            let time = std::time::Duration::from_millis(row.millis);
            results.push(CheckResult { job, outcome, awaits_cancelled: row.awaits_cancelled, time });
        }
        let mut studied = Vec::new();
        for shown in self.counterexamples {
            let (pattern, variant) = select::variant(catalogue, &format!("{}/{}", shown.pattern, shown.variant))?;
            studied.push((study::header(pattern, variant, shown.found), shown.study));
        }
        let Report { seed, executions, patterns, engines, shard, checks: wanted, .. } =
            Report { counterexamples: Vec::new(), ..self };
        Ok(Checked { catalogue, seed, executions, patterns, engines, shard, wanted, results, studied })
    }

    fn outcome(&self, row: &ResultRow) -> Result<Result<Outcome, CheckError>, String> {
        if let Some(error) = &row.error {
            return Ok(Err(CheckError::Reported(error.clone())));
        }
        if let Some(budget) = row.budget {
            return Ok(Ok(Outcome::Inconclusive {
                budget,
                executions: row.executions,
                done: row.done,
                tried: Vec::new(),
            }));
        }
        if let Some(coverage) = &row.coverage {
            return Ok(Ok(Outcome::Holds(coverage.clone())));
        }
        let is_of = |shown: &&Shown| {
            shown.pattern == row.pattern
                && shown.variant == row.variant
                && shown.found.iter().any(|finder| finder.engine == row.engine && finder.execution == row.executions)
        };
        let shown = self.counterexamples.iter().find(is_of);
        let shown =
            shown.ok_or_else(|| format!("the counterexample of {} under {} is missing", row.name(), row.engine))?;
        let finder = shown.found.iter().find(|finder| finder.engine == row.engine);
        let found_by = finder.and_then(|finder| finder.member);
        let found = Counterexample { execution: row.executions, found_by, ..shown.study.counterexample.clone() };
        Ok(Ok(Outcome::Fails(Box::new(found))))
    }
}

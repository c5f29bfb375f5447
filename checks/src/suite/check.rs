//! `raddle check`: the matrix, the counterexamples, the JSON.

use super::cli::CheckArgs;
use super::run::{CheckResult, run_jobs_keeping};
use super::study::{self, Studied};
use super::terminal::{Terminal, table};
use super::{EXIT_INCONCLUSIVE, EXIT_MET, EXIT_UNMET, EXIT_USAGE, SuiteError, select};
use crate::report::text::{Style, clean, counterexample};
use crate::{Catalogue, Coverage, Engine, Outcome};
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// The version of the JSON's form.
const SCHEMA: u32 = 1;

/// The results as `--json` writes them.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The form: 1.
    pub schema: u32,
    /// A row for each check, in the catalogue's order.
    pub results: Vec<ResultRow>,
}

/// One check.
#[derive(Debug, Serialize)]
pub struct ResultRow {
    /// `family/pattern`.
    pub pattern: String,
    /// The variant.
    pub variant: String,
    /// The engine.
    pub engine: Engine,
    /// `holds`, or the verdict that it has to reach.
    pub expected: &'static str,
    /// `holds`, the verdict that it reached, `inconclusive`, or `error`.
    pub verdict: &'static str,
    /// How much was searched, where nothing failed.
    pub coverage: Option<Coverage>,
    /// How many executions were run.
    pub executions: u64,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Whether it came to what was expected.
    pub met: bool,
    /// Why the check could not be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl ResultRow {
    pub(super) fn new(result: &CheckResult) -> Self {
        let outcome = result.outcome.as_ref();
        ResultRow {
            pattern: result.job.pattern.name.to_owned(),
            variant: result.job.variant.name.to_owned(),
            engine: result.job.engine,
            expected: result.job.expect().name(),
            verdict: result.verdict(),
            coverage: match outcome {
                Ok(Outcome::Holds(coverage)) => Some(coverage.clone()),
                _ => None,
            },
            executions: outcome.map_or(0, Outcome::executions),
            millis: u64::try_from(result.time.as_millis()).unwrap_or(u64::MAX),
            met: result.is_met(),
            error: outcome.err().map(ToString::to_string),
        }
    }
}

pub(super) fn run(catalogue: &'static Catalogue, args: &CheckArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    let selection = &args.selection;
    let jobs = select::jobs(catalogue, &selection.patterns, &selection.engines())?;
    if let Some(path) = args.json.as_deref().filter(|path| *path != Path::new("-")) {
        is_writable(path)?;
    }
    let at_once = selection.jobs.map(usize::from);
    let checkpoints = args.checkpoints.as_deref();
    let results = run_jobs_keeping(&jobs, selection.seed, selection.executions, at_once, checkpoints);
    let report = Report { schema: SCHEMA, results: results.iter().map(ResultRow::new).collect() };
    let json = || {
        let mut text = serde_json::to_string_pretty(&report).expect("results are plain data");
        text.push('\n');
        text
    };
    match args.json.as_deref() {
        Some(path) if path == Path::new("-") => terminal.print(&json()),
        path => {
            if !args.quiet {
                terminal.print(&counterexamples(&results, selection.seed, terminal.style)?);
            }
            terminal.print(&matrix(&results, terminal.style, terminal.style.width));
            if let Some(path) = path {
                crate::schedule::write_whole(path, json().as_bytes())
                    .map_err(|source| SuiteError::Write { path: path.into(), source })?;
            }
        }
    }
    for result in &results {
        if let Err(error) = &result.outcome {
            terminal.error(&format!("{} under {}: {error}", result.job.name(), result.job.engine));
        }
    }
    Ok(exit_code(&results))
}

/// Fails before an hour of checking, not after it.
fn is_writable(path: &Path) -> Result<(), SuiteError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let probe = if path.is_dir() {
        Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, "is a folder, not a file"))
    } else {
        tempfile::NamedTempFile::new_in(folder).map(drop)
    };
    probe.map_err(|source| SuiteError::Write { path: path.into(), source })
}

/// An expectation not met counts most, then a check that could not be made, then a search cut short.
pub(super) fn exit_code(results: &[CheckResult]) -> u8 {
    let any = |is: fn(&CheckResult) -> bool| results.iter().any(is);
    let wrong =
        |result: &CheckResult| !result.is_met() && !matches!(result.outcome, Ok(Outcome::Inconclusive { .. }) | Err(_));
    if any(wrong) {
        EXIT_UNMET
    } else if any(|result| result.outcome.is_err()) {
        EXIT_USAGE
    } else if any(|result| matches!(result.outcome, Ok(Outcome::Inconclusive { .. }))) {
        EXIT_INCONCLUSIVE
    } else {
        EXIT_MET
    }
}

/// The counterexample of each bug, and of everything that should have held.
fn counterexamples(results: &[CheckResult], seed: u64, style: Style) -> Result<String, SuiteError> {
    let studied = study::counterexamples(results, seed)?;
    let draw = |(header, study): &Studied| counterexample(Some(header), study, &style) + "\n";
    Ok(studied.iter().map(draw).collect())
}

/// A row for each variant, a column for each engine, and a summary.
#[must_use]
pub fn matrix(results: &[CheckResult], style: Style, width: usize) -> String {
    let mut engines: Vec<Engine> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for result in results {
        if !engines.contains(&result.job.engine) {
            engines.push(result.job.engine);
        }
        if !names.contains(&result.job.name()) {
            names.push(result.job.name());
        }
    }
    let mut table = table(style.ascii, width);
    let mut head = vec!["variant".to_owned(), "expected".to_owned()];
    head.extend(engines.iter().map(|engine| engine.name().to_owned()));
    table.set_header(head);
    for name in &names {
        let of_name: Vec<&CheckResult> = results.iter().filter(|result| result.job.name() == *name).collect();
        let mut row = vec![name.clone(), of_name[0].job.variant.declared().name().to_owned()];
        for engine in &engines {
            let result = of_name.iter().find(|result| result.job.engine == *engine);
            row.push(result.map_or_else(String::new, |result| cell(result)));
        }
        table.add_row(row);
    }
    let met = results.iter().filter(|result| result.is_met()).count();
    let mut summary = format!("{met} of {} expectations met", results.len());
    for verdict in ["inconclusive", "error"] {
        let count = results.iter().filter(|result| result.verdict() == verdict).count();
        if count > 0 {
            let _ = write!(summary, ", {count} {verdict}");
        }
    }
    let summary = if met == results.len() { style.good(&summary) } else { style.bad(&summary) };
    // Colour goes in afterwards: a table's widths are those of its plain text.
    let guarantees: String =
        engines.iter().filter_map(|engine| Some(format!("{engine}: {}\n\n", engine.guarantee()?))).collect();
    let table = table.to_string().replace('✓', &style.good("✓")).replace('✗', &style.bad("✗"));
    format!("{}\n\n{guarantees}{summary}\n", style.chars(&table))
}

/// `✓ deadlock · 4`: whether it is met, what it came to, how many executions that took.
fn cell(result: &CheckResult) -> String {
    let mark = if result.is_met() { "✓" } else { "✗" };
    let missed = if result.job.variant.missed(result.job.engine).is_some() { " (missed, as declared)" } else { "" };
    match &result.outcome {
        Ok(Outcome::Holds(coverage)) => format!("{mark} {coverage} {}{missed}", coverage.executions()),
        Ok(Outcome::Fails(found)) => format!("{mark} {} in {}", found.verdict.name(), found.execution),
        Ok(Outcome::Inconclusive { executions, done: Some(done), .. }) => {
            format!("{mark} inconclusive {executions}, about {done:.2e} of it")
        }
        Ok(Outcome::Inconclusive { executions, .. }) => format!("{mark} inconclusive {executions}"),
        Err(error) => format!("{mark} error: {}", clean(error.to_string().lines().next().unwrap_or_default())),
    }
}

//! `raddle check`: the matrix, the counterexamples, the JSON and the Markdown.

use super::cli::CheckArgs;
use super::render::write;
use super::run::{CheckResult, run_jobs_keeping};
use super::study::{self, Studied};
use super::terminal::{Terminal, grouped, table};
use super::{EXIT_INCONCLUSIVE, EXIT_MET, EXIT_UNMET, EXIT_USAGE, SuiteError, coverage, select};
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
    /// At how many awaits a task was cancelled, where any may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awaits_cancelled: Option<usize>,
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
            awaits_cancelled: result.awaits_cancelled,
            millis: u64::try_from(result.time.as_millis()).unwrap_or(u64::MAX),
            met: result.is_met(),
            error: outcome.err().map(ToString::to_string),
        }
    }
}

pub(super) fn run(catalogue: &'static Catalogue, args: &CheckArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    let selection = &args.selection;
    let jobs = select::jobs(catalogue, &selection.patterns, &selection.engines())?;
    let (json, markdown) = (args.json.as_deref(), args.markdown.as_deref());
    let on_stdout = are_writable(json, markdown)?;
    let at_once = selection.jobs.map(usize::from);
    let checkpoints = args.checkpoints.as_deref();
    let results = run_jobs_keeping(&jobs, selection.seed, selection.executions, at_once, checkpoints);
    if !on_stdout {
        if !args.quiet {
            terminal.print(&counterexamples(&results, selection.seed, terminal.style)?);
        }
        terminal.print(&matrix(&results, terminal.style, terminal.style.width));
    }
    if let Some(path) = json {
        put(path, &report(&results), terminal)?;
    }
    if let Some(path) = markdown {
        put(path, &coverage::document(&results, selection.seed), terminal)?;
    }
    for result in &results {
        if let Err(error) = &result.outcome {
            terminal.error(&format!("{} under {}: {error}", result.job.name(), result.job.engine));
        }
    }
    Ok(exit_code(&results))
}

/// The results as JSON.
fn report(results: &[CheckResult]) -> String {
    let report = Report { schema: SCHEMA, results: results.iter().map(ResultRow::new).collect() };
    let mut text = serde_json::to_string_pretty(&report).expect("results are plain data");
    text.push('\n');
    text
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes a document to where it was asked for.
fn put(path: &Path, text: &str, terminal: &Terminal) -> Result<(), SuiteError> {
    if is_stdout(path) {
        terminal.print_exactly(text);
        return Ok(());
    }
    write(path, text)
}

/// Fails before an hour of checking, not after it. Gives whether a document takes stdout.
fn are_writable(json: Option<&Path>, markdown: Option<&Path>) -> Result<bool, SuiteError> {
    let (on_stdout, files): (Vec<&Path>, Vec<&Path>) =
        json.into_iter().chain(markdown).partition(|path| is_stdout(path));
    if on_stdout.len() > 1 {
        let source = std::io::Error::other("stdout takes one document: give --json or --markdown a file");
        return Err(SuiteError::Write { path: on_stdout[0].into(), source });
    }
    files.into_iter().try_for_each(is_writable)?;
    Ok(!on_stdout.is_empty())
}

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

/// The results in groups of one key each, in the order in which keys first appear.
pub(super) fn by<'a, K: PartialEq>(
    results: impl IntoIterator<Item = &'a CheckResult>,
    key: impl Fn(&'a CheckResult) -> K,
) -> Vec<(K, Vec<&'a CheckResult>)> {
    let mut groups: Vec<(K, Vec<&CheckResult>)> = Vec::new();
    for result in results {
        let key = key(result);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(result),
            None => groups.push((key, vec![result])),
        }
    }
    groups
}

/// The engines, in the order in which they first appear.
pub(super) fn engines(results: &[CheckResult]) -> Vec<Engine> {
    by(results, |result| result.job.engine).into_iter().map(|(engine, _)| engine).collect()
}

/// A row for each variant, a column for each engine, and a summary.
#[must_use]
pub fn matrix(results: &[CheckResult], style: Style, width: usize) -> String {
    let engines = engines(results);
    let mut table = table(style.ascii, width);
    let mut head = vec!["variant".to_owned(), "expected".to_owned()];
    head.extend(engines.iter().map(|engine| engine.name().to_owned()));
    table.set_header(head);
    for (name, of_name) in by(results, |result| result.job.name()) {
        let mut row = vec![name, of_name[0].job.variant.declared().name().to_owned()];
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

/// `✓ deadlock in 4`: whether it is met, what it came to, how many executions that took.
fn cell(result: &CheckResult) -> String {
    let mark = if result.is_met() { "✓" } else { "✗" };
    let missed = result.job.variant.missed(result.job.engine).is_some();
    let note = match &result.outcome {
        Ok(Outcome::Holds(_)) if missed => " (missed, as declared)".to_owned(),
        Err(error) => format!(": {}", clean(error.to_string().lines().next().unwrap_or_default())),
        _ => String::new(),
    };
    format!("{mark} {}{note}", came_to(result))
}

/// `deadlock in 4`: what it came to, and how many executions that took.
pub(super) fn came_to(result: &CheckResult) -> String {
    match &result.outcome {
        Ok(Outcome::Holds(coverage)) => {
            let awaits = result.awaits_cancelled.map(|awaits| format!(", cancelled at {awaits} awaits"));
            format!("{coverage} {}{}", grouped(coverage.executions()), awaits.unwrap_or_default())
        }
        Ok(Outcome::Fails(found)) => format!("{} in {}", found.verdict.name(), grouped(found.execution)),
        Ok(Outcome::Inconclusive { executions, done: Some(done), .. }) => {
            format!("inconclusive {}, about {done:.2e} of it", grouped(*executions))
        }
        Ok(Outcome::Inconclusive { executions, .. }) => format!("inconclusive {}", grouped(*executions)),
        Err(_) => "error".to_owned(),
    }
}

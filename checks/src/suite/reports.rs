//! What a run of checks came to, in the forms that people and CI systems read: each reads [`Checked`] and nothing else.

mod coverage;
mod finding;
mod github;
mod junit;
mod matrix;
mod sarif;

pub use matrix::matrix;
pub(super) use matrix::{by, came_to, engines};

use super::baseline::{self, Comparison};
use super::checked::Checked;
use super::cli::Outputs;
use super::render::write;
use super::run::CheckResult;
use super::terminal::Terminal;
use super::{EXIT_INCONCLUSIVE, EXIT_INTERRUPTED, EXIT_MET, EXIT_UNMET, EXIT_USAGE, EXIT_WORSE, SuiteError};
use crate::Outcome;
use crate::report::text::counterexample;
use finding::findings;
use std::path::{Path, PathBuf};

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

impl Outputs {
    fn documents(&self) -> impl Iterator<Item = &Path> {
        [&self.json, &self.markdown, &self.junit, &self.sarif].into_iter().flatten().map(PathBuf::as_path)
    }

    /// Whether anything but the matrix shows counterexamples.
    pub(super) fn show_counterexamples(&self) -> bool {
        !self.quiet || self.github || self.json.is_some() || self.junit.is_some() || self.sarif.is_some()
    }

    /// Fails before an hour of checking, not after it. Gives whether a document takes stdout.
    pub(super) fn are_writable(&self) -> Result<bool, SuiteError> {
        let (on_stdout, files): (Vec<&Path>, Vec<&Path>) = self.documents().partition(|path| is_stdout(path));
        if on_stdout.len() > 1 {
            let source = std::io::Error::other(
                "stdout takes one document of --json, --markdown, --junit and --sarif: give the others a file",
            );
            return Err(SuiteError::Write { path: on_stdout[0].into(), source });
        }
        files.into_iter().try_for_each(is_writable)?;
        if let Some(path) = &self.baseline {
            std::fs::File::open(path).map_err(|source| SuiteError::Read { path: path.clone(), source })?;
        }
        Ok(!on_stdout.is_empty())
    }
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

/// Writes a document to where it was asked for.
fn put(path: Option<&Path>, text: impl FnOnce() -> String, terminal: &Terminal) -> Result<(), SuiteError> {
    match path {
        Some(path) if is_stdout(path) => terminal.print_exactly(&text()),
        Some(path) => write(path, &text())?,
        None => {}
    }
    Ok(())
}

/// Prints and writes all that was asked for, and gives the exit code.
pub(super) fn deliver(
    checked: &Checked,
    outputs: &Outputs,
    on_stdout: bool,
    terminal: &Terminal,
) -> Result<u8, SuiteError> {
    let comparison = match &outputs.baseline {
        Some(path) => Some(baseline::compare(checked, path, outputs.factor)?),
        None => None,
    };
    if !on_stdout {
        if !outputs.quiet {
            let draw = |(header, study): &_| counterexample(Some(header), study, &terminal.style) + "\n";
            terminal.print(&checked.studied.iter().map(draw).collect::<String>());
        }
        terminal.print(&matrix(&checked.results, terminal.style, terminal.style.width));
    }
    put(outputs.json.as_deref(), || checked.json(), terminal)?;
    put(outputs.markdown.as_deref(), || coverage::document(&checked.results, checked.seed), terminal)?;
    put(outputs.junit.as_deref(), || junit::document(checked), terminal)?;
    put(outputs.sarif.as_deref(), || sarif::document(checked, outputs.findings), terminal)?;
    if outputs.github {
        github::annotate(checked, on_stdout, terminal)?;
    }
    for result in &checked.results {
        if let Err(error) = &result.outcome {
            terminal.error(&format!("{} under {}: {error}", result.job.name(), result.job.engine));
        }
    }
    let (done, wanted) = (checked.results.len(), checked.wanted);
    if done < wanted {
        terminal.error(&format!("interrupted: {done} of {wanted} checks were done"));
        return Ok(EXIT_INTERRUPTED);
    }
    Ok(match comparison {
        Some(comparison) => against(checked, &comparison, terminal),
        None => exit_code(&checked.results),
    })
}

/// Says what is worse than it was; what was known before is no failure.
fn against(checked: &Checked, comparison: &Comparison, terminal: &Terminal) -> u8 {
    let new: Vec<CheckResult> = comparison.new.iter().map(|index| checked.results[*index].clone()).collect();
    for finding in findings(checked).iter().filter(|finding| {
        new.iter().any(|new| new.job.name() == finding.result.job.name() && new.job.engine == finding.result.job.engine)
    }) {
        terminal.error(&format!("new since the baseline: {}", finding.message()));
    }
    for line in &comparison.worse {
        terminal.error(&format!("worse than the baseline: {line}"));
    }
    if comparison.known > 0 {
        terminal.note(&format!("{} findings were known before\n", comparison.known));
    }
    match exit_code(&new) {
        EXIT_MET if !comparison.worse.is_empty() => EXIT_WORSE,
        code => code,
    }
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

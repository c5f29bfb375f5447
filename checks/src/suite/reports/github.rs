//! `--github`: annotations for GitHub's checks, and the job's summary.

use super::coverage;
use super::finding::{Finding, Severity, findings};
use crate::suite::SuiteError;
use crate::suite::checked::Checked;
use crate::suite::terminal::Terminal;
use crate::verdict::Place;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// The file that a job's summary goes to, by GitHub's word.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Prints an annotation for each finding, and adds the tables to the summary, if there is one.
pub(super) fn annotate(checked: &Checked, on_stdout: bool, terminal: &Terminal) -> Result<(), SuiteError> {
    let annotations: String = findings(checked).iter().map(annotation).collect();
    // Both are read.
    if on_stdout {
        terminal.note(&annotations);
    } else {
        terminal.print_exactly(&annotations);
    }
    let Some(path) = std::env::var_os(SUMMARY).filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return Ok(());
    };
    let file = OpenOptions::new().append(true).create(true).open(&path);
    let written = file.and_then(|mut file| file.write_all(summary(checked).as_bytes()));
    written.map_err(|source| SuiteError::Write { path, source })
}

fn annotation(finding: &Finding<'_>) -> String {
    let level = if finding.severity() == Severity::Warning { "warning" } else { "error" };
    let title = format!("{} · {}", finding.result.job.variant.name, finding.rule());
    let Place { file, line, column } = finding.place();
    let (file, title, message) = (property(&file), property(&title), data(&finding.message()));
    format!("::{level} file={file},line={line},col={column},title={title}::{message}\n")
}

/// What a workflow command's message may have in it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What a workflow command's property may.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The findings, and a table of the families.
fn summary(checked: &Checked) -> String {
    let met = checked.results.iter().filter(|result| result.is_met()).count();
    let mut text = format!("## raddle: {met} of {} expectations met\n\n", checked.results.len());
    for (rule, count) in counts(&findings(checked)) {
        let _ = writeln!(text, "- {count} {rule}");
    }
    text.push('\n');
    text.push_str(&coverage::summary_of(&checked.results));
    text.push('\n');
    text
}

fn counts(findings: &[Finding<'_>]) -> Vec<(&'static str, usize)> {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for finding in findings {
        match counts.iter_mut().find(|(rule, _)| *rule == finding.rule()) {
            Some((_, count)) => *count += 1,
            None => counts.push((finding.rule(), 1)),
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_ends_it() {
        assert_eq!(data("100 %\r\n::error::"), "100 %25%0D%0A::error::");
        assert_eq!(property("a,b:c\n"), "a%2Cb%3Ac%0A");
    }
}

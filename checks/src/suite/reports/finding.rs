//! What CI has to know: a check that did not come to what was expected.

use crate::report::text::clean;
use crate::suite::checked::Checked;
use crate::suite::run::CheckResult;
use crate::suite::select;
use crate::suite::study::Studied;
use crate::verdict::{Place, Verdict};
use crate::{Budget, Expect, Outcome, Trace};

/// A check, as CI systems see one.
pub(super) struct Finding<'a> {
    pub(super) result: &'a CheckResult,
    /// Its counterexample, if it has one.
    pub(super) shown: Option<&'a Studied>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    /// It came to what was expected.
    Pass,
    /// A search was cut short.
    Warning,
    /// An expectation is not met, or a check could not be made.
    Error,
}

/// Every check.
pub(super) fn all(checked: &Checked) -> Vec<Finding<'_>> {
    checked.results.iter().map(|result| Finding { result, shown: checked.shown(result) }).collect()
}

/// Those that did not come to what was expected.
pub(super) fn findings(checked: &Checked) -> Vec<Finding<'_>> {
    let mut all = all(checked);
    all.retain(|finding| finding.severity() != Severity::Pass);
    all
}

impl Finding<'_> {
    pub(super) fn severity(&self) -> Severity {
        match &self.result.outcome {
            _ if self.result.is_met() => Severity::Pass,
            Ok(Outcome::Inconclusive { .. }) => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// One word or two: a verdict's name, `missed` for a bug that was not found, `inconclusive`, `error`, `holds`.
    pub(super) fn rule(&self) -> &'static str {
        let missed = matches!(self.result.outcome, Ok(Outcome::Holds(_))) && self.result.job.expect() != Expect::Holds;
        if missed { "missed" } else { self.result.verdict() }
    }

    /// What it came to, and what was expected if that is something else: one line.
    pub(super) fn message(&self) -> String {
        let (job, expected) = (&self.result.job, self.result.job.expect());
        let came_to = match &self.result.outcome {
            Ok(Outcome::Fails(found)) => format!("{}: {}", found.verdict.name(), found.verdict),
            Ok(Outcome::Holds(coverage)) => format!("nothing failed: {coverage}"),
            Ok(Outcome::Inconclusive { budget: Budget::Steps, executions, .. }) => format!(
                "inconclusive: an execution had too many steps ({executions} were run): a loop that tries again has to \
                 `yield_now`"
            ),
            Ok(Outcome::Inconclusive { budget: Budget::Model, executions, .. }) => format!(
                "inconclusive: what the engine found failing no machine can show, or could not be judged ({executions} \
                 executions were run)"
            ),
            Ok(Outcome::Inconclusive { executions, .. }) => {
                format!("inconclusive: a budget ran out after {executions} executions, which says nothing")
            }
            Err(error) => error.to_string(),
        };
        let expected = if self.result.is_met() { String::new() } else { format!("; expected: {expected}") };
        let lines = came_to.lines().collect::<Vec<_>>().join("; ");
        clean(&format!("{} under {}: {lines}{expected}", job.name(), job.engine))
    }

    /// Where to look first.
    pub(super) fn place(&self) -> Place {
        let shown = self.shown.map(|(_, study)| &study.counterexample);
        let found = shown.or_else(|| self.result.counterexample());
        found.and_then(|found| place(&found.verdict, &found.trace)).unwrap_or_else(|| self.declared())
    }

    /// The variant's own function; where it has none of its name, its declaration.
    fn declared(&self) -> Place {
        let job = &self.result.job;
        let source = &job.pattern.source;
        let function = select::function(source.text, job.variant.name).map(|(start, _)| start);
        let name = format!("{:?}", job.variant.name);
        let start = function.or_else(|| source.text.lines().position(|line| line.contains(&name))).unwrap_or_default();
        Place { file: source.path.to_owned(), line: u32::try_from(start + 1).unwrap_or(1), column: 1 }
    }
}

fn place(verdict: &Verdict, trace: &Trace) -> Option<Place> {
    let last = || trace.events.iter().rev().map(|event| &event.at).find(|at| !at.is_nowhere()).cloned();
    match verdict {
        Verdict::Assertion { at: Some(at), .. } => Some(at.clone()),
        Verdict::DataRace { second, .. } => Some(second.at.clone()),
        Verdict::Deadlock { cycle } => cycle.first().map(|wait| wait.at.clone()),
        Verdict::Stuck { waiting } => waiting.first().map(|waiting| waiting.at.clone()),
        _ => last(),
    }
}

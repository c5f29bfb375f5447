//! `--baseline`: what is worse than it was.

use super::SuiteError;
use super::checked::{Checked, Report, ResultRow};
use super::select;
use super::terminal::grouped;
use crate::{Budget, Coverage, Engine, Searched};
use std::path::Path;

/// What came of holding a run against an earlier one.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// The results that are findings now and were none then, by their place.
    pub(super) new: Vec<usize>,
    /// Findings that were there before.
    pub(super) known: usize,
    /// What is worse without being a finding: a line each.
    pub(super) worse: Vec<String>,
}

/// How many times as many executions a bug may take.
pub(super) const FACTOR: f64 = 10.0;

pub(super) fn compare(now: &Checked, path: &Path, factor: f64) -> Result<Comparison, SuiteError> {
    let before = Report::read(now.catalogue, path)?;
    let mut comparison = Comparison::default();
    for (index, result) in now.results.iter().enumerate() {
        let row = ResultRow::new(result);
        let was = before.results.iter().find(|was| key(was) == key(&row));
        if row.met {
            comparison.worse.extend(was.and_then(|was| worse(&row, was, factor)));
        } else if was.is_some_and(|was| !was.met && was.verdict == row.verdict) {
            comparison.known += 1;
            comparison.worse.extend(was.and_then(|was| worse(&row, was, factor)));
        } else {
            comparison.new.push(index);
        }
    }
    // A shard has not all of them, and neither has a run that was ended early.
    if now.shard.is_none() && now.results.len() == now.wanted {
        for was in before.results.iter().filter(|was| is_asked_for(now, was)) {
            if !now.results.iter().any(|result| key(&ResultRow::new(result)) == key(was)) {
                comparison.worse.push(format!("{} is not checked any more", name(was)));
            }
        }
    }
    Ok(comparison)
}

fn key(row: &ResultRow) -> (&str, &str, Engine) {
    (&row.pattern, &row.variant, row.engine)
}

fn name(row: &ResultRow) -> String {
    format!("{}/{} under {}", row.pattern, row.variant, row.engine)
}

/// Whether this run was to make that check, too, if there still is one.
fn is_asked_for(now: &Checked, row: &ResultRow) -> bool {
    let full = format!("{}/{}", row.pattern, row.variant);
    let named = now.patterns.is_empty() || now.patterns.iter().any(|name| select::is_called(name, &full));
    named && now.engines.contains(&row.engine)
}

/// How a search is worse than the earlier one, if it is.
fn worse(now: &ResultRow, was: &ResultRow, factor: f64) -> Option<String> {
    let name = name(now);
    let (executions, then) = (grouped(now.executions), grouped(was.executions));
    if let (Some(coverage), Some(earlier)) = (&now.coverage, &was.coverage) {
        if rank(coverage) < rank(earlier) {
            return Some(format!(
                "{name}: the search is {} now ({executions} executions), and was {} ({then})",
                coverage.word(),
                earlier.word()
            ));
        }
        let fewer = now.executions < was.executions && rank(coverage) == rank(earlier);
        return fewer
            .then(|| format!("{name}: {executions} executions explored ({}), and there were {then}", coverage.word()));
    }
    if now.budget.is_some() && was.budget.is_some() {
        // How far the clock lets it get differs from run to run.
        let fewer = now.executions < was.executions && now.budget != Some(Budget::Time);
        return fewer
            .then(|| format!("{name}: {executions} executions before the budget ran out, and there were {then}"));
    }
    #[expect(clippy::cast_precision_loss, reason = "a ratio")]
    let later = now.executions as f64 > factor * was.executions as f64;
    let both_found =
        now.coverage.is_none() && was.coverage.is_none() && now.verdict == was.verdict && now.error.is_none();
    (both_found && later).then(|| {
        format!("{name}: found in execution {executions}, and it was {then}: more than {factor} times as late")
    })
}

/// What is complete for more comes after.
fn rank(coverage: &Coverage) -> (u8, usize) {
    match coverage.searched {
        Searched::Sampled { .. } => (0, 0),
        Searched::Bounded { preemptions } => (1, preemptions),
        Searched::Explored => (2, 0),
        Searched::Every => (3, 0),
    }
}

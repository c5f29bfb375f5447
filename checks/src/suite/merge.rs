//! `raddle merge`: the reports of several machines as the one that a single machine would have written.

use super::checked::Checked;
use super::cli::MergeArgs;
use super::reports;
use super::run::{CheckResult, Job};
use super::study::{Studied, is_alike};
use super::terminal::Terminal;
use super::{SuiteError, select};
use crate::report::Header;
use crate::{Catalogue, Coverage, Outcome, Searched};
use std::path::Path;

pub(super) fn run(catalogue: &'static Catalogue, args: &MergeArgs, terminal: &Terminal) -> Result<u8, SuiteError> {
    let on_stdout = args.outputs.are_writable()?;
    let mut parts = Vec::new();
    for path in &args.reports {
        parts.push((path.as_path(), Checked::read(catalogue, path)?));
    }
    let whole = merge(catalogue, parts)?;
    reports::deliver(&whole, &args.outputs, on_stdout, terminal)
}

/// # Errors
/// If the reports are not those of all shards of one run.
fn merge(catalogue: &'static Catalogue, mut parts: Vec<(&Path, Checked)>) -> Result<Checked, SuiteError> {
    parts.sort_by_key(|(_, part)| part.shard.map(|shard| shard.index));
    fit(&parts)?;
    let (seed, executions) = (parts[0].1.seed, parts[0].1.executions);
    let (patterns, engines) = (parts[0].1.patterns.clone(), parts[0].1.engines.clone());
    // Each with what shows it.
    let mut results: Vec<(CheckResult, Option<Studied>)> = Vec::new();
    for (_, part) in parts {
        let shown: Vec<_> = part.results.iter().map(|result| part.shown(result).cloned()).collect();
        results.extend(part.results.into_iter().zip(shown));
    }
    let order = select::jobs(catalogue, &patterns, &engines)?;
    let position = |job: &Job| order.iter().position(|other| is_same(job, other));
    results.sort_by_key(|(result, _)| (position(&result.job), result.job.part.map(|part| part.first)));
    let mut whole: Vec<(CheckResult, Option<Studied>)> = Vec::new();
    for (result, shown) in results {
        match whole.last_mut().filter(|(last, _)| is_same(&last.job, &result.job)) {
            Some(last) => add(last, (result, shown)),
            None => whole.push((result, shown)),
        }
    }
    for (result, _) in &mut whole {
        result.job.part = None;
    }
    let studied = studied(&whole);
    let results: Vec<CheckResult> = whole.into_iter().map(|(result, _)| result).collect();
    Ok(Checked { catalogue, seed, executions, patterns, engines, shard: None, wanted: results.len(), results, studied })
}

fn is_same(one: &Job, other: &Job) -> bool {
    one.engine == other.engine && one.name() == other.name()
}

/// Whether the reports, in the order of their shards, are those of one run, and whole.
fn fit(parts: &[(&Path, Checked)]) -> Result<(), SuiteError> {
    let foreign = |path: &Path, message: String| Err(SuiteError::Foreign { path: path.into(), message });
    let (first_path, first) = &parts[0];
    for (index, (path, part)) in parts.iter().enumerate() {
        let Some(shard) = part.shard else {
            return foreign(path, "the report of a whole run: there is nothing to merge it with".into());
        };
        let asked = |part: &Checked| {
            let of = part.shard.map(|shard| shard.of);
            (of, part.seed, part.executions, part.patterns.clone(), part.engines.clone())
        };
        if asked(part) != asked(first) {
            return foreign(
                path,
                format!(
                    "of another run than {}: shards, seed, budget, patterns and engines have to be the same",
                    first_path.display()
                ),
            );
        }
        let next = index as u64 + 1;
        if shard.index < next {
            return foreign(path, format!("shard {shard}, which {} is, too", parts[index - 1].0.display()));
        }
        if shard.index > next {
            return foreign(path, format!("shard {shard}; the report of shard {next}/{} is missing", shard.of));
        }
        if part.results.len() < part.wanted {
            let (done, wanted) = (part.results.len(), part.wanted);
            return foreign(
                path,
                format!("it was ended early, after {done} of {wanted} checks: run shard {shard} again"),
            );
        }
    }
    let (last_path, last) = &parts[parts.len() - 1];
    match last.shard {
        Some(shard) if shard.index < shard.of => {
            let missing = shard.index + 1;
            foreign(last_path, format!("shard {shard}; the report of shard {missing}/{} is missing", shard.of))
        }
        _ => Ok(()),
    }
}

/// Adds the next part of a split budget: what comes first in the order of the executions is what the whole comes to.
fn add(whole: &mut (CheckResult, Option<Studied>), (next, shown): (CheckResult, Option<Studied>)) {
    whole.0.time += next.time;
    match (&mut whole.0.outcome, next.outcome) {
        (Ok(Outcome::Holds(whole)), Ok(Outcome::Holds(coverage))) if is_sampled(whole) => {
            whole.executions += coverage.executions;
        }
        (Ok(Outcome::Holds(coverage)), Ok(Outcome::Inconclusive { budget, executions, done, tried })) => {
            let executions = executions + coverage.executions();
            whole.0.outcome = Ok(Outcome::Inconclusive { budget, executions, done, tried });
        }
        (Ok(Outcome::Holds(coverage)), outcome) if is_sampled(coverage) => {
            (whole.0.outcome, whole.1) = (outcome, shown);
        }
        // It had ended before; or there is but one schedule.
        _ => {}
    }
}

fn is_sampled(coverage: &Coverage) -> bool {
    matches!(coverage.searched, Searched::Sampled { .. })
}

/// What the results found, each way of failing once, as a single machine would have studied it.
fn studied(results: &[(CheckResult, Option<Studied>)]) -> Vec<Studied> {
    let mut groups: Vec<(&CheckResult, Studied)> = Vec::new();
    for (result, shown) in results {
        let (Some(found), Some((header, study))) = (result.counterexample(), shown) else { continue };
        let finder = header.found.iter().find(|finder| finder.engine == result.job.engine).cloned();
        let is_of_group = |(first, _): &&mut (&CheckResult, Studied)| {
            first.counterexample().is_some_and(|one| is_alike(&first.job, &one.verdict, &result.job, &found.verdict))
        };
        if let Some((_, (header, _))) = groups.iter_mut().find(is_of_group) {
            header.found.extend(finder);
        } else {
            let header = Header { found: finder.into_iter().collect(), ..header.clone() };
            groups.push((result, (header, study.clone())));
        }
    }
    groups.into_iter().map(|(_, studied)| studied).collect()
}

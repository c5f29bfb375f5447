//! loom with a larger and larger bound on preemptions, so that the first counterexample has the fewest.

use super::{Engine, Program, exhaustive, holds, loom, settle};
use crate::checker::Plan;
use crate::execution::{Found, Rules, SessionReport};
use crate::outcome::{Budget, CheckError, Gap, Outcome, Searched};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// loom's outcome, unless there is something that orders the program's tasks and that neither it nor we see.
pub(super) fn deepen(plan: &Plan, program: &Program, progress: &Arc<AtomicU64>) -> Result<Outcome, CheckError> {
    let mut wakers_taken = false;
    let outcome = deepen_all(plan, program, progress, &mut wakers_taken);
    if wakers_taken && exhaustive::hides(program, &plan.rules(Engine::Exhaustive)) {
        return Err(exhaustive::refusal());
    }
    outcome
}

/// loom with 0, 1, 2 preemptions and then without a bound, so that the first counterexample has the fewest. Executions that
/// failed in a way in which no machine can are dropped, and counted.
fn deepen_all(
    plan: &Plan,
    program: &Program,
    progress: &Arc<AtomicU64>,
    wakers_taken: &mut bool,
) -> Result<Outcome, CheckError> {
    let bounds = match plan.preemptions {
        Some(bound) => (0..=bound).map(Some).collect(),
        None => vec![Some(0), Some(1), Some(2), None],
    };
    let (mut before, mut impossible) = (0, 0);
    let mut proven = None;
    for bound in bounds {
        let (first, report) = search_loom(plan, program, bound, impossible > 0, progress);
        plan.cut_short.note(report.cut_short.clone());
        impossible += report.impossible;
        let inconclusive = |budget| Outcome::Inconclusive {
            budget,
            executions: before + report.executions,
            done: None,
            tried: Vec::new(),
        };
        *wakers_taken |= report.wakers_taken;
        if let Some(problem) = report.problem {
            return Err(problem.into());
        }
        if let Some(found) = &report.found {
            let outcome = match first {
                // Nothing came before it: it has been run twice, and recorded.
                Some(first) if found.trace.is_some() => settle(Engine::Loom, &first, report, proven, before),
                _ => confirm_loom(plan, program, found, bound, proven, before),
            };
            return outcome;
        }
        if let Some(budget) = report.cut {
            // A bounded search can run out of steps where the whole one would find a cycle; only the last counts.
            let last = bound == plan.preemptions;
            if last || budget != Budget::Steps {
                return Ok(inconclusive(budget));
            }
        } else {
            proven = bound;
            if bound == plan.preemptions {
                let explored = bound.map_or(Searched::Explored, |preemptions| Searched::Bounded { preemptions });
                let mut outcome = holds(Engine::Loom, explored, report.executions, report.uses);
                if let Outcome::Holds(coverage) = &mut outcome {
                    coverage.gaps.extend((impossible > 0).then_some(Gap::Impossible(impossible)));
                }
                return Ok(outcome);
            }
        }
        before += report.executions;
    }
    unreachable!("the last bound is the plan's")
}

/// A search of loom's, and once something is found the same search again, in which what fails is held to the memory model:
/// what no machine can do is passed over. Where some was `judged` before, all is at once. Gives what the first found, too.
fn search_loom(
    plan: &Plan,
    program: &Program,
    bound: Option<usize>,
    judged: bool,
    progress: &Arc<AtomicU64>,
) -> (Option<Found>, SessionReport) {
    let rules = plan.rules(Engine::Loom);
    let mut first = None;
    if !judged {
        let report = loom::explore(program, bound, rules.clone(), progress);
        if report.found.is_none() {
            return (None, report);
        }
        first = report.found;
    }
    // It keeps more than the one before, and has to come as far.
    let time_max = rules.time_max.map(|time| time * 2);
    let record_at = first.as_ref().map(|found| found.execution);
    (first, loom::explore(program, bound, Rules { judges: true, record_at, time_max, ..rules }, progress))
}

/// Runs a failing execution of loom's again, recording it. Its search is deterministic, so that is the same search
/// up to the same execution.
fn confirm_loom(
    plan: &Plan,
    program: &Program,
    found: &Found,
    bound: Option<usize>,
    proven: Option<usize>,
    before: u64,
) -> Result<Outcome, CheckError> {
    let rules = Rules { record_at: Some(found.execution), judges: true, time_max: None, ..plan.rules(Engine::Loom) };
    let again = loom::explore(program, bound, rules, &Arc::default());
    settle(Engine::Loom, found, again, proven, before)
}

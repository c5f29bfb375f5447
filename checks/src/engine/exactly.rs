//! One failing execution again, from the line that was printed for it: what does not fit to the letter is an error that
//! names the step.

use super::{Engine, Program, explore, shuttle};
use crate::checker::Plan;
use crate::execution::{Budget, Found, Rules, SessionReport};
use crate::outcome::{CheckError, Counterexample, Drift, Outcome};
use crate::schedule::{Player, ReplayLine, Schedule, excerpt, marks_of};
use crate::study::Study;
use std::sync::Arc;

/// The line for what `study` has of `program`. It has been tried, but for what loom alone can see, whose search has been made
/// twice by then.
///
/// # Errors
/// If the failure can't be had again.
pub(crate) fn line_of(plan: &Plan, program: &Program, study: &Study, check: usize) -> Result<ReplayLine, CheckError> {
    let found = &study.counterexample;
    let operations = found.trace.operations();
    let line = |player| ReplayLine {
        player,
        verdict: found.verdict.name().to_owned(),
        schedule: found.schedule.clone(),
        marks: marks_of(&operations[..operations.len().min(found.schedule.steps.len())]),
        check,
        parameters: found.parameters.as_ref().map(|parameters| parameters.values().clone()),
    };
    let steps = line(Player::Steps);
    let fits = |report: &SessionReport| came(&steps, report).is_ok_and(|again| again.verdict == found.verdict);
    let loom = line(Player::Loom { execution: found.execution });
    if found.trace.is_weak() {
        return Ok(loom);
    }
    let report = run(plan, program, &steps, false);
    if fits(&report) {
        let schedule = Schedule { gated: report.gated, ..steps.schedule };
        return Ok(ReplayLine { schedule, ..steps });
    }
    search(plan, program, &loom).map(|_| loom)
}

/// Runs exactly the execution of `line`; under loom, the search up to it.
///
/// # Errors
/// [`CheckError::Drift`] if it does not fit the program, or does not fail as it did.
pub(crate) fn run_line(plan: &Plan, program: &Program, line: &ReplayLine) -> Result<Counterexample, CheckError> {
    match line.player {
        Player::Steps => came(line, &run(plan, program, line, true)),
        Player::Loom { .. } => search(plan, program, line),
    }
}

/// Runs the execution; `is_last` if it is the one that the user sees.
fn run(plan: &Plan, program: &Program, line: &ReplayLine, is_last: bool) -> SessionReport {
    let rules = plan.along(&line.schedule).rules(Engine::shuttle());
    // Where the schedule says what comes round again, the first time it does is enough of a suspicion.
    let recurrences = if line.schedule.round > 0 { 2 } else { rules.recurrences };
    let schedule = Some(Schedule { weak: false, ..line.schedule.clone() });
    let rules = Rules { record: true, schedule, recurrences, time_max: None, is_last, ..rules };
    shuttle::run_exactly(program, rules, &line.schedule.answers)
}

/// loom's search, which is deterministic: its first failure is the one of the line, unless the program has changed.
fn search(plan: &Plan, program: &Program, line: &ReplayLine) -> Result<Counterexample, CheckError> {
    let Player::Loom { execution } = line.player else { unreachable!("it is loom's") };
    let executions = plan.executions.map(|executions| executions.max(execution));
    let plan = Plan { executions, time: None, ..plan.clone() };
    let Outcome::Fails(found) = explore(Engine::Loom, &plan, program, &Arc::default())? else {
        return Err(drift(line, line.schedule.steps.len(), "loom's search finds nothing that fails".into()));
    };
    held(line, &found.schedule.steps, &found.trace.operations())?;
    verdict(line, found.verdict.name())?;
    Ok(*found)
}

/// What the run along `line` came to, if it is what was expected.
fn came(line: &ReplayLine, report: &SessionReport) -> Result<Counterexample, CheckError> {
    if let Some(step) = line.differs(&report.operations) {
        let found = format!("it is `{}`", excerpt(report.operations.get(step - 1).map_or("", String::as_str)));
        let expected = "what was done when the line was printed".to_owned();
        return Err(CheckError::Drift(Drift { step, expected, found, enabled: Vec::new() }));
    }
    if let Some(problem) = report.problem.clone() {
        return Err(problem.into());
    }
    let Some(Found { verdict: failed, log, tasks, answers, trace: Some(trace), .. }) = &report.found else {
        let how = if report.cut == Some(Budget::Steps) { "is given up" } else { "passes: every task comes to its end" };
        return Err(drift(line, report.log.len() + 1, format!("the execution {how}")));
    };
    let names: Vec<String> = log.iter().map(|decision| tasks[decision.task.index()].clone()).collect();
    let end = if line.schedule.round > 0 { names.len().min(line.schedule.steps.len()) } else { names.len() };
    held(line, &names[..end], &[]).map_err(|error| match error {
        CheckError::Drift(drift) if drift.step > end => {
            let found = format!("the execution is over: {failed}");
            CheckError::Drift(Drift { found, ..drift })
        }
        error => error,
    })?;
    verdict(line, failed.name())?;
    let (asked, there) = (answers.len(), line.schedule.answers.len());
    if asked < there {
        return Err(drift(line, names.len(), format!("{asked} of {there} answers are asked for")));
    }
    Ok(Counterexample {
        verdict: failed.clone(),
        execution: 1,
        none_within: None,
        found_by: None,
        parameters: None,
        schedule: line.schedule.clone(),
        trace: trace.clone(),
    })
}

/// Holds the tasks, and the operations, of a run to the line's.
fn held(line: &ReplayLine, is: &[String], operations: &[String]) -> Result<(), CheckError> {
    let was = &line.schedule.steps;
    if let Some(step) = (0..is.len().max(was.len())).find(|step| is.get(*step) != was.get(*step)) {
        let found = match is.get(step) {
            Some(task) => format!("`{}` goes on", excerpt(task)),
            None => "the execution is over".to_owned(),
        };
        return Err(drift(line, step + 1, found));
    }
    match line.differs(operations) {
        Some(step) => Err(drift(line, step, format!("it is `{}`", excerpt(&operations[step - 1])))),
        None => Ok(()),
    }
}

fn verdict(line: &ReplayLine, is: &str) -> Result<(), CheckError> {
    if is == line.verdict {
        return Ok(());
    }
    let expected = format!("{} after it", an(&line.verdict));
    let found = format!("it comes to {}", an(is));
    Err(CheckError::Drift(Drift { step: line.schedule.steps.len(), expected, found, enabled: Vec::new() }))
}

/// What `line` says of a step, counted from 1, and what was found instead.
fn drift(line: &ReplayLine, step: usize, found: String) -> CheckError {
    let expected = match step.checked_sub(1).and_then(|step| line.schedule.step(step)) {
        Some(task) if step < line.schedule.steps.len() => format!("`{}` to go on", excerpt(task)),
        Some(task) => format!("`{}` to go on, and {} then", excerpt(task), an(&line.verdict)),
        None => an(&line.verdict),
    };
    CheckError::Drift(Drift { step, expected, found, enabled: Vec::new() })
}

fn an(verdict: &str) -> String {
    match verdict {
        "assertion" => "an assertion that fails".to_owned(),
        "stuck" => "tasks that are stuck".to_owned(),
        "misuse" | "starvation" => verdict.to_owned(),
        other => format!("a {other}"),
    }
}

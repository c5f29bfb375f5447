//! Following a recorded schedule: what it comes to, and where a changed program parts from it.

use super::{Engine, Program, explore, loom, shuttle};
use crate::checker::Plan;
use crate::execution::{Found, Problem, Rules, frames_of_the_program, wants_last_run};
use crate::outcome::{CheckError, Counterexample, Drift, Outcome};
use crate::schedule::Schedule;
use crate::trace::Trace;
use crate::verdict::Verdict;
use std::sync::Arc;

/// Executions in which loom may look for the values that a recorded run read: a schedule fixes the order of
/// operations, not which store a weakly ordered load sees.
const REPLAYS_MAX: u64 = 1_000;

/// What following a recorded schedule comes to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Followed {
    /// How it fails; nothing where it does not fail any more.
    pub found: Option<Counterexample>,
    /// Where the schedule and the program part, if they do.
    pub drift: Option<Drift>,
    /// What happened; nothing where it fails, as the counterexample has it then, or where it was given up.
    pub passed: Option<Trace>,
    /// What each step was: `teller lock accounts`.
    pub operations: Vec<String>,
}

/// Follows a recorded schedule, recording what happens.
///
/// # Errors
/// If it can't be followed at all.
pub(crate) fn follow(
    engine: Engine,
    plan: &Plan,
    program: &Program,
    schedule: &Schedule,
) -> Result<Followed, CheckError> {
    if engine == Engine::Loom && schedule.weak {
        return find_again(plan, program, schedule);
    }
    let rules = Rules { record: true, schedule: Some(schedule.clone()), ..plan.along(schedule).rules(engine) };
    let report = if engine == Engine::Loom {
        let rules = Rules { executions_max: REPLAYS_MAX, ..rules };
        loom::explore_recorded(program, rules, schedule.answers.clone())
    } else {
        // Where the schedule says what comes round again, the first time it does is enough of a suspicion.
        let recurrences = if schedule.round > 0 { 2 } else { rules.recurrences };
        shuttle::run_once(program, Rules { recurrences, ..rules }, &schedule.answers)
    };
    let mut drift = match report.problem {
        Some(Problem::Drift(drift)) => Some(drift),
        Some(problem) => return Err(problem.into()),
        None => None,
    };
    if let Some(found) = &report.found
        && let Some(next) = schedule.steps.get(found.log.len())
        && !matches!(found.verdict, Verdict::Livelock { .. })
    {
        let (step, expected) = (found.log.len() + 1, format!("`{next}` to go on"));
        let found = format!("the execution is over: {}", found.verdict);
        drift = Some(Drift { step, expected, found, enabled: Vec::new() });
    }
    let counterexample = |found: Found| Counterexample {
        verdict: found.verdict.clone(),
        execution: 1,
        none_within: None,
        found_by: None,
        parameters: None,
        schedule: Schedule::of(&found),
        trace: found.trace.expect("the run was recorded"),
    };
    let (found, passed, operations) = (report.found.map(counterexample), report.passed, report.operations);
    Ok(Followed { found, drift, passed, operations })
}

/// Runs `program` a last time along a counterexample, if that is of any use. Gives the backtrace of the panic that it ends in,
/// below a line that says so: the frames of the program alone. Empty where there is none, or none is wanted.
pub(crate) fn last_run(plan: &Plan, program: &Program, counterexample: &Counterexample) -> String {
    let schedule = &counterexample.schedule;
    if schedule.weak || !wants_last_run() {
        return String::new();
    }
    let rules = Rules { schedule: Some(schedule.clone()), ..plan.along(schedule).rules(Engine::shuttle()) };
    // If the schedule does not say so, whether it takes gates is known once it has been run, and then it begins again.
    let gated = schedule.gated || shuttle::run_once(program, rules.clone(), &schedule.answers).gated;
    let report = shuttle::run_once(program, Rules { is_last: true, gated, ..rules }, &schedule.answers);
    let Verdict::Assertion { task, .. } = &counterexample.verdict else { return String::new() };
    let frames = report.backtrace.map(|backtrace| frames_of_the_program(&backtrace.to_string()));
    let frames = frames.filter(|frames| !frames.is_empty());
    frames.map_or_else(String::new, |frames| format!("\nbacktrace of the panic in {task}:\n{frames}"))
}

/// Searches as loom did when it found a schedule in which loads see replaced stores. Steering won't do: a task that waits
/// for its turn yields, and loom shows no task a store again that it saw before it yielded. The search is deterministic,
/// so its first failure is the one that was recorded, unless the program has changed.
fn find_again(plan: &Plan, program: &Program, schedule: &Schedule) -> Result<Followed, CheckError> {
    let found = match explore(Engine::Loom, plan, program, &Arc::default())? {
        Outcome::Fails(found) => Some(*found),
        Outcome::Holds(_) | Outcome::Inconclusive { .. } => None,
    };
    let operations = found.as_ref().map(|found| found.trace.operations()).unwrap_or_default();
    let differs = found.as_ref().and_then(|found| {
        let (is, was) = (&found.schedule.steps, &schedule.steps);
        let step = (0..is.len().max(was.len())).find(|step| is.get(*step) != was.get(*step))?;
        let next = |steps: &[String]| match steps.get(step) {
            Some(task) => format!("`{}` to go on", crate::schedule::excerpt(task)),
            None => "the end".to_owned(),
        };
        let found = format!("loom's search comes to {}", next(is));
        Some(Drift { step: step + 1, expected: next(was), found, enabled: Vec::new() })
    });
    Ok(Followed { found, drift: differs, passed: None, operations })
}

/// Follows a recorded schedule that has to fit.
///
/// # Errors
/// If it does not: see [`CheckError::Drift`].
pub(crate) fn replay(
    engine: Engine,
    plan: &Plan,
    program: &Program,
    schedule: &Schedule,
) -> Result<Option<Counterexample>, CheckError> {
    let followed = follow(engine, plan, program, schedule)?;
    match followed.drift {
        Some(drift) => Err(CheckError::Drift(drift)),
        None => Ok(followed.found),
    }
}

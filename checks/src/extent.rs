//! How large a program is.

use crate::checker::Plan;
use crate::engine::{self, Engine, Program};
use crate::execution::Rules;
use crate::outcome::CheckError;
use serde::Serialize;

/// How large a program is, in the execution in which each task runs as far as it can before another does, the earliest
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Extent {
    /// Tasks, `main` included: PCT's *n*.
    pub tasks: usize,
    /// Steps: PCT's *k*. An operation is a step, and so is the start of a task; unlocking a mutex is none, as nobody is
    /// scheduled there.
    pub steps: usize,
}

/// Runs the program once, and counts.
pub(crate) fn extent(plan: &Plan, program: &Program) -> Result<Extent, CheckError> {
    let rules = Rules { record: true, ..plan.rules(Engine::shuttle()) };
    let report = engine::shuttle::run_once(program, rules, &[]);
    if let Some(problem) = report.problem {
        return Err(problem.into());
    }
    let is_unlock = |(decision, operation): &(&crate::execution::Decision, &String)| {
        let name = report.tasks[decision.task.index()].as_str();
        operation.strip_prefix(name).is_some_and(|operation| operation.starts_with(" unlock "))
    };
    let unlocks = report.log.iter().zip(&report.operations).filter(is_unlock).count();
    Ok(Extent { tasks: report.tasks.len(), steps: report.log.len() - unlocks })
}

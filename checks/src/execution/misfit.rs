//! What ends a search although no execution has failed: a schedule that does not fit the program, and a program that uses
//! raddle as none can.

use super::session::{Problem, problem};
use super::{Execution, Site, TaskId, halt, with};
use crate::outcome::Drift;
use crate::verdict::Place;

/// Notes that a recorded schedule does not fit, and ends the execution.
pub(crate) fn drift(execution: &mut Execution, expected: String, found: String) {
    drift_at(execution, execution.log.len() + 1, expected, found);
}

/// The same, at this step.
pub(super) fn drift_at(execution: &mut Execution, step: usize, expected: String, found: String) {
    let names = execution.names();
    let able = |task: &TaskId| execution.is_enabled(*task);
    let describe = |task: TaskId| {
        let does = execution.tasks[task.index()].pending.map_or_else(String::new, |op| {
            format!(" ({})", format!("{} {}", op.kind.label(), names.target(&op)).trim_end())
        });
        format!("{}{does}", names.task(task))
    };
    let enabled = execution.task_ids().filter(able).map(describe).collect();
    problem(Problem::Drift(Drift { step, expected, found, enabled }));
    execution.over = true;
}

/// Ends the search: the program uses raddle, at `site`, as no program can.
pub(crate) fn usage(what: &str, site: Site) -> ! {
    with(|x| usage_of(x, what, site));
    halt();
}

/// The same; the task has to be stopped then.
pub(super) fn usage_of(x: &mut Execution, what: &str, site: Site) {
    problem(Problem::Usage { what: what.to_owned(), at: Place::of(site) });
    x.over = true;
}

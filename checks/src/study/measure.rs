//! How long a schedule is.

use super::replay::Run;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How long a schedule is: compared field by field, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Measure {
    /// Tasks that take a step.
    pub tasks: usize,
    /// Times that a task is interrupted that could have gone on.
    pub preemptions: usize,
    /// Times that another task goes on.
    pub switches: usize,
    /// Operations; of a livelock, up to the end of its first round.
    pub steps: usize,
    /// The sum of the answers to choices.
    pub answers: usize,
}

impl Measure {
    pub(super) fn of(run: &Run) -> Self {
        let mut tasks = run.log.clone();
        tasks.sort_unstable();
        tasks.dedup();
        Measure {
            tasks: tasks.len(),
            preemptions: run.preemptions,
            switches: run.log.windows(2).filter(|pair| pair[0] != pair[1]).count(),
            steps: run.log.len(),
            answers: run.answers.iter().sum(),
        }
    }
}

impl fmt::Display for Measure {
    /// `2 preemptions, 7 switches, 25 steps, 3 tasks`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (count, noun) in
            [(self.preemptions, "preemption"), (self.switches, "switch"), (self.steps, "step"), (self.tasks, "task")]
        {
            let plural = match (count, noun) {
                (1, _) => "",
                (_, "switch") => "es",
                _ => "s",
            };
            write!(f, "{separator}{count} {noun}{plural}")?;
            separator = ", ";
        }
        Ok(())
    }
}

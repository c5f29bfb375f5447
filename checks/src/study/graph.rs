//! The states of a small program, and every way on from each: for whoever wants to play the scheduler.
//!
//! Two pasts that differ in the order of independent steps only are one state (`execution/journal.rs`), so
//! there are as many as there are beginnings of traces. A search (`explore.rs`) goes through them, each way once; this
//! takes notes of what each step was.

mod atlas;

pub(super) use atlas::Atlas;

use super::explore::{Until, explore_noting};
use crate::checker::Plan;
use crate::engine::{Engine, Program};
use crate::execution::Rules;
use crate::trace::{Event, Named, ObjectInfo};
use crate::verdict::Verdict;
use serde::{Deserialize, Serialize};

/// Every state that executions of a program go through, and every way from one to the next.
///
/// States are numbered so that each way leads to a higher number; the first is where the program begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// The tasks' names; `main` is the first.
    pub tasks: Vec<String>,
    /// The objects.
    pub objects: Vec<ObjectInfo>,
    /// The tasks that run futures; the others are threads.
    pub futures: Vec<usize>,
    /// Of those that a loop polls on one thread: the task, and the task that is this thread.
    pub polled_by: Vec<(usize, usize)>,
    /// What happens in steps, each thing once; their own `step` is 0.
    pub events: Vec<Event>,
    /// What becomes of objects, each thing once: the object, and its state from then on.
    pub changes: Vec<(usize, String)>,
    /// The states.
    pub states: Vec<State>,
}

/// A state: somebody goes on, or the execution is over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The ways on, of which there are none where the execution is over.
    pub steps: Vec<Step>,
    /// How the execution that is over here failed; none if it has passed.
    pub verdict: Option<Verdict>,
}

/// A way from one state to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Who takes it.
    pub task: usize,
    /// The state that it leads to.
    pub to: usize,
    /// What happens: indices into the graph's events.
    pub events: Vec<usize>,
    /// What becomes of objects: indices into the graph's changes.
    pub changes: Vec<usize>,
    /// The task can go on and does not give way by itself: if it went last, another's step preempts it.
    pub goes_on: bool,
}

/// How many schedules there are: ways from the first state to an end. They are counted as floating-point numbers: exactly
/// up to 2^53, and about so many beyond.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Schedules {
    /// Those that pass.
    pub passing: f64,
    /// Those that fail.
    pub failing: f64,
}

impl Named for Graph {
    fn task_name(&self, task: usize) -> &str {
        &self.tasks[task]
    }

    fn object_name(&self, object: usize) -> &str {
        &self.objects[object].name
    }
}

impl Graph {
    /// How many schedules there are from each state on.
    #[must_use]
    pub fn schedules(&self) -> Vec<Schedules> {
        let mut counts = vec![Schedules::default(); self.states.len()];
        for (index, state) in self.states.iter().enumerate().rev() {
            counts[index] = match &state.verdict {
                Some(_) => Schedules { passing: 0.0, failing: 1.0 },
                None if state.steps.is_empty() => Schedules { passing: 1.0, failing: 0.0 },
                None => state.steps.iter().fold(Schedules::default(), |sum, step| Schedules {
                    passing: sum.passing + counts[step.to].passing,
                    failing: sum.failing + counts[step.to].failing,
                }),
            };
        }
        counts
    }
}

/// The graph of a program, if it has no more than so many states.
pub(crate) fn graph(program: &Program, plan: &Plan, states_max: usize) -> Option<Graph> {
    let rules = Rules { record: true, ..plan.rules(Engine::Exhaustive) };
    let executions_max = rules.executions_max;
    let (explored, atlas) = explore_noting(program, &rules, Until::Never, executions_max, Atlas::new(states_max));
    atlas.filter(|_| explored.whole)?.finish()
}

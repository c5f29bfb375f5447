//! The trace: every operation of one execution, in order, with names, values and places.
//!
//! Every renderer reads this and nothing else; no engine's output gets here.

mod names;
mod recorder;
mod state;
mod waitfor;

pub(crate) use names::{Names, apart, task_names};
pub(crate) use recorder::Recorder;

use crate::verdict::{Place, Verdict};
use serde::{Deserialize, Serialize};

/// One execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The tasks' names, in order of spawning; `main` is the first.
    pub tasks: Vec<String>,
    /// The objects, in order of creation.
    pub objects: Vec<ObjectInfo>,
    /// What happened.
    pub events: Vec<Event>,
    /// How it failed; none if every task came to its end.
    pub verdict: Option<Verdict>,
    /// Of a livelock: the schedule's steps of the first round, from and to.
    pub recurs: Option<(usize, usize)>,
    /// The tasks that run futures, by number: event loops poll them. The others are threads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub futures: Vec<usize>,
    /// Of those that a loop polls on one thread: the task, and the task that is this thread.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub polled_by: Vec<(usize, usize)>,
    /// What became of objects, in order of events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// An object has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Change {
    /// With which event: an index.
    pub event: usize,
    /// Which object: an index.
    pub object: usize,
    /// What it is from then on, in words: its value, who holds it, who waits on it.
    pub state: String,
}

/// An object of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct ObjectInfo {
    /// By `.named(…)`, or the `let` or field at its creation, or its kind and number.
    pub name: String,
    /// `mutex`, `condvar`, `atomic`, ….
    pub kind: String,
    /// Where it was created.
    pub at: Place,
}

/// How an operation went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It was done.
    Done,
    /// A `try_` operation found its object taken, or a compare-and-exchange another value.
    Refused,
    /// It has to wait.
    Waits,
    /// It was about to be done when the execution ended.
    Next,
    /// It went on without what it waited for, by its timeout.
    TimedOut,
    /// It went on without what it waited for, for no reason.
    Spurious,
    /// A future was not ready: it is to be polled again.
    Pending,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Event {
    /// The schedule's step that it belongs to, counted from 1; several events can share one.
    pub step: usize,
    /// Who: an index into the tasks.
    pub task: usize,
    /// What: `lock`, `store`, `finish`, ….
    pub operation: String,
    /// On which object: an index.
    pub object: Option<usize>,
    /// The task it is about: whom it spawns, joins, unparks.
    pub other: Option<usize>,
    /// The mutex that a condition variable's operation gives back or takes.
    pub mutex: Option<usize>,
    /// How it went.
    pub phase: Phase,
    /// The value read or written.
    pub value: Option<String>,
    /// The task that could have gone on instead and is interrupted.
    pub preempts: Option<usize>,
    /// Where.
    pub at: Place,
    /// The virtual clock, in microseconds since the execution's start, if the program looks at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_micros: Option<u64>,
}

impl Trace {
    /// Whether clones and drops of `Arc`s are steps of it.
    #[cfg(feature = "suite")]
    pub(crate) fn counts_owners(&self) -> bool {
        self.objects.iter().any(|object| object.kind == "arc")
    }
}

/// What tasks and objects are called, by number.
pub(crate) trait Named {
    fn task_name(&self, task: usize) -> &str;
    fn object_name(&self, object: usize) -> &str;
}

impl Named for Trace {
    fn task_name(&self, task: usize) -> &str {
        &self.tasks[task]
    }

    fn object_name(&self, object: usize) -> &str {
        &self.objects[object].name
    }
}

impl Trace {
    /// How often a task was interrupted that could have gone on; of a livelock, up to the end of its first round.
    #[must_use]
    pub fn preemptions(&self) -> usize {
        let end = self.recurs.map_or(usize::MAX, |(_, end)| end);
        self.events.iter().filter(|event| event.step <= end && event.preempts.is_some()).count()
    }

    /// Whether a load sees a store that has been replaced by then, which no interleaving alone gives it.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        let stale = |value: &String| value.contains("(stale: ");
        self.events.iter().filter_map(|event| event.value.as_ref()).any(stale)
    }

    /// What each step of the schedule was, without lines and values: `teller lock accounts`. Of a livelock, up to the
    /// end of its first round.
    #[must_use]
    pub fn operations(&self) -> Vec<String> {
        let mut operations: Vec<String> = Vec::new();
        for event in &self.events {
            let is_step = !matches!(event.phase, Phase::Waits | Phase::Next) && event.step == operations.len() + 1;
            if is_step && !matches!(event.operation.as_str(), "read" | "write" | "finish") {
                let object = event.object.map(|object| self.objects[object].name.as_str());
                let about = object.or(event.other.map(|task| self.task(task))).unwrap_or_default();
                let operation = format!("{} {} {about}", self.task(event.task), event.operation);
                operations.push(operation.trim_end().to_owned());
            }
        }
        operations.truncate(self.recurs.map_or(usize::MAX, |(_, end)| end));
        operations
    }

    /// The task's name.
    #[must_use]
    pub fn task(&self, task: usize) -> &str {
        &self.tasks[task]
    }
}

//! The black box: what an execution does, told to somebody outside the process while it happens. It is known, then, also of
//! an execution in the middle of which the process ends.
//!
//! Telling takes time, so a search is only told of when it is known to end so: it is run again, the same, for that.

use super::{Execution, TaskId};
use crate::trace::{Event, Trace};
use crate::verdict::Verdict;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;
use std::sync::OnceLock;

/// What is told.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// That executions begin, from this one of the process on.
    pub(crate) from: Option<NonZeroU64>,
    /// All that happens in this one.
    pub(crate) whole: Option<NonZeroU64>,
}

/// Something that is told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    /// This execution of the process begins.
    Began(NonZeroU64),
    /// Something has happened in the one that is wanted whole.
    Happened(Box<Happened>),
    /// That one is over.
    Ended,
}

/// What has happened so far, but for what was told before.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Happened {
    /// So many events are as they were told; those of the trace come after them.
    kept: usize,
    /// Its verdict says who runs.
    trace: Trace,
    /// The tasks of more steps.
    steps: Vec<usize>,
    /// All answers.
    answers: Vec<usize>,
    /// Looks before a wait are steps.
    gated: bool,
}

/// An execution, put together from what was told of it.
#[cfg(feature = "suite")]
#[derive(Debug, Default)]
pub(crate) struct Witness {
    pub(crate) trace: Option<Trace>,
    /// The task of each step.
    pub(crate) steps: Vec<usize>,
    pub(crate) answers: Vec<usize>,
    pub(crate) gated: bool,
}

#[cfg(feature = "suite")]
impl Witness {
    pub(crate) fn hear(&mut self, happened: Happened) {
        let Happened { kept, mut trace, steps, answers, gated } = happened;
        let mut events = self.trace.take().map(|trace| trace.events).unwrap_or_default();
        events.truncate(kept);
        events.append(&mut trace.events);
        self.trace = Some(Trace { events, ..trace });
        self.steps.extend(steps);
        (self.answers, self.gated) = (answers, gated);
    }
}

struct BlackBox {
    wanted: Wanted,
    tell: Box<dyn Fn(Told) + Send + Sync>,
}

static BLACK_BOX: OnceLock<BlackBox> = OnceLock::new();

/// Has everything that is wanted told from now on, in all sessions of this process.
#[cfg(feature = "suite")]
pub(crate) fn install(wanted: Wanted, tell: impl Fn(Told) + Send + Sync + 'static) {
    BLACK_BOX.get_or_init(|| BlackBox { wanted, tell: Box::new(tell) });
}

/// How much has been told of an execution.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    events: Vec<Event>,
    steps: usize,
}

impl Execution {
    /// An execution begins, the process's `serial`th.
    pub(super) fn begin_telling(&mut self, serial: NonZeroU64) {
        let Some(BlackBox { wanted, tell }) = BLACK_BOX.get() else { return };
        if wanted.from.is_some_and(|from| from <= serial) {
            tell(Told::Began(serial));
        }
        if wanted.whole == Some(serial) {
            self.recorder.get_or_insert_default();
            self.told = Some(Box::default());
        }
    }

    /// The execution is over.
    pub(super) fn end_telling(&self) {
        if let (Some(_), Some(black_box)) = (&self.told, BLACK_BOX.get()) {
            (black_box.tell)(Told::Ended);
        }
    }

    /// Tells what is new.
    pub(super) fn tell(&mut self) {
        let Some(mut told) = self.told.take() else { return };
        if let (Some(recorder), Some(black_box)) = (&self.recorder, BLACK_BOX.get()) {
            let names = self.names();
            let running = Verdict::Hang { task: names.task(self.current).to_owned() };
            let trace = recorder.clone().finish(self, &names, Some(&running));
            let kept = told.events.iter().zip(&trace.events).take_while(|(was, is)| was == is).count();
            let events = trace.events[kept..].to_vec();
            let steps = self.log[told.steps..].iter().map(|decision| TaskId::index(decision.task)).collect();
            told.steps = self.log.len();
            told.events.clone_from(&trace.events);
            // What becomes of objects would be told anew each time.
            let trace = Trace { events, changes: Vec::new(), ..trace };
            let happened = Happened { kept, trace, steps, answers: self.answers.clone(), gated: self.gated };
            (black_box.tell)(Told::Happened(Box::new(happened)));
        }
        self.told = Some(told);
    }
}

#[cfg(all(test, feature = "suite"))]
mod tests {
    use super::*;

    fn happened(kept: usize, task: &str, steps: &[usize]) -> Happened {
        let at = crate::verdict::Place { file: "a.rs".into(), line: 1, column: 1 };
        let event = serde_json::json!({
            "step": 1, "task": 0, "operation": task, "object": null, "other": null, "mutex": null, "phase": "done",
            "value": null, "preempts": null, "at": at,
        });
        let trace = Trace {
            tasks: vec!["main".into()],
            objects: Vec::new(),
            events: vec![serde_json::from_value(event).unwrap()],
            verdict: Some(Verdict::Hang { task: task.into() }),
            recurs: None,
            futures: Vec::new(),
            polled_by: Vec::new(),
            changes: Vec::new(),
        };
        Happened { kept, trace, steps: steps.to_vec(), answers: vec![steps.len()], gated: false }
    }

    #[test]
    fn a_witness_puts_together_what_it_hears() {
        let mut witness = Witness::default();
        witness.hear(happened(0, "lock", &[0]));
        witness.hear(happened(1, "unlock", &[0, 0]));
        // The last event has got a value, say.
        witness.hear(happened(1, "drop", &[]));
        let trace = witness.trace.unwrap();
        assert_eq!(trace.events.iter().map(|event| event.operation.as_str()).collect::<Vec<_>>(), ["lock", "drop"]);
        assert_eq!(trace.verdict, Some(Verdict::Hang { task: "drop".into() }));
        assert_eq!((witness.steps, witness.answers), (vec![0, 0, 0], vec![0]));
    }
}

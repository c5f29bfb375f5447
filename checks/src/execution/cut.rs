//! Executions that are given up after too many steps: who ran on, and where.

use super::{Execution, Op, TaskId};
use crate::verdict::{Place, Waiting};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Steps before the end that are kept.
const TAIL: usize = 64;
/// Of steps that do not come round again, so many are shown.
const SHOWN: usize = 12;

/// The end of an execution that was cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CutShort {
    /// The last steps: one round, if they come round again and again.
    pub(crate) last: Vec<Waiting>,
    pub(crate) goes_round: bool,
}

impl fmt::Display for CutShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.goes_round { "round and round in the end" } else { "its last steps" };
        write!(f, "{how}:")?;
        for Waiting { task, operation, object, at } in &self.last {
            let does = format!("{operation} {object}");
            write!(f, "\n  {task}  {}  {at}", does.trim_end())?;
        }
        Ok(())
    }
}

/// Where it is said how an execution ended that was given up; shown after a message.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastCut(Arc<Mutex<Option<CutShort>>>);

impl LastCut {
    pub(crate) fn note(&self, cut: Option<CutShort>) {
        if cut.is_some() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = cut;
        }
    }
}

impl fmt::Display for LastCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(cut) => write!(f, "\n\n{cut}"),
            None => Ok(()),
        }
    }
}

/// The last operations of an execution that comes to its last steps.
#[derive(Debug, Default)]
pub(super) struct Tail(Vec<(TaskId, Op)>);

impl Execution {
    /// Keeps what `task` has done, if few steps are left.
    #[inline]
    pub(super) fn keep_tail(&mut self, task: TaskId, op: &Op) {
        if self.log.len() + TAIL > self.steps_max {
            self.tail.0.push((task, *op));
        }
    }

    /// What the execution, which is given up, did last.
    pub(super) fn cut_short(&self) -> CutShort {
        let steps = &self.tail.0;
        let same = |one: &(TaskId, Op), other: &(TaskId, Op)| {
            (one.0, one.1.place(), one.1.object) == (other.0, other.1.place(), other.1.object)
        };
        let recurs = |length: &usize| {
            let again = steps.len().saturating_sub(*length);
            steps[*length..].iter().zip(&steps[..again]).all(|(one, other)| same(one, other))
        };
        let round = (1..=steps.len() / 2).find(recurs);
        let shown = round.unwrap_or_else(|| steps.len().min(SHOWN));
        let names = self.names();
        let describe = |(task, op): &(TaskId, Op)| Waiting {
            task: names.task(*task).to_owned(),
            operation: op.kind.label().to_owned(),
            object: names.target(op).to_owned(),
            at: Place::of(op.site),
        };
        let last = steps[steps.len() - shown..].iter().map(describe).collect();
        CutShort { last, goes_round: round.is_some() }
    }
}

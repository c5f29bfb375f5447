//! What tasks did to atomics, kept where a failure is to be held to the memory model, and the judgement.
//!
//! Searching does not keep it: only once a search has found something is it made again with this.

use super::{Acted, Clocks, Execution, Kind, Mode, ObjectId, Op, TaskId, note_cut, session};
use crate::engine;
use crate::memory::{self, Claim, Event, Judgement, What};
use crate::outcome::Budget;
use crate::verdict::Verdict;
use std::ops::Range;

/// Executions that may be dropped in one search: more than any correct program of ours needs.
const DROPPED_MAX: u64 = 5_000;

/// An access to a plain variable: whose, and which event it is.
#[derive(Clone, Copy, Debug)]
struct PlainAccess {
    task: TaskId,
    object: ObjectId,
    write: bool,
    event: usize,
}

/// What has happened so far.
#[derive(Debug)]
pub(super) struct Accesses {
    /// What happens before what by everything but atomics.
    pub(super) clocks: Option<Clocks>,
    initial: Vec<(usize, u64)>,
    events: Vec<Event>,
    plain: Vec<PlainAccess>,
    /// The step of each of them.
    steps: Vec<usize>,
    /// Of a data race: the pairs of accesses that may be one.
    races: Option<Vec<(usize, usize)>>,
}

impl Default for Accesses {
    fn default() -> Self {
        let clocks = Some(Clocks::new(1));
        let (events, steps) = (Vec::new(), Vec::new());
        Accesses { clocks, initial: Vec::new(), events, steps, plain: Vec::new(), races: None }
    }
}

impl Accesses {
    /// An atomic has been made, with this value.
    pub(super) fn created(&mut self, object: usize, value: u64) {
        self.initial.push((object, value));
    }

    fn push(&mut self, step: usize, task: TaskId, what: What) {
        self.steps.push(step);
        let clock = self.clocks.as_mut().map(|clocks| clocks.count(task)).unwrap_or_default();
        self.events.push(Event { task: task.index(), what, clock });
    }

    /// A plain variable is read or written, and there is a race if the model has one.
    pub(super) fn plain(&mut self, step: usize, task: TaskId, object: ObjectId, write: bool, races: bool) {
        let event = self.events.len();
        self.push(step, task, What::Plain);
        if races {
            let conflicts =
                |other: &&PlainAccess| other.object == object && other.task != task && (other.write || write);
            self.races = Some(self.plain.iter().filter(conflicts).map(|other| (other.event, event)).collect());
        }
        self.plain.push(PlainAccess { task, object, write, event });
    }

    /// With the steps of a livelock's first round, if it is one.
    fn judge(&self, round: Option<&Range<usize>>) -> Judgement {
        let seen = round.map(|round| {
            let first = |step: usize| self.steps.partition_point(|at| *at <= step);
            (first(round.start), first(round.end))
        });
        memory::judge(&self.initial, &self.events, &Claim { races: self.races.as_deref(), seen })
    }
}

impl Execution {
    /// Keeps what `op` read and wrote, if somebody wants to know.
    #[inline]
    pub(super) fn note_access<R>(&mut self, task: TaskId, op: &Op, acted: &Acted<R>) {
        let (read, written) = (acted.read, acted.written);
        if self.mode == Mode::Loom {
            engine::loom::note(self, task, op, acted.written.is_some() && acted.written == acted.value);
            if acted.is_old && !self.over && engine::loom::has_yielded_since_written(self, task, op) {
                // Who tries again and again sees what was written in the end.
                self.pass_over();
            }
        }
        let Some(accesses) = &mut self.accesses else { return };
        // What a destructor does while a panic unwinds the engine does not see.
        if !op.kind.is_atomic() || std::thread::panicking() {
            return;
        }
        let step = self.log.len();
        let place = op.object.map_or(usize::MAX, ObjectId::index);
        let what = match (op.kind, read, written) {
            (Kind::Fence(order), ..) => What::Fence(order),
            (Kind::Rmw(order) | Kind::Cas(order, _), Some(read), Some(written)) => {
                What::Update { place, order, read, written }
            }
            (Kind::Load(order) | Kind::Cas(_, order), Some(value), None) => What::Load { place, order, value },
            (Kind::Store(order), _, Some(value)) => What::Store { place, order, value },
            _ => return,
        };
        accesses.push(step, task, what);
    }

    /// Whether a machine can fail like this, as far as anybody asks. What none can is dropped, and the search goes on; what
    /// can't be judged, or comes too often, ends it.
    pub(super) fn is_possible(&mut self, verdict: &Verdict) -> bool {
        let judgement =
            self.accesses.as_ref().map_or(Judgement::Possible, |accesses| accesses.judge(self.round.as_ref()));
        if judgement == Judgement::Possible {
            return true;
        }
        if judgement == Judgement::Impossible {
            let dropped = session(|session| session.report.impossible);
            // What ends an engine leaves no way to its next execution.
            if dropped < DROPPED_MAX && !matches!(verdict, Verdict::Crash { .. }) {
                self.pass_over();
                return false;
            }
        }
        note_cut(Budget::Model);
        false
    }

    /// Ends the execution without a word: its tasks end, and the engine goes on to the next one.
    pub(crate) fn pass_over(&mut self) {
        session(|session| session.report.impossible += 1);
        (self.over, self.dropped) = (true, true);
        engine::loom::wake_all(self);
    }
}

//! Writes down what happens in an execution. Only when a failing schedule is run again: searching does not pay.

use super::{Event, Names, ObjectInfo, Phase, Trace};
use crate::execution::{Effect, Execution, Kind, ObjectId, Op, Site, TaskId};
use crate::verdict::{Place, Verdict};
use std::time::Duration;

/// The events so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    events: Vec<Event>,
    /// How many events there were when the clock went on, and to which instant.
    ticks: Vec<(usize, Duration)>,
}

impl Recorder {
    pub(crate) fn acted(&mut self, step: usize, task: TaskId, op: &Op, effect: Effect, preempts: Option<TaskId>) {
        let phase = match effect {
            Effect::Done | Effect::Inert => Phase::Done,
            Effect::Refused => Phase::Refused,
            Effect::TimedOut => Phase::TimedOut,
            Effect::Spurious => Phase::Spurious,
        };
        self.push(step, task, op, phase, preempts);
    }

    /// The clock has gone on.
    pub(crate) fn ticked(&mut self, now: Duration) {
        self.ticks.push((self.events.len(), now));
    }

    pub(crate) fn waits(&mut self, step: usize, task: TaskId, op: &Op) {
        self.push(step, task, op, Phase::Waits, None);
    }

    pub(crate) fn finished(&mut self, step: usize, task: TaskId) {
        let at = self.events.iter().rev().find(|event| event.task == task.index()).map(|event| event.at.clone());
        if let Some(at) = at {
            self.events.push(event(step, task, "finish", at));
        }
    }

    pub(crate) fn accessed(&mut self, step: usize, task: TaskId, object: ObjectId, write: bool, site: Site) {
        let operation = if write { "write" } else { "read" };
        self.events.push(Event { object: Some(object.index()), ..event(step, task, operation, Place::of(site)) });
    }

    /// The value of the latest event of `task`.
    pub(crate) fn value(&mut self, task: TaskId, value: String) {
        if value == "()" {
            return;
        }
        if let Some(event) = self.events.iter_mut().rev().find(|event| event.task == task.index()) {
            event.value = Some(value);
        }
    }

    fn push(&mut self, step: usize, task: TaskId, op: &Op, phase: Phase, preempts: Option<TaskId>) {
        let preempts = preempts.map(TaskId::index);
        self.events.push(Event { preempts, ..operation(step, task, op, phase) });
    }

    /// How the latest event of `task` went.
    pub(crate) fn phase(&mut self, task: TaskId, phase: Phase) {
        if let Some(event) = self.events.iter_mut().rev().find(|event| event.task == task.index()) {
            event.phase = phase;
        }
    }

    /// Says whom the task spawned that has just spawned one.
    pub(crate) fn spawned(&mut self, parent: TaskId, child: TaskId) {
        if let Some(event) = self.events.iter_mut().rev().find(|event| event.task == parent.index()) {
            event.other = Some(child.index());
        }
    }

    /// What each step was.
    pub(crate) fn operations(&self, x: &Execution, names: &Names) -> Vec<String> {
        let task = |task: usize| names.task(TaskId::from_index(task));
        let objects: Vec<ObjectId> = (0..).map(ObjectId).take(x.objects.len()).collect();
        super::operations(&self.events, task, |object| names.object(objects[object]))
    }

    pub(crate) fn finish(self, x: &Execution, names: &Names, verdict: &Verdict) -> Trace {
        let object = |(number, object): (usize, &crate::execution::Object)| ObjectInfo {
            name: names.object(ObjectId(u32::try_from(number).unwrap_or(u32::MAX))).to_owned(),
            kind: object.state.noun().to_owned(),
            at: Place::of(object.site),
        };
        let mut events = self.events;
        for task in x.task_ids() {
            let entry = &x.tasks[task.index()];
            if let Some(op) = entry.pending.filter(|op| op.kind != Kind::Start && !entry.shown_waiting) {
                events.push(operation(x.log.len() + 1, task, &op, Phase::Next));
            }
        }
        if x.tells_time {
            for (index, event) in events.iter_mut().enumerate() {
                let tick = self.ticks.iter().rfind(|(since, _)| *since <= index);
                let now = tick.map_or(Duration::ZERO, |(_, now)| *now);
                event.clock_micros = Some(u64::try_from(now.as_micros()).unwrap_or(u64::MAX));
            }
        }
        // Nobody's line starts `main`: its start has the place of what comes next, as a task's end has that of what was last.
        let next = events.iter().skip(1).find(|event| event.task == 0).map(|event| event.at.clone());
        if let (Some(start), Some(next)) = (events.first_mut(), next) {
            start.at = next;
        }
        Trace {
            tasks: x.task_ids().map(|task| names.task(task).to_owned()).collect(),
            objects: x.objects.iter().enumerate().map(object).collect(),
            events,
            verdict: verdict.clone(),
            futures: x.task_ids().map(TaskId::index).filter(|task| x.tasks[*task].is_future).collect(),
            recurs: x.round.as_ref().map(|round| (round.start + 1, round.end)),
        }
    }
}

fn operation(step: usize, task: TaskId, op: &Op, phase: Phase) -> Event {
    let mutex = op.kind.mutex().map(ObjectId::index);
    let other = match op.kind {
        Kind::Join(other) | Kind::Unpark(other) | Kind::IsFinished(other) => Some(other.index()),
        _ => None,
    };
    // Whose poll it is the lane says.
    let of_itself = matches!(op.kind, Kind::Poll { .. } | Kind::Pending { .. });
    let object = op.object.filter(|_| !of_itself).map(ObjectId::index);
    Event { object, other, mutex, phase, ..event(step, task, op.kind.label(), Place::of(op.site)) }
}

fn event(step: usize, task: TaskId, operation: &str, at: Place) -> Event {
    Event {
        step,
        task: task.index(),
        operation: operation.to_owned(),
        object: None,
        other: None,
        mutex: None,
        phase: Phase::Done,
        value: None,
        preempts: None,
        at,
        clock_micros: None,
    }
}

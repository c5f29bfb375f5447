//! Writes down what happens in an execution. Only when a failing schedule is run again: searching does not pay.

use super::state::States;
use super::{Event, Names, ObjectInfo, Phase, Trace};
use crate::execution::{Effect, Execution, Kind, Object, ObjectId, Op, Site, TaskId};
use crate::verdict::{Place, Verdict};
use std::time::Duration;

/// The events so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    events: Vec<Event>,
    /// How many events there were when the clock went on, and to which instant.
    ticks: Vec<(usize, Duration)>,
    states: States,
}

impl Recorder {
    /// How many events there are so far.
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// Looks at what the last event has made of its objects.
    pub(crate) fn settle(&mut self, objects: &[Object]) {
        if let Some(last) = self.events.len().checked_sub(1) {
            self.states.settle(last, objects);
        }
    }

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
            self.states.touch([None; 2]);
            self.events.push(event(step, task, "finish", at));
        }
    }

    pub(crate) fn accessed(&mut self, step: usize, task: TaskId, object: ObjectId, write: bool, site: Site) {
        let operation = if write { "write" } else { "read" };
        self.states.touch([Some(object), None]);
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
        self.states.touch([op.object, op.kind.mutex()]);
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

    /// The trace of `x`, which has failed so, or has come to its end.
    pub(crate) fn finish(mut self, x: &Execution, names: &Names, verdict: Option<&Verdict>) -> Trace {
        self.settle(&x.objects);
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
        let next = next.or_else(|| match verdict {
            Some(Verdict::Assertion { at, .. }) => at.clone(),
            _ => None,
        });
        if let (Some(start), Some(next)) = (events.first_mut(), next) {
            start.at = next;
        }
        let changes = self.states.changes(&events, x.objects.len(), names);
        let polled_by = polled_by(x, &events);
        Trace {
            tasks: x.task_ids().map(|task| names.task(task).to_owned()).collect(),
            objects: x.objects.iter().enumerate().map(object).collect(),
            events,
            verdict: verdict.cloned(),
            futures: x.task_ids().map(TaskId::index).filter(|task| x.tasks[*task].is_future).collect(),
            recurs: x.round.as_ref().map(|round| (round.start + 1, round.end)),
            polled_by,
            changes,
        }
    }
}

/// Each future that a runtime has spawned and that takes turns on a loop, and the thread that blocks on that loop. One that
/// has not been polled is on the loop of whoever spawned it.
fn polled_by(x: &Execution, events: &[Event]) -> Vec<(usize, usize)> {
    let is_spawned = |task: usize| x.tasks[task].joined_by.is_some();
    let turns_on = |task: usize| {
        let poll = events.iter().find(|event| event.task == task && event.operation == "poll");
        poll.and_then(|poll| poll.mutex)
    };
    let spawner =
        |task: usize| Some(events.iter().find(|event| event.operation == "spawn" && event.other == Some(task))?.task);
    let thread = |task: usize| {
        let turn = turns_on(task).or_else(|| turns_on(spawner(task)?))?;
        (0..x.tasks.len()).find(|thread| !is_spawned(*thread) && turns_on(*thread) == Some(turn))
    };
    let futures = (0..x.tasks.len()).filter(|task| x.tasks[*task].is_future && is_spawned(*task));
    futures.filter_map(|task| Some((task, thread(task)?))).collect()
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

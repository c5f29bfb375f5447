//! The virtual clock: it goes on only when nobody can run, to the next instant that somebody waits for.
//!
//! Whoever waits for that instant can then go on, in any order.

use super::{Execution, ObjectId, State, TaskId};
use crate::engine;
use std::task::Waker;
use std::time::Duration;

/// Which of its task's alarms one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AlarmId(pub(crate) u64);

/// A future of a task is to be polled at an instant.
#[derive(Clone, Debug)]
pub(crate) struct Alarm {
    pub(crate) id: AlarmId,
    pub(crate) at: Duration,
    pub(crate) waker: Waker,
}

impl Execution {
    pub(crate) fn new_alarm(&mut self) -> AlarmId {
        self.alarms_made += 1;
        AlarmId(self.alarms_made)
    }

    /// The current task's future is to be polled at an instant.
    pub(crate) fn set_alarm(&mut self, alarm: Alarm) -> TaskId {
        self.tells_time = true;
        let task = self.current;
        let alarms = &mut self.tasks[task.index()].alarms;
        if let Some(known) = alarms.iter_mut().find(|known| known.id == alarm.id) {
            *known = alarm;
            return task;
        }
        alarms.push(alarm);
        if let Some(own) = &mut self.tasks[task.index()].own {
            own.lend();
        }
        task
    }

    /// An alarm is due at another instant; whoever set it may be waiting for it.
    pub(crate) fn move_alarm(&mut self, task: TaskId, id: AlarmId, at: Duration) {
        let entry = &mut self.tasks[task.index()];
        let Some(alarm) = entry.alarms.iter_mut().find(|alarm| alarm.id == id) else { return };
        alarm.at = at;
        if entry.alarm.is_some() && task != self.current {
            entry.alarm = entry.alarms.iter().map(|alarm| alarm.at).min();
        }
    }

    pub(crate) fn cancel_alarm(&mut self, task: TaskId, id: AlarmId) {
        self.tasks[task.index()].alarms.retain(|alarm| alarm.id != id);
    }

    /// Takes the task's alarms that are due.
    pub(crate) fn due_alarms(&mut self, task: TaskId) -> Vec<Alarm> {
        let now = self.now;
        self.tasks[task.index()].alarms.extract_if(.., |alarm| alarm.at <= now).collect()
    }

    /// When the first of the task's alarms is due.
    pub(crate) fn first_alarm(&self, task: TaskId) -> Option<Duration> {
        self.tasks[task.index()].alarms.iter().map(|alarm| alarm.at).min()
    }

    /// Lets the clock come to the next instant that one of these waits for; false if there is none.
    pub(super) fn advance(&mut self, waiting: &[TaskId]) -> bool {
        let instant = |task: &TaskId| {
            let entry = &self.tasks[task.index()];
            let op = entry.pending.as_ref()?;
            entry.alarm.into_iter().chain(entry.deadline.filter(|_| self.may_give_up(op))).min()
        };
        let Some(next) = waiting.iter().filter_map(instant).min() else { return false };
        self.now = self.now.max(next);
        self.ticks += 1;
        let now = self.now;
        self.record(|recorder| recorder.ticked(now));
        for task in waiting {
            self.ring(*task);
        }
        if self.parked > 0 {
            engine::loom::wake_ready(self);
        }
        true
    }

    fn ring(&mut self, task: TaskId) {
        let entry = &self.tasks[task.index()];
        let is_due = |instant: Option<Duration>| instant.is_some_and(|instant| instant <= self.now);
        let (alarm, deadline) = (is_due(entry.alarm), is_due(entry.deadline));
        let fires = deadline && entry.pending.is_some_and(|op| self.may_give_up(&op));
        let object = entry.polls;
        let entry = &mut self.tasks[task.index()];
        entry.fired |= fires;
        if alarm {
            entry.alarm = None;
            entry.rung = true;
            if let Some(object) = object {
                self.wake_by_clock(object);
            }
        }
    }

    fn wake_by_clock(&mut self, object: ObjectId) {
        if let State::Task { woken, .. } = &mut self.objects[object.index()].state {
            *woken = true;
            self.woken_by_clock.push(object);
        }
    }
}

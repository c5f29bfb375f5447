//! The virtual clock: it goes on when nobody can run, to the next instant that somebody waits for; and when all that can
//! run have tried the same in vain, [`ROUNDS`] times over: that takes time.
//!
//! Whoever waits for that instant can then go on, in any order.

use super::{Execution, ObjectId, ROUNDS, State, TaskId, TaskState};
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

/// What is known of tasks that try again until the clock goes on.
#[derive(Debug, Default)]
pub(super) struct Lull {
    /// Some task has a time limit for what it waits for.
    pub(super) has_limits: bool,
    /// Of each task: the decision after the last one that could have been its.
    able: Vec<usize>,
    /// The states at retries since the last progress, and the schedule's length then.
    seen: Vec<(u64, usize)>,
}

impl Lull {
    pub(super) fn progress(&mut self) {
        self.seen.clear();
    }
}

impl Execution {
    /// Notes who could go on now.
    pub(super) fn note_able(&mut self) {
        let now = self.log.len();
        self.lull.able.resize(self.tasks.len(), 0);
        for task in self.task_ids() {
            if self.is_enabled(task) {
                self.lull.able[task.index()] = now + 1;
            }
        }
    }

    /// Whether all that could have gone on since this decision have, as far as it has been noted.
    pub(super) fn gave_all_a_turn(&self, since: usize, until: usize) -> bool {
        let runs = |task: TaskId| self.log[since..until].iter().any(|decision| decision.task == task);
        let was_able = |task: TaskId| self.lull.able.get(task.index()).is_some_and(|able| *able > since);
        self.task_ids().all(|task| !was_able(task) || runs(task))
    }

    /// Somebody may wait for the clock.
    pub(super) fn has_clock(&self) -> bool {
        self.tells_time || self.lull.has_limits
    }

    /// Somebody wants to know whether what is written is as it was.
    pub(crate) fn compares_bytes(&self) -> bool {
        self.journal.is_some() || self.has_clock()
    }

    /// Those who can't go on.
    fn idle(&self) -> Vec<TaskId> {
        let waits = |task: &TaskId| self.tasks[task.index()].state != TaskState::Finished && !self.is_enabled(*task);
        self.task_ids().filter(waits).collect()
    }

    /// Whether somebody who can't go on waits for an instant.
    pub(super) fn awaits_clock(&self) -> bool {
        self.has_clock() && self.next_instant(&self.idle()).is_some()
    }

    /// To be called at retries. Lets the clock go on if all that can run have come back to the same state often enough, and
    /// somebody waits for that.
    pub(super) fn let_time_pass(&mut self) {
        if self.over || !self.awaits_clock() {
            return;
        }
        let (state, now) = (self.state_hash(), self.log.len());
        let mut before = self.lull.seen.iter().rev().filter(|(seen, _)| *seen == state).map(|(_, at)| *at);
        if before.nth(ROUNDS - 1).is_some_and(|since| self.gave_all_a_turn(since, now)) {
            self.watch.progress();
            self.lull.progress();
            self.advance(&self.idle());
            return;
        }
        self.lull.seen.push((state, now));
    }

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
        let Some(next) = self.next_instant(waiting) else { return false };
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

    /// The next instant that one of these waits for.
    fn next_instant(&self, waiting: &[TaskId]) -> Option<Duration> {
        let instant = |task: &TaskId| {
            let entry = &self.tasks[task.index()];
            let op = entry.pending.as_ref()?;
            entry.alarm.into_iter().chain(entry.deadline.filter(|_| self.may_give_up(op))).min()
        };
        waiting.iter().filter_map(instant).min()
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

//! Who can go on, who has to wait, and who waits in vain.

use super::{Execution, Hold, Kind, ObjectId, Op, State, TaskId, TaskSet, TaskState};
use crate::verdict::Verdict;

impl Execution {
    #[inline]
    pub(crate) fn is_enabled(&self, task: TaskId) -> bool {
        let entry = &self.tasks[task.index()];
        if !entry.may_wait {
            return entry.state != TaskState::Finished;
        }
        let Some(op) = &entry.pending else { return true };
        self.ready(task, op)
            || (entry.gives_up && self.can_stop_waiting(op))
            || (op.timeout.is_some()
                && (entry.fired || (self.timeouts_left > 0 && !entry.waits_on))
                && self.may_give_up(op))
    }

    /// Whether the scheduler may choose the task: it is enabled, or a spurious wakeup would make it so.
    #[inline]
    pub(crate) fn may_run(&self, task: TaskId) -> bool {
        self.is_enabled(task)
            || (self.spurious_left > 0
                && self.tasks[task.index()].pending.is_some_and(|op| self.may_wake_spuriously(&op)))
    }

    /// Whether `task` can go on, nobody else can, and nothing says that it has to be asked for. Who can is kept for
    /// the scheduler, which is asked next if this is not so.
    pub(crate) fn is_alone(&mut self, task: TaskId) -> bool {
        let runnable = self.task_ids().fold(TaskSet::default(), |set, task| set.with(task, self.may_run(task)));
        self.runnable = Some(runnable);
        !self.every_step && runnable.is_only(task) && self.watch.is_idle() && self.is_ready_now(task)
    }

    pub(crate) fn is_ready_now(&self, task: TaskId) -> bool {
        let entry = &self.tasks[task.index()];
        !entry.may_wait || entry.pending.as_ref().is_some_and(|op| self.ready(task, op))
    }

    /// Who must act before `op` can run: one entry for a lock's holder, several for readers.
    pub(crate) fn blockers(&self, task: TaskId, op: &Op) -> Vec<Hold> {
        match (op.kind, op.object.map(|object| &self.objects[object.index()].state)) {
            (Kind::Lock, Some(State::Mutex { holder })) => holder.iter().copied().collect(),
            (Kind::Read, Some(State::RwLock { writer: Some(hold), .. })) => vec![*hold],
            (Kind::Read, Some(State::RwLock { .. })) => self.queued_writers(task, op),
            (Kind::Write, Some(State::RwLock { writer, readers, .. })) => {
                writer.iter().chain(readers).copied().collect()
            }
            (Kind::OnceEnter | Kind::OnceWait, Some(State::Once { running, .. })) => running.iter().copied().collect(),
            (Kind::Wake { mutex }, _) => match &self.objects[mutex.index()].state {
                State::Mutex { holder: Some(hold) } if self.signalled(task, op) => vec![*hold],
                _ => Vec::new(),
            },
            (Kind::Join(other), _) => vec![Hold { task: other, site: self.tasks[other.index()].site }],
            (Kind::Poll { turn }, Some(State::Task { woken: true, .. })) => {
                match turn.map(|turn| &self.objects[turn.index()].state) {
                    Some(State::Loop { holder, .. }) => holder.iter().copied().collect(),
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    /// Who waits to write to the lock that `op` of `task` would read, and has not been let in because of other readers.
    /// std's lock keeps new readers out meanwhile, and others do, too: so it may be that `op` has to wait for them.
    fn queued_writers(&self, task: TaskId, op: &Op) -> Vec<Hold> {
        let queued = |other: TaskId| {
            let write = self.tasks[other.index()].pending?;
            let queues = other != task
                && write.kind == Kind::Write
                && write.object == op.object
                && self.tasks[other.index()].state == TaskState::Live
                && !self.ready(other, &write);
            queues.then_some(Hold { task: other, site: write.site })
        };
        self.task_ids().filter_map(queued).collect()
    }

    /// Whether `op`, which can run, may be held up by a writer that is queued.
    pub(crate) fn may_be_held_up(&self, task: TaskId, op: &Op) -> bool {
        op.kind == Kind::Read && !self.queued_writers(task, op).is_empty()
    }

    /// Whether `op`, which can run, never would if a queued writer went before it: that one waits for this task.
    pub(super) fn would_be_held_up_for_ever(&self, task: TaskId, op: &Op) -> bool {
        self.may_be_held_up(task, op) && (self.cycle_from(task).is_some() || self.all_are_held_up())
    }

    /// Whether whoever can run may be held up by a queued writer, and nobody waits for a time: then it may be that nobody
    /// can run any more.
    fn all_are_held_up(&self) -> bool {
        let held_up = |task: TaskId| {
            let entry = &self.tasks[task.index()];
            let waits = !self.is_enabled(task) && entry.alarm.is_none() && entry.deadline.is_none();
            waits || entry.pending.is_some_and(|op| self.may_be_held_up(task, &op))
        };
        self.task_ids().all(held_up)
    }

    /// Who holds the permits that `op` waits for; any of them could let it go on.
    pub(crate) fn permit_holders(&self, op: &Op) -> Vec<Hold> {
        match (op.kind, op.object.map(|object| &self.objects[object.index()].state)) {
            (Kind::Acquire(_), Some(State::Semaphore { holds, .. })) => holds.iter().map(|(hold, _)| *hold).collect(),
            (Kind::Poll { .. }, Some(State::Task { woken: false, .. })) => self.awaited_holders(op),
            _ => Vec::new(),
        }
    }

    /// `task` has to wait: shows it, and finds out whether it waits in vain.
    pub(super) fn blocked(&mut self, task: TaskId, op: &Op) {
        self.tasks[task.index()].shown_waiting = true;
        let shown = self.as_shown(op);
        let step = self.log.len() + 1;
        self.settle();
        self.record(|recorder| recorder.waits(step, task, &shown));
        if let Some(cycle) = self.cycle_from(task) {
            let verdict = Verdict::Deadlock { cycle: self.describe_cycle(&cycle) };
            self.show_waiting();
            self.fail(verdict);
            return;
        }
        self.check_all_blocked();
    }

    /// Fails the execution if nobody can run; a timeout that could fire then does.
    pub(crate) fn check_all_blocked(&mut self) {
        if self.over || (self.task_ids().any(|task| self.is_enabled(task)) && !self.all_are_held_up()) {
            return;
        }
        let waiting = |task: &TaskId| self.tasks[task.index()].state != TaskState::Finished;
        let all: Vec<TaskId> = self.task_ids().filter(waiting).collect();
        if all.is_empty() {
            return;
        }
        if self.advance(&all) {
            // Whoever that wakes may have to wait for something else.
            return self.check_all_blocked();
        }
        self.show_waiting();
        let verdict = match self.cycle_among(&all) {
            Some(cycle) => Verdict::Deadlock { cycle: self.describe_cycle(&cycle) },
            None => Verdict::Stuck { waiting: self.describe_waiting(&all) },
        };
        self.fail(verdict);
    }

    /// The task whose object this is.
    pub(crate) fn polled(&self, object: ObjectId) -> Option<TaskId> {
        let is = |task: &TaskId| {
            let entry = &self.tasks[task.index()];
            entry.polls == Some(object) || entry.joined_by == Some(object)
        };
        self.task_ids().find(is)
    }

    /// Whether the task is being polled on a loop on which tasks take turns.
    pub(crate) fn is_on_turn(&self, task: TaskId) -> bool {
        let holds = |object: &super::Object| matches!(&object.state, State::Loop { holder: Some(hold), .. } if hold.task == task);
        self.objects.iter().any(holds)
    }

    /// What a task that has announced `op` waits for in its program's terms: a task that is not woken for what its future
    /// does.
    pub(crate) fn as_shown(&self, op: &Op) -> Op {
        let (Kind::Poll { turn }, Some(object)) = (op.kind, op.object) else { return *op };
        if matches!(self.objects[object.index()].state, State::Task { woken: true, .. }) {
            return Op { kind: Kind::Use("poll"), object: turn, ..*op };
        }
        let awaits = self.polled(object).and_then(|task| self.tasks[task.index()].awaits.last().copied());
        // A future that says nothing of itself.
        awaits.unwrap_or(Op { kind: Kind::Use("wait to be woken"), object: None, ..*op })
    }

    /// Who has what the futures of the task wait for that is about to do `op`.
    pub(super) fn awaited_holders(&self, op: &Op) -> Vec<Hold> {
        let task = op.object.and_then(|object| self.polled(object));
        let awaits = task.map_or(&[][..], |task| &self.tasks[task.index()].awaits);
        let has = |(kind, object): (Kind, ObjectId)| match &self.objects[object.index()].state {
            // A channel is its receiver's: who waits for room waits for that one.
            State::Shared { kind: "async channel", .. } if kind != Kind::Use("send") => Vec::new(),
            State::Shared { holders, .. } => holders.clone(),
            State::Task { .. } => {
                let hold = |task: TaskId| Hold { task, site: self.tasks[task.index()].site };
                self.polled(object).map(hold).into_iter().collect()
            }
            _ => Vec::new(),
        };
        awaits.iter().filter_map(|op| Some((op.kind, op.object?))).flat_map(has).collect()
    }

    /// Puts every task that waits into the trace, once.
    fn show_waiting(&mut self) {
        let step = self.log.len() + 1;
        for task in self.task_ids() {
            let entry = &mut self.tasks[task.index()];
            let Some(op) = entry.pending else { continue };
            if entry.state == TaskState::Live && !entry.shown_waiting {
                entry.shown_waiting = true;
                let shown = self.as_shown(&op);
                if !self.ready(task, &op) || self.would_be_held_up_for_ever(task, &op) {
                    self.settle();
                    self.record(|recorder| recorder.waits(step, task, &shown));
                }
            }
        }
    }
}

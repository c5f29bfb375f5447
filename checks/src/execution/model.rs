//! What every primitive is: its state, when an operation on it can run, and what running does.
//!
//! One specification for all engines. Under shuttle it *is* the primitive: a task whose operation is not ready
//! is not offered to the scheduler, so nothing runs just to block. Under loom the mutexes, atomics and joins are
//! loom's own and this follows them; the rest runs here, each step behind a loom atomic of its object.

mod change;

use self::change::{change_object, leave};
use super::{Execution, Kind, ObjectId, Op, Site, TaskId, TaskState};

/// Who has a lock, and since which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) task: TaskId,
    pub(crate) site: Site,
}

/// A `notify_one` that nobody has consumed, and the waiters that were there to receive it.
#[derive(Clone, Debug)]
pub(crate) struct Signal {
    eligible: Vec<TaskId>,
}

/// The state of an object.
#[derive(Clone, Debug)]
pub(crate) enum State {
    Mutex {
        holder: Option<Hold>,
    },
    RwLock {
        writer: Option<Hold>,
        readers: Vec<Hold>,
        /// Writers that have looked in vain, and wait.
        queued: Vec<TaskId>,
    },
    Semaphore {
        permits: usize,
        holds: Vec<(Hold, usize)>,
    },
    Condvar {
        waiters: Vec<TaskId>,
        signals: Vec<Signal>,
    },
    Channel {
        length: usize,
        capacity: Option<usize>,
        senders: usize,
        receivers: usize,
        taken: u64,
        /// A receiver has looked, and waits.
        awaited: bool,
    },
    Barrier {
        size: usize,
        arrived: usize,
        generation: u64,
    },
    Once {
        running: Option<Hold>,
        done: bool,
    },
    /// The value's hash, for recognising a state that recurs.
    Atomic {
        value: u64,
    },
    Cell,
    Fairness {
        bound: usize,
        waiting: Vec<(TaskId, Vec<TaskId>)>,
    },
    History,
    /// An event loop on which tasks take turns.
    Loop {
        holder: Option<Hold>,
        /// Nobody blocks on it, so nobody is polled: who did has kept the turn.
        rests: bool,
    },
    /// A task of an event loop: it is to be polled, and to be dropped then.
    Task {
        woken: bool,
        aborted: bool,
    },
    /// What an `Arc` owns; whether it matters who drops it last, and whether loom tries every order of steps on it.
    Arc {
        owners: usize,
        weaks: usize,
        ordered: bool,
        gated: bool,
    },
    /// An asynchronous primitive, of this kind: what it is its wrapper knows.
    Shared {
        kind: &'static str,
        holders: Vec<Hold>,
    },
}

impl State {
    /// A once that has not run.
    pub(crate) fn fresh_once() -> Self {
        State::Once { running: None, done: false }
    }

    /// Whether it is a mutex that nobody holds, or an event loop that polls nobody.
    pub(crate) fn is_free(&self) -> bool {
        matches!(self, State::Mutex { holder: None } | State::Loop { holder: None, .. })
    }

    /// Whether it is one of loom's own where the program lets it.
    pub(crate) fn may_be_loom_s(&self) -> bool {
        matches!(self, State::RwLock { .. } | State::Channel { capacity: None, .. })
    }

    /// What `op` of `task`, which can run, makes of this object: its own, or its mutex.
    pub(crate) fn change(&mut self, me: ObjectId, task: TaskId, op: &Op) -> Effect {
        let hold = Hold { task, site: op.site };
        match (op.kind, self) {
            (Kind::Wait { mutex }, State::Mutex { holder }) if mutex == me => *holder = None,
            (Kind::Wake { mutex }, State::Mutex { holder }) if mutex == me => *holder = Some(hold),
            (Kind::Pending { turn }, State::Loop { holder, rests }) if turn == Some(me) => {
                (*holder, *rests) = (None, false);
            }
            (Kind::Poll { turn }, State::Loop { holder, .. }) if turn == Some(me) => *holder = Some(hold),
            (Kind::Wait { .. }, State::Condvar { waiters, .. }) => waiters.push(task),
            (Kind::Wake { .. }, State::Condvar { waiters, signals }) => leave(waiters, signals, task),
            (kind, state) => return change_object(state, task, kind, hold),
        }
        Effect::Done
    }

    pub(crate) fn noun(&self) -> &'static str {
        match self {
            State::Mutex { .. } => "mutex",
            State::RwLock { .. } => "rwlock",
            State::Semaphore { .. } => "semaphore",
            State::Condvar { .. } => "condvar",
            State::Channel { .. } => "channel",
            State::Barrier { .. } => "barrier",
            State::Once { .. } => "once",
            State::Atomic { .. } => "atomic",
            State::Cell => "cell",
            State::Fairness { .. } => "bypass",
            State::History => "history",
            State::Loop { .. } => "loop",
            State::Task { .. } => "task",
            State::Arc { .. } => "arc",
            State::Shared { kind, .. } => kind,
        }
    }

    /// A number that is equal when the state is.
    pub(crate) fn hash(&self) -> u64 {
        let hold = |hold: &Option<Hold>| hold.map_or(0, |hold| hold.task.index() as u64 + 1);
        match self {
            State::Mutex { holder } | State::Loop { holder, .. } => hold(holder),
            State::RwLock { writer, readers, .. } => {
                readers.iter().fold(hold(writer), |sum, reader| sum * 31 + reader.task.index() as u64 + 7)
            }
            State::Semaphore { permits, .. } => *permits as u64,
            State::Condvar { waiters, signals } => {
                waiters.iter().fold(signals.len() as u64, |sum, task| sum * 31 + task.index() as u64 + 3)
            }
            State::Channel { taken, length, senders, receivers, awaited, .. } => {
                let ends = *senders as u64 * 7 + *receivers as u64;
                taken * 1_000_003 + *length as u64 * 31 + ends * 2 + u64::from(*awaited)
            }
            State::Barrier { arrived, generation, .. } => generation * 31 + *arrived as u64,
            State::Once { running, done } => hold(running) * 2 + u64::from(*done),
            State::Atomic { value } => *value,
            State::Cell | State::History => 0,
            State::Fairness { waiting, .. } => waiting.len() as u64,
            State::Task { woken, aborted } => u64::from(*woken) | u64::from(*aborted) << 1,
            State::Arc { owners, weaks, .. } => *owners as u64 * 31 + *weaks as u64,
            State::Shared { holders, .. } => {
                holders.iter().fold(0, |sum, holder| sum * 31 + holder.task.index() as u64 + 5)
            }
        }
    }
}

/// How a waiting operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Done,
    /// A `try_` operation found its object taken, or a compare-and-exchange another value.
    Refused,
    TimedOut,
    /// A wakeup that nobody sent.
    Spurious,
    /// The execution is over; nothing was done.
    Inert,
}

impl Execution {
    /// Whether `op` can run now and have what it waits for.
    pub(crate) fn ready(&self, task: TaskId, op: &Op) -> bool {
        match op.kind {
            Kind::Join(other) => self.tasks[other.index()].state == TaskState::Finished,
            Kind::Park => self.tasks[task.index()].token,
            Kind::Sleep => self.tasks[task.index()].alarm.is_none(),
            kind => {
                let state = |object: ObjectId| &self.objects[object.index()].state;
                is_ready(task, kind, op.object.map(state), kind.mutex().map(state))
            }
        }
    }

    /// Whether a notification that `task` can receive is there.
    pub(crate) fn signalled(&self, task: TaskId, op: &Op) -> bool {
        op.object.is_some_and(|object| is_signalled(task, &self.objects[object.index()].state))
    }

    fn is_free(&self, mutex: ObjectId) -> bool {
        self.objects[mutex.index()].state.is_free()
    }

    /// Whether the operation could go on without what it waits for: by its timeout, or by a spurious wakeup.
    pub(crate) fn may_give_up(&self, op: &Op) -> bool {
        (op.timeout.is_some() && self.can_stop_waiting(op)) || self.may_wake_spuriously(op)
    }

    /// Whether nothing but what it waits for is in the way: a condition variable's waiter needs its mutex, too.
    pub(crate) fn can_stop_waiting(&self, op: &Op) -> bool {
        !matches!(op.kind, Kind::Wake { mutex } if !self.is_free(mutex))
    }

    /// A wait with a timeout ends early by that.
    pub(crate) fn may_wake_spuriously(&self, op: &Op) -> bool {
        self.spurious_left > 0
            && op.timeout.is_none()
            && match op.kind {
                Kind::Wake { mutex } => self.is_free(mutex),
                Kind::Park => true,
                _ => false,
            }
    }

    /// Runs `op`, which the engine has let go ahead.
    pub(crate) fn apply(&mut self, task: TaskId, op: &Op) -> Effect {
        let ready = !self.tasks[task.index()].may_wait || self.ready(task, op);
        let mut effect = Effect::Done;
        if !ready {
            if op.timeout.is_some() {
                effect = Effect::TimedOut;
            } else {
                effect = Effect::Spurious;
                if !self.tasks[task.index()].gives_up {
                    self.spurious_left = self.spurious_left.saturating_sub(1);
                }
            }
        }
        let taken = self.taken(op);
        if effect == Effect::Done || op.changes_undone() {
            effect = self.change(task, op, effect);
        }
        self.order(task, op, effect, taken);
        effect
    }

    /// Whether `op`, which does not wait, would not get now what it asks for.
    pub(crate) fn refuses(&self, task: TaskId, op: &Op) -> bool {
        match (op.kind, op.object) {
            (Kind::IsFinished(other), _) => self.tasks[other.index()].state != TaskState::Finished,
            // That all senders are gone is something to know.
            (Kind::TryRecv, Some(object))
                if matches!(self.objects[object.index()].state, State::Channel { senders: 0, .. }) =>
            {
                false
            }
            (_, Some(object)) => {
                let mut state = self.objects[object.index()].state.clone();
                state.change(object, task, op) == Effect::Refused
            }
            _ => false,
        }
    }

    fn change(&mut self, task: TaskId, op: &Op, effect: Effect) -> Effect {
        if matches!(op.kind, Kind::Load(_) | Kind::Store(_) | Kind::Rmw(_) | Kind::Cas(..)) {
            return effect;
        }
        if op.parks || op.kind == Kind::Park {
            self.tasks[task.index()].token = false;
        }
        match op.kind {
            Kind::Unpark(other) => self.tasks[other.index()].token = true,
            Kind::Join(other) => self.tasks[other.index()].joined = true,
            Kind::Read => self.tasks[task.index()].reads += 1,
            Kind::ReadUnlock => self.tasks[task.index()].reads = self.tasks[task.index()].reads.saturating_sub(1),
            _ => {}
        }
        if let Some(mutex) = op.kind.mutex() {
            self.objects[mutex.index()].state.change(mutex, task, op);
        }
        let Some(object) = op.object else { return effect };
        match self.objects[object.index()].state.change(object, task, op) {
            Effect::Done => effect,
            refused => refused,
        }
    }
}

/// Whether an operation of this kind can run on an object in this state, and with its mutex in that one.
pub(crate) fn is_ready(task: TaskId, kind: Kind, state: Option<&State>, mutex: Option<&State>) -> bool {
    match (kind, state) {
        (Kind::Lock, Some(State::Mutex { holder })) => holder.is_none(),
        // As std's lock: who has queued to write goes first, unless it could go on itself.
        (Kind::Read, Some(State::RwLock { writer, readers, queued })) => {
            writer.is_none() && (readers.is_empty() || queued.is_empty())
        }
        (Kind::Write, Some(State::RwLock { writer, readers, .. })) => writer.is_none() && readers.is_empty(),
        (Kind::Acquire(wanted), Some(State::Semaphore { permits, .. })) => *permits >= wanted,
        (Kind::Wake { .. }, Some(state)) => is_signalled(task, state) && mutex.is_none_or(State::is_free),
        (Kind::Poll { .. }, Some(State::Task { woken, .. })) => *woken && mutex.is_none_or(State::is_free),
        // When the clock comes to it nobody else can go on.
        (Kind::Sleep, _) => false,
        (Kind::Send, Some(State::Channel { length, capacity, receivers, .. })) => {
            *receivers == 0 || capacity.is_none_or(|capacity| *length < capacity.max(1))
        }
        (Kind::Taken(number), Some(State::Channel { taken, receivers, .. })) => *taken > number || *receivers == 0,
        (Kind::Recv, Some(State::Channel { length, senders, .. })) => *length > 0 || *senders == 0,
        (Kind::Leave(arrived), Some(State::Barrier { generation, .. })) => *generation != arrived,
        (Kind::OnceEnter, Some(State::Once { running, .. })) => running.is_none(),
        (Kind::OnceWait, Some(State::Once { done, .. })) => *done,
        _ => true,
    }
}

fn is_signalled(task: TaskId, state: &State) -> bool {
    let State::Condvar { waiters, signals } = state else { return false };
    !waiters.contains(&task) || signals.iter().any(|signal| signal.eligible.contains(&task))
}

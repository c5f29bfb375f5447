//! One step of a task: announce, let the engine decide who runs, act, confirm.

use super::again::{needs_gates, want_gates};
use super::misfit::usage_of;
use super::session::{Problem, problem};
use super::wakers::{Wakes, wake_now};
use super::{
    Budget, Effect, Execution, Kind, Mode, ObjectId, Op, TaskId, TaskState, abandon, note_cut, session, take_unwinding,
    try_with, with, with_at,
};
use crate::engine;
use crate::verdict::{Place, Verdict};
use std::panic::resume_unwind;

/// What unwinds a task's stack when its execution is over.
pub(crate) struct Halt;

/// Whether and how operations still work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    /// They do; the task has announced this one.
    Running(Running),
    /// A panic unwinds this task, and may still be caught: operations act at once, and nobody else runs meanwhile,
    /// for `std::thread::panicking` is the OS thread's and all tasks share it.
    Unwinding,
    /// The execution is over: operations do nothing.
    Over(Mode),
}

/// The engine, and the task, of an operation that has been announced.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Running {
    mode: Mode,
    me: TaskId,
    /// A schedule is being followed.
    steered: bool,
    /// Unlocking is a scheduling point.
    gated: bool,
    /// Nobody else can run: there is nothing to decide.
    alone: bool,
}

/// Says what the current task is about to do.
fn announce(op: &Op) -> Life {
    let panicking = std::thread::panicking();
    let announced = with_at(op.site, |x| {
        if !x.owns(op.serial) {
            usage_of(x, super::CARRIED, op.site);
            return Some((Life::Over(x.mode), true));
        }
        if !panicking && !x.over {
            if x.has_to_wake() {
                return None;
            }
            x.look_for_wakers(x.current);
        }
        Some(match (x.over, panicking) {
            (true, _) => (Life::Over(x.mode), false),
            (false, true) => (Life::Unwinding, false),
            (false, false) => {
                let me = x.current;
                x.announce(me, op);
                let steered = x.steer.is_some();
                let asks = steered || x.journal.is_some();
                let alone = x.mode == Mode::Shuttle && !asks && x.is_alone(me);
                (Life::Running(Running { mode: x.mode, me, steered, gated: x.gated, alone }), x.over)
            }
        })
    });
    let Some((life, over)) = announced else {
        wake_now();
        return announce(op);
    };
    if over {
        halt();
    }
    life
}

/// Performs an operation that the facade itself implements.
pub(crate) fn perform(op: Op) -> Effect {
    perform_switching(op, true)
}

/// Performs an operation that comes with the task's last one: nobody goes on between them, but under loom.
pub(crate) fn follow_up(op: Op) -> Effect {
    perform_switching(op, false)
}

fn perform_switching(op: Op, switches: bool) -> Effect {
    match announce(&op) {
        Life::Running(Running { mode, me, gated, alone, .. }) => {
            match mode {
                _ if !gated && needs_gates(&op) => want_gates(),
                Mode::Shuttle if alone || !switches => {}
                Mode::Shuttle => engine::shuttle::switch(op.kind.yields()),
                Mode::Loom => engine::loom::wait_turn(me, &op),
            }
            confirm(me, &op, &Acted::done(())).effect
        }
        Life::Unwinding => {
            let (me, ready) = with(|x| (x.current, x.ready(x.current, &op)));
            if !ready {
                // To wait here would let others run while `panicking` is true for all of them.
                fail_with_noted_panic();
                abandon();
            }
            confirm(me, &op, &Acted::done(())).effect
        }
        Life::Over(mode) => {
            inert(mode, op.kind);
            Effect::Inert
        }
    }
}

/// What a primitive's own part of an operation came to.
pub(crate) struct Acted<R> {
    pub(crate) result: R,
    /// A `try_` operation found its object taken, or a compare-and-exchange another value.
    pub(crate) refused: bool,
    /// A hash of an atomic's latest value after it, if it wrote one.
    pub(crate) value: Option<u64>,
    /// A hash of what it wrote, which need not be the latest.
    pub(crate) written: Option<u64>,
    /// A hash of the value that it read of an atomic.
    pub(crate) read: Option<u64>,
    /// Of an update or a compare-and-exchange: that was not the latest.
    pub(crate) is_old: bool,
}

impl<R> Acted<R> {
    pub(crate) fn done(result: R) -> Self {
        Acted { result, refused: false, value: None, written: None, read: None, is_old: false }
    }
}

/// How an operation went.
#[derive(Clone, Copy)]
pub(crate) struct Confirmed {
    pub(crate) effect: Effect,
    /// Somebody wants to know the value: see [`confirm_value`].
    pub(crate) recording: bool,
}

/// Performs an operation that an engine implements: `native` does it under loom, letting others run first. Gives what
/// `native` gave.
pub(crate) fn act<R>(op: Op, native: impl FnOnce(Mode) -> Acted<R>) -> (R, Confirmed) {
    match announce(&op) {
        Life::Running(Running { mode, me, steered, gated, alone }) => {
            match mode {
                // shuttle's spawn is a scheduling point itself; and what else a task did in its critical section can't
                // be told from an unlock right after it, but by a `try_lock`.
                Mode::Shuttle if op.kind == Kind::Spawn || (op.kind == Kind::Unlock && !gated) => {}
                Mode::Shuttle if alone => {}
                Mode::Shuttle => engine::shuttle::switch(false),
                Mode::Loom if matches!(op.kind, Kind::Use(_)) => engine::loom::wait_turn(me, &op),
                Mode::Loom if steered => engine::loom::follow(me),
                Mode::Loom => {}
            }
            let acted = native(mode);
            let confirmed = confirm(me, &op, &acted);
            (acted.result, confirmed)
        }
        Life::Unwinding => {
            let (me, mode, ready) = with(|x| {
                x.unmodelled |= x.mode == Mode::Loom && is_loom_s_own(op.kind);
                (x.current, x.mode, x.ready(x.current, &op))
            });
            if !ready {
                fail_with_noted_panic();
                abandon();
            }
            let acted = native(mode);
            let confirmed = confirm(me, &op, &acted);
            (acted.result, confirmed)
        }
        Life::Over(mode) => {
            inert(mode, op.kind);
            (native(Mode::Shuttle).result, Confirmed { effect: Effect::Inert, recording: false })
        }
    }
}

/// Performs an operation of an asynchronous primitive, which `native` does, at once; whom that wakes is woken after it, and
/// nobody goes on in between.
pub(crate) fn act_collecting<R>(op: Op, native: impl FnOnce() -> R) -> R {
    let (result, wakes) = act(op, |_| {
        let outer = with(|x| x.wakes.replace(Vec::new()));
        let result = native();
        Acted::done((result, with(|x| std::mem::replace(&mut x.wakes, outer)).unwrap_or_default()))
    })
    .0;
    wakes.into_iter().for_each(Wakes::follow);
    result
}

/// Operations that loom has to see, and can't while a panic unwinds: each would let others run.
fn is_loom_s_own(kind: Kind) -> bool {
    use Kind::{Cas, Fence, Join, Load, Rmw, Store};
    matches!(kind, Load(_) | Store(_) | Rmw(_) | Cas(..) | Fence(_) | Join(_))
}

/// Under loom a task whose execution is over unwinds at its next operation; only destructors may go on, since
/// they run while others' stacks are dropped. Under shuttle it never gets here: its stack is not resumed.
fn inert(mode: Mode, kind: Kind) {
    let in_a_destructor = matches!(
        kind,
        Kind::Unlock | Kind::ReadUnlock | Kind::WriteUnlock | Kind::Release(_) | Kind::DropSender | Kind::DropReceiver
    ) || matches!(kind, Kind::Use(_) | Kind::WakeTask | Kind::Abort | Kind::Pending { .. });
    if mode == Mode::Loom && !in_a_destructor && !std::thread::panicking() {
        resume_unwind(Box::new(Halt));
    }
}

/// Stops the current task for good: its execution is over.
pub(crate) fn halt() -> ! {
    match with(|x| x.mode) {
        // The scheduler chooses nobody any more, so this stack is never resumed, and nothing of it is unwound.
        Mode::Shuttle if !std::thread::panicking() => loop {
            engine::shuttle::switch(false);
        },
        // loom ends an execution only by a panic.
        _ => resume_unwind(Box::new(Halt)),
    }
}

/// Fails the execution and stops the current task.
pub(crate) fn fail(verdict: impl FnOnce(&Execution) -> Verdict) -> ! {
    if std::thread::panicking() && with(|x| !x.over) {
        fail_with_noted_panic();
        abandon();
    }
    with(|x| {
        let verdict = verdict(x);
        x.fail(verdict);
    });
    halt()
}

/// Ends the execution with the panic that is unwinding.
pub(super) fn fail_with_noted_panic() {
    let Some((message, place)) = take_unwinding() else { return };
    try_with(|x| {
        let names = x.names();
        let task = names.task(x.current).to_owned();
        let at = place.or_else(|| x.last_place());
        x.fail(Verdict::Assertion { task, message, at });
    });
}

pub(super) fn confirm<R>(me: TaskId, op: &Op, acted: &Acted<R>) -> Confirmed {
    let (confirmed, over) = with(|x| {
        x.current = me;
        let effect = x.decide(me, op, acted.refused, acted.value);
        x.note_access(me, op, acted);
        (Confirmed { effect, recording: x.recorder.is_some() }, x.over)
    });
    if over && !std::thread::panicking() {
        halt();
    }
    confirmed
}

impl Execution {
    /// `task` is about to do `op`.
    fn announce(&mut self, task: TaskId, op: &Op) {
        if self.unmodelled {
            let what = "a destructor used an atomic or joined while a panic that was then caught unwound: \
                        loom can't follow that; check this program under shuttle";
            problem(Problem::Engine(what.into()));
            self.over = true;
            return;
        }
        if self.log.len() >= self.steps_max {
            note_cut(Budget::Steps);
            let cut = self.cut_short();
            session(|session| _ = session.report.cut_short.get_or_insert(cut));
            self.over = true;
            return;
        }
        if self.wants_gates(task, op) {
            self.over = true;
            return;
        }
        let entry = &mut self.tasks[task.index()];
        entry.pending = Some(*op);
        self.site = op.site;
        entry.may_wait = op.kind.may_wait();
        self.lull.has_limits |= op.timeout.is_some();
        entry.deadline = op.timeout.map(|timeout| self.now.saturating_add(timeout));
        if entry.may_wait && (!self.ready(task, op) || self.would_be_held_up_for_ever(task, op)) {
            self.blocked(task, op);
        }
    }

    /// `task` goes ahead with `op`.
    fn decide(&mut self, task: TaskId, op: &Op, refused: bool, value: Option<u64>) -> Effect {
        // Whom this preempts only a trace has to know.
        let preempts = if self.recorder.is_some() { self.preempts(task) } else { None };
        if op.progress {
            self.watch.progress();
            if !op.idle {
                self.lull.progress();
            }
        }
        self.settle();
        let before = self.journal.is_some().then(|| self.before(task, op));
        self.tasks[task.index()].pending = None;
        self.uses.note(op.kind);
        // Who could run when this was announced: now others may, be it that no scheduler has been asked in between.
        self.runnable = None;
        let effect = if refused {
            self.order(task, op, Effect::Refused, 0);
            Effect::Refused
        } else {
            self.apply(task, op)
        };
        if let (Some(hash), Some(object)) = (value, op.object)
            && let super::State::Atomic { value } = &mut self.objects[object.index()].state
        {
            *value = hash;
        }
        let entry = &mut self.tasks[task.index()];
        if let Kind::Poll { .. } = op.kind {
            entry.alarm = None;
            entry.awaits.clear();
        }
        if entry.may_wait {
            entry.rung = false;
            if effect == Effect::TimedOut && !entry.fired && !entry.gives_up {
                self.timeouts_left = self.timeouts_left.saturating_sub(1);
            }
            (entry.may_wait, entry.fired, entry.shown_waiting) = (false, false, false);
            (entry.waits_on, entry.gives_up) = (false, false);
        }
        self.keep_tail(task, op);
        self.trail.step(self.log.len(), task, op.site);
        self.log.push(super::Decision { task, signature: op.signature() });
        self.acts(task, op);
        let step = self.log.len();
        self.record(|recorder| recorder.acted(step, task, op, effect, preempts));
        if let Some(before) = before {
            self.keep(task, op, effect, before);
        }
        if let Some(steer) = &mut self.steer {
            steer.advance();
        }
        if let Kind::Grant = op.kind {
            self.check_bypass(op.object.unwrap_or_default());
        }
        self.watch(op.kind.yields() || matches!(effect, Effect::Refused | Effect::TimedOut));
        if self.parked > 0 {
            engine::loom::wake_ready(self);
        }
        self.count_wakers(task);
        effect
    }

    /// Whether going on with `task` preempts another that could have gone on and did not ask to yield.
    pub(crate) fn preempts(&self, task: TaskId) -> Option<TaskId> {
        let last = self.log.last()?.task;
        (last != task && self.can_be_preempted(last)).then_some(last)
    }

    /// Whether `task` could go on, and does not ask to yield.
    pub(crate) fn can_be_preempted(&self, task: TaskId) -> bool {
        let entry = &self.tasks[task.index()];
        let able = |op: &Op| self.ready(task, op) && !op.kind.gives_way();
        entry.state == TaskState::Live && entry.pending.as_ref().is_some_and(able)
    }

    /// Where the last operation was announced, if there was one.
    pub(super) fn last_place(&self) -> Option<Place> {
        (self.site != super::nowhere()).then(|| Place::of(self.site))
    }

    fn check_bypass(&mut self, object: ObjectId) {
        let super::State::Fairness { bound, waiting } = &self.objects[object.index()].state else { return };
        let Some((task, by)) = waiting.iter().find(|(_, by)| by.len() > *bound) else { return };
        let names = self.names();
        let verdict = Verdict::Starvation {
            task: names.task(*task).to_owned(),
            object: names.object(object).to_owned(),
            bypassed: by.len(),
            bound: *bound,
            by: by.iter().map(|task| names.task(*task).to_owned()).collect(),
        };
        self.fail(verdict);
    }
}

//! One step of a task: announce, let the engine decide who runs, act, confirm.

use super::session::{Problem, message, problem};
use super::{
    Budget, Effect, Execution, Kind, Mode, ObjectId, Op, Site, TaskId, TaskState, abandon, note_cut, session,
    take_panic, take_unwinding, try_with, with,
};
use crate::engine;
use crate::verdict::Verdict;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What unwinds a task's stack when its execution is over.
pub(crate) struct Halt;

/// Whether and how operations still work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Running(Mode),
    /// A panic unwinds this task, and may still be caught: operations act at once, and nobody else runs meanwhile,
    /// for `std::thread::panicking` is the OS thread's and all tasks share it.
    Unwinding,
    /// The execution is over: operations do nothing.
    Over(Mode),
}

fn life() -> Life {
    with(|x| match (x.over, std::thread::panicking()) {
        (true, _) => Life::Over(x.mode),
        (false, true) => Life::Unwinding,
        (false, false) => Life::Running(x.mode),
    })
}

/// Performs an operation that the facade itself implements.
pub(crate) fn perform(op: Op) -> Effect {
    match life() {
        Life::Running(mode) => {
            let me = announce(op);
            match mode {
                Mode::Shuttle => engine::shuttle::switch(op.kind.yields()),
                Mode::Loom => engine::loom::wait_turn(me, &op),
            }
            confirm(me, &op)
        }
        Life::Unwinding => {
            let (me, ready) = with(|x| (x.current, x.ready(x.current, &op)));
            if !ready {
                // To wait here would let others run while `panicking` is true for all of them.
                fail_with_noted_panic();
                abandon();
            }
            confirm(me, &op)
        }
        Life::Over(mode) => {
            inert(mode, op.kind);
            Effect::Inert
        }
    }
}

/// Performs an operation that an engine implements: `native` does it under loom, letting others run first, and says
/// whether it was refused. Gives what `native` gave.
pub(crate) fn act<R>(op: Op, native: impl FnOnce(Mode) -> (R, bool)) -> (R, Effect) {
    match life() {
        Life::Running(mode) => {
            let me = announce(op);
            match mode {
                // shuttle's spawn is a scheduling point itself.
                Mode::Shuttle if op.kind == Kind::Spawn => {}
                Mode::Shuttle => engine::shuttle::switch(false),
                Mode::Loom => engine::loom::follow(me),
            }
            let (result, refused) = native(mode);
            (result, confirm_as(me, &op, refused))
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
            let (result, refused) = native(mode);
            (result, confirm_as(me, &op, refused))
        }
        Life::Over(mode) => {
            inert(mode, op.kind);
            (native(Mode::Shuttle).0, Effect::Inert)
        }
    }
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
    );
    if mode == Mode::Loom && !in_a_destructor && !std::thread::panicking() {
        resume_unwind(Box::new(Halt));
    }
}

/// Says what the current task is about to do, and gives the task.
fn announce(op: Op) -> TaskId {
    let (me, doomed) = with(|x| {
        let me = x.current;
        if x.unmodelled {
            let what = "a destructor used an atomic or joined while a panic that was then caught unwound: \
                        loom can't follow that; check this program under shuttle";
            problem(Problem::Engine(what.into()));
            x.over = true;
            return (me, true);
        }
        if x.log.len() >= session(|session| session.rules.steps_max) {
            note_cut(Budget::Steps);
            x.over = true;
            return (me, true);
        }
        x.tasks[me.index()].pending = Some(op);
        if !x.ready(me, &op) {
            x.blocked(me, &op);
        }
        (me, x.over)
    });
    if doomed {
        halt();
    }
    me
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
    if life() == Life::Unwinding {
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
        x.fail(Verdict::Assertion { task, message, at: place });
    });
}

fn confirm(me: TaskId, op: &Op) -> Effect {
    let (effect, over) = with(|x| {
        x.current = me;
        let effect = x.decide(me, op, None);
        (effect, x.over)
    });
    if over && !std::thread::panicking() {
        halt();
    }
    effect
}

fn confirm_as(me: TaskId, op: &Op, refused: bool) -> Effect {
    let (effect, over) = with(|x| {
        x.current = me;
        (x.decide(me, op, refused.then_some(Effect::Refused)), x.over)
    });
    if over && !std::thread::panicking() {
        halt();
    }
    effect
}

/// Gives the event just recorded, if any is, the value it read or wrote.
pub(crate) fn confirm_value(value: impl FnOnce() -> String) {
    with(|x| {
        if let Some(recorder) = &mut x.recorder {
            recorder.value(x.current, value());
        }
    });
}

impl Execution {
    /// `task` goes ahead with `op`; `outcome` is set where the engine's own primitive has done it.
    fn decide(&mut self, task: TaskId, op: &Op, outcome: Option<Effect>) -> Effect {
        let preempts = self.preempts(task);
        self.tasks[task.index()].pending = None;
        let effect = match outcome {
            Some(refused) => {
                self.order(task, op, refused);
                refused
            }
            None => self.apply(task, op),
        };
        let entry = &mut self.tasks[task.index()];
        if effect == Effect::TimedOut && !entry.fired {
            self.timeouts_left = self.timeouts_left.saturating_sub(1);
        }
        (entry.fired, entry.shown_waiting) = (false, false);
        self.log.push(super::Decision { task, signature: op.signature() });
        if let Some(recorder) = &mut self.recorder {
            recorder.acted(self.log.len(), task, op, effect, preempts);
        }
        if let Some(steer) = &mut self.steer {
            steer.advance();
        }
        if let Kind::Grant = op.kind {
            self.check_bypass(op.object.unwrap_or_default());
        }
        let retry = effect != Effect::Done || op.kind.yields();
        if let Some(cycle) = self.watch(retry && effect != Effect::Spurious) {
            self.livelock(&cycle);
        }
        if self.mode == Mode::Loom {
            engine::loom::wake_ready(self);
        }
        effect
    }

    /// Whether going on with `task` preempts another that could have gone on and did not ask to yield.
    fn preempts(&self, task: TaskId) -> Option<TaskId> {
        let last = self.log.last()?.task;
        let entry = &self.tasks[last.index()];
        let op = entry.pending.as_ref()?;
        let able = last != task && entry.state == TaskState::Live && self.ready(last, op) && !op.kind.yields();
        able.then_some(last)
    }

    /// `task` has to wait: shows it, and finds out whether it waits in vain.
    fn blocked(&mut self, task: TaskId, op: &Op) {
        self.tasks[task.index()].shown_waiting = true;
        if let Some(recorder) = &mut self.recorder {
            recorder.waits(self.log.len() + 1, task, op);
        }
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
        if self.over || self.task_ids().any(|task| self.is_enabled(task)) {
            return;
        }
        let waiting = |task: &TaskId| self.tasks[task.index()].state != TaskState::Finished;
        let all: Vec<TaskId> = self.task_ids().filter(waiting).collect();
        if all.is_empty() {
            return;
        }
        if let Some(first) = self.first_timeout(&all) {
            self.tasks[first.index()].fired = true;
            if self.mode == Mode::Loom {
                engine::loom::wake_ready(self);
            }
            return;
        }
        self.show_waiting();
        let verdict = match self.cycle_among(&all) {
            Some(cycle) => Verdict::Deadlock { cycle: self.describe_cycle(&cycle) },
            None => Verdict::Stuck { waiting: self.describe_waiting(&all) },
        };
        self.fail(verdict);
    }

    /// Whose timeout comes first; at one instant, the task spawned first.
    fn first_timeout(&self, waiting: &[TaskId]) -> Option<TaskId> {
        let timeout = |task: &TaskId| {
            let op = self.tasks[task.index()].pending.as_ref()?;
            Some((op.timeout.filter(|_| self.may_give_up(op))?, *task))
        };
        waiting.iter().filter_map(timeout).min().map(|(_, task)| task)
    }

    /// Puts every task that waits into the trace, once.
    fn show_waiting(&mut self) {
        let step = self.log.len() + 1;
        for task in self.task_ids() {
            let entry = &mut self.tasks[task.index()];
            let Some(op) = entry.pending else { continue };
            if entry.state == TaskState::Live && !entry.shown_waiting {
                entry.shown_waiting = true;
                if !self.ready(task, &op)
                    && let Some(recorder) = &mut self.recorder
                {
                    recorder.waits(step, task, &op);
                }
            }
        }
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

    fn livelock(&mut self, cycle: &super::livelock::Cycle) {
        let names = self.names();
        let tasks = cycle.tasks.iter().map(|task| names.task(*task).to_owned()).collect();
        if let Some(recorder) = &mut self.recorder {
            recorder.recurs(cycle.round.clone());
        }
        self.fail(Verdict::Livelock { tasks, steps: cycle.round.len(), rounds: cycle.rounds });
    }
}

/// The body of every task: runs `program`, and makes what ends it the execution's business.
pub(crate) fn run_task<R>(me: TaskId, program: impl FnOnce() -> R) -> Option<R> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        start_task(me);
        program()
    }));
    match result {
        Ok(value) => Some(value),
        Err(payload) => {
            if !payload.is::<Halt>() {
                let text = message(payload.as_ref());
                let at = take_panic(Some(&text)).and_then(|(_, place)| place);
                with(|x| {
                    let task = x.names().task(me).to_owned();
                    x.fail(Verdict::Assertion { task, message: text, at });
                });
            }
            // A panic's payload may itself panic when it is dropped.
            std::mem::forget(payload);
            None
        }
    }
}

fn start_task(me: TaskId) {
    let mode = with(|x| {
        x.current = me;
        x.mode
    });
    if mode == Mode::Loom {
        engine::loom::follow(me);
    }
    let op = with(|x| {
        x.current = me;
        x.tasks[me.index()].state = TaskState::Live;
        Op::bare(Kind::Start, x.tasks[me.index()].site)
    });
    confirm(me, &op);
}

/// The task's last act: whoever joins it can go on.
pub(crate) fn finish_task(me: TaskId) {
    with(|x| {
        x.current = me;
        let task = &mut x.tasks[me.index()];
        task.state = TaskState::Finished;
        task.pending = None;
        if x.over {
            return;
        }
        if let Some(recorder) = &mut x.recorder {
            recorder.finished(x.log.len(), me);
        }
        if me == TaskId::MAIN {
            x.check_leaks();
        }
        if x.mode == Mode::Loom {
            engine::loom::wake_ready(x);
        }
        x.check_all_blocked();
    });
}

impl Execution {
    fn check_leaks(&mut self) {
        if !session(|session| session.rules.deny_leaks) {
            return;
        }
        let names = self.names();
        let running = |task: &TaskId| self.tasks[task.index()].state != TaskState::Finished;
        let what: Vec<String> = self.task_ids().filter(running).map(|task| names.task(task).to_owned()).collect();
        if !what.is_empty() {
            self.fail(Verdict::Leak { what });
        }
    }
}

/// One of `0..options`, as the search decides.
pub(crate) fn choose(options: usize, site: Site) -> usize {
    assert!(options > 0, "there is nothing to choose from");
    if options == 1 || perform(Op::bare(Kind::Choose(options), site)) == Effect::Inert {
        return 0;
    }
    answer(options)
}

/// The answer to a choice of the current task.
pub(crate) fn answer(options: usize) -> usize {
    let value = with(|x| {
        let task = x.current;
        let nth = x.tasks[task.index()].choices;
        x.tasks[task.index()].choices += 1;
        let value = x.source.choose(task, nth, options);
        x.answers.push(value);
        value
    });
    confirm_value(|| value.to_string());
    value
}

/// An access to a plain variable: no scheduling point, for a data race is one in any order.
pub(crate) fn access(object: ObjectId, write: bool, site: Site, overlap: bool) {
    let over = with(|x| {
        if x.over || std::thread::panicking() {
            return false;
        }
        let me = x.current;
        let tasks = x.tasks.len();
        let clocks = x.clocks.get_or_insert_with(|| super::Clocks::new(tasks));
        let earlier = clocks.conflicting(me, object, write);
        let race = clocks.access(me, object, write, site);
        let race = match x.mode {
            Mode::Shuttle => race.or(if overlap { earlier } else { None }),
            Mode::Loom => (overlap || engine::loom::races(x, object, write)).then_some(earlier).flatten(),
        };
        if let Some(recorder) = &mut x.recorder {
            recorder.accessed(x.log.len(), me, object, write, site);
        }
        if let Some(first) = race {
            let names = x.names();
            let describe = |access: super::Access| crate::verdict::Access::new(names.task(access.task), access);
            let second = describe(x.clocks.as_ref().and_then(|clocks| clocks.last(me, object)).unwrap_or(first));
            let object = names.object(object).to_owned();
            x.fail(Verdict::DataRace { object, first: describe(first), second });
        }
        x.over
    });
    if over {
        halt();
    }
}

/// Notes that a recorded schedule does not fit, and ends the execution.
pub(crate) fn drift(execution: &mut Execution, expected: String, found: String) {
    problem(Problem::Drift { step: execution.log.len() + 1, expected, found });
    execution.over = true;
}

/// Ends the run if the execution has as many tasks as the engine takes.
pub(crate) fn refuse_more_than(limit: usize) {
    let names = with(|x| (x.tasks.len() >= limit).then(|| x.names().into_tasks()));
    if let Some(mut names) = names {
        names.push("one more".into());
        problem(Problem::TooManyThreads { names, limit });
        with(|x| x.over = true);
        halt();
    }
}

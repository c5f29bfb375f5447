//! A task from its first step to its last, and what ends it otherwise.

use super::panics::raddle_begins_the_program;
use super::session::{Problem, problem};
use super::step::{Acted, Halt, confirm, halt};
use super::wakers::{OwnWaker, Woken, wake_now};
use super::{Alarm, Execution, Kind, Mode, ObjectId, Op, Site, TaskId, message, session, take_panic, with};
use crate::engine;
use crate::verdict::Verdict;
use std::any::Any;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskState {
    /// Spawned, and not run yet.
    Fresh,
    Live,
    Finished,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub(crate) struct Task {
    /// Equal in every execution, whatever ran in between: the parent's, and how many it had spawned before.
    pub(crate) identity: u64,
    /// Tasks and objects that it has spawned and created.
    pub(super) offspring: u64,
    pub(crate) name: Option<Cow<'static, str>>,
    /// Where it was spawned.
    pub(crate) site: Site,
    pub(crate) state: TaskState,
    /// What it has announced and not done yet.
    pub(crate) pending: Option<Op>,
    /// What it has announced is of a kind that may have to wait.
    pub(crate) may_wait: bool,
    /// The token of `park` and `unpark`.
    pub(crate) token: bool,
    /// Somebody has given it that token; and it has waited as std does by parking, which takes it.
    pub(crate) was_unparked: bool,
    pub(crate) has_waited: bool,
    /// How many read-write locks it reads; of those that are read by `try_read` nothing has to be known.
    pub(crate) reads: usize,
    /// Choices made so far.
    pub(crate) choices: usize,
    /// Set when its timeout fires because nothing else can run.
    pub(crate) fired: bool,
    /// Under loom: it has decided not to let its timeout fire while others can still run.
    pub(crate) waits_on: bool,
    /// Under loom: it has decided to let its timeout fire, or to wake for no reason.
    pub(crate) gives_up: bool,
    /// The trace already shows it waiting for what is pending.
    pub(crate) shown_waiting: bool,
    /// On the virtual clock: when what is pending times out.
    pub(crate) deadline: Option<Duration>,
    /// On the virtual clock: when it is woken.
    pub(crate) alarm: Option<Duration>,
    /// The clock has come to its alarm, and it has not gone on since.
    pub(crate) rung: bool,
    /// It has read the clock.
    pub(crate) reads_clock: bool,
    /// What it has asked the clock for.
    pub(crate) alarms: Vec<Alarm>,
    /// If a runtime has spawned it: the object that others wait for it by.
    pub(crate) joined_by: Option<ObjectId>,
    /// Somebody has waited for its end.
    pub(crate) joined: bool,
    /// It has run a future.
    pub(crate) is_future: bool,
    /// While it runs one: its object, and what the one it polled last waits for.
    pub(crate) polls: Option<ObjectId>,
    pub(crate) awaits: Vec<Op>,
    /// The wakers of ours that it polls with.
    pub(crate) wakers: Vec<Waker>,
    /// It calls a waker of the program's own, on behalf of a primitive's step.
    pub(crate) wakes_on: bool,
    /// The waker that its future is polled with.
    pub(crate) own: Option<OwnWaker>,
    /// Whom it is about to wake.
    pub(crate) soon: Vec<Woken>,
    /// All that it runs is a future.
    pub(crate) runs_future: bool,
    /// How often it has yielded while it was polled.
    pub(crate) yields: usize,
    /// What it spawns tasks on.
    pub(crate) runtime: Option<Arc<dyn Any + Send + Sync>>,
    pub(crate) native: engine::loom::TaskPart,
}

/// The body of every task: runs `program`, and makes what ends it the execution's business.
pub(crate) fn run_task<R>(me: TaskId, program: impl FnOnce() -> R) -> Option<R> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        start_task(me);
        let value = raddle_begins_the_program(program);
        super::made::drop_locals();
        if with(|x| !x.over && x.has_to_wake()) {
            wake_now();
        }
        value
    }));
    match result {
        Ok(value) => Some(value),
        Err(payload) => {
            if !payload.is::<Halt>() {
                let text = message(payload.as_ref());
                let at = take_panic(Some(&text)).and_then(|(_, place)| place);
                if with(|x| x.mode == Mode::Loom && !x.over) && engine::loom::is_own_panic() {
                    session(|session| session.report.stopped_by(text.clone()));
                    with(|x| x.over = true);
                }
                with(|x| {
                    let task = x.names().task(me).to_owned();
                    let at = at.or_else(|| x.last_place());
                    x.fail(Verdict::Assertion { task, message: text, at });
                });
            }
            if !payload.is::<String>() {
                // It may itself panic when it is dropped.
                std::mem::forget(payload);
            }
            None
        }
    }
}

fn start_task(me: TaskId) {
    if with(|x| x.mode == Mode::Loom && x.steer.is_some()) {
        engine::loom::follow(me);
    }
    let op = with(|x| {
        x.current = me;
        let task = &mut x.tasks[me.index()];
        task.state = TaskState::Live;
        Op::bare(Kind::Start, task.site)
    });
    confirm(me, &op, &Acted::done(()));
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
        if x.unseen {
            session(|session| session.report.needs_object_gates = true);
            x.over = true;
            return;
        }
        let step = x.log.len();
        x.settle();
        x.record(|recorder| recorder.finished(step, me));
        let identity = x.tasks[me.index()].identity;
        let looks = me == TaskId::MAIN && x.deny_leaks;
        let others = x.tasks.iter().map(|task| task.identity).filter(|other| looks && *other != identity);
        if let Some(journal) = &mut x.journal {
            journal.finished(me, identity, others);
        }
        if looks {
            x.check_leaks();
        }
        if x.parked > 0 {
            engine::loom::wake_ready(x);
        }
        x.check_all_blocked();
    });
}

impl Execution {
    fn check_leaks(&mut self) {
        let names = self.names();
        let running = |task: &TaskId| self.tasks[task.index()].state != TaskState::Finished;
        let what: Vec<String> = self.task_ids().filter(running).map(|task| names.task(task).to_owned()).collect();
        if !what.is_empty() {
            self.fail(Verdict::Leak { what });
        }
    }
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

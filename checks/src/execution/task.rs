//! A task from its first step to its last, and what ends it otherwise.

use super::session::{Problem, message, problem};
use super::step::{Halt, confirm, halt};
use super::{Execution, Kind, Mode, Op, TaskId, TaskState, take_panic, with};
use crate::engine;
use crate::verdict::Verdict;
use std::panic::{AssertUnwindSafe, catch_unwind};

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
    confirm(me, &op, false, None);
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

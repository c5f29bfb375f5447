//! Driving executions one decision at a time, over shuttle: what studies a schedule, or searches by rules of its own,
//! is a [`Pilot`].

use crate::engine::Program;
use crate::execution::{Acquittal, Execution, Found, Rules, Script, Session, SessionReport, Source, TaskId, session};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

/// How an execution ended.
pub(crate) enum End {
    /// It failed.
    Found(Box<Found>),
    /// Every task came to its end.
    Passed,
    /// The pilot gave it up.
    GivenUp,
    /// It took too many steps.
    TooLong,
    /// It says nothing of the program.
    Problem,
}

/// Decides who runs, in one execution after another.
pub(crate) trait Pilot: Send + 'static {
    /// Gets ready for the next execution, whose choices come from `source`; `false` ends the run.
    fn begin(&mut self, source: &mut Source) -> bool;

    /// Who goes on, of those that can; `None` gives the execution up. What was decided without asking, because nobody
    /// could have interfered, stands in the execution's log.
    fn choose(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId>;

    /// The execution is over.
    fn end(&mut self, x: &Execution, end: End);

    /// The program needs gates, and so other steps: forgets what the first execution did, and begins again.
    fn restart(&mut self);

    /// States whose recurrence is known to end by itself.
    fn acquitted(&self) -> Vec<Acquittal> {
        Vec::new()
    }
}

/// A pilot, and whether it has given the execution up.
pub(crate) struct Cockpit<P> {
    pilot: Arc<Mutex<P>>,
    given_up: bool,
    flying: bool,
}

impl<P: Pilot> Cockpit<P> {
    fn pilot(&self) -> std::sync::MutexGuard<'_, P> {
        self.pilot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the last execution, and asks for the next; false when there is none.
    pub(crate) fn next(&mut self) -> bool {
        let mut pilot = self.pilot();
        if self.flying {
            session(|session| {
                let report = &mut session.report;
                let end = match (report.found.take(), report.problem.take(), report.cut.take()) {
                    (Some(found), ..) => End::Found(Box::new(found)),
                    (_, Some(_), _) => End::Problem,
                    (.., Some(_)) => End::TooLong,
                    _ if self.given_up => End::GivenUp,
                    _ => End::Passed,
                };
                if !report.begins_again() {
                    pilot.end(session.last_execution().expect("one was flying"), end);
                }
            });
        }
        let acquitted = pilot.acquitted();
        let next = session(|session| {
            session.rules.acquitted = acquitted;
            !session.report.begins_again() && pilot.begin(&mut session.source)
        });
        drop(pilot);
        (self.given_up, self.flying) = (false, next);
        next
    }

    pub(crate) fn choose(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId> {
        let chosen = self.pilot().choose(x, enabled);
        self.given_up |= chosen.is_none();
        chosen
    }
}

/// Lets `pilot` fly `program` until it has had enough, or the run breaks off. Gives the pilot back as it is then; of a run
/// that broke off a thread is left that keeps it as well.
pub(crate) fn fly<P: Pilot>(program: &Program, rules: &Rules, pilot: P) -> (Arc<Mutex<P>>, SessionReport) {
    fly_counting(program, &Rules { journal: true, ..rules.clone() }, &Arc::default(), pilot)
}

/// The same, counting executions into `progress`, and keeping what each step touches only if the rules say so.
pub(crate) fn fly_counting<P: Pilot>(
    program: &Program,
    rules: &Rules,
    progress: &Arc<AtomicU64>,
    pilot: P,
) -> (Arc<Mutex<P>>, SessionReport) {
    let pilot = Arc::new(Mutex::new(pilot));
    let run = |gated| {
        let rules = Rules { gated, executions_max: u64::MAX, time_max: None, ..rules.clone() };
        let cockpit = Cockpit { pilot: Arc::clone(&pilot), given_up: false, flying: false };
        let program = Arc::clone(program);
        Session::run(rules, Source::Script(Script::default()), Arc::clone(progress), move || {
            super::shuttle::fly(cockpit, program);
        })
    };
    let mut gated = rules.gated;
    loop {
        let report = run(gated);
        if !report.begins_again() {
            return (pilot, report);
        }
        gated |= report.needs_gates;
        pilot.lock().unwrap_or_else(PoisonError::into_inner).restart();
    }
}

/// Who goes on where nothing says who: the current task while it can, unless it yields; then the earliest.
pub(crate) fn by_default(x: &Execution, enabled: &[TaskId]) -> TaskId {
    let ready = |task: &&TaskId| x.is_ready_now(**task);
    let first = |is: &dyn Fn(&TaskId) -> bool| {
        let ready = enabled.iter().filter(ready).find(|task| is(task));
        ready.or_else(|| enabled.iter().find(|task| is(task))).copied()
    };
    let last = x.log.last().map(|decision| decision.task);
    let yields = last.is_some_and(|last| yields(x, last));
    let stays = last.filter(|last| !yields && enabled.contains(last) && x.is_ready_now(*last));
    stays
        .or_else(|| if yields { first(&|task| Some(*task) > last) } else { None })
        .or_else(|| first(&|_| true))
        .expect("somebody can go on")
}

/// Whether `task` is about to ask for others to run.
pub(crate) fn yields(x: &Execution, task: TaskId) -> bool {
    x.tasks[task.index()].pending.is_some_and(|op| op.kind.yields())
}

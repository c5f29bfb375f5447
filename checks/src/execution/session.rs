//! A run of one engine over one program: many executions, on an OS thread of its own.
//!
//! The session counts executions, holds the budget, and keeps the first failure. It is the thread's; when the run
//! is over, or when the thread can't go on, its report goes to whoever started it.

use super::panics::{begin_last_run, install_panic_hook, message, take_backtrace};
use super::pulse::{Stopwatch, thread_time};
use super::{Counted, Decision, Execution, Random, Rules, Source, Uses, begin, end};
pub(crate) use crate::outcome::Budget;
use crate::outcome::Drift;
use crate::trace::Trace;
use crate::verdict::{Place, Verdict};
use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// Why a run says nothing about the program.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{} threads ({}) are more than loom's {limit}", names.len(), names.join(", "))]
    TooManyThreads { names: Vec<String>, limit: usize },
    #[error("{0}")]
    Drift(Drift),
    #[error("{}: {what}", at.clickable())]
    Usage { what: String, at: Place },
    #[error("{0}")]
    Nondeterministic(String),
    #[error("{0}")]
    Engine(String),
}

/// A failure, and the schedule that led to it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) verdict: Verdict,
    /// Which execution failed, counted from 1.
    pub(crate) execution: u64,
    pub(crate) log: Vec<Decision>,
    pub(crate) answers: Vec<usize>,
    /// The names of the tasks, by number.
    pub(crate) tasks: Vec<String>,
    pub(crate) trace: Option<Trace>,
    /// Of a livelock: the steps of the first round.
    pub(crate) round: Option<std::ops::Range<usize>>,
    /// Looks before a wait were steps.
    pub(crate) gated: bool,
    /// Whose owners were counted.
    pub(crate) counted: Arc<Counted>,
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub(crate) struct SessionReport {
    pub(crate) found: Option<Found>,
    pub(crate) problem: Option<Problem>,
    pub(crate) cut: Option<Budget>,
    /// Of the first execution that was given up after too many steps: its end.
    pub(crate) cut_short: Option<super::CutShort>,
    /// Executions that were run to their end, or to the failure.
    pub(crate) executions: u64,
    /// Of those, executions that were passed over: no machine can have them, or none on which what is written is seen in the end.
    pub(crate) impossible: u64,
    /// The names of the tasks of the last execution.
    pub(crate) tasks: Vec<String>,
    /// The decisions of the last execution.
    pub(crate) log: Vec<Decision>,
    /// The decisions of the execution before that.
    pub(crate) log_before: Vec<Decision>,
    /// At least once there was more than one task, or more than one answer, to choose from.
    pub(crate) concurrent: bool,
    /// The program has to be explored again with gates.
    pub(crate) needs_gates: bool,
    /// So have tasks and what they share.
    pub(crate) needs_task_gates: bool,
    /// So have read-write locks and channels.
    pub(crate) needs_object_gates: bool,
    /// Who owns these has to be counted.
    pub(crate) needs_counts: Counted,
    /// The program has taken wakers.
    pub(crate) wakers_taken: bool,
    /// It has to be explored again with larger stacks.
    pub(crate) needs_stack: bool,
    /// It was explored with gates.
    pub(crate) gated: bool,
    /// What the program uses.
    pub(crate) uses: Uses,
    /// Whose owners were counted.
    pub(crate) counted: Arc<Counted>,
    /// What happened in the last execution, if it was recorded and passed.
    pub(crate) passed: Option<Trace>,
    /// What each step of the last execution was, if it was recorded.
    pub(crate) operations: Vec<String>,
    /// Of the last panic of a last run.
    pub(crate) backtrace: Option<Arc<Backtrace>>,
    /// What the thread has taken, without the time in which it waited for a processor.
    pub(crate) time: Duration,
}

impl SessionReport {
    /// There is nothing more to search for.
    pub(crate) fn is_settled(&self) -> bool {
        self.found.is_some() || self.problem.is_some() || self.cut.is_some() || self.begins_again()
    }

    /// The program has to be explored again, by other rules.
    pub(crate) fn begins_again(&self) -> bool {
        let needs_gates = self.needs_gates || self.needs_task_gates || self.needs_object_gates;
        needs_gates || self.needs_counts.is_on() || self.needs_stack
    }
}

/// The state of a run; one for each OS thread that explores.
pub(crate) struct Session {
    pub(crate) rules: Rules,
    pub(crate) source: Source,
    pub(crate) report: SessionReport,
    /// The execution that ended last.
    last: Option<Box<Execution>>,
    stopwatch: Stopwatch,
    progress: Arc<AtomicU64>,
    /// Takes the report, and whether the thread was given up.
    sender: mpsc::Sender<(SessionReport, bool)>,
}

thread_local! {
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
    static EXPLORING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread explores.
pub(super) fn is_exploring() -> bool {
    EXPLORING.try_with(Cell::get).unwrap_or(false)
}

static SERIAL: AtomicU64 = AtomicU64::new(1);

/// Runs `f` on this thread's session.
pub(crate) fn session<R>(f: impl FnOnce(&mut Session) -> R) -> R {
    SESSION.with(|session| f(session.borrow_mut().as_mut().expect("an engine runs inside a session")))
}

impl Session {
    /// Runs `engine` on a fresh OS thread and gives the session's report.
    ///
    /// The thread is given up, not joined, if a destructor leaves it no way to unwind: a panic inside a destructor
    /// that itself runs because of a panic would abort the process, so the panic hook stops the thread there.
    pub(crate) fn run(
        rules: Rules,
        source: Source,
        progress: Arc<AtomicU64>,
        engine: impl FnOnce() + Send + 'static,
    ) -> SessionReport {
        install_panic_hook();
        let watched = super::watchdog::Watched::new();
        let trail = watched.0;
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new().name("raddle".into()).stack_size(8 << 20).spawn(move || {
            trail.enter();
            if rules.is_last {
                begin_last_run();
            }
            let stopwatch = Stopwatch::start();
            let report =
                SessionReport { gated: rules.gated, counted: Arc::clone(&rules.counted), ..SessionReport::default() };
            let session = Session { rules, source, report, last: None, stopwatch, progress, sender };
            SESSION.with(|slot| *slot.borrow_mut() = Some(session));
            EXPLORING.set(true);
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(engine));
            if outcome.as_ref().is_err_and(|payload| is_overflow(payload.as_ref())) {
                super::try_with(|x| {
                    let task = x.names().task(x.current).to_owned();
                    x.fail(Verdict::Crash { task, how: "ended by a stack overflow".into() });
                });
            }
            finish_execution();
            if let Err(payload) = outcome {
                engine_stopped(payload.as_ref());
            }
            send_report(false);
            EXPLORING.set(false);
            SESSION.with(|slot| slot.borrow_mut().take());
        });
        let thread = thread.expect("the system gives a thread to explore on");
        let (report, abandoned) = receiver.recv().unwrap_or_else(|_| {
            let problem = Some(Problem::Engine("the exploration ended without a report".into()));
            (SessionReport { problem, ..SessionReport::default() }, false)
        });
        if !abandoned {
            let _ = thread.join();
        }
        report
    }
}

impl Session {
    /// Leaves an execution's random numbers out.
    pub(crate) fn skip_source(&mut self) {
        if let Source::Random(random) = &mut self.source {
            random.next();
        }
    }

    /// The execution that ended last.
    pub(crate) fn last_execution(&self) -> Option<&Execution> {
        self.last.as_deref()
    }
}

pub(super) fn send_report(abandoned: bool) {
    SESSION.with(|slot| {
        if let Some(session) = slot.borrow_mut().as_mut() {
            let mut report = std::mem::take(&mut session.report);
            report.time = session.stopwatch.time();
            report.backtrace = take_backtrace().map(Arc::new);
            if abandoned && !report.is_settled() {
                // It has failed in a way in which no machine can, and there is no way to the next execution.
                report.cut = Some(Budget::Model);
            }
            if let Some(last) = session.last.take() {
                let names = last.names();
                let failed = report.found.as_ref().and_then(|found| found.trace.as_ref());
                let passed = last.recorder.clone().map(|recorder| recorder.finish(&last, &names, None));
                report.operations = failed.or(passed.as_ref()).map(Trace::operations).unwrap_or_default();
                let came_to_its_end =
                    report.problem.is_none() && !matches!(report.cut, Some(Budget::Steps | Budget::Time));
                report.passed = passed.filter(|_| report.found.is_none() && came_to_its_end);
                report.tasks = last.task_ids().map(|task| names.task(task).to_owned()).collect();
                report.log = last.log;
            }
            let _ = session.sender.send((report, abandoned));
        }
    });
}

/// Whether an engine has been ended by a coroutine that has no stack left: loom's are watched, and what ends them then has a
/// payload of its own. All else that comes out of an engine has a message.
fn is_overflow(payload: &(dyn Any + Send)) -> bool {
    !payload.is::<super::Halt>() && !payload.is::<&str>() && !payload.is::<String>()
}

/// Notes what a panic out of the engine itself means, if nothing was found yet.
fn engine_stopped(payload: &(dyn Any + Send)) {
    if payload.is::<super::Halt>() {
        return;
    }
    let message = message(payload);
    session(|session| {
        if session.report.found.is_some() || session.report.problem.is_some() {
            return;
        }
        if session.last.as_ref().is_some_and(|last| last.dropped) {
            // It was to be dropped, and its tasks did not all come to an end.
            session.report.cut = Some(Budget::Model);
            return;
        }
        session.report.stopped_by(message);
    });
}

impl SessionReport {
    /// What the engine's own panic means.
    pub(super) fn stopped_by(&mut self, message: String) {
        if message.contains("exceeded maximum number of branches") {
            self.cut = Some(Budget::Steps);
        } else if message.contains("unexpected exploration state") || message.contains("not in runnable") {
            self.problem = Some(Problem::Nondeterministic(message));
        } else {
            self.problem = Some(Problem::Engine(message));
        }
    }
}

/// Ends the last execution and begins the next one; false when the search is to stop.
pub(crate) fn next_execution() -> bool {
    finish_execution();
    let next = session(|session| {
        let report = &mut session.report;
        if report.is_settled() {
            return None;
        }
        if report.executions >= session.rules.executions_max {
            report.cut = Some(Budget::Executions);
            return None;
        }
        if session.rules.time_max.is_some_and(|limit| thread_time() >= limit) {
            report.cut = Some(Budget::Time);
            return None;
        }
        report.executions += 1;
        session.progress.fetch_add(1, Ordering::Relaxed);
        if session.rules.record_at.is_some() {
            session.rules.record = session.rules.record_at == Some(report.executions);
        }
        let serial = NonZeroU64::new(SERIAL.fetch_add(1, Ordering::Relaxed)).expect("a u64 does not run out");
        let source = match &mut session.source {
            Source::Random(random) => Source::Random(Random(random.next())),
            other => other.clone(),
        };
        let memory = if session.rules.compare { None } else { session.last.take() };
        let mut execution = Execution::new(serial, &session.rules, source, memory);
        execution.begin_telling(serial);
        Some(execution)
    });
    next.map(begin).is_some()
}

/// Takes what the session keeps of an execution that has ended.
pub(crate) fn finish_execution() {
    super::made::drop_rest();
    let Some(execution) = end() else { return };
    execution.trail.begin(0, false);
    execution.end_telling();
    session(|session| {
        if let Source::Script(_) = &execution.source {
            session.source = execution.source.clone();
        }
        session.report.wakers_taken |= execution.wakers_taken;
        session.report.concurrent |= execution.concurrent || !execution.answers.is_empty();
        let uses = Uses { tasks: execution.tasks.len(), ..execution.uses };
        session.report.uses = session.report.uses.or(uses);
        if session.rules.compare {
            session.report.log_before = session.last.take().map(|last| last.log).unwrap_or_default();
        }
        session.last = Some(execution);
    });
}

pub(crate) fn note_cut(budget: Budget) {
    session(|session| session.report.cut = session.report.cut.or(Some(budget)));
}

pub(super) fn problem(problem: Problem) {
    session(|session| {
        if session.report.found.is_none() && session.report.problem.is_none() {
            session.report.problem = Some(problem);
        }
    });
}

pub(super) fn found(execution: &mut Execution, verdict: Verdict) {
    let names = execution.names();
    let tasks = execution.task_ids().map(|task| names.task(task).to_owned()).collect();
    let recorder = execution.recorder.take();
    let trace = recorder.map(|recorder| recorder.finish(execution, &names, Some(&verdict)));
    session(|session| {
        if session.report.found.is_none() && session.report.problem.is_none() {
            session.report.found = Some(Found {
                verdict,
                execution: session.report.executions,
                log: execution.log.clone(),
                answers: execution.answers.clone(),
                tasks,
                trace,
                round: execution.round.clone(),
                gated: execution.gated,
                counted: Arc::clone(&execution.owners.counted),
            });
        }
    });
}

/// Reports what is known and stops this OS thread for good: for destructors that can neither return nor unwind.
pub(crate) fn abandon() -> ! {
    finish_execution();
    send_report(true);
    loop {
        std::thread::park();
    }
}

/// Executions that have begun in this process.
#[cfg(feature = "suite")]
pub(crate) fn executions_begun() -> u64 {
    SERIAL.load(Ordering::Relaxed) - 1
}

//! Executions that are asked for one by one, from outside the engine's thread: what comes next depends on what came of
//! the last, and is decided in plain loops.

use super::Program;
use super::pilot::{End, Pilot, fly_counting};
use crate::execution::{Acquittal, Execution, Rules, SessionReport, Source, TaskId};
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError};

/// An execution that is asked for.
pub(crate) trait Errand: Send + 'static {
    /// What is told of it.
    type Report: Send + 'static;

    /// Gets ready to run, perhaps not for the first time.
    fn begin(&mut self, source: &mut Source);

    /// Who goes on, of those that can.
    fn choose(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId>;

    /// It is over.
    fn end(self, x: &Execution, end: End) -> Self::Report;
}

struct Runner<E: Errand> {
    errands: Receiver<E>,
    /// Nobody listens any more once it is gone.
    reports: Option<Sender<E::Report>>,
    errand: Option<E>,
    /// States of this errand whose cycle did not repeat.
    acquitted: Vec<Acquittal>,
}

impl<E: Errand> Pilot for Runner<E> {
    fn begin(&mut self, source: &mut Source) -> bool {
        if self.errand.is_none() {
            self.errand = self.errands.recv().ok();
        }
        let Some(errand) = &mut self.errand else { return false };
        errand.begin(source);
        true
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId> {
        if x.watch.acquitted().len() > self.acquitted.len() {
            // A cycle was forced, and did not repeat: this goes once more without.
            return None;
        }
        self.errand.as_mut()?.choose(x, enabled)
    }

    fn end(&mut self, x: &Execution, end: End) {
        let acquitted = x.watch.acquitted();
        if acquitted.len() > self.acquitted.len() && matches!(end, End::GivenUp) {
            self.acquitted = acquitted.to_vec();
            return;
        }
        self.acquitted.clear();
        if let (Some(errand), Some(reports)) = (self.errand.take(), &self.reports) {
            let _ = reports.send(errand.end(x, end));
        }
    }

    fn restart(&mut self) {}

    fn acquitted(&self) -> Vec<Acquittal> {
        self.acquitted.clone()
    }
}

/// A run of the engine that waits for errands. Its thread ends when this is dropped.
pub(crate) struct Errands<E: Errand> {
    program: Program,
    rules: Rules,
    progress: Arc<AtomicU64>,
    line: Option<Line<E>>,
    /// Runs that broke off, each of which keeps a thread for good.
    broken: usize,
}

/// To a run, and from it; and what it came to itself, when it has ended.
struct Line<E: Errand> {
    errands: Sender<E>,
    reports: Receiver<E::Report>,
    end: Receiver<SessionReport>,
    thread: std::thread::JoinHandle<()>,
}

/// Runs that may break off before nothing is run any more.
const BROKEN_MAX: usize = 8;

impl<E: Errand> Drop for Errands<E> {
    /// Waits for the thread: it has the program, which is whoever's it was before.
    fn drop(&mut self) {
        if let Some(Line { errands, thread, .. }) = self.line.take() {
            drop(errands);
            let _ = thread.join();
        }
    }
}

impl<E: Errand> Errands<E> {
    /// Errands that run `program` by these rules, counting executions into `progress`.
    pub(crate) fn new(program: &Program, rules: &Rules, progress: &Arc<AtomicU64>) -> Self {
        Errands { program: program.clone(), rules: rules.clone(), progress: progress.clone(), line: None, broken: 0 }
    }

    /// Runs it.
    ///
    /// # Errors
    /// If the run of the engine broke off: what that came to, if it is not one too many.
    pub(crate) fn run(&mut self, errand: E) -> Result<E::Report, Option<Box<SessionReport>>> {
        if self.broken >= BROKEN_MAX {
            return Err(None);
        }
        let line = self.line.get_or_insert_with(|| {
            let ((errands, their_errands), (their_reports, reports)) = (channel(), channel());
            let (their_end, end) = channel();
            let (program, rules, progress) = (self.program.clone(), self.rules.clone(), self.progress.clone());
            let thread = std::thread::spawn(move || {
                let (errands, reports) = (their_errands, Some(their_reports));
                let runner = Runner { errands, reports, errand: None, acquitted: Vec::new() };
                let (runner, end) = fly_counting(&program, &rules, &progress, runner);
                let _ = their_end.send(end);
                // A destructor that left the run no way to go on keeps its thread, and the pilot with it.
                runner.lock().unwrap_or_else(PoisonError::into_inner).reports = None;
            });
            Line { errands, reports, end, thread }
        });
        if let Some(report) = line.errands.send(errand).ok().and_then(|()| line.reports.recv().ok()) {
            return Ok(report);
        }
        let end = line.end.recv().ok();
        self.line = None;
        self.broken += 1;
        Err(end.map(Box::new))
    }
}

//! `RADDLE_REPLAY`: the line that a failing check ends with, and running it again.

use super::Checker;
use crate::engine::{self, Program};
use crate::outcome::{CheckError, Counterexample};
use crate::report::text;
use crate::schedule::ReplayLine;
use crate::study::Study;
use crate::verdict::{Place, Verdict};
use std::cell::Cell;
use std::io::Write;
use std::sync::Arc;

/// The variable that holds the line.
const VARIABLE: &str = "RADDLE_REPLAY";

thread_local! {
    /// How many checks this thread has made: libtest gives each test a thread of its own.
    static CHECKS: Cell<usize> = const { Cell::new(0) };
    static MISSING: Missing = const { Missing(Cell::new(None)) };
}

/// The check that the line is of, while it has not been made.
struct Missing(Cell<Option<usize>>);

impl Drop for Missing {
    /// The test is over, and its line has not been replayed: that must not pass.
    fn drop(&mut self) {
        if let Some(check) = self.0.get() {
            let made = check - 1;
            let _ = writeln!(
                std::io::stderr(),
                "{VARIABLE}: the line is of check {check} of its test, and this test made no more than {made}: nothing was \
                 replayed. Name the test that printed it (`cargo test NAME -- --exact`)"
            );
            std::process::exit(101);
        }
    }
}

/// What a check of this thread has to do.
pub(super) enum Task {
    /// To explore: it is the so manieth.
    Explore(usize),
    /// To run this execution alone.
    Replay(Box<ReplayLine>),
}

/// What the next check of this thread has to do.
pub(super) fn next() -> Task {
    // Elsewhere it says nothing how many there were before.
    let check = if test().is_some() { CHECKS.get() + 1 } else { 0 };
    CHECKS.set(check);
    let Ok(line) = std::env::var(VARIABLE) else { return Task::Explore(check) };
    let line: ReplayLine = line.parse().unwrap_or_else(|error| panic!("{VARIABLE}: {error}"));
    let is_it = check == line.check || check == 0 || line.check == 0;
    MISSING.with(|missing| missing.0.set((!is_it && check < line.check).then_some(line.check)));
    if is_it { Task::Replay(Box::new(line)) } else { Task::Explore(check) }
}

/// The test that this thread is: libtest calls it so.
fn test() -> Option<String> {
    let thread = std::thread::current();
    let is_plain = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ':');
    thread.name().filter(|name| *name != "main").filter(is_plain).map(str::to_owned)
}

/// A check that was not replayed holds, and the test goes on; or the test fails anyway.
pub(super) fn goes_on(holds: bool) {
    if !holds {
        MISSING.with(|missing| missing.0.set(None));
    }
}

impl Checker {
    /// The line for what `study` has of `program`, with which a failing [`Checker::check`] ends. It has been tried.
    ///
    /// # Errors
    /// If the failure can't be had again.
    pub fn replay_line(
        &self,
        program: impl Fn() + Send + Sync + 'static,
        study: &Study,
    ) -> Result<ReplayLine, CheckError> {
        engine::line_of(&self.plan, &(Arc::new(program) as Program), study, 0)
    }

    /// Runs exactly the execution that `line` is of, as [`Checker::check`] does where `RADDLE_REPLAY` is set; of a failure
    /// that takes loom's weak memory, loom's search up to it.
    ///
    /// # Errors
    /// [`CheckError::Drift`], which names the step, if the line does not fit the program, or the program does not fail along it.
    pub fn run_line(
        &self,
        program: impl Fn() + Send + Sync + 'static,
        line: &ReplayLine,
    ) -> Result<Counterexample, CheckError> {
        engine::run_line(&self.plan, &(Arc::new(program) as Program), line)
    }

    /// Panics with what `program` comes to along `line`.
    #[track_caller]
    pub(super) fn replay_and_panic(&self, program: Result<Program, String>, line: &ReplayLine) -> ! {
        let program = program.unwrap_or_else(|error| {
            panic!("{VARIABLE}: before step 1: the line's parameters are none of this property: {error}")
        });
        match engine::run_line(&self.plan, &program, line) {
            Ok(found) => {
                let study = Study::untried(&found, "it has been replayed, and not been studied again");
                panic!("{}", message(&study, Ok(line.clone()), ""));
            }
            Err(error) => panic!("{VARIABLE}: {error}"),
        }
    }

    /// What a failing check panics with.
    pub(super) fn failure(&self, program: &Program, study: &Study, check: usize) -> String {
        let line = engine::line_of(&self.plan, program, study, check);
        message(study, line, &engine::last_run(&self.plan, program, &study.counterexample))
    }
}

fn message(study: &Study, line: Result<ReplayLine, CheckError>, backtrace: &str) -> String {
    let text = text::counterexample(None, study, &text::Style::PLAIN);
    let at = place(&study.counterexample).map(|at| format!(" at {}", at.clickable())).unwrap_or_default();
    let again = match line {
        Ok(line) => {
            let name = test().map(|name| format!(" {name}")).unwrap_or_default();
            format!("{VARIABLE}='{line}' cargo test{name}")
        }
        Err(error) => format!("it can't be replayed: {error}"),
    };
    format!("raddle found a counterexample{at}\n\n{text}{backtrace}\n{again}")
}

/// Where it fails.
fn place(found: &Counterexample) -> Option<&Place> {
    let at = match &found.verdict {
        Verdict::Assertion { at, .. } => at.as_ref(),
        Verdict::DataRace { second, .. } => Some(&second.at),
        Verdict::Deadlock { cycle } => cycle.last().map(|wait| &wait.at),
        Verdict::Stuck { waiting } => waiting.last().map(|waiting| &waiting.at),
        _ => None,
    };
    let last = || found.trace.events.iter().rev().find(|event| event.operation != "finish").map(|event| &event.at);
    at.or_else(last).filter(|at| !at.is_nowhere())
}

//! Several samplers over one program, side by side.
//!
//! Executions are dealt to the members in rounds: the `i`-th of member `m` has the number `i · members + m`, and the failure
//! with the lowest number is the one that counts. So it is the same at any number of threads; who has gone further than
//! that has done so in vain.

use super::{Engine, Program, Strategy, confirm, holds, shuttle};
use crate::checker::Plan;
use crate::execution::{Budget, Rules, SessionReport, Uses};
use crate::outcome::{CheckError, Outcome, Searched};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Who takes part, in the order of a round.
const MEMBERS: [Strategy; 6] =
    [Strategy::ReadsFrom, Strategy::Surw, Strategy::Random, Strategy::Urw, Strategy::Pos, Strategy::Pct];
/// Executions that a member runs before it lets others have the processor.
const BATCH: u64 = 16;

/// The number of a member's execution in the whole search; both are counted from 1, members from 0.
fn number(member: usize, execution: u64) -> u64 {
    execution.saturating_sub(1) * MEMBERS.len() as u64 + member as u64 + 1
}

/// Who may run.
struct Rounds {
    /// The lowest number of an execution that ends the search.
    last: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Members that may run at once and don't.
    free: usize,
    /// Members that run.
    running: [bool; MEMBERS.len()],
    /// Members that want to run, by how far they have got.
    waiting: Vec<(u64, usize)>,
}

impl Rounds {
    fn new(threads: usize) -> Self {
        let state = State { free: threads, running: [false; MEMBERS.len()], waiting: Vec::new() };
        Rounds { last: AtomicU64::new(u64::MAX), state: Mutex::new(state), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pause(&self, member: usize) -> MutexGuard<'_, State> {
        let mut state = self.state();
        if std::mem::take(&mut state.running[member]) {
            state.free += 1;
            self.changed.notify_all();
        }
        state
    }

    /// Waits until it is `member`'s turn, which has run `executions` so far: who is furthest behind goes first.
    fn wait(&self, member: usize, executions: u64) {
        let mut state = self.pause(member);
        let me = (executions, member);
        state.waiting.push(me);
        while state.free == 0 || state.waiting.iter().any(|other| *other < me) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting.retain(|other| *other != me);
        state.free -= 1;
        state.running[member] = true;
        // The next one may have been waiting for this one to go first.
        self.changed.notify_all();
    }
}

/// A member's place among the others.
pub(super) struct Turn {
    rounds: Arc<Rounds>,
    member: usize,
    executions: u64,
}

impl Turn {
    /// Whether the member's next execution still counts; waits until it is its turn.
    pub(super) fn next(&mut self) -> bool {
        if self.executions.is_multiple_of(BATCH) {
            self.rounds.wait(self.member, self.executions);
        }
        self.executions += 1;
        number(self.member, self.executions) < self.rounds.last.load(Ordering::Relaxed)
    }
}

/// Explores `program` with every member.
///
/// # Errors
/// If a member can't go on, before anything fails.
pub(super) fn explore(plan: &Plan, program: &Program, progress: &Arc<AtomicU64>) -> Result<Outcome, CheckError> {
    let reports = run(plan, program, progress);
    let ended = |report: &SessionReport| report.found.is_some() || report.problem.is_some();
    let numbered = reports.iter().enumerate().filter(|(_, report)| ended(report));
    if let Some((member, report)) = numbered.min_by_key(|(member, report)| number(*member, report.executions)) {
        let engine = Engine::Shuttle(MEMBERS[member]);
        let Some(found) = &report.found else {
            return Err(report.problem.clone().expect("it has ended with one").into());
        };
        let mut outcome = confirm(engine, plan, program, found)?;
        if let Outcome::Fails(counterexample) = &mut outcome {
            counterexample.execution = number(member, found.execution);
            counterexample.found_by = Some(engine);
        }
        return Ok(outcome);
    }
    let executions = reports.iter().map(|report| report.executions).sum();
    let uses = reports.iter().fold(Uses::default(), |uses, report| uses.or(report.uses));
    let cut = |budget| reports.iter().any(|report| report.cut == Some(budget));
    Ok(match [Budget::Steps, Budget::Time].into_iter().find(|budget| cut(*budget)) {
        Some(budget) => Outcome::Inconclusive { budget, executions, done: None, tried: Vec::new() },
        None if cut(Budget::Executions) => {
            holds(Engine::Portfolio, Searched::Sampled { seed: plan.seed }, executions, uses)
        }
        // There is but one schedule.
        None => holds(Engine::Portfolio, Searched::Every, 1, uses),
    })
}

fn run(plan: &Plan, program: &Program, progress: &Arc<AtomicU64>) -> Vec<SessionReport> {
    let processors = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = plan.threads.unwrap_or_else(processors).clamp(1, MEMBERS.len());
    let rounds = Arc::new(Rounds::new(threads));
    // So that each thread runs as long as it may, and not each member.
    let part = |members: usize| u32::try_from(members).expect("there are few members");
    let share = |time: Duration| time * part(threads) / part(MEMBERS.len());
    let search = |member: usize| {
        let rules = plan.rules(Engine::Portfolio);
        let rules = Rules { time_max: rules.time_max.map(share), ..rules };
        // What can't be dealt evenly goes to the first ones.
        let share = (rules.executions_max + (MEMBERS.len() - 1 - member) as u64) / MEMBERS.len() as u64;
        let rules = Rules { executions_max: share, ..rules };
        let turn = || Some(Turn { rounds: Arc::clone(&rounds), member, executions: 0 });
        let report = shuttle::explore(program, MEMBERS[member], plan.seed, rules, progress, turn);
        if report.found.is_some() || report.problem.is_some() {
            rounds.last.fetch_min(number(member, report.executions), Ordering::Relaxed);
        }
        drop(rounds.pause(member));
        report
    };
    // What is said of an execution says the test's name, which is its thread's.
    let name = std::thread::current().name().map(str::to_owned);
    std::thread::scope(|scope| {
        let (search, name) = (&search, &name);
        let start = |member| {
            let thread = std::thread::Builder::new();
            let thread = match name {
                Some(name) => thread.name(name.clone()),
                None => thread,
            };
            thread.spawn_scoped(scope, move || search(member)).expect("the system gives a thread to explore with")
        };
        let members: Vec<_> = (0..MEMBERS.len()).map(start).collect();
        members.into_iter().map(|member| member.join().expect("an engine's panic is its session's")).collect()
    })
}

//! Every trace, once, under sequential consistency: dynamic partial-order reduction.
//!
//! Executions that differ in the order of independent events only come to the same; of each such *trace* one execution is
//! run, by optimal dynamic partial-order reduction (Abdulla, Aronis, Jonsson and Sagonas, POPL 2014 and JACM 2017): after
//! each execution the *races* that could have gone the other way are reversed, by a *wakeup tree* of the beginnings that
//! show it, and what has been explored is *asleep* until something that it depends on happens. An operation that would
//! have to wait is disabled, so nothing runs just to block. Only the current path is kept: memory does not grow with the
//! number of executions. It is complete for any number of threads, and blind to weak memory orders.

mod bounded;
mod checkpoint;
mod event;
mod hidden;
mod node;
mod races;
mod search;
mod spin;
mod wakeup;

use self::bounded::Bounded;
use self::checkpoint::Checkpoint;
pub(crate) use self::hidden::{hides, refusal};
pub(crate) use self::node::Counts;
use self::races::Allowances;
use self::search::{Limits, Search};
use super::Program;
use super::pilot::fly_counting;
use crate::checker::Plan;
use crate::engine::Engine;
use crate::execution::{Budget, CutShort, Found, Problem, Rules, Uses};
use crate::outcome::CheckError;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError};

/// What a search came to.
#[derive(Debug)]
pub(super) struct Searched {
    pub(super) counts: Counts,
    pub(super) found: Option<Box<Found>>,
    pub(super) cut: Option<Budget>,
    /// Of the first execution that was given up after too many steps: its end.
    pub(super) cut_short: Option<CutShort>,
    /// A loop was taken to wait because what it writes under a lock is, byte by byte, what was there: what that points to is
    /// not looked at.
    pub(super) by_bytes: bool,
    /// About how much of the search is done, where that is estimated.
    pub(super) done: Option<f64>,
    pub(super) problem: Option<Problem>,
    /// What the program uses.
    pub(super) uses: Uses,
    /// Beginnings of executions that the program did not follow as it was to: none, or the reduction is wrong.
    #[cfg(test)]
    pub(super) strays: u64,
}

/// Searches every trace of `program`, going on from the plan's checkpoint if there is one.
///
/// # Errors
/// If a checkpoint can't be read, does not fit, or can't be written.
pub(super) fn search(program: &Program, plan: &Plan, progress: &Arc<AtomicU64>) -> Result<Searched, CheckError> {
    let mut rules = Rules { journal: true, ..plan.rules(Engine::Exhaustive) };
    let limits = Limits {
        executions: rules.executions_max,
        time: plan.time,
        allowances: Allowances { timeouts: plan.timeouts, wakeups: plan.spurious_wakeups },
    };
    if let Some(bound) = plan.preemptions {
        return Ok(search_bounded(program, &mut rules, limits, bound, progress));
    }
    if let Some(searched) = search_all(program, plan, &mut rules, limits, progress)? {
        return Ok(searched);
    }
    rules.hidden = true;
    let again = search_all(program, plan, &mut rules, limits, progress)?;
    Ok(again.expect("it knows that wakers are hidden"))
}

/// Nothing if wakers come by a way that is not seen, and the rules do not say so.
fn search_all(
    program: &Program,
    plan: &Plan,
    rules: &mut Rules,
    limits: Limits,
    progress: &Arc<AtomicU64>,
) -> Result<Option<Searched>, CheckError> {
    let mut search = Search::new(limits, Arc::clone(&plan.estimate));
    // One that was saved before this was known is of no use, and what is saved does not say it.
    let file = plan.checkpoint.as_deref().filter(|_| !rules.hidden);
    let saved = file.map(|file| Checkpoint::read(file, &limits)).transpose()?.flatten();
    let from_file = saved.is_some();
    if let Some(saved) = saved {
        rules.gated = saved.gated;
        rules.counted = Arc::new(saved.counted.clone());
        saved.restore(&mut search);
    }
    let (search, report) = fly_counting(program, rules, progress, search);
    let mut search = search.lock().unwrap_or_else(PoisonError::into_inner);
    let proves = search.found.is_none() && search.cut.is_none() && report.found.is_none() && report.problem.is_none();
    if !rules.hidden && (search.hidden || (proves && search.polls && hides(program, rules))) {
        return Ok(None);
    }
    if let (Some(step), Some(file), true) = (search.differs, file, from_file) {
        let what = format!("it is of another program, or of an older version: step {step} can't be taken again");
        return Err(CheckError::Checkpoint { path: file.into(), what });
    }
    match file {
        Some(file) if matches!(search.cut, Some(Budget::Executions | Budget::Time)) => {
            Checkpoint::of(&search, report.gated, &report.counted).write(file)?;
        }
        Some(file) if from_file => _ = std::fs::remove_file(file),
        _ => {}
    }
    Ok(Some(Searched {
        counts: search.counts,
        done: Some(search.ways.share(&search.nodes)),
        found: search.found.take().or(report.found.map(Box::new)),
        cut: search.cut.or((search.counts.too_long > 0).then_some(Budget::Steps)),
        cut_short: report.cut_short,
        by_bytes: search.loops.by_bytes,
        problem: search.differs.map(differs).or(report.problem),
        uses: report.uses,
        #[cfg(test)]
        strays: search.strays,
    }))
}

/// The program does not do what it did before.
fn differs(step: usize) -> Problem {
    Problem::Nondeterministic(format!("step {step} of a schedule that has been run before can't be taken"))
}

/// Searches every trace that has an execution with so many preemptions.
fn search_bounded(
    program: &Program,
    rules: &mut Rules,
    limits: Limits,
    bound: usize,
    progress: &Arc<AtomicU64>,
) -> Searched {
    let fly = |rules: &Rules| fly_counting(program, rules, progress, Bounded::new(limits, bound));
    let (mut search, mut report) = fly(rules);
    if report.wakers_taken && hides(program, rules) {
        rules.hidden = true;
        (search, report) = fly(rules);
    }
    let mut search = search.lock().unwrap_or_else(PoisonError::into_inner);
    Searched {
        counts: search.counts,
        done: None,
        found: search.found.take().or(report.found.map(Box::new)),
        cut: search.cut.or((search.counts.too_long > 0).then_some(Budget::Steps)),
        cut_short: report.cut_short,
        by_bytes: search.loops.by_bytes,
        problem: search.differs.map(differs).or(report.problem),
        uses: report.uses,
        #[cfg(test)]
        strays: 0,
    }
}

#[cfg(test)]
mod differential;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod tests;

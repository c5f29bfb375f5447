//! Every trace, once, under sequential consistency: dynamic partial-order reduction.
//!
//! Executions that differ in the order of independent events only come to the same; of each such *trace* one execution is
//! run, by optimal dynamic partial-order reduction (Abdulla, Aronis, Jonsson and Sagonas, POPL 2014 and JACM 2017): after
//! each execution the *races* that could have gone the other way are reversed, by a *wakeup tree* of the beginnings that
//! show it, and what has been explored is *asleep* until something that it depends on happens. An operation that would
//! have to wait is disabled, so nothing runs just to block. Only the current path is kept: memory does not grow with the
//! number of executions. It is complete for any number of threads, and blind to weak memory orders.

mod event;
mod races;
mod search;
mod spin;
mod wakeup;

use self::races::Allowances;
pub(crate) use self::search::Counts;
use self::search::{Limits, Search};
use super::Program;
use super::pilot::fly_counting;
use crate::checker::Plan;
use crate::engine::Engine;
use crate::execution::{Budget, Found, Problem};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// What a search came to.
#[derive(Debug)]
pub(super) struct Searched {
    pub(super) counts: Counts,
    pub(super) found: Option<Box<Found>>,
    pub(super) cut: Option<Budget>,
    pub(super) problem: Option<Problem>,
    /// Beginnings of executions that the program did not follow as it was to: none, or the reduction is wrong.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test's business"))]
    pub(super) strays: u64,
}

/// Searches every trace of `program`.
pub(super) fn search(program: &Program, plan: &Plan, progress: &Arc<AtomicU64>) -> Searched {
    let rules = plan.rules(Engine::Exhaustive);
    let limits = Limits {
        executions: rules.executions_max,
        until: plan.time.map(|time| Instant::now() + time),
        allowances: Allowances { timeouts: plan.timeouts, wakeups: plan.spurious_wakeups },
    };
    let search = Search::new(limits, Arc::clone(&plan.estimate));
    let (search, report) = fly_counting(program, &rules, progress, search);
    let mut search = search.lock().unwrap_or_else(PoisonError::into_inner);
    let differs = search.differs.map(|step| {
        Problem::Nondeterministic(format!("step {step} of a schedule that has been run before can't be taken"))
    });
    Searched {
        counts: search.counts,
        found: search.found.take().or(report.found.map(Box::new)),
        cut: search.cut.or((search.counts.too_long > 0).then_some(Budget::Steps)),
        problem: differs.or(report.problem),
        strays: search.strays,
    }
}

#[cfg(test)]
mod differential;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod tests;

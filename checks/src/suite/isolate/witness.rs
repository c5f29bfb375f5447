//! What became of a child that ended in the middle, or came to no end.
//!
//! It is run again, the same: once to know which of its executions that was, if that is not known, and once more with that
//! execution told step by step (`execution/blackbox.rs`). What happens again is the program's doing, and a counterexample;
//! what does not, or came from outside, is a check that could not be made.

use super::{Beat, End, Limits, Order, attend};
use crate::engine::blackbox::{Told, Wanted, Witness};
use crate::schedule::Schedule;
use crate::trace::Trace;
use crate::verdict::Verdict;
use crate::{Budget, CheckError, Counterexample, Outcome};
use std::num::NonZeroU64;

/// Signals that a program does not send to itself.
const FROM_OUTSIDE: [&str; 5] = ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"];

type Seen = Option<Result<Outcome, CheckError>>;

/// The child `how` ended, at the latest known at `beat`; none if looking into it was interrupted.
pub(super) fn of_crash(order: &Order, limits: &Limits, beat: Beat, how: &str) -> Seen {
    if FROM_OUTSIDE.iter().any(|signal| how.ends_with(signal)) {
        let why = "somebody killed it, or the system ran out of memory: run it again, with fewer `--jobs` at once";
        return Some(Err(CheckError::Process(format!("{how}, which comes from outside: {why}"))));
    }
    let wanted = Wanted { from: NonZeroU64::new(beat.begun.max(1)), whole: None };
    let mut last = None;
    let note = |_, told: Option<Told>| {
        if let Some(Told::Began(serial)) = told {
            last = Some(serial);
        }
    };
    let end = match attend(&again(order, wanted), limits, note) {
        Ok((End::Interrupted, _)) => return None,
        Ok((end, _)) => end,
        Err(error) => return Some(Err(CheckError::Process(format!("{how}, and can't be started again: {error}")))),
    };
    match (end, last) {
        (End::Ended(again), Some(serial)) if again == how => {
            look(order, limits, serial, how, |task| Verdict::Crash { task, how: how.to_owned() })
        }
        (end, _) => Some(Err(not_again(how, &end))),
    }
}

/// The child's execution that began last at `beat` does not come to an end.
pub(super) fn of_hang(order: &Order, limits: &Limits, beat: Beat) -> Seen {
    let how = format!("did not come to an end within {} s", limits.deadline.as_secs_f64());
    let Some(serial) = NonZeroU64::new(beat.begun) else {
        return Some(Err(CheckError::Process(format!("{how}, and did not begin"))));
    };
    look(order, limits, serial, &how, |task| Verdict::Hang { task })
}

/// Looks on while that execution of the process happens again.
fn look(
    order: &Order,
    limits: &Limits,
    serial: NonZeroU64,
    how: &str,
    verdict: impl FnOnce(String) -> Verdict,
) -> Seen {
    let (mut witness, mut execution, mut ended) = (Witness::default(), 0, false);
    let note = |beat: Beat, told: Option<Told>| match told {
        Some(Told::Happened(happened)) => {
            execution = beat.explored.max(1);
            witness.hear(*happened);
        }
        Some(Told::Ended) => ended = true,
        _ => {}
    };
    let (wanted, hangs) = (Wanted { from: None, whole: Some(serial) }, how.starts_with("did not"));
    let end = match attend(&Order { hangs, ..again(order, wanted) }, limits, note) {
        Ok((End::Interrupted, _)) => return None,
        Ok((end, _)) => end,
        Err(error) => return Some(Err(CheckError::Process(format!("{how}, and can't be started again: {error}")))),
    };
    if hangs && ended {
        // It is the search that takes so long between two executions.
        return Some(Ok(Outcome::Inconclusive {
            budget: Budget::Time,
            executions: execution,
            done: None,
            tried: Vec::new(),
        }));
    }
    let is_same = match &end {
        End::Ended(again) => again == how,
        End::Deadline { hangs: again } => hangs && *again,
        _ => false,
    };
    let Some(trace) = witness.trace.filter(|_| is_same) else { return Some(Err(not_again(how, &end))) };
    let Some(Verdict::Hang { task }) = trace.verdict else { return Some(Err(not_again(how, &end))) };
    let verdict = verdict(task);
    let trace = Trace { verdict: Some(verdict.clone()), ..trace };
    let steps = witness.steps.iter().map(|task| trace.task(*task).to_owned()).collect();
    let weak = trace.is_weak();
    let counted = trace.counts_owners();
    let schedule = Schedule { steps, answers: witness.answers, round: 0, weak, gated: witness.gated, counted };
    Some(Ok(Outcome::Fails(Box::new(Counterexample {
        verdict,
        execution,
        none_within: None,
        found_by: None,
        parameters: None,
        schedule,
        trace,
    }))))
}

/// The same once more.
fn again(order: &Order, wanted: Wanted) -> Order {
    Order { wanted, one_by_one: true, ..order.clone() }
}

fn not_again(how: &str, end: &End) -> CheckError {
    let then = match end {
        End::Ended(how) => how.clone(),
        End::Deadline { .. } => "came to no end".into(),
        _ => "came to an end".into(),
    };
    let why = "look for a clock, randomness, a static or a thread of std's in the program";
    CheckError::Process(format!("{how}; run again the same, it {then}: {why}"))
}

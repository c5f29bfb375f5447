//! What a check does that is given no engine: one search after another, the cheapest first.
//!
//! Samplers find most bugs within a few schedules. The exhaustive engine then proves what is sequentially consistent; a
//! program without races whose atomic accesses are all `SeqCst` has no other executions. loom is for the weaker orders. It
//! misses some sequentially consistent executions, which the exhaustive engine has seen by then.

use crate::engine::{self, Engine, Program};
use crate::outcome::{Budget, CheckError, Coverage, Gap, Outcome};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::Plan;

/// Who goes first: all samplers in turn. On the bugs of our catalogue and of the literature, each at ten seeds and at every
/// size (`raddle measure seeds --buggy --seeds 10` and `raddle measure samplers --seeds 10 --cap 1000`), they found 1,230 of
/// 1,230 within 1,000 schedules, and drew 8,261 in all; SURW alone 1,228 and 16,686, reads-from 1,220 and 14,097, the random
/// walk 1,151 and 88,393.
const FIRST: Engine = Engine::Portfolio;

pub(super) fn run(plan: &Plan, program: &Program, progress: &Arc<AtomicU64>) -> Result<Outcome, CheckError> {
    let explore = |engine| engine::explore(engine, plan, program, progress);
    // What executions share outside of raddle is one execution's at a time, and other tests run beside this one.
    let in_turn = Plan { threads: plan.threads.or(Some(1)), ..plan.clone() };
    let sampled = match engine::explore(FIRST, &in_turn, program, progress)? {
        Outcome::Holds(coverage) => Some(coverage),
        // A loop that waits was not let out of by some sampler. The exhaustive engine knows such loops.
        Outcome::Inconclusive { budget: Budget::Steps, .. } => None,
        other => return Ok(other),
    };
    match explore(Engine::Exhaustive)? {
        cut @ Outcome::Inconclusive { budget: Budget::Steps, .. } if sampled.is_none() => Ok(cut),
        Outcome::Holds(proven) if !proven.gaps.contains(&Gap::WeakOrders) => Ok(Outcome::Holds(with(proven, sampled))),
        Outcome::Holds(proven) => Ok(weaken(explore(Engine::Loom), proven, sampled)),
        cut @ Outcome::Inconclusive { .. } => Ok(instead(explore(Engine::Loom), cut, sampled)),
        fails @ Outcome::Fails(_) => Ok(fails),
    }
}

/// The same coverage, with that of the searches before it.
fn with(coverage: Coverage, before: impl IntoIterator<Item = Coverage>) -> Coverage {
    Coverage { also: before.into_iter().collect(), ..coverage }
}

fn drawn(sampled: Option<&Coverage>) -> u64 {
    sampled.map_or(0, Coverage::executions)
}

/// loom's answer on a program with weak orders that holds under sequential consistency.
fn weaken(explored: Result<Outcome, CheckError>, proven: Coverage, sampled: Option<Coverage>) -> Outcome {
    match explored {
        // Whatever sequentially consistent execution it misses has been seen.
        Ok(Outcome::Holds(coverage)) => {
            let strengthen = |coverage: Coverage| {
                let gaps = coverage.gaps.into_iter().filter(|gap| *gap != Gap::WeakOrders).collect();
                Coverage { gaps, ..coverage }
            };
            Outcome::Holds(with(coverage, [proven].into_iter().chain(sampled).map(strengthen)))
        }
        Ok(Outcome::Inconclusive { budget: Budget::Model, .. }) => {
            let mut proven = with(proven, sampled);
            proven.gaps.push(Gap::Tried("loom was asked, and reported failures that no machine can show".to_owned()));
            Outcome::Holds(proven)
        }
        Ok(Outcome::Inconclusive { budget, executions, done, .. }) => {
            let tried =
                vec![format!("exhaustive: {proven}"), "loom, for the weaker orders: out of its budget".to_owned()];
            let executions = executions + proven.executions() + drawn(sampled.as_ref());
            Outcome::Inconclusive { budget, executions, done, tried }
        }
        Ok(fails @ Outcome::Fails(_)) => fails,
        Err(error) => {
            let why = error.to_string();
            let mut proven = with(proven, sampled);
            proven.gaps.push(Gap::Tried(format!("loom was asked, and {}", why.lines().next().unwrap_or_default())));
            Outcome::Holds(proven)
        }
    }
}

/// What is said where no sampler's search came to its end.
const TOO_LONG: &str = "the samplers: an execution had too many steps";

/// loom's answer on a program that is too large for the exhaustive engine.
fn instead(explored: Result<Outcome, CheckError>, cut: Outcome, sampled: Option<Coverage>) -> Outcome {
    match explored {
        Ok(Outcome::Holds(mut coverage)) => {
            coverage.gaps.push(Gap::Tried(format!("the exhaustive engine was {cut}")));
            coverage.gaps.extend(sampled.is_none().then(|| Gap::Tried(TOO_LONG.to_owned())));
            Outcome::Holds(with(coverage, sampled))
        }
        Ok(fails @ Outcome::Fails(_)) => fails,
        other => {
            let loom = match other {
                Ok(outcome) => format!("loom: {outcome}"),
                Err(error) => format!("loom: {}", error.to_string().lines().next().unwrap_or_default()),
            };
            let executions = cut.executions() + drawn(sampled.as_ref());
            match cut {
                Outcome::Inconclusive { budget, done, .. } => {
                    let tried = sampled.is_none().then(|| TOO_LONG.to_owned()).into_iter().chain([loom]).collect();
                    Outcome::Inconclusive { budget, executions, done, tried }
                }
                other => other,
            }
        }
    }
}

//! What a pass says of what was searched.

use super::proven;
use crate::cases::{Came, EXHAUSTIVE, LOOM, chain, under};
use Ordering::{Relaxed, SeqCst};
use raddle::sync::atomic::{AtomicU32, Ordering};
use raddle::sync::{Arc, Mutex};
use raddle::{CheckError, Engine, Gap, Memory, Outcome, Searched, thread};

pub(super) fn no_budget() -> Came {
    for engine in Engine::ALL {
        let outcome = under(engine).executions(0).run(|| drop(Mutex::new(0)));
        if !matches!(outcome, Err(CheckError::NoBudget)) {
            return Err(format!("{engine}: expected an error, got {outcome:?}"));
        }
    }
    Ok("an error under every engine".to_owned())
}

fn stds_own() {
    let counter = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let theirs = Arc::clone(&counter);
    let other = thread::spawn(move || theirs.fetch_add(1, SeqCst));
    counter.fetch_add(1, SeqCst);
    other.join().unwrap();
}

fn says_nothing_is_shared(outcome: Result<Outcome, CheckError>) -> Came {
    match outcome {
        Ok(Outcome::Holds(coverage)) if coverage.gaps.contains(&Gap::NothingShared { tasks: 2 }) => {
            Ok(coverage.to_string())
        }
        other => Err(format!("expected a coverage that says that nothing was shared, got {other:?}")),
    }
}

pub(super) fn nothing_shared() -> Came {
    says_nothing_is_shared(chain().run(stds_own))
}

pub(super) fn nothing_shared_under(engine: Engine) -> Came {
    says_nothing_is_shared(under(engine).run(stds_own))
}

pub(super) fn one_thread() -> Came {
    proven(|| assert_eq!("one thread".len(), 10))
}

pub(super) fn names_engine_and_model() -> Came {
    match chain().run(two_increments(SeqCst)) {
        Ok(Outcome::Holds(coverage))
            if coverage.engine == EXHAUSTIVE
                && coverage.model == Memory::SequentiallyConsistent
                && coverage.searched == Searched::Every
                && coverage.also.len() == 1 =>
        {
            Ok(coverage.to_string())
        }
        other => Err(format!("{other:?}")),
    }
}

fn two_increments(order: Ordering) -> impl Fn() + Send + Sync + 'static {
    move || {
        let counter = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&counter);
        let other = thread::spawn(move || theirs.fetch_add(1, order));
        counter.fetch_add(1, order);
        other.join().unwrap();
        assert_eq!(counter.load(order_of_load(order)), 2);
    }
}

fn order_of_load(order: Ordering) -> Ordering {
    if order == SeqCst { SeqCst } else { Relaxed }
}

pub(super) fn loom_is_not_exhaustive() -> Came {
    match under(LOOM).run(two_increments(Relaxed)) {
        Ok(Outcome::Holds(coverage)) if coverage.searched == Searched::Explored && !coverage.is_exhaustive() => {
            Ok(coverage.to_string())
        }
        other => Err(format!("{other:?}")),
    }
}

pub(super) fn weak_is_not_exhaustive() -> Came {
    match under(EXHAUSTIVE).run(two_increments(Relaxed)) {
        Ok(Outcome::Holds(coverage)) if !coverage.is_exhaustive() && coverage.gaps == [Gap::WeakOrders] => {
            Ok(coverage.to_string())
        }
        other => Err(format!("{other:?}")),
    }
}

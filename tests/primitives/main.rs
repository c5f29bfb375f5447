//! What every primitive of the facade does, under both engines; and what the facade relies on of the raw engines.
//!
//! A program is a plain function. Every test goes through [`holds`], [`fails`] or [`outcomes`], or through a variant of
//! theirs that names the engines or the checker.

#![expect(clippy::items_after_statements, reason = "a program stands right before what is expected of it")]
#![expect(clippy::disallowed_types, reason = "what the executions came to is collected outside of them")]

mod atomics;
mod barrier;
mod channels;
mod condvar;
mod counts;
mod engines;
mod mutex;
mod once;
mod outcome;
mod race_cell;
mod rwlock;
mod semaphore;
mod threads;

use raddle::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16, AtomicU32,
    AtomicU64, AtomicUsize, Ordering, fence,
};
use raddle::sync::mpsc::{
    self, RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError, channel, sync_channel,
};
use raddle::sync::{Arc, Barrier, Condvar, Mutex, Once, OnceLock, RaceCell, RwLock, Semaphore, TryLockError, Weak};
use raddle::{Bypass, CheckError, Checker, Coverage, Engine, Outcome, Searched, Strategy, Verdict, thread};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool as StdAtomicBool;
use std::sync::{Mutex as StdMutex, OnceLock as StdOnceLock};
use std::time::Duration;

const LOOM: &[Engine] = &[Engine::Loom];
const DFS: Engine = Engine::Shuttle(Strategy::Dfs);
/// For programs that are too long, or spin, for an enumeration without reduction.
const DEFAULT: &[Engine] = &Engine::DEFAULT;
/// Engines that see everything a small program can do.
const THOROUGH: &[Engine] = &[Engine::Loom, Engine::shuttle(), DFS];
const SHUTTLE: &[Engine] = &[Engine::shuttle(), DFS];
const SECOND: Duration = Duration::from_secs(1);

fn run(checker: &Checker, engine: Engine, program: fn()) -> Outcome {
    let outcome = checker.clone().engine(engine).run(program);
    outcome.unwrap_or_else(|error| panic!("under {engine} the check could not be made: {error}"))
}

#[track_caller]
fn assert_holds(engine: Engine, outcome: &Outcome) {
    match outcome {
        Outcome::Holds(Coverage { searched: Searched::Explored, .. }) if engine == Engine::Loom => {}
        Outcome::Holds(Coverage { searched: Searched::Every, .. }) if engine != Engine::Loom => {}
        Outcome::Holds(Coverage { searched: Searched::Sampled { .. }, .. }) if engine.samples() => {}
        Outcome::Fails(found) => panic!("under {engine} it should hold, but {}", found.verdict),
        other => panic!("under {engine} it should hold with a coverage that fits the engine, but came to {other:?}"),
    }
}

/// `program` holds under every engine.
#[track_caller]
fn holds(program: fn()) {
    holds_with(&Engine::ALL, &Checker::new(), program);
}

#[track_caller]
fn holds_with(engines: &[Engine], checker: &Checker, program: fn()) {
    for &engine in engines {
        assert_holds(engine, &run(checker, engine, program));
    }
}

/// `program` fails under loom, random and depth-first schedules, with a verdict that `is_expected`.
#[track_caller]
fn fails(program: fn(), is_expected: fn(&Verdict) -> bool) {
    fails_with(THOROUGH, &Checker::new(), program, is_expected);
}

#[track_caller]
fn fails_with(engines: &[Engine], checker: &Checker, program: fn(), is_expected: fn(&Verdict) -> bool) {
    for &engine in engines {
        let outcome = run(checker, engine, program);
        let Some(found) = outcome.counterexample() else {
            panic!("under {engine} it should fail, but came to {outcome:?}");
        };
        assert!(is_expected(&found.verdict), "under {engine} another verdict was expected than {:?}", found.verdict);
    }
}

/// `program` can come to each of `expected` and to nothing else, under loom, random and depth-first schedules.
#[track_caller]
fn outcomes<T: Debug + 'static>(program: fn() -> T, expected: impl IntoIterator<Item = T>) {
    outcomes_with(THOROUGH, &Checker::new(), program, expected);
}

/// Values are told apart by how they show, for errors have no order.
#[track_caller]
fn outcomes_with<T: Debug + 'static>(
    engines: &[Engine],
    checker: &Checker,
    program: fn() -> T,
    expected: impl IntoIterator<Item = T>,
) {
    let expected: BTreeSet<String> = expected.into_iter().map(|value| format!("{value:?}")).collect();
    for &engine in engines {
        let seen = Arc::new(StdMutex::new(BTreeSet::new()));
        let collect = Arc::clone(&seen);
        let outcome = checker.clone().engine(engine).run(move || {
            let value = format!("{:?}", program());
            collect.lock().unwrap().insert(value);
        });
        assert_holds(engine, &outcome.unwrap_or_else(|error| panic!("under {engine}: {error}")));
        assert_eq!(*seen.lock().unwrap(), expected, "left: what was seen under {engine}; right: what is possible");
    }
}

/// Runs `theirs` in a thread called `other` and `mine` in this one, and gives what they come to.
fn both<A: Send, B>(theirs: impl FnOnce() -> A + Send, mine: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let other = thread::Builder::new().name("other".into()).spawn_scoped(scope, theirs).unwrap();
        let mine = mine();
        (other.join().unwrap(), mine)
    })
}

/// Panics while it holds what `hold` gives, and catches that.
fn panics_with<G>(hold: impl FnOnce() -> G) {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _held = hold();
        panic!("caught again");
    }));
    assert!(caught.is_err(), "the panic should have come out");
}

/// How many of two tasks are inside a section at once, at most; `enter` gives a guard.
fn most_inside<G>(enter: impl Fn() -> G + Sync) -> usize {
    let inside = AtomicUsize::new(0);
    let visit = || {
        let guard = enter();
        let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
        inside.fetch_sub(1, Ordering::SeqCst);
        drop(guard);
        now
    };
    let (theirs, mine) = both(visit, visit);
    theirs.max(mine)
}

fn is_deadlock_of_one(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Deadlock { cycle } if cycle.len() == 1 && cycle[0].task == cycle[0].held_by)
}

fn is_deadlock_of_two(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Deadlock { cycle }
        if cycle.len() == 2 && cycle[0].held_by == cycle[1].task && cycle[1].held_by == cycle[0].task)
}

/// `main` waits for what can't come, by itself.
fn is_main_stuck(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Stuck { waiting } if waiting.len() == 1 && waiting[0].task == "main")
}

fn is_race_on_data(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::DataRace { object, first, second }
        if object == "data" && first.task != second.task && (first.write || second.write))
}

fn is_assertion(verdict: &Verdict, text: &str) -> bool {
    matches!(verdict, Verdict::Assertion { message, .. } if message.contains(text))
}

/// Two tasks add one each, by `add`.
fn sum(add: fn(&AtomicU32)) -> u32 {
    let sum = AtomicU32::new(0);
    both(|| add(&sum), || add(&sum));
    sum.load(Ordering::SeqCst)
}

//! Futures that are polled by reference, runtimes that are dropped, and wakers and executors of one's own.

pub(crate) mod by_reference;
pub(crate) mod ends;
pub(crate) mod wakers;

use crate::cases::{Came, EXHAUSTIVE, LOOM, RANDOM, fails, holds, under};
use raddle::{Engine, Outcome, Strategy};
use std::collections::BTreeSet;
use std::sync::{Arc as StdArc, Mutex as StdMutex};

const DFS: Engine = Engine::Shuttle(Strategy::Dfs);

/// What executions of a program come to, where every one is searched: the same under these engines.
fn all_come_to<T>(engines: &[Engine], expected: &[T], program: impl Fn() -> T + Send + Sync + Clone + 'static) -> Came
where
    T: Ord + Clone + std::fmt::Debug + Send + 'static,
{
    let mut said = String::new();
    for engine in engines {
        let seen = StdArc::new(StdMutex::new(BTreeSet::new()));
        let (theirs, program) = (StdArc::clone(&seen), program.clone());
        let outcome = under(*engine).executions(100_000).run(move || {
            let value = program();
            theirs.lock().unwrap().insert(value);
        });
        let sampled = *engine == RANDOM;
        let executions = match outcome {
            Ok(Outcome::Holds(coverage)) => coverage.executions(),
            other => return Err(format!("{engine}: expected a proof, got {other:?}")),
        };
        let seen = seen.lock().unwrap();
        let expected: BTreeSet<T> = expected.iter().cloned().collect();
        if *seen != expected && !(sampled && seen.is_subset(&expected)) {
            return Err(format!("{engine}: expected {expected:?}, got {seen:?} in {executions}"));
        }
        said += &format!("{engine}: {} ends in {executions}; ", seen.len());
    }
    Ok(said)
}

const THREE: [Engine; 3] = [EXHAUSTIVE, LOOM, DFS];

/// What each engine says.
fn said(run: impl Fn(Engine) -> Came) -> Came {
    let said: Result<Vec<String>, String> =
        [EXHAUSTIVE, LOOM, RANDOM].iter().map(|engine| Ok(format!("{engine} {}", run(*engine)?))).collect();
    Ok(said?.join("; "))
}

/// The program holds under every engine.
fn all_hold(program: fn()) -> Came {
    said(|engine| holds(&under(engine).executions(5_000), program))
}

/// It fails under every engine with a verdict of this name.
fn all_fail(verdict: &str, program: fn()) -> Came {
    said(|engine| fails(&under(engine), verdict, program))
}

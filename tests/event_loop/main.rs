//! Tasks, their primitives and the virtual clock, under every engine.
//!
//! A program is a plain function. Every test goes through [`holds`], [`fails`] or [`outcomes`].

#![expect(clippy::disallowed_types, reason = "what the executions came to is collected outside of them")]

mod agree;
mod cancel;
mod clock;
mod primitives;
mod runtime;
mod stepped;
mod wire;

use raddle::{Checker, Counterexample, Engine, Outcome, Strategy, Verdict};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc as StdArc, Mutex as StdMutex};

const DFS: Engine = Engine::Shuttle(Strategy::Dfs);
const SEARCHING: [Engine; 3] = [Engine::Loom, Engine::Exhaustive, DFS];
const ALL: [Engine; 5] = [Engine::Loom, Engine::Exhaustive, DFS, Engine::shuttle(), Engine::Property];

/// No engine finds a failure.
#[track_caller]
fn holds(program: fn()) {
    for engine in ALL {
        let outcome = Checker::new().engine(engine).run(program);
        assert!(matches!(outcome, Ok(Outcome::Holds(_))), "{engine}: {outcome:?}");
    }
}

/// Every engine finds a failure like this one.
#[track_caller]
fn fails(program: fn(), is_it: fn(&Verdict) -> bool) {
    fails_with(&Checker::new(), program, is_it);
}

#[track_caller]
fn fails_with(checker: &Checker, program: fn(), is_it: fn(&Verdict) -> bool) {
    for engine in ALL {
        let found = found(&checker.clone().engine(engine), program);
        assert!(is_it(&found.verdict), "{engine}: {:?}", found.verdict);
    }
}

#[track_caller]
fn found(checker: &Checker, program: fn()) -> Box<Counterexample> {
    match checker.run(program) {
        Ok(Outcome::Fails(found)) => found,
        other => panic!("{other:?}"),
    }
}

/// What the executions of a program come to: the same set under every engine that searches all.
#[track_caller]
fn outcomes<T: Ord + Clone + Debug + Send + 'static>(program: fn() -> T) -> BTreeSet<T> {
    let sets = SEARCHING.map(|engine| came_to(&Checker::new().engine(engine), program));
    assert_eq!(sets[1], sets[2], "left: exhaustive; right: depth-first");
    assert_eq!(sets[0], sets[2], "left: loom; right: depth-first");
    let [set, ..] = sets;
    set
}

#[track_caller]
fn came_to<T: Ord + Debug + Send + 'static>(
    checker: &Checker,
    program: impl Fn() -> T + Send + Sync + 'static,
) -> BTreeSet<T> {
    let seen = StdArc::new(StdMutex::new(BTreeSet::new()));
    let theirs = StdArc::clone(&seen);
    let outcome = checker.run(move || {
        let value = program();
        theirs.lock().unwrap().insert(value);
    });
    assert!(matches!(outcome, Ok(Outcome::Holds(_))), "{outcome:?}");
    std::mem::take(&mut *seen.lock().unwrap())
}

//! What a check leaves of what its program captured, and the stacks that its threads asked for.

use crate::cases::{Came, Case, EXHAUSTIVE, Kind, LOOM, RANDOM, holds, under};
use raddle::sync::{Arc, Mutex};
use raddle::{Checker, Engine, Outcome, Strategy, thread};

const ENGINES: [Engine; 4] = [LOOM, EXHAUSTIVE, RANDOM, Engine::Shuttle(Strategy::Dfs)];

/// The same of every engine.
fn all(ask: impl Fn(Engine) -> Came) -> Came {
    let said: Result<Vec<String>, String> =
        ENGINES.iter().map(|engine| ask(*engine).map_err(|said| format!("{engine}: {said}"))).collect();
    said.map(|said| said.join("; "))
}

pub(crate) const KIND: Kind = Kind {
    name: "owners",
    what: "something of the program stays after the run, or is not as it asked for",
    cases: &[
        Case { name: "what_was_captured_has_one_owner_after_a_run", run: captures_come_back },
        Case { name: "what_was_captured_comes_back_from_an_async_program", run: captures_of_futures },
        Case { name: "what_was_captured_comes_back_from_a_bounded_search", run: captures_of_bounded },
        Case { name: "a_deep_recursion_has_the_stack_that_it_asked_for", run: deep_recursion },
        Case { name: "a_scoped_thread_has_the_stack_that_it_asked_for", run: deep_in_a_scope },
        Case { name: "a_stack_that_nobody_gives_is_an_error", run: too_deep },
    ],
};

/// Runs a program of two threads that shares what it is given, and looks who has that then.
fn comes_back(run: impl Fn(&Checker, Box<dyn Fn() + Send + Sync>), checker: &Checker, what: &str) -> Came {
    let results = Arc::new(std::sync::Mutex::new(0));
    let shared = Arc::clone(&results);
    let program = move || {
        let lock = Arc::new(Mutex::new(0));
        let (theirs, shared_by) = (Arc::clone(&lock), Arc::clone(&shared));
        let other = thread::spawn(move || {
            *theirs.lock().unwrap() += 1;
            *shared_by.lock().unwrap() += 1;
        });
        *lock.lock().unwrap() += 1;
        other.join().unwrap();
    };
    run(checker, Box::new(program));
    let owners = Arc::strong_count(&results);
    match Arc::try_unwrap(results) {
        Ok(_) => Ok(format!("{what}: one owner")),
        Err(_) => Err(format!("{what}: {owners} owners")),
    }
}

fn hold(checker: &Checker, program: Box<dyn Fn() + Send + Sync>) {
    assert!(matches!(checker.run(program), Ok(Outcome::Holds(_))), "it holds");
}

fn captures_come_back() -> Came {
    let said: Result<Vec<String>, String> = Engine::ALL
        .iter()
        .map(|engine| comes_back(hold, &under(*engine).executions(5_000), &engine.to_string()))
        .chain([comes_back(hold, &Checker::new(), "the chain")])
        .collect();
    said.map(|said| said.join("; "))
}

fn captures_of_futures() -> Came {
    all(|engine| {
        let results = Arc::new(std::sync::Mutex::new(0));
        let shared = Arc::clone(&results);
        let held = holds(&under(engine), move || {
            let runtime = raddle::tokio::runtime::Builder::new_current_thread().build().unwrap();
            let theirs = Arc::clone(&shared);
            runtime.block_on(async move {
                let task = raddle::task::spawn(async move { *theirs.lock().unwrap() += 1 });
                task.await.unwrap();
            });
        })?;
        Arc::try_unwrap(results).map(|_| held).map_err(|results| format!("{} owners", Arc::strong_count(&results)))
    })
}

fn captures_of_bounded() -> Came {
    comes_back(hold, &under(EXHAUSTIVE).preemptions(1), "exhaustive, one preemption")?;
    comes_back(hold, &under(LOOM).preemptions(1), "loom, one preemption")
}

/// A frame of a kilobyte for each round.
#[inline(never)]
fn recurse(depth: usize) -> usize {
    let frame = std::hint::black_box([depth; 128]);
    if depth == 0 { 0 } else { frame[depth % 128] - depth + 1 + recurse(depth - 1) }
}

fn deep_recursion() -> Came {
    all(|engine| {
        holds(&under(engine), || {
            let deep = thread::Builder::new().name("deep".into()).stack_size(4 << 20);
            assert_eq!(deep.spawn(|| recurse(1_000)).unwrap().join().unwrap(), 1_000);
        })
    })
}

fn deep_in_a_scope() -> Came {
    all(|engine| {
        holds(&under(engine), || {
            let depth = 1_500;
            let came = thread::scope(|scope| {
                let deep = thread::Builder::new().stack_size(6 << 20);
                deep.spawn_scoped(scope, || recurse(depth)).unwrap().join().unwrap()
            });
            assert_eq!(came, depth);
        })
    })
}

fn too_deep() -> Came {
    all(|engine| {
        holds(&under(engine), || {
            let refused = thread::Builder::new().stack_size(1 << 30).spawn(|| ()).unwrap_err();
            assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
        })
    })
}

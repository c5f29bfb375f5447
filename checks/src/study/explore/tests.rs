//! The cache of states against no cache, over many small programs.

use super::*;
use crate::checker::Plan;
use crate::execution::Random;
use crate::sync::atomic::{AtomicU32, Ordering::SeqCst};
use crate::sync::{Condvar, Mutex};
use crate::thread;
use crate::{Checker, Engine};
use std::sync::Arc;

/// What a task of a generated program does.
#[derive(Clone, Copy, Debug)]
enum Does {
    Add(usize),
    /// Reads, and then writes one more.
    Split(usize),
    Locked(usize),
    /// Reads one variable and writes it to the other.
    Copy(usize),
    Yield,
    Notify,
    /// Waits, if a variable is still 0.
    Wait,
}

fn generate(random: &mut Random) -> Vec<Vec<Does>> {
    let does = |random: &mut Random| match random.below(12) {
        0 | 1 => Does::Add(random.below(2)),
        2..5 => Does::Split(random.below(2)),
        5..7 => Does::Locked(random.below(2)),
        7 | 8 => Does::Copy(random.below(2)),
        9 => Does::Yield,
        10 => Does::Notify,
        _ => Does::Wait,
    };
    let tasks = 2 + random.below(2);
    (0..tasks).map(|_| (0..=random.below(if tasks == 2 { 3 } else { 2 })).map(|_| does(random)).collect()).collect()
}

fn run(tasks: &[Vec<Does>], forbidden: u32) {
    let shared =
        Arc::new(([AtomicU32::new(0), AtomicU32::new(0)], [Mutex::new(0_u32), Mutex::new(0_u32)], Condvar::new()));
    let workers: Vec<_> = tasks
        .iter()
        .map(|does| {
            let (does, shared) = (does.clone(), Arc::clone(&shared));
            thread::spawn(move || does.iter().for_each(|does| step(*does, &shared)))
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
    let (variables, locked, _) = &*shared;
    let digits = [&variables[0], &variables[1]].map(|variable| variable.load(SeqCst));
    let sum = digits[0] * 7 + digits[1] * 3 + *locked[0].lock().unwrap() * 5;
    assert_ne!(sum % 6, forbidden, "the forbidden sum");
}

fn step(does: Does, shared: &([AtomicU32; 2], [Mutex<u32>; 2], Condvar)) {
    let (variables, locked, condvar) = shared;
    match does {
        Does::Add(which) => _ = variables[which].fetch_add(1, SeqCst),
        Does::Split(which) => {
            let value = variables[which].load(SeqCst);
            variables[which].store(value + 1, SeqCst);
        }
        Does::Locked(which) => {
            let mut value = locked[which].lock().unwrap();
            *value = *value * 2 + variables[which].load(SeqCst);
        }
        Does::Copy(which) => variables[1 - which].store(variables[which].load(SeqCst), SeqCst),
        Does::Yield => thread::yield_now(),
        Does::Notify => condvar.notify_one(),
        Does::Wait => {
            let guard = locked[0].lock().unwrap();
            if variables[0].load(SeqCst) == 0 {
                drop(condvar.wait(guard).unwrap());
            }
        }
    }
}

fn plan() -> Plan {
    Checker::new().plan
}

/// Whether something fails with at most so many preemptions, and whether everything was searched.
fn fails(program: &Program, bound: Option<usize>, cached: bool) -> (Option<usize>, bool, u64) {
    let rules = Rules { recurrences: 2, ..plan().rules(Engine::shuttle()) };
    let until = Until::Fails(std::sync::Arc::new(|_| true));
    let search = Explorer { cached, ..Explorer::new(until, &[], &[], bound, 300_000) };
    let explored = explore_with(program, &rules, search);
    (explored.found.map(|run| run.preemptions), explored.whole, explored.executions)
}

#[test]
fn the_cache_hides_no_failure() {
    let mut random = Random(7);
    let (mut failing, mut holding, mut with, mut without) = (0, 0, 0, 0);
    for _ in 0..300 {
        let tasks = generate(&mut random);
        let forbidden = u32::try_from(random.below(6)).unwrap();
        let told = format!("{tasks:?}, {forbidden} forbidden");
        let program: Program = Arc::new(move || run(&tasks, forbidden));
        for bound in [Some(0), Some(1), Some(2)] {
            let (found, whole, executions) = fails(&program, bound, true);
            let (plainly, plainly_whole, plain_executions) = fails(&program, bound, false);
            assert_eq!(found.is_some(), plainly.is_some(), "{told}: {bound:?}");
            assert!(plainly.is_some() || (whole && plainly_whole), "{told}: {bound:?}: not searched wholly");
            (with, without) = (with + executions, without + plain_executions);
            if found.is_some() {
                failing += 1;
            } else {
                holding += 1;
            }
        }
    }
    assert!(failing > 150 && holding > 150, "{failing} fail and {holding} hold: this shows little");
    assert!(with * 3 < without * 2, "the cache saves little: {with} executions instead of {without}");
}

/// loom, which knows nothing of this search, agrees on what has no failure at all.
#[test]
fn loom_finds_no_more() {
    let mut random = Random(11);
    let (mut failing, mut holding) = (0, 0);
    for _ in 0..40 {
        let tasks = generate(&mut random);
        let forbidden = u32::try_from(random.below(6)).unwrap();
        let told = format!("{tasks:?}, {forbidden} forbidden");
        let program: Program = Arc::new(move || run(&tasks, forbidden));
        let (found, whole, _) = fails(&program, None, true);
        assert!(whole || found.is_some(), "{told}: not searched wholly");
        let checker = Checker::new().engine(Engine::Loom);
        match checker.run_program(&program).unwrap() {
            crate::Outcome::Fails(by_loom) => {
                failing += 1;
                // loom takes SeqCst accesses for AcqRel ones, and so sees more than there is.
                assert!(found.is_some() || by_loom.trace.is_weak(), "{told}: loom found {}", by_loom.verdict);
            }
            crate::Outcome::Holds(_) => {
                holding += 1;
                assert!(found.is_none(), "{told}: loom proves what fails here");
            }
            crate::Outcome::Inconclusive { .. } => panic!("{told}: too large for loom"),
        }
    }
    assert!(failing > 10 && holding > 10, "{failing} fail and {holding} hold: this shows little");
}

/// What ends by itself on one path goes on for ever on another that looks the same to the facade: `patience` is local.
#[test]
fn a_cycle_that_ends_on_one_path_is_tried_again_on_another() {
    let program: Program = Arc::new(|| {
        let shared = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let task = |work: fn(&(AtomicU32, AtomicU32))| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || work(&shared))
        };
        let patient = |(mode, done): &(AtomicU32, AtomicU32)| {
            let mut patience = if mode.load(SeqCst) == 0 { 6 } else { u32::MAX };
            while patience > 0 {
                patience -= 1;
                thread::yield_now();
            }
            done.store(1, SeqCst);
        };
        let waits = |(_, done): &(AtomicU32, AtomicU32)| {
            while done.load(SeqCst) == 0 {
                thread::yield_now();
            }
        };
        let tasks = [task(patient), task(waits), task(|(mode, _)| mode.store(1, SeqCst))];
        for task in tasks {
            task.join().unwrap();
        }
    });
    let rules = Rules { recurrences: 2, ..plan().rules(Engine::shuttle()) };
    let until = Until::Fails(Arc::new(|verdict: &Verdict| matches!(verdict, Verdict::Livelock { .. })));
    let explored = explore(&program, &rules, until, &[], &[], None, 20_000);
    assert!(explored.executions > 2, "the first path is the one that ends");
    assert!(explored.found.is_some(), "{explored:?}");
}

/// A graph is the plain search's schedules, each once, and what they come to; shuttle's depth-first search has as many. But for
/// yields: who has yielded where is no part of a state, and says who has to let whom go first.
#[test]
fn a_graph_has_every_schedule_once() {
    let mut random = Random(3);
    let (mut smaller, mut failing) = (0, 0);
    for _ in 0..100 {
        let tasks = generate(&mut random);
        if tasks.iter().flatten().any(|does| matches!(does, Does::Yield)) {
            continue;
        }
        let forbidden = u32::try_from(random.below(6)).unwrap();
        let told = format!("{tasks:?}, {forbidden} forbidden");
        let program: Program = Arc::new(move || run(&tasks, forbidden));
        let rules = plan().rules(Engine::Exhaustive);
        let search = Explorer { cached: false, ..Explorer::new(Until::Never, &[], &[], None, 5_000) };
        let plainly = explore_with(&program, &rules, search);
        if !plainly.whole {
            continue;
        }
        let graph = crate::study::graph::graph(&program, &plan(), usize::MAX).expect("there is room");
        let count = graph.schedules()[0];
        #[expect(clippy::cast_precision_loss, reason = "there are not that many")]
        let executions = plainly.executions as f64;
        assert!((count.passing + count.failing - executions).abs() < 0.5, "{told}: {count:?}, {executions} plainly");
        let ends = graph.states.iter().filter(|state| state.steps.is_empty());
        let ends: BTreeSet<Ending> = ends.map(|state| Ending::new(&[], state.verdict.as_ref())).collect();
        assert_eq!(ends, plainly.endings, "{told}");
        if count.failing < 0.5 {
            let dfs = Checker::new().engine(Engine::Shuttle(crate::Strategy::Dfs));
            let outcome = dfs.run_program(&program).unwrap();
            assert_eq!(outcome.executions(), plainly.executions, "{told}: shuttle's own search");
        }
        smaller += usize::from(graph.states.len() < plainly.executions.try_into().unwrap());
        failing += usize::from(count.failing > 0.0);
    }
    assert!(smaller > 30 && failing > 15, "{smaller} are small, {failing} fail: this shows little");
}

//! The search against searches without reduction, over thousands of generated programs.
//!
//! `RADDLE_PROGRAMS` says how many; `make differential` runs 100,000.

use super::programs::{self, Tasks};
use super::*;
use crate::engine::pilot::{End, Pilot, fly};
use crate::execution::{Execution, Source, TaskId};
use crate::{Checker, Engine, Outcome, Strategy};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Mutex;

/// Programs, unless told otherwise.
const PROGRAMS: u32 = 2_000;
/// Executions of a search without reduction.
const EXECUTIONS_MAX: u64 = 2_000;
/// Executions of loom's, for each of its preemption bounds.
const LOOM_EXECUTIONS_MAX: u64 = 300;

/// What a search has seen.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    states: BTreeSet<String>,
    verdicts: BTreeSet<&'static str>,
    whole: bool,
    executions: u64,
}

/// A program that notes its final states, and the notes.
fn noting(tasks: &Tasks) -> (Program, Arc<Mutex<BTreeSet<String>>>) {
    let states = Arc::new(Mutex::new(BTreeSet::new()));
    let (notes, tasks) = (Arc::clone(&states), tasks.clone());
    let program: Program = Arc::new(move || {
        let state = programs::run(&tasks);
        notes.lock().unwrap().insert(state);
    });
    (program, states)
}

fn checker(tasks: &Tasks) -> Checker {
    Checker::new().spurious_wakeups(usize::from(tasks.spurious))
}

/// Every interleaving, one by one, also after a failure.
#[derive(Debug, Default)]
struct Plain {
    /// For each decision, the ways to take it and which was taken last.
    path: Vec<(Vec<usize>, usize)>,
    depth: usize,
    started: bool,
    executions: u64,
    whole: bool,
    traces: HashSet<u64>,
    verdicts: BTreeSet<&'static str>,
    bound: Option<usize>,
    preemptions: usize,
}

impl Plain {
    fn decide(&mut self, ways: impl FnOnce() -> Vec<usize>) -> usize {
        if self.depth == self.path.len() {
            self.path.push((ways(), 0));
        }
        let (ways, at) = &self.path[self.depth];
        self.depth += 1;
        ways[*at]
    }
}

impl Pilot for Plain {
    fn begin(&mut self, source: &mut Source) -> bool {
        while self.started {
            let Some((ways, at)) = self.path.last_mut() else {
                let Source::Script(script) = source else { return false };
                if script.advance() {
                    break;
                }
                self.whole = true;
                return false;
            };
            *at += 1;
            if *at < ways.len() {
                break;
            }
            self.path.pop();
        }
        self.started = true;
        (self.depth, self.preemptions) = (0, 0);
        self.executions += 1;
        self.executions <= EXECUTIONS_MAX
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId> {
        let spent = self.bound.is_some_and(|bound| self.preemptions >= bound);
        let may = |task: &&TaskId| !spent || x.preempts(**task).is_none();
        let ways = || enabled.iter().filter(may).map(|task| task.index()).collect();
        let task = TaskId::from_index(self.decide(ways));
        self.preemptions += usize::from(x.preempts(task).is_some());
        Some(task)
    }

    fn end(&mut self, x: &Execution, end: End) {
        match end {
            End::Found(found) => _ = self.verdicts.insert(found.verdict.name()),
            End::Passed => _ = self.traces.insert(x.journal.as_ref().map_or(0, |journal| journal.past())),
            End::GivenUp | End::TooLong | End::Problem => panic!("a small program comes to an end"),
        }
    }

    fn restart(&mut self) {
        *self = Plain { bound: self.bound, ..Plain::default() };
    }
}

/// Every interleaving, and how many traces they are.
fn plainly(tasks: &Tasks, bound: Option<usize>) -> (Seen, usize) {
    let (program, states) = noting(tasks);
    // Trials of a livelock are forced, and so no decisions.
    let rules = crate::execution::Rules { recurrences: usize::MAX, ..checker(tasks).plan.rules(Engine::shuttle()) };
    let (plain, report) = fly(&program, &rules, Plain { bound, ..Plain::default() });
    assert!(report.problem.is_none(), "{:?}", report.problem);
    let plain = plain.lock().unwrap();
    let states = states.lock().unwrap().clone();
    let executions = plain.executions - 1;
    (Seen { states, verdicts: plain.verdicts.clone(), whole: plain.whole, executions }, plain.traces.len())
}

fn reduced(tasks: &Tasks, bound: Option<usize>) -> (Seen, Searched) {
    let (program, states) = noting(tasks);
    let plan = Plan { preemptions: bound, ..checker(tasks).plan };
    let searched = search(&program, &plan, &Arc::default()).unwrap();
    let verdicts = searched.found.iter().map(|found| found.verdict.name()).collect();
    let states = states.lock().unwrap().clone();
    let whole = searched.cut.is_none();
    (Seen { states, verdicts, whole, executions: searched.counts.complete }, searched)
}

/// An engine through the front door.
fn under(engine: Engine, tasks: &Tasks) -> Seen {
    let (program, states) = noting(tasks);
    let executions = if engine == Engine::Loom { LOOM_EXECUTIONS_MAX } else { EXECUTIONS_MAX };
    let outcome = checker(tasks).engine(engine).executions(executions).run_program(&program);
    let verdicts = match &outcome {
        Ok(Outcome::Fails(found)) => BTreeSet::from([found.verdict.name()]),
        Err(error) => panic!("{error}"),
        _ => BTreeSet::new(),
    };
    let whole = matches!(outcome, Ok(Outcome::Holds(_)));
    let executions = outcome.map_or(0, |outcome| outcome.executions());
    let states = states.lock().unwrap().clone();
    Seen { states, verdicts, whole, executions }
}

#[derive(Debug, Default)]
struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    fn add(&mut self, what: &'static str, count: u64) {
        *self.0.entry(what).or_default() += count;
    }
}

/// Holds the searches of one program against each other.
fn compare(tasks: &Tasks, tally: &mut Tally) -> Result<(), String> {
    let (ours, searched) = reduced(tasks, None);
    if let Some(problem) = &searched.problem {
        return Err(problem.to_string());
    }
    if searched.strays > 0 || !ours.whole {
        return Err(format!("{searched:?}"));
    }
    let (plain, traces) = plainly(tasks, None);
    tally.add("programs", 1);
    if !plain.verdicts.is_subset(&ours.verdicts) && ours.verdicts.is_empty() {
        return Err(format!("plain search finds {:?}, the reduced one nothing", plain.verdicts));
    }
    if plain.whole && !ours.verdicts.is_subset(&plain.verdicts) {
        return Err(format!("the reduced search finds {:?}, plain search {:?}", ours.verdicts, plain.verdicts));
    }
    if !ours.verdicts.is_empty() {
        tally.add("failing", 1);
        return Ok(());
    }
    tally.add("blocked", searched.counts.blocked);
    if !plain.whole {
        tally.add("too many interleavings", 1);
        let missed = plain.states.difference(&ours.states).next();
        return missed.map_or(Ok(()), |state| Err(format!("missed: {state}")));
    }
    tally.add("interleavings", plain.executions);
    tally.add("traces", traces as u64);
    tally.add("executions", ours.executions);
    if ours.states != plain.states {
        let missed: Vec<_> = plain.states.symmetric_difference(&ours.states).collect();
        return Err(format!("states differ: {missed:?}"));
    }
    if ours.executions != traces as u64 {
        return Err(format!("{} executions of {traces} traces", ours.executions));
    }
    compare_bounded(tasks, tally)?;
    compare_engines(tasks, &ours, tally)
}

/// The same with a bound on preemptions: every state that plain search sees, and none that can't be.
fn compare_bounded(tasks: &Tasks, tally: &mut Tally) -> Result<(), String> {
    for bound in 0..2 {
        let (plain, _) = plainly(tasks, Some(bound));
        let (ours, searched) = reduced(tasks, Some(bound));
        if searched.problem.is_some() || !ours.whole || ours.states != plain.states {
            return Err(format!("within {bound} preemptions: plain {plain:?}, reduced {ours:?} {searched:?}"));
        }
        tally.add("interleavings within bounds", plain.executions);
        tally.add("executions within bounds", ours.executions);
    }
    Ok(())
}

/// The same against shuttle's and loom's own search.
fn compare_engines(tasks: &Tasks, ours: &Seen, tally: &mut Tally) -> Result<(), String> {
    let dfs = under(Engine::Shuttle(Strategy::Dfs), tasks);
    if !dfs.verdicts.is_empty() || (dfs.whole && dfs.states != ours.states) || !dfs.states.is_subset(&ours.states) {
        return Err(format!("shuttle's search: {dfs:?}"));
    }
    tally.add("the same under shuttle", u64::from(dfs.whole));
    let loom = under(Engine::Loom, tasks);
    if tasks.yields() {
        // loom lets nobody go on who has yielded while others can.
        if loom.whole && !loom.states.is_subset(&ours.states) && !tasks.has_atomics() {
            return Err(format!("loom: {loom:?}"));
        }
    } else if tasks.has_atomics() {
        // Its loads may see old values.
        let misses = loom.whole && !ours.states.is_subset(&loom.states);
        if misses && tasks.loads_that_loom_forgets() {
            tally.add("missed by loom, which forgets loads", 1);
            return Ok(());
        }
        if misses {
            return Err(format!("loom misses {:?}", ours.states.difference(&loom.states).next()));
        }
    } else if !loom.verdicts.is_empty() || (loom.whole && loom.states != ours.states) {
        return Err(format!("loom: {loom:?}"));
    }
    tally.add("the same under loom", u64::from(loom.whole));
    Ok(())
}

/// Holds so many programs' searches against each other; the same ones for the same `shard`.
fn compare_many(shard: u8, programs: u32) -> Tally {
    let config = Config { cases: programs, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[shard; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let tally = Mutex::new(Tally::default());
    let result = runner.run(&programs::tasks(), |tasks| {
        let mut tally = tally.lock().unwrap();
        compare(&tasks, &mut tally).map_err(proptest::test_runner::TestCaseError::fail)?;
        if tally.0["programs"].is_multiple_of(1_000) {
            eprintln!("shard {shard}: {} of {programs} programs", tally.0["programs"]);
        }
        Ok(())
    });
    match result {
        Ok(()) => tally.into_inner().unwrap(),
        Err(TestError::Fail(why, tasks)) => panic!("{why}\n{tasks:?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// Shards, each with programs of its own.
const SHARDS: u8 = 4;

/// It came out wrong once, and chance may not come upon it again.
#[test]
fn searches_agree_on_what_they_did_not_agree_on() {
    use programs::Does::{Park, ReceiveFor, TryRead, WaitFor, Write, Yield};
    let write = || Write(Vec::new());
    let programs = [
        Tasks { does: vec![vec![Yield, Yield], vec![Park]], spurious: true },
        Tasks { does: vec![vec![WaitFor, ReceiveFor], vec![WaitFor]], spurious: false },
        Tasks { does: vec![vec![write()], vec![TryRead, write()], vec![write(), TryRead]], spurious: false },
    ];
    for tasks in programs {
        assert_eq!(compare(&tasks, &mut Tally::default()), Ok(()), "{tasks:?}");
    }
}

#[test]
fn searches_agree_on_generated_programs() {
    let programs = std::env::var("RADDLE_PROGRAMS").ok().and_then(|count| count.parse().ok()).unwrap_or(PROGRAMS);
    let share = programs.div_ceil(u32::from(SHARDS));
    let shards: Vec<_> = (0..SHARDS).map(|shard| std::thread::spawn(move || compare_many(shard, share))).collect();
    let mut tally = Tally::default();
    for shard in shards {
        for (what, count) in shard.join().unwrap_or_else(|why| std::panic::resume_unwind(why)).0 {
            tally.add(what, count);
        }
    }
    println!("{:#?}", tally.0);
    assert!(tally.0["programs"] >= u64::from(programs));
    assert!(tally.0["blocked"] * 10 <= tally.0["executions"], "executions that were given up: {:?}", tally.0);
}

//! Drawing until something fails, and making it smaller: the parameters first, then the schedule.

use super::regressions::{self, Kept};
use super::script::{Asked, Came, Follow, Ran, Script, Stage, scripts};
use super::{Case, CaseTree, Property};
use crate::checker::Plan;
use crate::engine::errand::Errands;
use crate::engine::{self, Engine};
use crate::execution::{Budget, Found, Problem, Random};
use crate::outcome::{CheckError, Outcome, Searched};
use crate::verdict::Verdict;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// Schedules for each drawing of the parameters.
const SCRIPTS: usize = 10;
/// Parameters that are drawn in the hope that they are smaller.
const DRAWS_SMALLER: usize = 300;
/// Schedules that a smaller program has to survive to count as passing.
const SCRIPTS_SHRINKING: usize = 2_000;

type ScriptTree = Box<dyn ValueTree<Value = Script>>;

/// A case that fails.
struct Failing {
    case: Case,
    script: Script,
    found: Box<Found>,
}

struct Search<'a> {
    property: &'a Property,
    runner: TestRunner,
    stage: Stage,
    errands: Errands<Follow>,
    executions: u64,
    executions_max: u64,
    /// What the threads that explore may take, and have taken; and the one that does now.
    time_max: Option<Duration>,
    time: Duration,
    thread_time: Duration,
    cut: Option<Budget>,
    /// What the engine stopped with.
    problem: Option<Problem>,
}

/// What a search came upon, and how it may be made simpler.
struct Hit {
    failing: Failing,
    parameters: Option<Box<dyn CaseTree>>,
    script: Option<ScriptTree>,
}

/// Looks for parameters and a schedule at which `property` fails.
///
/// # Errors
/// If the strategy gives no value, the kept regressions can't be read, or the program can't be checked.
pub(crate) fn search(property: &Property, plan: &Plan, progress: &Arc<AtomicU64>) -> Result<Outcome, CheckError> {
    let mut runner = runner(plan.seed);
    let first = draw(property, &mut runner)?;
    let uses = engine::preflight(Engine::Property, plan, &first.case().program)?;
    let rules = plan.rules(Engine::Property);
    let stage = Stage::new(&first.case().program);
    let errands = Errands::new(&stage.program(), &rules, progress);
    let mut search = Search {
        property,
        runner,
        stage,
        errands,
        executions: 0,
        executions_max: rules.executions_max,
        time_max: plan.time,
        time: Duration::ZERO,
        thread_time: Duration::ZERO,
        cut: None,
        problem: None,
    };
    let kept = property.regressions.as_deref().map(regressions::read).transpose()?.unwrap_or_default();
    let hit = match search.retry(&kept)? {
        Some(hit) => Some(hit),
        None => search.draw(first)?,
    };
    let Some(hit) = hit else {
        if let Some(problem) = search.problem {
            return Err(problem.into());
        }
        let executions = search.executions;
        return Ok(match search.cut {
            Some(budget) => Outcome::Inconclusive { budget, executions, done: None, tried: Vec::new() },
            None => engine::holds(Engine::Property, Searched::Sampled { seed: plan.seed }, executions, uses),
        });
    };
    let execution = search.executions;
    let failing = search.shrink(hit);
    let mut outcome = engine::confirm(Engine::Property, plan, &failing.case.program, &failing.found)?;
    if let Outcome::Fails(counterexample) = &mut outcome {
        counterexample.execution = execution;
        counterexample.parameters = Some(property.parameters(&failing.case)).filter(|it| !it.values.is_null());
    }
    if let Some(file) = &property.regressions {
        let verdict = failing.found.verdict.to_string();
        regressions::keep(file, kept, Kept { parameters: failing.case.values, script: failing.script, verdict })?;
    }
    Ok(outcome)
}

/// proptest's machinery, whose only source of chance is `seed`.
fn runner(seed: u64) -> TestRunner {
    let mut random = Random(seed);
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&random.next().to_le_bytes());
    }
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

fn draw(property: &Property, runner: &mut TestRunner) -> Result<Box<dyn CaseTree>, CheckError> {
    property.drawer.draw(runner).map_err(CheckError::Strategy)
}

/// Whether numbers, or lists of as many, are smaller in one part and greater in none.
fn is_smaller(one: &Value, other: &Value) -> bool {
    let at_most = |one: &Value, other: &Value| match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one <= other,
        _ => one == other,
    };
    one != other
        && match (one, other) {
            (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
                one.iter().zip(other).all(|(one, other)| at_most(one, other))
            }
            (one, other) => at_most(one, other),
        }
}

/// The failure, if it is the same fault at whatever size: the same check that panics, the same kind of verdict.
fn fault(came: Came, like: &Verdict) -> Option<Box<Found>> {
    let Came::To(found) = came else { return None };
    let same = match (&found.verdict, like) {
        (Verdict::Assertion { at, .. }, Verdict::Assertion { at: at_2, .. }) => at == at_2,
        (one, two) => one.name() == two.name(),
    };
    same.then_some(found)
}

impl Search<'_> {
    fn run(&mut self, case: &Case, script: &Script) -> Ran {
        let (stage, program, script) = (self.stage.clone(), case.program.clone(), script.clone());
        let report = self.errands.run(Follow { stage, program, script, asked: 0 });
        if let Ok(ran) = &report {
            // Another thread explores where the last one could not go on.
            self.time += ran.thread_time.checked_sub(self.thread_time).unwrap_or(ran.thread_time);
            self.thread_time = ran.thread_time;
        }
        report.unwrap_or_else(|end| {
            // A destructor can leave a failing run no way to go on, and the engine itself can stop.
            let (found, problem) = end.map_or((None, None), |end| (end.found, end.problem));
            self.problem = self.problem.take().or(problem);
            Ran {
                came: found.map_or(Came::Nowhere, |found| Came::To(Box::new(found))),
                asked: Asked::default(),
                thread_time: Duration::ZERO,
            }
        })
    }

    /// The same, as a part of the search: counted.
    fn count(&mut self, case: &Case, script: &Script) -> Ran {
        self.executions += 1;
        let ran = self.run(case, script);
        if matches!(ran.came, Came::TooLong) {
            self.cut = Some(Budget::Steps);
        }
        ran
    }

    fn is_over(&mut self) -> bool {
        if self.time_max.is_some_and(|time| self.time >= time) {
            self.cut = Some(Budget::Time);
        }
        self.executions >= self.executions_max || self.cut == Some(Budget::Time) || self.problem.is_some()
    }

    /// Tries what has failed before.
    fn retry(&mut self, kept: &[Kept]) -> Result<Option<Hit>, CheckError> {
        for Kept { parameters, script, .. } in kept {
            let file = self.property.regressions.as_deref().unwrap_or_else(|| "".as_ref());
            let case = self.property.drawer.at(parameters).map_err(|what| CheckError::Regressions {
                path: file.into(),
                what: format!("parameters {parameters}: {what}"),
            })?;
            if let Came::To(found) = self.count(&case, script).came {
                let failing = Failing { case, script: script.clone(), found };
                return Ok(Some(Hit { failing, parameters: None, script: None }));
            }
        }
        Ok(None)
    }

    /// Draws parameters and schedules until one fails or enough have been drawn; `first` are the first parameters.
    fn draw(&mut self, first: Box<dyn CaseTree>) -> Result<Option<Hit>, CheckError> {
        let mut parameters = first;
        while !self.is_over() {
            let case = parameters.case();
            let Ran { came, asked, .. } = self.count(&case, &Script::default());
            if let Came::To(found) = came {
                let failing = Failing { case, script: Script::default(), found };
                return Ok(Some(Hit { failing, parameters: Some(parameters), script: None }));
            }
            // Where nothing was asked there is but one schedule.
            let others = if asked.choices + asked.answers > 0 { SCRIPTS - 1 } else { 0 };
            for _ in 0..others {
                if self.is_over() {
                    break;
                }
                let tree = self.script(asked)?;
                let script = tree.current();
                if let Came::To(found) = self.count(&case, &script).came {
                    let failing = Failing { case, script, found };
                    return Ok(Some(Hit { failing, parameters: Some(parameters), script: Some(tree) }));
                }
            }
            parameters = draw(self.property, &mut self.runner)?;
        }
        Ok(None)
    }

    fn script(&mut self, asked: Asked) -> Result<ScriptTree, CheckError> {
        let tree = scripts(asked).new_tree(&mut self.runner);
        tree.map(|tree| Box::new(tree) as ScriptTree).map_err(|reason| CheckError::Strategy(reason.to_string()))
    }

    /// The smallest parameters, and then the simplest schedule, that still fail so.
    fn shrink(&mut self, hit: Hit) -> Failing {
        let Hit { mut failing, mut parameters, mut script } = hit;
        let verdict = failing.found.verdict.clone();
        let mut tried = HashSet::new();
        while let Some(mut tree) = parameters {
            let mut simpler = tree.simplify();
            while simpler {
                simpler = if let Some((smaller, its_script)) = self.fails(&tree.case(), &failing.script, &verdict) {
                    failing = smaller;
                    script = its_script.or(script);
                    tree.simplify()
                } else {
                    tree.complicate()
                };
            }
            parameters = None;
            if let Some((smaller, its_script, tree)) = self.draw_smaller(&failing, &verdict, &mut tried) {
                (failing, script, parameters) = (smaller, its_script.or(script), Some(tree));
            }
        }
        if let Some(mut tree) = script {
            let mut simpler = tree.simplify();
            while simpler {
                simpler = if self.still_fails(&mut failing, tree.current(), &verdict) {
                    tree.simplify()
                } else {
                    tree.complicate()
                };
            }
        }
        self.calm(&mut failing, &verdict);
        failing
    }

    /// Parameters that are smaller in every part, and fail too. proptest shrinks a tuple's parts one after another, each
    /// once, and what the last ones have come to may let the first ones go further.
    fn draw_smaller(
        &mut self,
        failing: &Failing,
        verdict: &Verdict,
        tried: &mut HashSet<String>,
    ) -> Option<(Failing, Option<ScriptTree>, Box<dyn CaseTree>)> {
        for _ in 0..DRAWS_SMALLER {
            let tree = draw(self.property, &mut self.runner).ok()?;
            let case = tree.case();
            let new = is_smaller(&case.values, &failing.case.values) && tried.insert(case.values.to_string());
            if new && let Some((smaller, script)) = self.fails(&case, &failing.script, verdict) {
                return Some((smaller, script, tree));
            }
        }
        None
    }

    /// Makes one interruption after another go, as long as one can: proptest goes over a script but once.
    fn calm(&mut self, failing: &mut Failing, verdict: &Verdict) {
        let mut calmed = true;
        while std::mem::take(&mut calmed) {
            for at in 0..failing.script.choices.len() {
                let mut script = failing.script.clone();
                if std::mem::take(&mut script.choices[at]) > 0 {
                    calmed |= self.still_fails(failing, script, verdict);
                }
            }
        }
        let script = &mut failing.script;
        let needed = script.choices.iter().rposition(|choice| *choice > 0).map_or(0, |last| last + 1);
        script.choices.truncate(needed);
    }

    /// Whether the program fails along another script, too; then that is the one from now on.
    fn still_fails(&mut self, failing: &mut Failing, script: Script, verdict: &Verdict) -> bool {
        let found = fault(self.run(&failing.case, &script).came, verdict);
        let fails = found.is_some();
        if let Some(found) = found {
            (failing.script, failing.found) = (script, found);
        }
        fails
    }

    /// Whether a smaller program fails so: along the schedule that is known, or along one of many more.
    fn fails(&mut self, case: &Case, script: &Script, like: &Verdict) -> Option<(Failing, Option<ScriptTree>)> {
        let Ran { came, asked, .. } = self.run(case, &Script::default());
        let failing = |script, found| Failing { case: case.clone(), script, found };
        if let Some(found) = fault(came, like) {
            return Some((failing(Script::default(), found), None));
        }
        if asked.choices + asked.answers == 0 {
            return None;
        }
        if let Some(found) = fault(self.run(case, script).came, like) {
            return Some((failing(script.clone(), found), None));
        }
        for _ in 0..SCRIPTS_SHRINKING {
            let tree = self.script(asked).ok()?;
            let script = tree.current();
            if let Some(found) = fault(self.run(case, &script).came, like) {
                return Some((failing(script, found), Some(tree)));
            }
        }
        None
    }
}

//! Properties: proptest draws what a program is made of, and who runs when, and shrinks both.
//!
//! It knows programs and verdicts, and nothing of patterns.

mod regressions;
mod script;
mod search;

pub(crate) use search::search;

use crate::checker::Checker;
use crate::engine::Program;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// What was drawn: the sizes of a program, who fails in it, and the like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    names: Vec<String>,
    /// The value, or an array of the values, in the order of their names.
    values: Value,
}

impl Parameters {
    /// As JSON.
    #[must_use]
    pub fn values(&self) -> &Value {
        &self.values
    }
}

impl fmt::Display for Parameters {
    /// `threads 2, rounds 1`; without names, the JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = match &self.values {
            value if self.names.len() == 1 => std::slice::from_ref(value),
            Value::Array(values) if values.len() == self.names.len() => values.as_slice(),
            value => return write!(f, "{value}"),
        };
        for (index, (name, value)) in self.names.iter().zip(values).enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            match value {
                Value::String(text) => write!(f, "{comma}{name} {text}")?,
                value => write!(f, "{comma}{name} {value}")?,
            }
        }
        Ok(())
    }
}

/// A program for each value of a strategy, none of which may fail.
///
/// ```
/// use raddle::{Checker, Outcome, Property, sync::{Arc, Mutex}, thread};
///
/// let sums = Property::new(&["threads", "rounds"], (1..=3_usize, 1..=2_usize), |(threads, rounds)| {
///     let sum = Arc::new(Mutex::new(0));
///     let workers: Vec<_> = (0..threads).map(|_| {
///         let sum = Arc::clone(&sum);
///         thread::spawn(move || for _ in 0..rounds { *sum.lock().unwrap() += 1 })
///     }).collect();
///     for worker in workers { worker.join().unwrap(); }
///     assert_eq!(*sum.lock().unwrap(), threads * rounds);
/// });
/// assert!(matches!(Checker::new().run_property(&sums)?, Outcome::Holds(_)));
/// # Ok::<(), raddle::CheckError>(())
/// ```
#[derive(Clone)]
pub struct Property {
    names: &'static [&'static str],
    drawer: Arc<dyn Drawer>,
    regressions: Option<PathBuf>,
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Property").field("names", &self.names).finish_non_exhaustive()
    }
}

impl Property {
    /// `program`, at each value of `strategy`; the names are those of the value's parts, in order, or none.
    pub fn new<S>(
        names: &'static [&'static str],
        strategy: S,
        program: impl Fn(S::Value) + Send + Sync + 'static,
    ) -> Self
    where
        S: Strategy + Send + Sync + 'static,
        S::Value: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let drawer = Arc::new(Strategic { strategy, program: Arc::new(program) });
        Property { names, drawer, regressions: None }
    }

    /// One program, of which only the schedule is drawn.
    pub(crate) fn of(program: Program) -> Self {
        Property { names: &[], drawer: Arc::new(Alone(program)), regressions: None }
    }

    /// Tries what this file keeps before anything is drawn, and keeps there what fails.
    #[must_use]
    pub fn regressions(self, file: impl Into<PathBuf>) -> Self {
        Property { regressions: Some(file.into()), ..self }
    }

    /// The program at these parameters, given as JSON.
    ///
    /// # Errors
    /// If they are no value of the strategy's type: what serde says.
    pub fn at(&self, values: &Value) -> Result<impl Fn() + Send + Sync + Clone + use<>, String> {
        let program = self.drawer.at(values)?.program;
        Ok(move || program())
    }

    fn parameters(&self, case: &Case) -> Parameters {
        Parameters { names: self.names.iter().map(|name| (*name).to_owned()).collect(), values: case.values.clone() }
    }
}

/// Runs `program` with values that `strategy` draws, along schedules that are drawn too, and panics with the smallest
/// counterexample: parameters and schedule are shrunk.
///
/// ```should_panic
/// use raddle::{sync::{Arc, atomic::{AtomicUsize, Ordering::SeqCst}}, thread};
///
/// raddle::property(1..=4_usize, |threads| {
///     let counter = Arc::new(AtomicUsize::new(0));
///     let workers: Vec<_> = (0..threads).map(|_| {
///         let counter = Arc::clone(&counter);
///         thread::spawn(move || counter.store(counter.load(SeqCst) + 1, SeqCst))
///     }).collect();
///     for worker in workers { worker.join().unwrap(); }
///     assert_eq!(counter.load(SeqCst), threads); // fails from two threads on
/// });
/// ```
///
/// # Panics
/// See [`Checker::check`].
#[track_caller]
pub fn property<S>(strategy: S, program: impl Fn(S::Value) + Send + Sync + 'static)
where
    S: Strategy + Send + Sync + 'static,
    S::Value: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    Checker::new().check_property(&Property::new(&[], strategy, program));
}

/// What is drawn: a program, and its parameters.
#[derive(Clone)]
struct Case {
    program: Program,
    values: Value,
}

/// A strategy of programs.
trait Drawer: Send + Sync {
    fn draw(&self, runner: &mut TestRunner) -> Result<Box<dyn CaseTree>, String>;
    fn at(&self, values: &Value) -> Result<Case, String>;
}

/// A case that can be made simpler: proptest's tree of the parameters.
trait CaseTree {
    fn case(&self) -> Case;
    fn simplify(&mut self) -> bool;
    fn complicate(&mut self) -> bool;
}

struct Strategic<S, P> {
    strategy: S,
    program: Arc<P>,
}

fn case<V, P>(program: &Arc<P>, value: V) -> Case
where
    V: Clone + Serialize + Send + Sync + 'static,
    P: Fn(V) + Send + Sync + 'static,
{
    let program = Arc::clone(program);
    let values = serde_json::to_value(&value).unwrap_or_default();
    Case { program: Arc::new(move || program(value.clone())), values }
}

impl<S, P> Drawer for Strategic<S, P>
where
    S: Strategy + Send + Sync + 'static,
    S::Value: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    P: Fn(S::Value) + Send + Sync + 'static,
{
    fn draw(&self, runner: &mut TestRunner) -> Result<Box<dyn CaseTree>, String> {
        let tree = self.strategy.new_tree(runner).map_err(|reason| reason.to_string())?;
        Ok(Box::new(StrategicTree::<S, P> { tree, program: Arc::clone(&self.program) }))
    }

    fn at(&self, values: &Value) -> Result<Case, String> {
        let value = serde_json::from_value(values.clone()).map_err(|error| error.to_string())?;
        Ok(case(&self.program, value))
    }
}

struct StrategicTree<S: Strategy, P> {
    tree: S::Tree,
    program: Arc<P>,
}

impl<S, P> CaseTree for StrategicTree<S, P>
where
    S: Strategy,
    S::Value: Clone + Serialize + Send + Sync + 'static,
    P: Fn(S::Value) + Send + Sync + 'static,
{
    fn case(&self) -> Case {
        case(&self.program, self.tree.current())
    }

    fn simplify(&mut self) -> bool {
        self.tree.simplify()
    }

    fn complicate(&mut self) -> bool {
        self.tree.complicate()
    }
}

/// A program without parameters.
struct Alone(Program);

impl Drawer for Alone {
    fn draw(&self, _: &mut TestRunner) -> Result<Box<dyn CaseTree>, String> {
        Ok(Box::new(Alone(self.0.clone())))
    }

    fn at(&self, _: &Value) -> Result<Case, String> {
        Ok(self.case())
    }
}

impl CaseTree for Alone {
    fn case(&self) -> Case {
        Case { program: self.0.clone(), values: Value::Null }
    }

    fn simplify(&mut self) -> bool {
        false
    }

    fn complicate(&mut self) -> bool {
        false
    }
}

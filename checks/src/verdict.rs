//! What a check comes to: an outcome, a verdict with its data, and how much was searched.

use crate::execution;
use crate::schedule::Schedule;
use crate::trace::Trace;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A line of the program under test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Place {
    /// The file as the compiler was given it, with `/`; for a dependency, its last two components.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
    /// In characters, counted from 1.
    pub column: u32,
}

impl Place {
    pub(crate) fn of(site: &std::panic::Location<'_>) -> Self {
        let file = site.file().replace('\\', "/");
        // An absolute path is this machine's own.
        let absolute = file.starts_with('/') || file.as_bytes().get(1) == Some(&b':');
        let file = if absolute {
            let parts: Vec<&str> = file.rsplitn(3, '/').take(2).collect();
            parts.into_iter().rev().collect::<Vec<_>>().join("/")
        } else {
            file
        };
        Place { file, line: site.line(), column: site.column() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One edge of a deadlock's cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Wait {
    /// Who waits.
    pub task: String,
    /// For which object or task.
    pub wants: String,
    /// By which operation.
    pub operation: String,
    /// Where it waits.
    pub at: Place,
    /// Who holds what it wants.
    pub held_by: String,
    /// Where the holder took it.
    pub since: Place,
}

/// A task that waits for what can't come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Waiting {
    /// Who waits.
    pub task: String,
    /// By which operation.
    pub operation: String,
    /// On what.
    pub object: String,
    /// Where.
    pub at: Place,
}

/// One of the two accesses of a data race.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Access {
    /// Who.
    pub task: String,
    /// Whether it wrote.
    pub write: bool,
    /// Where.
    pub at: Place,
}

impl Access {
    pub(crate) fn new(task: &str, access: execution::Access) -> Self {
        Access { task: task.to_owned(), write: access.write, at: Place::of(access.site) }
    }
}

/// Which limit ended a search early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// The number of executions.
    Executions,
    /// The time.
    Time,
    /// The steps of one execution.
    Steps,
}

/// How a program fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// A panic from the program's own check.
    Assertion {
        /// Who panicked.
        task: String,
        /// The panic's message.
        message: String,
        /// Where, if the panic said.
        at: Option<Place>,
    },
    /// Two accesses to a variable, at least one of them a write, that nothing orders.
    DataRace {
        /// The variable.
        object: String,
        /// The earlier access in this execution.
        first: Access,
        /// The later one.
        second: Access,
    },
    /// A cycle in the wait-for graph.
    Deadlock {
        /// Each task of the cycle waits for the next, the last for the first.
        cycle: Vec<Wait>,
    },
    /// Tasks wait for a wakeup that can no longer come, and there is no cycle.
    Stuck {
        /// Every task that waits.
        waiting: Vec<Waiting>,
    },
    /// A request was bypassed more often than its bound allows.
    Starvation {
        /// Whose request.
        task: String,
        /// The lock, queue or pool that declared the bound.
        object: String,
        /// Grants to others since the request.
        bypassed: usize,
        /// The declared bound.
        bound: usize,
        /// Who was granted instead, in order.
        by: Vec<String>,
    },
    /// Tasks run, the same steps recur, and nothing is marked as progress.
    Livelock {
        /// Who takes part.
        tasks: Vec<String>,
        /// Steps in one round.
        steps: usize,
        /// Rounds that were seen.
        rounds: usize,
    },
    /// Something outlives its owner.
    Leak {
        /// What: tasks that still run, or what the program named.
        what: Vec<String>,
    },
    /// An API's contract was broken.
    Misuse {
        /// By whom.
        task: String,
        /// Which contract.
        message: String,
    },
}

impl Verdict {
    /// The verdict's name: the one word of the matrix and the JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Assertion { .. } => "assertion",
            Verdict::DataRace { .. } => "data race",
            Verdict::Deadlock { .. } => "deadlock",
            Verdict::Stuck { .. } => "stuck",
            Verdict::Starvation { .. } => "starvation",
            Verdict::Livelock { .. } => "livelock",
            Verdict::Leak { .. } => "leak",
            Verdict::Misuse { .. } => "misuse",
        }
    }
}

impl Verdict {
    /// Whether `other` is the same failure, though perhaps of other tasks, or after another number of rounds: the same
    /// check that panics, the same variable that races, a cycle over the same objects, tasks that are stuck at the same
    /// places, the same broken bound or contract.
    #[must_use]
    pub fn is_like(&self, other: &Verdict) -> bool {
        let wanted = |cycle: &[Wait]| sorted(cycle.iter().map(|wait| wait.wants.clone()).collect());
        let places = |waiting: &[Waiting]| {
            sorted(waiting.iter().map(|wait| (wait.operation.clone(), wait.at.file.clone(), wait.at.line)).collect())
        };
        match (self, other) {
            (
                Verdict::Assertion { message, at: Some(at), .. },
                Verdict::Assertion { message: message_2, at: Some(at_2), .. },
            ) => at == at_2 && first_line(message) == first_line(message_2),
            (Verdict::Assertion { message, .. }, Verdict::Assertion { message: message_2, .. })
            | (Verdict::Misuse { message, .. }, Verdict::Misuse { message: message_2, .. }) => message == message_2,
            (Verdict::DataRace { object, .. }, Verdict::DataRace { object: object_2, .. })
            | (Verdict::Starvation { object, .. }, Verdict::Starvation { object: object_2, .. }) => object == object_2,
            (Verdict::Deadlock { cycle }, Verdict::Deadlock { cycle: cycle_2 }) => wanted(cycle) == wanted(cycle_2),
            (Verdict::Stuck { waiting }, Verdict::Stuck { waiting: waiting_2 }) => places(waiting) == places(waiting_2),
            (Verdict::Livelock { tasks, .. }, Verdict::Livelock { tasks: tasks_2, .. }) => {
                sorted(tasks.clone()) == sorted(tasks_2.clone())
            }
            (Verdict::Leak { what }, Verdict::Leak { what: what_2 }) => what == what_2,
            _ => false,
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

impl fmt::Display for Verdict {
    /// One sentence, from the verdict's own data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Assertion { task, message, .. } => {
                write!(f, "{task} panicked: {}", first_line(message))
            }
            Verdict::DataRace { object, first, second } => {
                let verb = |access: &Access| if access.write { "writes" } else { "reads" };
                let (one, two) = (verb(first), verb(second));
                write!(f, "{} {one} {object} and {} {two} it, and nothing orders the two", first.task, second.task)
            }
            Verdict::Deadlock { cycle } if cycle.len() == 1 => {
                write!(f, "{} waits for {}, which it holds itself", cycle[0].task, cycle[0].wants)
            }
            Verdict::Deadlock { cycle } => {
                write!(f, "each of {} tasks holds what the next one waits for", cycle.len())
            }
            Verdict::Stuck { waiting } => {
                let names: Vec<&str> = waiting.iter().map(|waiting| waiting.task.as_str()).collect();
                let waits = if names.len() == 1 { "waits" } else { "wait" };
                write!(f, "{} {waits} for what can no longer come", names.join(" and "))
            }
            Verdict::Starvation { task, object, bypassed, bound, .. } => {
                write!(f, "{task} was bypassed {bypassed} times at {object}, which allows {bound}")
            }
            Verdict::Livelock { tasks, steps, .. } => {
                write!(f, "{} repeat the same {steps} steps and get nowhere", tasks.join(" and "))
            }
            Verdict::Leak { what } => write!(f, "left behind: {}", what.join(", ")),
            Verdict::Misuse { task, message } => write!(f, "{task}: {message}"),
        }
    }
}

/// How much of a program's behaviour a search that found nothing has seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Coverage {
    /// Every execution that the engine can tell apart.
    Exhaustive {
        /// How many there were.
        executions: u64,
    },
    /// Every execution with at most so many preemptions.
    Bounded {
        /// The bound.
        preemptions: usize,
        /// How many there were.
        executions: u64,
    },
    /// So many schedules, drawn at random.
    Sampled {
        /// How many were drawn.
        executions: u64,
        /// From which seed.
        seed: u64,
    },
}

impl Coverage {
    /// Executions seen.
    #[must_use]
    pub fn executions(&self) -> u64 {
        match self {
            Coverage::Exhaustive { executions }
            | Coverage::Bounded { executions, .. }
            | Coverage::Sampled { executions, .. } => *executions,
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Coverage::Exhaustive { .. } => write!(f, "exhaustive"),
            Coverage::Bounded { preemptions, .. } => write!(f, "≤ {preemptions} preemptions"),
            Coverage::Sampled { .. } => write!(f, "sampled"),
        }
    }
}

/// A failure with everything that is needed to see it again.
#[derive(Clone, Debug, Serialize)]
pub struct Counterexample {
    /// How the program fails.
    pub verdict: Verdict,
    /// Which of the engine's executions failed, counted from 1 over the whole search.
    pub execution: u64,
    /// The search had proven that nothing fails with this many preemptions, if it went about it that way.
    pub none_within: Option<usize>,
    /// Who ran when, and how each choice was answered.
    pub schedule: Schedule,
    /// Every operation, in order.
    pub trace: Trace,
}

/// What a check comes to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Nothing failed in what was searched.
    Holds(Coverage),
    /// A counterexample was found.
    Fails(Box<Counterexample>),
    /// A budget ran out before the search was done: this says nothing.
    Inconclusive {
        /// Which budget.
        budget: Budget,
        /// Executions until then.
        executions: u64,
    },
}

impl Outcome {
    /// Executions that were run, over the whole search.
    #[must_use]
    pub fn executions(&self) -> u64 {
        match self {
            Outcome::Holds(coverage) => coverage.executions(),
            Outcome::Fails(counterexample) => counterexample.execution,
            Outcome::Inconclusive { executions, .. } => *executions,
        }
    }

    /// The counterexample, if one was found.
    #[must_use]
    pub fn counterexample(&self) -> Option<&Counterexample> {
        match self {
            Outcome::Fails(counterexample) => Some(counterexample),
            _ => None,
        }
    }
}

/// Why a check could not be made at all.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// loom takes five threads, `main` included.
    #[error(
        "{} threads ({}) are more than loom's {limit}: check with fewer, or under an engine without a limit \
         (`Engine::shuttle()`)",
        names.len(), names.join(", ")
    )]
    TooManyThreads {
        /// The threads of the program.
        names: Vec<String>,
        /// The engine's limit.
        limit: usize,
    },
    /// The closure does not do the same when it is run the same way.
    #[error(
        "the program is not deterministic: {what}\nrun twice under one schedule it did two things; look for a clock, \
         randomness, a static, or a HashMap's order in it, and make it part of the model (`raddle::choose`)"
    )]
    Nondeterministic {
        /// What differed.
        what: String,
    },
    /// A recorded schedule does not fit the program.
    #[error("the schedule does not fit the program: {0}")]
    Drift(Drift),
    /// The engine itself gave up.
    #[error("the engine stopped: {0}")]
    Engine(String),
}

/// Where a recorded schedule and a program part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The first step that differs, counted from 1.
    pub step: usize,
    /// What the schedule says.
    pub expected: String,
    /// What the program does.
    pub found: String,
    /// Who could go on there, and with what.
    pub enabled: Vec<String>,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: expected {}, but {}", self.step, self.expected, self.found)?;
        if !self.enabled.is_empty() {
            write!(f, "; able to go on: {}", self.enabled.join(", "))?;
        }
        Ok(())
    }
}

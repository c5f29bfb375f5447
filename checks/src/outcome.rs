//! What a check comes to: an outcome, how much was searched, and why a check can't be made at all.

mod coverage;

use self::coverage::grouped;
pub use self::coverage::{Coverage, Gap, Memory, Searched};

use crate::engine::Engine;
use crate::property::Parameters;
use crate::schedule::Schedule;
use crate::trace::Trace;
use crate::verdict::{Place, Verdict};
use serde::{Deserialize, Serialize};
use std::fmt;

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
    /// What of an engine's failures could be held to the memory model: too many were such as no machine has, or one could not
    /// be judged.
    Model,
}

/// A failure with everything that is needed to see it again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Counterexample {
    /// How the program fails.
    pub verdict: Verdict,
    /// Which of the engine's executions failed, counted from 1 over the whole search.
    pub execution: u64,
    /// The search had proven that nothing fails with this many preemptions, if it went about it that way.
    pub none_within: Option<usize>,
    /// Of a portfolio: which of its members found it.
    pub found_by: Option<Engine>,
    /// Of a property: at which parameters it fails, as small as they got.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Parameters>,
    /// Who ran when, and how each choice was answered.
    pub schedule: Schedule,
    /// Every operation, in order.
    pub trace: Trace,
}

/// What a check comes to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
        /// Of the exhaustive engine: about how much of the search that was, of 1, as far as its tree is known.
        done: Option<f64>,
        /// What each search of a chain came to, in a line each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tried: Vec<String>,
    },
}

impl fmt::Display for Outcome {
    /// What a check came to, and how far it got.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Holds(coverage) => write!(f, "holds: {coverage}"),
            Outcome::Fails(found) => {
                write!(f, "fails in execution {}: {}: {}", found.execution, found.verdict.name(), found.verdict)
            }
            Outcome::Inconclusive { budget, executions, done, tried } => {
                let what = match budget {
                    Budget::Executions => "the budget of executions",
                    Budget::Time => "the time",
                    Budget::Steps => "the steps of an execution",
                    Budget::Model => "what loom can be led past of failures that no machine can show",
                };
                write!(f, "inconclusive: {what} ran out after {} executions", grouped(*executions))?;
                if let Some(done) = done {
                    write!(f, ", about {:.1} % of the search", done * 100.0)?;
                }
                tried.iter().try_for_each(|search| write!(f, "; {search}"))
            }
        }
    }
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
#[derive(Clone, Debug, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// The program uses raddle as no program can: a primitive of another execution, a choice from nothing.
    #[error("raddle is used in a way that can't be checked, at {}: {what}", at.clickable())]
    Usage {
        /// What is wrong, and what to do instead.
        what: String,
        /// Where.
        at: Place,
    },
    /// A recorded schedule does not fit the program.
    #[error("the schedule does not fit the program: {0}")]
    Drift(Drift),
    /// A checkpoint can't be gone on from, or not be written.
    #[error("the checkpoint {}: {what}; remove it, or check without it, to search from the beginning", path.display())]
    Checkpoint {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// What a property has failed at before can't be read, or not be kept.
    #[error("the regressions {}: {what}; mend the file, or remove it, to draw anew", path.display())]
    Regressions {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A property's strategy gives no value.
    #[error("the strategy gives no value: {0}")]
    Strategy(String),
    /// A budget of no executions explores nothing.
    #[error("a budget of 0 executions explores nothing: allow for some (`Checker::executions`)")]
    NoBudget,
    /// The engine itself gave up.
    #[error("the engine stopped: {0}")]
    Engine(String),
    /// The process that the check had to itself has no answer, and not because of the program, as far as can be told.
    #[error("the check's process {0}")]
    Process(String),
    /// As a report has it that was read back.
    #[error("{0}")]
    Reported(String),
}

/// Where a recorded schedule and a program part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

//! Every way in which a program can end, failures included.

use super::explore::{Until, explore};
use crate::checker::Plan;
use crate::engine::{Engine, Program};
use crate::verdict::Verdict;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How an execution ended, and what it had observed by then.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ending {
    /// What the program has told [`observe`](crate::observe), `name=value`, sorted.
    pub observed: Vec<String>,
    /// A verdict's name, or `holds`.
    pub verdict: String,
    /// What the verdict says; empty if it holds.
    pub message: String,
}

impl Ending {
    pub(crate) fn new(observed: &[String], verdict: Option<&Verdict>) -> Self {
        let mut observed = observed.to_vec();
        observed.sort_unstable();
        let (name, message) = verdict.map_or(("holds", String::new()), |verdict| (verdict.name(), verdict.to_string()));
        Ending { observed, verdict: name.to_owned(), message }
    }
}

/// What a program's executions come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endings {
    /// All endings that were seen.
    pub seen: BTreeSet<Ending>,
    /// There are no others, in a sequentially consistent world.
    pub whole: bool,
    /// Executions that this took.
    pub executions: u64,
}

pub(crate) fn endings(program: &Program, plan: &Plan) -> Endings {
    let rules = plan.rules(Engine::Exhaustive);
    let executions_max = rules.executions_max;
    let explored = explore(program, &rules, Until::Never, &[], &[], None, executions_max);
    Endings { seen: explored.endings, whole: explored.whole, executions: explored.executions }
}

//! A decision, what is still to be explored instead of it, and how many executions there were.

use super::event::Deed;
use super::wakeup::{self, Branch};
use serde::{Deserialize, Serialize};

/// A decision of the current execution, and what is still to be explored instead of it.
#[derive(Debug)]
pub(super) struct Node {
    /// Who goes on, by [`Tasks`]' number.
    pub(super) task: u32,
    /// Whose events need not be explored from here: all that begins with them has been, here or in a state before.
    pub(super) asleep: Vec<Deed>,
    pub(super) tree: Vec<Branch>,
    /// Of a choice: its first answer, and how many have been given.
    pub(super) choice: Option<Choice>,
    /// Ways to go on from here that have been explored.
    pub(super) done: u64,
    /// How many tasks could go on and were not asleep; 0 if that is not known.
    pub(super) awake: usize,
}

impl Node {
    /// Adds what is to be explored from here, unless what has been has it.
    pub(super) fn add(&mut self, sequence: Vec<Deed>) {
        if !self.asleep.iter().any(|deed| wakeup::covers(deed, &sequence)) {
            wakeup::insert(&mut self.tree, sequence);
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Choice {
    pub(super) answer: usize,
    pub(super) first: usize,
    pub(super) options: usize,
}

impl Choice {
    pub(super) fn is_empty(self) -> bool {
        self.options == 0
    }

    /// Answers that have not been given.
    fn left(self) -> usize {
        let since =
            if self.answer >= self.first { self.answer - self.first } else { self.options - self.first + self.answer };
        self.options.saturating_sub(since + 1)
    }

    /// The answer after this one, from the first one round; none when all have been given.
    pub(super) fn next(self) -> Option<Self> {
        let answer = (self.answer + 1) % self.options;
        (answer != self.first).then_some(Choice { answer, ..self })
    }
}

/// How many executions there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// To their end, or to a failure.
    pub(crate) complete: u64,
    /// Given up because all that could go on had been explored.
    pub(crate) blocked: u64,
    /// Given up after too many steps.
    pub(crate) too_long: u64,
}

impl Counts {
    pub(crate) fn all(self) -> u64 {
        self.complete + self.blocked + self.too_long
    }
}

/// How many ways to go on were explored from states that are done with, by how many tasks could go on there. What is still
/// to be explored from others is found on the way: at first little of it is known.
#[derive(Debug, Default)]
pub(super) struct Ways(Vec<(u64, u64)>);

impl Ways {
    /// All that is to be explored from there has been.
    pub(super) fn learn(&mut self, node: &Node) {
        if self.0.len() <= node.awake {
            self.0.resize(node.awake + 1, (0, 0));
        }
        let (ways, states) = &mut self.0[node.awake];
        *ways += node.done;
        *states += 1;
    }

    /// From a state at which so many tasks can go on; if there was none, as large a part of them as at those with fewer.
    fn expected(&self, awake: usize) -> f64 {
        let known = (1..=awake).rev().find_map(|awake| {
            let (ways, states) = self.0.get(awake).filter(|(_, states)| *states > 0)?;
            #[expect(clippy::cast_precision_loss, reason = "an estimate")]
            let part = *ways as f64 / (*states as f64 * awake as f64);
            Some(part)
        });
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let awake = awake as f64;
        known.map_or(1.0, |part| part * awake)
    }

    /// How much of the search is done, if as many ways as usual go on from each state, and all count alike (after Knuth,
    /// "Estimating the efficiency of backtrack programs", 1975).
    pub(super) fn share(&self, nodes: &[Node]) -> f64 {
        let mut weight = 1.0;
        let mut share = 0.0;
        for node in nodes {
            #[expect(clippy::cast_precision_loss, reason = "an estimate")]
            let (done, answers) = (node.done as f64, node.choice.map_or(0, Choice::left) as f64);
            #[expect(clippy::cast_precision_loss, reason = "an estimate")]
            let known = done + 1.0 + node.tree.len() as f64 + answers;
            let ways = known.max(self.expected(node.awake));
            share += weight * done / ways;
            weight /= ways;
        }
        share
    }
}

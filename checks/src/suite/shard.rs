//! Checks on several machines: which of them are whose.
//!
//! What is dealt out are *units*: all checks of one variant, or a part of a sampled budget. Their order is the catalogue's,
//! and unit `u` is that of machine `u mod n`. Engines whose schedules can be told from their number alone draw a part of
//! their budget as if they had drawn what comes before it, so the parts together are the whole.

use super::run::{Job, Part};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Executions of a part; smaller budgets are not split.
pub(super) const PART: u64 = 10_000;

/// One of several machines: `2/8` is the second of eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which, counted from 1.
    pub index: u64,
    /// Of how many.
    pub of: u64,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (index, of) = text.split_once('/').ok_or("it is two numbers, as `2/8`: the second of eight")?;
        let number = |text: &str| text.parse::<u64>().map_err(|error| format!("`{text}`: {error}"));
        let shard = Shard { index: number(index)?, of: number(of)? };
        if shard.index == 0 || shard.index > shard.of {
            return Err(format!("there is no shard {} of {}: they count from 1", shard.index, shard.of));
        }
        Ok(shard)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl Shard {
    /// This machine's jobs, in their order.
    pub(super) fn of(self, jobs: &[Job], executions: Option<u64>) -> Vec<Job> {
        let mut unit = 0;
        let mut mine = Vec::new();
        let is_mine = |unit: u64| unit % self.of == self.index - 1;
        for jobs in jobs.chunk_by(|one, other| one.name() == other.name()) {
            let (split, whole): (Vec<Job>, Vec<Job>) = jobs.iter().partition(|job| budget(job, executions) > PART);
            if is_mine(unit) {
                mine.extend(whole.iter().copied());
            }
            unit += u64::from(!whole.is_empty());
            for job in split {
                let budget = budget(&job, executions);
                for first in (0..budget).step_by(usize::try_from(PART).unwrap_or(usize::MAX)) {
                    if is_mine(unit) {
                        let part = Part { first, executions: PART.min(budget - first) };
                        mine.push(Job { part: Some(part), ..job });
                    }
                    unit += 1;
                }
            }
        }
        mine
    }
}

/// The executions of a budget that can be split; 0 where it can't be. Without a word of it a budget is less than a part.
fn budget(job: &Job, executions: Option<u64>) -> u64 {
    // The awaits at which tasks were cancelled are counted over the whole search, each once.
    let splits = job.engine.draws_by_number() && !job.variant.cancels_anywhere();
    executions.filter(|_| splits).unwrap_or_default()
}

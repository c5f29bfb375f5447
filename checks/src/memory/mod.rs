//! C11's memory model, as RC11 has it: whether a machine can do what an execution did.
//!
//! An execution is given as what its tasks did to atomics, with the values, and as what happens before what by everything
//! else (spawning, joining, locks, channels, …). It is possible if each read can be given a write of its value, and the writes
//! of each place an order (*modification order*), so that the whole is consistent: coherence, updates that nothing comes
//! between, no cycle of program order and reads-from, and an order of the sequentially consistent accesses (*psc*).
//! (Lahav, Vafeiadis, Kang, Hur, Dreyer: Repairing Sequential Consistency in C/C++11, PLDI 2017; release sequences are
//! C++20's: updates alone continue them.)
//!
//! Nothing here knows who ran the execution, or how.

mod graph;
mod relation;
mod search;
#[cfg(test)]
mod tests;

use std::sync::atomic::Ordering;

/// What a task did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Read an atomic.
    Load { place: usize, order: Ordering, value: u64 },
    /// Wrote one.
    Store { place: usize, order: Ordering, value: u64 },
    /// Read and wrote one, with nothing in between.
    Update { place: usize, order: Ordering, read: u64, written: u64 },
    /// A fence.
    Fence(Ordering),
    /// Something that only has its place in the order: an access to a plain variable.
    Plain,
}

/// Something that a task did.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) task: usize,
    pub(crate) what: What,
    /// How many steps of each task happen before this without any atomic's help; its own number is its own task's.
    pub(crate) clock: Vec<u32>,
}

impl Event {
    /// Whether `other` happens before this without any atomic's help.
    fn follows(&self, other: &Event) -> bool {
        let number = other.clock.get(other.task).copied().unwrap_or(0);
        number <= self.clock.get(other.task).copied().unwrap_or(0)
    }
}

/// Whether a machine can have an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    Possible,
    Impossible,
    /// To find out takes too long.
    Unknown,
}

/// What else has to be so.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Claim<'a> {
    /// Of these pairs of events one at least is such that neither happens before the other.
    pub(crate) races: Option<&'a [(usize, usize)]>,
    /// What was written before the first of these events is seen from the second on, as what is written is in the end.
    pub(crate) seen: Option<(usize, usize)>,
}

/// About how many words of memory may be read to judge one execution: some tenths of a second.
const WORK_MAX: u64 = 1 << 28;

/// Whether a machine can do all of `events`, which are in an order in which they were done, with what is claimed of them.
/// Each place begins with its value in `initial`.
pub(crate) fn judge(initial: &[(usize, u64)], events: &[Event], claim: &Claim<'_>) -> Judgement {
    search::judge(&graph::Graph::new(initial, events), claim, WORK_MAX)
}

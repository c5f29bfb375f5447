//! What a program uses, as far as it decides which engines' answers are whole.

use super::Kind;
use std::sync::atomic::Ordering;

/// What the executions of a run have used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub(crate) struct Uses {
    /// An atomic access weaker than `SeqCst`. Without one, and without data races, every execution that C11 allows is
    /// sequentially consistent (Batty, Owens, Sarkar, Sewell and Weber, POPL 2011).
    pub(crate) weak_orders: bool,
    /// An atomic: loom forgets some of its stores.
    pub(crate) atomics: bool,
    /// A yield outside of a poll.
    pub(crate) yields: bool,
    /// Something that tasks can tell each other by.
    pub(crate) shares: bool,
    /// The most tasks in an execution.
    pub(crate) tasks: usize,
}

impl Uses {
    /// A task does this.
    #[inline]
    pub(super) fn note(&mut self, kind: Kind) {
        use Kind::{Choose, IsFinished, Join, Sleep, Spawn, Start, Yield};
        match kind {
            Kind::Load(order) | Kind::Store(order) | Kind::Rmw(order) => self.note_access(order, order),
            Kind::Cas(success, failure) => self.note_access(success, failure),
            Yield => self.yields = true,
            Start | Spawn | Join(_) | IsFinished(_) | Choose(_) | Sleep => {}
            _ => self.shares = true,
        }
    }

    fn note_access(&mut self, order: Ordering, other: Ordering) {
        self.atomics = true;
        self.shares = true;
        self.weak_orders |= order != Ordering::SeqCst || other != Ordering::SeqCst;
    }

    /// What either has used.
    pub(crate) fn or(self, other: Self) -> Self {
        Uses {
            weak_orders: self.weak_orders || other.weak_orders,
            atomics: self.atomics || other.atomics,
            yields: self.yields || other.yields,
            shares: self.shares || other.shares,
            tasks: self.tasks.max(other.tasks),
        }
    }

    /// Several tasks ran, and none used anything that the others could see.
    pub(crate) fn has_nothing_to_explore(self) -> bool {
        self.tasks > 1 && !self.shares
    }
}

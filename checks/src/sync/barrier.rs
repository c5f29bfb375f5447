//! `Barrier`: as many tasks as it was made for go on together.

use crate::execution::{Handle, Kind, State, perform, with};
use std::borrow::Cow;
use std::panic::Location;

/// A barrier, as [`std::sync::Barrier`].
#[derive(Debug)]
pub struct Barrier {
    handle: Handle,
    real: std::sync::Barrier,
}

/// Whether this task was the one that made the others go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Whether it was: true for one task of each generation.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl Barrier {
    /// A barrier for `size` tasks.
    #[track_caller]
    #[must_use]
    pub fn new(size: usize) -> Self {
        let state = State::Barrier { size, arrived: 0, generation: 0 };
        Barrier { handle: Handle::new(state, Location::caller()), real: std::sync::Barrier::new(size) }
    }

    /// Names it in traces.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.handle.name(name.into());
        self
    }

    /// Waits until as many tasks have arrived as the barrier is for. The last to arrive leads.
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        if self.handle.is_real() {
            return BarrierWaitResult(self.real.wait().is_leader());
        }
        let site = Location::caller();
        perform(self.handle.op(Kind::Arrive, site));
        let id = self.handle.id();
        // What the arrival came to stands in the state: nobody else has run since.
        let (arrived, generation) = with(|x| match &x.objects[id.index()].state {
            State::Barrier { arrived, generation, .. } => (*arrived, *generation),
            _ => (0, 0),
        });
        let leads = arrived == 0;
        let arrived_in = if leads { generation.saturating_sub(1) } else { generation };
        perform(self.handle.op(Kind::Leave(arrived_in), site));
        BarrierWaitResult(leads)
    }
}

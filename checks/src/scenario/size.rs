//! A program that comes in sizes, and what others have published on each.

use serde::Serialize;
use std::fmt;

/// A variant's program at one size, for those who measure how its difficulty grows.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Its name in the literature.
    pub name: &'static str,
    /// The program.
    pub program: fn(),
    /// The bug's depth, where it is known: the fewest orderings of two operations that every schedule which keeps
    /// them all fails by (PCT's *d*; Burckhardt et al., ASPLOS 2010).
    pub depth: Option<usize>,
    /// What others needed, by the name of their sampler.
    pub published: &'static [(&'static str, Published)],
}

impl Size {
    /// A program of this name, of which nothing else is known.
    #[must_use]
    pub const fn new(name: &'static str, program: fn()) -> Self {
        Size { name, program, depth: None, published: &[] }
    }

    /// The bug's depth.
    #[must_use]
    pub const fn depth(self, depth: usize) -> Self {
        Size { depth: Some(depth), ..self }
    }

    /// What others needed.
    #[must_use]
    pub const fn published(self, published: &'static [(&'static str, Published)]) -> Self {
        Size { published, ..self }
    }
}

/// How many schedules somebody else's sampler ran until the bug showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The mean over the trials that found it; nothing if none did.
    pub mean: Option<u32>,
    /// Trials that found it.
    pub found: u32,
    /// Trials.
    pub trials: u32,
}

impl Published {
    /// A mean over `found` of `trials` trials.
    #[must_use]
    pub const fn mean(mean: u32, found: u32, trials: u32) -> Self {
        Published { mean: Some(mean), found, trials }
    }

    /// No trial found it.
    #[must_use]
    pub const fn never(trials: u32) -> Self {
        Published { mean: None, found: 0, trials }
    }
}

impl fmt::Display for Published {
    /// `454`, `3225 (16)` where some trials did not find it, `✗` where none did.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mean {
            None => f.write_str("✗"),
            Some(mean) if self.found == self.trials => write!(f, "{mean}"),
            Some(mean) => write!(f, "{mean} ({})", self.found),
        }
    }
}

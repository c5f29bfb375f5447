//! What a variant has to come to, and the class of its bug.

use crate::outcome::Outcome;
use crate::verdict::Verdict;
use std::fmt;

/// A bug's class, in the words of the literature (Lu et al., ASPLOS 2008, and what it leaves out).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// Steps that belong together are interrupted.
    AtomicityViolation,
    /// Two steps happen in the wrong order.
    OrderViolation,
    /// Unordered accesses to a plain variable.
    DataRace,
    /// A cycle of waiting.
    Deadlock,
    /// A wakeup that comes too early, or never, or to the wrong task.
    LostWakeup,
    /// A task is passed over.
    Starvation,
    /// Tasks run in circles.
    Livelock,
    /// Something is never given back.
    Leak,
    /// An API is used against its contract.
    Misuse,
    /// What no engine can look into: `abort`, a foreign lock, a stack that is too small.
    Foreign,
}

impl Class {
    /// The class in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Class::AtomicityViolation => "atomicity violation",
            Class::OrderViolation => "order violation",
            Class::DataRace => "data race",
            Class::Deadlock => "deadlock",
            Class::LostWakeup => "lost wakeup",
            Class::Starvation => "starvation",
            Class::Livelock => "livelock",
            Class::Leak => "leak",
            Class::Misuse => "misuse",
            Class::Foreign => "foreign",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a variant has to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expect {
    /// Nothing fails.
    Holds,
    /// A panic whose message contains this.
    Assertion(&'static str),
    /// A data race on the object of this name.
    DataRace(&'static str),
    /// A cycle of so many tasks.
    Deadlock(usize),
    /// Some task waits in vain, and there is no cycle.
    Stuck,
    /// A bypass more often than its bound, or a deadline that has passed.
    Starvation,
    /// The same steps recur.
    Livelock,
    /// Something is left behind.
    Leak,
    /// A contract is broken.
    Misuse,
    /// The process ends in the middle, in a way that contains this: for checks with a process of their own.
    Crash(&'static str),
    /// An execution has no end: for checks with a process of their own.
    Hang,
}

impl Expect {
    /// Whether `verdict` is the one expected.
    #[must_use]
    pub fn matches(self, verdict: &Verdict) -> bool {
        match (self, verdict) {
            (Expect::Assertion(text), Verdict::Assertion { message, .. }) => message.contains(text),
            (Expect::DataRace(name), Verdict::DataRace { object, .. }) => name == object,
            (Expect::Deadlock(tasks), Verdict::Deadlock { cycle }) => cycle.len() == tasks,
            (Expect::Crash(text), Verdict::Crash { how, .. }) => how.contains(text),
            (Expect::Stuck, Verdict::Stuck { .. })
            | (Expect::Starvation, Verdict::Starvation { .. } | Verdict::Late { .. })
            | (Expect::Livelock, Verdict::Livelock { .. })
            | (Expect::Leak, Verdict::Leak { .. })
            | (Expect::Misuse, Verdict::Misuse { .. })
            | (Expect::Hang, Verdict::Hang { .. }) => true,
            _ => false,
        }
    }

    /// The same, of a program of another size: a deadlock may be of any number of tasks.
    fn matches_at_any_size(self, verdict: &Verdict) -> bool {
        self.matches(verdict) || matches!((self, verdict), (Expect::Deadlock(_), Verdict::Deadlock { .. }))
    }

    /// Whether `outcome` is the one expected: an inconclusive one never is.
    #[must_use]
    pub fn met_by(self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Holds(coverage) => self == Expect::Holds && !coverage.has_explored_nothing(),
            Outcome::Fails(found) if found.parameters.is_some() => self.matches_at_any_size(&found.verdict),
            Outcome::Fails(found) => self.matches(&found.verdict),
            Outcome::Inconclusive { .. } => false,
        }
    }

    /// The expectation's one word: a verdict's name, or `holds`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Expect::Holds => "holds",
            Expect::Assertion(_) => "assertion",
            Expect::DataRace(_) => "data race",
            Expect::Deadlock(_) => "deadlock",
            Expect::Stuck => "stuck",
            Expect::Starvation => "starvation",
            Expect::Livelock => "livelock",
            Expect::Leak => "leak",
            Expect::Misuse => "misuse",
            Expect::Crash(_) => "crash",
            Expect::Hang => "hang",
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expect::Assertion(text) => write!(f, "assertion ({text})"),
            Expect::DataRace(object) => write!(f, "data race on {object}"),
            Expect::Deadlock(tasks) => write!(f, "deadlock of {tasks}"),
            Expect::Crash(how) => write!(f, "crash ({how})"),
            other => f.write_str(other.name()),
        }
    }
}

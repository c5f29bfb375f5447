//! What a scenario file declares: a pattern, its correct and buggy variants, and the ground truth of each.
//!
//! Declarations are constants, so that the catalogue is plain data: a stranger's project has its own.

mod size;

pub use size::{Published, Size};

use crate::engine::Engine;
use crate::outcome::Outcome;
use crate::source::Source;
use crate::verdict::Verdict;
use std::fmt;

/// All patterns of a project.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue {
    /// The project's name, as `--help` shows it.
    pub name: &'static str,
    /// Its families, in order.
    pub families: &'static [Family],
}

/// Patterns that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The first half of its patterns' names.
    pub name: &'static str,
    /// Its patterns, in order.
    pub patterns: &'static [Pattern],
}

impl Catalogue {
    /// Every pattern, in order.
    pub fn patterns(&self) -> impl Iterator<Item = &'static Pattern> + use<> {
        self.families.iter().flat_map(|family| family.patterns)
    }
}

/// A way to synchronize, as a correct program and as buggy ones.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// `family/name`.
    pub name: &'static str,
    /// The section of the article, or the text, that it comes from.
    pub section: &'static str,
    /// The file it is written in; its module documentation is the lesson.
    pub source: Source,
    /// Its variants: a correct one first.
    pub variants: &'static [Variant],
}

impl Pattern {
    /// A pattern.
    #[must_use]
    pub const fn new(name: &'static str, section: &'static str, source: Source, variants: &'static [Variant]) -> Self {
        Pattern { name, section, source, variants }
    }

    /// The variant of this name.
    #[must_use]
    pub fn variant(&self, name: &str) -> Option<&'static Variant> {
        self.variants.iter().find(|variant| variant.name == name)
    }
}

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
    /// A bypass more often than its bound.
    Starvation,
    /// The same steps recur.
    Livelock,
    /// Something is left behind.
    Leak,
    /// A contract is broken.
    Misuse,
}

impl Expect {
    /// Whether `verdict` is the one expected.
    #[must_use]
    pub fn matches(self, verdict: &Verdict) -> bool {
        match (self, verdict) {
            (Expect::Assertion(text), Verdict::Assertion { message, .. }) => message.contains(text),
            (Expect::DataRace(name), Verdict::DataRace { object, .. }) => name == object,
            (Expect::Deadlock(tasks), Verdict::Deadlock { cycle }) => cycle.len() == tasks,
            (Expect::Stuck, Verdict::Stuck { .. })
            | (Expect::Starvation, Verdict::Starvation { .. })
            | (Expect::Livelock, Verdict::Livelock { .. })
            | (Expect::Leak, Verdict::Leak { .. })
            | (Expect::Misuse, Verdict::Misuse { .. }) => true,
            _ => false,
        }
    }

    /// Whether `outcome` is the one expected: an inconclusive one never is.
    #[must_use]
    pub fn met_by(self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Holds(_) => self == Expect::Holds,
            Outcome::Fails(counterexample) => self.matches(&counterexample.verdict),
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
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expect::Assertion(text) => write!(f, "assertion ({text})"),
            Expect::DataRace(object) => write!(f, "data race on {object}"),
            Expect::Deadlock(tasks) => write!(f, "deadlock of {tasks}"),
            other => f.write_str(other.name()),
        }
    }
}

/// One program of a pattern.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// The fault, or for a correct one the rule kept; also the name of the function that differs.
    pub name: &'static str,
    /// Its bug's class; a correct one has none.
    pub class: Option<Class>,
    program: fn(),
    full_size: Option<fn()>,
    proven_at: Option<(&'static str, fn())>,
    expect: Expect,
    missed_by_loom: Option<&'static str>,
    missed_by_shuttle: Option<&'static str>,
    bounded: Option<(usize, &'static str)>,
    spurious_wakeups: usize,
    deny_leaks: bool,
    sizes: &'static [Size],
}

impl Variant {
    /// A program without the bug.
    #[must_use]
    pub const fn correct(name: &'static str, program: fn()) -> Self {
        Variant {
            name,
            class: None,
            program,
            full_size: None,
            proven_at: None,
            expect: Expect::Holds,
            missed_by_loom: None,
            missed_by_shuttle: None,
            bounded: None,
            spurious_wakeups: 0,
            deny_leaks: false,
            sizes: &[],
        }
    }

    /// A program with a bug of this class. It needs [`Variant::fails_with`].
    #[must_use]
    pub const fn buggy(name: &'static str, class: Class, program: fn()) -> Self {
        Variant { class: Some(class), ..Variant::correct(name, program) }
    }

    /// The verdict that every engine must reach, but for those that are declared to miss it.
    #[must_use]
    pub const fn fails_with(self, expect: Expect) -> Self {
        Variant { expect, ..self }
    }

    /// loom can't see this bug, and must not, because `reason`.
    #[must_use]
    pub const fn missed_by_loom(self, reason: &'static str) -> Self {
        Variant { missed_by_loom: Some(reason), ..self }
    }

    /// shuttle can't see this bug, and must not, because `reason`.
    #[must_use]
    pub const fn missed_by_shuttle(self, reason: &'static str) -> Self {
        Variant { missed_by_shuttle: Some(reason), ..self }
    }

    /// The program at the article's size, for engines without a limit on threads.
    #[must_use]
    pub const fn full_size(self, program: fn()) -> Self {
        Variant { full_size: Some(program), ..self }
    }

    /// The program at the largest size of which the exhaustive engine searches every trace in under a minute, and that
    /// size in words: where the article's has too many.
    #[must_use]
    pub const fn proven_at(self, size: &'static str, program: fn()) -> Self {
        Variant { proven_at: Some((size, program)), ..self }
    }

    /// loom stops at so many preemptions, because `reason`.
    #[must_use]
    pub const fn bounded(self, preemptions: usize, reason: &'static str) -> Self {
        Variant { bounded: Some((preemptions, reason)), ..self }
    }

    /// So many waits may end in an execution although nobody woke them.
    #[must_use]
    pub const fn spurious_wakeups(self, wakeups: usize) -> Self {
        Variant { spurious_wakeups: wakeups, ..self }
    }

    /// A thread that still runs when `main` is done is a leak.
    #[must_use]
    pub const fn deny_leaks(self) -> Self {
        Variant { deny_leaks: true, ..self }
    }

    /// The sizes that its program comes in, for measuring: a check runs none of them.
    #[must_use]
    pub const fn sizes(self, sizes: &'static [Size]) -> Self {
        Variant { sizes, ..self }
    }

    /// The same declaration over another program, at every size: what a gate has to notice.
    #[must_use]
    pub const fn with_program_of(self, other: &Variant) -> Self {
        Variant {
            program: other.program,
            full_size: other.full_size,
            proven_at: other.proven_at,
            spurious_wakeups: other.spurious_wakeups,
            deny_leaks: other.deny_leaks,
            ..self
        }
    }

    /// Whether it is a correct one.
    #[must_use]
    pub const fn is_correct(&self) -> bool {
        self.class.is_none()
    }

    /// What it declares, whichever engine.
    #[must_use]
    pub const fn declared(&self) -> Expect {
        self.expect
    }

    /// What `engine` has to come to.
    #[must_use]
    pub fn expect(&self, engine: Engine) -> Expect {
        if self.missed(engine).is_some() { Expect::Holds } else { self.expect }
    }

    /// Why `engine` can't see the bug, if it can't.
    #[must_use]
    pub fn missed(&self, engine: Engine) -> Option<&'static str> {
        match engine {
            Engine::Loom => self.missed_by_loom,
            Engine::Shuttle(_) | Engine::Exhaustive | Engine::Portfolio => self.missed_by_shuttle,
        }
    }

    /// The preemption bound that loom stops at, and why.
    #[must_use]
    pub fn bound(&self) -> Option<(usize, &'static str)> {
        self.bounded
    }

    /// The sizes that were declared.
    #[must_use]
    pub const fn declared_sizes(&self) -> &'static [Size] {
        self.sizes
    }

    /// The program for `engine`. The depth-first search without reduction gets the small one too.
    #[must_use]
    pub fn program(&self, engine: Engine) -> fn() {
        match engine {
            Engine::Exhaustive => self.proven_at.map(|(_, program)| program).or(self.full_size),
            engine => self.full_size.filter(|_| engine.samples()),
        }
        .unwrap_or(self.program)
    }

    /// Whether two engines run the same program.
    #[must_use]
    pub fn is_same_program(&self, one: Engine, two: Engine) -> bool {
        let which = |engine: Engine| match engine {
            Engine::Exhaustive if self.proven_at.is_some() => 2,
            engine => usize::from(self.full_size.is_some() && (engine.samples() || engine == Engine::Exhaustive)),
        };
        which(one) == which(two)
    }

    /// The check of this variant under `engine`, before budget and seed.
    pub fn checker(&self, engine: Engine) -> crate::Checker {
        let mut checker = crate::Checker::new().engine(engine).spurious_wakeups(self.spurious_wakeups);
        if self.deny_leaks {
            checker = checker.deny_leaks();
        }
        if let Some((preemptions, _)) = self.bounded {
            checker = checker.preemptions(preemptions);
        }
        checker
    }
}

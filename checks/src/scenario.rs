//! What a scenario file declares: a pattern, its correct and buggy variants, and the ground truth of each.
//!
//! Declarations are constants, so that the catalogue is plain data: a stranger's project has its own.

mod expect;
mod size;

pub use expect::{Class, Expect};
pub use size::{Published, Size};

use crate::engine::Engine;
use crate::outcome::Counterexample;
use crate::property::Property;
use crate::source::Source;
use std::sync::Arc;

/// All patterns of a project.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue {
    /// The project's name, as `--help` shows it.
    pub name: &'static str,
    /// Its families, in order.
    pub families: &'static [Family],
    /// The folder that keeps what properties of correct variants failed at, `<pattern>/<variant>.property.json`, to be tried
    /// first the next time; nothing is kept where it is not there.
    pub regressions: Option<&'static str>,
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
    cancel_anywhere: bool,
    sizes: &'static [Size],
    property: Option<fn() -> Property>,
    smallest: Option<(&'static str, usize)>,
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
            cancel_anywhere: false,
            sizes: &[],
            property: None,
            smallest: None,
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

    /// A thread that still runs when `main` is done is a leak: see [`deny_leaks`](crate::Checker::deny_leaks).
    #[must_use]
    pub const fn deny_leaks(self) -> Self {
        Variant { deny_leaks: true, ..self }
    }

    /// In each execution a task may be cancelled, at any of its awaits: see
    /// [`cancel_anywhere`](crate::Checker::cancel_anywhere).
    #[must_use]
    pub const fn cancel_anywhere(self) -> Self {
        Variant { cancel_anywhere: true, ..self }
    }

    /// The sizes that its program comes in, for measuring: a check runs none of them.
    #[must_use]
    pub const fn sizes(self, sizes: &'static [Size]) -> Self {
        Variant { sizes, ..self }
    }

    /// The programs that [`Engine::Property`] draws from; without it only the schedule is drawn.
    #[must_use]
    pub const fn property(self, property: fn() -> Property) -> Self {
        Variant { property: Some(property), ..self }
    }

    /// The smallest parameters at which it fails, as [`Parameters`](crate::Parameters) prints them, and the fewest
    /// preemptions that does it take.
    #[must_use]
    pub const fn smallest(self, parameters: &'static str, preemptions: usize) -> Self {
        Variant { smallest: Some((parameters, preemptions)), ..self }
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
            cancel_anywhere: other.cancel_anywhere,
            property: other.property,
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
            _ => self.missed_by_shuttle,
        }
    }

    /// Whether a task may be cancelled at any of its awaits.
    #[must_use]
    pub const fn cancels_anywhere(&self) -> bool {
        self.cancel_anywhere
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

    /// The smallest parameters at which it fails, and the preemptions that it takes, if they are declared.
    #[must_use]
    pub const fn declared_smallest(&self) -> Option<(&'static str, usize)> {
        self.smallest
    }

    /// The property, if one is declared.
    #[must_use]
    pub fn declared_property(&self) -> Option<Property> {
        self.property.map(|property| property())
    }

    /// The program that `found` is a counterexample of, which `engine` found.
    #[must_use]
    pub fn program_of(&self, engine: Engine, found: &Counterexample) -> Arc<dyn Fn() + Send + Sync> {
        let drawn = || {
            let values = found.parameters.as_ref()?.values();
            Some(Arc::new(self.declared_property()?.at(values).ok()?) as Arc<dyn Fn() + Send + Sync>)
        };
        drawn().unwrap_or_else(|| Arc::new(self.program(engine)))
    }

    /// The program for `engine`. The depth-first search without reduction gets the small one too.
    #[must_use]
    pub fn program(&self, engine: Engine) -> fn() {
        match engine {
            Engine::Exhaustive => self.proven_at.map(|(_, program)| program).or(self.full_size),
            engine => self.full_size.filter(|_| engine.samples_full_size()),
        }
        .unwrap_or(self.program)
    }

    /// Whether two engines run the same program.
    #[must_use]
    pub fn is_same_program(&self, one: Engine, two: Engine) -> bool {
        let which = |engine: Engine| match engine {
            Engine::Exhaustive if self.proven_at.is_some() => 2,
            engine => {
                usize::from(self.full_size.is_some() && (engine.samples_full_size() || engine == Engine::Exhaustive))
            }
        };
        which(one) == which(two)
    }

    /// The check of this variant under `engine`, before budget and seed.
    pub fn checker(&self, engine: Engine) -> crate::Checker {
        let mut checker = crate::Checker::new().engine(engine).spurious_wakeups(self.spurious_wakeups);
        if self.deny_leaks {
            checker = checker.deny_leaks();
        }
        if self.cancel_anywhere {
            checker = checker.cancel_anywhere();
        }
        if let Some((preemptions, _)) = self.bounded.filter(|_| engine == Engine::Loom) {
            checker = checker.preemptions(preemptions);
        }
        checker
    }
}

//! raddle finds concurrency bugs in Rust, proves their fixes, and explains each bug with the interleaving that shows it.
//!
//! Swap `std::sync` and `std::thread` for [`sync`] and [`thread`], and give [`check`] a closure: it explores the
//! closure's interleavings and panics with a rendered counterexample if one of them fails. [`Checker`] chooses the
//! engine ([loom](Engine::Loom), [shuttle](Engine::Shuttle), [every trace](Engine::Exhaustive)), the budget and the seed. The closure, and what it
//! calls, has to do the same each time but for what is scheduled: no clock, no randomness, no statics but
//! [`LazyLock`](sync::LazyLock)s; ask [`choose`] where the environment decides.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the lists are for programs under test; what is shared here is the checker's own"
)]

mod checker;
mod engine;
mod execution;
mod extent;
mod fairness;
mod history;
mod memory;
mod outcome;
pub mod print;
pub mod process;
mod property;
pub mod report;
mod scenario;
mod schedule;
mod source;
mod study;
#[cfg(feature = "suite")]
pub mod suite;
pub mod sync;
pub mod task;
pub mod thread;
pub mod time;
pub mod tokio;
mod trace;
mod verdict;

use engine::real;

pub use checker::{Checker, check};
pub use engine::{Engine, Followed, Strategy};
pub use execution::is_last_run;
pub use extent::Extent;
pub use fairness::{Bypass, Request};
pub use history::{History, Model, programs};
pub use outcome::{Budget, CheckError, Counterexample, Coverage, Drift, Gap, Memory, Outcome, Searched};
pub use property::{Parameters, Property, property};
pub use proptest;
pub use scenario::{Catalogue, Class, Expect, Family, Pattern, Published, Size, Variant};
pub use schedule::{Finder, LineError, RECORD_BYTES_MAX, Record, RecordError, ReplayLine, SCHEMA, Schedule};
pub use source::Source;
pub use study::graph;
pub use study::{Effort, Ending, Endings, Fewest, Late, Measure, Missed, Pair, PointOfNoReturn, Study};
pub use trace::{Change, Event, ObjectInfo, Phase, Trace};
pub use verdict::{Access, Place, Verdict, Wait, Waiting};

/// What a scenario file declares itself with.
pub mod prelude {
    pub use crate::{Class, Engine, Expect, Pattern, Property, Size, Variant};
}

/// One of `0..options`, as the search decides: every answer is explored by engines that enumerate, and drawn by those
/// that sample. What the environment would decide (a length, a failing call, a lost packet) is a choice.
///
/// ```
/// raddle::check(|| {
///     let replies = raddle::choose(3);
///     assert!(replies < 3);
/// });
/// ```
///
/// # Panics
/// If `options` is 0: a check then ends with [`CheckError::Usage`].
#[track_caller]
#[must_use]
pub fn choose(options: usize) -> usize {
    chosen(options, std::panic::Location::caller())
}

#[track_caller]
pub(crate) fn chosen(options: usize, site: execution::Site) -> usize {
    if real::is_on() {
        assert!(options > 0, "there is nothing to choose from");
        return real::choose(options);
    }
    execution::choose(options, site)
}

/// Notes a value for [`Checker::endings`] and for `raddle stress`, which list what executions come to. It is no scheduling
/// point, and no engine looks at it.
pub fn observe(name: &str, value: impl std::fmt::Display) {
    let observed = format!("{name}={value}");
    if real::is_on() {
        real::observe(observed);
    } else {
        execution::with(|x| x.observed.push(observed));
    }
}

/// Marks progress: what recurs after this is no livelock with what came before.
pub fn progress() {
    if !real::is_on() {
        execution::with(|x| x.watch.progress());
    }
}

/// Ends the execution with [`Verdict::Misuse`]: the program broke an API's contract.
///
/// # Panics
/// Never to the caller: the execution ends here.
pub fn misuse(message: impl Into<String>) -> ! {
    let message = message.into();
    if real::is_on() {
        real::fail(Verdict::Misuse { task: real::name_of_me(), message });
    }
    execution::fail(|x| Verdict::Misuse { task: x.names().task(x.current).to_owned(), message })
}

/// Ends the execution with [`Verdict::Leak`]: `what` outlives its owner.
///
/// # Panics
/// Never to the caller: the execution ends here.
pub fn leak(what: impl Into<String>) -> ! {
    let what = vec![what.into()];
    if real::is_on() {
        real::fail(Verdict::Leak { what });
    }
    execution::fail(|_| Verdict::Leak { what })
}

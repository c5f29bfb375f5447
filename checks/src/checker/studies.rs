//! What a check can say of a program beyond whether it holds: why it fails, in which other ways, and what lies between.

use super::Checker;
use crate::engine::{self, Engine, Followed, Program};
use crate::outcome::{CheckError, Counterexample};
use crate::schedule::Schedule;
use crate::study::graph::Graph;
use crate::study::{self, Effort, Endings, Like, Study};
use crate::verdict::Verdict;
use std::sync::Arc;

impl Checker {
    /// Makes what this check found in `program` as short as it gets, certifies that, and explains it.
    ///
    /// # Errors
    /// If the program does not do the same each time.
    pub fn study(
        &self,
        program: impl Fn() + Send + Sync + 'static,
        found: &Counterexample,
        effort: Effort,
    ) -> Result<Study, CheckError> {
        study::study(&(Arc::new(program) as Program), &self.plan, found, effort)
    }

    /// Every way in which `program` can end, and what it [observes](crate::observe): failures don't end this search. The
    /// budget is that of the exhaustive engine.
    ///
    /// ```
    /// use raddle::{Checker, observe, thread};
    /// use raddle::sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}};
    ///
    /// let endings = Checker::new().endings(|| {
    ///     let counter = Arc::new(AtomicU32::new(0));
    ///     let theirs = Arc::clone(&counter);
    ///     let other = thread::spawn(move || theirs.store(theirs.load(SeqCst) + 1, SeqCst));
    ///     counter.store(counter.load(SeqCst) + 1, SeqCst);
    ///     other.join().unwrap();
    ///     observe("counter", counter.load(SeqCst));
    /// });
    /// let observed: Vec<_> = endings.seen.iter().map(|ending| ending.observed.concat()).collect();
    /// assert_eq!(observed, ["counter=1", "counter=2"]);
    /// assert!(endings.whole);
    /// ```
    #[must_use]
    pub fn endings(&self, program: impl Fn() + Send + Sync + 'static) -> Endings {
        study::endings(&(Arc::new(program) as Program), &self.plan)
    }

    /// Follows a recorded schedule as far as it fits, and gives all that came of it.
    ///
    /// # Errors
    /// If it can't be followed at all: too many threads for the engine, or an engine that stopped.
    pub fn follow(
        &self,
        program: impl Fn() + Send + Sync + 'static,
        schedule: &Schedule,
    ) -> Result<Followed, CheckError> {
        let engine = self.engine.unwrap_or(Engine::shuttle());
        engine::follow(engine, &self.plan, &(Arc::new(program) as Program), schedule)
    }

    /// Searches again for a failure that `like` accepts, from the longest part of an old schedule that still leads to
    /// one, and studies it; `None` when nothing fails so any more, as far as `effort` goes.
    ///
    /// # Errors
    /// If the program does not do the same each time.
    pub fn update(
        &self,
        program: impl Fn() + Send + Sync + 'static,
        schedule: &Schedule,
        like: impl Fn(&Verdict) -> bool + Send + Sync + 'static,
        effort: Effort,
    ) -> Result<Option<Study>, CheckError> {
        study::update(&(Arc::new(program) as Program), &self.plan, schedule, &(Arc::new(like) as Like), effort)
    }

    /// Follows a recorded schedule, and gives what it comes to; `None` when nothing fails.
    ///
    /// # Errors
    /// [`CheckError::Drift`] if the schedule does not fit the program.
    pub fn replay(
        &self,
        program: impl Fn() + Send + Sync + 'static,
        schedule: &Schedule,
    ) -> Result<Option<Counterexample>, CheckError> {
        let engine = self.engine.unwrap_or(Engine::shuttle());
        engine::replay(engine, &self.plan, &(Arc::new(program) as Program), schedule)
    }

    /// Runs `program` along a schedule of another one, say of the variant with the bug: as far as it fits, and then without
    /// further preemptions.
    ///
    /// # Errors
    /// As [`Checker::follow`].
    pub fn along(
        &self,
        program: impl Fn() + Send + Sync + 'static,
        schedule: &Schedule,
    ) -> Result<Followed, CheckError> {
        study::along(&(Arc::new(program) as Program), &self.plan, schedule)
    }

    /// Every state of `program`, and every way from one to the next, if there are no more than so many states.
    ///
    /// ```
    /// use raddle::{Checker, thread};
    /// use raddle::sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}};
    ///
    /// let program = || {
    ///     let counter = Arc::new(AtomicU32::new(0));
    ///     let theirs = Arc::clone(&counter);
    ///     let other = thread::spawn(move || theirs.store(theirs.load(SeqCst) + 1, SeqCst));
    ///     counter.store(counter.load(SeqCst) + 1, SeqCst);
    ///     other.join().unwrap();
    ///     assert_eq!(counter.load(SeqCst), 2);
    /// };
    /// let graph = Checker::new().graph(program, 1_000).expect("it is small");
    /// let schedules = graph.schedules()[0];
    /// assert!(schedules.failing > 0.0 && schedules.passing > 0.0);
    /// ```
    #[must_use]
    pub fn graph(&self, program: impl Fn() + Send + Sync + 'static, states_max: usize) -> Option<Graph> {
        study::graph::graph(&(Arc::new(program) as Program), &self.plan, states_max)
    }
}

//! Wakers that came by a way that we do not see.
//!
//! A task that calls the waker of another has got it from there. If no operation of ours orders the two, there is a channel or
//! a lock between them that is none of ours: whatever the program does between two operations may be about it, and two
//! such pieces are dependent. That a program has such a channel shows only where the receiver waits before something is sent,
//! so a proof that has not come by it is held against some schedules that are drawn.

use super::event::Events;
use super::races::Allowances;
use super::search::{Limits, Search};
use crate::engine::Program;
use crate::engine::pilot::{End, Pilot, fly};
use crate::execution::{Execution, Kind, Random, Rules, Source, TaskId, Woken};
use crate::outcome::CheckError;
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

/// Schedules that a proof is held against.
const DRAWN: usize = 32;

impl Events {
    /// Whether one of these wakers has come by a way that we do not see. `before` steps belong to no event.
    pub(super) fn hides(&self, woken: &[Woken], before: usize) -> bool {
        let event = |step: usize| {
            let mut left = step.checked_sub(before + 1)?;
            self.all.iter().position(|event| {
                let is = left < event.acts.len();
                left = left.saturating_sub(event.acts.len());
                is
            })
        };
        let is_seen = |woken: &Woken| {
            let Some(wakes) = event(woken.step) else { return true };
            woken.taken.is_empty()
                || woken.taken.iter().any(|step| event(*step).is_none_or(|takes| self.is_past_of(takes, wakes)))
        };
        !woken.iter().all(is_seen)
    }

    /// Whether futures are polled beside others that could share something with them.
    pub(super) fn polls_beside(&self, x: &Execution) -> bool {
        let futures = x.tasks.iter().filter(|task| task.is_future).count();
        let off_turn = || self.all.iter().any(|event| event.op.kind == Kind::Poll { turn: None });
        futures > 0 && (off_turn() || x.tasks.iter().skip(1).any(|task| !task.is_future))
    }
}

impl Search {
    pub(super) fn look_for_hidden(&mut self, x: &Execution) {
        if !self.resumed && !x.hidden {
            self.hidden |= self.events.hides(&x.woken, self.before_events);
            self.polls |= self.events.polls_beside(x);
        }
    }

    /// A search that decides nothing.
    fn bare() -> Self {
        let allowances = Allowances::default();
        Search::new(Limits { executions: u64::MAX, time: None, allowances }, Arc::default())
    }

    /// An execution begins in which somebody else decides.
    fn begin_drawn(&mut self) {
        self.events = Events::default();
        (self.depth, self.absorbed, self.woken) = (0, 0, 0);
    }

    fn follow_drawn(&mut self, x: &Execution, task: TaskId) {
        self.tasks.look_at(x);
        self.absorb(x);
        self.note_beginning();
        self.begin_event(x, task);
        self.depth += 1;
    }

    fn end_drawn(&mut self, x: &Execution) {
        self.absorb(x);
        self.events.order(0);
        self.look_for_hidden(x);
    }
}

/// Draws who goes on.
struct Drawing {
    search: Search,
    random: Random,
    left: usize,
}

impl Pilot for Drawing {
    fn begin(&mut self, source: &mut Source) -> bool {
        if self.left == 0 || self.search.hidden {
            return false;
        }
        self.left -= 1;
        self.search.begin_drawn();
        *source = Source::Recorded(VecDeque::new());
        true
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId]) -> Option<TaskId> {
        let drawn = usize::try_from(self.random.next() >> 33).unwrap_or_default() % enabled.len();
        self.search.follow_drawn(x, enabled[drawn]);
        Some(enabled[drawn])
    }

    fn end(&mut self, x: &Execution, _: End) {
        self.search.end_drawn(x);
    }

    fn restart(&mut self) {}
}

/// Whether wakers of `program` come by a way that we do not see, as far as some schedules show it.
pub(crate) fn hides(program: &Program, rules: &Rules) -> bool {
    let drawing = Drawing { search: Search::bare(), random: Random(0x5eed), left: DRAWN };
    let (drawing, _) = fly(program, rules, drawing);
    let drawing = drawing.lock().unwrap_or_else(PoisonError::into_inner);
    drawing.search.hidden
}

/// What loom can't check.
const HIDDEN: &str = "a task's waker was called by somebody who has it by a way that raddle does not see, a channel or a \
                      lock that is none of raddle's: loom would take what that orders for a race. Check this program under \
                      `Engine::Exhaustive`, which takes every piece of it for one that may be about that channel";

/// loom refuses the program.
pub(crate) fn refusal() -> CheckError {
    CheckError::Engine(HIDDEN.into())
}

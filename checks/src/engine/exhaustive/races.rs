//! Which events of an execution could have come in the other order.
//!
//! A *reversible race* is two dependent events of different tasks that nothing in between orders, of which the later one
//! could have gone first. What hands something on only orders those who waited for it: an unlock and the lock that
//! it lets in are no race, and two critical sections are one race, of their locks. Whether the later one could have
//! gone first is not guessed from the operations' kinds: the state that it would have found is worked out.

use super::event::{Deed, Events};
use crate::execution::{Effect, How, Kind, ObjectId, State, Thing, Touch, is_ready, may_touch};

/// How many timeouts may fire, and tasks wake for no reason, in an execution.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Allowances {
    pub(super) timeouts: usize,
    pub(super) wakeups: usize,
}

impl Events {
    /// The events that race with this one and come before it, the last one first.
    pub(super) fn races_with(&self, second: usize, allowances: Allowances) -> Vec<usize> {
        let mut races: Vec<usize> = Vec::new();
        if self.is_vain(second) {
            return races;
        }
        for first in (0..second).rev() {
            let candidate = self.all[first].deed.task != self.all[second].deed.task
                && !self.is_past_of(first, second)
                && !self.is_vain(first)
                && self.all[first].deed.conflicts(&self.all[second].deed)
                && !races.iter().any(|later| self.happens_before(first, *later));
            if candidate && self.could_go_first(first, second, allowances) {
                races.push(first);
            }
        }
        races
    }

    /// What can happen instead of the first event of a race: the events between the two that don't depend on it, and then
    /// the second. If that one is fickle, those that came after it, too, and before it: reversed, it may depend on one
    /// that it does not depend on now, and this is the order that is not found by reversing the other.
    pub(super) fn reversal(&self, first: usize, second: usize, allowances: Allowances) -> Vec<Deed> {
        let mut deed = self.all[second].deed.clone();
        if !self.is_fickle(second, allowances) {
            let mut sequence = self.deeds(self.between(first, second));
            sequence.push(deed);
            return sequence;
        }
        let event = &self.all[second];
        for touch in may_touch(&event.op, event.object, allowances.wakeups > 0) {
            deed.touch(touch);
        }
        if event.fired {
            deed.touch(Touch::new(Thing::Everything, How::Changes));
        }
        let mut sequence = self.without(first);
        sequence.push(deed);
        sequence
    }

    /// Reads of a lock that this event, which writes to it, may hold up while it waits for other readers, where one of those
    /// waits for that read: all else may happen first, and then nobody can go on. A deadlock only: who is held up and let
    /// in later reads after the write, which is another trace.
    pub(super) fn held_up(&self, second: usize) -> Vec<(usize, Vec<Deed>)> {
        let write = &self.all[second];
        let Some(object) = write.op.object.filter(|_| write.op.kind == Kind::Write) else { return Vec::new() };
        let holds_up = |read: &usize| {
            let event = &self.all[*read];
            let other = event.op.kind == Kind::Read && event.op.object == Some(object) && event.task != write.task;
            other && !self.is_past_of(*read, second) && self.holder_waits_for(object, *read, second)
        };
        let sequences = (0..second).filter(holds_up).map(|read| (read, self.without(read)));
        sequences.filter(|(_, sequence)| !sequence.is_empty()).collect()
    }

    /// Whether a reader that has the lock at this read gives it back only after it, and before the write.
    fn holder_waits_for(&self, object: ObjectId, read: usize, write: usize) -> bool {
        let Some(State::RwLock { writer: None, readers, .. }) = self.state_before(object, read) else { return false };
        let gives_back = |holder: &crate::execution::Hold| {
            let unlocks = |index: &usize| {
                let event = &self.all[*index];
                let unlock =
                    |(op, _): &(crate::execution::Op, Effect)| op.kind == Kind::ReadUnlock && op.object == Some(object);
                event.task == holder.task && event.acts.iter().any(unlock)
            };
            (read + 1..write).rev().find(unlocks).is_some_and(|unlock| self.happens_before(read, unlock))
        };
        readers.iter().any(gives_back)
    }

    /// The events that this one depends on and that are not in its task's past.
    pub(super) fn dependent_before(&self, second: usize) -> Vec<usize> {
        let depends = |first: &usize| {
            !self.is_past_of(*first, second)
                && !self.is_vain(*first)
                && self.all[*first].deed.task != self.all[second].deed.task
                && self.all[*first].deed.conflicts(&self.all[second].deed)
        };
        if self.is_vain(second) { Vec::new() } else { (0..second).filter(depends).collect() }
    }

    /// What happened after an event and does not depend on it.
    pub(super) fn without(&self, event: usize) -> Vec<Deed> {
        self.deeds(self.between(event, self.all.len()))
    }

    fn deeds(&self, events: impl Iterator<Item = usize>) -> Vec<Deed> {
        events.map(|index| self.all[index].deed.clone()).collect()
    }

    /// Whether what an event touches depends on what it finds.
    pub(super) fn is_fickle(&self, event: usize, allowances: Allowances) -> bool {
        let op = &self.all[event].op;
        let wakes = matches!(op.kind, Kind::Park | Kind::Wake { .. });
        op.is_fickle() || op.timeout.is_some() || (wakes && allowances.wakeups > 0)
    }

    fn between(&self, first: usize, second: usize) -> impl DoubleEndedIterator<Item = usize> + Clone {
        (first + 1..second).filter(move |index| !self.happens_before(first, *index))
    }

    /// Whether the task of `second` could go on after the events before `first` and those between the two that don't
    /// depend on it.
    fn could_go_first(&self, first: usize, second: usize, allowances: Allowances) -> bool {
        let event = &self.all[second];
        if let Some(from) = event.round {
            let before = (0..first).chain(self.between(first, second));
            let ticked = event.reads_clock && self.all[from].tick != event.tick;
            if !ticked && !self.changes_round(from, event.deed.task, &[], before) {
                return false;
            }
        }
        if !event.op.kind.may_wait() {
            return event.op.kind != Kind::Start || self.is_spawned_before(first, second);
        }
        if let Kind::Join(other) = event.op.kind {
            let end = self.all[..second].iter().rposition(|event| event.task == other);
            return end.is_some_and(|end| end < first || self.between(first, second).any(|index| index == end));
        }
        let count = |effect: Effect| {
            // A timeout that fires because nobody else can go on takes nothing from the others.
            let free = |index: &usize| effect == Effect::TimedOut && self.all[*index].deed.touches_everything();
            let is = |index: &usize| self.all[*index].acts.iter().any(|(_, how)| *how == effect) && !free(index);
            (0..first).chain(self.between(first, second)).filter(is).count()
        };
        let state = |object: ObjectId| self.state_then(object, first, second);
        let (own, mutex) = (event.op.object.and_then(state), event.op.kind.mutex().and_then(state));
        let ready = match event.op.kind {
            Kind::Park => self.has_token(first, second),
            kind => is_ready(event.task, kind, own.as_ref(), mutex.as_ref()),
        };
        // The clock has woken it, and goes on only when nobody else can.
        let due = (event.deed.touches_everything() || event.fired) && self.all[first].tick == event.tick;
        let fired = event.fired || event.acts.first().is_some_and(|(_, effect)| *effect == Effect::TimedOut);
        let free = mutex.as_ref().is_none_or(State::is_free);
        let wakes = matches!(event.op.kind, Kind::Park | Kind::Wake { .. }) && event.op.timeout.is_none();
        ready
            || (due && event.op.kind == Kind::Sleep)
            || (due && free && fired)
            || (free && event.op.timeout.is_some() && count(Effect::TimedOut) < allowances.timeouts)
            || (free && wakes && count(Effect::Spurious) < allowances.wakeups)
    }

    /// Whether the task of `second`, which begins with code of its own, has been spawned by then.
    fn is_spawned_before(&self, first: usize, second: usize) -> bool {
        let touches = |index: usize| self.all[index].deed.touches().iter();
        let is_life = |touch: &&Touch| matches!(touch.thing, Thing::Life(_)) && touch.how == How::Looks;
        let Some(life) = touches(second).find(is_life) else { return false };
        let spawns = |index: usize| touches(index).any(|touch| touch.thing == life.thing && touch.how == How::Changes);
        touches(first).any(|touch| touch.thing == Thing::Hidden)
            && (0..first).chain(self.between(first, second)).any(spawns)
    }

    /// An object's state after the events before `first` and those between the two that don't depend on it.
    fn state_then(&self, object: ObjectId, first: usize, second: usize) -> Option<State> {
        let mut state = self.state_before(object, first)?.clone();
        for index in self.between(first, second) {
            let event = &self.all[index];
            for (op, effect) in &event.acts {
                let on = op.object == Some(object) || op.kind.mutex() == Some(object);
                let acts = *effect == Effect::Done || op.changes_undone();
                if on && acts {
                    state.change(object, event.task, op);
                }
            }
        }
        Some(state)
    }

    /// Whether the task of `second`, which calls `park`, would have found its token.
    fn has_token(&self, first: usize, second: usize) -> bool {
        let me = self.all[second].task;
        let acts = |index: usize| self.all[index].acts.iter().map(move |act| (index, act));
        let before = (0..first).chain(self.between(first, second));
        let mut last = before.flat_map(acts).rev().filter(|(index, (op, effect))| match op.kind {
            Kind::Unpark(other) => other == me,
            Kind::Park => self.all[*index].task == me && *effect == Effect::Done,
            _ => op.parks && self.all[*index].task == me,
        });
        last.next().is_some_and(|(_, (op, _))| matches!(op.kind, Kind::Unpark(_)))
    }
}

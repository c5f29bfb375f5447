//! Loops that wait by trying again.
//!
//! A task that has tried in vain and is about to try the same again, though nothing that it looked at has changed, would
//! find the same once more, and there would be no end of traces. It waits until something changes, as by a blocking
//! operation (await loops: Abdulla, Atig, Jonsson, Kokologiannakis and others, "Optimal stateless model checking for
//! await loops", 2023). A loop may count its rounds, and then that would hide how it ends; so each loop is put to the
//! test when it is first met: it has to go round twenty times over, alone.
//!
//! To try is to look, to take what is given back in the same round, or to write what is there already; a task of an event
//! loop that has woken itself tries again when it is polled. Where all that can run only try in vain they go on in turn,
//! which shows that they do so for ever, or lets time pass (`execution/time.rs`); the order of such rounds is none that has
//! to be explored.

use super::event::{Deed, Event, Events, Tasks};
use crate::execution::{Effect, Execution, Kind, ObjectId, Op, ROUNDS, Step, TaskId, Thing, Touch, dependent};
use smallvec::SmallVec;
use std::collections::HashMap;

/// Events of a task among which the beginning of a round is looked for.
const ROUND_MAX: usize = 64;

/// Tasks that can go on, and come to something.
pub(super) type Going = SmallVec<[TaskId; 8]>;

/// Which loop of a task: the place that it comes back to, and the object there.
pub(super) type Loop = (u32, u64, Option<u64>);

fn name(event: &Event) -> Loop {
    (event.deed.task, event.op.place(), event.object)
}

/// A loop that is being put to the test.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    pub(super) which: Loop,
    pub(super) task: TaskId,
    /// The events of a round.
    length: usize,
    left: usize,
}

/// What is known of loops: whether they go round for ever.
#[derive(Debug, Default)]
pub(super) struct Loops {
    pub(super) endless: HashMap<Loop, bool>,
    pub(super) trial: Option<Trial>,
    /// A loop was taken to wait although it writes under a lock, as it writes what is there.
    pub(super) by_bytes: bool,
}

/// Whether a step leaves no trace of its own, if what it takes is given back; `polls` is what its task is polled by.
pub(super) fn is_harmless(step: &Step, polls: Option<ObjectId>) -> bool {
    use Kind::{IsFinished, Load, Lock, OnceCheck, Pending, Poll, Read, ReadUnlock, Unlock, Write, WriteUnlock, Yield};
    let Step { op, effect, kept, .. } = step;
    let leaves = *kept
        || *effect == Effect::Refused
        || matches!(op.kind, Kind::TryLock | Kind::TryRead | Kind::TryWrite | Kind::StartWrite)
        || matches!(op.kind, Yield | Load(_) | IsFinished(_) | OnceCheck | Lock | Unlock)
        || matches!(op.kind, Read | ReadUnlock | Write | WriteUnlock | Poll { .. } | Pending { .. })
        || is_own_wake(op, polls);
    leaves && (!op.progress || op.idle)
}

/// Whether a task sees to it that it is polled again.
fn is_own_wake(op: &Op, polls: Option<ObjectId>) -> bool {
    op.kind == Kind::WakeTask && op.object.is_some() && op.object == polls
}

fn is_retry(event: &Event) -> bool {
    // Who has looked in vain and is going to wait for it does not try again.
    let retries = |(op, effect): &(Op, Effect)| {
        let refused = *effect == Effect::Refused && !op.kind.looks_before_it_waits();
        op.kind.yields() || refused || is_own_wake(op, event.polls)
    };
    event.acts.iter().any(retries)
}

/// What an operation takes, or gives back.
fn takes((op, effect): &(Op, Effect)) -> Option<(ObjectId, isize)> {
    let change = match op.kind {
        Kind::Lock | Kind::Read | Kind::Write | Kind::Poll { turn: Some(_) } => 1,
        Kind::TryLock | Kind::TryRead | Kind::TryWrite | Kind::StartWrite if *effect == Effect::Done => 1,
        Kind::Unlock | Kind::ReadUnlock | Kind::WriteUnlock | Kind::Pending { turn: Some(_) } => -1,
        _ => return None,
    };
    let object = if matches!(op.kind, Kind::Poll { .. } | Kind::Pending { .. }) { op.kind.mutex() } else { op.object };
    Some((object?, change))
}

/// What is taken and not given back.
#[derive(Default)]
struct Held(SmallVec<[(u32, ObjectId, isize); 4]>);

impl Held {
    /// Adds what a task did; false if it has given back what it did not take.
    fn add(&mut self, event: &Event) -> bool {
        event.acts.iter().filter_map(takes).all(|(object, change)| {
            let task = event.deed.task;
            let known = self.0.iter().position(|(by, what, _)| (*by, *what) == (task, object));
            let at = known.unwrap_or_else(|| {
                self.0.push((task, object, 0));
                self.0.len() - 1
            });
            self.0[at].2 += change;
            self.0[at].2 >= 0
        })
    }

    fn is_nothing(&self) -> bool {
        self.0.iter().all(|(_, _, count)| *count == 0)
    }
}

/// Whether all that is taken in a round, whose last event comes first, is given back, and nothing else is.
fn is_balanced(round: &[&Event]) -> bool {
    let mut held = Held::default();
    round.iter().rev().all(|event| held.add(event)) && held.is_nothing()
}

impl Events {
    /// Where the round began that `event`, which is the next of its task, would begin again: nothing came of it.
    fn round(&self, event: &Event) -> Option<usize> {
        let mut round: SmallVec<[&Event; 8]> = SmallVec::new();
        let own = self.all.iter().enumerate().rev().filter(|(_, other)| other.deed.task == event.deed.task);
        for (index, other) in own.take(ROUND_MAX) {
            if round.is_empty() && !is_retry(other) {
                return None;
            }
            if !other.harmless {
                return None;
            }
            round.push(other);
            let same = other.op.place() == event.op.place() && other.object == event.object;
            if same && is_balanced(&round) {
                return Some(index);
            }
        }
        None
    }

    /// What the round that began there looks at.
    pub(super) fn round_touches(&self, from: usize, task: u32) -> Vec<Touch> {
        let own = self.all[from..].iter().filter(|event| event.deed.task == task);
        own.flat_map(|event| event.deed.touches().iter().map(Touch::looking)).collect()
    }

    /// Whether these events changed what a task's round, begun there, looks at. What others have taken, and given back as it
    /// was, is no change if it was in a round that they go on to repeat, as those of `repeating` do, each from there.
    pub(super) fn changes_round(
        &self,
        from: usize,
        task: u32,
        repeating: &[(u32, usize)],
        mut among: impl Iterator<Item = usize>,
    ) -> bool {
        let looks = self.round_touches(from, task);
        let mut held = Held::default();
        let changes = |index: usize| {
            let event = &self.all[index];
            let relevant = index > from && event.deed.task != task && dependent(event.deed.touches(), &looks);
            relevant && !(event.harmless && self.is_repeated(index, repeating) && held.add(event))
        };
        among.any(changes) || !held.is_nothing()
    }

    /// Whether an event is of a round that its task repeats.
    fn is_repeated(&self, index: usize, repeating: &[(u32, usize)]) -> bool {
        let task = self.all[index].deed.task;
        let begins = |event: &Event| event.deed.task == task && event.round.is_some_and(|from| from <= index);
        repeating.iter().any(|(other, from)| *other == task && *from <= index)
            || self.all[index + 1..].iter().any(begins)
    }

    /// Where the round began that `event` is part of, though nobody can do anything that comes to something.
    pub(super) fn vain_round(&self, event: &Event, all_spin: bool) -> Option<usize> {
        if all_spin {
            return event.round;
        }
        let last = self.all.iter().rev().find(|other| other.deed.task == event.deed.task)?;
        let from = last.vain.filter(|_| event.round.is_none() && last.tick == event.tick)?;
        let same = |other: &Event| name(other) == name(event);
        self.all[from..].iter().any(same).then_some(from)
    }

    /// Whether an event is of a round that came to nothing while nobody could do better: it is in nobody's way.
    pub(super) fn is_vain(&self, event: usize) -> bool {
        self.all[event].vain.is_some() && self.all[event].harmless
    }
}

impl Loops {
    /// Those of the tasks that can go on whose going on would come to anything.
    pub(super) fn going(&mut self, x: &Execution, events: &Events, tasks: &Tasks, enabled: &[TaskId]) -> Going {
        let nexts: SmallVec<[Event; 8]> =
            enabled.iter().map(|task| Events::next(x, *task, tasks.number(*task))).collect();
        let repeats = |next: &Event| Some((next.deed.task, self.round(events, next)?));
        let repeating: SmallVec<[(u32, usize); 8]> = nexts.iter().filter_map(repeats).collect();
        nexts.iter().filter(|next| !self.spins(events, next, &repeating)).map(|next| next.task).collect()
    }

    /// Where the round began that `event` would begin again, if the loop is known to go round for ever.
    pub(super) fn round(&self, events: &Events, event: &Event) -> Option<usize> {
        events.round(event).filter(|_| self.endless.get(&name(event)) == Some(&true))
    }

    /// Whether the event begins a round that would be like the last. A loop that is not known goes to the test.
    fn spins(&mut self, events: &Events, event: &Event, repeating: &[(u32, usize)]) -> bool {
        let Some(from) = events.round(event) else { return false };
        let task = event.deed.task;
        if event.reads_clock && events.all[from].tick != event.tick {
            return false;
        }
        if events.changes_round(from, task, repeating, from + 1..events.all.len()) {
            return false;
        }
        let which = name(event);
        if let Some(&endless) = self.endless.get(&which) {
            let writes = |event: &Event| event.deed.task == task && event.acts.iter().any(|(op, _)| op.progress);
            self.by_bytes |= endless && events.all[from..].iter().any(writes);
            return endless;
        }
        let length = events.all[from..].iter().filter(|other| other.deed.task == task).count();
        self.trial.get_or_insert(Trial { which, task: event.task, length, left: length * ROUNDS });
        false
    }

    /// Who has to go on for the loop that is put to the test; none when that is over.
    pub(super) fn next(&mut self, x: &Execution, events: &Events, enabled: &[TaskId]) -> Option<TaskId> {
        let trial = self.trial.as_mut()?;
        let own: SmallVec<[&Event; 16]> =
            events.all.iter().rev().filter(|event| event.task == trial.task).take(trial.length).collect();
        let begins = own.last().is_some_and(|first| {
            let op = x.tasks[trial.task.index()].pending;
            op.is_some_and(|op| trial.left % trial.length != 0 || op.place() == first.op.place())
        });
        let goes_on = begins && enabled.contains(&trial.task);
        if goes_on && trial.left > 0 {
            trial.left -= 1;
            return Some(trial.task);
        }
        self.endless.insert(trial.which, goes_on);
        None
    }
}

impl Loops {
    /// Whether the execution was cut short to learn about a loop: it goes once more knowing it. A loop that has come to its
    /// end ends.
    pub(super) fn ends_trial(&mut self) -> bool {
        self.trial.take().map(|trial| self.endless.entry(trial.which).or_insert(false)).is_some()
    }
}

/// The loop's things are looked at by whoever begins another round.
pub(super) fn look_again(deed: &mut Deed, looks: Vec<Touch>) {
    for touch in looks {
        if touch.thing != Thing::Everything && !deed.touches().iter().any(|known| known.thing == touch.thing) {
            deed.touch(touch);
        }
    }
}

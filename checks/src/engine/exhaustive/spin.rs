//! Loops that wait by trying again.
//!
//! A task that has tried in vain and is about to try the same again, though nothing that it looked at has changed, would
//! find the same once more, and there would be no end of traces. It waits until something changes, as by a blocking
//! operation (await loops: Abdulla, Atig, Jonsson, Kokologiannakis and others, "Optimal stateless model checking for
//! await loops", 2023). A loop may count its rounds, and then that would hide how it ends; so each loop is put to the
//! test when it is first met: it has to go round twenty times over, alone.

use super::event::{Deed, Event, Events};
use crate::execution::{Effect, Execution, Kind, ObjectId, ROUNDS, TaskId, Thing, Touch, dependent};
use smallvec::SmallVec;
use std::collections::HashMap;

/// Events of a task among which the beginning of a round is looked for.
const ROUND_MAX: usize = 64;

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
}

/// Whether an operation leaves no trace of its own, if what it takes is given back.
fn is_harmless(kind: Kind, effect: Effect) -> bool {
    use Kind::{IsFinished, Load, Lock, OnceCheck, Read, ReadUnlock, Unlock, Write, WriteUnlock, Yield};
    effect == Effect::Refused
        || matches!(kind, Kind::TryLock | Kind::TryRead | Kind::TryWrite)
        || matches!(kind, Yield | Load(_) | IsFinished(_) | OnceCheck | Lock | Unlock)
        || matches!(kind, Read | ReadUnlock | Write | WriteUnlock)
}

fn is_retry(event: &Event) -> bool {
    event.acts.iter().any(|(op, effect)| op.kind.yields() || *effect == Effect::Refused)
}

/// Whether all that is taken in a round is given back.
fn is_balanced(round: &[&Event]) -> bool {
    let mut held: SmallVec<[(ObjectId, isize); 4]> = SmallVec::new();
    for (op, effect) in round.iter().flat_map(|event| &event.acts) {
        let change = match op.kind {
            Kind::Lock | Kind::Read | Kind::Write => 1,
            Kind::TryLock | Kind::TryRead | Kind::TryWrite if *effect == Effect::Done => 1,
            Kind::Unlock | Kind::ReadUnlock | Kind::WriteUnlock => -1,
            _ => continue,
        };
        let Some(object) = op.object else { continue };
        match held.iter_mut().find(|(known, _)| *known == object) {
            Some((_, count)) => *count += change,
            None => held.push((object, change)),
        }
    }
    held.iter().all(|(_, count)| *count == 0)
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
            let harmless =
                |(op, effect): &(crate::execution::Op, Effect)| !op.progress && is_harmless(op.kind, *effect);
            if !other.acts.iter().all(harmless) {
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

    /// Whether one of these events changed what a task's round, begun there, looks at.
    pub(super) fn changes_round(&self, from: usize, task: u32, mut among: impl Iterator<Item = usize>) -> bool {
        let looks = self.round_touches(from, task);
        let changes = |deed: &Deed| deed.task != task && dependent(deed.touches(), &looks);
        among.any(|index| index > from && changes(&self.all[index].deed))
    }
}

impl Loops {
    /// Where the round began that `event` would begin again, if the loop is known to go round for ever.
    pub(super) fn round(&self, events: &Events, event: &Event) -> Option<usize> {
        events.round(event).filter(|_| self.endless.get(&name(event)) == Some(&true))
    }

    /// Whether the event begins a round that would be like the last. A loop that is not known goes to the test.
    pub(super) fn spins(&mut self, events: &Events, event: &Event) -> bool {
        let Some(from) = events.round(event) else { return false };
        let task = event.deed.task;
        if events.changes_round(from, task, from + 1..events.all.len()) {
            return false;
        }
        let which = name(event);
        if let Some(endless) = self.endless.get(&which) {
            return *endless;
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

/// The loop's things are looked at by whoever begins another round.
pub(super) fn look_again(deed: &mut Deed, looks: Vec<Touch>) {
    for touch in looks {
        if touch.thing != Thing::Everything && !deed.touches().iter().any(|known| known.thing == touch.thing) {
            deed.touch(touch);
        }
    }
}

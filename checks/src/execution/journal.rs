//! What each step touched, and a hash of the past that does not depend on the order of independent steps.
//!
//! Two steps are *dependent* if they are one task's, or touch the same thing and one of them changes it. Executions
//! that differ in the order of independent steps only are one *trace* (Mazurkiewicz 1977) and lead to one state, so
//! a search may stop at a past that it has seen. Kept where a schedule is studied; a search for bugs does not pay.

use super::{Effect, Execution, Kind, Op, TaskId};
use smallvec::SmallVec;
use std::collections::HashMap;

/// Something that steps can be dependent by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Thing {
    Object(u32),
    /// A task's life: its start, its end, its token.
    Task(u16),
    /// How many timeouts and spurious wakeups are left.
    Allowance,
}

/// What a step does to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Touch {
    pub(crate) thing: Thing,
    pub(crate) changes: bool,
    /// It gives back or hands on what others may be waiting for: they could not have gone first.
    pub(crate) gives: bool,
}

impl Touch {
    fn new(thing: Thing, changes: bool) -> Self {
        Touch { thing, changes, gives: false }
    }

    fn giving(thing: Thing) -> Self {
        Touch { thing, changes: true, gives: true }
    }
}

pub(crate) type Touches = SmallVec<[Touch; 2]>;

/// What `op` touches, if it goes as `effect` says.
fn touches(task: TaskId, op: &Op, effect: Effect) -> Touches {
    let mut touches: Touches = SmallVec::new();
    let life = |task: TaskId| Thing::Task(task.0);
    if let Some(object) = op.object {
        let looks = matches!(op.kind, Kind::Load(_) | Kind::Read | Kind::TryRead | Kind::ReadUnlock | Kind::OnceCheck);
        let changes = !(looks || effect == Effect::Refused);
        touches.push(Touch { thing: Thing::Object(object.0), changes, gives: op.kind.gives() });
    }
    match op.kind {
        Kind::Wait { mutex } => touches.push(Touch::giving(Thing::Object(mutex.0))),
        Kind::Wake { mutex } => touches.push(Touch::new(Thing::Object(mutex.0), true)),
        Kind::Start | Kind::Park => touches.push(Touch::new(life(task), true)),
        Kind::Join(other) | Kind::IsFinished(other) => touches.push(Touch::new(life(other), false)),
        Kind::Unpark(other) => touches.push(Touch::giving(life(other))),
        _ => {}
    }
    if matches!(effect, Effect::TimedOut | Effect::Spurious) {
        touches.push(Touch::new(Thing::Allowance, true));
    }
    touches
}

/// A step of an execution.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) task: TaskId,
    pub(crate) touches: Touches,
    /// It can't happen before what it waits for has been given.
    pub(crate) waits: bool,
}

/// What a task was about to do when the execution ended.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) task: TaskId,
    pub(crate) touches: Touches,
    /// What it waited for was not there.
    pub(crate) waits: bool,
}

/// An execution's steps, and the hash of its past.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    pub(crate) steps: Vec<Step>,
    /// Each task's last step.
    last: Vec<u64>,
    /// The last step that changed each thing. Who looked at it since is known by which change that was.
    things: HashMap<Thing, u64>,
    total: u64,
}

impl Journal {
    /// Forgets everything but its memory.
    pub(crate) fn clear(&mut self) {
        self.steps.clear();
        self.last.clear();
        self.things.clear();
        self.total = 0;
    }

    pub(crate) fn stepped(&mut self, task: TaskId, op: &Op, effect: Effect, child: TaskId) {
        let mut touches = touches(task, op, effect);
        if op.kind == Kind::Spawn {
            touches.push(Touch::giving(Thing::Task(child.0)));
        }
        self.add(task, u64::from(op.signature()) << 3 | effect as u64, &touches);
        let waits = (op.kind.may_wait() && effect != Effect::TimedOut) || op.kind == Kind::Start;
        self.steps.push(Step { task, touches, waits });
    }

    pub(crate) fn finished(&mut self, task: TaskId) {
        let end = Touch::giving(Thing::Task(task.0));
        self.add(task, 1, &[end]);
        // A task's end is no step of its own: it comes with its last one.
        if let Some(last) = self.steps.iter_mut().rev().find(|step| step.task == task) {
            last.touches.push(end);
        }
    }

    pub(crate) fn answered(&mut self, task: TaskId, answer: usize) {
        self.add(task, (answer as u64) << 1 | 2, &[]);
    }

    fn add(&mut self, task: TaskId, what: u64, touches: &[Touch]) {
        if self.last.len() <= task.index() {
            self.last.resize(task.index() + 1, 0);
        }
        let mut hash = mix(self.last[task.index()] ^ (task.index() as u64 + 1), what);
        for touch in touches {
            hash = mix(hash, self.things.get(&touch.thing).copied().unwrap_or(0));
        }
        for touch in touches.iter().filter(|touch| touch.changes) {
            self.things.insert(touch.thing, hash);
        }
        self.last[task.index()] = hash;
        // A sum, so that the order of independent steps leaves no mark.
        self.total = self.total.wrapping_add(hash);
    }

    /// A number that is equal for pasts that lead to the same state.
    pub(crate) fn past(&self) -> u64 {
        self.total
    }
}

/// Two numbers into one (the finalizer of `SplitMix64`).
fn mix(one: u64, two: u64) -> u64 {
    let mut z = one.rotate_left(25) ^ two.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Execution {
    /// What each task that has begun was about to do.
    pub(crate) fn left_to_do(&self) -> Vec<Pending> {
        let pending = |task: TaskId| {
            let entry = &self.tasks[task.index()];
            let op = entry.pending.filter(|op| op.kind != Kind::Start)?;
            Some(Pending {
                task,
                touches: touches(task, &op, Effect::Done),
                waits: entry.may_wait && !self.ready(task, &op),
            })
        };
        self.task_ids().filter_map(pending).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(steps: &[(u16, u32, bool)]) -> u64 {
        let mut journal = Journal::default();
        for (task, object, changes) in steps {
            let touch = Touch::new(Thing::Object(*object), *changes);
            journal.add(TaskId(*task), u64::from(*object), &[touch]);
        }
        journal.past()
    }

    #[test]
    fn independent_steps_commute_and_dependent_ones_do_not() {
        let (one, two) = ((0, 7, true), (1, 8, true));
        assert_eq!(past(&[one, two]), past(&[two, one]), "different objects");
        let (one, two) = ((0, 7, false), (1, 7, false));
        assert_eq!(past(&[one, two]), past(&[two, one]), "two reads");
        let (read, write) = ((0, 7, false), (1, 7, true));
        assert_ne!(past(&[read, write]), past(&[write, read]), "a read and a write");
        let (one, two) = ((0, 7, true), (1, 7, true));
        assert_ne!(past(&[one, two]), past(&[two, one]), "two writes");
    }
}

//! What each step of an execution touched, and a hash of the past that does not depend on the order of independent steps.
//!
//! Executions that differ in the order of independent steps only are one *trace* and lead to one state, so a search may
//! stop at a past that it has seen. Kept where a schedule is studied and where every trace is searched; a search by
//! drawing does not pay.

use super::touch::{Before, How, Thing, Touch, Touches};
use super::{Effect, Execution, Kind, Op, TaskId};
use std::collections::HashMap;

/// A step of an execution.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) task: TaskId,
    pub(crate) op: Op,
    pub(crate) effect: Effect,
    pub(crate) touches: Touches,
    /// It can't happen before what it waits for has been given.
    pub(crate) waits: bool,
    /// It wrote to an atomic what was there.
    pub(crate) kept: bool,
}

/// What a task was about to do when the execution ended.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) task: TaskId,
    pub(crate) touches: Touches,
    /// What it waited for was not there.
    pub(crate) waits: bool,
    /// See [`Op::parks`].
    pub(crate) parks: bool,
}

/// What has become of a thing.
#[derive(Clone, Copy, Debug, Default)]
struct Story {
    /// The last step that changed it. Who looked at it since is known by which change that was.
    changed: u64,
    /// The steps since that added to it: a sum, so that their order leaves no mark.
    added: u64,
}

impl Story {
    fn hash(self) -> u64 {
        self.changed ^ self.added.rotate_left(17)
    }
}

/// An execution's steps, and the hash of its past.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    pub(crate) steps: Vec<Step>,
    /// Each task's last step.
    last: Vec<u64>,
    things: HashMap<Thing, Story>,
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

    /// `task`, of this identity, has done `op`.
    pub(crate) fn stepped(&mut self, task: TaskId, identity: u64, op: &Op, effect: Effect, touches: Touches) {
        self.add(task, identity, op.place() << 3 | effect as u64, &touches);
        let waits = (op.kind.may_wait() && effect != Effect::TimedOut) || op.kind == Kind::Start;
        self.steps.push(Step { task, op: *op, effect, touches, waits, kept: false });
    }

    /// `task`, of this identity, has ended, and looks whether these have.
    pub(crate) fn finished(&mut self, task: TaskId, identity: u64, others: impl Iterator<Item = u64>) {
        let mut end: Touches = others.map(|other| Touch::new(Thing::Life(other), How::Looks)).collect();
        end.push(Touch::giving(Thing::Life(identity), How::Changes));
        self.add(task, identity, 1, &end);
        // A task's end is no step of its own: it comes with its last one.
        if let Some(last) = self.steps.iter_mut().rev().find(|step| step.task == task) {
            last.touches.extend(end);
        }
    }

    pub(crate) fn answered(&mut self, task: TaskId, identity: u64, answer: usize) {
        self.add(task, identity, (answer as u64) << 2 | 2, &[]);
    }

    fn add(&mut self, task: TaskId, identity: u64, what: u64, touches: &[Touch]) {
        if self.last.len() <= task.index() {
            self.last.resize(task.index() + 1, 0);
        }
        let mut hash = mix(self.last[task.index()] ^ identity, what);
        for Touch { thing, how, .. } in touches {
            let story = self.things.get(thing).copied().unwrap_or_default();
            hash = match how {
                _ if *thing == Thing::Everything => mix(hash, self.total),
                How::Adds => mix(hash, story.changed),
                How::Looks | How::Changes => mix(hash, story.hash()),
            };
        }
        for Touch { thing, how, .. } in touches {
            match how {
                How::Looks => {}
                How::Adds => {
                    let story = self.things.entry(*thing).or_default();
                    story.added = story.added.wrapping_add(hash);
                }
                How::Changes => _ = self.things.insert(*thing, Story { changed: hash, added: 0 }),
            }
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
pub(crate) fn mix(one: u64, two: u64) -> u64 {
    let mut z = one.rotate_left(25) ^ two.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Execution {
    /// Notes that `task` has done `op`.
    pub(super) fn keep(&mut self, task: TaskId, op: &Op, effect: Effect, before: Before) {
        let mut touches = self.touches(task, op, effect, before);
        if let (Kind::Spawn, Some(child)) = (op.kind, self.tasks.last()) {
            touches.push(Touch::giving(Thing::Life(child.identity), How::Changes));
        }
        let identity = self.tasks[task.index()].identity;
        let kept = op.object.is_some_and(|object| before.is_kept_by(&self.objects[object.index()].state));
        if let Some(journal) = &mut self.journal {
            journal.stepped(task, identity, op, effect, touches);
            if let Some(step) = journal.steps.last_mut() {
                step.kept = kept;
            }
        }
    }

    /// What each task that has begun was about to do.
    pub(crate) fn left_to_do(&self) -> Vec<Pending> {
        let pending = |task: TaskId| {
            let entry = &self.tasks[task.index()];
            let op = entry.pending.filter(|op| op.kind != Kind::Start)?;
            // It has not been done, so nothing says that it would have changed nothing.
            let before = self.before(task, &op).changing();
            Some(Pending {
                task,
                touches: self.touches(task, &op, Effect::Done, before),
                waits: entry.may_wait && !self.ready(task, &op),
                parks: op.parks,
            })
        };
        self.task_ids().filter_map(pending).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(steps: &[(u16, u64, How)]) -> u64 {
        let mut journal = Journal::default();
        for (task, object, how) in steps {
            let touch = Touch::new(Thing::Object(*object), *how);
            journal.add(TaskId(*task), u64::from(*task), *object, &[touch]);
        }
        journal.past()
    }

    #[test]
    fn independent_steps_commute_and_dependent_ones_do_not() {
        use How::{Adds, Changes, Looks};
        let (one, two) = ((0, 7, Changes), (1, 8, Changes));
        assert_eq!(past(&[one, two]), past(&[two, one]), "different objects");
        for (first, second, commute) in [
            (Looks, Looks, true),
            (Adds, Adds, true),
            (Looks, Adds, false),
            (Looks, Changes, false),
            (Adds, Changes, false),
            (Changes, Changes, false),
        ] {
            let (one, two) = ((0, 7, first), (1, 7, second));
            assert_eq!(past(&[one, two]) == past(&[two, one]), commute, "{first:?} and {second:?}");
            let touch = |how| Touch::new(Thing::Object(7), how);
            assert_eq!(!touch(first).conflicts(&touch(second)), commute, "{first:?} and {second:?}");
        }
    }
}

//! Selectively uniform random walk (Zhao, Wolff, Mathur, Roychoudhury, ASPLOS 2025).
//!
//! The operations on one object, or on all objects of one place, are *interesting* in an execution, and all their orders
//! are drawn alike: the task to do the next one is drawn by how many each has left. A task that comes to an interesting
//! operation waits until it is drawn; everything else goes on at random. What is left is known from executions before:
//! tasks and objects have identities that are equal in all of them.

use super::{Sampler, changes, gives_back, objects, pending, place, yields};
use crate::execution::{Execution, Kind, ObjectId, Op, Random, TaskId, TaskState};
use smallvec::SmallVec;
use std::collections::HashMap;

/// Steps while somebody waits for an interesting one, and without any in between, after which the rest of the execution is
/// drawn like a random walk: those who run may be waiting for those who wait, in a loop.
const PATIENCE: usize = 500;

/// Counts by task, in order of becoming known.
type Counts = Vec<u32>;

/// An object that some execution had.
#[derive(Debug)]
struct Known {
    /// Where it was created.
    class: u64,
    /// Some operation changed it.
    changed: bool,
    /// Operations that each task is expected to do on it.
    expected: Counts,
    /// Operations that each task has done on it in this execution.
    done: Counts,
    /// They are interesting in this execution.
    interesting: bool,
}

/// The sampler, with what it has learned.
#[derive(Debug, Default)]
pub(crate) struct Surw {
    /// Tasks by identity, and whose child each is: a parent comes before its children.
    tasks: HashMap<u64, usize>,
    parents: Vec<Option<usize>>,
    objects: HashMap<u64, usize>,
    known: Vec<Known>,
    /// Objects that several tasks use, by where they were created.
    classes: Vec<Vec<usize>>,
    run: Run,
}

/// What belongs to one execution.
#[derive(Debug, Default)]
struct Run {
    /// Interesting operations that each task and its descendants are expected to do.
    subtrees: Counts,
    /// By task of the execution: its place in `tasks`, and what it and those it has yet to spawn have left.
    tasks: Vec<(usize, u32)>,
    /// By object of the execution: its place in `known`.
    objects: Vec<Option<usize>>,
    /// Who does the next interesting operation.
    intended: Option<TaskId>,
    /// Who has just gone on to spawn.
    spawner: Option<TaskId>,
    /// Steps since the last interesting one while somebody waited.
    idle: usize,
    given_up: bool,
}

fn count(counts: &mut Counts, task: usize) -> &mut u32 {
    if counts.len() <= task {
        counts.resize(task + 1, 0);
    }
    &mut counts[task]
}

impl Surw {
    /// Draws whose operations are interesting.
    fn select(&mut self, random: &mut Random) {
        for known in &mut self.known {
            known.interesting = false;
        }
        if self.classes.is_empty() {
            return;
        }
        let class = &self.classes[random.below(self.classes.len())];
        let one = (class.len() == 1 || random.below(2) == 0).then(|| class[random.below(class.len())]);
        for &object in class {
            self.known[object].interesting = one.is_none_or(|one| one == object);
        }
    }

    /// What each task and its descendants are expected to do of what is interesting.
    fn expect(&mut self) {
        let subtrees = &mut self.run.subtrees;
        subtrees.clear();
        subtrees.resize(self.parents.len(), 0);
        for known in self.known.iter().filter(|known| known.interesting) {
            for (sum, expected) in subtrees.iter_mut().zip(&known.expected) {
                *sum += expected;
            }
        }
        for (child, parent) in self.parents.iter().enumerate().rev() {
            if let Some(parent) = parent {
                subtrees[*parent] += subtrees[child];
            }
        }
    }

    /// Takes up tasks that have been spawned, and what they do from their parent.
    fn meet(&mut self, x: &Execution, random: &mut Random) {
        let spawner = self.run.spawner.take();
        for task in x.task_ids().skip(self.run.tasks.len()) {
            let parent = spawner.map(|spawner| self.run.tasks[spawner.index()].0);
            let known = *self.tasks.entry(x.tasks[task.index()].identity).or_insert_with(|| {
                self.parents.push(parent);
                self.parents.len() - 1
            });
            let left = self.run.subtrees.get(known).copied().unwrap_or(0);
            self.run.tasks.push((known, left));
            let Some(spawner) = spawner else { continue };
            let before = &mut self.run.tasks[spawner.index()].1;
            let drawn = self.run.intended == Some(spawner) && random.below(*before as usize) < left as usize;
            *before = before.saturating_sub(left);
            if drawn {
                self.run.intended = Some(task);
            }
        }
    }

    fn object(&mut self, x: &Execution, object: ObjectId) -> usize {
        let slot = object.index();
        if self.run.objects.len() <= slot {
            self.run.objects.resize(slot + 1, None);
        }
        *self.run.objects[slot].get_or_insert_with(|| {
            let object = &x.objects[slot];
            *self.objects.entry(object.identity).or_insert_with(|| {
                let class = place(object.site);
                let (expected, done) = (Counts::new(), Counts::new());
                self.known.push(Known { class, changed: false, expected, done, interesting: false });
                self.known.len() - 1
            })
        })
    }

    /// Whether `op` is one of those whose orders are drawn alike. Giving a lock back is not: nobody could go first.
    fn is_interesting(&mut self, x: &Execution, op: &Op) -> bool {
        !gives_back(op)
            && objects(op).any(|object| {
                let object = self.object(x, object);
                self.known[object].interesting
            })
    }

    /// Draws one of `tasks` by what each has left; `waiting` ones have at least one operation.
    fn draw(&self, tasks: impl Iterator<Item = (TaskId, bool)>, random: &mut Random) -> Option<TaskId> {
        let weigh =
            |(task, waits): (TaskId, bool)| (task, self.run.tasks[task.index()].1.max(u32::from(waits)) as usize);
        let weighed: SmallVec<[(TaskId, usize); 16]> = tasks.map(weigh).collect();
        let total = weighed.iter().map(|(_, weight)| weight).sum();
        let mut left = if total > 0 { random.below(total) } else { return None };
        for (task, weight) in weighed {
            match left.checked_sub(weight) {
                Some(rest) => left = rest,
                None => return Some(task),
            }
        }
        None
    }

    /// Draws who does the next interesting operation, unless that is settled.
    fn intend(&mut self, x: &Execution, waiting: &[TaskId], random: &mut Random) {
        let alive = |task: &TaskId| x.tasks[task.index()].state != TaskState::Finished;
        let has_some = |task: &TaskId| waiting.contains(task) || self.run.tasks[task.index()].1 > 0;
        self.run.intended = self.run.intended.filter(|task| alive(task) && has_some(task));
        if self.run.intended.is_none() {
            let tasks = x.task_ids().filter(alive).map(|task| (task, waiting.contains(&task)));
            self.run.intended = self.draw(tasks, random);
        }
    }

    fn pick(&mut self, x: &Execution, enabled: &[TaskId], random: &mut Random) -> TaskId {
        let mut waiting: SmallVec<[TaskId; 16]> = SmallVec::new();
        let mut able: SmallVec<[TaskId; 16]> = SmallVec::new();
        for &task in enabled {
            let waits = pending(x, task).copied().is_some_and(|op| self.is_interesting(x, &op));
            if waits { waiting.push(task) } else { able.push(task) }
        }
        if waiting.is_empty() {
            return able[random.below(able.len())];
        }
        self.intend(x, &waiting, random);
        able.extend(self.run.intended.filter(|task| waiting.contains(task)));
        self.run.idle += 1;
        self.run.given_up |= self.run.idle > PATIENCE;
        if self.run.given_up {
            return enabled[random.below(enabled.len())];
        }
        if !able.iter().all(|task| yields(x, *task)) {
            return able[random.below(able.len())];
        }
        // Nobody gets anywhere but those who wait.
        let tasks = waiting.iter().map(|task| (*task, true)).chain(able.into_iter().map(|task| (task, false)));
        self.draw(tasks, random).unwrap_or(waiting[0])
    }

    /// Notes that `task` goes on with what it is about to do.
    fn note(&mut self, x: &Execution, task: TaskId) {
        let Some(op) = pending(x, task).copied() else { return };
        self.run.spawner = (op.kind == Kind::Spawn).then_some(task);
        let known = self.run.tasks[task.index()].0;
        for object in objects(&op).filter(|_| !gives_back(&op)) {
            let object = self.object(x, object);
            self.known[object].changed |= changes(&op);
            *count(&mut self.known[object].done, known) += 1;
        }
        if self.is_interesting(x, &op) {
            let left = &mut self.run.tasks[task.index()].1;
            *left = left.saturating_sub(1);
            (self.run.intended, self.run.idle) = (None, 0);
        }
    }
}

impl Sampler for Surw {
    fn begin(&mut self, random: &mut Random) {
        self.select(random);
        self.expect();
        let Run { tasks, objects, .. } = &mut self.run;
        tasks.clear();
        objects.clear();
        (self.run.intended, self.run.spawner, self.run.idle, self.run.given_up) = (None, None, 0, false);
    }

    fn choose(&mut self, x: &Execution, enabled: &[TaskId], random: &mut Random) -> TaskId {
        self.meet(x, random);
        let chosen = self.pick(x, enabled, random);
        self.note(x, chosen);
        chosen
    }

    /// Estimates rise at once to what was seen, and sink by a quarter of what they were too high.
    fn end(&mut self, _: &Execution) {
        for object in &mut self.known {
            for (task, done) in object.done.iter_mut().enumerate() {
                let expected = count(&mut object.expected, task);
                *expected = (*done).max(*expected - expected.saturating_sub(*done) / 4);
                *done = 0;
            }
        }
        let shared = |known: &Known| known.changed && known.expected.iter().filter(|count| **count > 0).count() > 1;
        self.classes.clear();
        let mut places: HashMap<u64, usize> = HashMap::new();
        for (object, known) in self.known.iter().enumerate().filter(|(_, known)| shared(known)) {
            let class = *places.entry(known.class).or_insert(self.classes.len());
            if class == self.classes.len() {
                self.classes.push(Vec::new());
            }
            self.classes[class].push(object);
        }
    }
}

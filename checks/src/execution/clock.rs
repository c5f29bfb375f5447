//! Happens-before by vector clocks, for engines that run one sequentially consistent interleaving.
//!
//! Edges are those of C11: release stores and acquire loads (with release sequences and fences), locks,
//! channels, spawning and joining. Memory orders count, so a `Relaxed` flag publishes nothing. There is an
//! edge only between steps that are dependent, so that a race shows in every order of independent ones: a message has a
//! clock of its own, and readers of a lock order nobody but its writers. A semaphore has one clock for all its permits: an
//! edge too many, never one too few.
//! (Mattern 1989; the treatment of atomics follows `ThreadSanitizer`'s.)
//!
//! The clocks start with the first `RaceCell`: an edge from before a cell exists orders none of its accesses.

use super::{ObjectId, Site, TaskId};
use std::collections::HashMap;
use std::sync::atomic::Ordering;

/// What the readers of a lock hand to its writers.
pub(super) const READERS: u64 = u64::MAX;
/// What the receiver of a message hands to its sender: this and the message's number.
pub(super) const TAKEN: u64 = 1 << 63;

/// How many steps of each task happen before now.
#[derive(Clone, Debug, Default)]
struct Clock(Vec<u32>);

impl Clock {
    fn at(&self, task: TaskId) -> u32 {
        self.0.get(task.index()).copied().unwrap_or(0)
    }

    fn join(&mut self, other: &Clock) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = (*mine).max(*theirs);
        }
    }

    fn tick(&mut self, task: TaskId) {
        if self.0.len() <= task.index() {
            self.0.resize(task.index() + 1, 0);
        }
        self.0[task.index()] += 1;
    }
}

#[derive(Debug, Default)]
struct TaskClocks {
    now: Clock,
    /// What relaxed loads have read, for the next acquire fence.
    unfenced: Clock,
    /// What the last release fence published, for the next relaxed store.
    fenced: Clock,
    /// What the unparks before its next park published.
    token: Clock,
}

/// One access to a plain variable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) task: TaskId,
    pub(crate) write: bool,
    pub(crate) site: Site,
    at: u32,
}

/// The clocks of an execution.
#[derive(Debug, Default)]
pub(crate) struct Clocks {
    tasks: Vec<TaskClocks>,
    objects: Vec<Clock>,
    /// What is handed on by itself: a message, a barrier's generation, the readers of a lock.
    handed: HashMap<(ObjectId, u64), Clock>,
    seq_cst: Clock,
    /// Per object, the last read and the last write of each task.
    accesses: Vec<Vec<Access>>,
}

impl Clocks {
    pub(crate) fn new(tasks: usize) -> Self {
        let mut clocks = Clocks::default();
        for task in 0..tasks {
            clocks.task(TaskId::from_index(task)).now.tick(TaskId::from_index(task));
        }
        clocks
    }

    /// Notes a step of its own, and gives what happens before it.
    pub(super) fn count(&mut self, task: TaskId) -> Vec<u32> {
        let now = &mut self.task(task).now;
        now.tick(task);
        now.0.clone()
    }

    fn task(&mut self, task: TaskId) -> &mut TaskClocks {
        if self.tasks.len() <= task.index() {
            self.tasks.resize_with(task.index() + 1, TaskClocks::default);
        }
        &mut self.tasks[task.index()]
    }

    fn object(&mut self, object: ObjectId) -> &mut Clock {
        if self.objects.len() <= object.index() {
            self.objects.resize_with(object.index() + 1, Clock::default);
        }
        &mut self.objects[object.index()]
    }

    pub(crate) fn acquire(&mut self, task: TaskId, object: ObjectId) {
        let clock = std::mem::take(self.object(object));
        self.task(task).now.join(&clock);
        *self.object(object) = clock;
    }

    pub(crate) fn release(&mut self, task: TaskId, object: ObjectId) {
        let now = self.task(task).now.clone();
        self.object(object).join(&now);
        self.task(task).now.tick(task);
    }

    /// What `task` has done happens before what whoever receives this does next.
    pub(crate) fn hand(&mut self, task: TaskId, object: ObjectId, what: u64) {
        let now = self.task(task).now.clone();
        self.handed.entry((object, what)).or_default().join(&now);
        self.task(task).now.tick(task);
    }

    /// Hands on all that the object's clock has.
    pub(crate) fn hand_all(&mut self, object: ObjectId, what: u64) {
        let clock = self.object(object).clone();
        self.handed.insert((object, what), clock);
    }

    pub(crate) fn receive(&mut self, task: TaskId, object: ObjectId, what: u64) {
        if let Some(clock) = self.handed.get(&(object, what)).cloned() {
            self.task(task).now.join(&clock);
        }
    }

    pub(crate) fn load(&mut self, task: TaskId, object: ObjectId, order: Ordering) {
        if matches!(order, Ordering::Relaxed) {
            let clock = self.object(object).clone();
            self.task(task).unfenced.join(&clock);
        } else {
            self.acquire(task, object);
        }
    }

    pub(crate) fn store(&mut self, task: TaskId, object: ObjectId, order: Ordering) {
        if matches!(order, Ordering::Relaxed) {
            *self.object(object) = self.task(task).fenced.clone();
        } else {
            *self.object(object) = Clock::default();
            self.release(task, object);
        }
    }

    pub(crate) fn update(&mut self, task: TaskId, object: ObjectId, order: Ordering) {
        let acquires = matches!(order, Ordering::Acquire | Ordering::AcqRel | Ordering::SeqCst);
        self.load(task, object, if acquires { Ordering::Acquire } else { Ordering::Relaxed });
        if matches!(order, Ordering::Release | Ordering::AcqRel | Ordering::SeqCst) {
            self.release(task, object);
        } else {
            // A relaxed update carries the release sequence on.
            let fenced = self.task(task).fenced.clone();
            self.object(object).join(&fenced);
        }
    }

    pub(crate) fn fence(&mut self, task: TaskId, order: Ordering) {
        if !matches!(order, Ordering::Release) {
            let unfenced = std::mem::take(&mut self.task(task).unfenced);
            self.task(task).now.join(&unfenced);
        }
        if matches!(order, Ordering::SeqCst) {
            let seq_cst = self.seq_cst.clone();
            self.task(task).now.join(&seq_cst);
            self.seq_cst = self.task(task).now.clone();
        }
        if !matches!(order, Ordering::Acquire) {
            let task_clocks = self.task(task);
            task_clocks.fenced = task_clocks.now.clone();
            task_clocks.now.tick(task);
        }
    }

    pub(crate) fn spawn(&mut self, parent: TaskId, child: TaskId) {
        let now = self.task(parent).now.clone();
        self.task(child).now.join(&now);
        self.task(child).now.tick(child);
        self.task(parent).now.tick(parent);
    }

    /// What `task` has done happens before what `other` does after its next park.
    pub(crate) fn unpark(&mut self, task: TaskId, other: TaskId) {
        let now = self.task(task).now.clone();
        self.task(other).token.join(&now);
        self.task(task).now.tick(task);
    }

    pub(crate) fn park(&mut self, task: TaskId) {
        let token = std::mem::take(&mut self.task(task).token);
        self.task(task).now.join(&token);
    }

    /// What `other`, which has ended, has done happens before what `task` does next.
    pub(crate) fn after(&mut self, task: TaskId, other: TaskId) {
        let clock = self.task(other).now.clone();
        self.task(task).now.join(&clock);
        self.task(other).now.tick(other);
    }

    /// Notes an access, and gives an earlier one that it races with.
    pub(crate) fn access(&mut self, task: TaskId, object: ObjectId, write: bool, site: Site) -> Option<Access> {
        let now = self.task(task).now.clone();
        if self.accesses.len() <= object.index() {
            self.accesses.resize_with(object.index() + 1, Vec::new);
        }
        let accesses = &mut self.accesses[object.index()];
        let race = accesses
            .iter()
            .find(|earlier| earlier.task != task && (earlier.write || write) && earlier.at > now.at(earlier.task))
            .copied();
        let access = Access { task, write, site, at: now.at(task) };
        accesses.retain(|earlier| earlier.task != task || earlier.write != write);
        accesses.push(access);
        race
    }

    /// The latest access by another task that conflicts with one now, ordered or not.
    pub(crate) fn conflicting(&self, task: TaskId, object: ObjectId, write: bool) -> Option<Access> {
        let accesses = self.accesses.get(object.index())?;
        accesses.iter().rev().find(|earlier| earlier.task != task && (earlier.write || write)).copied()
    }

    /// The latest access by `task`.
    pub(crate) fn last(&self, task: TaskId, object: ObjectId) -> Option<Access> {
        self.accesses.get(object.index())?.iter().rev().find(|access| access.task == task).copied()
    }
}

//! Wakers that the program keeps, and what it does with them.
//!
//! Where a primitive keeps a waker we see it kept and called. A clone that is made between two operations, and is still there
//! at the next, has gone to somewhere of the program's own: a slot that we see into, as it is of our locks and cells, or
//! one that we do not. Whoever calls it then may hold a lock of std's, so the task is woken at its caller's next operation.

use super::{Execution, ObjectId, Op, TaskId, follow_up, perform, try_with, with};
use std::any::Any;
use std::sync::Weak;
use std::task::Waker;

/// The waker that a task's future is polled with.
#[derive(Debug)]
pub(crate) struct OwnWaker {
    /// What all clones share.
    shared: Weak<dyn Any + Send + Sync>,
    /// How many there were after the task's last operation.
    known: usize,
    /// The numbers of the steps after which the program has taken some, while there are any.
    taken: Vec<usize>,
}

impl OwnWaker {
    pub(crate) fn new(shared: Weak<dyn Any + Send + Sync>) -> Self {
        let known = shared.strong_count();
        OwnWaker { shared, known, taken: Vec::new() }
    }

    /// One more has been made, and not by the program.
    pub(super) fn lend(&mut self) {
        self.known += 1;
    }
}

/// When a task that the program wakes is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wakens {
    /// With the step of the primitive that has called the program's waker.
    WithItsStep,
    AtOnce,
    /// At the next operation of whoever does it.
    Soon,
}

/// The program has called a waker of a task that it had kept.
#[derive(Clone, Debug)]
pub(crate) struct Woken {
    pub(crate) op: Op,
    /// The number of the step, once it is done.
    pub(crate) step: usize,
    /// The numbers of the steps after which it can have been taken.
    pub(crate) taken: Vec<usize>,
}

impl Execution {
    /// Notes how many there are of the waker of `task`, which goes on with the program's own code.
    #[inline]
    pub(crate) fn count_wakers(&mut self, task: TaskId) {
        if let Some(own) = &mut self.tasks[task.index()].own {
            own.known = own.shared.strong_count();
        }
    }

    /// Whether `task`, which comes to an operation, has taken wakers since its last one.
    #[inline]
    pub(super) fn look_for_wakers(&mut self, task: TaskId) {
        let step = self.log.len();
        if let Some(own) = &mut self.tasks[task.index()].own {
            let count = own.shared.strong_count();
            if count > own.known {
                own.taken.push(step);
                self.wakers_taken = true;
            }
            own.known = count;
        }
    }

    /// The program has no waker of this task any more.
    pub(crate) fn no_waker_is_left(&mut self, task: ObjectId) {
        if let Some(task) = self.polled(task)
            && let Some(own) = &mut self.tasks[task.index()].own
        {
            own.taken.clear();
        }
    }

    /// When the task of this object is to be woken by the current one.
    pub(crate) fn wakes_by(&self, object: ObjectId) -> Wakens {
        let me = &self.tasks[self.current.index()];
        if me.wakes_on {
            Wakens::WithItsStep
        } else if me.polls == Some(object) || self.wakes.is_some() || std::thread::panicking() {
            Wakens::AtOnce
        } else {
            Wakens::Soon
        }
    }

    /// Whether the current task still has to wake somebody.
    #[inline]
    pub(super) fn has_to_wake(&self) -> bool {
        !self.tasks[self.current.index()].soon.is_empty() && self.wakes.is_none()
    }
}

/// The current task does this at its next operation.
pub(crate) fn wake_soon(op: Op) {
    with(|x| {
        let target = op.object.and_then(|object| x.polled(object));
        let own = target.and_then(|task| x.tasks[task.index()].own.as_ref());
        let taken = own.map(|own| own.taken.clone()).unwrap_or_default();
        let me = x.current;
        x.tasks[me.index()].soon.push(Woken { op, step: 0, taken });
    });
}

/// Wakes whom the current task has to.
pub(super) fn wake_now() {
    let soon = with(|x| {
        let me = x.current;
        std::mem::take(&mut x.tasks[me.index()].soon)
    });
    for woken in soon {
        perform(woken.op);
        with(|x| {
            let step = x.log.len();
            x.woken.push(Woken { step, ..woken });
        });
    }
}

/// What comes after the step of a primitive: whom that wakes.
#[derive(Debug)]
pub(crate) enum Wakes {
    /// A task is to be polled, or what depends on it has changed.
    Op(Op),
    /// A waker that the program has made.
    Waker(Waker),
}

impl Wakes {
    /// What tasks a waker of the program's own wakes are woken as if the primitive had.
    pub(super) fn follow(self) {
        match self {
            Wakes::Op(op) => _ = follow_up(op),
            Wakes::Waker(waker) => {
                let wakes_on = |on| with(|x| std::mem::replace(&mut x.tasks[x.current.index()].wakes_on, on));
                let before = wakes_on(true);
                waker.wake_by_ref();
                wakes_on(before);
            }
        }
    }
}

/// If this is within a primitive's step: it comes after it.
pub(crate) fn collect(wakes: Wakes) -> bool {
    try_with(|x| x.wakes.as_mut().map(|all| all.push(wakes)).is_some()).unwrap_or(false)
}

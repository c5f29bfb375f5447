//! One task of an event loop, or one `block_on`: polls a future, and waits to be woken in between.

use crate::engine::loom::{Turn, wait_polled};
use crate::execution::{
    Acted, Effect, Execution, Handle, Kind, ObjectId, Op, OwnWaker, Site, State, Wakens, Wakes, act, collect,
    follow_up, halt, perform, record_value, session, try_with, wake_soon, with,
};
use std::any::Any;
use std::future::Future;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

/// A task's object: what wakes it, and what tells that it is to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaskObject {
    pub(super) handle: Handle,
    /// Where it was spawned.
    site: Site,
}

impl TaskObject {
    /// A task that is to be polled, under the name that the trace calls it by.
    pub(super) fn new(name: Option<String>, site: Site) -> Self {
        let handle = Handle::new(State::Task { woken: true, aborted: false }, site);
        if let Some(name) = name {
            handle.name(name.into());
        }
        TaskObject { handle, site }
    }

    pub(super) fn is_aborted(self) -> bool {
        let id = self.handle.id();
        with(|x| matches!(x.objects[id.index()].state, State::Task { aborted: true, .. }))
    }

    /// The task is to be polled; whoever does it has just done what its last operation's place says.
    pub(super) fn wake(self) {
        // An execution that is over has no tasks; a waker that outlives it has nobody to wake.
        let Some((over, site)) = try_with(|x| (x.over, x.site)) else { return };
        if over {
            return;
        }
        let op = self.handle.op(Kind::WakeTask, site);
        if collect(Wakes::Op(op)) {
            return;
        }
        let id = self.handle.id();
        match with(|x| x.wakes_by(id)) {
            Wakens::WithItsStep => _ = follow_up(op),
            Wakens::AtOnce => _ = perform(op),
            Wakens::Soon => wake_soon(op),
        }
    }
}

impl Wake for TaskObject {
    fn wake(self: Arc<Self>) {
        TaskObject::wake(*self);
        // The loop's own two, and this one.
        if Arc::strong_count(&self) <= 3 {
            try_with(|x| self.handle.own_id(x).map(|id| x.no_waker_is_left(id)));
        }
    }

    fn wake_by_ref(self: &Arc<Self>) {
        TaskObject::wake(**self);
    }
}

/// A waker of the program's own, in the hands of a primitive: what it does are operations, or anything, and comes after the
/// step in which it is called.
struct Deferred(Waker);

impl Wake for Deferred {
    fn wake(self: Arc<Self>) {
        if !collect(Wakes::Waker(self.0.clone())) {
            self.0.wake_by_ref();
        }
    }
}

/// In place of a waker that is none of ours: what a primitive may keep. On real threads nobody asks whose it is.
pub(super) fn deferred(waker: &Waker) -> Option<Waker> {
    let is_ours = try_with(|x| x.tasks[x.current.index()].wakers.iter().any(|ours| ours.will_wake(waker)));
    (is_ours == Some(false)).then(|| Waker::from(Arc::new(Deferred(waker.clone()))))
}

/// Polls with a waker of ours, which does nothing but wake a task's. It is no more than a waker on real threads.
pub(super) fn with_waker<R>(waker: &Waker, poll: impl FnOnce() -> R) -> R {
    let add = |x: &mut Execution| x.tasks[x.current.index()].wakers.push(waker.clone());
    try_with(add);
    let result = poll();
    try_with(|x| x.tasks[x.current.index()].wakers.pop());
    result
}

/// Why a future gave no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cancelled;

/// Polls `future` as this task, taking turns with the others of its loop, until it is ready or the task is to end; then
/// it is dropped, and `end` is called on the last turn. That turn is kept if `end` says so.
pub(super) fn drive<F: Future, R>(
    task: TaskObject,
    turn: Option<ObjectId>,
    future: F,
    is_closed: impl Fn() -> bool,
    end: impl FnOnce(Result<F::Output, Cancelled>) -> (R, bool),
) -> R {
    let mut future = Some(Box::pin(future));
    let shared = Arc::new(task);
    let wakers: Weak<dyn Any + Send + Sync> = Arc::downgrade(&shared) as _;
    let waker = Waker::from(shared);
    let object = task.handle.id();
    let before = with(|x| {
        let current = x.current;
        let entry = &mut x.tasks[current.index()];
        entry.is_future = true;
        entry.wakers.push(waker.clone());
        entry.own = Some(OwnWaker::new(wakers));
        entry.polls.replace(object)
    });
    let lock = turn.and_then(Turn::of);
    let (mut site, mut polls) = (task.site, 0);
    let result = loop {
        let op = task.handle.op(Kind::Poll { turn }, site);
        let (guard, confirmed) = act(op, |mode| Acted::done(wait_polled(mode, &op, lock.as_ref())));
        if confirmed.effect == Effect::Inert {
            // The execution is over: what is left of the task is not run.
            std::mem::forget(future);
            halt();
        }
        let polled = if task.is_aborted() || is_closed() {
            record_value("cancelled".into());
            if !is_closed() {
                note_cancelled(polls);
            }
            Poll::Ready(Err(Cancelled))
        } else {
            ring_others(&waker);
            polls += 1;
            let future = future.as_mut().expect("it is polled until it is ready").as_mut();
            future.poll(&mut Context::from_waker(&waker)).map(Ok)
        };
        if let Poll::Ready(result) = polled {
            drop(future.take());
            let (result, keeps_turn) = end(result);
            match turn.filter(|_| keeps_turn) {
                Some(turn) => rest(turn),
                None => _ = follow_up(task.handle.op(Kind::Pending { turn }, site)),
            }
            drop(guard);
            break result;
        }
        site = with(|x| {
            let (me, alarm) = (x.current, x.first_alarm(x.current));
            let entry = &mut x.tasks[me.index()];
            entry.alarm = alarm;
            entry.awaits.last().map_or(site, |op| op.site)
        });
        follow_up(task.handle.op(Kind::Pending { turn }, site));
        drop(guard);
    };
    with(|x| {
        let current = x.current;
        let entry = &mut x.tasks[current.index()];
        entry.polls = before;
        entry.own = None;
        entry.wakers.pop()
    });
    result
}

/// The current task is cancelled, after so many polls.
fn note_cancelled(polls: usize) {
    let task = with(|x| x.tasks[x.current.index()].identity);
    session(|session| {
        if let Some(cancels) = &session.rules.cancels {
            cancels.add(task, polls);
        }
    });
}

/// The loop polls nobody until the turn that this task keeps is given back.
fn rest(turn: ObjectId) {
    with(|x| {
        if let State::Loop { rests, .. } = &mut x.objects[turn.index()].state {
            *rests = true;
        }
    });
}

/// Wakes those of this task's futures whose alarms are due and that are polled by a waker of their own.
fn ring_others(waker: &Waker) {
    let due = with(|x| x.due_alarms(x.current));
    for alarm in due.into_iter().filter(|alarm| !alarm.waker.will_wake(waker)) {
        alarm.waker.wake();
    }
    with(|x| x.count_wakers(x.current));
}

/// Polls `future` to its end on the current thread, which is not a loop's.
pub(super) fn block_here<F: Future>(future: F, site: Site) -> F::Output {
    if crate::engine::real::is_on() {
        return match ::tokio::runtime::Handle::try_current() {
            Ok(handle) => handle.block_on(future),
            Err(_) => super::real::build(false, 1, 1).expect("a runtime").block_on(future),
        };
    }
    assert!(!is_polled(), "a task can't block the thread that polls it: await instead");
    let name = with(|x| x.names().task(x.current).to_owned());
    let object = TaskObject::new(Some(name), site);
    drive(object, None, future, || false, |result| (result, false)).unwrap_or_else(|Cancelled| halt())
}

/// The task that polls, if this is inside a poll.
pub(super) fn is_polled() -> bool {
    with(|x| x.tasks[x.current.index()].polls.is_some())
}

/// What the future that is polled waits for, if it is not ready: shown where its task waits.
pub(crate) fn awaits(op: Op) {
    with(|x| {
        let current = x.current;
        x.tasks[current.index()].awaits.push(op);
    });
}

//! What a runtime is in the model: its tasks, whose turn it is, and the threads for blocking calls.
//!
//! Any task that has been woken may be polled next: every order is explored. tokio's own queue is one of them.

use super::join::{self, Ends, Join, JoinError, Sender};
use super::poll::{Cancelled, TaskObject, drive, is_polled};
use crate::execution::{Handle as Object, Kind, ObjectId, Site, State, choose, fail, follow_up, halt, perform, with};
use crate::thread::{self, Child};
use crate::verdict::Verdict;
use std::any::Any;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Threads for blocking calls, unless told otherwise: tokio's figure.
pub(super) const BLOCKING_THREADS: usize = 512;

/// The task that cancels another one, where any may be cancelled.
const CANCELLER: &str = "canceller";

/// A task that a runtime has spawned.
#[derive(Clone, Debug)]
struct Spawned {
    child: Child,
    name: String,
    object: TaskObject,
    /// It runs a future, which can be dropped where it waits; a blocking call runs to its end.
    is_future: bool,
    ends: Arc<Ends>,
}

/// Whom a runtime waits for when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    All,
    /// Blocking calls may not end in time.
    InTime,
    Nobody,
}

impl Waits {
    /// Whether it waits for this task, though not for blocking calls.
    fn for_this(self, spawned: &Spawned) -> bool {
        self == Waits::InTime && spawned.is_future
    }
}

/// What tasks of a runtime share.
#[derive(Debug)]
pub(super) struct Core {
    /// On which tasks take turns.
    turn: Option<Object>,
    /// `block_on` has kept the turn, so that nobody is polled while nobody blocks on the loop.
    rests: AtomicBool,
    /// Permits of the threads for blocking calls, where they are limited.
    blocking: Option<Object>,
    spawned: Mutex<Vec<Spawned>>,
    closed: AtomicBool,
}

impl Core {
    pub(super) fn new(takes_turns: bool, blocking_threads: usize, site: Site) -> Self {
        let turn = takes_turns.then(|| Object::new(State::Loop { holder: None, rests: false }, site));
        if let Some(turn) = turn {
            turn.name("loop".into());
        }
        // The default is no limit that a model gets to.
        let blocking = (blocking_threads < BLOCKING_THREADS).then(|| {
            let permits = Object::new(State::Semaphore { permits: blocking_threads, holds: Vec::new() }, site);
            permits.name("blocking threads".into());
            permits
        });
        let (spawned, closed) = (Mutex::default(), AtomicBool::new(false));
        Core { turn, rests: AtomicBool::new(false), blocking, spawned, closed }
    }

    /// The runtime that the current task runs on.
    pub(super) fn current() -> Option<Arc<Core>> {
        with(|x| x.tasks[x.current.index()].runtime.clone())?.downcast().ok()
    }

    /// Makes this the current task's runtime; gives the one that was.
    fn enter(self: &Arc<Self>) -> Option<Arc<dyn Any + Send + Sync>> {
        let core: Arc<Core> = Arc::clone(self);
        with(|x| {
            let current = x.current;
            x.tasks[current.index()].runtime.replace(core)
        })
    }

    fn turn(&self) -> Option<ObjectId> {
        self.turn.map(Object::id)
    }

    fn spawned(&self) -> MutexGuard<'_, Vec<Spawned>> {
        self.spawned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Spawns a task for `future`.
    pub(super) fn spawn<F>(self: &Arc<Self>, name: Option<String>, future: F, site: Site) -> Join<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let core = Arc::clone(self);
        let join = self.start(name, true, site, move |object, sender: Sender<F::Output>| {
            let is_closed = || core.closed.load(Ordering::Relaxed);
            drive(object, core.turn(), future, is_closed, |result| {
                sender.finish(result.map_err(|Cancelled| JoinError::cancelled()), site);
                ((), false)
            });
        });
        self.cancel_anywhere(&join, site);
        join
    }

    /// Runs `call` on one of the threads for blocking calls.
    pub(super) fn spawn_blocking<F, T>(self: &Arc<Self>, call: F, site: Site) -> Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let core = Arc::clone(self);
        self.start(None, false, site, move |_, sender: Sender<T>| {
            let with_permit = |kind| core.blocking.map(|permits| perform(permits.op(kind, site)));
            with_permit(Kind::Acquire(1));
            let result = call();
            with_permit(Kind::Release(1));
            sender.finish(Ok(result), site);
        })
    }

    /// If a task is to be cancelled in this execution, this may be the one: the loop aborts it at some turn.
    fn cancel_anywhere<T: Send + 'static>(self: &Arc<Self>, join: &Join<T>, site: Site) {
        if !with(|x| x.cancels) || choose(2, site) == 0 {
            return;
        }
        with(|x| x.cancels = false);
        let object = join.object();
        self.start(Some(CANCELLER.into()), true, site, {
            let core = Arc::clone(self);
            move |canceller, sender: Sender<()>| {
                let abort = std::future::poll_fn(|_| {
                    perform(object.handle.op(Kind::Abort, site));
                    std::task::Poll::Ready(())
                });
                let is_closed = || core.closed.load(Ordering::Relaxed);
                drive(canceller, core.turn(), abort, is_closed, |_| {
                    sender.finish(Ok(()), site);
                    ((), false)
                });
            }
        });
    }

    fn start<T: Send + 'static>(
        self: &Arc<Self>,
        name: Option<String>,
        is_future: bool,
        site: Site,
        body: impl FnOnce(TaskObject, Sender<T>) + Send + 'static,
    ) -> Join<T> {
        let kind = if is_future { "task" } else { "blocking" };
        let name = name.unwrap_or_else(|| with(|x| format!("{kind}-{}", x.tasks.len())));
        let object = TaskObject::new(Some(name.clone()), site);
        let (sender, join) = join::pair(object, site);
        let ends = sender.ends();
        let core = Arc::clone(self);
        let body = move || {
            core.enter();
            let joined_by = Some(object.handle.id());
            with(|x| {
                let current = x.current;
                x.tasks[current.index()].joined_by = joined_by;
            });
            body(object, sender);
        };
        let child = thread::start_body(Some(name.clone()), body, site);
        child.runs_future(is_future);
        self.spawned().push(Spawned { child, name, object, is_future, ends });
        join
    }

    /// Polls `future` on the current thread; if it `takes_turns`, the loop's tasks are polled meanwhile.
    pub(super) fn block_on<F: Future>(self: &Arc<Self>, future: F, takes_turns: bool, site: Site) -> F::Output {
        assert!(!is_polled(), "a runtime can't be blocked on from within a runtime: that would block its thread");
        let outer = self.enter();
        let name = with(|x| x.names().task(x.current).to_owned());
        let object = TaskObject::new(Some(name), site);
        let turn = self.turn().filter(|_| takes_turns);
        if turn.is_some() {
            self.give_turn(site);
        }
        let result = drive(object, turn, future, || false, |result| (result, turn.is_some()));
        self.rests.store(turn.is_some(), Ordering::Relaxed);
        with(|x| {
            let current = x.current;
            x.tasks[current.index()].runtime = outer;
        });
        result.unwrap_or_else(|Cancelled| halt())
    }

    /// Gives the turn back that the last `block_on` has kept.
    fn give_turn(&self, site: Site) {
        if let Some(turn) = self.turn
            && self.rests.swap(false, Ordering::Relaxed)
        {
            follow_up(turn.op(Kind::Pending { turn: Some(turn.id()) }, site));
        }
    }

    /// Ends all that is left: no future is polled any more, each is dropped where it waits; blocking calls run to their
    /// end. On several threads tasks are polled until they are told, each for itself, and what they spawn meanwhile is told,
    /// too.
    pub(super) fn shut_down(&self, waits: Waits, site: Site) {
        let in_time = waits == Waits::All || (waits == Waits::InTime && self.end_in_time(site));
        if self.turn.is_some() {
            self.closed.store(true, Ordering::Relaxed);
        }
        loop {
            let spawned = std::mem::take(&mut *self.spawned());
            if with(|x| x.deny_leaks) {
                look_for_leaks(&spawned, site);
            }
            for Spawned { object, ends, .. } in spawned.iter().filter(|spawned| spawned.is_future) {
                // On its turn nobody else can end; elsewhere that may come before this, and after.
                let has_ended = if self.turn.is_some() { ends.is_done() } else { ends.is_joined() };
                if !has_ended {
                    perform(object.handle.op(Kind::Abort, site));
                }
            }
            self.give_turn(site);
            let none = spawned.is_empty();
            for Spawned { child, .. } in spawned.into_iter().filter(|spawned| in_time || waits.for_this(spawned)) {
                child.join(site);
            }
            if none || waits == Waits::Nobody {
                break;
            }
        }
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Whether blocking calls end before a shutdown's timeout, if there are any.
    fn end_in_time(&self, site: Site) -> bool {
        let calls = self.spawned().iter().any(|spawned| !spawned.is_future);
        !calls || choose(2, site) == 0
    }
}

/// Fails the execution if a task has not ended, and nobody has seen to it that it will.
fn look_for_leaks(spawned: &[Spawned], site: Site) {
    let mut left = Vec::new();
    for Spawned { object, name, ends, .. } in spawned.iter().filter(|spawned| spawned.name != CANCELLER) {
        perform(object.handle.op(Kind::Use("look at"), site));
        if !ends.is_done() && !object.is_aborted() {
            left.push(name.clone());
        }
    }
    if !left.is_empty() {
        fail(|_| Verdict::Leak { what: left });
    }
}

//! Tasks of an event loop under loom: a task that is not woken parks, and turns are a mutex of loom's own.
//!
//! While a task is on its turn nobody else on the loop can go on, so what such tasks share needs no gates: the order of
//! turns is all that there is to explore. Who uses it off the loop is noticed, and the program explored with gates.

use super::pass_gate;
use super::waiting::park;
use crate::execution::{Execution, Mode, ObjectId, Op, State, TaskId, with};
use std::rc::Rc;

/// What tasks take turns with.
#[derive(Clone, Debug)]
pub(crate) struct Turn(Rc<loom::sync::Mutex<()>>);

/// A turn, until it is dropped.
pub(crate) type TurnGuard<'a> = loom::sync::MutexGuard<'a, ()>;

impl Default for Turn {
    fn default() -> Self {
        Turn(Rc::new(loom::sync::Mutex::new(())))
    }
}

impl Turn {
    /// Of this loop, under loom.
    pub(crate) fn of(turn: ObjectId) -> Option<Self> {
        with(|x| x.objects[turn.index()].native.turn.clone())
    }
}

/// Waits until the task is woken and has its turn.
pub(crate) fn wait_polled<'a>(mode: Mode, op: &Op, turn: Option<&'a Turn>) -> Option<TurnGuard<'a>> {
    if mode != Mode::Loom || std::thread::panicking() {
        return None;
    }
    let me = with(|x| x.current);
    loop {
        if with(|x| x.gates_tasks) || turn.is_none() {
            pass_gate(me, op);
        }
        while !with(|x| is_woken(x, op.object, op.kind.mutex())) {
            park(me);
        }
        let guard = turn.and_then(|turn| turn.0.lock().ok());
        with(|x| x.current = me);
        if goes_on(me, op) {
            return guard;
        }
        drop(guard);
    }
}

/// Yields of a future that are none of loom's: who has yielded in loom's way goes on only when all others wait. Whoever
/// yields more often tries again and again, and has to let others go first.
const YIELDS: usize = 8;

/// Whether the task yields while it is polled, and no more often than most do.
pub(super) fn yields_in_a_poll(x: &mut Execution, me: TaskId) -> bool {
    let task = &mut x.tasks[me.index()];
    task.yields += usize::from(task.polls.is_some());
    task.polls.is_some() && task.yields <= YIELDS
}

fn goes_on(me: TaskId, op: &Op) -> bool {
    with(|x| x.over || x.ready(me, op))
}

/// Whether the task of this object is woken, and its loop polls.
pub(super) fn is_woken(x: &Execution, task: Option<ObjectId>, turn: Option<ObjectId>) -> bool {
    let state = |object: ObjectId| &x.objects[object.index()].state;
    let woken = task.is_some_and(|task| matches!(state(task), State::Task { woken: true, .. }));
    woken && !turn.is_some_and(|turn| matches!(state(turn), State::Loop { rests: true, .. }))
}

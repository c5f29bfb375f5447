//! Tasks that have to wait: each parks, and whoever makes it ready unparks it.

use super::{follow, pass_gate, turns};
use crate::execution::{Execution, Kind, Op, TaskId, answer, halt, with};

/// Lets others run, and comes back when `op` can go on.
pub(crate) fn wait_turn(me: TaskId, op: &Op) {
    follow(me);
    match op.kind {
        Kind::Yield => {
            if with(|x| x.steer.is_none() && !turns::yields_in_a_poll(x, me)) {
                loom::thread::yield_now();
            }
        }
        // Nobody else can tell when these happen.
        Kind::Choose(_) | Kind::Spawn | Kind::Pending { .. } => return,
        Kind::Sleep => wait_until(me, op),
        _ if with(|x| x.steer.as_ref().is_some_and(|steer| !steer.is_done())) => pass_gate(me, op),
        _ => {
            pass_gates(me, op);
            if !with(|x| x.ready(me, op)) {
                gives_up(me, op);
                wait_until(me, op);
            }
        }
    }
    with(|x| x.current = me);
}

/// Waits for a condition variable's notification and takes the mutex back by `lock`. A notification wakes every
/// waiter that could be the one it is for; the first to have the mutex consumes it, and the others go on waiting.
pub(crate) fn wait_notified<G>(me: TaskId, op: &Op, lock: impl Fn() -> G) -> G {
    let steered = with(|x| x.steer.as_ref().is_some_and(|steer| !steer.is_done()));
    let gave_up = steered || gives_up(me, op);
    let goes_on = |x: &Execution| gave_up || x.signalled(me, op) || x.tasks[me.index()].fired;
    loop {
        // From the wait's first step to here nobody else has run, so a notified task has parked, and being unparked
        // orders what the notifier did before what it does next.
        while !with(|x| goes_on(x)) {
            park(me);
        }
        let guard = lock();
        with(|x| x.current = me);
        if gave_up && !steered {
            // A notification can come before this and after.
            pass_gate(me, op);
        }
        if with(|x| goes_on(x)) {
            return guard;
        }
        drop(guard);
    }
}

/// The object's gate; and the thread's own, if the operation takes its token.
fn pass_gates(me: TaskId, op: &Op) {
    pass_gate(me, op);
    if op.parks {
        pass_gate(me, &Op::bare(Kind::Park, op.site));
    }
}

fn wait_until(me: TaskId, op: &Op) {
    while !with(|x| goes_on(x, me, op)) {
        park(me);
        if op.kind != Kind::Sleep {
            pass_gates(me, op);
        }
    }
}

/// Whether a task that waits can stop waiting: also one that gives up needs its mutex to be free.
fn goes_on(x: &Execution, task: TaskId, op: &Op) -> bool {
    let entry = &x.tasks[task.index()];
    entry.fired || x.ready(task, op) || (entry.gives_up && x.can_stop_waiting(op))
}

/// Whether a wait ends early: by a timeout or a spurious wakeup, each a choice of the script, which is paid for at once.
fn gives_up(me: TaskId, op: &Op) -> bool {
    with(|x| x.current = me);
    let timed = op.timeout.is_some();
    let wakes = matches!(op.kind, Kind::Wake { .. } | Kind::Park);
    let left = with(|x| if timed { x.timeouts_left } else { x.spurious_left });
    if left == 0 || !(timed || wakes) {
        return false;
    }
    if answer(2) == 1 {
        with(|x| {
            x.tasks[me.index()].gives_up = true;
            let left = if timed { &mut x.timeouts_left } else { &mut x.spurious_left };
            *left -= 1;
        });
        return true;
    }
    if timed {
        with(|x| {
            x.tasks[me.index()].waits_on = true;
            x.check_all_blocked();
        });
        if with(|x| x.over) {
            halt();
        }
    }
    false
}

/// Lets everybody who waits go on to their end.
pub(crate) fn wake_all(x: &mut Execution) {
    for task in x.task_ids() {
        wake(x, task);
    }
}

fn wake(x: &mut Execution, task: TaskId) {
    let part = &mut x.tasks[task.index()].native;
    if std::mem::take(&mut part.parked) {
        x.parked -= 1;
        if let Some(thread) = &part.thread {
            thread.unpark();
        }
    }
}

pub(super) fn park(me: TaskId) {
    if with(|x| x.over) {
        halt();
    }
    with(|x| {
        let part = &mut x.tasks[me.index()].native;
        part.thread.get_or_insert_with(loom::thread::current);
        part.parked = true;
        x.parked += 1;
    });
    loom::thread::park();
    with(|x| {
        x.current = me;
        if std::mem::take(&mut x.tasks[me.index()].native.parked) {
            x.parked -= 1;
        }
    });
    if with(|x| x.over) {
        halt();
    }
}

/// Unparks whoever can go on now.
pub(crate) fn wake_ready(x: &mut Execution) {
    for task in x.task_ids() {
        let entry = &x.tasks[task.index()];
        let (true, Some(op)) = (entry.native.parked, entry.pending) else { continue };
        let wakes = match op.kind {
            Kind::Poll { turn } => turns::is_woken(x, op.object, turn),
            Kind::Wake { .. } if !x.gated => entry.fired || x.signalled(task, &op),
            _ => goes_on(x, task, &op),
        };
        if wakes {
            wake(x, task);
        }
    }
}

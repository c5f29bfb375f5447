//! Ends a search that has to begin again by other rules.

use super::{Kind, Op, Site, State, halt, session, with, with_at};

/// Ends the search: the program has to be explored with gates.
pub(crate) fn want_gates() -> ! {
    session(|session| session.report.needs_gates = true);
    with(|x| x.over = true);
    halt();
}

/// Whether what `op`, which is about to be done without gates, comes to can be told only with gates.
pub(super) fn needs_gates(op: &Op) -> bool {
    match op.kind {
        Kind::TryLock | Kind::TryRead => true,
        // It is taken by a receiver that has looked in vain, and waits.
        Kind::TrySend => with(|x| {
            let state = op.object.map(|object| &x.objects[object.index()].state);
            matches!(state, Some(State::Channel { capacity: Some(0), .. }))
        }),
        Kind::Unpark(other) => with(|x| {
            let other = &mut x.tasks[other.index()];
            other.was_unparked = true;
            other.has_waited
        }),
        _ => false,
    }
}

/// The current task, which is at `site`, may have to wait as std does, by parking its thread: that takes the thread's token.
/// Gives whether it has to look first whether it must wait, as a step of its own: where somebody unparks it.
pub(crate) fn looks_first(site: Site) -> bool {
    if std::thread::panicking() {
        return false;
    }
    let (wants, gated) = with_at(site, |x| {
        let task = &mut x.tasks[x.current.index()];
        task.has_waited = true;
        (task.was_unparked && !x.over && !x.gated, x.gated && !x.over)
    });
    if wants {
        want_gates();
    }
    gated
}

/// Whether what is done at `site` begins with a look, if it may have to wait.
pub(crate) fn is_gated(site: Site) -> bool {
    !std::thread::panicking() && with_at(site, |x| x.gated && !x.over)
}

/// The same while a panic unwinds, which goes on with operations that do nothing.
pub(crate) fn want_gates_soon() {
    session(|session| session.report.needs_gates = true);
    with(|x| x.over = true);
}

/// Ends the search: the program's tasks need larger stacks.
pub(crate) fn want_larger_stacks() -> ! {
    session(|session| session.report.needs_stack = true);
    with(|x| x.over = true);
    halt();
}

/// Ends the search: the program has to be explored with gates at tasks and what they share.
pub(crate) fn want_task_gates() -> ! {
    session(|session| session.report.needs_task_gates = true);
    with(|x| x.over = true);
    halt();
}

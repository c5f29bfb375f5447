//! Ends a search that has to begin again by other rules.

use super::{Execution, Kind, Mode, Op, Site, State, TaskId, halt, session, with, with_at};

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

impl Execution {
    /// Whether `op`, which `task` is about to do, shows that the program has to be explored with gates: the search begins again.
    ///
    /// A writer that has queued keeps readers out of std's lock, and with them may hold up for ever a task that reads and
    /// waits for one of these. Where all tasks wait, that is seen by who waits for whom; where one tries again and again it
    /// is seen only if the readers are kept out. loom lets in readers whatever writer is queued, so there it need not be seen
    /// at all.
    pub(super) fn wants_gates(&mut self, task: TaskId, op: &Op) -> bool {
        if self.gated {
            return false;
        }
        let tries_again = matches!(op.kind, Kind::Yield | Kind::Sleep | Kind::Pending { .. }) || op.timeout.is_some();
        let waits_as_reader = self.tasks[task.index()].reads > 0 && (tries_again || op.kind.may_wait());
        self.tries_again |= tries_again;
        self.waits_as_reader |= waits_as_reader;
        let needs_gates = self.waits_as_reader && self.tries_again;
        let by_loom = self.mode == Mode::Loom && !self.gates_objects;
        let needs_object_gates = by_loom && (self.unseen || self.waits_as_reader);
        let needs = needs_gates || needs_object_gates;
        if needs {
            session(|session| {
                session.report.needs_gates |= needs_gates;
                session.report.needs_object_gates |= needs_object_gates;
            });
        }
        needs
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

/// Ends the search: the program has to be explored with gates at read-write locks and channels.
pub(crate) fn want_object_gates() -> ! {
    session(|session| session.report.needs_object_gates = true);
    with(|x| x.over = true);
    halt();
}

//! Ends a search that has to begin again by other rules.

use super::{halt, session, with};

/// Ends the search: the program has to be explored with gates.
pub(crate) fn want_gates() -> ! {
    session(|session| session.report.needs_gates = true);
    with(|x| x.over = true);
    halt();
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

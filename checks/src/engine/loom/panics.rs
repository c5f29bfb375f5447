//! Whose a panic is: the program's, or loom's own.

use super::builder;
use crate::execution::{last_file, take_panic};
use loom::sync::atomic::{Ordering, fence};
use std::panic::catch_unwind;
use std::sync::OnceLock;

/// Where loom's sources are, with a slash at the end: a panic of its own says. To be asked by a session that has not begun,
/// for an execution that loom has given up says other things.
pub(super) fn sources() -> &'static str {
    static SOURCES: OnceLock<String> = OnceLock::new();
    let panics = move || {
        let _ = catch_unwind(|| fence(Ordering::Relaxed));
        take_panic(None);
        let file = last_file();
        let folder = file.strip_suffix("atomic.rs").and_then(|folder| folder.strip_suffix(['/', '\\']));
        let sources = folder.and_then(|folder| folder.strip_suffix("rt"));
        let _ = SOURCES.set(sources.expect("loom has no relaxed fence, and says so in its `rt/atomic.rs`").to_owned());
    };
    if SOURCES.get().is_none() {
        builder(None).check(panics);
    }
    SOURCES.get().expect("loom has run this")
}

/// Whether the last panic was loom's own, and so says nothing about the program. To be asked by a task.
pub(crate) fn is_own_panic() -> bool {
    last_file().starts_with(sources())
}

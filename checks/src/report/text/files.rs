//! Places in a lane: a line, where all are in one file; otherwise what an editor opens, and where there is no room for that a
//! line and as much of the file's path as tells it from the trace's others.

use crate::report::words::has_place;
use crate::trace::Trace;
use crate::verdict::Place;
use std::collections::{BTreeMap, BTreeSet};

/// What each file of a trace is called: nothing if there is but one.
pub(super) struct Files(BTreeMap<String, String>);

impl Files {
    pub(super) fn of(trace: &Trace) -> Self {
        let placed = trace.events.iter().filter(|event| has_place(event));
        Files::named(&placed.map(|event| event.at.file.as_str()).collect())
    }

    fn named(files: &BTreeSet<&str>) -> Self {
        let short = |file: &str| {
            let parts: Vec<&str> = file.split(['/', '\\']).collect();
            let mut ends = (0..parts.len()).rev().map(|from| parts[from..].join("/"));
            let is_its_own = |end: &String| files.iter().filter(|other| ends_in(other, end)).count() == 1;
            ends.find(is_its_own).unwrap_or_else(|| file.to_owned())
        };
        let name = |file: &str| if files.len() == 1 { String::new() } else { short(file) };
        Files(files.iter().map(|file| ((*file).to_owned(), name(file))).collect())
    }

    /// `:line`, or `path/from/root.rs:line:column`.
    pub(super) fn place(&self, at: &Place) -> String {
        if self.0.len() == 1 { self.short(at) } else { at.clickable() }
    }

    /// `:line`, `file:line` or `folder/file:line`.
    pub(super) fn short(&self, at: &Place) -> String {
        self.0.get(&at.file).map_or_else(|| at.clickable(), |name| format!("{name}:{}", at.line))
    }
}

/// Whether a path ends in these components.
fn ends_in(path: &str, end: &str) -> bool {
    let path = path.replace('\\', "/");
    path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(files: &[&str], names: &[&str]) {
        let found = Files::named(&files.iter().copied().collect());
        assert_eq!(found.0.values().collect::<Vec<_>>(), names);
    }

    #[test]
    fn a_file_is_called_by_what_tells_it_from_the_others() {
        check(&["src/stack.rs"], &[""]);
        check(&["src/cache/tests.rs", "src/cache/before.rs"], &["before.rs", "tests.rs"]);
        check(&["src/cache/tests.rs", "src/stack/tests.rs"], &["cache/tests.rs", "stack/tests.rs"]);
        check(&["a/mod.rs", "b/a/mod.rs"], &["a/mod.rs", "b/a/mod.rs"]);
        check(&["src/a_stack.rs", "src/stack.rs"], &["a_stack.rs", "stack.rs"]);
        check(&["src\\cache.rs", "src\\stack.rs"], &["cache.rs", "stack.rs"]);
    }
}

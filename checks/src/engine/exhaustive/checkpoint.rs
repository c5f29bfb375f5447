//! A search that a budget has cut, in a file, to be gone on with.

use super::event::{Deed, Tasks};
use super::node::{Choice, Counts, Node};
use super::search::{Limits, Search};
use super::spin::Loop;
use super::wakeup::Branch;
use crate::execution::Counted;
use crate::outcome::CheckError;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version of the file's form.
const SCHEMA: u32 = 1;
/// Bytes of a file that is read: what a path of a million decisions takes, and more than a search leaves.
const BYTES_MAX: u64 = 1 << 30;

/// A search's path, and what is still to be explored from each of its states.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checkpoint {
    schema: u32,
    /// What the search was allowed: with other allowances it would be another.
    timeouts: usize,
    spurious_wakeups: usize,
    /// Unlocking is a scheduling point.
    pub(super) gated: bool,
    /// Whose owners are counted.
    #[serde(default)]
    pub(super) counted: Counted,
    counts: Counts,
    /// The tasks' identities, by number.
    tasks: Vec<u64>,
    loops: Vec<(Loop, bool)>,
    path: Vec<Saved>,
    ahead: Vec<Branch>,
}

/// A decision that is given.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    task: u32,
    /// What its event began with; the last one's has not been made.
    place: Option<u64>,
    asleep: Vec<Deed>,
    tree: Vec<Branch>,
    choice: Option<Choice>,
    done: u64,
}

impl Checkpoint {
    /// The search as it is before its next execution.
    pub(super) fn of(search: &Search, gated: bool, counted: &Counted) -> Self {
        let save = |(index, node): (usize, &Node)| Saved {
            task: node.task,
            place: search.events.all.get(index).map(|event| event.op.place()),
            asleep: node.asleep.clone(),
            tree: node.tree.clone(),
            choice: node.choice,
            done: node.done,
        };
        let mut loops: Vec<(Loop, bool)> = search.loops.endless.iter().map(|(which, is)| (*which, *is)).collect();
        loops.sort_unstable();
        Checkpoint {
            schema: SCHEMA,
            timeouts: search.limits.allowances.timeouts,
            spurious_wakeups: search.limits.allowances.wakeups,
            gated,
            counted: counted.clone(),
            counts: search.counts,
            tasks: search.tasks.identities(),
            loops,
            path: search.nodes.iter().enumerate().map(save).collect(),
            ahead: search.ahead.clone(),
        }
    }

    /// Writes the file, whole or not at all.
    pub(super) fn write(&self, path: &Path) -> Result<(), CheckError> {
        let failed = |what: String| CheckError::Checkpoint { path: path.into(), what };
        let json = serde_json::to_vec(self).map_err(|error| failed(error.to_string()))?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        }
        crate::schedule::write_whole(path, &json).map_err(|error| failed(error.to_string()))
    }

    /// The checkpoint in the file, if there is one, for a search with these limits.
    pub(super) fn read(path: &Path, limits: &Limits) -> Result<Option<Self>, CheckError> {
        let failed = |what: String| CheckError::Checkpoint { path: path.into(), what };
        let bytes = match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
            Ok(file) if file.len() > BYTES_MAX => return Err(failed(format!("larger than {BYTES_MAX} bytes"))),
            Ok(_) => std::fs::read(path).map_err(|error| failed(error.to_string()))?,
        };
        let saved: Checkpoint = serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
        if saved.schema != SCHEMA {
            return Err(failed(format!("schema {}, and this raddle reads {SCHEMA}", saved.schema)));
        }
        let allowances = (saved.timeouts, saved.spurious_wakeups);
        if allowances != (limits.allowances.timeouts, limits.allowances.wakeups) {
            let (timeouts, wakeups) = allowances;
            return Err(failed(format!("of a search with {timeouts} timeouts and {wakeups} spurious wakeups")));
        }
        let tasks = saved.tasks.len();
        let known = |task: u32| (task as usize) < tasks;
        if !saved.path.iter().all(|node| known(node.task) && node.asleep.iter().all(|deed| known(deed.task))) {
            return Err(failed("a decision is of a task that it does not list".into()));
        }
        if saved.path.iter().any(|node| node.choice.is_some_and(Choice::is_empty)) {
            return Err(failed("a choice has nothing to choose from".into()));
        }
        Ok(Some(saved))
    }

    /// Makes `search`, which is a new one, the one that was saved.
    pub(super) fn restore(self, search: &mut Search) {
        search.tasks = Tasks::from_identities(&self.tasks);
        search.loops.endless = self.loops.into_iter().collect();
        search.counts = self.counts;
        search.places = self.path.iter().map(|node| node.place).collect();
        let node = |Saved { task, asleep, tree, choice, done, .. }| Node { task, asleep, tree, choice, done, awake: 0 };
        search.nodes = self.path.into_iter().map(node).collect();
        search.ahead = self.ahead;
        search.resume_from_checkpoint();
    }
}

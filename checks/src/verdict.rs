//! How a program fails: a verdict with its data.

use crate::execution;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A line of the program under test.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Place {
    /// The file as the compiler was given it, with `/`; for a dependency, its last two components.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
    /// In characters, counted from 1.
    pub column: u32,
}

impl Place {
    pub(crate) fn of(site: &std::panic::Location<'_>) -> Self {
        let file = site.file().replace('\\', "/");
        // An absolute path is this machine's own.
        let absolute = file.starts_with('/') || file.as_bytes().get(1) == Some(&b':');
        let file = if absolute {
            let parts: Vec<&str> = file.rsplitn(3, '/').take(2).collect();
            parts.into_iter().rev().collect::<Vec<_>>().join("/")
        } else {
            file
        };
        Place { file, line: site.line(), column: site.column() }
    }

    /// Whether it is no line of the program: nobody's line starts `main`.
    pub(crate) fn is_nowhere(&self) -> bool {
        *self == Place::of(execution::nowhere())
    }

    /// As editors and terminals open it: `src/queue.rs:29:43`.
    #[must_use]
    pub fn clickable(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One edge of a deadlock's cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Wait {
    /// Who waits.
    pub task: String,
    /// For which object or task.
    pub wants: String,
    /// By which operation.
    pub operation: String,
    /// Where it waits.
    pub at: Place,
    /// Who holds what it wants.
    pub held_by: String,
    /// Where the holder took it.
    pub since: Place,
    /// The other does not hold it: it waits to write since then, and new readers wait behind it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub queued: bool,
}

/// A task that waits for what can't come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Waiting {
    /// Who waits.
    pub task: String,
    /// By which operation.
    pub operation: String,
    /// On what.
    pub object: String,
    /// Where.
    pub at: Place,
}

/// One of the two accesses of a data race.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Access {
    /// Who.
    pub task: String,
    /// Whether it wrote.
    pub write: bool,
    /// Where.
    pub at: Place,
}

impl Access {
    pub(crate) fn new(task: &str, access: execution::Access) -> Self {
        Access { task: task.to_owned(), write: access.write, at: Place::of(access.site) }
    }
}

/// How a program fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// A panic from the program's own check.
    Assertion {
        /// Who panicked.
        task: String,
        /// The panic's message.
        message: String,
        /// Where, if the panic said.
        at: Option<Place>,
    },
    /// Two accesses to a variable, at least one of them a write, that nothing orders.
    DataRace {
        /// The variable.
        object: String,
        /// The earlier access in this execution.
        first: Access,
        /// The later one.
        second: Access,
    },
    /// A cycle in the wait-for graph.
    Deadlock {
        /// Each task of the cycle waits for the next, the last for the first.
        cycle: Vec<Wait>,
    },
    /// Tasks wait for a wakeup that can no longer come, and there is no cycle.
    Stuck {
        /// Every task that waits.
        waiting: Vec<Waiting>,
    },
    /// A request was bypassed more often than its bound allows.
    Starvation {
        /// Whose request.
        task: String,
        /// The lock, queue or pool that declared the bound.
        object: String,
        /// Grants to others since the request.
        bypassed: usize,
        /// The declared bound.
        bound: usize,
        /// Who was granted instead, in order.
        by: Vec<String>,
    },
    /// A task came after its deadline.
    Late {
        /// Who.
        task: String,
        /// To which deadline.
        deadline: String,
        /// By how much, on the virtual clock.
        late: Duration,
    },
    /// Tasks run, the same steps recur, and nothing is marked as progress.
    Livelock {
        /// Who takes part.
        tasks: Vec<String>,
        /// Steps in one round.
        steps: usize,
        /// Rounds that were seen.
        rounds: usize,
    },
    /// Something outlives its owner.
    Leak {
        /// What: tasks that still run, or what the program named.
        what: Vec<String>,
    },
    /// An API's contract was broken.
    Misuse {
        /// By whom.
        task: String,
        /// Which contract.
        message: String,
    },
    /// The process ended in the middle of an execution. Seen where a check has a process of its own.
    Crash {
        /// Who ran.
        task: String,
        /// How it ended.
        how: String,
    },
    /// An execution does not come to its next operation. Seen where a check has a process of its own.
    Hang {
        /// Who ran.
        task: String,
    },
}

impl Verdict {
    /// The verdict's name: the one word of the matrix and the JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Assertion { .. } => "assertion",
            Verdict::DataRace { .. } => "data race",
            Verdict::Deadlock { .. } => "deadlock",
            Verdict::Stuck { .. } => "stuck",
            Verdict::Starvation { .. } | Verdict::Late { .. } => "starvation",
            Verdict::Livelock { .. } => "livelock",
            Verdict::Leak { .. } => "leak",
            Verdict::Misuse { .. } => "misuse",
            Verdict::Crash { .. } => "crash",
            Verdict::Hang { .. } => "hang",
        }
    }
}

impl Verdict {
    /// Whether `other` is the same failure, though perhaps of other tasks, or after another number of rounds: the same
    /// check that panics, the same variable that races, a cycle over the same objects, tasks that are stuck at the same
    /// places, the same broken bound or contract, a process that ends in the same way.
    #[must_use]
    pub fn is_like(&self, other: &Verdict) -> bool {
        let wanted = |cycle: &[Wait]| sorted(cycle.iter().map(|wait| wait.wants.clone()).collect());
        let places = |waiting: &[Waiting]| {
            sorted(waiting.iter().map(|wait| (wait.operation.clone(), wait.at.file.clone(), wait.at.line)).collect())
        };
        match (self, other) {
            (
                Verdict::Assertion { message, at: Some(at), .. },
                Verdict::Assertion { message: message_2, at: Some(at_2), .. },
            ) => at == at_2 && first_line(message) == first_line(message_2),
            (Verdict::Assertion { message, .. }, Verdict::Assertion { message: message_2, .. })
            | (Verdict::Misuse { message, .. }, Verdict::Misuse { message: message_2, .. }) => message == message_2,
            (Verdict::DataRace { object, .. }, Verdict::DataRace { object: object_2, .. })
            | (Verdict::Starvation { object, .. }, Verdict::Starvation { object: object_2, .. }) => object == object_2,
            (Verdict::Late { deadline, .. }, Verdict::Late { deadline: deadline_2, .. }) => deadline == deadline_2,
            (Verdict::Deadlock { cycle }, Verdict::Deadlock { cycle: cycle_2 }) => wanted(cycle) == wanted(cycle_2),
            (Verdict::Stuck { waiting }, Verdict::Stuck { waiting: waiting_2 }) => places(waiting) == places(waiting_2),
            (Verdict::Livelock { tasks, .. }, Verdict::Livelock { tasks: tasks_2, .. }) => {
                sorted(tasks.clone()) == sorted(tasks_2.clone())
            }
            (Verdict::Leak { what }, Verdict::Leak { what: what_2 }) => what == what_2,
            (Verdict::Crash { how, .. }, Verdict::Crash { how: how_2, .. }) => how == how_2,
            (Verdict::Hang { .. }, Verdict::Hang { .. }) => true,
            _ => false,
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

impl fmt::Display for Verdict {
    /// One sentence, from the verdict's own data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Assertion { task, message, .. } => {
                write!(f, "{task} panicked: {}", first_line(message))
            }
            Verdict::DataRace { object, first, second } => {
                let verb = |access: &Access| if access.write { "writes" } else { "reads" };
                let (one, two) = (verb(first), verb(second));
                write!(f, "{} {one} {object} and {} {two} it, and nothing orders the two", first.task, second.task)
            }
            Verdict::Deadlock { cycle } if cycle.len() == 1 => {
                write!(f, "{} waits for {}, which it holds itself", cycle[0].task, cycle[0].wants)
            }
            Verdict::Deadlock { cycle } if cycle.iter().any(|wait| wait.queued) => {
                write!(f, "a reader waits behind a queued writer, which waits for a read lock that is never given back")
            }
            Verdict::Deadlock { cycle } => {
                write!(f, "each of {} tasks holds what the next one waits for", cycle.len())
            }
            Verdict::Stuck { waiting } => {
                let names: Vec<&str> = waiting.iter().map(|waiting| waiting.task.as_str()).collect();
                let waits = if names.len() == 1 { "waits" } else { "wait" };
                write!(f, "{} {waits} for what can no longer come", names.join(" and "))
            }
            Verdict::Starvation { task, object, bypassed, bound, .. } => {
                write!(f, "{task} was bypassed {bypassed} times at {object}, which allows {bound}")
            }
            Verdict::Late { task, deadline, late } => write!(f, "{task} comes {late:?} too late to {deadline}"),
            Verdict::Livelock { tasks, steps, .. } => {
                write!(f, "{} repeat the same {steps} steps and get nowhere", tasks.join(" and "))
            }
            Verdict::Leak { what } => write!(f, "left behind: {}", what.join(", ")),
            Verdict::Misuse { task, message } => write!(f, "{task}: {message}"),
            Verdict::Crash { task, how } => write!(f, "while {task} ran, the process {how}"),
            Verdict::Hang { task } => write!(f, "{task} does not come to its next operation"),
        }
    }
}

//! What a search has covered: which executions, under which memory model, and what it left out.

use crate::engine::Engine;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The memory model that an engine explores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Memory {
    /// Operations interleave, and a load gives what was stored last (Lamport 1979).
    SequentiallyConsistent,
    /// C11's orders, as far as loom knows them.
    C11,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Memory::SequentiallyConsistent => "sequentially consistent",
            Memory::C11 => "C11",
        })
    }
}

/// Which of a program's executions a search has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Searched {
    /// Every one of the model: if one fails, it has been found.
    Every,
    /// Every one that the engine explores; the gaps say what it does not.
    Explored,
    /// Every one with at most so many preemptions.
    Bounded {
        /// The bound.
        preemptions: usize,
    },
    /// So many, drawn at random.
    Sampled {
        /// From which seed.
        seed: u64,
    },
}

/// What a search has left out, and could have failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Gap {
    /// The program has atomic accesses weaker than `SeqCst`, and the search took all for `SeqCst`.
    WeakOrders,
    /// loom does not let a thread continue after a yield until all others wait.
    Yields,
    /// loom forgets stores: those before a load that another load came after, and all but the last seven of an atomic.
    ForgottenStores,
    /// A loop takes a lock and writes what was there, byte by byte, so it was taken to wait. What the data points to was not
    /// compared: a loop that changes only that, and does so more than twenty times in a row, would end.
    LoopsComparedByBytes,
    /// So many executions of loom's failed in a way that no machine can show, and were dropped.
    Impossible(u64),
    /// A further search was tried, and did not come to its end.
    Tried(String),
    /// Several tasks ran, and used nothing of raddle's: there was nothing to interleave.
    NothingShared {
        /// How many tasks.
        tasks: usize,
    },
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gap::WeakOrders => write!(f, "orders weaker than SeqCst were not explored"),
            Gap::Yields => write!(f, "loom does not continue after a yield until all others wait"),
            Gap::ForgottenStores => write!(f, "loom does not let every load see every store"),
            Gap::LoopsComparedByBytes => {
                write!(
                    f,
                    "a loop that writes what is there under a lock was taken to wait, without a look at what that points to"
                )
            }
            Gap::Impossible(1) => write!(f, "1 failing execution that no machine can have was dropped"),
            Gap::Impossible(count) => {
                write!(f, "{count} failing executions that no machine can have were dropped")
            }
            Gap::Tried(what) => f.write_str(what),
            Gap::NothingShared { tasks } => write!(
                f,
                "{tasks} tasks ran and used nothing of raddle's, so there was nothing to explore: use \
                 `raddle::sync` and `raddle::thread` where the program has std's"
            ),
        }
    }
}

/// How much of a program's behaviour a search that found nothing has seen.
///
/// ```
/// use raddle::{Checker, Engine, Memory, Outcome, thread};
///
/// let outcome = Checker::new().engine(Engine::Exhaustive).run(|| {
///     let lock = raddle::sync::Arc::new(raddle::sync::Mutex::new(0));
///     let theirs = lock.clone();
///     let other = thread::spawn(move || *theirs.lock().unwrap() += 1);
///     *lock.lock().unwrap() += 1;
///     other.join().unwrap();
/// })?;
/// let Outcome::Holds(coverage) = outcome else { panic!("it fails") };
/// assert!(coverage.is_exhaustive());
/// assert_eq!(coverage.model, Memory::SequentiallyConsistent);
/// assert_eq!(coverage.to_string(), "all 2 interleavings (sequentially consistent)");
/// # Ok::<(), raddle::CheckError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Coverage {
    /// Which executions were searched.
    #[serde(flatten)]
    pub searched: Searched,
    /// How many executions that were.
    pub executions: u64,
    /// The engine.
    pub engine: Engine,
    /// The memory model that it explored.
    pub model: Memory,
    /// What it has left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// Other searches of the same check that found nothing, in the order in which they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Coverage>,
}

impl Coverage {
    pub(crate) fn new(engine: Engine, searched: Searched, executions: u64) -> Self {
        let model = if engine == Engine::Loom { Memory::C11 } else { Memory::SequentiallyConsistent };
        Coverage { searched, executions, engine, model, gaps: Vec::new(), also: Vec::new() }
    }

    /// Executions seen, in all searches.
    #[must_use]
    pub fn executions(&self) -> u64 {
        self.executions + self.also.iter().map(Coverage::executions).sum::<u64>()
    }

    /// Whether a failing execution, if there were one, would have been found.
    #[must_use]
    pub fn is_exhaustive(&self) -> bool {
        self.searched == Searched::Every && self.gaps.is_empty()
    }

    /// Whether it has left out executions that a user may well take for searched: weak orders, or all there could have been.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.gaps.iter().any(|gap| matches!(gap, Gap::WeakOrders | Gap::NothingShared { .. } | Gap::Tried(_)))
    }

    /// Whether several tasks ran and used nothing of raddle's: then it says nothing.
    #[must_use]
    pub fn has_explored_nothing(&self) -> bool {
        self.gaps.iter().any(|gap| matches!(gap, Gap::NothingShared { .. }))
    }

    /// The word for it: `exhaustive`, `interleavings` where weaker orders were left out, `explored`, `≤ 2 preemptions`,
    /// `sampled`, or `nothing to explore in`.
    #[must_use]
    pub fn word(&self) -> String {
        match self.searched {
            _ if self.has_explored_nothing() => "nothing to explore in".to_owned(),
            Searched::Every if self.is_exhaustive() => "exhaustive".to_owned(),
            Searched::Every => "interleavings".to_owned(),
            Searched::Explored => "explored".to_owned(),
            Searched::Bounded { preemptions } => format!("≤ {preemptions} preemptions"),
            Searched::Sampled { .. } => "sampled".to_owned(),
        }
    }
}

impl fmt::Display for Coverage {
    /// One sentence for each search, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let executions = |noun: &str| {
            let plural = if self.executions == 1 { "" } else { "s" };
            format!("{} {noun}{plural}", grouped(self.executions))
        };
        let (engine, model) = (self.engine, self.model);
        match self.searched {
            Searched::Every if self.executions == 1 => write!(f, "the one interleaving ({model})")?,
            Searched::Every => write!(f, "all {} ({model})", executions("interleaving"))?,
            Searched::Explored => write!(f, "{} explored by {engine} ({model})", executions("execution"))?,
            Searched::Bounded { preemptions } => write!(
                f,
                "{} with at most {preemptions} preemptions explored by {engine} ({model})",
                executions("execution")
            )?,
            Searched::Sampled { seed } => {
                write!(f, "{} drawn by {engine} from seed {seed} ({model})", executions("schedule"))?;
            }
        }
        self.gaps.iter().try_for_each(|gap| write!(f, ", but {gap}"))?;
        self.also.iter().try_for_each(|other| write!(f, "; {other}"))
    }
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

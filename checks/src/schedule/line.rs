//! One failing execution in one line, for a shell to hand to a test again: `RADDLE_REPLAY='…'`.
//!
//! The line has all that decided: who ran at each step, the answers of `choose`, a livelock's round, a property's
//! parameters. Timeouts and spurious wakeups are steps of the task that goes on. Of a failure in which loads see replaced
//! stores the steps don't say which: it has the number of the execution in loom's search. Each step has a mark, so that
//! another program is noticed at the step that differs, and the whole has a checksum, so that a line cut short is no line.
//!
//! `r1:shuttle:assertion:4:main,teller:0x2.1.0:q3Zk:1.0:0:1::5b0c93aa`: version, who runs it, the verdict, how many steps,
//! tasks, steps, marks, answers, round, which check of its test, parameters, checksum.

use super::{NAMES_BYTES_MAX, STEPS_MAX, Schedule, excerpt};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::{self, Write};
use std::str::FromStr;

/// The version of the line's form.
const VERSION: &str = "r1";
/// Fields of a whole line.
const FIELDS: usize = 12;
/// Where the number of steps, and the steps themselves, stand.
const COUNT: usize = 3;
const STEPS: usize = 5;
/// Marks of a line at most: in a longer schedule one stands for several steps.
const MARKS_MAX: usize = 200;
/// Sixty-four characters that no shell looks at.
const MARKS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What runs the execution of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Player {
    /// The schedule says it all.
    Steps,
    /// The execution with this number, of loom's search.
    Loom {
        /// Counted from 1.
        execution: u64,
    },
}

/// One failing execution, with all that is needed to run it again: what a failing [`check`](crate::check) prints, and takes
/// as `RADDLE_REPLAY`.
///
/// ```
/// use raddle::{LineError, ReplayLine};
///
/// let line = "r1:shuttle:assertion:4:main,teller:0x2.1".parse::<ReplayLine>();
/// assert_eq!(line, Err(LineError::Cut { step: 3, steps: 4 }));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayLine {
    pub(crate) player: Player,
    /// The verdict's name.
    pub(crate) verdict: String,
    pub(crate) schedule: Schedule,
    /// A mark for each step, or for so many of them: what it is.
    pub(crate) marks: String,
    /// Which check of its test it is, counted from 1; 0 if that can't be told.
    pub(crate) check: usize,
    /// Of a property.
    pub(crate) parameters: Option<Value>,
}

/// Why a line can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LineError {
    /// It is not one.
    #[error("`{0}` does not begin as the line that a failing check prints: `{VERSION}:`")]
    Foreign(String),
    /// Its end is missing.
    #[error("it is cut short at step {step} of {steps}: copy the whole of it, up to the closing quote")]
    Cut {
        /// The first step that is not there whole, counted from 1; the last one, if what is missing comes after it.
        step: usize,
        /// How many there were.
        steps: usize,
    },
    /// Its characters are not those that were printed.
    #[error(
        "it is not as it was printed (its checksum is {expected}, and would be {found}): copy it again, from step 1 on"
    )]
    Damaged {
        /// What it says.
        expected: String,
        /// What it comes to.
        found: String,
    },
    /// A part of it can't be read.
    #[error("step {step}: {what}")]
    Step {
        /// Which, counted from 1; 0 if it is before the first.
        step: usize,
        /// What is wrong.
        what: String,
    },
}

impl ReplayLine {
    /// Of a property: the parameters at which it failed.
    #[must_use]
    pub fn parameters(&self) -> Option<&Value> {
        self.parameters.as_ref()
    }

    /// Who runs when, and how each choice is answered.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The first step that is not what the line was printed for, counted from 1, of a run that did this.
    pub(crate) fn differs(&self, operations: &[String]) -> Option<usize> {
        let length = chunk(self.schedule.steps.len());
        let whole = operations.len().min(self.schedule.steps.len()) / length * length;
        let found = marks(&operations[..whole], length);
        let at = self.marks.bytes().zip(found.bytes()).position(|(one, two)| one != two)?;
        Some(at * length + 1)
    }
}

/// Steps for which one mark stands.
fn chunk(steps: usize) -> usize {
    steps.div_ceil(MARKS_MAX).max(1)
}

/// What tells these operations, in so many steps each, from others.
fn marks(operations: &[String], length: usize) -> String {
    let mark = |operations: &[String]| {
        let hash = operations.iter().fold(BASIS, |hash, operation| fnv(hash, operation.as_bytes()));
        char::from(MARKS[usize::try_from((hash ^ hash >> 29) % 64).unwrap_or(0)])
    };
    operations.chunks(length).map(mark).collect()
}

/// The marks of all of a schedule's operations.
pub(crate) fn marks_of(operations: &[String]) -> String {
    marks(operations, chunk(operations.len()))
}

const BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a.
fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn checksum(text: &str) -> String {
    let hash = fnv(BASIS, text.as_bytes());
    format!("{:08x}", (hash ^ hash >> 32) & 0xffff_ffff)
}

/// `text` in characters that no shell looks at, and that stand for nothing in a line; others as `%XX`.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_./[]".contains(&byte) {
            quoted.push(char::from(byte));
        } else {
            let _ = write!(quoted, "%{byte:02X}");
        }
    }
    quoted
}

fn unquote(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

fn join(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(".")
}

impl fmt::Display for ReplayLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let player = match self.player {
            Player::Steps => {
                let gated = if self.schedule.gated { "-gated" } else { "" };
                let counted = if self.schedule.counted { "-counted" } else { "" };
                format!("shuttle{gated}{counted}")
            }
            Player::Loom { execution } => format!("loom-{execution}"),
        };
        let (mut names, mut runs): (Vec<&String>, Vec<String>) = (Vec::new(), Vec::new());
        for run in self.schedule.steps.chunk_by(|one, two| one == two) {
            let number = names.iter().position(|name| *name == &run[0]).unwrap_or_else(|| {
                names.push(&run[0]);
                names.len() - 1
            });
            runs.push(if run.len() > 1 { format!("{number}x{}", run.len()) } else { number.to_string() });
        }
        let names: Vec<String> = names.into_iter().map(|name| quote(name)).collect();
        let parameters = self.parameters.as_ref().map(|values| quote(&values.to_string())).unwrap_or_default();
        let fields = [
            VERSION.to_owned(),
            player,
            self.verdict.replace(' ', "-"),
            self.schedule.steps.len().to_string(),
            names.join(","),
            runs.join("."),
            self.marks.clone(),
            join(&self.schedule.answers),
            self.schedule.round.to_string(),
            self.check.to_string(),
            parameters,
        ];
        let text = fields.join(":");
        write!(f, "{text}:{}", checksum(&text))
    }
}

impl FromStr for ReplayLine {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, LineError> {
        let text = text.trim();
        let fields: Vec<&str> = text.split(':').collect();
        if fields[0] != VERSION {
            return Err(LineError::Foreign(excerpt(text)));
        }
        let whole = text.rsplit_once(':').filter(|(_, sum)| fields.len() == FIELDS && sum.len() == 8);
        let Some((front, expected)) = whole else { return Err(cut(&fields)) };
        let found = checksum(front);
        if expected != found {
            return Err(LineError::Damaged { expected: excerpt(expected), found });
        }
        let before = |what: String| LineError::Step { step: 0, what };
        let number =
            |text: &str| text.parse::<usize>().map_err(|_| before(format!("`{}` is no number", excerpt(text))));
        let steps = steps(fields[COUNT + 1], fields[STEPS])?;
        let last = |what: String| LineError::Step { step: steps.len(), what };
        if steps.len() != number(fields[COUNT])? {
            return Err(last(format!("this is the last, and there have to be {}", excerpt(fields[COUNT]))));
        }
        let answers = fields[7].split('.').filter(|answer| !answer.is_empty()).map(number).collect::<Result<_, _>>()?;
        let round = number(fields[8])?;
        if round > steps.len() {
            return Err(last(format!("a round of {round} steps does not end here")));
        }
        let player = match (fields[1], fields[1].strip_prefix("loom-").map(str::parse)) {
            ("shuttle" | "shuttle-gated" | "shuttle-counted" | "shuttle-gated-counted", _) => Player::Steps,
            (_, Some(Ok(execution))) => Player::Loom { execution },
            (other, _) => return Err(before(format!("no engine is called `{}`", excerpt(other)))),
        };
        let parameters = match fields[10] {
            "" => None,
            values => {
                let values = unquote(values).and_then(|values| serde_json::from_str(&values).ok());
                Some(values.ok_or_else(|| before("the parameters are not JSON".into()))?)
            }
        };
        let weak = matches!(player, Player::Loom { .. });
        let (gated, counted) = (fields[1].contains("-gated"), fields[1].ends_with("-counted"));
        Ok(ReplayLine {
            player,
            verdict: fields[2].replace('-', " "),
            schedule: Schedule { steps, answers, round, weak, gated, counted },
            marks: fields[6].to_owned(),
            check: number(fields[9])?,
            parameters,
        })
    }
}

/// Where a line ends that has no end.
fn cut(fields: &[&str]) -> LineError {
    let steps: usize = fields.get(COUNT).and_then(|count| count.parse().ok()).unwrap_or(0);
    // A count is whole only where something comes after it.
    let (whole, steps) = match fields.len() {
        0..=COUNT => (0, 0),
        4 | 5 => (0, steps),
        6 => {
            let runs = fields[STEPS].rsplit_once('.').map_or("", |(whole, _)| whole);
            let length = |run: &str| run.split_once('x').map_or(Some(1), |(_, count)| count.parse::<usize>().ok());
            let lengths = runs.split('.').filter(|run| !run.is_empty()).map(|run| length(run).unwrap_or(0));
            (lengths.fold(0_usize, usize::saturating_add), steps)
        }
        _ => (steps, steps),
    };
    LineError::Cut { step: whole.saturating_add(1).min(steps.max(1)), steps }
}

/// The steps, by the names of their tasks.
fn steps(names: &str, runs: &str) -> Result<Vec<String>, LineError> {
    let wrong = |step: usize, what: String| LineError::Step { step, what };
    let names: Option<Vec<String>> = names.split(',').map(unquote).collect();
    let names = names.ok_or_else(|| wrong(0, "a task's name can't be read".into()))?;
    let (mut steps, mut names_bytes): (Vec<String>, usize) = (Vec::new(), 0);
    for run in runs.split('.').filter(|run| !run.is_empty()) {
        let at = steps.len() + 1;
        let (task, count) = run.split_once('x').unwrap_or((run, "1"));
        let (Ok(task), Ok(count)) = (task.parse::<usize>(), count.parse::<usize>()) else {
            return Err(wrong(at, format!("`{}` is not a task's number, `x` and how many steps", excerpt(run))));
        };
        let Some(name) = names.get(task) else {
            return Err(wrong(at, format!("the line names {} tasks, and this is of number {task}", names.len())));
        };
        names_bytes = names_bytes.saturating_add(name.len().saturating_mul(count));
        if count > STEPS_MAX - steps.len() || names_bytes > NAMES_BYTES_MAX {
            return Err(wrong(at, format!("{count} steps more are too many")));
        }
        steps.extend(std::iter::repeat_n(name.clone(), count));
    }
    Ok(steps)
}

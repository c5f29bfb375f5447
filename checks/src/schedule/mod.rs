//! Schedules: who runs when, in words that people can read and every engine can follow.
//!
//! A schedule is a list of tasks, one for each operation of the facade, run-length coded: `main×3 teller auditor×2`.
//! Beside it stand the answers to the choices, in the order in which they were made. It says nothing of how an engine
//! got there, so what loom found can be followed under shuttle and the reverse.

mod line;
mod record;

pub use line::{LineError, ReplayLine};
pub(crate) use line::{Player, marks_of};
pub(crate) use record::write_whole;
pub use record::{Finder, RECORD_BYTES_MAX, Record, RecordError, SCHEMA};

use crate::execution::{Decision, Execution, Found, RECURRENCES, ROUNDS, TaskId, TaskState};
use crate::trace::Trace;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Who runs when, and how each choice is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Schedule {
    /// The name of the task of each step; in JSON run-length coded: `main×3 teller`.
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    #[cfg_attr(feature = "suite", schemars(with = "String"))]
    pub steps: Vec<String>,
    /// The answers to `raddle::choose`, and of racing timeouts under loom, in order.
    pub answers: Vec<usize>,
    /// Of a livelock: how many of the last steps come round again and again; 0 otherwise.
    pub round: usize,
    /// Loads see stores that have been replaced. The schedule does not say which: loom's own search has to find it again.
    pub weak: bool,
    /// Others may go on between an unlock and what comes after it, and who may have to wait looks first, as a step of its own:
    /// somebody can tell.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gated: bool,
    /// Clones and drops of `Arc`s are steps: somebody can tell in which order they come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
}

/// The steps as text: `main×3 teller`.
fn as_text<S: serde::Serializer>(steps: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Steps(steps))
}

fn from_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(|schedule: Schedule| schedule.steps).map_err(serde::de::Error::custom)
}

impl Schedule {
    pub(crate) fn of(found: &Found) -> Self {
        let name = |decision: &Decision| found.tasks[decision.task.index()].clone();
        let (log, mut end, mut length) = (&found.log, found.log.len(), 0);
        if let Some(round) = &found.round
            && log[round.start..].iter().zip(&log[round.end..]).all(|(one, two)| one == two)
        {
            (end, length) = (round.end, round.len());
        }
        let steps = log[..end].iter().map(name).collect();
        let weak = found.trace.as_ref().is_some_and(Trace::is_weak);
        let (gated, counted) = (found.gated, found.counted.is_on());
        Schedule { steps, answers: found.answers.clone(), round: length, weak, gated, counted }
    }

    /// The task of the step, counted from 0; the rounds of a livelock come as often as it takes to be sure.
    pub(crate) fn step(&self, step: usize) -> Option<&String> {
        let (steps, round) = (self.steps.len(), self.round.min(self.steps.len()));
        let more = step.checked_sub(steps).filter(|more| *more < round * (ROUNDS + RECURRENCES));
        self.steps.get(more.map_or(step, |more| steps - round + more % round))
    }
}

impl fmt::Display for Schedule {
    /// The steps, run-length coded, and what else decided, if anything did: `main×3 teller; answers 1 0; round 2`; `gated` if
    /// looks before a wait are steps, and `counted` if clones and drops of `Arc`s are. A name with a space, a quote, a `×` or a `;` in it is quoted as Rust quotes strings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Steps(&self.steps).fmt(f)?;
        if !self.answers.is_empty() {
            write!(f, "; answers")?;
            self.answers.iter().try_for_each(|answer| write!(f, " {answer}"))?;
        }
        if self.round > 0 {
            write!(f, "; round {}", self.round)?;
        }
        if self.gated {
            write!(f, "; gated")?;
        }
        if self.counted {
            write!(f, "; counted")?;
        }
        Ok(())
    }
}

struct Steps<'a>(&'a [String]);

impl fmt::Display for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, run) in self.0.chunk_by(|one, two| one == two).enumerate() {
            let space = if index == 0 { "" } else { " " };
            let name = &run[0];
            let plain = !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || "\"×*;".contains(c));
            write!(f, "{space}")?;
            if plain {
                write!(f, "{name}")?;
            } else {
                write!(f, "{}", serde_json::Value::from(name.as_str()))?;
            }
            if run.len() > 1 {
                write!(f, "×{}", run.len())?;
            }
        }
        Ok(())
    }
}

/// Steps in a schedule that is read back; far more than any engine's budget.
const STEPS_MAX: usize = 1_000_000;

/// Bytes that the names of all steps of a schedule that is read back may come to: a run of a long name is a short text,
/// but each of its steps has a name of its own.
const NAMES_BYTES_MAX: usize = 64 << 20;

impl FromStr for Schedule {
    type Err = String;

    /// Reads what [`Display`](fmt::Display) prints: at most a million steps, with at most 64 MiB of names.
    ///
    /// ```
    /// let schedule: raddle::Schedule = "main×3 teller; answers 1 0".parse()?;
    /// assert_eq!((schedule.steps.len(), schedule.answers), (4, vec![1, 0]));
    /// # Ok::<(), String>(())
    /// ```
    fn from_str(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut names_bytes = 0_usize;
        let mut rest = text.trim_start();
        while !rest.is_empty() && !rest.starts_with(';') {
            let (name, after) = task_name(rest)?;
            let end = after.find(|c: char| c.is_whitespace() || c == ';').unwrap_or(after.len());
            let (count, next) = after.split_at(end);
            let count = match count.strip_prefix(['×', '*']) {
                None if count.is_empty() => 1,
                Some(digits) => digits.parse::<usize>().ok().filter(|count| *count > 0).ok_or_else(|| {
                    format!("`{}` is not a number of steps (after `{}`)", excerpt(digits), excerpt(&name))
                })?,
                None => {
                    return Err(format!("`{}` after `{}` is not `×` and a number", excerpt(count), excerpt(&name)));
                }
            };
            if count > STEPS_MAX - steps.len() {
                return Err(format!("more than {STEPS_MAX} steps (at `{}×{count}`)", excerpt(&name)));
            }
            names_bytes = names_bytes.saturating_add(name.len().saturating_mul(count));
            if names_bytes > NAMES_BYTES_MAX {
                let mebibytes = NAMES_BYTES_MAX >> 20;
                return Err(format!("more than {mebibytes} MiB of tasks' names (at `{}×{count}`)", excerpt(&name)));
            }
            steps.extend(std::iter::repeat_n(name, count));
            rest = next.trim_start();
        }
        let mut schedule = Schedule { steps, ..Schedule::default() };
        for part in rest.split(';').skip(1).map(str::trim) {
            schedule.more(part)?;
        }
        Ok(schedule)
    }
}

impl Schedule {
    /// Reads what follows the steps: `answers 1 0`, `round 2`, `gated`, `counted`.
    fn more(&mut self, part: &str) -> Result<(), String> {
        let number = |text: &str| text.parse().map_err(|_| format!("`{}` is no number", excerpt(text)));
        let (what, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
        match what {
            "answers" if self.answers.is_empty() && !rest.trim().is_empty() => {
                self.answers = rest.split_whitespace().map(number).collect::<Result<_, _>>()?;
            }
            "round" if self.round == 0 => {
                self.round = number(rest.trim())?;
                if self.round == 0 || self.round > self.steps.len() {
                    return Err(format!("a round of {} steps, of {}", self.round, self.steps.len()));
                }
            }
            "gated" if !self.gated && rest.is_empty() => self.gated = true,
            "counted" if !self.counted && rest.is_empty() => self.counted = true,
            _ => return Err(format!("`; {}` is none of `answers`, `round`, `gated` and `counted`", excerpt(part))),
        }
        Ok(())
    }

    /// The steps alone.
    pub(crate) fn steps_as_text(&self) -> String {
        Steps(&self.steps).to_string()
    }
}

/// A task's name at the front of `text`, and what follows it.
fn task_name(text: &str) -> Result<(String, &str), String> {
    if text.starts_with('"') {
        let mut quoted = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let name = quoted
            .next()
            .and_then(Result::ok)
            .ok_or_else(|| format!("an unfinished quote, or an escape that is none, at `{}`", excerpt(text)))?;
        return Ok((name, &text[quoted.byte_offset()..]));
    }
    let end = text.find(|c: char| c.is_whitespace() || c == '×' || c == '*').unwrap_or(text.len());
    // A name may have a `;` in it in old records, but not at its end.
    let end = text[..end].trim_end_matches(';').len();
    if end == 0 {
        return Err(format!("a task's name is missing at `{}`", excerpt(text)));
    }
    Ok((text[..end].to_owned(), &text[end..]))
}

/// Characters that an error quotes of what it was given.
const EXCERPT_CHARS: usize = 80;

/// The front of `text`, which may be a whole damaged file, for an error to quote.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How far a schedule has been followed.
#[derive(Clone, Debug)]
pub(crate) struct Steer {
    schedule: Schedule,
    at: usize,
}

impl Steer {
    pub(crate) fn new(schedule: Schedule) -> Self {
        Steer { schedule, at: 0 }
    }

    /// The steps of a livelock's round.
    pub(crate) fn round(&self) -> Option<std::ops::Range<usize>> {
        let end = self.schedule.steps.len();
        let round = end.checked_sub(self.schedule.round)?..end;
        (!round.is_empty()).then_some(round)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.schedule.step(self.at).is_none()
    }

    pub(crate) fn advance(&mut self) {
        self.at += 1;
    }
}

impl Execution {
    /// Whose turn it is by the schedule: nobody's in particular when there is none, or it is done; an error, what was
    /// expected and what is the case, when that task can't go on.
    #[inline]
    pub(crate) fn steer_turn(&self) -> Option<Result<TaskId, (String, String)>> {
        self.turn_by(self.steer.as_ref()?)
    }

    fn turn_by(&self, steer: &Steer) -> Option<Result<TaskId, (String, String)>> {
        let name = steer.schedule.step(steer.at)?;
        let names = self.names();
        let expected = format!("`{}` to go on", excerpt(name));
        let Some(task) = self.task_ids().find(|task| names.task(*task) == name) else {
            let known: Vec<&str> = self.task_ids().map(|task| names.task(task)).collect();
            return Some(Err((expected, format!("there is no such task: the tasks are {}", known.join(", ")))));
        };
        let entry = &self.tasks[task.index()];
        if entry.state == TaskState::Finished {
            return Some(Err((expected, format!("`{name}` has finished"))));
        }
        match entry.pending {
            Some(op) if !self.ready(task, &op) && !self.may_give_up(&op) => {
                let found = format!("`{name}` waits: {} {}", op.kind.label(), names.target(&op));
                Some(Err((expected, found)))
            }
            _ => Some(Ok(task)),
        }
    }
}

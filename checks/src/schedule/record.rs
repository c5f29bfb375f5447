//! The file that keeps a counterexample: its schedule, the verdict it must reproduce, and what it was found with.

use super::Schedule;
use crate::engine::Engine;
use crate::outcome::Counterexample;
use crate::study::Study;
use crate::verdict::Verdict;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The version of the file's form that this raddle writes and reads.
pub const SCHEMA: u32 = 2;

/// The largest record that is written and read, in bytes. One of a thousand steps has a few kilobytes.
pub const RECORD_BYTES_MAX: u64 = 16 << 20;

/// A recorded counterexample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub struct Record {
    /// The file's form.
    #[cfg_attr(feature = "suite", schemars(extend("const" = SCHEMA)))]
    pub schema: u32,
    /// The pattern, `family/name`.
    pub pattern: String,
    /// The variant.
    pub variant: String,
    /// The engines that found it; the program is the one that the first of them ran.
    pub found: Vec<Finder>,
    /// A hash of the scenario's source (FNV-1a, 64 bits, of the text with `\n` line ends), to tell drift from damage.
    pub source_hash: String,
    /// Times that a task is interrupted that could have gone on.
    pub preemptions: usize,
    /// That no schedule with fewer preemptions fails so has been proven.
    pub fewest: bool,
    /// Who runs when: `main×3 teller auditor×2`.
    pub schedule: String,
    /// The answers to the choices, in order.
    pub answers: Vec<usize>,
    /// Of a livelock: how many of the last steps come round again and again; 0 otherwise.
    pub round: usize,
    /// Loads see stores that have been replaced: loom alone can follow it, by searching again.
    pub weak: bool,
    /// Looks before a wait are steps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gated: bool,
    /// Clones and drops of `Arc`s are steps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
    /// What each step was, `teller lock accounts`, to tell where a changed program parts from it.
    pub operations: Vec<String>,
    /// What following the schedule must come to.
    pub verdict: Verdict,
}

/// An engine that found a counterexample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Finder {
    /// The engine.
    pub engine: Engine,
    /// The version of the library behind it.
    pub version: String,
    /// The seed of the search, if it drew schedules at random.
    pub seed: Option<u64>,
    /// Which execution of the search failed, counted from 1.
    pub execution: u64,
    /// Of a portfolio: which of its members found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<Engine>,
    /// Of a property: the smallest parameters at which it failed, `threads 2, rounds 1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<String>,
}

impl Finder {
    /// `engine`, searching from `seed`.
    #[must_use]
    pub fn new(engine: Engine, seed: u64, execution: u64) -> Self {
        let version = engine.version().to_owned();
        Finder { engine, version, seed: engine.samples().then_some(seed), execution, member: None, parameters: None }
    }

    /// The engine's name, and the member's of a portfolio.
    #[must_use]
    pub fn name(&self) -> String {
        self.member.map_or_else(|| self.engine.to_string(), |member| format!("{} ({member})", self.engine))
    }

    /// The execution that failed, and at which parameters.
    #[must_use]
    pub fn execution(&self) -> String {
        let at = self.parameters.as_ref().map(|parameters| format!(" at {parameters}")).unwrap_or_default();
        format!("execution {}{at}", self.execution)
    }
}

/// The one field that every schema has. serde takes fields from a list too, which has no names to tell the schema by; one
/// that isn't too long for this is too short for a record.
#[derive(Deserialize)]
#[serde(expecting = "a record: an object")]
struct Form {
    schema: Option<u64>,
}

/// Why a record can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The file can't be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file has more bytes than a record may have, [`RECORD_BYTES_MAX`].
    #[error("{}: {size} bytes are more than the {RECORD_BYTES_MAX} of the largest record: check the path, or record it anew with `make bless`", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes. Of what does not say how large it is, a pipe or a device, what was read until it was given
        /// up.
        size: u64,
    },
    /// The file is not a record.
    #[error("{}: line {line}, column {column}: {message}; the file is damaged: restore it, or record it anew with `make bless`", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where, counted from 1.
        line: usize,
        /// Where, counted from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// The file was written by another version.
    #[error("{}: schema {found} is {}; this raddle reads schema {SCHEMA}{}", path.display(),
        if *found < u64::from(SCHEMA) { "too old" } else { "too new" },
        if *found < u64::from(SCHEMA) { ": record it anew with `make bless`" } else { ": update raddle" })]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u64,
    },
    /// The schedule can't be read.
    #[error("{}: schedule: {message}", path.display())]
    Schedule {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

impl Record {
    /// The record of `study`.
    #[must_use]
    pub fn new(pattern: &str, variant: &str, found: Vec<Finder>, source_hash: String, study: &Study) -> Self {
        let Counterexample { schedule, verdict, .. } = &study.counterexample;
        Record {
            schema: SCHEMA,
            pattern: pattern.to_owned(),
            variant: variant.to_owned(),
            found,
            source_hash,
            preemptions: study.shrunk.preemptions,
            fewest: study.fewest.proven,
            schedule: schedule.steps_as_text(),
            answers: schedule.answers.clone(),
            round: schedule.round,
            weak: schedule.weak,
            gated: schedule.gated,
            counted: schedule.counted,
            operations: study.counterexample.trace.operations(),
            verdict: verdict.clone(),
        }
    }

    /// Reads a record and its schedule.
    ///
    /// # Errors
    /// If the file can't be read, has more than [`RECORD_BYTES_MAX`] bytes (it is not read then), is damaged, or is of
    /// another schema.
    pub fn read(path: &Path) -> Result<(Record, Schedule), RecordError> {
        let io = |source| RecordError::Io { path: path.into(), source };
        let file = File::open(path).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        fits(size, path)?;
        // A pipe and a device don't say beforehand how much they hold, and a file may be growing.
        let mut bytes = Vec::new();
        file.take(RECORD_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
        fits(bytes.len() as u64, path)?;
        let text = str::from_utf8(&bytes).map_err(|error| {
            let lines = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n');
            let (line, before) = lines.enumerate().last().unwrap_or_default();
            RecordError::Damaged {
                path: path.into(),
                line: line + 1,
                column: before.len() + 1,
                message: "this is not UTF-8".to_owned(),
            }
        })?;
        Record::parse(text, path)
    }

    /// Reads a record and its schedule from the text of a file; `path` is for errors to name, and is not opened.
    ///
    /// # Errors
    /// If the text is damaged, or of another schema.
    ///
    /// ```
    /// # use raddle::{Record, RecordError};
    /// let error = Record::parse(r#"{ "schema": 4000 }"#, "later.json".as_ref()).unwrap_err();
    /// assert!(matches!(error, RecordError::Schema { found: 4000, .. }));
    /// ```
    pub fn parse(text: &str, path: &Path) -> Result<(Record, Schedule), RecordError> {
        let damaged = |error: serde_json::Error| RecordError::Damaged {
            path: path.into(),
            line: error.line(),
            column: error.column(),
            message: short_message(&error),
        };
        // The schema comes first: a file of another one need not have our fields.
        let form: Form = serde_json::from_str(text).map_err(damaged)?;
        if let Some(found) = form.schema
            && found != u64::from(SCHEMA)
        {
            return Err(RecordError::Schema { path: path.into(), found });
        }
        let record: Record = serde_json::from_str(text).map_err(damaged)?;
        let mut schedule: Schedule =
            record.schedule.parse().map_err(|message| RecordError::Schedule { path: path.into(), message })?;
        schedule.answers.clone_from(&record.answers);
        schedule.round = record.round;
        schedule.weak = record.weak;
        (schedule.gated, schedule.counted) = (record.gated, record.counted);
        Ok((record, schedule))
    }

    /// Writes the record, whole or not at all.
    ///
    /// # Errors
    /// If the file can't be written, or could not be read back: it has more than [`RECORD_BYTES_MAX`] bytes, or its
    /// schedule is too long.
    ///
    /// # Panics
    /// Never: a record is plain data, which JSON can hold.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        let mut text = serde_json::to_string_pretty(self).expect("a record is plain data");
        text.push('\n');
        fits(text.len() as u64, path)?;
        Record::parse(&text, path)?;
        write_whole(path, text.as_bytes()).map_err(|source| RecordError::Io { path: path.into(), source })
    }
}

/// Writes a file beside its place and moves it there, so that a reader sees the old one or the new one.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".raddle-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path)?;
    Ok(())
}

fn fits(size: u64, path: &Path) -> Result<(), RecordError> {
    if size > RECORD_BYTES_MAX {
        return Err(RecordError::TooLarge { path: path.into(), size });
    }
    Ok(())
}

/// Characters at the front and at the end of a message that are kept when it quotes half the file between them.
const MESSAGE_END_CHARS: usize = 200;

/// What is wrong, without the place, which the error has beside it.
fn short_message(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
    let length = message.chars().count();
    if length <= 2 * MESSAGE_END_CHARS {
        return message.to_owned();
    }
    let front: String = message.chars().take(MESSAGE_END_CHARS).collect();
    let end: String = message.chars().skip(length - MESSAGE_END_CHARS).collect();
    format!("{front} … {end}")
}

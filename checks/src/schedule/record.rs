//! The file that keeps a counterexample: its schedule, the verdict it must reproduce, and what it was found with.

use super::Schedule;
use crate::engine::Engine;
use crate::study::Study;
use crate::verdict::{Counterexample, Verdict};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The version of the file's form that this raddle writes and reads.
pub const SCHEMA: u32 = 2;

/// A recorded counterexample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The file's form: [`SCHEMA`].
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
    /// What each step was, `teller lock accounts`, to tell where a changed program parts from it.
    pub operations: Vec<String>,
    /// What following the schedule must come to.
    pub verdict: Verdict,
}

/// An engine that found a counterexample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

impl Finder {
    /// `engine`, searching from `seed`.
    #[must_use]
    pub fn new(engine: Engine, seed: u64, execution: u64) -> Self {
        let version = engine.version().to_owned();
        Finder { engine, version, seed: engine.samples().then_some(seed), execution }
    }
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
            schedule: schedule.to_string(),
            answers: schedule.answers.clone(),
            round: schedule.round,
            operations: study.counterexample.trace.operations(),
            verdict: verdict.clone(),
        }
    }

    /// Reads a record and its schedule.
    ///
    /// # Errors
    /// If the file can't be read, is damaged, or is of another schema.
    pub fn read(path: &Path) -> Result<(Record, Schedule), RecordError> {
        let text = std::fs::read_to_string(path).map_err(|source| RecordError::Io { path: path.into(), source })?;
        let damaged = |error: &serde_json::Error| RecordError::Damaged {
            path: path.into(),
            line: error.line(),
            column: error.column(),
            message: without_place(&error.to_string()),
        };
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| damaged(&error))?;
        // The schema comes first: a file of another one need not have our fields.
        if let Some(found) = value.get("schema").and_then(serde_json::Value::as_u64)
            && found != u64::from(SCHEMA)
        {
            return Err(RecordError::Schema { path: path.into(), found });
        }
        let record: Record = serde_json::from_str(&text).map_err(|error| damaged(&error))?;
        let mut schedule: Schedule =
            record.schedule.parse().map_err(|message| RecordError::Schedule { path: path.into(), message })?;
        schedule.answers.clone_from(&record.answers);
        schedule.round = record.round;
        Ok((record, schedule))
    }

    /// Writes the record, whole or not at all.
    ///
    /// # Errors
    /// If the file can't be written.
    ///
    /// # Panics
    /// Never: a record is plain data, which JSON can hold.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        let mut text = serde_json::to_string_pretty(self).expect("a record is plain data");
        text.push('\n');
        write_whole(path, text.as_bytes()).map_err(|source| RecordError::Io { path: path.into(), source })
    }
}

/// Writes a file beside its place and moves it there, so that a reader sees the old one or the new one.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path)?;
    Ok(())
}

fn without_place(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message).to_owned()
}

//! The file that keeps what a property failed at: readable, and tried first next time.

use super::script::Script;
use crate::outcome::CheckError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;

/// The version of the file's form.
const SCHEMA: u32 = 1;
/// The largest file that is read, in bytes. A case has a few hundred.
const BYTES_MAX: u64 = 1 << 20;

/// A case that has failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    pub(super) parameters: Value,
    pub(super) script: Script,
    /// How it failed, for the reader.
    pub(super) verdict: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Regressions {
    schema: u32,
    regressions: Vec<Kept>,
}

/// What `file` keeps: nothing, if it is not there.
pub(super) fn read(file: &Path) -> Result<Vec<Kept>, CheckError> {
    let failed = |what: String| CheckError::Regressions { path: file.into(), what };
    let bytes = match std::fs::metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error.to_string())),
        Ok(file) if file.len() > BYTES_MAX => return Err(failed(format!("larger than {BYTES_MAX} bytes"))),
        Ok(_) => std::fs::read(file).map_err(|error| failed(error.to_string()))?,
    };
    let Regressions { schema, regressions } =
        serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
    if schema != SCHEMA {
        return Err(failed(format!("schema {schema}, and this raddle reads {SCHEMA}")));
    }
    Ok(regressions)
}

/// Writes `kept` and `new`, if that is new, to `file`: whole or not at all.
pub(super) fn keep(file: &Path, mut kept: Vec<Kept>, new: Kept) -> Result<(), CheckError> {
    let failed = |what: String| CheckError::Regressions { path: file.into(), what };
    if kept.iter().any(|old| (&old.parameters, &old.script) == (&new.parameters, &new.script)) {
        return Ok(());
    }
    kept.push(new);
    let regressions = Regressions { schema: SCHEMA, regressions: kept };
    let mut json = serde_json::to_string_pretty(&regressions).map_err(|error| failed(error.to_string()))?;
    json.push('\n');
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
    }
    crate::schedule::write_whole(file, json.as_bytes()).map_err(|error| failed(error.to_string()))
}

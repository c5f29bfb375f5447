//! A folder that is written whole or not at all, and that replaces only what it has written itself.

use crate::suite::SuiteError;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file that says that the folder may be replaced.
const MARK: &str = ".raddle-report";

/// What is to be in the folder.
pub(super) struct Folder {
    files: BTreeMap<String, Vec<u8>>,
}

fn error(path: &Path, source: std::io::Error) -> SuiteError {
    SuiteError::Write { path: path.into(), source }
}

/// Where the folder lies.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Folder {
    /// Fails before the checks are made if the folder can't be written after them.
    pub(super) fn open(path: &Path) -> Result<Self, SuiteError> {
        let is_ours = path.join(MARK).is_file();
        let is_free = match path.read_dir() {
            Ok(mut entries) => is_ours || entries.next().is_none(),
            Err(_) => !path.exists(),
        };
        if !is_free {
            let why = "is there already, and not a report: give another folder to `--out`, or remove it";
            return Err(error(path, std::io::Error::other(why)));
        }
        std::fs::create_dir_all(parent(path)).map_err(|source| error(path, source))?;
        tempfile::TempDir::new_in(parent(path)).map_err(|source| error(path, source))?;
        Ok(Folder {
            files: BTreeMap::from([(MARK.to_owned(), b"written by `raddle report`, which may replace it\n".to_vec())]),
        })
    }

    /// Adds a file; `/` separates folders.
    pub(super) fn add(&mut self, name: &str, content: impl Into<Vec<u8>>) {
        self.files.insert(name.to_owned(), content.into());
    }

    /// Writes everything beside the folder, and then puts it in its place. Gives the number of files, and of their bytes.
    pub(super) fn write(&self, path: &Path) -> Result<(usize, u64), SuiteError> {
        let staged = tempfile::TempDir::new_in(parent(path)).map_err(|source| error(path, source))?;
        let new = staged.path().join("new");
        for (name, content) in &self.files {
            let file = name.split('/').fold(new.clone(), |path: PathBuf, part| path.join(part));
            let written = std::fs::create_dir_all(parent(&file)).and_then(|()| std::fs::write(&file, content));
            written.map_err(|source| error(&path.join(name), source))?;
        }
        // What was there is moved away, and back if the new one can't take its place.
        let old = staged.path().join("old");
        let was_there = path.exists();
        if was_there {
            std::fs::rename(path, &old).map_err(|source| error(path, source))?;
        }
        if let Err(source) = std::fs::rename(&new, path) {
            if was_there {
                std::fs::rename(&old, path).map_err(|source| error(path, source))?;
            }
            return Err(error(path, source));
        }
        Ok((self.files.len(), self.files.values().map(|content| content.len() as u64).sum()))
    }
}

//! The source text of the program under test: for names, quotations and lessons.
//!
//! A catalogue carries its sources in the binary ([`Source`]); other files are read where they lie, from the working
//! directory or a directory above it, and are simply not quoted where they are not there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A source file, carried in the binary. Made by [`source!`](crate::source).
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The file as the compiler was given it.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// The source file that this is written in, by its name, to be carried in the binary.
///
/// ```text
/// pub const PATTERN: Pattern = Pattern::new("locks/mutex", "Locks", raddle::source!("mutex.rs"), &[…]);
/// ```
#[macro_export]
macro_rules! source {
    ($name:literal) => {
        $crate::Source { path: file!(), text: include_str!($name) }
    };
}

type Files = BTreeMap<String, Option<Arc<str>>>;

fn files() -> &'static Mutex<Files> {
    static FILES: OnceLock<Mutex<Files>> = OnceLock::new();
    FILES.get_or_init(Mutex::default)
}

impl Source {
    /// Makes the text known, so that traces quote it wherever they are rendered.
    pub fn register(self) {
        let mut files = files().lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(self.path.to_owned(), Some(self.text.into()));
    }

    /// A hash that tells one text from another: FNV-1a, 64 bits, of the text with `\n` line ends.
    #[must_use]
    pub fn hash(self) -> String {
        let bytes = self.text.bytes().filter(|byte| *byte != b'\r');
        let hash =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        format!("{hash:016x}")
    }
}

/// The text of a source file, if it can be found.
pub(crate) fn text(file: &str) -> Option<Arc<str>> {
    let mut files = files().lock().unwrap_or_else(PoisonError::into_inner);
    files.entry(file.to_owned()).or_insert_with(|| find(file)).clone()
}

/// A line of a source file, counted from 1, if the file can be found.
pub(crate) fn line(file: &str, line: u32) -> Option<String> {
    text(file)?.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?).map(str::to_owned)
}

fn find(file: &str) -> Option<Arc<str>> {
    let here = std::env::current_dir().ok()?;
    here.ancestors()
        .take(4)
        .find_map(|folder| std::fs::read_to_string(folder.join(Path::new(file))).ok())
        .map(Into::into)
}

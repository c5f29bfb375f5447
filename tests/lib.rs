//! What the gates share.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository's root.
///
/// # Panics
/// If this package lies elsewhere.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository").to_owned()
}

/// The folder of the fixtures; another one while they are made anew (`tests/bless.sh`).
#[must_use]
pub fn fixtures() -> PathBuf {
    std::env::var_os("RADDLE_FIXTURES").map_or_else(|| root().join("fixtures"), PathBuf::from)
}

/// Runs a binary with these arguments, from the repository's root, without a terminal and without what the environment
/// says of colours and languages.
///
/// # Panics
/// If it can't be started.
#[must_use]
pub fn run(binary: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary);
    command.args(arguments).current_dir(root());
    for name in ["LANG", "LC_ALL", "LC_CTYPE", "CLICOLOR_FORCE", "CLICOLOR", "NO_COLOR"] {
        command.env_remove(name);
    }
    command.output().unwrap_or_else(|error| panic!("{binary}: {error}"))
}

/// How much of a long run is made: a tenth, or all of it if `RADDLE_SOAK` is set, as `make soak` does.
#[must_use]
pub fn soak(whole: u64) -> u64 {
    if std::env::var_os("RADDLE_SOAK").is_some() { whole } else { whole.div_ceil(10) }
}

/// What a command wrote to stdout.
#[must_use]
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a command wrote to stderr.
#[must_use]
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `cargo metadata` in this folder, without the network. It is told of this platform alone: packages that only others
/// need are not on a machine that has built what is here.
///
/// # Errors
/// What cargo says of the manifest.
///
/// # Panics
/// If rustc or cargo can't be started.
pub fn metadata(folder: &Path, arguments: &[&str]) -> Result<serde_json::Value, String> {
    let rustc = run("rustc", &["-vV"]);
    let host = stdout(&rustc).lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned));
    let host = host.expect("rustc says its host");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["metadata", "--format-version", "1", "--offline", "--filter-platform", &host]);
    let output = cargo.args(arguments).current_dir(folder).output().unwrap_or_else(|error| panic!("cargo: {error}"));
    if !output.status.success() {
        return Err(stderr(&output));
    }
    Ok(serde_json::from_slice(&output.stdout).expect("metadata are JSON"))
}

/// All files below a folder, sorted.
///
/// # Panics
/// If the folder can't be read.
#[must_use]
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a folder's entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".raddle-")) {
            // What was being written when somebody was killed is none of them.
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The recorded counterexamples; the bad ones too if they are asked for.
#[must_use]
pub fn records(bad: bool) -> Vec<PathBuf> {
    let folder = fixtures();
    let is_record = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".json") && !name.ends_with(".property.json") && (bad || !path.starts_with(folder.join("bad")))
    };
    files(&folder).into_iter().filter(is_record).collect()
}

/// A JSON Schema.
pub struct Validator {
    schemas: boon::Schemas,
    index: boon::SchemaIndex,
}

impl Validator {
    /// The schema in this text.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn new(schema: &str) -> Self {
        let schema: serde_json::Value = serde_json::from_str(schema).expect("a schema is JSON");
        let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
        compiler.add_resource("test:///schema.json", schema).unwrap();
        let index = compiler.compile("test:///schema.json", &mut schemas).unwrap_or_else(|error| panic!("{error}"));
        Validator { schemas, index }
    }

    /// Holds a document against it.
    ///
    /// # Errors
    /// Where the document is not of the schema.
    pub fn validate(&self, document: &serde_json::Value) -> Result<(), String> {
        self.schemas.validate(document, self.index).map_err(|error| format!("{error:#}"))
    }
}

/// The guide: each Rust block of a chapter is a documentation test. `tests/guide/` tests the others.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../docs/src/first-check.md")]
    struct FirstCheck;
    #[doc = include_str!("../docs/src/counterexample.md")]
    struct Counterexample;
    #[doc = include_str!("../docs/src/engines.md")]
    struct Engines;
    #[doc = include_str!("../docs/src/asynchronous.md")]
    struct Asynchronous;
    #[doc = include_str!("../docs/src/properties.md")]
    struct Properties;
    #[doc = include_str!("../docs/src/ci.md")]
    struct Ci;
    #[doc = include_str!("../docs/src/patterns.md")]
    struct Patterns;
    #[doc = include_str!("../docs/src/mistakes.md")]
    struct Mistakes;
    #[doc = include_str!("../docs/src/limits.md")]
    struct Limits;
}

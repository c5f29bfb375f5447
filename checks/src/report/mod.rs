//! Renderers: each turns a study, a trace or an outcome into text of one form, and reads nothing else.

#[cfg(feature = "suite")]
pub(crate) mod explorer;
#[cfg(feature = "suite")]
pub mod html;
pub mod json;
pub mod mermaid;
mod once;
pub mod perfetto;
#[cfg(feature = "suite")]
pub mod schema;
mod story;
pub mod text;
pub(crate) mod words;

#[cfg(feature = "suite")]
pub(crate) use once::once;

use crate::schedule::Finder;
use crate::verdict::Place;
use serde::Serialize;

/// Where a counterexample comes from.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Header {
    /// `family/pattern`.
    pub pattern: String,
    /// The variant.
    pub variant: String,
    /// The engines that found it.
    pub found: Vec<Finder>,
    /// The file that keeps it, if one does.
    pub record: Option<String>,
    /// The variants that are right.
    pub fixed: Vec<String>,
    /// What the pattern itself says of the bug.
    pub words: Vec<Words>,
}

/// A `// BUG:` comment of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Words {
    /// What it says.
    pub text: String,
    /// The line that it stands above.
    pub at: Place,
}

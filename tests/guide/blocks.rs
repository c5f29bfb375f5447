//! The chapters, and what in them is shown: fenced blocks, and regions between two comments.
//!
//! A comment on the line before a block says what it shows: `<!-- file: docs/programs/last_item.rs -->`. So does one that
//! opens a region, which goes on to `<!-- /output -->`.

use raddle_tests::root;
use std::ops::Range;
use std::path::PathBuf;

/// A chapter, or the summary.
#[derive(Debug)]
pub(crate) struct Chapter {
    /// The file's name: `first-check.md`.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// What is shown somewhere.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// `first-check.md`.
    pub(crate) chapter: String,
    /// The language and what follows it; nothing of a region.
    pub(crate) info: String,
    /// What the comment before it says.
    pub(crate) says: Option<String>,
    /// What is shown, each line with its end.
    pub(crate) text: String,
    /// The lines of it, counted from 0, without the fences.
    pub(crate) lines: Range<usize>,
}

impl Block {
    /// The first line's number, for people.
    pub(crate) fn line(&self) -> usize {
        self.lines.start + 1
    }

    /// The rest of the comment `<!-- what: … -->` before it.
    pub(crate) fn said(&self, what: &str) -> Option<&str> {
        self.says.as_deref()?.strip_prefix(what)?.strip_prefix(": ")
    }
}

/// The folder of the chapters.
pub(crate) fn folder() -> PathBuf {
    root().join("docs/src")
}

/// Every chapter, and the summary; sorted by their names.
pub(crate) fn chapters() -> Vec<Chapter> {
    let files = raddle_tests::files(&folder()).into_iter();
    let chapter = |path: PathBuf| {
        let name = path.strip_prefix(folder()).unwrap().to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Chapter { name, text: text.replace("\r\n", "\n") }
    };
    files.filter(|path| path.extension().is_some_and(|extension| extension == "md")).map(chapter).collect()
}

const FENCE: &str = "```";
const REGION: &str = "/output";

fn comment(line: &str) -> Option<&str> {
    line.strip_prefix("<!-- ")?.strip_suffix(" -->")
}

/// What a chapter shows, in order.
///
/// # Errors
/// If there is a block that nobody would find: indented, or without an end.
pub(crate) fn blocks(chapter: &Chapter) -> Result<Vec<Block>, String> {
    let lines: Vec<&str> = chapter.text.lines().collect();
    let (mut found, mut says, mut at) = (Vec::new(), None, 0);
    while let Some(line) = lines.get(at) {
        at += 1;
        let wrong = |what: &str| Err(format!("{}:{at}: {what}", chapter.name));
        let of_block = lines.get(at).is_some_and(|next| next.starts_with(FENCE));
        let (is_fence, comment_of) = (line.starts_with(FENCE), comment(line));
        let opens_region = !of_block && comment_of.is_some_and(|says| says.starts_with("output: "));
        if is_fence || opens_region {
            let is_end = |line: &&str| if is_fence { *line == FENCE } else { comment(line) == Some(REGION) };
            let Some(length) = lines[at..].iter().position(is_end) else { return wrong("this has no end") };
            found.push(Block {
                chapter: chapter.name.clone(),
                info: if is_fence { line.trim_start_matches('`').to_owned() } else { String::new() },
                says: says.take().or(comment_of).map(str::to_owned),
                text: lines[at..at + length].iter().fold(String::new(), |text, line| text + line + "\n"),
                lines: at..at + length,
            });
            at += length + 1;
        } else if line.contains(FENCE) || line.starts_with('~') {
            return wrong("a block begins and ends in the first column, with three backticks");
        } else if line.starts_with("    ") || line.starts_with('\t') {
            return wrong("indented so far it is a block, and of no language");
        } else if of_block {
            says = comment_of;
        } else if line.contains("<!--") {
            return wrong("a comment that is of no block");
        }
    }
    Ok(found)
}

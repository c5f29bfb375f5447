//! Tables in Markdown.

use crate::Engine;
use crate::report::text::clean;

/// A table's first two lines: a column for each engine, and those before and after.
pub(super) fn head(before: &[&str], engines: &[Engine], after: &[&str]) -> String {
    let engines = engines.iter().map(|engine| engine.name());
    let cells: Vec<&str> = before.iter().copied().chain(engines).chain(after.iter().copied()).collect();
    format!("{}|{}\n", row(&cells), "---|".repeat(cells.len()))
}

/// One of its lines.
pub(super) fn row(cells: &[impl AsRef<str>]) -> String {
    let cells = cells.iter().fold(String::new(), |out, cell| out + " " + &text(cell.as_ref()) + " |");
    format!("|{cells}\n")
}

/// `text` as Markdown takes it for text: letters, digits and harmless signs as they are, `_` within a word too; all else
/// as `&#` and its number and `;`, among it whatever separates cells or begins an emphasis, a link, a tag or an entity.
pub(super) fn text(text: &str) -> String {
    let clean: Vec<char> = clean(text).chars().collect();
    let in_word = |at: usize| clean.get(at).is_some_and(|c| c.is_alphanumeric());
    let harmless = |at: usize, c: char| match c {
        '_' => at > 0 && in_word(at - 1) && in_word(at + 1),
        c => c.is_alphanumeric() || " .,:;()/=!?'\"%+-…·×→≤✗".contains(c),
    };
    let escaped = |(at, &c): (usize, &char)| if harmless(at, c) { c.into() } else { format!("&#{};", u32::from(c)) };
    clean.iter().enumerate().map(escaped).collect()
}

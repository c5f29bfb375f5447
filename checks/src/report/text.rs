//! A counterexample for the terminal: a lane for each task, a column for each lock, the facts below.
//!
//! Two views: the least that shows the bug, on one screen; and everything, with the sources quoted.

mod facts;
mod files;
mod lanes;
mod quote;
mod rows;

use super::{Header, words};
use crate::study::Study;
use crate::verdict::Place;
use anstyle::{AnsiColor, Style as Ansi};
use std::fmt::Write;

/// How much to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// What it takes to see the bug, on one screen.
    #[default]
    Essential,
    /// Every operation, loops folded; every fact; the sources.
    Full,
}

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With colours.
    pub colour: bool,
    /// With ASCII characters alone.
    pub ascii: bool,
    /// Columns that there are.
    pub width: usize,
    /// How much to show.
    pub view: View,
}

/// Columns, where nothing says how many there are.
pub const WIDTH: usize = 120;

impl Default for Style {
    fn default() -> Self {
        Style::PLAIN
    }
}

impl Style {
    /// Plain text, the same on every machine.
    pub const PLAIN: Style = Style { colour: false, ascii: false, width: WIDTH, view: View::Essential };

    fn paint(self, style: Ansi, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// `text` as what is wrong looks.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint(Ansi::new().fg_color(Some(AnsiColor::Red.into())).bold(), text)
    }

    /// `text` as what is right looks.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.paint(Ansi::new().fg_color(Some(AnsiColor::Green.into())), text)
    }

    /// `text` as what needs attention looks.
    #[must_use]
    pub fn warn(self, text: &str) -> String {
        self.paint(Ansi::new().fg_color(Some(AnsiColor::Yellow.into())), text)
    }

    /// `text` as what may be passed over looks.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.paint(Ansi::new().dimmed(), text)
    }

    /// `text` in the characters that may be used.
    #[must_use]
    pub fn chars(self, text: &str) -> String {
        if !self.ascii {
            return text.to_owned();
        }
        let plain = |c| match c {
            '✗' => "x".into(),
            '✓' => "ok".into(),
            '…' => "...".into(),
            '─' | '–' | '—' | '·' => "-".into(),
            '◁' => "<".into(),
            '→' => "->".into(),
            '×' | '•' => "*".into(),
            '↻' => "@".into(),
            '≤' => "<=".into(),
            c if c.is_ascii() => c.to_string(),
            c => c.escape_unicode().to_string(),
        };
        text.chars().map(plain).collect()
    }
}

/// Text without characters that a terminal would act on, or that are none and that XML can't have.
#[must_use]
pub fn clean(text: &str) -> String {
    let is_none = |c: char| u32::from(c) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&c);
    let plain =
        |c: char| if c.is_control() || is_bidi(c) || is_none(c) { c.escape_default().collect() } else { c.to_string() };
    text.chars().map(plain).collect()
}

/// Characters that reorder what follows them on the screen.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Lines of the essential view.
const SCREEN: usize = 25;

/// The counterexample, as text that ends in a line end.
#[must_use]
pub fn counterexample(header: Option<&Header>, study: &Study, style: &Style) -> String {
    let verdict = &study.counterexample.verdict;
    let mut out = String::new();
    let title = words::title(verdict);
    let _ = match header {
        Some(header) => {
            writeln!(out, "{} {} · {}: {}", style.bad("✗"), header.pattern, header.variant, style.bad(&title))
        }
        None => writeln!(out, "{} {}", style.bad("✗"), style.bad(&title)),
    };
    let _ = writeln!(out, "{}", why(study));
    let facts = facts::facts(header, study, style.view);
    let facts: Vec<String> =
        facts.into_iter().map(|(label, text)| format!("  {} {text}", style.dim(&format!("{label:<11}")))).collect();
    // Title, reason, two empty lines, and the lanes' head.
    let rows_max = (style.view == View::Essential).then(|| SCREEN.saturating_sub(5 + facts.len()));
    let _ = write!(out, "\n{}\n{}\n", lanes::draw(study, rows_max, *style), facts.join("\n"));
    if style.view == View::Full {
        out.push_str(&quote::sources(study, *style));
    }
    style.chars(&out)
}

/// What goes wrong in a sentence, at which parameters, and the interleaving that it takes: the counterexample without its
/// facts. Ends in a line end.
#[must_use]
pub fn interleaving(study: &Study, style: &Style) -> String {
    let rows_max = (style.view == View::Essential).then_some(SCREEN);
    let parameters = study.counterexample.parameters.as_ref();
    let at = parameters.map_or_else(String::new, |parameters| format!("  at:  {}\n", clean(&parameters.to_string())));
    style.chars(&format!("{}\n{at}\n{}", why(study), lanes::draw(study, rows_max, *style)))
}

fn why(study: &Study) -> String {
    format!("  why: {}", clean(&study.counterexample.verdict.to_string()))
}

/// `path/file:line:column`, or `:line` where the file goes without saying.
fn place(at: &Place, file: Option<&str>) -> String {
    match file {
        Some(file) if file == at.file => format!(":{}", at.line),
        _ => at.clickable(),
    }
}

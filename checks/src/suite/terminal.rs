//! What is printed, and how: colours, characters, width.

use super::cli::{Look, When};
use crate::report::text::{Style, View, WIDTH, clean};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// The terminal that the command talks to.
pub(super) struct Terminal {
    pub(super) style: Style,
    error_style: Style,
}

impl Terminal {
    pub(super) fn new(look: &Look) -> Self {
        let colour = |choice: anstream::ColorChoice| !matches!(choice, anstream::ColorChoice::Never);
        let (out, err) = match look.color {
            When::Always => (true, true),
            When::Never => (false, false),
            // anstream knows NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM=dumb and whether it is a terminal at all.
            When::Auto => (
                colour(anstream::AutoStream::choice(&std::io::stdout())),
                colour(anstream::AutoStream::choice(&std::io::stderr())),
            ),
        };
        let ascii = look.ascii || wants_ascii();
        let width = look.width.map_or_else(Self::width, usize::from);
        let style = Style { colour: out, ascii, width, view: View::Essential };
        Terminal { style, error_style: Style { colour: err, ..style } }
    }

    /// Prints to stdout; a reader that has gone away ends the command quietly.
    pub(super) fn print(&self, text: &str) {
        self.print_exactly(&self.style.chars(text));
    }

    /// Prints to stdout in whatever characters the text has.
    pub(super) fn print_exactly(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            if error.kind() != std::io::ErrorKind::BrokenPipe {
                self.error(&format!("stdout: {error}"));
            }
            std::process::exit(i32::from(super::EXIT_USAGE));
        }
    }

    /// Prints to stderr, out of the way of what goes to stdout.
    pub(super) fn note(&self, text: &str) {
        let _ = std::io::stderr().write_all(self.error_style.chars(text).as_bytes());
    }

    pub(super) fn error(&self, text: &str) {
        let lines: Vec<String> = text.lines().map(clean).collect();
        let text = format!("{} {}\n", self.error_style.bad("error:"), lines.join("\n"));
        let _ = std::io::stderr().write_all(self.error_style.chars(&text).as_bytes());
    }

    pub(super) fn warn(&self, text: &str) {
        let text = format!("{} {}\n", self.error_style.warn("warning:"), clean(text));
        let _ = std::io::stderr().write_all(self.error_style.chars(&text).as_bytes());
    }

    /// How to draw all of a counterexample, or what it takes to see it.
    pub(super) fn view(&self, full: bool) -> Style {
        Style { view: if full { View::Full } else { View::Essential }, ..self.style }
    }

    /// Columns of the terminal.
    fn width() -> usize {
        let known = std::io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
        known.map_or(WIDTH, |(width, _)| usize::from(width.0).max(40))
    }
}

/// Whether the locale says, in so many words, that the terminal is not for Unicode.
fn wants_ascii() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| {
        let value = std::env::var(name).ok()?;
        (!value.is_empty()).then_some(value)
    });
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    })
}

/// `1,000`.
pub(super) fn grouped(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

/// A table with a line under its head and nothing else.
pub(super) fn table(ascii: bool, width: usize) -> comfy_table::Table {
    use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
    const LINE: TableStyle = TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─'));
    const ASCII_LINE: TableStyle = TableStyle::new().header_separator(LineStyle::new('-', '-', '-', '-'));
    let mut table = Table::new();
    table.load_style(if ascii { ASCII_LINE } else { LINE });
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table
}

/// A bar on stderr for so many of something; where that is no terminal, nothing.
pub(super) fn progress_bar(what: &str, count: u64) -> ProgressBar {
    let bar = ProgressBar::new(count);
    if let Ok(style) =
        ProgressStyle::with_template(&format!("{{spinner}} {{bar:30}} {{human_pos}}/{{human_len}} {what}"))
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

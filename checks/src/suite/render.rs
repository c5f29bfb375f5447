//! A counterexample in the form that was asked for, to where it was asked for.

use super::SuiteError;
use super::cli::{Format, SchemaArgs, SchemaOf};
use super::terminal::Terminal;
use crate::Study;
use crate::report::text::Style;
use crate::report::{Header, html, json, mermaid, perfetto, schema, text};
use std::path::Path;

/// The counterexample in a form.
pub(super) fn render(format: Format, header: &Header, study: &Study, style: &Style) -> String {
    let header = Some(header);
    match format {
        Format::Text => text::counterexample(header, study, style),
        Format::Json => json::counterexample(header, study),
        Format::Mermaid => mermaid::counterexample(header, study),
        Format::Perfetto => perfetto::counterexample(header, study),
        Format::Html => html::counterexample(header, study),
    }
}

/// Prints a rendered counterexample.
pub(super) fn print(format: Format, text: &str, terminal: &Terminal) {
    match format {
        Format::Text => terminal.print(text),
        // Other characters for some of it would make it another document.
        _ => terminal.print_exactly(text),
    }
}

/// Writes a rendered counterexample to a file, whole or not at all.
pub(super) fn write(path: &Path, text: &str) -> Result<(), SuiteError> {
    crate::schedule::write_whole(path, text.as_bytes())
        .map_err(|source| SuiteError::Write { path: path.into(), source })
}

/// Says how it went: beside a drawing, and out of the way of a document.
pub(super) fn say(format: Format, text: &str, terminal: &Terminal) {
    if format == Format::Text { terminal.print(text) } else { terminal.note(text) }
}

/// `raddle schema`: the JSON Schema of a document.
pub(super) fn print_schema(args: &SchemaArgs, terminal: &Terminal) {
    terminal.print_exactly(&match args.of {
        SchemaOf::Counterexample => schema::counterexample(),
        SchemaOf::Record => schema::record(),
    });
}

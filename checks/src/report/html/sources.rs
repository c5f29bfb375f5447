//! The sources of what happens, where they can be found: the lines that operations stand in, and what is around them.

use super::clean;
use crate::report::words;
use crate::source;
use crate::study::Study;
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// Lines that are quoted before and after.
const AROUND: u32 = 2;

/// For each line, who does what there.
type Lines = BTreeMap<u32, Vec<String>>;

/// A section for each file.
pub(super) fn sections(study: &Study) -> Markup {
    let trace = &study.counterexample.trace;
    let mut files: BTreeMap<&str, Lines> = BTreeMap::new();
    for event in trace.events.iter().filter(|event| words::has_place(event)) {
        let step = if words::is_step(event) { format!("{} ", event.step) } else { String::new() };
        let who = format!("{step}{}: {}", trace.task(event.task), words::whole(trace, event));
        files.entry(&event.at.file).or_default().entry(event.at.line).or_default().push(who);
    }
    let quoted = files.iter().filter_map(|(file, lines)| Some((file, quote(file, lines)?)));
    html! {
        @for (number, (file, quote)) in quoted.enumerate() {
            @let id = format!("source-{number}");
            section aria-labelledby=(id) {
                h2 id=(id) { code { (clean(file)) } }
                div.wide tabindex="0" role="region" aria-label="The source, as far as it takes part" {
                    table.source {
                        tbody { (quote) }
                    }
                }
            }
        }
    }
}

/// The rows of the lines that take part, and of those around them.
fn quote(file: &str, lines: &Lines) -> Option<Markup> {
    let near = |line: &u32| line.saturating_sub(AROUND).max(1)..=line.saturating_add(AROUND);
    let wanted: BTreeSet<u32> = lines.keys().flat_map(near).collect();
    let texts: Vec<(u32, String)> =
        wanted.into_iter().filter_map(|line| Some((line, source::line(file, line)?))).collect();
    if texts.is_empty() {
        return None;
    }
    let mut last = None;
    let rows: Vec<Markup> = texts
        .iter()
        .map(|(line, text)| {
            let gap = last.is_some_and(|last| last + 1 < *line);
            last = Some(*line);
            row(*line, text, lines.get(line).map(Vec::as_slice), gap)
        })
        .collect();
    Some(html! { @for row in rows { (row) } })
}

fn row(line: u32, text: &str, who: Option<&[String]>, gap: bool) -> Markup {
    let text = clean(&text.replace('\t', "    "));
    html! {
        @if gap {
            tr.gap { td colspan="3" { "⋮" } }
        }
        tr {
            th.number scope="row" { (line) }
            td { code { @if who.is_some() { mark { (text) } } @else { (text) } } }
            td {
                @if let Some(who) = who {
                    ul { @for who in who { li { (clean(who)) } } }
                }
            }
        }
    }
}

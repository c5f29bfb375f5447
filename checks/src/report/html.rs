//! A counterexample as one page of HTML: lanes as an SVG, the facts, the sources, every step. It needs no network and
//! no script, and is dark where the reader's system is.
//!
//! `maud` escapes whatever the program has named; [`clean`] shows what would reorder or hide text.

mod lanes;
mod sources;

use super::once::once;
use super::text::clean;
use super::{Header, words};
use crate::study::Study;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("html/style.css");

/// The counterexample as a page, which ends in a line end.
#[must_use]
pub fn counterexample(header: Option<&Header>, study: &Study) -> String {
    let study = &once(study);
    let name = clean(&words::name(header, study));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Nothing but what is written here: no script, nothing from elsewhere.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (name) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header {
                        h1 { (name) }
                        p.why { (clean(&study.counterexample.verdict.to_string())) }
                    }
                    (lanes::figure(&name, study))
                    (facts(header, study))
                    (sources::sections(study))
                    (steps(study))
                }
            }
        }
    };
    lines(&page.into_string())
}

/// A line for each part, so that two pages can be compared. A `<` of the program's own is an entity by now.
fn lines(page: &str) -> String {
    const FIRST: [&str; 16] = [
        "/main", "body", "dd", "dt", "figure", "g", "h1", "h2", "head", "line", "main", "path", "rect", "section",
        "svg", "tr",
    ];
    let mut out = String::with_capacity(page.len() + page.len() / 32);
    for (index, part) in page.split('<').enumerate() {
        if index > 0 {
            let tag = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '/').unwrap_or(part.len());
            if FIRST.contains(&&part[..tag]) {
                out.push('\n');
            }
            out.push('<');
        }
        out.push_str(part);
    }
    out.push('\n');
    out
}

/// What is known, as a list of terms.
fn facts(header: Option<&Header>, study: &Study) -> Markup {
    html! {
        section aria-labelledby="facts" {
            h2 #facts { "What is known" }
            dl {
                @for (label, lines) in words::facts(header, study) {
                    dt { (label) }
                    @for line in &lines {
                        dd { (clean(line)) }
                    }
                    @if label == "decisive" {
                        dd.note { "Each was tried: the other way round, the run passes." }
                    }
                }
            }
        }
    }
}

/// Every event as a row, for who can't see the lanes, and for copying.
fn steps(study: &Study) -> Markup {
    let trace = &study.counterexample.trace;
    html! {
        section aria-labelledby="steps" {
            h2 #steps { "Every step" }
            div.wide tabindex="0" role="region" aria-label="Every step, as a table" {
                table {
                    thead {
                        tr {
                            @for head in ["step", "task", "operation", "line"] {
                                th scope="col" { (head) }
                            }
                        }
                    }
                    tbody {
                        @for event in &trace.events {
                            tr {
                                td.number { @if words::is_step(event) { (event.step) } }
                                td { (clean(trace.task(event.task))) }
                                td { (clean(&words::whole(trace, event))) }
                                td { @if words::has_place(event) { (clean(&event.at.to_string())) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

//! The measurements as a table with what is to be known about it, and as JSON.

use super::plot::{self, Plot};
use super::{HOPELESS, SamplerRow, Score, Search};
use crate::report::text::clean;
use crate::suite::terminal::{Terminal, table};
use serde::Serialize;
use std::cmp::Ordering;
use std::fmt::Write;

/// The version of the JSON's form.
const SCHEMA: u32 = 1;

/// What is counted.
const STEPS: &str = "A step is one operation of the program, and the start of a task is one; unlocking a mutex is none. \
                     `main` is counted, with its spawns and joins. n is the number of tasks and k that of steps in one \
                     execution, without preemptions. d is the bug's depth: the fewest orders of two operations that make it.";

/// How two figures are held against each other.
const ORDER: &str = "Of two figures the better one is of those who found the bug in a greater part of their searches, and then the \
                     lower one, in whole schedules.";

/// On how many rows ours, the best of them, does as well as each of the published ones.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(super) struct Summary {
    /// Rows on which the best of ours needs no more schedules than each published sampler.
    no_more_than: Vec<Tally>,
    /// Rows on which it needs fewer than the best of the published ones.
    fewer_than_the_best: Tally,
}

#[derive(Debug, Serialize, PartialEq, Eq)]
struct Tally {
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'static str>,
    rows: usize,
    /// Rows of which something is published.
    of: usize,
}

impl Summary {
    pub(super) fn new(rows: &[SamplerRow]) -> Self {
        let ours = |row: &SamplerRow| Score::best(row.sampled.iter().map(|sampled| sampled.score));
        let no_more_than = publishers(rows).into_iter().map(|by| {
            let with = rows.iter().filter_map(|row| Some((row, published(row, by)?)));
            let is_met = |(row, theirs): &(&SamplerRow, Score)| {
                ours(row).is_some_and(|ours| ours.order(*theirs) != Ordering::Greater)
            };
            Tally { by: Some(by), rows: with.clone().filter(is_met).count(), of: with.count() }
        });
        let with: Vec<&SamplerRow> = rows.iter().filter(|row| !row.published.is_empty()).collect();
        let beats = |row: &&&SamplerRow| match (ours(row), best_published(row)) {
            (Some(ours), Some(theirs)) => ours.order(theirs) == Ordering::Less,
            (ours, _) => ours.is_some(),
        };
        let fewer_than_the_best = Tally { by: None, rows: with.iter().filter(beats).count(), of: with.len() };
        Summary { no_more_than: no_more_than.collect(), fewer_than_the_best }
    }
}

/// Whose figures there are, in the order of the rows that have most of them.
pub(super) fn publishers(rows: &[SamplerRow]) -> Vec<&'static str> {
    let mut publishers = Vec::new();
    let mut rows: Vec<&SamplerRow> = rows.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.published.len()));
    for (by, _) in rows.iter().flat_map(|row| row.published) {
        if !publishers.contains(by) {
            publishers.push(*by);
        }
    }
    publishers
}

/// The figure of one of them.
pub(super) fn published(row: &SamplerRow, by: &str) -> Option<Score> {
    row.published.iter().find(|(name, _)| *name == by).map(|(_, figure)| (*figure).into())
}

fn best_published(row: &SamplerRow) -> Option<Score> {
    Score::best(row.published.iter().map(|(_, figure)| (*figure).into()))
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    step: &'static str,
    order: &'static str,
    seed: u64,
    seeds: u64,
    cap: u64,
    sizes: &'a [SamplerRow],
    summary: Summary,
}

pub(super) fn json(rows: &[SamplerRow], search: &Search) -> String {
    let Search { seed, seeds, cap, .. } = *search;
    let summary = Summary::new(rows);
    let report = Report { schema: SCHEMA, step: STEPS, order: ORDER, seed, seeds, cap, sizes: rows, summary };
    let mut text = serde_json::to_string_pretty(&report).expect("a report is plain data");
    text.push('\n');
    text
}

/// The table, what is to be known about it, the plot, and what it comes to.
pub(super) fn text(rows: &[SamplerRow], search: &Search, terminal: &Terminal) -> String {
    if rows.is_empty() {
        return "nothing that was selected declares sizes: `raddle list` has them\n".to_owned();
    }
    let width = terminal.style.width;
    let mut out = format!("{}\n\n", draw_table(rows, search, terminal));
    let seeds = search.seeds;
    let mut notes = format!(
        "Schedules until the bug showed, left of the line: the mean over the searches that found it, of {seeds} from seed {}, each \
         of up to {} schedules; in brackets how many found it, where not all did. ✗: none did",
        search.seed, search.cap
    );
    if seeds > HOPELESS {
        let _ = write!(notes, ", and after the first {HOPELESS} had not, the rest were not made");
    }
    notes.push_str(". Right of the line: as published.");
    for paragraph in [&notes, STEPS, ORDER] {
        let _ = writeln!(out, "{}", wrap(paragraph, width));
    }
    let _ = write!(out, "\n{}", plot::text(&Plot::new(rows, search), width));
    let Summary { no_more_than, fewer_than_the_best } = Summary::new(rows);
    if !no_more_than.is_empty() {
        let tally = |tally: &Tally| {
            format!("{} on {} of {} rows", tally.by.map(clean).unwrap_or_default(), tally.rows, tally.of)
        };
        let tallies: Vec<String> = no_more_than.iter().map(tally).collect();
        let Tally { rows, of, .. } = fewer_than_the_best;
        let line = format!(
            "The best of ours needs no more schedules than {}; fewer than the best published figure of the row on {rows} of {of}.",
            tallies.join(", ")
        );
        let _ = writeln!(out, "\n{}", wrap(&line, width));
    }
    out
}

fn draw_table(rows: &[SamplerRow], search: &Search, terminal: &Terminal) -> comfy_table::Table {
    let publishers = publishers(rows);
    let mut table = table(terminal.style.ascii, terminal.style.width);
    // Figures that are broken in two are worse than a line that is.
    table.set_content_arrangement(comfy_table::ContentArrangement::Disabled);
    let mut head: Vec<String> = ["size", "d", "n", "k"].map(str::to_owned).into();
    // A line for each part of a name, or there are more columns than fit.
    head.extend(search.engines.iter().map(|engine| engine.name().replacen('-', "\n", 1)));
    if !publishers.is_empty() {
        head.push("|".to_owned());
    }
    head.extend(publishers.iter().map(|by| clean(by).replacen(' ', "\n", 1)));
    table.set_header(head);
    for row in rows {
        let depth = row.depth.map_or_else(String::new, |depth| depth.to_string());
        let mut cells = vec![clean(row.size), depth, row.extent.tasks.to_string(), row.extent.steps.to_string()];
        cells.extend(row.sampled.iter().map(|sampled| sampled.score.to_string()));
        if !publishers.is_empty() {
            cells.push("|".to_owned());
        }
        let theirs = |by: &&str| published(row, by).map_or_else(|| "–".to_owned(), |score| score.to_string());
        cells.extend(publishers.iter().map(theirs));
        table.add_row(cells);
    }
    table
}

/// Lines of at most `width` characters, broken between words.
fn wrap(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

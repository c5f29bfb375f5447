//! Where everything stands: columns for tasks and locks, rows for what happens, all in whole pixels.

use super::super::clean;
use crate::report::{story, words};
use crate::study::Study;
use crate::trace::{Event, Trace};
use std::collections::BTreeSet;

/// Pixels of a row.
pub(super) const ROW: usize = 26;
/// Pixels above the first row.
pub(super) const HEAD: usize = 44;
/// Pixels of the column of steps.
pub(super) const LABEL: usize = 30;
/// Characters of a label.
pub(super) const LABEL_MAX: usize = 48;

pub(super) enum Row {
    /// An event's index.
    Event(usize),
    /// A line across the lanes.
    Rule(String),
    /// The line after which there is no way back.
    Final(String),
}

/// A lock's column.
pub(super) struct Column {
    pub(super) object: usize,
    pub(super) x: usize,
    pub(super) width: usize,
}

pub(super) struct Layout {
    /// Of each task: where its line stands.
    pub(super) lanes: Vec<usize>,
    pub(super) locks: Vec<Column>,
    rows: Vec<Row>,
    /// Of each event: its row.
    row_of: Vec<usize>,
    /// From where to where the round of a livelock goes.
    pub(super) round: Option<(usize, usize)>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Pixels of a text: of a fixed width, and twice that where the script is wide.
fn pixels(text: &str) -> usize {
    text.chars().take(LABEL_MAX).map(|c| if u32::from(c) < 0x1100 { 8 } else { 14 }).sum()
}

/// `text` in so many characters.
pub(super) fn short(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}

/// An event's words in its lane: `lock accounts = 0 :62`.
pub(super) fn label(trace: &Trace, event: &Event) -> String {
    let mut label = match event.operation.as_str() {
        "start" => "starts".to_owned(),
        "finish" => "ends".to_owned(),
        _ => clean(&words::whole(trace, event)),
    };
    if words::has_place(event) {
        // The place is what the reader looks for: it stays whole.
        label = format!("{} :{}", short(&label, LABEL_MAX - 7), event.at.line);
    }
    label
}

impl Layout {
    pub(super) fn new(study: &Study) -> Self {
        let trace = &study.counterexample.trace;
        let mut x = LABEL + 20;
        let mut lanes = Vec::new();
        for (task, name) in trace.tasks.iter().enumerate() {
            let labels = trace.events.iter().filter(|event| event.task == task).map(|event| label(trace, event));
            let widest = labels.map(|label| pixels(&label)).max().unwrap_or(0);
            lanes.push(x);
            x += widest.max(pixels(&clean(name))).max(64) + 34;
        }
        let holds = story::holds(trace);
        let held: BTreeSet<usize> = holds.iter().map(|hold| hold.object).collect();
        let mut locks = Vec::new();
        for object in held {
            let holders = holds.iter().filter(|hold| hold.object == object).map(|hold| trace.task(hold.task));
            let names = holders.chain([trace.objects[object].name.as_str()]).map(|name| pixels(&clean(name)));
            let width = names.max().unwrap_or(0) + 24;
            locks.push(Column { object, x, width });
            x += width;
        }
        let (rows, row_of, round) = rows(study);
        let height = HEAD + rows.len() * ROW + ROW / 2;
        Layout { lanes, locks, rows, row_of, round, width: x, height }
    }

    /// Where the event's row is.
    pub(super) fn y(&self, event: usize) -> usize {
        middle(self.row_of[event])
    }

    /// The rows, and where each is.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&Row, usize)> {
        self.rows.iter().enumerate().map(|(index, row)| (row, middle(index)))
    }
}

fn middle(row: usize) -> usize {
    HEAD + row * ROW + ROW / 2
}

/// The rows, each event's row, and where the round of a livelock is.
fn rows(study: &Study) -> (Vec<Row>, Vec<usize>, Option<(usize, usize)>) {
    let trace = &study.counterexample.trace;
    let no_return = study.point_of_no_return.map(|point| point.step);
    let last = no_return.and_then(|step| trace.events.iter().rposition(|event| event.step == step));
    let (mut rows, mut row_of) = (Vec::new(), Vec::new());
    let (mut from, mut to) = (None, None);
    for (index, event) in trace.events.iter().enumerate() {
        if let Some((start, end)) = trace.recurs {
            if from.is_none() && event.step >= start {
                from = Some(rows.len());
                rows.push(Row::Rule("↻ from here on, over and over".into()));
            }
            if to.is_none() && event.step > end {
                to = Some(rows.len());
                rows.push(Row::Rule("↻ and so on".into()));
            }
        }
        if let Some(interrupted) = event.preempts {
            rows.push(Row::Rule(format!("{} preempts {}", trace.task(event.task), trace.task(interrupted))));
        }
        row_of.push(rows.len());
        rows.push(Row::Event(index));
        if last == Some(index) {
            rows.push(Row::Final(format!("no way back: {}", words::no_return(study).unwrap_or_default())));
        }
    }
    if from.is_some() && to.is_none() {
        to = Some(rows.len());
        rows.push(Row::Rule("↻ and so on".into()));
    }
    let round = from.zip(to).map(|(from, to)| (HEAD + from * ROW, HEAD + (to + 1) * ROW));
    (rows, row_of, round)
}

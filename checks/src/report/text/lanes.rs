//! The lanes: a row for each event, a column for each task, and a column for each lock's holder and waiters; or, where the
//! terminal is too narrow for that, one column for what happens and who does it.

use super::facts::DECISIVE;
use super::rows::{self, Row};
use super::{Style, clean};
use crate::study::Study;
use crate::trace::{Event, Phase, Trace};
use std::collections::BTreeSet;

/// Characters that a lane needs at least.
const LANE_MIN: usize = 16;

/// The study's trace as rows of text: the essential ones, so many at most, or all.
pub(super) fn draw(study: &Study, rows_max: Option<usize>, style: Style) -> String {
    let trace = &study.counterexample.trace;
    let rows = match rows_max {
        Some(rows_max) => rows::essential(rows::all(study, DECISIVE), rows_max),
        None => rows::fold_loops(&rows::all(study, usize::MAX)),
    };
    let shown: Vec<usize> = {
        let tasks = rows.iter().filter_map(|row| match row {
            Row::Does(does) => Some(does.task),
            Row::Folded { task, .. } => Some(*task),
            Row::Rule(_) => None,
        });
        tasks.collect::<BTreeSet<usize>>().into_iter().collect()
    };
    let locks = locks(trace);
    let holders = holders(trace, &locks);
    let mut table = Table::new(trace, &shown, &locks);
    for row in &rows {
        table.add(row, &holders);
    }
    let lock_columns: usize = table.columns[1 + shown.len()..].iter().map(|column| column + 2).sum();
    let room = style.width.saturating_sub(table.columns[0] + 2 + lock_columns);
    if room < shown.len() * (LANE_MIN + 2) {
        return list(trace, &rows, style);
    }
    table.fit(room, shown.len());
    table.render(style)
}

/// The locks that somebody used.
fn locks(trace: &Trace) -> Vec<usize> {
    let is_lock = |index: &usize| {
        matches!(trace.objects[*index].kind.as_str(), "mutex" | "rwlock" | "async mutex" | "async rwlock")
    };
    let is_used = |index: &usize| trace.events.iter().any(|event| event.object == Some(*index));
    (0..trace.objects.len()).filter(is_lock).filter(is_used).collect()
}

/// For each event and each lock, who has it then and who waits for it.
fn holders(trace: &Trace, locks: &[usize]) -> Vec<Vec<String>> {
    let mut holders = Holders::new(trace);
    let follow = |event: &Event| {
        holders.follow(event);
        locks.iter().map(|lock| holders.show(trace, *lock)).collect()
    };
    trace.events.iter().map(follow).collect()
}

/// Who has each lock, and who waits for it.
struct Holders {
    holders: Vec<Vec<usize>>,
    waiters: Vec<Vec<usize>>,
}

impl Holders {
    fn new(trace: &Trace) -> Self {
        let none = vec![Vec::new(); trace.objects.len()];
        Holders { holders: none.clone(), waiters: none }
    }

    fn follow(&mut self, event: &Event) {
        let task = event.task;
        let Some(object) = event.object else { return };
        if matches!(event.phase, Phase::Refused | Phase::Next) {
            return;
        }
        let waits = matches!(event.phase, Phase::Waits | Phase::Pending);
        match event.operation.as_str() {
            "lock" | "read lock" | "write lock" if waits => {
                self.waiters[object].retain(|waiter| *waiter != task);
                self.waiters[object].push(task);
            }
            "give up" => self.waiters[object].retain(|waiter| *waiter != task),
            "lock" | "try lock" | "read lock" | "try read lock" | "write lock" | "try write lock" => {
                self.take(object, task);
            }
            "unlock" | "read unlock" | "write unlock" => self.give(object, task),
            "wait" | "wake" => {
                let Some(mutex) = event.mutex else { return };
                match (event.operation.as_str(), waits) {
                    ("wait", _) => self.give(mutex, task),
                    (_, true) => {}
                    (_, false) => self.take(mutex, task),
                }
            }
            _ => {}
        }
    }

    fn take(&mut self, object: usize, task: usize) {
        self.waiters[object].retain(|waiter| *waiter != task);
        self.holders[object].push(task);
    }

    fn give(&mut self, object: usize, task: usize) {
        if let Some(index) = self.holders[object].iter().position(|holder| *holder == task) {
            self.holders[object].remove(index);
        }
    }

    fn show(&self, trace: &Trace, object: usize) -> String {
        let name = |task: &usize| clean(trace.task(*task));
        let mut text = self.holders[object].iter().map(name).collect::<Vec<_>>().join("+");
        for waiter in &self.waiters[object] {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push('◁');
            text.push_str(&name(waiter));
        }
        text
    }
}

/// A line of the table: across, or a cell for each column.
enum Line {
    Rule(String),
    Cells { mark: char, number: String, lane: usize, text: rows::Text, locks: Vec<String> },
}

struct Table {
    head: Vec<String>,
    lines: Vec<Line>,
    /// How wide each column is: the numbers, the lanes, the locks.
    columns: Vec<usize>,
    /// The tasks that have lanes.
    lanes: Vec<usize>,
}

fn count(text: &str) -> usize {
    text.chars().count()
}

impl Table {
    fn new(trace: &Trace, lanes: &[usize], locks: &[usize]) -> Self {
        let mut head = vec!["#".to_owned()];
        head.extend(lanes.iter().map(|task| clean(trace.task(*task))));
        head.extend(locks.iter().map(|lock| clean(&trace.objects[*lock].name)));
        let columns = head.iter().map(|cell| count(cell)).collect();
        Table { head, lines: Vec::new(), columns, lanes: lanes.to_vec() }
    }

    fn add(&mut self, row: &Row, holders: &[Vec<String>]) {
        let (mark, number, task, text, locks) = match row {
            Row::Rule(text) => {
                self.lines.push(Line::Rule(text.clone()));
                return;
            }
            Row::Folded { task, steps } => (' ', String::new(), task, rows::Text::folded(*steps), Vec::new()),
            Row::Does(does) => (mark(does), number(does), &does.task, does.text.clone(), holders[does.event].clone()),
        };
        let lane = self.lanes.iter().position(|lane| lane == task).unwrap_or(0);
        let mut widen = |column: usize, width: usize| self.columns[column] = self.columns[column].max(width);
        widen(0, count(&number));
        widen(1 + lane, count(&text.whole()));
        for (index, lock) in locks.iter().enumerate() {
            widen(1 + self.lanes.len() + index, count(lock));
        }
        self.lines.push(Line::Cells { mark, number, lane, text, locks });
    }

    /// Narrows the lanes to so many characters in all, the widest first.
    fn fit(&mut self, room: usize, lanes: usize) {
        let columns = &mut self.columns[1..=lanes];
        while columns.iter().map(|width| width + 2).sum::<usize>() > room {
            let Some(widest) = columns.iter_mut().max().filter(|width| **width > LANE_MIN) else { break };
            *widest -= 1;
        }
    }

    fn render(&self, style: Style) -> String {
        let mut out = style.dim(self.line(' ', &self.head).trim_end());
        out.push('\n');
        for line in &self.lines {
            match line {
                Line::Rule(text) => {
                    out.extend(std::iter::repeat_n(' ', self.columns[0] + 4));
                    out.push_str(&style.warn(text));
                }
                Line::Cells { mark, number, lane, text, locks } => {
                    let mut cells = vec![String::new(); self.columns.len()];
                    cells[0].clone_from(number);
                    cells[1 + lane] = text.fit(self.columns[1 + lane]);
                    for (index, lock) in locks.iter().enumerate() {
                        cells[1 + self.lanes.len() + index].clone_from(lock);
                    }
                    out.push_str(self.line(*mark, &cells).trim_end());
                }
            }
            out.push('\n');
        }
        out
    }

    fn line(&self, mark: char, cells: &[String]) -> String {
        let mut line = format!(" {mark}{:>width$}", cells[0], width = self.columns[0]);
        for (cell, width) in cells.iter().zip(&self.columns).skip(1) {
            line.push_str("  ");
            line.extend(cell.chars().take(*width));
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(count(cell))));
        }
        line
    }
}

/// What marks a row whose order decides.
fn mark(does: &rows::Does) -> char {
    if does.decisive { '•' } else { ' ' }
}

fn number(does: &rows::Does) -> String {
    does.step.map_or_else(String::new, |step| step.to_string())
}

/// One column, for a narrow terminal.
fn list(trace: &Trace, rows: &[Row], style: Style) -> String {
    let names = trace.tasks.iter().map(|task| clean(task));
    let widest = names.map(|name| count(&name)).max().unwrap_or(0).min(style.width / 3);
    let room = style.width.saturating_sub(8 + widest + 2).max(LANE_MIN);
    let mut out = String::new();
    for row in rows {
        let (mark, number, task, text) = match row {
            Row::Rule(text) => {
                out.extend(["        ", &style.warn(text), "\n"]);
                continue;
            }
            Row::Folded { task, steps } => (' ', String::new(), *task, rows::Text::folded(*steps)),
            Row::Does(does) => (mark(does), number(does), does.task, does.text.clone()),
        };
        let name: String = clean(trace.task(task)).chars().take(widest).collect();
        out.push_str(format!(" {mark}{number:>4}  {name:<widest$}  {}", text.fit(room)).trim_end());
        out.push('\n');
    }
    out
}

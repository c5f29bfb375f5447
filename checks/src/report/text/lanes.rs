//! The lanes: a row for each event, a column for each task, and a column for each lock's holder and waiters.

use super::{Style, clean, place};
use crate::trace::{Event, Phase, Trace};

/// The file that all events are in, if it is one.
pub(super) fn common_file(trace: &Trace) -> Option<String> {
    let mut files = trace.events.iter().filter(|event| has_place(event)).map(|event| &event.at.file);
    let first = files.next()?;
    files.all(|file| file == first).then(|| first.clone())
}

/// Whether the event has a line of its own: a guard's end, or a handle's, has not.
fn has_place(event: &Event) -> bool {
    let ends = ["start", "finish", "unlock", "read unlock", "write unlock", "release", "drop sender", "drop receiver"];
    !ends.contains(&event.operation.as_str())
}

/// The trace as rows of text.
pub(super) fn draw(trace: &Trace, style: Style) -> String {
    let file = common_file(trace);
    let is_lock = |index: &usize| matches!(trace.objects[*index].kind.as_str(), "mutex" | "rwlock");
    let is_used = |index: &usize| trace.events.iter().any(|event| event.object == Some(*index));
    let locks: Vec<usize> = (0..trace.objects.len()).filter(is_lock).filter(is_used).collect();
    let mut table = Table::new(trace, &locks);
    let mut holders = Holders::new(trace);
    let last = trace.recurs.map_or(usize::MAX, |(_, end)| end);
    let mut in_round = false;
    for event in trace.events.iter().filter(|event| event.step <= last && event.phase != Phase::Next) {
        if trace.recurs.is_some_and(|(start, _)| !in_round && event.step >= start) {
            in_round = true;
            table.rule("↻ from here on, over and over");
        }
        holders.follow(event);
        if let Some(interrupted) = event.preempts {
            table.rule(&format!("── preempts {} ──", clean(trace.task(interrupted))));
        }
        if !matches!(event.operation.as_str(), "start" | "finish") {
            table.event(trace, event, &locks, &holders, file.as_deref());
        }
    }
    if in_round {
        table.rule("↻ and so on");
    }
    table.render(style)
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
        if event.phase == Phase::Refused {
            return;
        }
        let waits = event.phase == Phase::Waits;
        match event.operation.as_str() {
            "lock" | "read lock" | "write lock" if waits => self.waiters[object].push(task),
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

enum Row {
    Cells(Vec<String>),
    /// A line across the lanes.
    Rule(String),
}

struct Table {
    rows: Vec<Row>,
    widths: Vec<usize>,
    /// Spawns are gathered in one cell while nothing else happens.
    spawning: Option<usize>,
}

impl Table {
    fn new(trace: &Trace, locks: &[usize]) -> Self {
        let mut head = vec!["#".to_owned()];
        head.extend(trace.tasks.iter().map(|task| clean(task)));
        head.extend(locks.iter().map(|lock| clean(&trace.objects[*lock].name)));
        let widths = head.iter().map(|cell| cell.chars().count()).collect();
        Table { rows: vec![Row::Cells(head)], widths, spawning: None }
    }

    fn rule(&mut self, text: &str) {
        self.rows.push(Row::Rule(text.to_owned()));
        self.spawning = None;
    }

    fn event(&mut self, trace: &Trace, event: &Event, locks: &[usize], holders: &Holders, file: Option<&str>) {
        if event.operation == "spawn" && self.spawning == Some(event.task) {
            let child = event.other.map(|task| clean(trace.task(task))).unwrap_or_default();
            let column = event.task + 1;
            if let Some(Row::Cells(cells)) = self.rows.last_mut() {
                cells[column] = format!("{}, {child}", cells[column]);
                self.widths[column] = self.widths[column].max(cells[column].chars().count());
            }
            return;
        }
        self.spawning = (event.operation == "spawn").then_some(event.task);
        let mut cells = vec![String::new(); self.widths.len()];
        // Waiting, and what happens within a step, have no number of their own.
        let counts = event.phase != Phase::Waits && !matches!(event.operation.as_str(), "read" | "write");
        if counts {
            cells[0] = event.step.to_string();
        }
        cells[event.task + 1] = describe(trace, event, file);
        for (index, lock) in locks.iter().enumerate() {
            cells[1 + trace.tasks.len() + index] = holders.show(trace, *lock);
        }
        for (width, cell) in self.widths.iter_mut().zip(&cells) {
            *width = (*width).max(cell.chars().count());
        }
        self.rows.push(Row::Cells(cells));
    }

    fn render(&self, style: Style) -> String {
        let mut out = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let line = match row {
                Row::Rule(text) => format!("{:indent$}{}", "", style.warn(text), indent = self.widths[0] + 4),
                Row::Cells(cells) => {
                    let mut line = format!("  {:>width$}", cells[0], width = self.widths[0]);
                    for (cell, width) in cells.iter().zip(&self.widths).skip(1) {
                        line.push_str("  ");
                        line.push_str(cell);
                        line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
                    }
                    if index == 0 { style.dim(line.trim_end()) } else { line.trim_end().to_owned() }
                }
            };
            out.push_str(&line);
            out.push('\n');
        }
        out
    }
}

/// What happened, in a lane's words: `lock counter = 0 :43`.
fn describe(trace: &Trace, event: &Event, file: Option<&str>) -> String {
    let mut text = match (event.operation.as_str(), event.phase) {
        ("wake", Phase::Waits) => "wait".into(),
        ("wake", _) => "wake on".into(),
        ("wait", _) => "release to wait on".into(),
        (operation, _) => operation.to_owned(),
    };
    let object = event.object.map(|object| &trace.objects[object].name);
    let about = object.or(event.other.map(|task| &trace.tasks[task]));
    if let Some(about) = about {
        text.push(' ');
        text.push_str(&clean(about));
    }
    if let Some(value) = &event.value {
        let sign = if event.operation == "choose" { "" } else { "= " };
        text.push(' ');
        text.push_str(sign);
        text.push_str(&clean(value));
    }
    text.push_str(match event.phase {
        Phase::Done => "",
        Phase::Refused => " (refused)",
        Phase::Waits => " …",
        Phase::Next => " (next)",
        Phase::TimedOut => " (timed out)",
        Phase::Spurious => " (spurious)",
    });
    if has_place(event) && event.operation != "spawn" {
        text.push(' ');
        text.push_str(&place(&event.at, file));
    }
    text
}

//! The rows that a trace gives, and which of them are shown: one for each event, and rules across.

use super::clean;
use super::files::Files;
use crate::report::words::{self, has_place, is_end};
use crate::study::Study;
use crate::trace::{Event, Phase, Trace};
use crate::verdict::Verdict;
use std::collections::BTreeSet;
use std::time::Duration;

/// A row of the lanes.
#[derive(Clone, Debug)]
pub(super) enum Row {
    /// A line across the lanes.
    Rule(String),
    /// What a task does.
    Does(Does),
    /// What a task does that is left out: so many steps.
    Folded { task: usize, steps: usize },
}

#[derive(Clone, Debug)]
pub(super) struct Does {
    /// The event, by its index in the trace.
    pub(super) event: usize,
    pub(super) task: usize,
    /// The schedule's step; within a step there is none.
    pub(super) step: Option<usize>,
    /// Its order decides.
    pub(super) decisive: bool,
    pub(super) text: Text,
    pub(super) worth: Worth,
}

/// How much a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    /// What goes without saying.
    Filler,
    Useful,
    /// Without it the bug is not seen.
    Needed,
}

/// A lane's words, in parts that can be left out where there is no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    what: String,
    value: String,
    place: String,
    /// The place, where there is little room.
    short: String,
}

/// Characters of the words that a place may not take.
const WORDS_MIN: usize = 8;

impl Text {
    /// So many steps that are left out.
    pub(super) fn folded(steps: usize) -> Self {
        Text { what: format!("… {steps} steps"), value: String::new(), place: String::new(), short: String::new() }
    }

    pub(super) fn whole(&self) -> String {
        [&self.what, &self.value, &self.place]
            .into_iter()
            .filter(|part| !part.is_empty())
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// In so many characters: the place's path is cut first, then the value, which is then left out, then the words are cut.
    /// A place that leaves too little of them goes before they do. A number is whole or not there.
    pub(super) fn fit(&self, width: usize) -> String {
        let whole = self.whole();
        let count = |text: &str| text.chars().count();
        let over = count(&whole).saturating_sub(width);
        if over == 0 {
            return whole;
        }
        if self.short != self.place {
            return Text { place: self.short.clone(), ..self.clone() }.fit(width);
        }
        let cut = |text: &str, by: usize| {
            let keep = count(text).saturating_sub(by + 1);
            text.chars().take(keep).chain(['…']).collect::<String>()
        };
        if is_number(&self.value) {
            let bare = Text { place: String::new(), short: String::new(), ..self.clone() };
            if count(&bare.value) + 1 + WORDS_MIN <= width && !self.place.is_empty() {
                return bare.fit(width);
            }
            if count(&bare.value) + 1 + WORDS_MIN <= width {
                return Text { what: cut(&bare.what, over), ..bare }.whole();
            }
        } else if count(&self.value) > over + 4 {
            let value = cut(&self.value, over);
            return Text { value: without_half_a_number(&value, &self.value), ..self.clone() }.whole();
        }
        let over = |text: &Text| count(&text.whole()).saturating_sub(width);
        let mut short = Text { value: String::new(), ..self.clone() };
        if over(&short) > 0 && count(&short.what) < over(&short) + 1 + WORDS_MIN {
            (short.place, short.short) = (String::new(), String::new());
        }
        let over = over(&short);
        let short = if over == 0 { short } else { Text { what: cut(&short.what, over), ..short } };
        short.whole().chars().take(width.max(1)).collect()
    }
}

/// Whether a value is one number.
fn is_number(value: &str) -> bool {
    let digits = value.trim_start_matches("= ").trim_start_matches('-');
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

/// `cut`, a front of `whole` and a `…`, without a number that it ends in and that goes on.
fn without_half_a_number(cut: &str, whole: &str) -> String {
    let front = cut.trim_end_matches('…');
    let goes_on = whole[front.len()..].starts_with(|c: char| c.is_ascii_digit());
    if !(goes_on && front.ends_with(|c: char| c.is_ascii_digit())) {
        return cut.to_owned();
    }
    format!("{}…", front.trim_end_matches(|c: char| c.is_ascii_digit()))
}

/// The file that all events are in, if it is one.
pub(super) fn common_file(trace: &Trace) -> Option<String> {
    let mut files = trace.events.iter().filter(|event| has_place(event)).map(|event| &event.at.file);
    let first = files.next()?;
    files.all(|file| file == first).then(|| first.clone())
}

/// Every row of the study's trace, with so many of the orders that decide marked.
pub(super) fn all(study: &Study, pairs_max: usize) -> Vec<Row> {
    let trace = &study.counterexample.trace;
    let files = Files::of(trace);
    let decisive = study.critical().take(pairs_max).flat_map(|pair| [pair.first, pair.second]);
    let decisive: BTreeSet<usize> = decisive.collect();
    let missed = study.missed.iter().flat_map(|missed| [Some(missed.notified), missed.woke]).flatten();
    let missed: BTreeSet<usize> = missed.chain(study.late.iter().map(|late| late.first)).collect();
    let last = trace.recurs.map_or(usize::MAX, |(_, end)| end);
    let (mut rows, mut in_round, mut now) = (Vec::new(), false, 0);
    for (index, event) in trace.events.iter().enumerate() {
        let decisive = decisive.contains(&index);
        if !decisive && (event.step > last || event.phase == Phase::Next) {
            continue;
        }
        if event.step <= last && trace.recurs.is_some_and(|(start, _)| !in_round && event.step >= start) {
            in_round = true;
            rows.push(Row::Rule("↻ from here on, over and over".into()));
        }
        if let Some(clock) = event.clock_micros.filter(|clock| *clock != now) {
            now = clock;
            rows.push(Row::Rule(format!("── {:?} ──", Duration::from_micros(clock))));
        }
        if let Some(interrupted) = event.preempts.filter(|_| event.step <= last) {
            rows.push(Row::Rule(format!("── preempts {} ──", clean(trace.task(interrupted)))));
        }
        if event.step > last || matches!(event.operation.as_str(), "start" | "finish") {
            continue;
        }
        // Waiting, and what happens within a step, have no number of their own.
        let counts =
            !matches!(event.phase, Phase::Waits | Phase::Next) && !matches!(event.operation.as_str(), "read" | "write");
        rows.push(Row::Does(Does {
            event: index,
            task: event.task,
            step: counts.then_some(event.step),
            decisive,
            text: text(trace, event, &files),
            worth: if decisive || missed.contains(&index) { Worth::Needed } else { worth(trace, index) },
        }));
    }
    if in_round {
        rows.push(Row::Rule("↻ and so on".into()));
    }
    gather_spawns(rows)
}

/// Spawns are one row while nothing else happens.
fn gather_spawns(rows: Vec<Row>) -> Vec<Row> {
    let mut gathered: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        if let (Row::Does(does), Some(Row::Does(last))) = (&row, gathered.last_mut())
            && let Some(child) = does.text.what.strip_prefix("spawn ")
            && last.text.what.starts_with("spawn ")
            && last.task == does.task
        {
            last.text.what = format!("{}, {child}", last.text.what);
            continue;
        }
        gathered.push(row);
    }
    gathered
}

/// What an event that decides nothing is worth.
fn worth(trace: &Trace, index: usize) -> Worth {
    let event = &trace.events[index];
    let operation = event.operation.as_str();
    let later = || trace.events[index + 1..].iter().filter(|other| other.task == event.task);
    match (event.phase, operation) {
        (Phase::Waits, _) => {
            let in_vain = later().all(|other| other.phase == Phase::Waits);
            let in_cycle = match &trace.verdict {
                Some(Verdict::Deadlock { cycle }) => cycle.iter().any(|wait| wait.task == trace.task(event.task)),
                _ => operation != "join",
            };
            if in_vain && in_cycle { Worth::Needed } else { Worth::Filler }
        }
        (_, "spawn" | "join") => Worth::Filler,
        _ if is_end(event) => Worth::Filler,
        (Phase::TimedOut | Phase::Spurious, _) => Worth::Needed,
        (_, "request" | "grant") if bypasses(trace, index) => Worth::Needed,
        _ => {
            // The operation that failed is the last of its task but for what its guards did.
            let fails = match &trace.verdict {
                Some(Verdict::Assertion { task, .. } | Verdict::Misuse { task, .. }) => trace.task(event.task) == task,
                Some(Verdict::DataRace { .. }) => true,
                _ => false,
            };
            if fails && later().all(is_end) { Worth::Needed } else { Worth::Useful }
        }
    }
}

/// Whether the event is the request that was bypassed, or a grant that did so.
fn bypasses(trace: &Trace, index: usize) -> bool {
    let Some(Verdict::Starvation { task, .. }) = &trace.verdict else { return false };
    let requests = |event: &Event| event.operation == "request" && trace.task(event.task) == task;
    let request = trace.events.iter().rposition(requests);
    request.is_some_and(|request| index == request || (index > request && trace.events[index].operation == "grant"))
}

/// What happened, in a lane's words: `lock counter = 0 :43`.
fn text(trace: &Trace, event: &Event, files: &Files) -> Text {
    let mut what = clean(&words::what(trace, event));
    what.push_str(words::how(event));
    let value = event.value.as_ref().map_or_else(String::new, |value| {
        let sign = if event.operation == "choose" { "" } else { "= " };
        format!("{sign}{}", clean(value))
    });
    let placed = has_place(event) && event.operation != "spawn";
    let (place, short) =
        if placed { (files.place(&event.at), files.short(&event.at)) } else { (String::new(), String::new()) };
    Text { what, value, place, short }
}

/// The rows without which the bug is not seen, and as many others as there is room for.
pub(super) fn essential(rows: Vec<Row>, rows_max: usize) -> Vec<Row> {
    let is_filler = |row: &Row| matches!(row, Row::Does(does) if does.worth == Worth::Filler);
    let mut rows: Vec<Row> = rows.into_iter().filter(|row| !is_filler(row)).collect();
    while rows.len() > rows_max {
        let Some((from, to)) = longest_foldable(&rows) else { break };
        let Some(task) = task_of(&rows[from]) else { break };
        let steps = to - from;
        rows.splice(from..to, [Row::Folded { task, steps }]);
    }
    // The gap in the numbers says that something is left out.
    while rows.len() > rows_max {
        let is_useful = |row: &Row| matches!(row, Row::Does(does) if does.worth == Worth::Useful);
        let folded = rows.iter().position(|row| matches!(row, Row::Folded { .. }));
        let Some(index) = folded.or_else(|| rows.iter().position(is_useful)) else { break };
        rows.remove(index);
    }
    rows
}

fn task_of(row: &Row) -> Option<usize> {
    match row {
        Row::Does(does) => Some(does.task),
        Row::Folded { task, .. } => Some(*task),
        Row::Rule(_) => None,
    }
}

/// The longest run of rows of one task that may be folded.
fn longest_foldable(rows: &[Row]) -> Option<(usize, usize)> {
    let task = |row: &Row| match row {
        Row::Does(does) if does.worth == Worth::Useful => Some(does.task),
        _ => None,
    };
    let mut longest: Option<(usize, usize)> = None;
    let mut from = 0;
    while from < rows.len() {
        let mut to = from + 1;
        if let Some(whose) = task(&rows[from]) {
            while rows.get(to).and_then(task) == Some(whose) {
                to += 1;
            }
            if to - from > longest.map_or(1, |(from, to)| to - from) {
                longest = Some((from, to));
            }
        }
        from = to;
    }
    longest
}

/// Steps of a loop's body beyond which a loop is not looked for.
const BODY_MAX: usize = 16;
/// Rounds from which on a loop is folded.
const ROUNDS_MIN: usize = 3;

/// The rows with each loop's first round alone: the same task doing the same at the same places, over and over.
pub(super) fn fold_loops(rows: &[Row]) -> Vec<Row> {
    let same = |one: &Row, two: &Row| match (one, two) {
        (Row::Does(one), Row::Does(two)) => {
            one.task == two.task && one.text.what == two.text.what && one.text.place == two.text.place
        }
        _ => false,
    };
    let mut folded = Vec::with_capacity(rows.len());
    let mut at = 0;
    while at < rows.len() {
        let task = task_of(&rows[at]);
        let fits = |body: &usize| {
            let rest = &rows[at..];
            task.is_some()
                && rest.len() >= body * ROUNDS_MIN
                && rest[..*body].iter().all(|row| task_of(row) == task)
                && (0..body * (ROUNDS_MIN - 1)).all(|index| same(&rest[index], &rest[index + body]))
        };
        let Some(body) = (1..=BODY_MAX).find(fits) else {
            folded.push(rows[at].clone());
            at += 1;
            continue;
        };
        let repeats = rows[at..].iter().zip(&rows[at + body..]).take_while(|(one, two)| same(one, two)).count() / body;
        folded.extend_from_slice(&rows[at..at + body]);
        let (these, steps) = if body == 1 { ("this", "step".to_owned()) } else { ("these", format!("{body} steps")) };
        folded.push(Row::Rule(format!("↻ {these} {steps}, {repeats} times more")));
        at += body * (repeats + 1);
    }
    folded
}

//! A counterexample as a Mermaid sequence diagram: tasks and objects are participants, operations arrows between them.
//!
//! One statement a line. Whatever comes from the program is written so that Mermaid takes it for text and nothing else:
//! see `text`.

use super::once::once;
use super::{Header, story, text::clean, words};
use crate::study::Study;
use crate::trace::{Event, Phase, Trace};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The counterexample as a sequence diagram, which ends in a line end.
#[must_use]
pub fn counterexample(header: Option<&Header>, study: &Study) -> String {
    let study = &once(study);
    let mut drawing = Drawing { study, trace: &study.counterexample.trace, out: String::new(), depth: 1 };
    drawing.head(header);
    drawing.participants();
    drawing.events();
    drawing.tail();
    drawing.out
}

struct Drawing<'a> {
    study: &'a Study,
    trace: &'a Trace,
    out: String,
    depth: usize,
}

impl Drawing<'_> {
    fn line(&mut self, statement: &str) {
        let _ = writeln!(self.out, "{:indent$}{statement}", "", indent = 4 * self.depth);
    }

    fn head(&mut self, header: Option<&Header>) {
        self.out.push_str("sequenceDiagram\n");
        let title = text(&words::name(header, self.study));
        self.line(&format!("title: {title}"));
        self.line(&format!("accTitle: {title}"));
        self.line(&format!("accDescr: {}", text(&self.study.counterexample.verdict.to_string())));
    }

    /// The tasks, and the objects that something is done with.
    fn participants(&mut self) {
        let trace = self.trace;
        for (index, task) in trace.tasks.iter().enumerate() {
            self.line(&format!("actor t{index} as {}", text(task)));
        }
        let used: BTreeSet<usize> = trace.events.iter().filter_map(|event| event.object).collect();
        for index in used {
            let object = &trace.objects[index];
            self.line(&format!("participant o{index} as {}<br/>({})", text(&object.name), text(&object.kind)));
        }
    }

    fn events(&mut self) {
        let trace = self.trace;
        let no_return = self.study.point_of_no_return.map(|point| point.step);
        let mut no_return = no_return.and_then(|step| trace.events.iter().rposition(|event| event.step == step));
        let round = trace.recurs;
        for (index, event) in trace.events.iter().enumerate() {
            if self.depth == 1 && round.is_some_and(|(start, end)| (start..=end).contains(&event.step)) {
                self.line("loop over and over");
                self.depth += 1;
            }
            if self.depth > 1 && round.is_some_and(|(_, end)| event.step > end) {
                self.end_of_round();
            }
            if let Some(interrupted) = event.preempts {
                let (who, whom) = (trace.task(event.task), trace.task(interrupted));
                self.note(&both(event.task, interrupted), &format!("{who} preempts {whom}"));
            }
            if !matches!(event.operation.as_str(), "start" | "finish") {
                self.event(index, event);
            }
            self.decisive(index);
            if no_return == Some(index) {
                no_return = None;
                let runs = words::no_return(self.study).unwrap_or_default();
                self.note(&self.everybody(), &format!("no way back: {runs}"));
            }
        }
        if self.depth > 1 {
            self.end_of_round();
        }
    }

    fn end_of_round(&mut self) {
        self.depth -= 1;
        self.line("end");
    }

    fn event(&mut self, index: usize, event: &Event) {
        let to = match (event.object, event.other) {
            (Some(object), _) => format!("o{object}"),
            (None, Some(task)) => format!("t{task}"),
            (None, None) => format!("t{}", event.task),
        };
        // Done, refused, and not done.
        let arrow = match event.phase {
            Phase::Done | Phase::TimedOut | Phase::Spurious | Phase::Pending => "->>",
            Phase::Refused => "-x",
            Phase::Waits | Phase::Next => "-->>",
        };
        let bare = Event { object: None, other: None, ..event.clone() };
        let mut label = words::whole(self.trace, &bare);
        if words::is_step(event) {
            label = format!("{} {label}", event.step);
        }
        if words::has_place(event) {
            label = format!("{label}, line {}", event.at.line);
        }
        self.line(&format!("t{}{arrow}{to}: {}", event.task, text(&label)));
        if event.phase == Phase::Waits {
            let ends = story::waits(self.trace).iter().any(|wait| wait.from == index && wait.to.is_some());
            let how_long = if ends { "" } else { ", in vain" };
            let about = words::target(self.trace, event);
            let about = if about.is_empty() { String::new() } else { format!(" for {about}") };
            self.note(&format!("t{}", event.task), &format!("waits{about}{how_long}"));
        }
    }

    /// The decisive pairs that are whole with this event.
    fn decisive(&mut self, index: usize) {
        for pair in self.study.critical().filter(|pair| pair.first.max(pair.second) == index) {
            let (first, second) = (self.trace.events[pair.first].task, self.trace.events[pair.second].task);
            let order = words::order(self.trace, pair);
            self.note(&both(first, second), &format!("decisive: {order}"));
        }
        for late in self.study.late.iter().filter(|late| late.first == index) {
            let (first, sentence) = (self.trace.events[index].task, words::late(self.trace, late));
            self.note(&both(first, late.task), &format!("decisive: {sentence}"));
        }
    }

    fn tail(&mut self) {
        for missed in words::missed(self.study) {
            self.note(&self.everybody(), &format!("missed: {missed}"));
        }
        let verdict = &self.study.counterexample.verdict;
        let note = format!("{}: {verdict}", words::title(verdict));
        self.note(&self.everybody(), &note);
    }

    /// From the first task to the last one.
    fn everybody(&self) -> String {
        match self.trace.tasks.len() {
            0 | 1 => "t0".to_owned(),
            tasks => format!("t0,t{}", tasks - 1),
        }
    }

    fn note(&mut self, over: &str, note: &str) {
        self.line(&format!("Note over {over}: {}", text(note)));
    }
}

/// Two tasks, from left to right.
fn both(one: usize, other: usize) -> String {
    format!("t{},t{}", one.min(other), one.max(other))
}

/// Words that Mermaid acts on although they stand in a text.
const KEYWORDS: [&str; 3] = ["end", "wrap", "nowrap"];

/// `text` as Mermaid takes it for text: letters, digits and harmless signs as they are, all else as `#` and its number
/// and `;`, among it whatever separates statements or begins a comment, a directive, an entity or markup.
fn text(text: &str) -> String {
    let harmless = |c: char| c.is_alphanumeric() || " _.,:()/=!?'*+-…·×→".contains(c);
    let entity = |c: char| format!("#{};", u32::from(c));
    let clean = clean(text);
    let mut out = String::new();
    let mut rest = clean.as_str();
    while let Some(first) = rest.chars().next() {
        let in_word = |c: char| c.is_alphanumeric() || c == '_';
        let end = if in_word(first) { rest.find(|c| !in_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (word, after) = rest.split_at(end);
        rest = after;
        if KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word)) {
            out.push_str(&entity(first));
            out.push_str(&word[first.len_utf8()..]);
        } else {
            word.chars().for_each(|c| if harmless(c) { out.push(c) } else { out.push_str(&entity(c)) });
        }
    }
    // Mermaid drops a `;` from lines with these words in them, and with it the end of an entity.
    out.replace("style", "st#121;le").replace("classDef", "class#68;ef")
}

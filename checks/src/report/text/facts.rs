//! The facts below the lanes: a label and a text each.

use super::{View, clean, place, rows};
use crate::report::{Header, words};
use crate::study::Study;
use crate::verdict::{Place, Verdict};

/// Orders that decide, in the essential view.
pub(super) const DECISIVE: usize = 3;

struct Facts {
    said: Vec<(&'static str, String)>,
    view: View,
    /// It is the command line that says it, which has flags.
    has_flags: bool,
    /// The file that goes without saying.
    file: Option<String>,
}

/// What is to be said of `study`.
pub(super) fn facts(header: Option<&Header>, study: &Study, view: View) -> Vec<(&'static str, String)> {
    let file = rows::common_file(&study.counterexample.trace);
    let mut facts = Facts { said: Vec::new(), view, has_flags: header.is_some(), file };
    facts.verdict(&study.counterexample.verdict);
    facts.some("missed", words::missed(study));
    facts.some("threads", words::threads(&study.counterexample.trace).into_iter().collect());
    facts.decisive(study);
    for (label, text) in words::certain(study) {
        facts.add(label, &text);
    }
    if let Some(header) = header {
        facts.words(header);
    }
    facts.origin(header, study);
    facts.said
}

impl Facts {
    fn add(&mut self, label: &'static str, text: &str) {
        self.said.push((label, clean(text)));
    }

    /// Several texts under one label.
    fn add_all(&mut self, label: &'static str, texts: impl IntoIterator<Item = String>) {
        for (index, text) in texts.into_iter().enumerate() {
            self.add(if index == 0 { label } else { "" }, &text);
        }
    }

    fn at(&self, at: &Place) -> String {
        place(at, self.file.as_deref())
    }

    /// The verdict's own data.
    fn verdict(&mut self, verdict: &Verdict) {
        let (label, mut lines) = words::data(verdict, &|at| self.at(at));
        match verdict {
            // What stands above already.
            Verdict::Leak { .. } | Verdict::Misuse { .. } => return,
            Verdict::Assertion { .. } => {
                lines.remove(0);
                let rest = lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join("  ");
                lines = if rest.is_empty() { Vec::new() } else { vec![rest] };
            }
            Verdict::Stuck { .. } if self.view == View::Essential => lines = vec![lines.join("; ")],
            _ => {}
        }
        self.add_all(label, lines);
    }

    /// All of them in the full view; so many as there is room for otherwise.
    fn some(&mut self, label: &'static str, mut texts: Vec<String>) {
        if self.view == View::Essential && texts.len() > DECISIVE {
            let more = texts.len() - DECISIVE;
            texts.truncate(DECISIVE);
            if let Some(last) = texts.last_mut() {
                let flag = if self.has_flags { " (--full)" } else { "" };
                *last = format!("{last}; and {more} more{flag}");
            }
        }
        self.add_all(label, texts);
    }

    /// What decides.
    fn decisive(&mut self, study: &Study) {
        let texts = words::decisive(study, None);
        let any = !texts.is_empty();
        self.some("decisive", texts);
        if any && self.view == View::Full {
            self.add("", "each was tried: the other way round, the run passes");
        }
    }

    /// The pattern's own words.
    fn words(&mut self, header: &Header) {
        let texts: Vec<String> =
            header.words.iter().map(|words| format!("{} ({})", words.text, self.at(&words.at))).collect();
        self.add_all("bug", texts);
    }

    fn origin(&mut self, header: Option<&Header>, study: &Study) {
        let schedule = study.counterexample.schedule.to_string();
        if self.view == View::Full || header.is_none() {
            if let Some(file) = self.file.clone() {
                self.add("source", &file);
            }
            self.add("schedule", &schedule);
        }
        let Some(header) = header else {
            if let Some(parameters) = &study.counterexample.parameters {
                self.add("at", &parameters.to_string());
            }
            return;
        };
        let found = header.found.iter().map(|finder| format!("{}, {}", finder.name(), finder.execution()));
        let found = found.collect::<Vec<_>>().join("; ");
        if self.view == View::Full {
            self.add("found", &found);
            self.add("as found", &study.found.to_string());
            self.add("now", &format!("{} ({} replays)", study.shrunk, study.replays));
        } else {
            self.add("found", &found);
        }
        if let Some(record) = &header.record {
            self.add("replay", &format!("raddle replay {record}"));
        }
        if !header.fixed.is_empty() {
            self.add("fixed", &header.fixed.join(", "));
        }
    }
}

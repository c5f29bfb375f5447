//! A counterexample for the terminal: a lane for each task, a column for each lock, the facts below.

mod lanes;

use super::Header;
use crate::study::Study;
use crate::verdict::{Place, Verdict, Wait};
use anstyle::{AnsiColor, Style as Ansi};
use std::fmt::Write;

/// How to draw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// With colours.
    pub colour: bool,
    /// With ASCII characters alone.
    pub ascii: bool,
}

impl Style {
    /// Plain text, the same on every machine.
    pub const PLAIN: Style = Style { colour: false, ascii: false };

    fn paint(self, style: Ansi, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// `text` as what is wrong looks.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint(Ansi::new().fg_color(Some(AnsiColor::Red.into())).bold(), text)
    }

    /// `text` as what is right looks.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.paint(Ansi::new().fg_color(Some(AnsiColor::Green.into())), text)
    }

    /// `text` as what needs attention looks.
    #[must_use]
    pub fn warn(self, text: &str) -> String {
        self.paint(Ansi::new().fg_color(Some(AnsiColor::Yellow.into())), text)
    }

    /// `text` as what may be passed over looks.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.paint(Ansi::new().dimmed(), text)
    }

    /// `text` in the characters that may be used.
    #[must_use]
    pub fn chars(self, text: &str) -> String {
        if !self.ascii {
            return text.to_owned();
        }
        let plain = |c| match c {
            '✗' => "x".into(),
            '✓' => "ok".into(),
            '…' => "...".into(),
            '─' | '–' | '—' | '·' => "-".into(),
            '◁' => "<".into(),
            '→' => "->".into(),
            '×' => "*".into(),
            '↻' => "@".into(),
            '≤' => "<=".into(),
            c if c.is_ascii() => c.to_string(),
            c => c.escape_unicode().to_string(),
        };
        text.chars().map(plain).collect()
    }
}

/// Text without characters that a terminal would act on.
#[must_use]
pub fn clean(text: &str) -> String {
    let plain = |c: char| if c.is_control() || is_bidi(c) { c.escape_default().collect() } else { c.to_string() };
    text.chars().map(plain).collect()
}

/// Characters that reorder what follows them on the screen.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The counterexample, as text that ends in a line end.
#[must_use]
pub fn counterexample(header: Option<&Header>, study: &Study, style: &Style) -> String {
    let found = &study.counterexample;
    let mut out = String::new();
    let title = title(&found.verdict);
    let _ = match header {
        Some(header) => {
            writeln!(out, "{} {} · {}: {}", style.bad("✗"), header.pattern, header.variant, style.bad(&title))
        }
        None => writeln!(out, "{} {}", style.bad("✗"), style.bad(&title)),
    };
    let _ = writeln!(out, "  why: {}\n", clean(&found.verdict.to_string()));
    out.push_str(&lanes::draw(&found.trace, *style));
    out.push('\n');
    for (label, text) in facts(header, study) {
        let _ = writeln!(out, "  {} {text}", style.dim(&format!("{label:<11}")));
    }
    style.chars(&out)
}

/// The verdict and its measure.
fn title(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Deadlock { cycle } => match cycle.len() {
            1 => "deadlock with itself".into(),
            tasks => format!("deadlock: a cycle of {tasks}"),
        },
        Verdict::Livelock { steps, .. } => format!("livelock: a round of {steps} steps"),
        Verdict::Starvation { bypassed, bound, .. } => format!("starvation: bypassed {bypassed} times of {bound}"),
        other => other.name().to_owned(),
    }
}

/// `file:line`, or `:line` where the file goes without saying.
fn place(at: &Place, file: Option<&str>) -> String {
    match file {
        Some(file) if file == at.file => format!(":{}", at.line),
        _ => at.to_string(),
    }
}

/// What stands below the lanes: a label and a text each.
struct Facts(Vec<(&'static str, String)>);

impl Facts {
    fn add(&mut self, label: &'static str, text: &str) {
        self.0.push((label, clean(text)));
    }

    /// Several texts under one label.
    fn add_all(&mut self, label: &'static str, texts: impl IntoIterator<Item = String>) {
        for (index, text) in texts.into_iter().enumerate() {
            self.add(if index == 0 { label } else { "" }, &text);
        }
    }

    /// The verdict's own data; `at` writes a place.
    fn add_verdict(&mut self, verdict: &Verdict, at: impl Fn(&Place) -> String) {
        match verdict {
            Verdict::Deadlock { cycle } => self.add_all("cycle", cycle.iter().map(|wait| edge(wait, cycle, &at))),
            Verdict::Stuck { waiting } => self.add_all(
                "waiting",
                waiting.iter().map(|waiting| {
                    let verb = if waiting.operation == "wake" { "wait" } else { &waiting.operation };
                    format!("{}: {verb} {} ({})", waiting.task, waiting.object, at(&waiting.at))
                }),
            ),
            Verdict::DataRace { first, second, .. } => self.add_all(
                "accesses",
                [first, second].map(|access| {
                    let verb = if access.write { "writes" } else { "reads" };
                    format!("{} {verb} ({})", access.task, at(&access.at))
                }),
            ),
            Verdict::Assertion { message, at: place, .. } => {
                self.add_all("message", message.lines().map(str::to_owned));
                if let Some(place) = place {
                    self.add("at", &at(place));
                }
            }
            Verdict::Starvation { by, bound, .. } => {
                self.add("bypassed by", &by.join(", "));
                self.add("bound", &format!("{bound} grants to others between a request and its grant"));
            }
            Verdict::Livelock { tasks, rounds, .. } => {
                self.add("recurs", &format!("seen {rounds} times over; {} take part", tasks.join(" and ")));
            }
            Verdict::Leak { .. } | Verdict::Misuse { .. } => {}
        }
    }
}

/// One edge of a deadlock: what the task holds, and what it waits for.
fn edge(wait: &Wait, cycle: &[Wait], at: impl Fn(&Place) -> String) -> String {
    let holds = match cycle.iter().find(|other| other.held_by == wait.task) {
        Some(held) if held.operation == "join" => format!("has to end for {}", held.task),
        Some(held) => format!("holds {} ({})", held.wants, at(&held.since)),
        None => "holds nothing".into(),
    };
    let wants = if wait.operation == "join" { "joins" } else { "wants" };
    format!("{} {holds}, {wants} {} ({})", wait.task, wait.wants, at(&wait.at))
}

fn facts(header: Option<&Header>, study: &Study) -> Vec<(&'static str, String)> {
    let found = &study.counterexample;
    let file = lanes::common_file(&found.trace);
    let mut facts = Facts(Vec::new());
    facts.add_verdict(&found.verdict, |at| place(at, file.as_deref()));
    facts.add("preemptions", &study.shrunk.preemptions.to_string());
    if let Some(file) = &file {
        facts.add("source", file);
    }
    let again = if found.schedule.round > 0 { ", and round again" } else { "" };
    let schedule = format!("{}{again}", found.schedule);
    facts.add("schedule", &schedule);
    if let Some(header) = header {
        if let Some(record) = &header.record {
            facts.add("replay", &format!("raddle replay {record}"));
        }
        if !header.fixed.is_empty() {
            facts.add("fixed", &header.fixed.join(", "));
        }
    }
    facts.0
}

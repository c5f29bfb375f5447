//! The facts below the lanes: a label and a text each.

use super::{View, clean, place, rows};
use crate::report::Header;
use crate::study::Study;
use crate::trace::{Event, Phase, Trace};
use crate::verdict::{Place, Verdict, Wait};

/// Orders that decide, in the essential view.
pub(super) const DECISIVE: usize = 3;

struct Facts {
    said: Vec<(&'static str, String)>,
    view: View,
    /// The file that goes without saying.
    file: Option<String>,
}

/// What is to be said of `study`.
pub(super) fn facts(header: Option<&Header>, study: &Study, view: View) -> Vec<(&'static str, String)> {
    let file = rows::common_file(&study.counterexample.trace);
    let mut facts = Facts { said: Vec::new(), view, file };
    facts.verdict(&study.counterexample.verdict);
    facts.missed(study);
    facts.decisive(study);
    facts.no_return(study);
    facts.fewest(study);
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
        match verdict {
            Verdict::Deadlock { cycle } => {
                let edges: Vec<String> = cycle.iter().map(|wait| edge(wait, cycle, |at| self.at(at))).collect();
                self.add_all("cycle", edges);
            }
            Verdict::Stuck { waiting } => {
                let waiting: Vec<String> = waiting
                    .iter()
                    .map(|waiting| {
                        let verb = if waiting.operation == "wake" { "wait" } else { &waiting.operation };
                        format!("{}: {verb} {} ({})", waiting.task, waiting.object, self.at(&waiting.at))
                    })
                    .collect();
                let texts = if self.view == View::Full { waiting } else { vec![waiting.join("; ")] };
                self.add_all("waiting", texts);
            }
            Verdict::DataRace { first, second, .. } => {
                let describe = |access: &crate::Access| {
                    let verb = if access.write { "writes" } else { "reads" };
                    format!("{} {verb} ({})", access.task, self.at(&access.at))
                };
                let accesses = [describe(first), describe(second)];
                self.add_all("accesses", accesses);
            }
            Verdict::Assertion { message, at, .. } => {
                // Its first line stands above.
                let mut lines = message.lines().skip(1).map(|line| line.trim().to_owned());
                let more =
                    if self.view == View::Full { lines.collect() } else { lines.by_ref().take(2).collect::<Vec<_>>() };
                let place = at.as_ref().map(|at| format!("({})", self.at(at)));
                let text = more.into_iter().chain(place).collect::<Vec<_>>().join("  ");
                if !text.is_empty() {
                    self.add("failed", &text);
                }
            }
            Verdict::Starvation { by, .. } => self.add("bypassed by", &by.join(", ")),
            Verdict::Livelock { tasks, rounds, .. } => {
                self.add("recurs", &format!("seen {rounds} times over; {} take part", tasks.join(" and ")));
            }
            Verdict::Leak { .. } | Verdict::Misuse { .. } => {}
        }
    }

    fn missed(&mut self, study: &Study) {
        let trace = &study.counterexample.trace;
        let event = |index: usize| &trace.events[index];
        let texts: Vec<String> = study
            .missed
            .iter()
            .map(|missed| {
                let (waits, notified) = (event(missed.waits), event(missed.notified));
                let object = name(trace, notified);
                let (who, by) = (trace.task(waits.task), trace.task(notified.task));
                let sent = format!("the notification of {object} by {by} in step {}", notified.step);
                match missed.woke.map(event) {
                    Some(woke) if woke.task == waits.task => format!("{who}: {sent} woke it, and it went back to wait"),
                    Some(woke) => format!("{who}: {sent} woke {}", trace.task(woke.task)),
                    None => format!("{who}: {sent} came before it waited"),
                }
            })
            .collect();
        self.some("missed", texts);
    }

    /// All of them in the full view; so many as there is room for otherwise.
    fn some(&mut self, label: &'static str, mut texts: Vec<String>) {
        if self.view == View::Essential && texts.len() > DECISIVE {
            let more = texts.len() - DECISIVE;
            texts.truncate(DECISIVE);
            if let Some(last) = texts.last_mut() {
                *last = format!("{last}; and {more} more (--full)");
            }
        }
        self.add_all(label, texts);
    }

    /// The orders that decide.
    fn decisive(&mut self, study: &Study) {
        let trace = &study.counterexample.trace;
        let step = |event: &Event| match event.phase {
            Phase::Waits | Phase::Next => String::new(),
            _ => format!(" ({})", event.step),
        };
        let texts: Vec<String> = study
            .critical()
            .map(|pair| {
                let (first, second) = (&trace.events[pair.first], &trace.events[pair.second]);
                let target = name(trace, first);
                let one = format!("{} {} {target}{}", trace.task(first.task), verb(first), step(first));
                let object = if name(trace, second) == target { "it" } else { name(trace, second) };
                format!("{one} before {} {} {object}{}", trace.task(second.task), verb(second), step(second))
            })
            .collect();
        let late = study.late.iter().map(|late| {
            let first = &trace.events[late.first];
            let does = format!("{} {} {}{}", trace.task(first.task), verb(first), name(trace, first), step(first));
            format!("{does} with this still to come: {} {}", trace.task(late.task), late.operation)
        });
        let texts: Vec<String> = texts.into_iter().chain(late).collect();
        let label = "decisive";
        let any = !texts.is_empty();
        self.some(label, texts);
        if any && self.view == View::Full {
            self.add("", "each was tried: the other way round, the run passes");
        }
    }

    fn no_return(&mut self, study: &Study) {
        if let Some(point) = study.point_of_no_return {
            let count = point.continuations;
            let runs = if point.exhaustive { all(count) } else { format!("{count} were drawn, not all run") };
            self.add("no way back", &format!("after step {} every continuation fails: {runs}", point.step));
        }
    }

    fn fewest(&mut self, study: &Study) {
        let fewest = &study.fewest;
        let count = study.shrunk.preemptions;
        let (so, searched) = (if fewest.otherwise.is_some() { " so" } else { "" }, fewest.executions);
        let all = all(searched);
        let proof = match (fewest.proven, fewest.none_below) {
            (true, _) if count == 0 => String::new(),
            (true, _) if study.weak => ": loom found none with fewer, and searched them all".to_owned(),
            (true, _) => format!(": no schedule with fewer fails{so} ({all})"),
            (false, 0) => format!("; whether fewer do is not known ({searched} were run, not all)"),
            (false, below) => {
                format!(": no schedule with fewer than {below} fails{so}; the rest is not known ({searched} were run)")
            }
        };
        self.add("preemptions", &format!("{count}{proof}"));
        if let Some(otherwise) = &fewest.otherwise {
            self.add("", &format!("a schedule with fewer fails otherwise: {otherwise}"));
        }
        if study.weak {
            let trace = &study.counterexample.trace;
            let stale = |value: &String| value.contains("(stale");
            let text = if trace.events.iter().filter_map(|event| event.value.as_ref()).any(stale) {
                "a load sees an older value, which no interleaving alone can give it"
            } else {
                "no interleaving was found that fails so: this is the schedule as it was found"
            };
            self.add("memory", text);
        }
    }

    /// The pattern's own words.
    fn words(&mut self, header: &Header) {
        let texts: Vec<String> =
            header.words.iter().map(|words| format!("{} ({})", words.text, self.at(&words.at))).collect();
        self.add_all("bug", texts);
    }

    fn origin(&mut self, header: Option<&Header>, study: &Study) {
        let again = if study.counterexample.schedule.round > 0 { ", and round again" } else { "" };
        let schedule = format!("{}{again}", study.counterexample.schedule);
        if self.view == View::Full || header.is_none() {
            if let Some(file) = self.file.clone() {
                self.add("source", &file);
            }
            self.add("schedule", &schedule);
        }
        let Some(header) = header else { return };
        let found = header.found.iter().map(|finder| format!("{}, execution {}", finder.engine, finder.execution));
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

/// That all of so many executions were run.
fn all(count: u64) -> String {
    if count == 1 { "the only one was run".to_owned() } else { format!("all {count} were run") }
}

/// What the event is on.
pub(super) fn name<'a>(trace: &'a Trace, event: &Event) -> &'a str {
    match (event.object, event.other) {
        (Some(object), _) => &trace.objects[object].name,
        (None, Some(task)) => trace.task(task),
        (None, None) => "",
    }
}

/// What the event's task does, in the third person.
pub(super) fn verb(event: &Event) -> String {
    let operation = event.operation.as_str();
    let (first, rest) = operation.split_once(' ').map_or((operation, ""), |(first, rest)| (first, rest));
    let first = match (operation, first) {
        ("wake", _) if event.phase == Phase::Waits => return "waits on".into(),
        ("wake", _) => return "wakes on".into(),
        ("wait", _) => return "waits on".into(),
        ("notify one" | "notify all", _) => return "notifies".into(),
        ("read lock" | "write lock", _) => return format!("{first}-locks"),
        ("try lock", _) => return "tries to lock".into(),
        (_, "try") => return format!("tries to {rest}"),
        (_, "compare") => return "compares and exchanges".into(),
        (_, "is") => return "asks for the end of".into(),
        (_, word) => word,
    };
    let third = match first {
        word if word.ends_with('s') || word.ends_with("sh") || word.ends_with("ch") => format!("{word}es"),
        word => format!("{word}s"),
    };
    if rest.is_empty() { third } else { format!("{third} {rest}") }
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

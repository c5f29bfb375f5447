//! What the page reads in which a counterexample is stepped through: the run that fails, one of the fixed program to hold
//! beside it, and the states of the program for whoever wants to play the scheduler.
//!
//! It is data, for `suite/site/assets/explorer.js`: what the page shows is worked out here, and drawn there. Every text is
//! as it may be shown; the script puts texts into the page as texts.

mod play;

pub(crate) use play::Play;

use super::once::once;
use super::story::{self, Link};
use super::text::clean;
use super::{Header, words};
use crate::source;
use crate::study::Study;
use crate::trace::{Event, Named, ObjectInfo, Phase, Trace};
use crate::verdict::{Verdict, Wait};
use serde::Serialize;
use std::collections::BTreeMap;

/// A run, with all that is known of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    /// What it is called in the page's address.
    id: String,
    /// What it is called on the page.
    label: String,
    /// How it ended, in a word or two, and in a sentence.
    title: String,
    why: String,
    passed: bool,
    lanes: Vec<Lane>,
    objects: Vec<Object>,
    events: Vec<Happening>,
    /// The event, the object, and its state from then on.
    changes: Vec<(usize, usize, String)>,
    /// The kind, and the two events.
    links: Vec<(&'static str, usize, usize)>,
    /// Two events whose order decides, and that in words.
    decisive: Vec<(usize, usize, String)>,
    /// The last event before there is no way back, and that in words.
    no_return: Option<(usize, String)>,
    /// Who waits for what, and who has it.
    cycle: Vec<Edge>,
    /// The first and the last event of what comes round again.
    round: Option<(usize, usize)>,
    facts: Vec<(String, Vec<String>)>,
}

/// A task, as a lane.
#[derive(Serialize)]
pub(crate) struct Lane {
    name: String,
    /// The lane of the thread that polls it, if it is polled by one.
    thread: Option<usize>,
    /// It runs a future.
    future: bool,
}

#[derive(Serialize)]
pub(crate) struct Object {
    name: String,
    kind: String,
}

/// An event, in words.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Happening {
    /// The schedule's step; none for what comes with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
    task: usize,
    text: String,
    /// The file, by number, and the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<(usize, u32)>,
    phase: Phase,
    /// Its task's poll is over: what it waits for then is awaited.
    #[serde(skip_serializing_if = "is_false")]
    pending: bool,
    /// The lock that it takes, and the one that it gives back.
    #[serde(skip_serializing_if = "Option::is_none")]
    takes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gives: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preempts: Option<usize>,
    /// The virtual clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Edge {
    task: String,
    wants: String,
    operation: String,
    held_by: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(value: &bool) -> bool {
    !value
}

/// The source files that events stand in, numbered in the order in which they come.
#[derive(Default)]
pub(crate) struct Files {
    numbers: BTreeMap<String, usize>,
    paths: Vec<String>,
}

impl Files {
    /// The file's number.
    pub(crate) fn number(&mut self, path: &str) -> usize {
        *self.numbers.entry(path.to_owned()).or_insert_with(|| {
            self.paths.push(path.to_owned());
            self.paths.len() - 1
        })
    }

    /// Each file's path, and its text where it can be found.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, Option<std::sync::Arc<str>>)> {
        self.paths.iter().map(|path| (path.as_str(), source::text(path)))
    }
}

impl Happening {
    fn new(event: &Event, names: &impl Named, files: &mut Files) -> Self {
        Happening {
            step: words::is_step(event).then_some(event.step),
            task: event.task,
            text: clean(&words::whole(names, event)),
            at: words::has_place(event).then(|| (files.number(&event.at.file), event.at.line)),
            phase: event.phase,
            pending: event.operation == "pending",
            takes: story::takes(event),
            gives: story::gives(event),
            preempts: event.preempts,
            clock: event.clock_micros.map(|micros| format!("{:?}", std::time::Duration::from_micros(micros))),
        }
    }
}

fn lanes(tasks: &[String], futures: &[usize], polled_by: &[(usize, usize)]) -> Vec<Lane> {
    let thread = |task: usize| Some(polled_by.iter().find(|(polled, _)| *polled == task)?.1);
    let lane = |(task, name): (usize, &String)| Lane {
        name: clean(name),
        thread: thread(task),
        future: futures.contains(&task),
    };
    tasks.iter().enumerate().map(lane).collect()
}

fn objects(objects: &[ObjectInfo]) -> Vec<Object> {
    objects.iter().map(|object| Object { name: clean(&object.name), kind: object.kind.clone() }).collect()
}

impl Run {
    /// What fails.
    pub(crate) fn failing(id: &str, header: &Header, study: &Study, files: &mut Files) -> Self {
        let study = once(study);
        let found = &study.counterexample;
        let trace = &found.trace;
        let no_return = study.point_of_no_return.and_then(|point| {
            let last = trace.events.iter().rposition(|event| event.step <= point.step && words::is_step(event))?;
            Some((last, words::no_return(&study)?))
        });
        let in_words = |pair: &crate::Pair| clean(&words::order(trace, pair));
        let cycle = match &found.verdict {
            Verdict::Deadlock { cycle } => cycle.iter().map(edge).collect(),
            _ => Vec::new(),
        };
        let facts = words::facts(Some(header), &study).into_iter();
        Run {
            label: clean(&header.variant),
            title: clean(&words::title(&found.verdict)),
            why: clean(&found.verdict.to_string()),
            passed: false,
            decisive: study.critical().map(|pair| (pair.first, pair.second, in_words(pair))).collect(),
            no_return,
            cycle,
            round: trace.recurs.and_then(|steps| round(trace, steps)),
            facts: facts
                .map(|(label, lines)| (label.to_owned(), lines.iter().map(|line| clean(line)).collect()))
                .collect(),
            ..Run::of(id, trace, files)
        }
    }

    /// The fixed program along the same schedule, as far as that fits.
    pub(crate) fn passing(id: &str, variant: &str, trace: &Trace, files: &mut Files) -> Self {
        Run {
            label: clean(variant),
            title: "passes".into(),
            why: "every task comes to its end".into(),
            passed: true,
            ..Run::of(id, trace, files)
        }
    }

    fn of(id: &str, trace: &Trace, files: &mut Files) -> Self {
        let links = story::links(trace).into_iter();
        let changes = trace.changes.iter().map(|change| (change.event, change.object, clean(&change.state)));
        Run {
            id: id.to_owned(),
            label: String::new(),
            title: String::new(),
            why: String::new(),
            passed: false,
            lanes: lanes(&trace.tasks, &trace.futures, &trace.polled_by),
            objects: objects(&trace.objects),
            events: trace.events.iter().map(|event| Happening::new(event, trace, files)).collect(),
            changes: changes.collect(),
            links: links.map(|Link { kind, from, to }| (kind, from, to)).collect(),
            decisive: Vec::new(),
            no_return: None,
            cycle: Vec::new(),
            round: None,
            facts: Vec::new(),
        }
    }
}

fn edge(wait: &Wait) -> Edge {
    let [task, wants, held_by] = [&wait.task, &wait.wants, &wait.held_by].map(|name| clean(name));
    Edge { task, wants, operation: wait.operation.clone(), held_by }
}

/// The events of these steps, from and to.
fn round(trace: &Trace, (from, to): (usize, usize)) -> Option<(usize, usize)> {
    let first = trace.events.iter().position(|event| event.step >= from)?;
    Some((first, trace.events.iter().rposition(|event| event.step <= to)?))
}

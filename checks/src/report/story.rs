//! What lies between the events of a trace: who holds which lock from where to where, who waits how long, and which
//! event made which other possible.

use crate::trace::{Event, Phase, Trace};

/// A lock in somebody's hands. All are indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    pub(super) object: usize,
    pub(super) task: usize,
    /// The event that took it.
    pub(super) from: usize,
    /// The event that gave it back; none if it is held to the end.
    pub(super) to: Option<usize>,
}

/// A task that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) task: usize,
    /// The event that says that it has to.
    pub(super) from: usize,
    /// The event with which it goes on; none if it never does.
    pub(super) to: Option<usize>,
}

/// An event that let another task's event happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// In a word or two: `spawn`, `notify`, `unlock`.
    pub(super) kind: &'static str,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// Whether the operation was carried out: not refused, not still waiting, not about to come.
fn is_done(event: &Event) -> bool {
    !matches!(event.phase, Phase::Refused | Phase::Waits | Phase::Next | Phase::Pending)
}

/// The lock that the event takes, if it takes one.
pub(super) fn takes(event: &Event) -> Option<usize> {
    match event.operation.as_str() {
        _ if !is_done(event) => None,
        "lock" | "try lock" | "read lock" | "try read lock" | "write lock" | "try write lock" => event.object,
        "wake" => event.mutex,
        _ => None,
    }
}

/// The lock that the event gives back, if it does.
pub(super) fn gives(event: &Event) -> Option<usize> {
    match event.operation.as_str() {
        _ if !is_done(event) => None,
        "unlock" | "read unlock" | "write unlock" => event.object,
        "wait" => event.mutex,
        _ => None,
    }
}

/// Who holds what, in the order in which it was taken.
pub(super) fn holds(trace: &Trace) -> Vec<Hold> {
    let mut holds: Vec<Hold> = Vec::new();
    for (index, event) in trace.events.iter().enumerate() {
        if let Some(object) = gives(event) {
            let is_it = |hold: &&mut Hold| hold.object == object && hold.task == event.task && hold.to.is_none();
            if let Some(hold) = holds.iter_mut().find(is_it) {
                hold.to = Some(index);
            }
        }
        if let Some(object) = takes(event) {
            holds.push(Hold { object, task: event.task, from: index, to: None });
        }
    }
    holds
}

/// Who waits, from when to when.
pub(super) fn waits(trace: &Trace) -> Vec<Span> {
    let events = || trace.events.iter().enumerate();
    events()
        .filter(|(_, event)| event.phase == Phase::Waits)
        .map(|(from, event)| {
            let next = events().skip(from + 1).find(|(_, next)| next.task == event.task);
            Span { task: event.task, from, to: next.map(|(index, _)| index) }
        })
        .collect()
}

/// Which event made which other possible: each task's start and end, and what ended each wait, where the trace shows it.
pub(super) fn links(trace: &Trace) -> Vec<Link> {
    let waits = waits(trace);
    let mut notified = vec![false; trace.events.len()];
    let mut links = Vec::new();
    for to in 0..trace.events.len() {
        if !is_done(&trace.events[to]) {
            continue;
        }
        let began = waits.iter().find(|wait| wait.to == Some(to)).map(|wait| wait.from);
        let Some(from) = cause(trace, to, began, &notified) else { continue };
        let (cause, effect) = (&trace.events[from], &trace.events[to]);
        notified[from] = cause.operation == "notify one";
        if cause.task != effect.task {
            links.push(Link { kind: kind(&cause.operation), from, to });
        }
    }
    links
}

/// What an arrow from such an operation is called.
fn kind(operation: &str) -> &'static str {
    match operation {
        "spawn" => "spawn",
        "finish" => "join",
        "notify one" | "notify all" => "notify",
        "unpark" => "unpark",
        "send" | "try send" => "message",
        "unlock" | "read unlock" | "write unlock" | "wait" => "unlock",
        _ => "wake",
    }
}

/// The event that let event `to` happen; `began` is where its task began to wait for it, if it had to.
fn cause(trace: &Trace, to: usize, began: Option<usize>, notified: &[bool]) -> Option<usize> {
    let event = &trace.events[to];
    let last =
        |is: &dyn Fn(&Event) -> bool| trace.events[..to].iter().rposition(|earlier| is_done(earlier) && is(earlier));
    let on_it = |earlier: &Event| earlier.object == event.object;
    let one_of = |earlier: &Event, names: &[&str]| names.contains(&earlier.operation.as_str());
    match event.operation.as_str() {
        "start" => last(&|earlier| earlier.operation == "spawn" && earlier.other == Some(event.task)),
        "join" => last(&|earlier| earlier.operation == "finish" && Some(earlier.task) == event.other),
        "receive" | "try receive" => message(trace, to),
        "park" if event.phase == Phase::Done => {
            let parked = last(&|earlier| earlier.operation == "park" && earlier.task == event.task);
            last(&|earlier| earlier.operation == "unpark" && earlier.other == Some(event.task))
                .filter(|unpark| parked.is_none_or(|parked| parked < *unpark))
        }
        "wake" if event.phase == Phase::Done => {
            let is_wait = |earlier: &Event| earlier.operation == "wait" && earlier.task == event.task && on_it(earlier);
            let wait = last(&is_wait)?;
            // The first notification of its wait that nobody else was woken by.
            (wait..to).find(|index| {
                let earlier = &trace.events[*index];
                one_of(earlier, &["notify one", "notify all"]) && on_it(earlier) && !notified[*index]
            })
        }
        _ if began.is_none() || event.phase != Phase::Done => None,
        "lock" | "read lock" | "write lock" => last(&|earlier| gives(earlier) == event.object),
        "acquire" => last(&|earlier| earlier.operation == "release" && on_it(earlier)),
        "leave" => last(&|earlier| earlier.operation == "arrive" && on_it(earlier)),
        "enter once" => last(&|earlier| one_of(earlier, &["complete once", "abandon once"]) && on_it(earlier)),
        "send" | "hand over" => last(&|earlier| one_of(earlier, &["receive", "try receive"]) && on_it(earlier)),
        _ => None,
    }
}

/// The sending of the message that event `to` receives: a channel keeps them in order.
fn message(trace: &Trace, to: usize) -> Option<usize> {
    let event = &trace.events[to];
    let on_it = |other: &Event, names: [&str; 2]| {
        names.contains(&other.operation.as_str()) && other.object == event.object && is_done(other)
    };
    let before = trace.events[..to].iter().filter(|other| on_it(other, ["receive", "try receive"])).count();
    let mut sent = (0..to).filter(|index| on_it(&trace.events[*index], ["send", "try send"]));
    sent.nth(before)
}

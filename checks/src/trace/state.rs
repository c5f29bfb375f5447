//! What objects are, in words, after each event that changes them: who holds it, who waits on it, what is in it.

use super::{Change, Event, Names, Phase};
use crate::execution::{Hold, Object, ObjectId, State, TaskId};

/// The states that objects had when events were done with them. They are put into words when all names are known.
#[derive(Clone, Debug, Default)]
pub(super) struct States {
    /// In order of events.
    seen: Vec<(usize, ObjectId, State)>,
    /// The last event's objects: what it makes of them shows when the next one begins.
    touched: [Option<ObjectId>; 2],
}

impl States {
    /// Event number `event` is about to be done with these objects.
    pub(super) fn touch(&mut self, objects: [Option<ObjectId>; 2]) {
        self.touched = objects;
    }

    /// Looks at what event number `event`, the last one so far, has made of its objects.
    pub(super) fn settle(&mut self, event: usize, objects: &[Object]) {
        while self.seen.last().is_some_and(|(of, ..)| *of == event) {
            self.seen.pop();
        }
        for id in self.touched.into_iter().flatten() {
            self.seen.push((event, id, objects[id.index()].state.clone()));
        }
    }

    /// Every change, in words.
    pub(super) fn changes(&self, events: &[Event], objects: usize, names: &Names) -> Vec<Change> {
        let mut now: Vec<(Option<&str>, String)> = vec![(None, String::new()); objects];
        let mut changes = Vec::new();
        for (event, id, state) in &self.seen {
            let (value, words) = &mut now[id.index()];
            if let Some(read) = events.get(*event).and_then(|event| content(event, id.index(), state)) {
                *value = Some(read);
            }
            let is: Vec<String> = value.iter().map(|value| (*value).to_owned()).chain(holds(state, names)).collect();
            let is = is.join(", ");
            if *words != is {
                words.clone_from(&is);
                changes.push(Change { event: *event, object: id.index(), state: is });
            }
        }
        changes
    }
}

/// The value that an object of this kind has after `event`, as far as the event says so.
fn content<'a>(event: &'a Event, object: usize, state: &State) -> Option<&'a str> {
    let value = event.value.as_deref()?;
    match state {
        // A condition variable's operation shows what its mutex holds.
        State::Mutex { .. } if event.object == Some(object) || event.mutex == Some(object) => Some(value),
        State::RwLock { .. } | State::Cell => Some(value),
        State::Atomic { .. } => match (value.split_once(" → "), value.split_once(" (stale: ")) {
            (Some((_, new)), _) if event.phase == Phase::Done => Some(new),
            (_, Some((_, latest))) => latest.strip_suffix(')'),
            _ => Some(value),
        },
        _ => None,
    }
}

/// What is known of it besides its value.
fn holds(state: &State, names: &Names) -> Option<String> {
    let task = |task: &TaskId| names.task(*task).to_owned();
    let holder = |hold: &Hold| task(&hold.task);
    let all = |tasks: Vec<String>| tasks.join(" and ");
    let holders = |holds: &[Hold]| all(holds.iter().map(holder).collect());
    Some(match state {
        State::Mutex { holder: None } | State::Once { running: None, done: false } => "free".into(),
        State::Mutex { holder: Some(hold) } => format!("held by {}", holder(hold)),
        State::RwLock { writer: Some(hold), .. } => format!("written by {}", holder(hold)),
        State::RwLock { readers, .. } if readers.is_empty() => "free".into(),
        State::RwLock { readers, .. } => format!("read by {}", holders(readers)),
        State::Semaphore { permits, holds } => {
            let of = |(hold, count): &(Hold, usize)| match count {
                1 => holder(hold),
                count => format!("{} ({count})", holder(hold)),
            };
            let held = all(holds.iter().map(of).collect());
            format!(
                "{} free{}",
                counted(*permits, "permit"),
                if held.is_empty() { held } else { format!(", held by {held}") }
            )
        }
        State::Condvar { waiters, signals } => {
            let waiting = all(waiters.iter().map(task).collect());
            let sent = (!signals.is_empty()).then(|| counted(signals.len(), "notification") + " on the way");
            let waiting = if waiting.is_empty() { "nobody waits".into() } else { format!("waited on by {waiting}") };
            std::iter::once(waiting).chain(sent).collect::<Vec<_>>().join(", ")
        }
        State::Channel { length, capacity, senders, receivers, .. } => {
            let of = capacity.map(|capacity| format!(" of {capacity}")).unwrap_or_default();
            let gone = [(*senders, ", no sender left"), (*receivers, ", no receiver left")];
            let gone = gone.into_iter().filter(|(left, _)| *left == 0).map(|(_, gone)| gone);
            format!("{}{of}{}", counted(*length, "message"), gone.collect::<String>())
        }
        State::Barrier { size, arrived, .. } => format!("{arrived} of {size} have arrived"),
        State::Once { running: Some(hold), .. } => format!("run by {}", holder(hold)),
        State::Once { done: true, .. } => "done".into(),
        State::Fairness { waiting, .. } => {
            let of =
                |(waiter, by): &(TaskId, Vec<TaskId>)| format!("{} waits (bypassed {} times)", task(waiter), by.len());
            all(waiting.iter().map(of).collect())
        }
        State::Loop { holder: None, .. } => "polls nobody".into(),
        State::Loop { holder: Some(hold), .. } => format!("polls {}", holder(hold)),
        State::Task { aborted: true, .. } => "aborted".into(),
        State::Task { woken: true, .. } => "to be polled".into(),
        State::Task { .. } => "not woken".into(),
        State::Arc { owners, weaks: 0, .. } => counted(*owners, "owner"),
        State::Arc { owners, weaks, .. } => format!("{}, {weaks} weak", counted(*owners, "owner")),
        State::Shared { holders: held, .. } if !held.is_empty() => format!("held by {}", holders(held)),
        State::Shared { .. } | State::Atomic { .. } | State::Cell | State::History => return None,
    })
    .filter(|words: &String| !words.is_empty())
}

/// `2 permits`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

//! Who missed which notification, and why.

use crate::trace::{Event, Phase, Trace};
use crate::verdict::Verdict;
use serde::{Deserialize, Serialize};

/// A notification that a task waits for in vain. All are indices into the trace's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema))]
pub struct Missed {
    /// The wait that does not end.
    pub waits: usize,
    /// The notification; none if there was no other than those of `woke`.
    pub notified: usize,
    /// Who had it instead; none if nobody waited when it was sent.
    pub woke: Option<usize>,
}

/// The notifications that the stuck tasks of `trace` have missed.
pub(super) fn missed(trace: &Trace) -> Vec<Missed> {
    if !matches!(trace.verdict, Some(Verdict::Stuck { .. })) {
        return Vec::new();
    }
    let events = || trace.events.iter().enumerate();
    let mut missed = Vec::new();
    for (waits, wait) in events().filter(|(_, event)| event.operation == "wake" && event.phase == Phase::Waits) {
        // A wait that did end was shown waiting, too.
        let ends = |event: &Event| event.task == wait.task && event.operation == "wake" && event.phase != Phase::Waits;
        if trace.events[waits..].iter().any(ends) {
            continue;
        }
        let begins =
            |event: &Event| event.task == wait.task && event.operation == "wait" && event.object == wait.object;
        let began = trace.events[..=waits].iter().rposition(begins).unwrap_or(waits);
        let notifies = |event: &Event| event.operation.starts_with("notify") && event.object == wait.object;
        let wakes =
            |event: &Event| event.operation == "wake" && event.object == wait.object && event.phase == Phase::Done;
        let early = trace.events[..began].iter().rposition(notifies);
        let after = |from: usize| events().skip(from + 1).find(|(_, event)| wakes(event)).map(|(index, _)| index);
        let late = events().skip(began + 1).filter(|(_, event)| notifies(event));
        let stolen = late.filter_map(|(notified, _)| Some(Missed { waits, notified, woke: Some(after(notified)?) }));
        let stolen: Vec<Missed> = stolen.collect();
        if stolen.is_empty()
            && let Some(notified) = early
        {
            missed.push(Missed { waits, notified, woke: after(notified).filter(|woke| *woke < began) });
        }
        missed.extend(stolen);
    }
    missed
}

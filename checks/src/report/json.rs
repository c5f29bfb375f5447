//! A counterexample as JSON, of a form that has a version and a schema: `checks/schema/counterexample.schema.json`.

use super::Header;
use super::once::once;
use super::text::clean;
use crate::schedule::Schedule;
use crate::study::{Fewest, Late, Measure, Missed, Pair, PointOfNoReturn, Study};
use crate::trace::{Event, ObjectInfo};
use crate::verdict::Verdict;
use serde::Serialize;
use std::fmt::Write;

/// The version of the document's form.
pub const SCHEMA: u32 = 1;

/// A counterexample that raddle has found, shortened, certified and explained.
///
/// Where it speaks of events it means indices into `trace.events`, counted from 0; a task and an object of an event are
/// indices into `trace.tasks` and `trace.objects`.
#[derive(Serialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema), schemars(title = "raddle counterexample"))]
pub(super) struct Document<'a> {
    /// The version of this document's form.
    #[cfg_attr(feature = "suite", schemars(extend("const" = SCHEMA)))]
    schema: u32,
    /// Which program it is of, and who found it; null where that is not known.
    header: Option<&'a Header>,
    /// How the program fails, in one sentence.
    why: String,
    /// How the program fails.
    verdict: &'a Verdict,
    /// Which execution of the search failed first, counted from 1.
    execution: u64,
    /// The search that found it had proven that nothing fails with this many preemptions, if it went about it that way.
    none_within: Option<usize>,
    /// Of a property: at which parameters it fails, as small as they got; a value, or those of its parts in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a serde_json::Value>,
    /// Who runs when: following it gives this counterexample again.
    schedule: &'a Schedule,
    /// What happens along the schedule.
    trace: Happenings<'a>,
    /// How long the schedule was that was found.
    found: &'a Measure,
    /// How long it is now that it has been shortened.
    shrunk: &'a Measure,
    /// Replays that shortening took.
    replays: u64,
    /// Whether it could do with fewer preemptions.
    fewest: &'a Fewest,
    /// Every two adjacent operations that depend on each other and could have come in the other order.
    pairs: &'a [Pair],
    /// Every such pair was tried; otherwise there were too many, or the run is too long.
    pairs_complete: bool,
    /// Tasks that would have averted it, had they been earlier.
    late: &'a [Late],
    /// Notifications that tasks which wait forever have missed.
    missed: &'a [Missed],
    /// From where on there is no way back; null where there is none, or it is not known.
    point_of_no_return: Option<&'a PointOfNoReturn>,
    /// No sequentially consistent schedule was found that fails so: this is the schedule as it was found, and nothing was
    /// tried with it.
    weak: bool,
    /// It has not been studied, because of this: it is as it was found. Left out where it has been.
    #[serde(skip_serializing_if = "Option::is_none")]
    untried: Option<&'a str>,
}

/// Every operation of the failing execution, in order.
#[derive(Serialize)]
#[cfg_attr(feature = "suite", derive(schemars::JsonSchema), schemars(rename = "Trace"))]
struct Happenings<'a> {
    /// The tasks' names, in order of spawning; `main` is the first.
    tasks: &'a [String],
    /// The objects, in order of creation.
    objects: &'a [ObjectInfo],
    /// What happened. Of a livelock, up to the end of its first round, and what else the pairs point at.
    events: &'a [Event],
    /// Of a livelock: the schedule's steps of its first round, from and to; null otherwise.
    recurs: Option<(usize, usize)>,
    /// The tasks that run futures: event loops poll them, and the others are threads. Left out if there are none.
    #[serde(skip_serializing_if = "<[usize]>::is_empty")]
    futures: &'a [usize],
}

/// The counterexample as a JSON document, which ends in a line end.
///
/// # Panics
/// Never: a study is plain data, which JSON can hold.
#[must_use]
pub fn counterexample(header: Option<&Header>, study: &Study) -> String {
    let study = &once(study);
    let found = &study.counterexample;
    let document = Document {
        schema: SCHEMA,
        header,
        why: found.verdict.to_string(),
        verdict: &found.verdict,
        execution: found.execution,
        none_within: found.none_within,
        parameters: found.parameters.as_ref().map(crate::Parameters::values),
        schedule: &found.schedule,
        trace: Happenings {
            tasks: &found.trace.tasks,
            objects: &found.trace.objects,
            events: &found.trace.events,
            recurs: found.trace.recurs,
            futures: &found.trace.futures,
        },
        found: &study.found,
        shrunk: &study.shrunk,
        replays: study.replays,
        fewest: &study.fewest,
        pairs: &study.pairs,
        pairs_complete: study.pairs_complete,
        late: &study.late,
        missed: &study.missed,
        point_of_no_return: study.point_of_no_return.as_ref(),
        weak: study.weak,
        untried: study.untried.as_deref(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("a study is plain data");
    text.push('\n');
    printable(&text)
}

/// JSON whose strings have no characters that a terminal would act on; it means the same.
pub(crate) fn printable(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        let acts = !matches!(c, ' '..='~' | '\n') && clean(c.encode_utf8(&mut [0; 4])) != *c.encode_utf8(&mut [0; 4]);
        if acts {
            // All of these have four digits, and stand in strings.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

//! A counterexample as trace events, the JSON that ui.perfetto.dev and `chrome://tracing` load: a track for each task and
//! each lock, a slice for each operation, wait and critical section, and a flow from what wakes to what is woken.
//!
//! A step of the schedule is a millisecond. What shares a step shares its time, in order, so that slices of one track
//! lie beside each other and every flow goes forward.

use super::json::printable;
use super::once::once;
use super::story::{self, Hold};
use super::{Header, words};
use crate::study::Study;
use crate::trace::{Event, Phase, Trace};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Microseconds of a step.
const STEP: usize = 1_000;
const PROCESS: usize = 1;

/// An entry of the format (Duca and Sinclair, "Trace Event Format").
#[derive(Default, Serialize)]
struct Entry {
    name: String,
    cat: &'static str,
    ph: &'static str,
    ts: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<usize>,
    pid: usize,
    tid: usize,
    /// Of both ends of a flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    /// `e`: the flow ends at the slice that is there, not at the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'static str>,
    /// An instant's scope: its track, the process, or everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    args: Args,
}

type Args = BTreeMap<&'static str, Value>;

/// The counterexample as trace events, which end in a line end.
///
/// # Panics
/// Never: what is written is plain data, which JSON can hold.
#[must_use]
pub fn counterexample(header: Option<&Header>, study: &Study) -> String {
    let study = &once(study);
    let name = words::name(header, study);
    let mut timeline = Timeline::new(study);
    timeline.metadata("process_name", PROCESS, &name);
    timeline.tasks();
    timeline.locks();
    timeline.flows();
    timeline.instants();
    let found = &study.counterexample;
    let other: Args = [
        ("counterexample", name.into()),
        ("schedule", found.schedule.to_string().into()),
        ("time", "a step of the schedule is 1 ms".into()),
        ("why", found.verdict.to_string().into()),
    ]
    .into();
    let line = |entry: &Entry| serde_json::to_string(entry).expect("an entry is plain data");
    let lines: Vec<String> = timeline.entries.iter().map(line).collect();
    let other = serde_json::to_string(&other).expect("text is plain data");
    let lines = lines.join(",\n");
    printable(&format!("{{\"displayTimeUnit\":\"ms\",\"otherData\":{other},\"traceEvents\":[\n{lines}\n]}}\n"))
}

struct Timeline<'a> {
    study: &'a Study,
    trace: &'a Trace,
    /// Of each event: its start and its duration.
    times: Vec<(usize, usize)>,
    end: usize,
    entries: Vec<Entry>,
    flows: usize,
}

/// The track of a task.
fn track(task: usize) -> usize {
    task + 1
}

impl<'a> Timeline<'a> {
    fn new(study: &'a Study) -> Self {
        let trace = &study.counterexample.trace;
        let mut times = Vec::new();
        let mut last = 0;
        for group in trace.events.chunk_by(|one, two| two.step <= one.step) {
            let step = group[0].step.max(last + 1);
            let duration = (STEP / group.len()).max(4);
            times.extend((0..group.len()).map(|index| (step * STEP + index * duration, duration)));
            last = step;
        }
        let end = times.last().map_or(STEP, |(start, duration)| start + duration);
        Timeline { study, trace, times, end, entries: Vec::new(), flows: 0 }
    }

    fn metadata(&mut self, what: &str, tid: usize, name: &str) {
        let args = [("name", Value::from(name))].into();
        self.entries.push(Entry {
            name: what.into(),
            ph: "M",
            cat: "__metadata",
            pid: PROCESS,
            tid,
            args,
            ..Entry::default()
        });
    }

    fn name_track(&mut self, tid: usize, name: &str) {
        self.metadata("thread_name", tid, name);
        let args = [("sort_index", Value::from(tid))].into();
        let name = "thread_sort_index".into();
        self.entries.push(Entry { name, ph: "M", cat: "__metadata", pid: PROCESS, tid, args, ..Entry::default() });
    }

    fn slice(&mut self, name: String, cat: &'static str, tid: usize, from: usize, to: usize, args: Args) {
        let dur = Some(to.saturating_sub(from));
        self.entries.push(Entry { name, cat, ph: "X", ts: from, dur, pid: PROCESS, tid, args, ..Entry::default() });
    }

    /// From where to where the event's slice goes: a wait lasts until its task goes on.
    fn extent(&self, index: usize) -> (usize, usize) {
        let (start, duration) = self.times[index];
        if self.trace.events[index].phase != Phase::Waits {
            return (start, start + duration);
        }
        let task = self.trace.events[index].task;
        let next = (index + 1..self.times.len()).find(|next| self.trace.events[*next].task == task);
        (start, next.map_or(self.end, |next| self.times[next].0))
    }

    fn tasks(&mut self) {
        for (task, name) in self.trace.tasks.iter().enumerate() {
            self.name_track(track(task), name);
        }
        for (index, event) in self.trace.events.iter().enumerate() {
            let cat = match event.phase {
                Phase::Waits => "wait",
                Phase::Next => "next",
                _ => "operation",
            };
            let (from, to) = self.extent(index);
            let wait = if event.phase == Phase::Waits { "waits: " } else { "" };
            self.slice(
                format!("{wait}{}", words::what(self.trace, event)),
                cat,
                track(event.task),
                from,
                to,
                args(self.study, index, event),
            );
        }
    }

    /// A track for each lock; more of them where several tasks read at once, as slices of a track must not cross.
    fn locks(&mut self) {
        let holds = story::holds(self.trace);
        let mut tid = track(self.trace.tasks.len());
        for (object, info) in self.trace.objects.iter().enumerate() {
            let mut ends: Vec<usize> = Vec::new();
            for hold in holds.iter().filter(|hold| hold.object == object) {
                let (from, to) = self.held(hold);
                let free = ends.iter().position(|end| *end <= from);
                let lane = free.unwrap_or(ends.len());
                if free.is_none() {
                    ends.push(to);
                    self.name_track(tid + lane, &format!("{} {}", info.kind, info.name));
                }
                ends[lane] = to;
                let holder = self.trace.task(hold.task);
                let to_the_end = hold.to.is_none();
                let args = [("holder", holder.into()), ("to the end", to_the_end.into())].into();
                self.slice(format!("held by {holder}"), "lock", tid + lane, from, to, args);
            }
            tid += ends.len();
        }
    }

    fn held(&self, hold: &Hold) -> (usize, usize) {
        let end = hold.to.map_or(self.end, |to| self.times[to].0 + self.times[to].1);
        (self.times[hold.from].0, end)
    }

    fn flows(&mut self) {
        for link in story::links(self.trace) {
            self.flow(link.kind, "wake", link.from, link.to);
        }
        for pair in self.study.critical() {
            self.flow("decisive order", "decisive", pair.first, pair.second);
        }
    }

    /// A flow from one event's slice to another's. What waits may have begun before; its slice is still there then.
    fn flow(&mut self, name: &str, cat: &'static str, from: usize, to: usize) {
        let middle = |index: usize| self.times[index].0 + self.times[index].1 / 2;
        let start = middle(from);
        let end = middle(to).max(start + 1);
        if end >= self.extent(to).1 {
            return;
        }
        self.flows += 1;
        for (ph, ts, index, bp) in [("s", start, from, None), ("f", end, to, Some("e"))] {
            let tid = track(self.trace.events[index].task);
            let id = Some(self.flows);
            self.entries.push(Entry { name: name.into(), cat, ph, ts, id, bp, pid: PROCESS, tid, ..Entry::default() });
        }
    }

    fn instants(&mut self) {
        let trace = self.trace;
        for (index, event) in trace.events.iter().enumerate() {
            let Some(interrupted) = event.preempts else { continue };
            let name = format!("preempted by {}", trace.task(event.task));
            self.instant(name, "preemption", "t", track(interrupted), self.times[index].0, Args::new());
        }
        let point = self.study.point_of_no_return;
        if let Some(last) = point.and_then(|point| trace.events.iter().rposition(|event| event.step == point.step)) {
            let args = words::no_return(self.study).map(|runs| ("certain", runs.into())).into_iter().collect();
            let (start, duration) = self.times[last];
            self.instant("no way back".into(), "verdict", "p", track(0), start + duration, args);
        }
        let verdict = &self.study.counterexample.verdict;
        let (label, data) = words::data(verdict, &ToString::to_string);
        let mut args: Args = [("why", verdict.to_string().into()), (label, data.into())].into();
        args.insert("preemptions", words::fewest(self.study).into());
        let missed = words::missed(self.study);
        if !missed.is_empty() {
            args.insert("missed", missed.into());
        }
        self.instant(words::title(verdict), "verdict", "g", track(0), self.end, args);
    }

    fn instant(&mut self, name: String, cat: &'static str, scope: &'static str, tid: usize, ts: usize, args: Args) {
        let s = Some(scope);
        self.entries.push(Entry { name, cat, ph: "i", ts, s, pid: PROCESS, tid, args, ..Entry::default() });
    }
}

/// What there is to say of an event when it is selected.
fn args(study: &Study, index: usize, event: &Event) -> Args {
    let trace = &study.counterexample.trace;
    let mut args: Args = [("step", event.step.into()), ("what", words::whole(trace, event).into())].into();
    if let Some(value) = &event.value {
        args.insert("value", value.as_str().into());
    }
    let target = words::target(trace, event);
    if !target.is_empty() {
        args.insert("object", target.into());
    }
    if words::has_place(event) {
        args.insert("line", event.at.to_string().into());
    }
    let decisive = words::decisive(study, Some(index));
    if !decisive.is_empty() {
        args.insert("decisive", decisive.into());
    }
    args
}

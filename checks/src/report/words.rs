//! What the drawings say: of an event, of what decides, of what is certain. Names and values stand as the program
//! has them: each drawing writes them so that they can't be taken for anything else.

use super::Header;
use crate::study::{Late, Pair, Study};
use crate::trace::{Event, Named, Phase, Trace};
use crate::verdict::{Place, Verdict, Wait};

/// The verdict and its measure.
pub(super) fn title(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Deadlock { cycle } if cycle.len() == 1 => "deadlock with itself".into(),
        Verdict::Deadlock { cycle } => format!("deadlock: a cycle of {}", cycle.len()),
        Verdict::Livelock { steps, .. } => format!("livelock: a round of {steps} steps"),
        Verdict::Starvation { bypassed, bound, .. } => format!("starvation: bypassed {bypassed} times of {bound}"),
        Verdict::Late { late, .. } => format!("starvation: {late:?} late"),
        other => other.name().to_owned(),
    }
}

/// What the counterexample is called.
pub(super) fn name(header: Option<&Header>, study: &Study) -> String {
    let title = title(&study.counterexample.verdict);
    match header {
        Some(header) => format!("{} · {}: {title}", header.pattern, header.variant),
        None => title,
    }
}

/// What happened, without its value: `lock accounts`.
pub(super) fn what(names: &impl Named, event: &Event) -> String {
    let verb = match (event.operation.as_str(), event.phase) {
        ("wake", Phase::Waits) => "wait on",
        ("wake", _) => "wake on",
        ("wait", _) => "release to wait on",
        (operation, _) => operation,
    };
    match target(names, event) {
        "" => verb.to_owned(),
        target => format!("{verb} {target}"),
    }
}

/// What happened, with its value and how it went: `try lock accounts (refused)`.
pub(crate) fn whole(names: &impl Named, event: &Event) -> String {
    let mut text = what(names, event);
    if let Some(value) = &event.value {
        let sign = if event.operation == "choose" { "" } else { "= " };
        text = format!("{text} {sign}{value}");
    }
    text.push_str(match event.phase {
        Phase::Spurious => " (for no reason)",
        _ => how(event),
    });
    text
}

/// How it went: nothing of what was done.
pub(super) fn how(event: &Event) -> &'static str {
    match (event.phase, event.operation.as_str()) {
        (Phase::Done, _) => "",
        // They look before they wait.
        (Phase::Refused, "receive") => " (nothing there)",
        (Phase::Refused, "send") => " (no room)",
        (Phase::Refused, "write lock") => " (taken)",
        (Phase::Refused, _) => " (refused)",
        (Phase::Waits, _) => " …",
        (Phase::Next, _) => " (next)",
        (Phase::TimedOut, _) => " (timed out)",
        (Phase::Spurious, _) => " (spurious)",
        (Phase::Pending, _) => " (pending)",
    }
}

/// What the event is on: an object, another task, or nothing.
pub(super) fn target<'a>(names: &'a impl Named, event: &Event) -> &'a str {
    match (event.object, event.other) {
        (Some(object), _) => names.object_name(object),
        (None, Some(task)) => names.task_name(task),
        (None, None) => "",
    }
}

/// Whether the event has a line of its own: a task's ends, and a guard's or a handle's, have not.
pub(super) fn has_place(event: &Event) -> bool {
    !matches!(event.operation.as_str(), "start" | "finish") && !is_end(event)
}

/// Whether the event is what a destructor does.
pub(super) fn is_end(event: &Event) -> bool {
    let ends =
        ["unlock", "read unlock", "write unlock", "release", "drop sender", "drop receiver", "pending", "complete"];
    ends.contains(&event.operation.as_str())
}

/// Whether the event is one of the schedule's steps, rather than what comes with one, or what would have been the next.
pub(super) fn is_step(event: &Event) -> bool {
    let within = ["read", "write", "finish"].contains(&event.operation.as_str());
    !within && !matches!(event.phase, Phase::Waits | Phase::Next)
}

/// What the event's task does, in the third person.
pub(super) fn verb(event: &Event) -> String {
    let operation = event.operation.as_str();
    let (first, rest) = operation.split_once(' ').unwrap_or((operation, ""));
    let first = match (operation, first) {
        // They look before they wait.
        ("receive", _) if event.phase == Phase::Refused => return "finds nothing in".into(),
        ("send", _) if event.phase == Phase::Refused => return "finds no room in".into(),
        ("write lock", _) if event.phase == Phase::Refused => return "is queued for".into(),
        ("wake", _) if event.phase == Phase::Waits => return "waits on".into(),
        ("wake", _) => return "wakes on".into(),
        ("wait", _) => return "waits on".into(),
        ("pending", _) => return "is pending".into(),
        ("wake task", _) => return "wakes".into(),
        ("give up", _) => return "gives up".into(),
        ("notify one" | "notify all" | "notify waiters", _) => return "notifies".into(),
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

/// What the event did to `target`, by whom, and in which step: `main loads flag (4)`.
fn does(trace: &Trace, event: &Event, target: &str) -> String {
    let step = if is_step(event) { format!(" ({})", event.step) } else { String::new() };
    let space = if target.is_empty() { "" } else { " " };
    format!("{} {}{space}{target}{step}", trace.task(event.task), verb(event))
}

/// A pair in order: `main loads flag (4) before sender stores it (6)`.
pub(super) fn order(trace: &Trace, pair: &Pair) -> String {
    let (first, second) = (&trace.events[pair.first], &trace.events[pair.second]);
    let (one, two) = (target(trace, first), target(trace, second));
    let two = if one == two && !one.is_empty() { "it" } else { two };
    format!("{} before {}", does(trace, first, one), does(trace, second, two))
}

/// What a task was too late for: `main loads flag (4) with this still to come: sender store flag`.
pub(super) fn late(trace: &Trace, late: &Late) -> String {
    let first = &trace.events[late.first];
    let does = does(trace, first, target(trace, first));
    format!("{does} with this still to come: {} {}", trace.task(late.task), late.operation)
}

/// Everything that decides, in words, of one event or of all.
pub(super) fn decisive(study: &Study, event: Option<usize>) -> Vec<String> {
    let trace = &study.counterexample.trace;
    let is_of = |indices: &[usize]| event.is_none_or(|event| indices.contains(&event));
    let pairs = study.critical().filter(|pair| is_of(&[pair.first, pair.second])).map(|pair| order(trace, pair));
    let lates = study.late.iter().filter(|late| is_of(&[late.first])).map(|one| late(trace, one));
    pairs.chain(lates).collect()
}

/// The notifications that were missed.
pub(super) fn missed(study: &Study) -> Vec<String> {
    let trace = &study.counterexample.trace;
    let sentence = |missed: &crate::Missed| {
        let (waits, notified) = (&trace.events[missed.waits], &trace.events[missed.notified]);
        let (who, by, object) = (trace.task(waits.task), trace.task(notified.task), target(trace, notified));
        let sent = format!("the notification of {object} by {by} in step {}", notified.step);
        match missed.woke.map(|woke| trace.events[woke].task) {
            Some(woke) if woke == waits.task => format!("{who}: {sent} woke it, and it went back to wait"),
            Some(woke) => format!("{who}: {sent} woke {}", trace.task(woke)),
            None => format!("{who}: {sent} came before it waited"),
        }
    };
    study.missed.iter().map(sentence).collect()
}

/// So many executions, which found nothing left to search.
fn searched(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("searched wholly, {count} execution{plural}")
}

/// From where on there is no way back.
pub(super) fn no_return(study: &Study) -> Option<String> {
    let point = study.point_of_no_return?;
    let count = point.continuations;
    let runs = if point.exhaustive { searched(count) } else { format!("{count} were drawn, not all run") };
    Some(format!("after step {} every continuation fails: {runs}", point.step))
}

/// How many preemptions it takes, and how sure that is.
pub(super) fn fewest(study: &Study) -> String {
    let (fewest, count) = (&study.fewest, study.shrunk.preemptions);
    let (so, runs) = (if fewest.otherwise.is_some() { " so" } else { "" }, fewest.executions);
    match (fewest.proven, fewest.none_below) {
        (true, _) if count == 0 => "0".to_owned(),
        (true, below) if study.weak => {
            format!("{count}: the search found none within a bound of {}, and went through it wholly", below - 1)
        }
        (true, _) => format!("{count}: no schedule with fewer fails{so} ({})", searched(runs)),
        (false, 0) => format!("{count}; whether fewer do is not known ({runs} executions were not all)"),
        (false, below) => {
            format!("{count}: no schedule with fewer than {below} fails{so}; the rest is not known ({runs} executions)")
        }
    }
}

/// Everything that is certain, and how certain it is: a label and a text each.
pub(super) fn certain(study: &Study) -> Vec<(&'static str, String)> {
    if let Some(why) = &study.untried {
        return vec![("untried", format!("this is the schedule as it was found: {why}"))];
    }
    let otherwise = study.fewest.otherwise.as_ref();
    let memory = if study.counterexample.trace.is_weak() {
        "a load sees an older value, which no interleaving alone can give it"
    } else {
        "no interleaving was found that fails so: this is the schedule as it was found"
    };
    let untried = "not every order was tried: there are too many, or the run is too long";
    [
        (!study.weak && !study.pairs_complete).then(|| ("untried", untried.to_owned())),
        no_return(study).map(|text| ("no way back", text)),
        Some(("preemptions", fewest(study))),
        otherwise.map(|verdict| ("otherwise", format!("a schedule with fewer fails in another way: {verdict}"))),
        study.weak.then(|| ("memory", memory.to_owned())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Everything that is known: a label, and a line for each part.
#[cfg(feature = "suite")]
pub(super) fn facts(header: Option<&Header>, study: &Study) -> Vec<(&'static str, Vec<String>)> {
    let found = &study.counterexample;
    let (label, data) = data(&found.verdict, &ToString::to_string);
    let mut facts = vec![(label, data), ("missed", missed(study)), ("decisive", decisive(study, None))];
    facts.extend(certain(study).into_iter().map(|(label, text)| (label, vec![text])));
    facts.extend([
        ("schedule", vec![found.schedule.to_string()]),
        ("as found", vec![study.found.to_string()]),
        ("now", vec![format!("{} ({} replays)", study.shrunk, study.replays)]),
    ]);
    if let (None, Some(parameters)) = (header, &found.parameters) {
        facts.push(("at", vec![parameters.to_string()]));
    }
    if let Some(header) = header {
        let words = header.words.iter().map(|words| format!("{} ({})", words.text, words.at));
        let finders = header.found.iter().map(|finder| {
            let seed = finder.seed.map(|seed| format!(", seed {seed}")).unwrap_or_default();
            format!("{} {}{seed}, {}", finder.name(), finder.version, finder.execution())
        });
        facts.push(("bug", words.collect()));
        facts.push(("found by", finders.collect()));
        facts.push(("replay", header.record.iter().map(|record| format!("raddle replay {record}")).collect()));
        facts.push(("fixed", header.fixed.clone()));
    }
    facts.retain(|(_, lines)| !lines.is_empty());
    facts
}

/// One edge of a deadlock: what the task holds, and what it waits for.
fn edge(wait: &Wait, cycle: &[Wait], at: &dyn Fn(&Place) -> String) -> String {
    let holds = match cycle.iter().find(|other| other.held_by == wait.task) {
        Some(held) if held.queued => {
            format!("is queued for {} ({}), which keeps new readers out", held.wants, at(&held.since))
        }
        Some(held) if held.operation == "join" => format!("has to end for {}", held.task),
        Some(held) => format!("holds {} ({})", held.wants, at(&held.since)),
        None => "holds nothing".into(),
    };
    let wants = if wait.operation == "join" { "joins" } else { "wants" };
    format!("{} {holds}, {wants} {} ({})", wait.task, wait.wants, at(&wait.at))
}

/// The verdict's own data: a label, and a line for each part. `at` writes a place.
pub(super) fn data(verdict: &Verdict, at: &dyn Fn(&Place) -> String) -> (&'static str, Vec<String>) {
    let placed = |text: String, place: &Place| format!("{text} ({})", at(place));
    match verdict {
        Verdict::Deadlock { cycle } => ("cycle", cycle.iter().map(|wait| edge(wait, cycle, at)).collect()),
        Verdict::Stuck { waiting } => {
            let line = |waiting: &crate::Waiting| {
                let verb = if waiting.operation == "wake" { "wait on" } else { &waiting.operation };
                placed(format!("{}: {verb} {}", waiting.task, waiting.object), &waiting.at)
            };
            ("waiting", waiting.iter().map(line).collect())
        }
        Verdict::DataRace { object, first, second } => {
            let line = |access: &crate::Access| {
                let verb = if access.write { "writes" } else { "reads" };
                placed(format!("{} {verb} {object}", access.task), &access.at)
            };
            ("accesses", vec![line(first), line(second)])
        }
        Verdict::Assertion { message, at: place, .. } => {
            let place = place.as_ref().map(|place| format!("at {}", at(place)));
            ("failed", message.lines().map(str::to_owned).chain(place).collect())
        }
        Verdict::Starvation { by, .. } => ("bypassed by", vec![by.join(", ")]),
        Verdict::Late { deadline, late, .. } => ("deadline", vec![format!("{deadline}, passed by {late:?}")]),
        Verdict::Livelock { tasks, rounds, .. } => {
            ("recurs", vec![format!("seen {rounds} times over; {} take part", tasks.join(" and "))])
        }
        Verdict::Leak { what } => ("left behind", what.clone()),
        Verdict::Misuse { message, .. } => ("contract", message.lines().map(str::to_owned).collect()),
        Verdict::Crash { .. } | Verdict::Hang { .. } => ("instead", vec![advice(verdict).to_owned()]),
    }
}

/// Which of the tasks are threads, where others are polled by event loops.
pub(super) fn threads(trace: &Trace) -> Option<String> {
    let is_future = |task: &usize| trace.futures.contains(task);
    let threads: Vec<&str> =
        (0..trace.tasks.len()).filter(|task| !is_future(task)).map(|task| trace.task(task)).collect();
    (!trace.futures.is_empty() && !threads.is_empty())
        .then(|| format!("{}; the others are polled by event loops", threads.join(", ")))
}

/// What to write instead of what no engine can look into.
fn advice(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Crash { how, .. } if how.contains("stack") => {
            "an engine's stacks are small (`main` 32 KiB under loom, others 64, 128 under shuttle): put what is large in a \
             `Box`, and recurse less"
        }
        Verdict::Crash { how, .. } if how.contains("memory") => {
            "each execution starts anew: keep nothing from one to the next, and let loops end; `--memory` raises the limit"
        }
        Verdict::Crash { how, .. } if how.contains("exit") => {
            "say it with a panic: `exit` ends every check of the process"
        }
        Verdict::Crash { .. } => "say it with a panic, which is one execution's failure and has a message",
        _ => {
            "all tasks of an execution share one thread: what waits must be raddle's (`raddle::sync`, `raddle::thread`, \
             `raddle::tokio`), not std's or the system's; and a loop that tries again has to `yield_now`"
        }
    }
}

//! `--sarif`: the results in the form that code scanning services and editors read (SARIF 2.1.0, OASIS 2020), with each
//! interleaving as a code flow: a thread flow for each task, in which every location says in which order it comes.

use super::finding::{Finding, Severity, all, findings};
use crate::Study;
use crate::report::{once, words};
use crate::suite::checked::Checked;
use crate::verdict::Place;
use serde_sarif::sarif::{
    ArtifactLocation, CodeFlow, Location, Message, MultiformatMessageString, PhysicalLocation, Region,
    ReportingDescriptor, Result as Reported, ResultKind, ResultLevel, Run, RunAutomationDetails, SCHEMA_URL, Sarif,
    ThreadFlow, ThreadFlowLocation, Tool, ToolComponent, Version,
};
use std::collections::BTreeMap;

/// What a rule is about, by its name in [`Finding::rule`].
const RULES: [(&str, &str); 15] = [
    ("assertion", "A check of the program's own fails in some interleaving."),
    ("data race", "Two accesses to a variable, at least one of them a write, are ordered by nothing."),
    ("deadlock", "Tasks wait for each other in a circle."),
    ("stuck", "A task waits for a wakeup that can no longer come."),
    ("starvation", "A task is passed over more often than its bound allows, or comes after its deadline."),
    ("livelock", "Tasks run in circles and get nowhere."),
    ("leak", "Something outlives its owner."),
    ("misuse", "The contract of an API is broken."),
    ("crash", "The process ends in the middle of an execution."),
    ("hang", "A task does not come to its next operation."),
    ("missed", "A bug that is declared was not found."),
    ("inconclusive", "A budget ran out before the search was done, which says nothing."),
    ("error", "The check could not be made."),
    ("holds", "Nothing fails in what was searched."),
    ("unknown", "Something else."),
];

/// The whole document; of the findings alone, if that is wanted.
pub(super) fn document(checked: &Checked, findings_alone: bool) -> String {
    let results = if findings_alone { findings(checked) } else { all(checked) };
    let results: Vec<Reported> = results.iter().map(result).collect();
    let driver = ToolComponent::builder()
        .name("raddle")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(RULES.iter().map(rule).collect::<Vec<_>>())
        .build();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .automation_details(RunAutomationDetails::builder().id(format!("raddle/{}/", checked.catalogue.name)).build())
        .column_kind(serde_json::json!("unicodeCodePoints"))
        .results(results)
        .build();
    let sarif = Sarif::builder()
        .schema(SCHEMA_URL)
        .version(serde_json::to_value(Version::V2_1_0).expect("a version is a string"))
        .runs(vec![run])
        .build();
    let mut text = serde_json::to_string_pretty(&sarif).expect("a report is plain data");
    text.push('\n');
    crate::report::json::printable(&text)
}

/// The rule's place in [`RULES`].
fn index(rule: &str) -> usize {
    RULES.iter().position(|(name, _)| *name == rule).unwrap_or(RULES.len() - 1)
}

fn id(rule: &str) -> String {
    RULES[index(rule)].0.replace(' ', "-")
}

fn rule((name, about): &(&str, &str)) -> ReportingDescriptor {
    let about = MultiformatMessageString::builder().text(*about).build();
    ReportingDescriptor::builder().id(id(name)).name(*name).short_description(about).build()
}

fn result(finding: &Finding<'_>) -> Reported {
    let (kind, level) = match finding.severity() {
        Severity::Pass => (ResultKind::Pass, ResultLevel::None),
        Severity::Warning => (ResultKind::Open, ResultLevel::None),
        Severity::Error => (ResultKind::Fail, ResultLevel::Error),
    };
    let job = &finding.result.job;
    let rule = finding.rule();
    let fingerprint = format!("{}/{}/{}", job.name(), job.engine, id(rule));
    let code_flows = finding.shown.map(|(_, study)| vec![code_flow(study)]).unwrap_or_default();
    Reported::builder()
        .rule_id(id(rule))
        .rule_index(i64::try_from(index(rule)).unwrap_or_default())
        .kind(kind)
        .level(level)
        .message(message(finding.message()))
        .locations(vec![location(&finding.place(), None)])
        .code_flows(code_flows)
        .partial_fingerprints(BTreeMap::from([("raddle/v1".to_owned(), fingerprint)]))
        .build()
}

fn message(text: impl Into<String>) -> Message {
    Message::builder().text(text).build()
}

fn location(place: &Place, text: Option<String>) -> Location {
    let artifact = ArtifactLocation::builder().uri(uri(&place.file)).uri_base_id("%SRCROOT%").build();
    let region = Region::builder().start_line(i64::from(place.line)).start_column(i64::from(place.column)).build();
    let physical = PhysicalLocation::builder().artifact_location(artifact).region(region).build();
    match text {
        Some(text) => Location::builder().physical_location(physical).message(message(text)).build(),
        None => Location::builder().physical_location(physical).build(),
    }
}

/// The interleaving.
fn code_flow(study: &Study) -> CodeFlow {
    let study = &once(study);
    let trace = &study.counterexample.trace;
    let decides = |event: usize| {
        let in_pair = study.critical().any(|pair| pair.first == event || pair.second == event);
        in_pair || study.late.iter().any(|late| late.first == event)
    };
    let step = |(number, event): (usize, &crate::Event)| {
        let importance = if decides(number) { "essential" } else { "important" };
        let text = format!("{} {}", trace.task(event.task), words::whole(trace, event));
        ThreadFlowLocation::builder()
            .location(location(&event.at, Some(text)))
            .execution_order(i64::try_from(number + 1).unwrap_or(i64::MAX))
            .importance(serde_json::json!(importance))
            .build()
    };
    let of_task = |task: usize| {
        let events = trace.events.iter().enumerate().filter(|(_, event)| event.task == task);
        let locations: Vec<ThreadFlowLocation> = events.map(step).collect();
        let flow = || ThreadFlow::builder().id(trace.task(task)).message(message(trace.task(task)));
        (!locations.is_empty()).then(|| flow().locations(locations.clone()).build())
    };
    CodeFlow::builder()
        .message(message(study.counterexample.verdict.to_string()))
        .thread_flows((0..trace.tasks.len()).filter_map(of_task).collect::<Vec<_>>())
        .build()
}

/// A path as a URI's (RFC 3986): everything but letters, digits and harmless signs as `%` and its number.
fn uri(path: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    path.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_signs_is_a_uri() {
        assert_eq!(uri("src/a b%c:d/é.rs"), "src/a%20b%25c%3Ad/%C3%A9.rs");
    }

    #[test]
    fn every_verdict_has_a_rule() {
        assert!(RULES.iter().all(|(name, _)| RULES[index(name)].0 == *name));
        assert_eq!(id("data race"), "data-race");
        assert_eq!(id("no such verdict"), "unknown");
    }
}

//! What has to be so of whatever is written in a format.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Every index is of something that is there.
pub(crate) fn json(text: &str) {
    let document: Value = serde_json::from_str(text).expect("JSON");
    let trace = &document["trace"];
    let count = |key: &str| trace[key].as_array().unwrap().len() as u64;
    let (tasks, objects, events) = (count("tasks"), count("objects"), count("events"));
    let below = |index: &Value, limit: u64| assert!(index.is_null() || index.as_u64().unwrap() < limit, "{index}");
    let mut step = 0;
    for event in trace["events"].as_array().unwrap() {
        let bounds = [("task", tasks), ("other", tasks), ("preempts", tasks), ("object", objects), ("mutex", objects)];
        for (key, limit) in bounds {
            below(&event[key], limit);
        }
        let next = event["step"].as_u64().unwrap();
        assert!(next >= step, "step {next} after {step}");
        step = next;
    }
    for pair in document["pairs"].as_array().unwrap() {
        for key in ["first", "second"] {
            below(&pair[key], events);
        }
        let task = |key: &str| &trace["events"][usize::try_from(pair[key].as_u64().unwrap()).unwrap()]["task"];
        assert_ne!(task("first"), task("second"), "a pair of one task");
    }
    for late in document["late"].as_array().unwrap() {
        below(&late["first"], events);
        below(&late["task"], tasks);
    }
    for missed in document["missed"].as_array().unwrap() {
        for key in ["waits", "notified", "woke"] {
            below(&missed[key], events);
        }
    }
}

/// One statement a line, each of a kind that is known, and nothing in a text that Mermaid acts on.
pub(crate) fn mermaid(text: &str) {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("sequenceDiagram"));
    let (mut participants, mut open) = (BTreeSet::new(), 0_usize);
    for line in lines.map(str::trim_start) {
        let participant = line.strip_prefix("actor ").or_else(|| line.strip_prefix("participant "));
        let text = if let Some(participant) = participant {
            let (id, name) = participant.split_once(" as ").expect(line);
            assert!(participants.insert(id.to_owned()), "{id} twice");
            name.replace("<br/>", "")
        } else if line == "end" {
            open = open.checked_sub(1).expect("an `end` without a `loop`");
            String::new()
        } else if line == "loop over and over" {
            open += 1;
            String::new()
        } else {
            let (statement, text) = line.split_once(": ").expect(line);
            let over = statement.strip_prefix("Note over ").map(|over| over.split(',').collect::<Vec<_>>());
            let arrow = || ["-->>", "->>", "-x"].iter().find_map(|arrow| statement.split_once(arrow));
            let named = ["title", "accTitle", "accDescr"].contains(&statement);
            let ends = over.or_else(|| arrow().map(|(from, to)| vec![from, to]));
            assert!(named || ends.is_some(), "no statement: {line}");
            for end in ends.into_iter().flatten() {
                assert!(participants.contains(end), "`{end}` is no participant: {line}");
            }
            text.to_owned()
        };
        harmless(&text);
    }
    assert_eq!(open, 0, "a `loop` without an `end`");
}

/// Letters, digits, harmless signs, and entities.
fn harmless(text: &str) {
    let mut rest = text.split('#');
    let mut plain = rest.next().unwrap_or_default().to_owned();
    for part in rest {
        let (entity, after) = part.split_once(';').unwrap_or_else(|| panic!("an open entity: {text}"));
        assert!(entity.bytes().all(|byte| byte.is_ascii_digit()) && !entity.is_empty(), "no entity: {text}");
        plain.push('\u{fffd}');
        plain.push_str(after);
    }
    for c in ";#<>{}[]%\"`$&@^\\~|\t\r".chars() {
        assert!(!plain.contains(c), "a raw {c:?}: {text}");
    }
    let words: Vec<&str> = plain.split(|c: char| !c.is_alphanumeric() && c != '\u{fffd}').collect();
    for word in ["end", "End", "wrap", "nowrap"] {
        assert!(!words.contains(&word), "the word `{word}`: {text}");
    }
    assert!(!plain.contains("style") && !plain.contains("classDef"), "{text}");
}

/// Slices of a track lie beside or within each other; every flow has two ends, in order, each within a slice.
pub(crate) fn perfetto(text: &str) {
    let document: Value = serde_json::from_str(text).expect("JSON");
    let number = |entry: &Value, key: &str| entry[key].as_u64().unwrap_or_else(|| panic!("no {key}: {entry}"));
    let (mut named, mut used) = (BTreeSet::new(), BTreeSet::new());
    let mut slices: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    let mut flows: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
    for entry in document["traceEvents"].as_array().expect("events") {
        assert_eq!(entry["pid"], 1);
        let (track, time) = (number(entry, "tid"), number(entry, "ts"));
        match entry["ph"].as_str().expect("a phase") {
            "M" if entry["name"] == "thread_name" => assert!(named.insert(track), "track {track} has two names"),
            "M" => assert!(!entry["args"].is_null()),
            "X" => {
                let duration = number(entry, "dur");
                assert!(duration > 0, "{entry}");
                slices.entry(track).or_default().push((time, time + duration));
            }
            "s" | "f" => flows.entry(number(entry, "id")).or_default().push(entry),
            "i" => assert!(["t", "p", "g"].contains(&entry["s"].as_str().unwrap())),
            other => panic!("phase {other}"),
        }
        used.insert(track);
    }
    assert_eq!(named, used, "a track without a name, or a name without a track");
    for (track, slices) in &mut slices {
        slices.sort_by_key(|(from, to)| (*from, std::cmp::Reverse(*to)));
        let mut open: Vec<u64> = Vec::new();
        for (from, to) in slices {
            open.retain(|end| *end > *from);
            assert!(open.iter().all(|end| *to <= *end), "slices of track {track} cross at {from}");
            open.push(*to);
        }
    }
    let within = |entry: &Value| {
        let time = number(entry, "ts");
        slices[&number(entry, "tid")].iter().any(|(from, to)| (*from..*to).contains(&time))
    };
    for (id, ends) in flows {
        assert_eq!(ends.iter().map(|end| end["ph"].as_str().unwrap()).collect::<Vec<_>>(), ["s", "f"], "flow {id}");
        assert!(ends[0]["ts"].as_u64() < ends[1]["ts"].as_u64(), "flow {id} goes back");
        assert!(["name", "cat"].iter().all(|key| ends[0][key] == ends[1][key]), "flow {id} has two names");
        assert_eq!(ends[1]["bp"], "e");
        assert!(ends.iter().all(|end| within(end)), "flow {id} hangs in the air");
    }
}

/// A page that is also XML, but for what HTML leaves open; without a script, and with nothing from elsewhere.
pub(crate) fn html(text: &str) {
    let mut page = text.strip_prefix("<!DOCTYPE html>").expect("a document type").to_owned();
    while let Some(start) = page.find("<meta ") {
        let end = start + page[start..].find('>').unwrap();
        page.replace_range(start..=end, "");
    }
    let document = roxmltree::Document::parse(&page).unwrap_or_else(|error| panic!("{error}:\n{page}"));
    let mut ids = BTreeSet::new();
    let mut drawings = 0;
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        assert!(!["script", "img", "iframe", "link", "object", "embed", "use", "a"].contains(&name), "<{name}>");
        for attribute in node.attributes() {
            let key = attribute.name();
            assert!(!key.starts_with("on") && !["src", "href", "style"].contains(&key), "{key} of <{name}>");
            assert!(key != "id" || ids.insert(attribute.value()), "two of the id {}", attribute.value());
        }
        for id in node.attribute("aria-labelledby").unwrap_or_default().split_whitespace() {
            assert!(document.descendants().any(|node| node.attribute("id") == Some(id)), "nothing has the id {id}");
        }
        if name == "svg" {
            drawings += 1;
            let says = |tag: &str| node.children().any(|child| child.has_tag_name(tag) && child.text().is_some());
            assert!(says("title") && says("desc"), "the drawing has no words");
        }
        if name == "text" {
            let inside = |key: &str| node.attribute(key).unwrap().parse::<u32>().is_ok();
            assert!(inside("x") && inside("y"), "a text that stands nowhere");
        }
    }
    assert_eq!(drawings, 1);
    assert!(
        !page.contains("http:") && !page.contains("https:") && !page.contains("@import"),
        "something from elsewhere"
    );
}

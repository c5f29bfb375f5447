//! `raddle report`: pages that say the same however they were made, in a folder that is whole or as it was.

use super::{code, raddle, refused};
use raddle_tests::{files, stderr, stdout};
use std::collections::BTreeMap;
use std::path::Path;

/// Threads and tasks, correct and buggy, small and large.
const PATTERNS: [&str; 3] = ["locks/lock_order", "threads/join", "event_loop/blocking"];

/// What is in a folder.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let name = |path: &Path| path.strip_prefix(folder).unwrap().display().to_string();
    files(folder).iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

fn report(out: &Path, arguments: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let output = raddle(&[&["report", "--quiet", "--out", out.to_str().unwrap()], arguments].concat());
    assert_eq!((code(&output), stdout(&output).as_str()), (0, ""), "{}", stderr(&output));
    content(out)
}

#[test]
fn a_report_is_the_same_however_it_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let one = report(&folder.path().join("one"), &[&PATTERNS[..], &["--jobs", "1"]].concat());
    let results = folder.path().join("results.json").display().to_string();
    assert_eq!(code(&raddle(&[&["check", "--quiet", "--json", &results], &PATTERNS[..]].concat())), 0);
    for (name, arguments) in [
        ("several at once", [&PATTERNS[..], &["--jobs", "4"]].concat()),
        ("in one process", [&PATTERNS[..], &["--in-process"]].concat()),
        ("from what check wrote", vec!["--from", &results]),
    ] {
        let other = report(&folder.path().join(name), &arguments);
        assert!(one.keys().eq(other.keys()), "{name}: {:?}", other.keys());
        for (file, content) in &one {
            assert!(other[file] == *content, "{name}: {file} is another");
        }
    }
    for page in [
        "index.html",
        "engines.html",
        "patterns/locks/lock_order.html",
        "patterns/locks/lock_order/opposite_orders.html",
        "patterns/event_loop/blocking/sync_lock_across_await.html",
    ] {
        assert!(one.contains_key(page), "{page} is not there: {:?}", one.keys());
    }
    let lesson = String::from_utf8(one["patterns/locks/lock_order.html"].clone()).unwrap();
    for part in
        ["<h2>What goes wrong</h2>", "10 of 49", "raddle trace locks/lock_order/opposite_orders", "class=\"differs\""]
    {
        assert!(lesson.contains(part), "the lesson lacks {part}");
    }
}

#[test]
fn a_report_takes_the_place_of_a_report_and_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report");
    let old = report(&out, &["locks/lock_order", "threads/join", "--engine", "loom"]);
    let new = report(&out, &["threads/join", "--engine", "loom"]);
    assert!(new.len() < old.len(), "what is no longer there is gone: {:?}", new.keys());
    assert_eq!(folder.path().read_dir().unwrap().count(), 1, "nothing is left beside it");

    let theirs = folder.path().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    std::fs::write(theirs.join("index.html"), "mine").unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    for out in [&theirs, &file] {
        refused(&["report", "threads/join", "--out", out.to_str().unwrap()], &[out.to_str().unwrap(), "not a report"]);
    }
    assert_eq!(std::fs::read(theirs.join("index.html")).unwrap(), b"mine");
    assert_eq!(std::fs::read(file).unwrap(), b"mine");
}

#[test]
fn a_report_says_what_is_wrong_with_what_it_is_made_from() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report");
    let from = folder.path().join("results.json");
    std::fs::write(&from, "{\"schema\": 9}").unwrap();
    let arguments = ["report", "--out", out.to_str().unwrap(), "--from", from.to_str().unwrap()];
    refused(&arguments, &["results.json", "form 9"]);
    refused(&["report", "locks/mutexx", "--out", out.to_str().unwrap()], &["locks/mutexx", "locks/mutex"]);
    assert!(!out.exists(), "nothing was written");
}

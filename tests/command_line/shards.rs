//! Checks on several machines, and against what was known before.

use super::{code, raddle, refused};
use raddle_tests::{root, stderr, stdout};
use serde_json::Value;
use std::path::Path;

/// A budget of more than two parts for engines that can be split, and some that can't.
const CHECKS: [&str; 9] = [
    "threads/join",
    "locks/lock_order",
    "classics/account",
    "--engine=loom",
    "--engine=exhaustive",
    "--engine=shuttle",
    "--engine=shuttle-pos",
    "--engine=shuttle-surw",
    "--executions=25000",
];

/// What a report says, but for how long it took.
fn untimed(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    let mut report: Value = serde_json::from_str(&text).unwrap();
    for row in report["results"].as_array_mut().unwrap() {
        row.as_object_mut().unwrap().remove("millis");
    }
    report
}

/// Runs the checks, or a part of them, and gives the report's path.
fn check(folder: &Path, name: &str, more: &[&str]) -> String {
    let path = folder.join(name).display().to_string();
    let output = raddle(&[&["check", "--quiet", "--json", &path][..], &CHECKS, more].concat());
    assert!([0, 1].contains(&code(&output)), "{}", stderr(&output));
    path
}

#[test]
fn every_number_of_shards_comes_to_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let whole = untimed(Path::new(&check(folder.path(), "whole.json", &[])));
    for of in 1..=8 {
        let shards: Vec<String> = (1..=of)
            .map(|index| check(folder.path(), &format!("{index}-of-{of}.json"), &["--shard", &format!("{index}/{of}")]))
            .collect();
        let rows = |path: &String| untimed(Path::new(path))["results"].as_array().unwrap().clone();
        let parts: usize = shards.iter().map(|path| rows(path).len()).sum();
        assert!(parts > whole["results"].as_array().unwrap().len(), "no budget was split");
        let merged = folder.path().join("merged.json").display().to_string();
        // In whatever order they come.
        let names: Vec<&str> = shards.iter().rev().map(String::as_str).collect();
        let output = raddle(&[&["merge"][..], &names, &["--quiet", "--json", &merged]].concat());
        // One engine misses a bug, merged or not.
        assert_eq!(code(&output), 1, "{of} shards: {}{}", stdout(&output), stderr(&output));
        let merged = untimed(Path::new(&merged));
        for key in ["results", "counterexamples"] {
            let (merged, whole) = (merged[key].as_array().unwrap(), whole[key].as_array().unwrap());
            assert_eq!(merged.len(), whole.len(), "{of} shards");
            for (merged, whole) in merged.iter().zip(whole) {
                assert_eq!(merged, whole, "{of} shards");
            }
        }
        assert_eq!(merged, whole, "{of} shards");
    }
}

#[test]
fn a_part_of_a_budget_finds_what_the_whole_finds_there() {
    // Deep enough for the first part to pass it by.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json").display().to_string();
    let arguments =
        ["check", "classics/reorder", "--engine", "shuttle", "--executions", "30000", "--quiet", "--json", &path];
    raddle(&arguments);
    let found =
        untimed(Path::new(&path))["results"].as_array().unwrap().iter().find(|row| row["verdict"] != "holds").cloned();
    let shards = (1..=4).map(|index| {
        let shard = format!("{index}/4");
        raddle(&[&arguments[..], &["--shard", &shard]].concat());
        untimed(Path::new(&path))["results"].as_array().unwrap().clone()
    });
    let rows: Vec<Value> = shards.flatten().filter(|row| row["verdict"] != "holds").collect();
    let first = rows.iter().map(|row| row["executions"].as_u64().unwrap()).min();
    assert_eq!(first, found.and_then(|row| row["executions"].as_u64()));
    // Each part says which executions it is, and what it finds lies among them.
    for row in &rows {
        let (execution, first) = (row["executions"].as_u64().unwrap(), row["part"]["first"].as_u64().unwrap());
        assert!(execution > first && execution <= first + row["part"]["executions"].as_u64().unwrap(), "{row}");
    }
}

#[test]
fn a_merge_wants_every_shard_of_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let shard = |name: &str, arguments: &[&str]| {
        let path = folder.path().join(name).display().to_string();
        let output = raddle(&[&["check", "threads/join", "--quiet", "--json", &path][..], arguments].concat());
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        path
    };
    let one = shard("one", &["--shard", "1/3"]);
    let two = shard("two", &["--shard", "2/3"]);
    let three = shard("three", &["--shard", "3/3"]);
    refused(&["merge", &one, &three], &["three: shard 3/3; the report of shard 2/3 is missing"]);
    refused(&["merge", &one, &two], &["two: shard 2/3; the report of shard 3/3 is missing"]);
    refused(&["merge", &two, &two, &three, &one], &["two: shard 2/3, which", "two is, too"]);
    let seed = shard("seed", &["--shard", "3/3", "--seed", "7"]);
    refused(&["merge", &one, &two, &seed], &["seed: of another run than", "seed, budget, patterns and engines"]);
    let whole = shard("whole", &[]);
    refused(&["merge", &whole], &["the report of a whole run"]);
    let cut = folder.path().join("cut").display().to_string();
    let text = std::fs::read_to_string(&three).unwrap();
    std::fs::write(&cut, &text[..text.len() / 2]).unwrap();
    refused(&["merge", &one, &two, &cut], &["cut: no report of `raddle check --json`", "line"]);
    std::fs::write(&cut, text.replacen("\"schema\": 2", "\"schema\": 9", 1)).unwrap();
    refused(&["merge", &one, &two, &cut], &["cut: a report of form 9"]);
    std::fs::write(&cut, text.replacen("\"pattern\": \"threads/join\"", "\"pattern\": \"threads/gone\"", 1)).unwrap();
    refused(&["merge", &one, &two, &cut], &["cut: no variant `threads/gone/"]);
    refused(&["merge", "/nowhere/report.json"], &["/nowhere/report.json: No such file"]);
    for shard in ["0/3", "4/3", "1", "a/b", "1/0"] {
        refused(&["check", "--shard", shard], &["--shard <I/N>"]);
    }
}

/// What a change to a report makes of a run that is held against it.
fn against(change: impl Fn(&mut Value), more: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baseline.json").display().to_string();
    let checks = ["check", "threads/join", "locks/lock_order", "--quiet"];
    assert_eq!(code(&raddle(&[&checks[..], &["--json", &path]].concat())), 0);
    let mut report: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    for row in report["results"].as_array_mut().unwrap() {
        change(row);
    }
    std::fs::write(&path, report.to_string()).unwrap();
    let output = raddle(&[&checks[..], &["--baseline", &path], more].concat());
    (code(&output), stderr(&output))
}

fn is(row: &Value, variant: &str, engine: &str) -> bool {
    row["variant"] == variant && row["engine"] == engine
}

#[test]
fn what_is_as_it_was_is_no_regression() {
    assert_eq!(against(|_| {}, &[]), (0, String::new()));
}

#[test]
fn a_search_that_sees_less_is_worse() {
    let fewer = |row: &mut Value| {
        if is(row, "joined", "exhaustive") {
            row["executions"] = 1_000_000.into();
            row["coverage"]["executions"] = 1_000_000.into();
        }
    };
    let (code, error) = against(fewer, &[]);
    assert_eq!(code, 4, "{error}");
    let line = "threads/join/joined under exhaustive: 2 executions explored (exhaustive), and there were 1,000,000";
    assert!(error.contains(line), "{error}");

    let whole = |row: &mut Value| {
        if is(row, "joined", "shuttle") {
            row["coverage"] = serde_json::json!({
                "kind": "every", "executions": 1, "engine": "exhaustive", "model": "sequentially_consistent",
            });
        }
    };
    let (code, error) = against(whole, &[]);
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("the search is sampled now (1,000 executions), and was exhaustive"), "{error}");
}

#[test]
fn a_bug_that_is_found_much_later_is_worse() {
    let earlier = |row: &mut Value| {
        if is(row, "join_cycle", "property") {
            row["executions"] = 7.into();
        }
    };
    let (code, error) = against(earlier, &[]);
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("found in execution 77, and it was 7: more than 10 times as late"), "{error}");
    assert_eq!(against(earlier, &["--factor", "11"]), (0, String::new()));
}

#[test]
fn a_check_that_is_gone_is_worse() {
    let other = |row: &mut Value| {
        if is(row, "joined", "loom") {
            row["variant"] = "removed".into();
        }
    };
    let (code, error) = against(other, &[]);
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("threads/join/removed under loom is not checked any more"), "{error}");
}

#[test]
fn a_baseline_that_is_none_is_refused() {
    let source = root().join("README.md").display().to_string();
    refused(
        &["check", "threads/join", "--quiet", "--json", "-", "--baseline", "/nowhere"],
        &["/nowhere: No such file"],
    );
    let output = raddle(&["check", "threads/join", "--quiet", "--baseline", &source]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("README.md: no report of `raddle check --json`"), "{}", stderr(&output));
    refused(&["check", "--factor", "2"], &["--baseline"]);
    refused(&["check", "--baseline", &source, "--factor", "0.5"], &["a number from 1 on"]);
}

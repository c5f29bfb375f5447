//! `raddle stress`.

use super::{code, raddle};
use raddle_tests::{stderr, stdout};
use serde_json::Value;

#[test]
fn stress_counts_runs_on_real_threads_beside_the_engines() {
    let arguments = ["stress", "locks/mutex/held_lock", "--runs", "1001", "--deadline", "120000"];
    let output = raddle(&arguments);
    assert_eq!(code(&output), 0, "{}{}", stdout(&output), stderr(&output));
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "locks/mutex · held_lock on real threads: 0 of 1,001 runs failed", "{text}");
    assert!(lines[1].starts_with("  engines     loom: holds: 12 executions explored by loom (C11)"), "{text}");
    assert_eq!(
        lines[2], "              exhaustive: holds: all 1,680 interleavings (sequentially consistent)",
        "{text}"
    );
    assert!(
        lines[3].starts_with("              shuttle: holds: 1,000 schedules drawn by shuttle from seed "),
        "{text}"
    );
    assert!(lines[4].starts_with("              property: holds: 1,000 schedules drawn by property "), "{text}");
    assert_eq!(lines.len(), 5, "{text}");
}

#[test]
fn stress_as_json_is_one_document() {
    // How often it fails nobody knows: how the numbers fit each other is what has to hold.
    let arguments = ["stress", "locks/mutex/unguarded", "--runs", "50", "--deadline", "120000", "--json"];
    let output = raddle(&arguments);
    assert_eq!(code(&output), 0, "a buggy variant may fail: {}", stderr(&output));
    let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    for (key, value) in [("schema", 1), ("runs", 50), ("runs_wanted", 50), ("deadline_millis", 120_000)] {
        assert_eq!(report[key], value, "{key}: {report}");
    }
    for (key, value) in [("pattern", "locks/mutex"), ("variant", "unguarded"), ("expected", "assertion")] {
        assert_eq!(report[key], value, "{key}: {report}");
    }
    assert_eq!(report["stopped_early"], false, "{report}");
    let failures = report["failures"].as_array().unwrap();
    let failed: u64 = failures.iter().map(|failure| failure["count"].as_u64().unwrap()).sum();
    assert_eq!(report["failed"], failed, "{report}");
    for failure in failures {
        assert_eq!(failure["kind"], "assertion", "{report}");
        assert!(failure["message"].as_str().unwrap().contains("an increment was lost"), "{report}");
        assert!((1..=50).contains(&failure["first_run"].as_u64().unwrap()), "{report}");
    }
    let engines: Vec<_> = report["engines"].as_array().unwrap().iter().map(|row| &row["engine"]).collect();
    assert_eq!(engines, ["loom", "exhaustive", "shuttle", "property"]);
    assert!(report["engines"].as_array().unwrap().iter().all(|row| row["verdict"] == "assertion"), "{report}");
}

//! The command line: what it prints, and that bad input gets a clear error, exit code 2, and nothing written.

mod bless;
mod coverage;
mod refusals;
mod report;
mod samplers;
mod shards;
mod stress;

use raddle_tests::{root, run, stderr, stdout};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Output;

fn raddle(arguments: &[&str]) -> Output {
    run(env!("CARGO_BIN_EXE_raddle"), arguments)
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code, not a signal")
}

/// The command is refused with exit code 2, says all of `words`, and prints nothing to stdout.
#[track_caller]
fn refused(arguments: &[&str], words: &[&str]) {
    let output = raddle(arguments);
    let error = stderr(&output);
    assert_eq!(code(&output), 2, "{arguments:?}: {error}");
    for word in words {
        assert!(error.contains(word), "{arguments:?}: `{word}` is missing in: {error}");
    }
    assert_eq!(stdout(&output), "", "{arguments:?} printed something all the same");
}

#[test]
fn list_has_every_pattern_and_variant() {
    let output = raddle(&["list", "--json"]);
    assert_eq!(code(&output), 0);
    let list: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(list["schema"], 1);
    let mut found = BTreeSet::new();
    for pattern in list["patterns"].as_array().unwrap() {
        assert!(!pattern["section"].as_str().unwrap().is_empty());
        for variant in pattern["variants"].as_array().unwrap() {
            let correct = variant["expect"] == "holds";
            assert_eq!(variant["class"].is_null(), correct, "{variant}");
            for engine in ["loom", "shuttle"] {
                assert_eq!(variant["verdicts"][engine] == "holds", correct, "{variant}");
            }
            found.insert(format!("{}/{}", pattern["name"].as_str().unwrap(), variant["name"].as_str().unwrap()));
        }
    }
    let wanted = [
        "threads/join/joined",
        "threads/join/read_before_join",
        "threads/join/never_joined",
        "threads/join/join_cycle",
        "threads/daemon/asked_to_stop",
        "threads/daemon/cut_short",
        "threads/daemon/uses_freed_state",
        "threads/gil/lock_spans_update",
        "threads/gil/gil_per_step",
        "threads/gil/check_then_act",
        "threads/gil/atomic_steps",
        "threads/refcount/release_acquire",
        "threads/refcount/split_decrement",
        "threads/refcount/relaxed_drop",
        "threads/refcount/weak_unique_check",
        "locks/mutex/held_lock",
        "locks/mutex/unguarded",
        "locks/mutex/split_lock",
        "locks/mutex/two_locks",
        "locks/lock_order/one_order",
        "locks/lock_order/opposite_orders",
        "locks/lock_order/ring",
        "locks/lock_order/lock_in_callback",
        "locks/lock_order/try_lock_retry",
        "locks/rlock/counts_depth",
        "locks/rlock/plain_lock_reentered",
        "locks/rlock/depth_forgotten",
        "locks/rlock/owner_cleared_late",
        "locks/condvar/while_loop",
        "locks/condvar/if_instead_of_while",
        "locks/condvar/flag_outside_lock",
        "locks/condvar/one_signal_two_roles",
        "locks/condvar/spurious_wakeup_unhandled",
        "locks/semaphore/counted",
        "locks/semaphore/check_then_take",
        "locks/semaphore/permit_leaked_on_panic",
        "locks/semaphore/released_twice",
        "locks/semaphore/wakeup_lost_on_cancel",
        "pitfalls/unfair_lock/ticket",
        "pitfalls/unfair_lock/barging",
        "pitfalls/priority/aged",
        "pitfalls/priority/strict_priority",
        "pitfalls/priority/priority_inversion",
        "pitfalls/readers/phase_fair",
        "pitfalls/readers/reader_preference",
        "pitfalls/readers/read_again_behind_writer",
        "pitfalls/livelock/ordered_backoff",
        "pitfalls/livelock/polite_retry",
        "pitfalls/logging/one_write_per_line",
        "pitfalls/logging/torn_lines",
        "pitfalls/logging/masked_by_logging",
        "classics/account/right_sum",
        "classics/account/wrong_sum",
        "classics/lazy01/checked_add",
        "classics/lazy01/unchecked_add",
        "classics/token_ring/own_turn",
        "classics/token_ring/any_turn",
        "classics/deadlock01/one_order",
        "classics/deadlock01/opposite_orders",
        "classics/carter01/own_switch",
        "classics/carter01/one_switch",
        "classics/bluetooth/count_then_look",
        "classics/bluetooth/look_then_count",
        "classics/twostage/one_stage",
        "classics/twostage/two_stages",
        "classics/reorder/under_lock",
        "classics/reorder/no_lock",
        "classics/wronglock/data_lock",
        "classics/wronglock/other_lock",
        "classics/philosophers/lower_first",
        "classics/philosophers/left_first",
    ];
    for name in wanted {
        assert!(found.contains(name), "{name} is not listed");
    }
}

#[test]
fn check_meets_every_expectation_and_writes_its_json_and_its_tables() {
    let folder = tempfile::tempdir().unwrap();
    let (file, tables) = (folder.path().join("out.json"), folder.path().join("out.md"));
    let output = raddle(&["check", "--json", file.to_str().unwrap(), "--markdown", tables.to_str().unwrap()]);
    assert_eq!(code(&output), 0, "{}{}", stdout(&output), stderr(&output));
    let checks = 4 * raddle_scenarios::CATALOGUE.patterns().map(|pattern| pattern.variants.len()).sum::<usize>();
    let met = format!("{checks} of {checks} expectations met");
    assert!(stdout(&output).contains(&met), "{}", stdout(&output));
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).expect("JSON");
    assert_eq!(report["schema"], 2);
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.len(), checks);
    for result in results {
        assert_eq!(result["met"], true, "{result}");
        assert_eq!(result["expected"], result["verdict"], "{result}");
        assert!(result["executions"].as_u64().unwrap() > 0 && result["millis"].is_u64(), "{result}");
        let searched = match result["engine"].as_str() {
            Some("loom") => "explored",
            Some("exhaustive") => "every",
            _ => "sampled",
        };
        let holds = result["expected"] == "holds";
        assert!(!holds || result["coverage"]["kind"] == searched, "{result}");
    }
    coverage::is_committed(&std::fs::read_to_string(&tables).unwrap());
}

#[test]
fn check_says_what_a_sampler_guarantees_and_which_member_of_a_portfolio_found_the_bug() {
    let output = raddle(&["check", "locks/mutex/unguarded", "--engine", "shuttle-pct", "--engine", "portfolio"]);
    let text = stdout(&output);
    let guarantees = text.lines().filter(|line| line.contains("probability of at least 1/(n k^2)"));
    assert_eq!(guarantees.count(), 1, "{text}");
    assert!(text.contains("; portfolio (shuttle-"), "{text}");
}

#[test]
fn trace_shows_a_deadlock_with_its_names_and_cycle() {
    let output = raddle(&["trace", "locks/lock_order/opposite_orders"]);
    assert_eq!(code(&output), 0);
    let text = stdout(&output);
    for word in
        ["teller", "auditor", "accounts", "journal", "a cycle of 2", "── preempts teller ──", "lock journal … :"]
    {
        assert!(text.contains(word), "`{word}` is missing in:\n{text}");
    }
    let holds = |line: &&str| line.contains(" holds ") && line.contains(" wants ") && line.matches("(:").count() == 2;
    assert_eq!(text.lines().filter(holds).count(), 2, "two edges, each with two lines:\n{text}");
}

#[test]
fn trace_shows_the_two_reads_of_one_value() {
    let text = stdout(&raddle(&["trace", "locks/mutex/split_lock"]));
    assert_eq!(text.matches("load counter = 0").count(), 2, "{text}");
    assert_eq!(text.matches("store counter = 1").count(), 2, "{text}");
}

#[test]
fn trace_as_json_has_every_event() {
    let output = raddle(&["trace", "locks/mutex/unguarded", "--engine", "shuttle", "--format", "json"]);
    let trace: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(trace["schema"], 1);
    assert_eq!(trace["verdict"]["kind"], "assertion");
    assert_eq!(trace["trace"]["tasks"][0], "main");
    assert!(trace["trace"]["events"].as_array().unwrap().len() > 8);
}

#[test]
fn every_format_goes_to_stdout_or_to_a_file_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for (format, begins) in [
        ("text", "✗ "),
        ("json", "{"),
        ("mermaid", "sequenceDiagram"),
        ("perfetto", "{\"displayTimeUnit\""),
        ("html", "<!DOCTYPE html>"),
    ] {
        let file = folder.path().join(format);
        // A document is the same in colours and in ASCII; text in a file has no colours.
        let (on_stdout, in_a_file): (&[&str], &[&str]) =
            if format == "text" { (&[], &["--color", "always"]) } else { (&["--ascii"], &[]) };
        let arguments = ["trace", "locks/condvar/flag_outside_lock", "--format", format];
        let printed = raddle(&[&arguments[..], on_stdout].concat());
        let written = raddle(&[&arguments[..], in_a_file, &["-o", file.to_str().unwrap()]].concat());
        assert_eq!((code(&printed), code(&written)), (0, 0), "{}", stderr(&written));
        assert_eq!(stdout(&written), "");
        assert_eq!(stdout(&printed), std::fs::read_to_string(&file).unwrap(), "{format}");
        assert!(stdout(&printed).starts_with(begins), "{format}: {}", stdout(&printed));
    }
    refused(
        &["trace", "locks/mutex/split_lock", "-o", "/nowhere/out.html", "--format", "html"],
        &["/nowhere/out.html"],
    );
}

#[test]
fn a_document_on_stdout_has_nothing_beside_it() {
    let file = "fixtures/locks/lock_order/opposite_orders.json";
    let output = raddle(&["replay", file, "--format", "json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON and nothing else");
    assert_eq!(document["header"]["record"], file);
    assert!(stderr(&output).contains("reproduced under"), "{}", stderr(&output));
    let nothing = raddle(&["trace", "locks/mutex/held_lock", "--format", "html"]);
    assert_eq!((code(&nothing), stdout(&nothing).as_str()), (0, ""));
    assert!(stderr(&nothing).contains("there is nothing to trace"), "{}", stderr(&nothing));
}

#[test]
fn schema_prints_what_is_committed() {
    let file = |name: &str| std::fs::read_to_string(root().join(format!("checks/schema/{name}.schema.json"))).unwrap();
    assert_eq!(stdout(&raddle(&["schema"])), file("counterexample"));
    for name in ["counterexample", "record"] {
        assert_eq!(stdout(&raddle(&["schema", name])), file(name));
    }
    refused(&["schema", "recrod"], &["recrod", "record"]);
}

#[test]
fn ascii_has_no_other_characters_and_colour_no_escapes() {
    let output = raddle(&["trace", "locks/lock_order/opposite_orders", "--ascii"]);
    assert!(output.stdout.is_ascii(), "{}", stdout(&output));
    assert!(!stdout(&output).contains('\u{1b}'));
    let coloured = raddle(&["trace", "locks/lock_order/opposite_orders", "--color", "always"]);
    assert!(stdout(&coloured).contains("\u{1b}["));
    let table = raddle(&["check", "locks/mutex", "--quiet", "--ascii"]);
    assert!(table.stdout.is_ascii(), "{}", stdout(&table));
}

/// The lanes give way to the terminal's width; where there is no room for lanes, one column has it all.
#[test]
fn a_trace_fits_the_width() {
    for width in [40, 60, 80, 100, 200] {
        for view in [&["--width", &width.to_string()][..], &["--full", "--width", &width.to_string()]] {
            let arguments = [&["trace", "locks/condvar/one_signal_two_roles"], view].concat();
            let text = stdout(&raddle(&arguments));
            let lanes = text.lines().skip_while(|line| !line.is_empty()).skip(1).take_while(|line| !line.is_empty());
            let lanes: Vec<&str> = lanes.collect();
            let widest = lanes.iter().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(lanes.len() > 8 && widest <= width, "{arguments:?}: {widest} columns\n{text}");
        }
    }
}

#[test]
fn the_full_view_quotes_the_sources_and_underlines_the_operations() {
    let full = ["trace", "locks/lock_order/opposite_orders", "--full"];
    let text = stdout(&raddle(&full));
    for word in [
        "scenarios/src/locks/lock_order.rs:76:",
        "let accounts = bank.accounts.lock().unwrap();",
        "━━━━ 5: teller locks accounts",
        "schedule    main×3 teller×2 auditor×2",
        "as found ",
    ] {
        assert!(text.contains(word), "`{word}` is missing in:\n{text}");
    }
    // The operation itself is underlined: the marks stand below the word.
    let lines: Vec<&str> = text.lines().collect();
    let quoted = lines.iter().position(|line| line.contains("bank.journal.lock()")).expect("the other lock is quoted");
    let column = |line: &str, what: &str| line.find(what).map(|at| line[..at].chars().count());
    assert_eq!(column(lines[quoted], "lock()"), column(lines[quoted + 1], "━━━━"), "{text}");
    let ascii = raddle(&[&full[..], &["--ascii"]].concat());
    assert!(ascii.stdout.is_ascii() && stdout(&ascii).contains("^^^^"), "{}", stdout(&ascii));
    let coloured = stdout(&raddle(&[&full[..], &["--color", "always"]].concat()));
    assert!(coloured.matches("\u{1b}[").count() > 20, "{coloured}");
}

#[test]
fn measure_prints_a_distribution() {
    let text = stdout(&raddle(&["measure", "shrinking", "locks/mutex", "--cases", "9"]));
    for word in ["locks/mutex/split_lock", "9 of 9 fail as before", "9 with no more preemptions", "9 certified"] {
        assert!(text.contains(word), "`{word}` is missing in:\n{text}");
    }
    let json = stdout(&raddle(&["measure", "shrinking", "locks/mutex", "--cases", "3", "--json"]));
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["cases"].as_array().unwrap().len(), 3);
    refused(&["measure", "shrinking", "locks/mutx"], &["`locks/mutex`"]);
}

/// Two engines run this one at two sizes: what is kept is of the smaller.
#[test]
fn record_keeps_one_counterexample_of_a_variant() {
    let folder = tempfile::tempdir().unwrap();
    let output = raddle(&["record", "classics/carter01", "--out", folder.path().to_str().unwrap()]);
    assert_eq!((code(&output), stdout(&output).lines().count()), (0, 1), "{}", stdout(&output));
    let file = "classics/carter01/one_switch.json";
    let read = |folder: &std::path::Path| std::fs::read_to_string(folder.join(file)).unwrap();
    assert_eq!(read(folder.path()), read(&root().join("fixtures")));
}

#[test]
fn replay_says_which_source_has_changed_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join("fixtures/locks/lock_order/opposite_orders.json")).unwrap();
    let file = folder.path().join("edited.json");
    // As if the program had done something else when this was recorded.
    let other =
        text.replace("teller lock accounts", "teller lock drawer").replace("main×3 teller×2", "main×3 teller×3");
    let hash = other.find("\"source_hash\": \"").unwrap() + 16;
    std::fs::write(&file, format!("{}0000{}", &other[..hash], &other[hash + 4..])).unwrap();
    let file = file.to_str().unwrap();
    let words = [file, "step 5: expected `teller lock drawer`, but it is `teller lock accounts`"];
    let enabled = "able to go on: teller (lock accounts), auditor (start)";
    let source = "scenarios/src/locks/lock_order.rs has changed";
    refused(&["replay", file], &[&words[..], &[enabled, source, "raddle replay --update"]].concat());
    assert_eq!(code(&raddle(&["replay", "--update", file])), 0);
    assert_eq!(code(&raddle(&["replay", file])), 0, "and it fits again");
}

#[test]
fn show_has_the_lesson_and_both_sources() {
    let text = stdout(&raddle(&["show", "locks/mutex"]));
    for word in ["What goes wrong", "In Python", "fn held_lock", "fn split_lock", "// BUG:", "atomicity violation"] {
        assert!(text.contains(word), "`{word}` is missing in:\n{text}");
    }
}

/// Found while it is shown, and at the smallest parameters.
#[test]
fn show_draws_an_interleaving_for_every_bug() {
    for pattern in raddle_scenarios::CATALOGUE.patterns() {
        let text = stdout(&raddle(&["show", pattern.name]));
        for buggy in pattern.variants.iter().filter(|variant| !variant.is_correct()) {
            let (_, rest) = text.split_once(&format!("✗ {}\n", buggy.name)).unwrap_or_else(|| panic!("{text}"));
            let lesson = rest.split("✗ ").next().unwrap();
            let place = format!("{}, {}:\n{lesson}", pattern.name, buggy.name);
            let (_, drawn) = lesson.split_once("\n  why: ").unwrap_or_else(|| panic!("no reason in {place}"));
            let is_step = |line: &str| line.trim_start_matches([' ', '•']).starts_with(|c: char| c.is_ascii_digit());
            assert!(drawn.lines().any(is_step), "no step in {place}");
            assert!(lesson.contains("// BUG: "), "no source in {place}");
            if let Some((parameters, _)) = buggy.declared_smallest() {
                assert!(drawn.contains(&format!("\n  at:  {parameters}\n")), "not at `{parameters}` in {place}");
            }
        }
    }
}

#[test]
fn replay_reproduces_a_record_under_either_engine() {
    let file = "fixtures/locks/lock_order/opposite_orders.json";
    for engine in ["loom", "shuttle"] {
        let output = raddle(&["replay", file, "--engine", engine]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        assert!(stdout(&output).contains(&format!("reproduced under {engine}")), "{}", stdout(&output));
    }
}

#[test]
fn help_teaches() {
    for arguments in [&["--help"][..], &["check", "--help"], &["replay", "--help"], &["stress", "--help"]] {
        let output = raddle(arguments);
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains("Usage:"), "{arguments:?}");
    }
    let help = stdout(&raddle(&["--help"]));
    assert!(help.contains("Exit codes: 0"));
    assert!(help.contains("\n  stress ") && !help.contains("stress-child"), "{help}");
}

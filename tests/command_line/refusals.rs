//! Input that is refused: exit code 2, an error that names it, and nothing printed or written.

use super::{raddle, refused};
use raddle_tests::{root, stderr};
use std::fs::File;
use std::path::Path;

#[test]
fn unknown_names_get_the_nearest_ones() {
    refused(&["check", "locks/mutx"], &["no pattern `locks/mutx`", "`locks/mutex`"]);
    refused(&["show", "lock/mutex"], &["no pattern", "`locks/mutex`"]);
    refused(&["trace", "locks/mutex/splitlock"], &["no variant", "`locks/mutex/split_lock`"]);
    refused(&["trace", "locks/mutex"], &["no variant `locks/mutex`"]);
    refused(&["check", "--engine", "lomm"], &["lomm", "loom"]);
    refused(&["check", "--jobs", "0"], &["--jobs"]);
    refused(&["stress", "locks/mutex/splitlock"], &["no variant", "`locks/mutex/split_lock`"]);
    refused(&["stress", "locks/mutex"], &["no variant `locks/mutex`"]);
    refused(&["stress", "locks/mutex/unguarded", "--runs", "0"], &["--runs"]);
    refused(&["stress", "locks/mutex/unguarded", "--deadline", "soon"], &["--deadline", "soon"]);
    refused(&["chekc"], &["chekc", "check"]);
    refused(&["check", "qqqqqq"], &["raddle list"]);
    refused(&["check", "\u{1b}[31mred"], &["\\u{1b}"]);
}

#[test]
fn bad_records_are_named_with_what_is_wrong() {
    let bad = |name: &str, words: &[&str]| {
        let file = format!("fixtures/bad/{name}.json");
        let before = std::fs::read(root().join(&file)).unwrap();
        let words: Vec<&str> = words.iter().copied().chain([file.as_str()]).collect();
        refused(&["replay", &file], &words);
        assert_eq!(before, std::fs::read(root().join(&file)).unwrap(), "{file} was written to");
    };
    bad("truncated", &["line ", "damaged"]);
    bad("too_old", &["schema 1", "too old", "make bless"]);
    bad("too_new", &["schema 3", "too new", "update raddle"]);
    bad("no_engine", &["no engine", "`found`"]);
    bad("other_pattern", &["no variant", "locks/lock_ordr/opposite_orders", "`locks/lock_order/opposite_orders`"]);
    bad("other_variant", &["no variant", "`locks/lock_order/opposite_orders`"]);
    bad("impossible_step", &["step 4", "`main` to go on", "waits: join teller"]);
    bad("past_the_end", &["step 8", "`auditor` to go on", "is over"]);
    bad("unknown_task", &["step 4", "`tellr`", "no such task", "main, teller, auditor"]);
    bad("finished_task", &["step ", "`teller` has finished"]);
    bad("bad_count", &["schedule", "`three` is not a number"]);
    bad("unknown_field", &["unknown field `colour`"]);
    bad("unknown_engine", &["no engine `lomm`", "loom, exhaustive, shuttle"]);
    bad("no_object", &["damaged"]);
    refused(&["replay", "fixtures/bad/not_there.json"], &["not_there.json"]);
}

/// Each is refused with a line or two, whatever it holds.
#[test]
fn hostile_records_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let replay_is_refused = |file: &Path, words: &[&str]| {
        let file = file.to_str().unwrap();
        refused(&["replay", file], &[words, &[file]].concat());
        let error = stderr(&raddle(&["replay", file]));
        assert!(error.len() < 1_000, "{} bytes of error", error.len());
    };
    let file = folder.path().join("hostile.json");
    let bad = |bytes: &[u8], words: &[&str]| {
        std::fs::write(&file, bytes).unwrap();
        replay_is_refused(&file, words);
    };
    let good = std::fs::read_to_string(root().join("fixtures/locks/lock_order/opposite_orders.json")).unwrap();
    let instead = |old: &str, new: &str| {
        assert!(good.contains(old), "the record has no `{old}`");
        good.replacen(old, new, 1)
    };
    let long = "x".repeat(10_000_000);
    bad(b"", &["line 1, column 0", "damaged"]);
    bad(b"{\"schema\": \xff}", &["line 1, column 12: this is not UTF-8", "damaged"]);
    bad("\0".repeat(1_000).as_bytes(), &["line 1, column 1", "damaged"]);
    bad("[".repeat(100_000).as_bytes(), &["line 1, ", "damaged"]);
    let deep = format!("\"verdict\": {{\"what\": {}{},", "[".repeat(100_000), "]".repeat(100_000));
    bad(instead("\"verdict\": {", &deep).as_bytes(), &["recursion limit exceeded", "damaged"]);
    let schedule = |new: &str| instead("main×3 teller×2 auditor×2", new);
    bad(schedule("main×99999999999999999999").as_bytes(), &["is not a number of steps"]);
    bad(schedule("main main×18446744073709551615").as_bytes(), &["more than 1000000 steps"]);
    bad(schedule(&"main×9999999 ".repeat(1_000)).as_bytes(), &["more than 1000000 steps"]);
    bad(schedule(&format!("{long}×1000000")).as_bytes(), &["more than 64 MiB"]);
    bad(schedule(&format!("main×2 {long}")).as_bytes(), &["step 3", "no such task"]);
    let operation = schedule("main×2 nobody").replacen("main spawn teller", &long, 1);
    bad(operation.as_bytes(), &["step 2: expected `xxx"]);
    bad(instead("opposite_orders", &long).as_bytes(), &["no variant `locks/lock_order/xxx", "raddle list"]);
    let huge = folder.path().join("huge.json");
    File::create(&huge).unwrap().set_len(200_000_000).unwrap();
    replay_is_refused(&huge, &["200000000 bytes are more than", "check the path"]);
    replay_is_refused(folder.path(), &[]);
    #[cfg(unix)]
    replay_is_refused(Path::new("/dev/zero"), &["bytes are more than"]);
}

#[test]
fn output_that_cannot_be_written_is_refused_before_anything_runs() {
    refused(&["check", "--json", "/nowhere/out.json"], &["/nowhere/out.json"]);
    refused(&["check", "--json", "."], &["."]);
    refused(&["check", "--markdown", "/nowhere/out.md"], &["/nowhere/out.md"]);
    refused(&["check", "--markdown", "."], &["."]);
    refused(&["check", "--markdown", "-", "--json", "-"], &["stdout takes one document", "--json", "--markdown"]);
}

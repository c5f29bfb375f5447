//! Files that nobody would write by accident: huge, endless, deep, or with contents made to hurt.

use super::is_record_or_refused;
use raddle::{RECORD_BYTES_MAX, Record, RecordError, SCHEMA};
use raddle_tests::root;
use std::fs::File;
use std::path::Path;

fn good_record() -> String {
    std::fs::read_to_string(root().join("fixtures/locks/lock_order/opposite_orders.json")).unwrap()
}

/// A good record, with `value` in the place of the value of `field`.
fn with(field: &str, value: &str) -> String {
    let mut text = good_record();
    let key = format!("\n  \"{field}\": ");
    let start = text.find(&key).expect("a field that records have") + key.len();
    let length = [",\n  \"", "\n}"].iter().filter_map(|end| text[start..].find(end)).min().expect("the field's end");
    text.replace_range(start..start + length, value);
    text
}

/// What is wrong with a file of these bytes, which is refused by an error that names it.
#[track_caller]
fn refused(bytes: &[u8]) -> RecordError {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hostile.json");
    std::fs::write(&file, bytes).unwrap();
    assert!(!is_record_or_refused(&file).unwrap(), "the file was read");
    Record::read(&file).expect_err("a file that is refused")
}

#[test]
fn the_largest_record_is_read_and_a_byte_more_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("padded.json");
    let text = good_record();
    let padding = usize::try_from(RECORD_BYTES_MAX).unwrap() - text.len();
    std::fs::write(&file, text.clone() + &" ".repeat(padding)).unwrap();
    assert!(Record::read(&file).is_ok());
    std::fs::write(&file, text + &" ".repeat(padding + 1)).unwrap();
    let error = Record::read(&file).expect_err("a byte more");
    assert!(matches!(error, RecordError::TooLarge { size, .. } if size == RECORD_BYTES_MAX + 1), "{error}");
}

/// The error gives the whole size, which only the metadata can tell: nothing was read.
#[test]
fn a_huge_file_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for size in [100 << 20, 1 << 40] {
        let path = folder.path().join(format!("{size}.json"));
        // Only a hole: it takes no room on the disk.
        if let Err(error) = File::create(&path).unwrap().set_len(size) {
            assert!(size > 100 << 20, "{error}");
            continue;
        }
        let error = Record::read(&path).expect_err("a huge file");
        assert!(matches!(&error, RecordError::TooLarge { size: found, .. } if *found == size), "{error}");
        assert!(
            error.to_string().contains(&format!("{size}.json: {size} bytes are more than the 16777216")),
            "{error}"
        );
    }
}

/// It says that it is empty, and never ends.
#[cfg(unix)]
#[test]
fn a_device_is_read_no_further_than_a_record_goes() {
    let error = Record::read(Path::new("/dev/zero")).expect_err("no end of zeros");
    assert!(matches!(error, RecordError::TooLarge { size, .. } if size == RECORD_BYTES_MAX + 1), "{error}");
}

#[test]
fn a_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = Record::read(folder.path()).expect_err("a folder");
    assert!(matches!(error, RecordError::Io { .. }), "{error}");
    assert!(error.to_string().starts_with(&folder.path().display().to_string()), "{error}");
}

#[test]
fn what_is_not_utf_8_is_told_with_its_place() {
    let check = |bytes: &[u8], place: &str| {
        let message = refused(bytes).to_string();
        let wanted = format!("{place}: this is not UTF-8; the file is damaged");
        assert!(message.contains(&wanted), "`{wanted}` is missing in: {message}");
    };
    check(b"\xff", "line 1, column 1");
    check(b"{\n  \"schema\": \xc3\x28", "line 2, column 13");
    check(b"{}\n\xe2\x82", "line 2, column 1");
    check(b"\xff\xfe{\0}\0", "line 1, column 1");
}

#[test]
fn a_deeply_nested_file_is_refused() {
    let check = |text: &str, word: &str| {
        let message = refused(text.as_bytes()).to_string();
        assert!(message.contains(word), "`{word}` is missing in: {message}");
        assert!(message.contains(": line ") && message.contains("the file is damaged"), "{message}");
    };
    let deep = 100_000;
    let [list, object] = [["[", "]"], ["{\"kind\":", "}"]].map(|[open, close]| {
        let open = open.repeat(deep);
        (open.clone(), format!("{open}0{}", close.repeat(deep)))
    });
    for (open, closed) in [&list, &object] {
        check(open, "damaged");
        check(closed, "damaged");
        // Who has the field, a name or a number, takes no list and no object, however deep.
        check(&with("variant", closed), "invalid type");
        check(&with("answers", closed), "invalid type");
        check(&with("schema", closed), "invalid type");
        check(&with("pattern", &format!("0, \"colour\": {closed}")), "invalid type");
        check(&with("verdict", open), "line");
    }
    // A verdict is kept whole until its kind is known.
    check(&with("verdict", &format!("{{\"what\": {}}}", list.1)), "recursion limit exceeded");
    check(&with("verdict", &format!("{{\"what\": {}}}", object.1)), "recursion limit exceeded");
    let unknown_field = with("fewest", &format!("true, \"colour\": {}", list.1));
    check(&unknown_field, "unknown field `colour`");
}

#[test]
fn hostile_contents_are_refused() {
    let check = |text: &str, words: &[&str]| {
        let message = refused(text.as_bytes()).to_string();
        for word in words {
            assert!(message.contains(word), "`{word}` is missing in: {message}");
        }
    };
    let long = "x".repeat(1_000_000);
    check("", &["line 1, column 0", "damaged"]);
    check("\0", &["line 1, column 1", "damaged"]);
    check(&"\0".repeat(1_000_000), &["line 1, column 1", "damaged"]);
    check(&with("variant", "\"\0\""), &["control character", "damaged"]);
    check(&with("schedule", "\"main×99999999999999999999\""), &["schedule: ", "is not a number of steps"]);
    check(&with("schedule", "\"main×9999999 main×9999999\""), &["schedule: ", "more than 1000000 steps"]);
    check(&with("schedule", &format!("\"{long}×1000000\"")), &["schedule: ", "more than 64 MiB"]);
    check(
        &with("found", &format!("[{{\"engine\": \"{long}\"}}]")),
        &["no engine `xxx", "loom, exhaustive, shuttle", "damaged"],
    );
    check(&with("preemptions", &format!("\"{long}\"")), &["invalid type", "damaged"]);
    check(&with("fewest", &format!("true, \"{long}\": 1")), &["unknown field `xxx", "`verdict`", "damaged"]);
    check(&with("fewest", "true, \"fewest\": true"), &["duplicate field `fewest`"]);
    check(&with("schema", "18446744073709551615"), &["schema 18446744073709551615 is too new"]);
    check(&with("schema", "18446744073709551616"), &["line 2, ", "damaged"]);
    check(&with("schema", "-1"), &["damaged"]);
}

/// serde takes a struct's fields from a list too, which has no names by which the schema could be told.
#[test]
fn a_list_is_no_record() {
    let record = good_record();
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&record).unwrap();
    let mut fields: Vec<(String, serde_json::Value)> = object.into_iter().collect();
    fields.sort_by_key(|(name, _)| record.find(&format!("\n  \"{name}\": ")));
    let mut list: Vec<serde_json::Value> = fields.into_iter().map(|(_, value)| value).collect();
    let in_order = serde_json::to_string(&list).unwrap();
    list[0] = 4000.into();
    for text in ["[]", &format!("[{SCHEMA}]"), &in_order, &serde_json::to_string(&list).unwrap()] {
        assert!(matches!(refused(text.as_bytes()), RecordError::Damaged { .. }), "{text}");
    }
}

/// What could not be read back is not written.
#[test]
fn a_record_too_large_to_be_read_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.json");
    let check = |schedule: String, word: &str| {
        let (mut record, _) = Record::parse(&good_record(), &file).unwrap();
        record.schedule = schedule;
        let error = record.write(&file).expect_err("a record that can't be read back").to_string();
        assert!(error.contains(word) && error.contains("large.json"), "{error}");
        assert!(!file.exists());
    };
    check("main×1000001".to_owned(), "more than 1000000 steps");
    check("main ".repeat(4_000_000), "bytes are more than");
}

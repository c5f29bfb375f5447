//! Schedules and records from anywhere: hostile, damaged or huge, each is read or refused, and nothing panics.
//!
//! The cases are drawn from a fixed seed, the same on every machine. `fuzz/` looks further.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use raddle::{RECORD_BYTES_MAX, Record, RecordError, SCHEMA, Schedule};
use raddle_tests::{files, root};
use std::cell::Cell;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// An error is a message, not a copy of the file.
const MESSAGE_CHARS_MAX: usize = 700;

/// `property` holds for `cases` values of `strategy`.
#[track_caller]
fn check<S: Strategy>(cases: u32, strategy: S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&strategy, property).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Every record in `fixtures/`, the bad ones too.
fn records() -> Vec<String> {
    let is_record = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    let texts: Vec<String> = files(&root().join("fixtures"))
        .into_iter()
        .filter(is_record)
        .map(|path| std::fs::read_to_string(path).expect("a fixture"))
        .collect();
    assert!(texts.len() >= 20, "only {} records", texts.len());
    texts
}

// Schedules.

fn steps(names: &[&str]) -> Schedule {
    Schedule { steps: names.iter().map(|name| (*name).to_owned()).collect(), ..Schedule::default() }
}

/// The text is read, or refused in a few words; what was read is printed and read again as it was.
fn is_read_or_refused(text: &str) -> Result<Option<Schedule>, TestCaseError> {
    match text.parse::<Schedule>() {
        Ok(schedule) => {
            prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule.clone()));
            Ok(Some(schedule))
        }
        Err(message) => {
            prop_assert!(!message.is_empty() && message.chars().count() < MESSAGE_CHARS_MAX, "{}", message);
            Ok(None)
        }
    }
}

/// Texts made of what schedules are made of.
fn schedule_text() -> impl Strategy<Value = String> {
    let pieces = "main|main|×|×|*| | | |\n|0|2|17|3000|+1|-1|99999999999999999999|18446744073709551615|naïve|{|\\|\
        \"odd name\"|\"\"|\"|\"\\ud800\"|\"\\n\"|\0|\u{1b}[31m|\u{2003}|\u{feff}";
    let pieces: Vec<&str> = pieces.split('|').collect();
    vec(select(pieces), 0..16).prop_map(|pieces| pieces.concat())
}

#[test]
fn any_text_is_a_schedule_or_refused() {
    check(2_000, any::<String>(), |text| is_read_or_refused(&text).map(drop));
    let read = Cell::new(0);
    check(2_000, schedule_text(), |text| {
        read.set(read.get() + usize::from(is_read_or_refused(&text)?.is_some()));
        Ok(())
    });
    assert!((100..1_900).contains(&read.get()), "{} of 2000 were schedules: one side is hardly tested", read.get());
}

#[test]
fn a_printed_schedule_is_read_as_it_was() {
    let name = prop_oneof![any::<String>(), "[a-c ×*\"\\\\\0-\u{1f}\u{7f}\u{85}\u{a0}\u{2028}\u{feff}😀]{0,4}"];
    let runs = vec((name, 1..4_usize), 0..12);
    check(2_000, runs, |runs| {
        let names = runs.iter().flat_map(|(name, count)| std::iter::repeat_n(name.as_str(), *count));
        let schedule = steps(&names.collect::<Vec<_>>());
        prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule));
        Ok(())
    });
}

#[test]
fn runs_are_written_as_people_write_them() {
    let check = |text: &str, names: &[&str]| assert_eq!(text.parse::<Schedule>(), Ok(steps(names)), "{text}");
    check("", &[]);
    check(" main×3  teller\n", &["main", "main", "main", "teller"]);
    check("main*2 main", &["main", "main", "main"]);
    check("\"odd name\"×2 \"\"", &["odd name", "odd name", ""]);
}

#[test]
fn hostile_schedules_are_refused() {
    let check = |text: &str, word: &str| {
        let message = text.parse::<Schedule>().expect_err("a schedule that is refused");
        assert!(message.contains(word), "`{word}` is missing in: {message}");
        let length = message.chars().count();
        assert!(length < MESSAGE_CHARS_MAX, "a message of {length} characters");
    };
    let long = "x".repeat(1_000_000);
    check("main×99999999999999999999", "`99999999999999999999` is not a number of steps (after `main`)");
    check("main×0", "`0` is not a number");
    check("main×", "`` is not a number");
    check(&format!("main×{}", "9".repeat(1_000_000)), "is not a number of steps");
    check("main main×18446744073709551615", "more than 1000000 steps");
    check("main×1000001", "more than 1000000 steps");
    check(&"main×9999999 ".repeat(1_000), "more than 1000000 steps");
    check(&"main×600000 ".repeat(2), "more than 1000000 steps");
    check(&"m ".repeat(1_000_001), "more than 1000000 steps");
    // A megabyte for each of a million steps would be a terabyte.
    check(&format!("{long}×1000000"), "more than 64 MiB");
    check(&format!("{long}×40 {long}×40"), "more than 64 MiB");
    check(&format!("{long}×nine"), "`nine` is not a number");
    check(&format!("\"{long}"), "an unfinished quote");
    check(&format!("\"main\"{long}"), "is not `×` and a number");
    check(&format!("×{long}"), "name is missing");
}

// Records.

/// The file is read, or refused by an error of a few words that names it; what was read is written and read again as
/// it was.
fn is_record_or_refused(file: &Path) -> Result<bool, TestCaseError> {
    match Record::read(file) {
        Ok((record, schedule)) => {
            prop_assert_eq!(record.schema, SCHEMA);
            prop_assert!(!record.verdict.to_string().is_empty());
            prop_assert_eq!(&schedule.answers, &record.answers);
            let copy = file.with_extension("copy");
            prop_assert!(record.write(&copy).is_ok(), "could not be written again");
            prop_assert_eq!(Record::read(&copy).ok(), Some((record, schedule)));
            Ok(true)
        }
        Err(error) => {
            let message = error.to_string();
            let name = file.display().to_string();
            prop_assert!(message.starts_with(&name), "{} is not named: {}", name, message);
            prop_assert!(message.chars().count() < name.len() + MESSAGE_CHARS_MAX, "{}", message);
            Ok(false)
        }
    }
}

/// Where the tokens of a JSON text are; a damaged one has some too.
fn tokens(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let length = match bytes[at] {
            b'"' => {
                let mut end = at + 1;
                while end < bytes.len() && bytes[end] != b'"' {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                (end + 1).min(bytes.len()) - at
            }
            byte if is_word(&byte) => bytes[at..].iter().take_while(|byte| is_word(byte)).count(),
            _ => 1,
        };
        if !bytes[at].is_ascii_whitespace() {
            found.push(at..at + length);
        }
        at += length;
    }
    found
}

/// One thing that happens to a file.
#[derive(Clone, Debug)]
enum Damage {
    DeleteBytes(Index, usize),
    InsertBytes(Index, Vec<u8>),
    ReplaceByte(Index, u8),
    Truncate(Index),
    DeleteToken(Index),
    ReplaceToken(Index, String),
    /// Over one of the same kind, so that what comes of it is still JSON.
    CopyToken(Index, Index),
    ReplaceSchedule(String),
}

fn damage() -> impl Strategy<Value = Damage> {
    let hostile = r#"null true 0 -1 1e400 18446744073709551616 "" "\u0000" "main×3" "schema" "livelock" "leak" "shuttle" []
        {} [[[[]]]] {"kind":"leak","what":[]} , : { ]"#;
    let hostile: Vec<&str> = hostile.split_whitespace().collect();
    let any_index = any::<Index>;
    prop_oneof![
        1 => (any_index(), 1..40_usize).prop_map(|(at, length)| Damage::DeleteBytes(at, length)),
        1 => (any_index(), vec(any::<u8>(), 1..8)).prop_map(|(at, new)| Damage::InsertBytes(at, new)),
        1 => (any_index(), any::<u8>()).prop_map(|(at, new)| Damage::ReplaceByte(at, new)),
        1 => any_index().prop_map(Damage::Truncate),
        1 => any_index().prop_map(Damage::DeleteToken),
        1 => (any_index(), select(hostile)).prop_map(|(at, new)| Damage::ReplaceToken(at, new.to_owned())),
        6 => (any_index(), any_index()).prop_map(|(from, to)| Damage::CopyToken(from, to)),
        1 => schedule_text().prop_map(Damage::ReplaceSchedule),
    ]
}

impl Damage {
    fn done_to(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let tokens = tokens(&bytes);
        let token = |index: &Index| if tokens.is_empty() { 0..0 } else { index.get(&tokens).clone() };
        match self {
            Damage::DeleteBytes(at, length) => {
                let start = at.index(bytes.len() + 1);
                let end = bytes.len().min(start + length);
                bytes.drain(start..end);
            }
            Damage::InsertBytes(at, new) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, new.iter().copied());
            }
            Damage::ReplaceByte(at, new) if !bytes.is_empty() => *at.get_mut(&mut bytes) = *new,
            Damage::ReplaceByte(..) => {}
            Damage::Truncate(at) => bytes.truncate(at.index(bytes.len() + 1)),
            Damage::DeleteToken(at) => drop(bytes.drain(token(at))),
            Damage::ReplaceToken(at, new) => drop(bytes.splice(token(at), new.bytes())),
            Damage::CopyToken(from, to) => {
                let copy = token(from);
                let kind = |token: &Range<usize>| {
                    let is_key = bytes.get(token.end) == Some(&b':');
                    bytes.get(token.start).map(|first| (*first == b'"', first.is_ascii_digit(), is_key))
                };
                let alike: Vec<_> = tokens.iter().filter(|token| kind(token) == kind(&copy)).collect();
                if !alike.is_empty() {
                    let (to, copy) = ((*to.get(&alike)).clone(), bytes[copy].to_vec());
                    bytes.splice(to, copy);
                }
            }
            Damage::ReplaceSchedule(schedule) => {
                let quoted = format!("{schedule:?}");
                let key = tokens.iter().position(|token| &bytes[token.clone()] == b"\"schedule\"");
                if let Some(value) = key.and_then(|key| tokens.get(key + 2)) {
                    bytes.splice(value.clone(), quoted.bytes());
                }
            }
        }
        bytes
    }
}

#[test]
fn any_text_is_a_record_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("any.json");
    check(1_000, vec(any::<u8>(), 0..64), |bytes| {
        std::fs::write(&file, bytes).unwrap();
        is_record_or_refused(&file).map(drop)
    });
}

#[test]
fn a_damaged_record_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("damaged.json");
    let read = Cell::new(0);
    let damages = vec(damage(), 1..4);
    check(2_000, (select(records()), damages), |(text, damages)| {
        let bytes = damages.iter().fold(text.into_bytes(), |bytes, damage| damage.done_to(bytes));
        std::fs::write(&file, bytes).unwrap();
        read.set(read.get() + usize::from(is_record_or_refused(&file)?));
        Ok(())
    });
    assert!((100..1_900).contains(&read.get()), "{} of 2000 were read: one side is hardly tested", read.get());
}

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
    check(&with("found", &format!("[{{\"engine\": \"{long}\"}}]")), &["no engine `xxx", "loom, shuttle", "damaged"]);
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

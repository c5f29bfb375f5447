//! Schedules and records from anywhere: hostile, damaged or huge, each is read or refused, and nothing panics.
//!
//! The cases are drawn from a fixed seed, the same on every machine. `fuzz/` looks further.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use raddle::{Record, SCHEMA, Schedule};
use std::cell::Cell;
use std::ops::Range;
use std::path::Path;

mod hostile;

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
    let texts: Vec<String> =
        raddle_tests::records(true).into_iter().map(|path| std::fs::read_to_string(path).expect("a fixture")).collect();
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

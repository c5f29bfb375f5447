//! The forms that a counterexample is written in: drawn as they were, the same every time, of the form that each asks
//! for, and not to be broken out of by a name.
//!
//! `make bless` draws them anew.

#[path = "formats/checks.rs"]
mod checks;
#[path = "formats/programs.rs"]
mod programs;

use programs::{busy, hostile_header, racy};
use raddle::report::{Header, Words, html, json, mermaid, perfetto, schema};
use raddle::{Checker, Effort, Engine, Finder, Outcome, Pattern, Place, Study, Variant};
use raddle_scenarios::CATALOGUE;
use raddle_tests::{fixtures, root};
use serde_json::Value;
use std::collections::BTreeSet;

/// A form's name, how a counterexample is written in it, and what has to be so of all that is.
type Format = (&'static str, fn(Option<&Header>, &Study) -> String, fn(&str));

const FORMATS: [Format; 4] = [
    ("json", json::counterexample, checks::json),
    ("mermaid", mermaid::counterexample, checks::mermaid),
    ("perfetto", perfetto::counterexample, checks::perfetto),
    ("html", html::counterexample, checks::html),
];

/// One of each kind: a deadlock, a livelock, a wakeup that was missed, an assertion.
const DRAWN: [(&str, &str); 4] = [
    ("locks/lock_order", "opposite_orders"),
    ("locks/lock_order", "try_lock_retry"),
    ("locks/condvar", "flag_outside_lock"),
    ("locks/mutex", "split_lock"),
];

/// What the first engine that can see the bug finds, studied.
fn studied(pattern: &Pattern, variant: &Variant) -> (Header, Study) {
    pattern.source.register();
    let engine = Engine::DEFAULT.into_iter().find(|engine| variant.missed(*engine).is_none()).expect("an engine");
    let checker = variant.checker(engine);
    let Ok(Outcome::Fails(found)) = checker.run(variant.program(engine)) else {
        panic!("{}/{}: nothing was found", pattern.name, variant.name)
    };
    let study = checker.study(variant.program(engine), &found, Effort::default()).unwrap();
    let fixed = pattern.variants.iter().filter(|variant| variant.is_correct());
    let bug = pattern.source.text.lines().zip(2..).find_map(|(line, next)| {
        let text = line.trim_start().strip_prefix("// BUG: ")?.to_owned();
        Some(Words { text, at: Place { file: pattern.source.path.to_owned(), line: next, column: 1 } })
    });
    let header = Header {
        pattern: pattern.name.to_owned(),
        variant: variant.name.to_owned(),
        found: vec![Finder::new(engine, Checker::DEFAULT_SEED, found.execution)],
        record: None,
        fixed: fixed.map(|variant| variant.name.to_owned()).collect(),
        words: bug.into_iter().collect(),
    };
    (header, study)
}

fn by_name(pattern: &str, variant: &str) -> (Header, Study) {
    let pattern = CATALOGUE.patterns().find(|known| known.name == pattern).expect("a pattern of the catalogue");
    studied(pattern, pattern.variant(variant).expect("a variant of the pattern"))
}

/// The study of a program that fails however it is run.
fn study_of(program: fn()) -> Study {
    let checker = Checker::new().engine(Engine::shuttle());
    let Ok(Outcome::Fails(found)) = checker.run(program) else { panic!("nothing was found") };
    checker.study(program, &found, Effort::default()).unwrap()
}

#[test]
fn representative_counterexamples_are_drawn_as_they_were() {
    for (pattern, variant) in DRAWN {
        let (header, study) = by_name(pattern, variant);
        for (format, render, _) in FORMATS {
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(fixtures().join(pattern));
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            let drawn = render(Some(&header), &study);
            settings.bind(|| insta::assert_snapshot!(format!("{variant}.{format}"), drawn));
        }
    }
}

#[test]
fn every_bug_is_well_formed_in_every_format() {
    let validator = raddle_tests::Validator::new(&schema::counterexample());
    let mut buggy = 0;
    for pattern in CATALOGUE.patterns() {
        for variant in pattern.variants.iter().filter(|variant| !variant.is_correct()) {
            let (header, study) = studied(pattern, variant);
            for (_, render, check) in FORMATS {
                check(&render(Some(&header), &study));
                check(&render(None, &study));
            }
            let document = serde_json::from_str(&json::counterexample(Some(&header), &study)).expect("JSON");
            assert_eq!(validator.validate(&document), Ok(()), "{}/{}", pattern.name, variant.name);
            buggy += 1;
        }
    }
    assert!(buggy >= 14, "only {buggy} buggy variants");
}

#[test]
fn the_same_program_gives_the_same_bytes() {
    let [one, two] = [(), ()].map(|()| by_name("locks/condvar", "flag_outside_lock"));
    for (format, render, _) in FORMATS {
        let text = render(Some(&one.0), &one.1);
        assert_eq!(text, render(Some(&one.0), &one.1), "{format}, drawn twice");
        assert_eq!(text, render(Some(&two.0), &two.1), "{format}, of another run");
        assert!(!text.contains(root().to_str().unwrap()), "{format} has a path of this machine in it");
    }
}

#[test]
fn hostile_names_break_out_of_no_format() {
    let header = hostile_header();
    let validator = raddle_tests::Validator::new(&schema::counterexample());
    for program in [busy as fn(), racy] {
        let study = study_of(program);
        let names = study.counterexample.trace.tasks.join(" ");
        assert!(names.contains("</svg>") && names.contains("end"), "the names are not hostile: {names}");
        for (format, render, check) in FORMATS {
            let text = render(Some(&header), &study);
            check(&text);
            for c in ['\u{1b}', '\u{202e}', '\r'] {
                assert!(!text.contains(c), "{format} has a raw {c:?}");
            }
        }
        let document = serde_json::from_str(&json::counterexample(Some(&header), &study)).expect("JSON");
        assert_eq!(validator.validate(&document), Ok(()));
        let page = html::counterexample(Some(&header), &study);
        assert!(page.contains("&lt;/svg&gt;&lt;script&gt;"), "the hostile name is not there as text");
    }
}

#[test]
fn each_way_of_waking_is_a_flow() {
    let document: Value = serde_json::from_str(&perfetto::counterexample(None, &study_of(busy))).expect("JSON");
    let begins = |event: &&Value| event["ph"] == "s" && event["cat"] == "wake";
    let entries = document["traceEvents"].as_array().unwrap();
    let kinds: BTreeSet<&str> = entries.iter().filter(begins).map(|flow| flow["name"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["join", "message", "notify", "spawn", "unlock", "unpark"]));
    let tracks = entries.iter().filter(|entry| entry["name"] == "thread_name");
    let readers = tracks.filter(|track| track["args"]["name"].as_str().unwrap().starts_with("rwlock")).count();
    assert_eq!(readers, 2, "two tasks read at once: a track for each");
}

#[test]
fn the_committed_schemas_are_what_the_types_say() {
    for (name, now) in [("counterexample", schema::counterexample()), ("record", schema::record())] {
        let path = fixtures().with_file_name("checks").join(format!("schema/{name}.schema.json"));
        let committed = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(now, committed, "`make bless`, or: raddle schema {name} > {}", path.display());
        _ = raddle_tests::Validator::new(&committed);
    }
}

#[test]
fn every_record_is_of_its_schema() {
    let validator = raddle_tests::Validator::new(&schema::record());
    let mut seen = 0;
    for path in raddle_tests::records(false) {
        let text = std::fs::read_to_string(&path).unwrap();
        let record = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(validator.validate(&record), Ok(()), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 14, "only {seen} records");
}

#[test]
fn broken_documents_are_refused() {
    let (header, study) = by_name("locks/condvar", "flag_outside_lock");
    let whole: Value = serde_json::from_str(&json::counterexample(Some(&header), &study)).expect("JSON");
    let record = raddle::Record::new("a/b", "c", header.found.clone(), "0".into(), &study);
    let record: Value = serde_json::to_value(&record).unwrap();
    refuses_what_is_broken(&schema::counterexample(), &whole, &["none_within", "point_of_no_return", "header"]);
    refuses_what_is_broken(&schema::record(), &record, &[]);
    let mut more = record;
    more["colour"] = Value::from("red");
    assert!(raddle_tests::Validator::new(&schema::record()).validate(&more).is_err(), "a field that is not known");
}

/// Each field of `document` left out or of another type, another version, and another verdict: all are refused; fields
/// that may be null, if they are.
fn refuses_what_is_broken(schema: &str, document: &Value, nullable: &[&str]) {
    let validator = raddle_tests::Validator::new(schema);
    assert_eq!(validator.validate(document), Ok(()));
    let refused = |broken: &Value, why: &str| assert!(validator.validate(broken).is_err(), "{why} is let through");
    for key in document.as_object().unwrap().keys() {
        let mut broken = document.clone();
        broken[key] = Value::Null;
        assert_eq!(validator.validate(&broken).is_ok(), nullable.contains(&key.as_str()), "`{key}` as null");
        broken[key] = serde_json::json!([[["neither"]]]);
        refused(&broken, &format!("`{key}` of another type"));
        broken.as_object_mut().unwrap().remove(key);
        refused(&broken, &format!("a document without `{key}`"));
    }
    let mut other = document.clone();
    other["schema"] = Value::from(99);
    refused(&other, "another version");
    let mut other = document.clone();
    other["verdict"]["kind"] = Value::from("bad luck");
    refused(&other, "a verdict that there isn't");
}

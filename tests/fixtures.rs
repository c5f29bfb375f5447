//! The recorded counterexamples: each replays to its verdict, and is drawn as it was.
//!
//! `make bless` records and draws them anew.

use raddle::report::text::{Header, Style, counterexample};
use raddle::{Counterexample, Engine, Record};
use raddle_scenarios::CATALOGUE;
use raddle_tests::{files, root};
use std::path::{Path, PathBuf};

fn records() -> Vec<PathBuf> {
    let is_record = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    files(&root().join("fixtures"))
        .into_iter()
        .filter(is_record)
        .filter(|path| !path.iter().any(|part| part == "bad"))
        .collect()
}

/// Follows a record's schedule under `engine`.
fn replay(path: &Path, engine: Option<Engine>) -> (Record, Counterexample) {
    for pattern in CATALOGUE.patterns() {
        pattern.source.register();
    }
    let (record, schedule) = Record::read(path).unwrap_or_else(|error| panic!("{error}"));
    let pattern = CATALOGUE.patterns().find(|pattern| pattern.name == record.pattern).expect("the record's pattern");
    let variant = pattern.variant(&record.variant).expect("the record's variant");
    let engine = engine.unwrap_or(record.engine);
    let replayed = variant.checker(engine).replay(variant.program(record.engine), &schedule);
    match replayed {
        Ok(Some(found)) => (record, found),
        Ok(None) => panic!("{}: nothing fails any more; it was: {}", path.display(), record.verdict),
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

#[test]
fn every_record_reproduces_its_verdict_and_schedule() {
    let records = records();
    assert!(records.len() >= 30, "only {} records: two for each buggy variant were expected", records.len());
    for path in records {
        let (record, found) = replay(&path, None);
        assert_eq!(found.verdict, record.verdict, "{}", path.display());
        assert_eq!(found.schedule.to_string(), record.schedule, "{}", path.display());
    }
}

#[test]
fn what_one_engine_recorded_the_other_can_follow() {
    let mut crossed = 0;
    for path in records() {
        let (record, _) = Record::read(&path).unwrap();
        let other = if record.engine == Engine::Loom { Engine::shuttle() } else { Engine::Loom };
        // A load that sees an old value is loom's alone: no order of steps gives it under shuttle. Reads of a stale
        // value show in the trace.
        let stale = found_stale(&replay(&path, None).1);
        if stale {
            continue;
        }
        let (_, found) = replay(&path, Some(other));
        let same_kind = found.verdict.name() == record.verdict.name();
        assert!(same_kind, "{} under {other}: {}, recorded: {}", path.display(), found.verdict, record.verdict);
        crossed += 1;
    }
    assert!(crossed >= 20, "only {crossed} records could be followed by the other engine");
}

fn found_stale(found: &Counterexample) -> bool {
    found.trace.events.iter().any(|event| event.value.as_ref().is_some_and(|value| value.contains("stale")))
}

#[test]
fn every_record_is_drawn_as_it_was() {
    for path in records() {
        let (record, found) = replay(&path, None);
        let pattern = CATALOGUE.patterns().find(|pattern| pattern.name == record.pattern).unwrap();
        let correct = pattern.variants.iter().filter(|variant| variant.is_correct());
        let file = path.strip_prefix(root()).expect("records lie in the repository");
        let header = Header {
            pattern: record.pattern.clone(),
            variant: record.variant.clone(),
            engine: record.engine.name().to_owned(),
            record: Some(file.display().to_string().replace('\\', "/")),
            fixed: correct.map(|variant| variant.name.to_owned()).collect(),
        };
        let found = Counterexample { execution: record.execution, ..found };
        let drawn = counterexample(Some(&header), &found, &Style::PLAIN);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(path.parent().unwrap());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(format!("{}.{}", record.variant, record.engine), drawn));
    }
}

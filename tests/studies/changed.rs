//! What becomes of a record whose program has changed.

use raddle::sync::Arc;
use raddle::sync::atomic::{AtomicU32, Ordering::Relaxed, Ordering::SeqCst};
use raddle::{Catalogue, Checker, Class, Engine, Expect, Family, Pattern, Record, Source, Variant, Verdict, thread};
use std::path::Path;

fn lost(between: fn()) {
    let counter = Arc::new(AtomicU32::new(0).named("counter"));
    let add = |name: &str| {
        let counter = Arc::clone(&counter);
        let work = move || {
            let value = counter.load(SeqCst);
            between();
            counter.store(value + 1, SeqCst);
        };
        thread::Builder::new().name(name.into()).spawn(work).unwrap()
    };
    for task in ["first", "second"].map(add) {
        task.join().unwrap();
    }
    assert_eq!(counter.load(SeqCst), 2, "an increment was lost");
}

fn kept() {
    let counter = Arc::new(AtomicU32::new(0).named("counter"));
    let theirs = Arc::clone(&counter);
    let first = thread::Builder::new().name("first".into());
    let first = first.spawn(move || _ = theirs.fetch_add(1, SeqCst)).unwrap();
    counter.fetch_add(1, SeqCst);
    first.join().unwrap();
    assert_eq!(counter.load(SeqCst), 2, "an increment was lost");
}

/// A catalogue of one variant, as it is after an edit.
fn edited(program: fn(), text: &'static str) -> &'static Catalogue {
    let variant = Variant::buggy("lossy", Class::AtomicityViolation, program);
    catalogue(variant.fails_with(Expect::Assertion("an increment was lost")), text)
}

fn catalogue(variant: Variant, text: &'static str) -> &'static Catalogue {
    let source = Source { path: "src/lossy.rs", text };
    let pattern = Pattern::new("edited/counter", "none", source, vec![variant].leak());
    let families = vec![Family { name: "edited", patterns: vec![pattern].leak() }].leak();
    Box::leak(Box::new(Catalogue { name: "edited", families, regressions: None }))
}

fn raddle(catalogue: &'static Catalogue, arguments: &[&str]) -> u8 {
    raddle::suite::run(catalogue, ["raddle"].iter().chain(arguments))
}

#[test]
fn a_record_whose_program_has_changed_is_searched_for_again() {
    let before = edited(|| lost(|| {}), "fn lossy() {}");
    let after = edited(|| lost(thread::yield_now), "fn lossy() { yields }");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    assert_eq!(raddle(before, &["record", "--out", out]), 0);
    let file = folder.path().join("edited/counter/lossy.json");
    let file = file.to_str().unwrap();
    assert_eq!(raddle(before, &["replay", file]), 0);

    let text = std::fs::read_to_string(file).unwrap();
    assert_eq!(raddle(after, &["replay", file]), 2, "a step more does not fit");
    assert_eq!(std::fs::read_to_string(file).unwrap(), text, "a replay alone leaves the record as it is");
    assert_eq!(raddle(after, &["replay", "--update", file]), 0);
    let (record, _) = Record::read(Path::new(file)).unwrap();
    assert!(record.operations.iter().any(|operation| operation.ends_with("yield")), "{:?}", record.operations);
    assert!(record.fewest && matches!(record.verdict, Verdict::Assertion { .. }));
    assert_eq!(raddle(after, &["replay", file]), 0, "and it fits again");

    let text = std::fs::read_to_string(file).unwrap();
    assert_eq!(raddle(after, &["replay", "--update", file]), 0);
    assert_eq!(std::fs::read_to_string(file).unwrap(), text, "there was nothing to update");
}

#[test]
fn a_record_of_a_bug_that_is_gone_is_left_as_it_is() {
    let before = edited(|| lost(|| {}), "fn lossy() {}");
    let after = edited(kept, "fn kept() {}");
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(raddle(before, &["record", "--out", folder.path().to_str().unwrap()]), 0);
    let file = folder.path().join("edited/counter/lossy.json");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(raddle(after, &["replay", file.to_str().unwrap()]), 2);
    assert_eq!(raddle(after, &["replay", "--update", file.to_str().unwrap()]), 1);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

/// What only a weak memory shows is recorded and replayed as loom searches.
#[test]
fn a_weak_record_is_followed_by_loom_alone() {
    let program = || {
        let shared = Arc::new((AtomicU32::new(0).named("data"), AtomicU32::new(0).named("flag")));
        let theirs = Arc::clone(&shared);
        let writer = thread::spawn(move || {
            theirs.0.store(1, Relaxed);
            theirs.1.store(1, Relaxed);
        });
        if shared.1.load(Relaxed) == 1 {
            assert_eq!(shared.0.load(Relaxed), 1, "the flag came first");
        }
        writer.join().unwrap();
    };
    let variant = Variant::buggy("lossy", Class::OrderViolation, program)
        .fails_with(Expect::Assertion("the flag came first"))
        .missed_by_shuttle("every atomic is sequentially consistent there");
    let weak = catalogue(variant, "fn lossy() { relaxed }");
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(raddle(weak, &["record", "--out", folder.path().to_str().unwrap()]), 0);
    let file = folder.path().join("edited/counter/lossy.json");
    let (record, _) = Record::read(&file).unwrap();
    assert!(record.weak && record.fewest && record.found.len() == 1, "{record:?}");
    let (text, file) = (std::fs::read_to_string(&file).unwrap(), file.to_str().unwrap());
    assert_eq!(raddle(weak, &["replay", file]), 0);
    assert_eq!(raddle(weak, &["replay", "--engine", "shuttle", file]), 2);
    assert_eq!(raddle(weak, &["replay", "--update", file]), 0);
    assert_eq!(std::fs::read_to_string(file).unwrap(), text, "there was nothing to update");
    // With the orders that it takes, nothing fails any more.
    assert_eq!(raddle(edited(kept, "fn kept() {}"), &["replay", "--update", file]), 1);
}

#[test]
fn drift_names_the_step_and_who_could_go_on() {
    let checker = Checker::new().engine(Engine::shuttle());
    let schedule = "main×3 first×3 first".parse().unwrap();
    let followed = checker.follow(|| lost(|| {}), &schedule).unwrap();
    let drift = followed.drift.expect("the first has only three steps");
    assert_eq!((drift.step, drift.expected.as_str()), (7, "`first` to go on"));
    assert_eq!(drift.found, "`first` has finished");
    assert_eq!(drift.enabled, ["main (join first)", "second (start)"]);
    assert_eq!(followed.operations.last().unwrap(), "first store counter");
}

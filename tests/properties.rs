//! Properties: every pattern at every size, the smallest at which it fails, and the drawing and shrinking itself.

use raddle::suite::{Job, jobs};
use raddle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use raddle::sync::{Arc, Mutex};
use raddle::{CheckError, Checker, Counterexample, Coverage, Effort, Engine, Outcome, Property, Searched, thread};
use raddle_scenarios::CATALOGUE;
use raddle_tests::{root, soak};
use std::collections::BTreeSet;
use std::path::Path;

/// Families whose patterns come in fixed sizes, which `raddle measure samplers` runs.
const SIZED: [&str; 1] = ["classics"];

fn drawn(is: impl Fn(&Job) -> bool) -> Vec<Job> {
    let families = CATALOGUE.families.iter().map(|family| family.name).filter(|name| !SIZED.contains(name));
    let families: Vec<String> = families.map(str::to_owned).collect();
    let all = jobs(&CATALOGUE, &families, &[Engine::Property]).unwrap();
    assert!(all.len() >= 20, "only {} variants", all.len());
    for job in &all {
        assert!(job.variant.declared_property().is_some(), "{} has no property", job.name());
    }
    all.into_iter().filter(is).collect()
}

fn fails(job: &Job, seed: u64) -> Counterexample {
    let result = job.run(&job.checker(seed, Some(1_000)));
    assert!(result.is_met(), "{} at seed {seed}: {}", job.name(), result.verdict());
    match result.outcome {
        Ok(Outcome::Fails(found)) => *found,
        other => panic!("{} at seed {seed}: {other:?}", job.name()),
    }
}

#[test]
fn correct_variants_hold_at_every_size_that_is_drawn() {
    for job in drawn(|job| job.variant.is_correct()) {
        for seed in [Checker::DEFAULT_SEED, 1, 2] {
            let result = job.run(&job.checker(seed, None));
            let held = matches!(
                &result.outcome,
                Ok(Outcome::Holds(Coverage { searched: Searched::Sampled { .. }, executions: 1_000, .. }))
            );
            assert!(held, "{} at seed {seed}: {:?}", job.name(), result.outcome);
        }
    }
}

#[test]
fn buggy_variants_fail_at_every_seed_and_are_shrunk_to_the_smallest_parameters() {
    for job in drawn(|job| !job.variant.is_correct()) {
        let (smallest, _) = job.variant.declared_smallest().unwrap_or_else(|| panic!("{}: the smallest", job.name()));
        for seed in (1..=soak(20)).chain([Checker::DEFAULT_SEED]) {
            let found = fails(&job, seed);
            let parameters = found.parameters.as_ref().map(ToString::to_string);
            assert_eq!(parameters.as_deref(), Some(smallest), "{} at seed {seed}", job.name());
        }
    }
}

#[test]
fn the_smallest_fail_with_the_declared_preemptions_and_no_fewer() {
    let mut wrong = Vec::new();
    for job in drawn(|job| !job.variant.is_correct()) {
        let found = fails(&job, Checker::DEFAULT_SEED);
        let program = job.variant.program_of(Engine::Property, &found);
        let study = job.variant.checker(Engine::Property).study(move || program(), &found, Effort::default()).unwrap();
        let declared = job.variant.declared_smallest().map(|(_, preemptions)| preemptions);
        if !study.fewest.proven || declared != Some(study.shrunk.preemptions) {
            wrong.push(format!("{}: {declared:?} declared, found {}", job.name(), study.shrunk.preemptions));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// So they are what is tried first, and fail at once.
#[test]
fn what_is_kept_of_buggy_variants_is_the_smallest() {
    for job in drawn(|job| !job.variant.is_correct()) {
        let kept = root().join("fixtures").join(format!("{}.property.json", job.name()));
        assert!(kept.exists(), "{}: `make bless` writes it", kept.display());
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("kept.json");
        std::fs::copy(&kept, &copy).unwrap();
        let property = job.variant.declared_property().unwrap().regressions(&copy);
        let outcome = job.variant.checker(Engine::Property).run_property(&property);
        let Ok(Outcome::Fails(found)) = outcome else { panic!("{}: {outcome:?}", job.name()) };
        assert_eq!(found.execution, 1, "{}", job.name());
        let smallest = job.variant.declared_smallest().map(|(smallest, _)| smallest.to_owned());
        assert_eq!(found.parameters.map(|parameters| parameters.to_string()), smallest, "{}", job.name());
        assert_eq!(std::fs::read(&kept).unwrap(), std::fs::read(&copy).unwrap(), "it was there already");
    }
}

/// Loses an update from so many workers on, if one of them is interrupted.
fn lossy(from: usize) -> impl Fn((usize, usize)) + Send + Sync + 'static {
    move |(workers, rounds)| {
        let counter = Arc::new(AtomicUsize::new(0).named("counter"));
        let lock = Arc::new(Mutex::new(()).named("lock"));
        let start = |_| {
            let (counter, lock) = (Arc::clone(&counter), Arc::clone(&lock));
            thread::spawn(move || {
                for _ in 0..rounds {
                    let _guard = (workers < from).then(|| lock.lock().unwrap());
                    counter.store(counter.load(SeqCst) + 1, SeqCst);
                }
            })
        };
        for worker in (0..workers).map(start).collect::<Vec<_>>() {
            worker.join().unwrap();
        }
        assert_eq!(counter.load(SeqCst), workers * rounds, "an update was lost");
    }
}

fn lossy_property(from: usize) -> Property {
    Property::new(&["workers", "rounds"], (1..=5_usize, 1..=4_usize), lossy(from))
}

fn smallest(checker: &Checker, property: &Property) -> (String, usize, u64) {
    match checker.run_property(property) {
        Ok(Outcome::Fails(found)) => {
            let parameters = found.parameters.as_ref().expect("they were drawn").to_string();
            (parameters, found.trace.preemptions(), found.execution)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn parameters_and_schedule_are_shrunk() {
    for (from, parameters) in [(2, "workers 2, rounds 1"), (4, "workers 4, rounds 1")] {
        for seed in 0..10 {
            let (found, preemptions, _) = smallest(&Checker::new().seed(seed), &lossy_property(from));
            assert_eq!(found, parameters, "seed {seed}");
            // One is enough: a study finds and certifies that, and has less to do after this.
            assert!((1..=3).contains(&preemptions), "{preemptions} preemptions at seed {seed}");
        }
    }
    let outcome = Checker::new().run_property(&lossy_property(6));
    assert!(
        matches!(outcome, Ok(Outcome::Holds(Coverage { searched: Searched::Sampled { .. }, executions: 1_000, .. }))),
        "{outcome:?}"
    );
}

/// Whichever fault is found first is the one that is made smaller.
#[test]
fn one_fault_is_not_shrunk_into_another() {
    let two_faults = Property::new(&["size"], 1..=4_usize, |size| {
        assert!(size < 3, "too many");
        assert!(size > 1, "too few");
    });
    let found: BTreeSet<String> = (0..10).map(|seed| smallest(&Checker::new().seed(seed), &two_faults).0).collect();
    assert_eq!(found, BTreeSet::from(["size 1".into(), "size 3".into()]));
}

#[test]
fn one_seed_draws_one_search() {
    let run = |seed| {
        let Ok(Outcome::Fails(found)) = Checker::new().seed(seed).run_property(&lossy_property(2)) else { panic!() };
        format!("{} {:?} {}", found.execution, found.parameters, found.schedule)
    };
    let first: Vec<String> = (0..8).map(run).collect();
    assert_eq!(first, (0..8).map(run).collect::<Vec<_>>());
    assert!(first.iter().any(|other| *other != first[0]), "other seeds draw other searches");
}

#[test]
fn what_failed_is_kept_and_tried_first() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept/lossy.json");
    let kept = || std::fs::read_to_string(&file).unwrap();
    let property = |from| lossy_property(from).regressions(&file);
    let (parameters, preemptions, _) = smallest(&Checker::new(), &property(2));
    let once = kept();
    assert_eq!(
        smallest(&Checker::new(), &property(2)),
        (parameters, preemptions, 1),
        "the first execution is the one kept"
    );
    assert_eq!(kept(), once, "it is kept once");
    // Two workers are fine now; what is kept passes, and another failure joins it.
    let (parameters, _, execution) = smallest(&Checker::new(), &property(3));
    assert!(parameters == "workers 3, rounds 1" && execution > 1, "{parameters} in {execution}");
    assert_eq!(kept().matches("\"parameters\"").count(), 2, "{}", kept());
    let held = Checker::new().run_property(&property(6));
    assert!(matches!(held, Ok(Outcome::Holds(_))), "{held:?}");
}

#[test]
fn what_can_not_be_kept_or_read_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept.json");
    let refused = |file: &Path| match Checker::new().run_property(&lossy_property(2).regressions(file)) {
        Err(CheckError::Regressions { path, what }) => {
            assert_eq!(path, file);
            what
        }
        other => panic!("{other:?}"),
    };
    for (text, why) in [
        ("[", "EOF"),
        (r#"{"schema": 2, "regressions": []}"#, "schema 2, and this raddle reads 1"),
        (r#"{"schema": 1, "regressions": [], "more": 1}"#, "unknown field `more`"),
        (
            r#"{"schema": 1, "regressions": [{"parameters": [2, "x"], "script": {"choices": [], "answers": []}, "verdict": ""}]}"#,
            "parameters [2,\"x\"]",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let what = refused(&file);
        assert!(what.contains(why), "{text}: {what}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "what can't be read is left as it is");
    }
    std::fs::write(folder.path().join("taken"), "").unwrap();
    refused(&folder.path().join("taken/kept.json"));
}

#[test]
fn a_strategy_that_gives_no_value_is_an_error() {
    use raddle::proptest::strategy::Strategy as _;
    let never = (1..5_usize).prop_filter("none is good enough", |_| false);
    let outcome = Checker::new().run_property(&Property::new(&["size"], never, |_| ()));
    let Err(CheckError::Strategy(why)) = &outcome else { panic!("{outcome:?}") };
    assert!(why.contains("Too many local rejects"), "{why}");
}

#[test]
fn choices_and_waits_are_drawn_too() {
    let asks = Property::new(&[], 2..=6_usize, |options| assert!(raddle::choose(options) < 3, "the fourth"));
    let (parameters, preemptions, _) = smallest(&Checker::new(), &asks);
    assert_eq!((parameters.as_str(), preemptions), ("4", 0), "of four there is a fourth");
    // An execution that is too long says nothing.
    let endless = |_: usize| {
        while raddle::choose(2) < 2 {
            thread::yield_now();
        }
    };
    let outcome = Checker::new().steps(50).run_property(&Property::new(&["of"], 0..2_usize, endless));
    assert!(matches!(outcome, Ok(Outcome::Inconclusive { .. })), "{outcome:?}");
}

#[test]
fn a_property_that_fails_panics_with_its_parameters() {
    let outcome = std::panic::catch_unwind(|| raddle::property((1..=3_usize, 1..=2_usize), lossy(2)));
    let message = outcome.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("an update was lost") && message.contains("at          [2,1]"), "{message}");
    raddle::property((1..=3_usize, 1..=2_usize), lossy(4));
}

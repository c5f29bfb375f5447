//! The recorded counterexamples: each replays to its verdict, is as short as it gets, and is drawn as it was.
//!
//! `make bless` records and draws them anew.

use raddle::report::Header;
use raddle::report::text::{Style, View, counterexample};
use raddle::{Counterexample, Effort, Engine, Record, Schedule, Study};
use raddle_scenarios::CATALOGUE;
use raddle_tests::records;
use std::collections::BTreeSet;
use std::path::Path;

/// Lines of the essential view.
const SCREEN: usize = 25;

/// A record, and the program it is of.
struct Kept {
    record: Record,
    schedule: Schedule,
    first: Engine,
    pattern: &'static raddle::Pattern,
    variant: &'static raddle::Variant,
}

fn read(path: &Path) -> Kept {
    for pattern in CATALOGUE.patterns() {
        pattern.source.register();
    }
    let (record, schedule) = Record::read(path).unwrap_or_else(|error| panic!("{error}"));
    let pattern = CATALOGUE.patterns().find(|pattern| pattern.name == record.pattern).expect("the record's pattern");
    let variant = pattern.variant(&record.variant).expect("the record's variant");
    Kept { first: record.found[0].engine, record, schedule, pattern, variant }
}

impl Kept {
    /// Follows the schedule under `engine`.
    fn replay(&self, engine: Engine) -> Counterexample {
        let name = format!("{}/{}", self.record.pattern, self.record.variant);
        match self.variant.checker(engine).replay(self.variant.program(self.first), &self.schedule) {
            Ok(Some(found)) => found,
            Ok(None) => panic!("{name}: nothing fails any more; it was: {}", self.record.verdict),
            Err(error) => panic!("{name}: {error}"),
        }
    }

    fn study(&self) -> Study {
        let found = self.replay(self.first);
        let checker = self.variant.checker(self.first);
        checker.study(self.variant.program(self.first), &found, Effort::default()).unwrap()
    }
}

#[test]
fn every_buggy_variant_has_a_record() {
    let recorded: BTreeSet<String> = records(false)
        .iter()
        .map(|path| read(path).record)
        .map(|record| format!("{}/{}", record.pattern, record.variant))
        .collect();
    let buggy = CATALOGUE.patterns().flat_map(|pattern| {
        let buggy = pattern.variants.iter().filter(|variant| !variant.is_correct());
        buggy.map(|variant| format!("{}/{}", pattern.name, variant.name))
    });
    assert_eq!(recorded, buggy.collect());
}

#[test]
fn every_record_reproduces_its_verdict_its_schedule_and_its_operations() {
    for path in records(false) {
        let kept = read(&path);
        let found = kept.replay(kept.first);
        assert_eq!(found.verdict, kept.record.verdict, "{}", path.display());
        assert_eq!(found.trace.operations(), kept.record.operations, "{}", path.display());
        // Of a livelock, loom sees the rounds, too.
        let steps = &found.schedule.steps[..kept.schedule.steps.len()];
        assert_eq!(steps, kept.schedule.steps, "{}", path.display());
    }
}

#[test]
fn what_one_engine_recorded_the_other_can_follow() {
    for path in records(false) {
        let kept = read(&path);
        for engine in Engine::DEFAULT {
            let found = kept.replay(engine);
            assert!(
                found.verdict.is_like(&kept.record.verdict),
                "{} under {engine}: {}",
                path.display(),
                found.verdict
            );
        }
    }
}

#[test]
fn every_record_has_the_fewest_preemptions_and_can_not_be_shrunk() {
    for path in records(false) {
        let kept = read(&path);
        assert!(kept.record.fewest, "{}: that fewer preemptions don't do is not certified", path.display());
        let study = kept.study();
        assert!(study.fewest.proven && study.fewest.otherwise.is_none(), "{}: {:?}", path.display(), study.fewest);
        assert_eq!(study.shrunk.preemptions, kept.record.preemptions, "{}", path.display());
        assert_eq!(study.counterexample.trace.preemptions(), kept.record.preemptions, "{}", path.display());
        assert_eq!(study.found, study.shrunk, "{}: it can be shrunk further", path.display());
        assert_eq!(study.counterexample.schedule, kept.schedule, "{}", path.display());
    }
}

/// A listed pair passes when it is reversed, any other fails, and both are shown by replaying the reversal to the letter.
#[test]
fn critical_pairs_are_true() {
    let (mut critical, mut others) = (0, 0);
    for path in records(false) {
        let kept = read(&path);
        let study = kept.study();
        for pair in &study.pairs {
            let checker = kept.variant.checker(Engine::shuttle());
            let reversed = checker.replay(kept.variant.program(kept.first), &pair.reversed);
            let fails = reversed.unwrap_or_else(|error| panic!("{}: {pair:?}: {error}", path.display())).is_some();
            assert_eq!(fails, !pair.passes, "{}: {pair:?}", path.display());
            if pair.passes { critical += 1 } else { others += 1 }
        }
        // What a single task does alone, or what fails from the first step on, no order of two decides.
        let alone = study.shrunk.tasks == 1 && study.counterexample.trace.tasks.len() == 1;
        let decided = study.critical().next().is_some() || !study.late.is_empty();
        let always = study.point_of_no_return.is_some_and(|point| point.step == 1 && point.exhaustive);
        assert_eq!(decided, !(alone || always), "{}: nothing decides", path.display());
    }
    assert!(critical >= 30 && others >= 10, "{critical} pairs decide, {others} don't: there is little to see here");
}

#[test]
fn every_record_is_drawn_as_it_was() {
    for path in records(false) {
        let kept = read(&path);
        let study = kept.study();
        let above = raddle_tests::fixtures().parent().map(Path::to_owned).unwrap_or_default();
        let file = path.strip_prefix(above).expect("records lie among the fixtures");
        let record = Some(file.display().to_string().replace('\\', "/"));
        let header = Header { record, ..raddle::suite::header(kept.pattern, kept.variant, kept.record.found.clone()) };
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(path.parent().unwrap());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        for (view, suffix) in [(View::Essential, "text"), (View::Full, "full")] {
            let drawn = counterexample(Some(&header), &study, &Style { view, ..Style::PLAIN });
            let lines = drawn.lines().count();
            assert!(view == View::Full || lines <= SCREEN, "{}: {lines} lines\n{drawn}", path.display());
            settings.bind(|| insta::assert_snapshot!(format!("{}.{suffix}", kept.record.variant), drawn));
        }
    }
}

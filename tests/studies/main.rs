//! Studies: what shrinking keeps, what a reversal shows, and what is said of what can't be replayed.

mod changed;
mod endings;
mod graphs;
mod moments;

use raddle::suite::{ShrinkCase, shrink_cases};
use raddle::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed, Ordering::SeqCst};
use raddle::sync::{Arc, Condvar, Mutex, RwLock, Semaphore, mpsc};
use raddle::{Checker, Effort, Engine, Outcome, Study};
use raddle::{Verdict, thread};
use raddle_scenarios::CATALOGUE;
use raddle_tests::soak;
use std::collections::BTreeMap;
use std::time::Duration;

#[test]
fn random_schedules_shrink_to_the_same_failure() {
    let count = usize::try_from(soak(1_000)).unwrap();
    let cases = shrink_cases(&CATALOGUE, &[], count, 1, None).unwrap();
    assert_eq!(cases.len(), count);
    let mut fewest: BTreeMap<&str, usize> = BTreeMap::new();
    for case in &cases {
        let ShrinkCase { name, seed, before, after, .. } = case;
        assert!(case.same_verdict, "{name} at seed {seed} fails otherwise once it is shrunk");
        assert!(after.preemptions <= before.preemptions, "{name} at seed {seed}: {before} became {after}");
        assert!(after <= before, "{name} at seed {seed}: {before} became {after}");
        assert!(case.certified, "{name} at seed {seed}: it is not certified that {after} is the fewest");
        // Whatever schedule it began with, what is certified is the same number.
        let known = *fewest.entry(name).or_insert(after.preemptions);
        assert_eq!(known, after.preemptions, "{name} at seed {seed}: {after}");
    }
    let shrunk = cases.iter().filter(|case| case.after.preemptions < case.before.preemptions).count();
    assert!(shrunk * 2 > count, "only {shrunk} of them had a preemption too many: this shows little");
}

fn study(checker: &Checker, program: fn(), effort: Effort) -> Study {
    match checker.run(program) {
        Ok(Outcome::Fails(found)) => checker.study(program, &found, effort).unwrap(),
        other => panic!("it has to fail: {other:?}"),
    }
}

/// Also where nothing has been shrunk, a pair that is said to decide does, and any other does not.
#[test]
fn every_reversal_does_what_is_said_of_it() {
    let as_found = Effort { replays: 0, executions: 0, continuations: 0 };
    let (mut critical, mut others) = (0, 0);
    let buggy = CATALOGUE.patterns().flat_map(|pattern| pattern.variants).filter(|variant| !variant.is_correct());
    for variant in buggy {
        for seed in 1..=soak(30) {
            let checker = variant.checker(Engine::shuttle()).seed(seed);
            let program = variant.program(Engine::shuttle());
            for pair in study(&checker, program, as_found).pairs {
                let fails = checker.replay(program, &pair.reversed).unwrap().is_some();
                assert_eq!(fails, !pair.passes, "{} at seed {seed}: {pair:?}", variant.name);
                if pair.passes { critical += 1 } else { others += 1 }
            }
        }
    }
    assert!(critical > 200 && others > 100, "{critical} decide and {others} don't: this shows little");
}

fn order(study: &Study) -> Vec<String> {
    let trace = &study.counterexample.trace;
    let does = |index: usize| {
        let event = &trace.events[index];
        format!("{} {}", trace.task(event.task), event.operation)
    };
    study.critical().map(|pair| format!("{} before {}", does(pair.first), does(pair.second))).collect()
}

/// Of two ways to fail, the one that was found is the one that is shown, though the other takes no preemption.
#[test]
fn another_failure_is_not_what_is_studied() {
    let program: fn() = || {
        let shared = Arc::new((AtomicU32::new(0).named("counter"), AtomicBool::new(false).named("late")));
        let theirs = Arc::clone(&shared);
        let other = thread::spawn(move || {
            theirs.0.store(theirs.0.load(SeqCst) + 1, SeqCst);
            theirs.1.store(true, SeqCst);
        });
        thread::yield_now();
        let early = !shared.1.load(SeqCst);
        shared.0.store(shared.0.load(SeqCst) + 1, SeqCst);
        other.join().unwrap();
        assert!(shared.0.load(SeqCst) == 2, "an increment was lost");
        assert!(early, "the other one was first");
    };
    let lost = |verdict: &Verdict| matches!(verdict, Verdict::Assertion { message, .. } if message.contains("lost"));
    let mut seen = 0;
    for seed in 0..40 {
        let checker = Checker::new().engine(Engine::shuttle()).seed(seed);
        let study = match checker.run(program) {
            Ok(Outcome::Fails(found)) if lost(&found.verdict) => {
                checker.study(program, &found, Effort::default()).unwrap()
            }
            _ => continue,
        };
        seen += 1;
        assert!(lost(&study.counterexample.verdict), "{}", study.counterexample.verdict);
        assert_eq!((study.shrunk.preemptions, study.fewest.proven), (1, true), "{:?}", study.fewest);
        let otherwise = study.fewest.otherwise.expect("the other failure takes no preemption");
        assert!(!lost(&otherwise), "{otherwise}");
    }
    assert!(seen > 5, "only {seen} of the seeds find it first");
}

/// A run with one task less may need a preemption more: that is no gain.
#[test]
fn a_task_less_is_not_worth_a_preemption_more() {
    let program: fn() = || {
        let shared = Arc::new((Mutex::new(()).named("lock"), AtomicU32::new(0).named("flag")));
        let (sender, receiver) = mpsc::channel();
        let theirs = Arc::clone(&shared);
        let hold = move || {
            let _guard = theirs.0.lock().unwrap();
            receiver.recv().unwrap();
        };
        let holder = thread::Builder::new().name("holder".into()).spawn(hold).unwrap();
        thread::yield_now();
        let theirs = Arc::clone(&shared);
        let set = move || {
            theirs.1.store(1, SeqCst);
            sender.send(()).unwrap();
        };
        let setter = thread::Builder::new().name("setter".into()).spawn(set).unwrap();
        let guard = shared.0.lock().unwrap();
        assert_eq!(shared.1.load(SeqCst), 0, "too late");
        drop(guard);
        setter.join().unwrap();
        holder.join().unwrap();
    };
    let mut seen = 0;
    for seed in 0..100 {
        let checker = Checker::new().engine(Engine::shuttle()).seed(seed);
        let Ok(Outcome::Fails(found)) = checker.run(program) else { continue };
        let study = checker.study(program, &found, Effort::default()).unwrap();
        assert!(study.shrunk.preemptions <= study.found.preemptions, "{} became {}", study.found, study.shrunk);
        assert_eq!(study.shrunk.preemptions, 0, "{}", study.counterexample.schedule);
        seen += usize::from(study.found.preemptions == 0);
    }
    assert!(seen > 0, "none began without a preemption");
}

/// A bug for each kind of decision that a schedule takes: what remains of it is the decision.
#[test]
fn what_remains_is_what_decides() {
    #[track_caller]
    fn check(checker: &Checker, program: fn(), schedule: &str, answers: &[usize], orders: &[&str]) {
        let study = study(checker, program, Effort::default());
        let found = &study.counterexample;
        assert_eq!(found.schedule.to_string(), schedule, "{}", found.verdict);
        assert_eq!(found.schedule.answers, answers, "{}", found.verdict);
        assert_eq!(order(&study), orders, "{}", found.verdict);
        assert!(study.fewest.proven, "{:?}", study.fewest);
    }
    let shuttle = Checker::new().engine(Engine::shuttle());
    check(
        &shuttle,
        || {
            let first = raddle::choose(5);
            let second = raddle::choose(3);
            assert!(first < 2 || second == 0, "too many");
        },
        "main×3; answers 2 1",
        &[2, 1],
        &[],
    );
    check(
        &shuttle,
        || {
            let (sender, receiver) = mpsc::channel();
            let other = sender.clone();
            let one = thread::Builder::new().name("one".into()).spawn(move || sender.send(1).unwrap()).unwrap();
            let two = thread::Builder::new().name("two".into()).spawn(move || other.send(2).unwrap()).unwrap();
            assert_eq!(receiver.recv(), Ok(1), "the second came first");
            one.join().unwrap();
            two.join().unwrap();
        },
        "main×3 two×3 main×2",
        &[],
        &[],
    );
    check(
        &shuttle,
        || {
            let permits = Arc::new(Semaphore::new(2).named("permits"));
            let take = |name: &str| {
                let permits = Arc::clone(&permits);
                let work = move || {
                    let _one = permits.acquire();
                    let _two = permits.acquire();
                };
                thread::Builder::new().name(name.into()).spawn(work).unwrap()
            };
            for task in ["one", "two"].map(take) {
                task.join().unwrap();
            }
        },
        "main×3 one×2 two×2",
        &[],
        &["two acquire before one acquire"],
    );
    check(
        &shuttle,
        || {
            let data = Arc::new(RwLock::new(0).named("data"));
            let other = Arc::clone(&data);
            let writer = move || *other.write().unwrap() = 1;
            let writer = thread::Builder::new().name("writer".into()).spawn(writer).unwrap();
            let seen = *data.read().unwrap();
            writer.join().unwrap();
            assert_eq!(seen, 1, "an old value");
        },
        "main×4 writer×3 main",
        &[],
        &["main read lock before writer write lock"],
    );
    check(
        &shuttle,
        || {
            let pair = Arc::new((Mutex::new(false).named("ready"), Condvar::new().named("changed")));
            let theirs = Arc::clone(&pair);
            let sender = move || {
                *theirs.0.lock().unwrap() = true;
                theirs.1.notify_one();
            };
            let sender = thread::Builder::new().name("sender".into()).spawn(sender).unwrap();
            let guard = pair.0.lock().unwrap();
            let (guard, result) = pair.1.wait_timeout(guard, Duration::from_millis(1)).unwrap();
            assert!(*guard || !result.timed_out(), "too slow");
            drop(guard);
            sender.join().unwrap();
        },
        "main×6",
        &[],
        &[],
    );
}

/// A task that has not even begun decides nothing in the run, but would have.
#[test]
fn a_task_that_comes_too_late_is_named() {
    let checker = Checker::new().engine(Engine::shuttle());
    let program: fn() = || {
        let counter = Arc::new(AtomicU32::new(0).named("counter"));
        let theirs = Arc::clone(&counter);
        let work = move || theirs.store(1, SeqCst);
        let worker = thread::Builder::new().name("worker".into()).spawn(work).unwrap();
        assert_eq!(counter.load(SeqCst), 1, "read before join");
        worker.join().unwrap();
    };
    let study = study(&checker, program, Effort::default());
    assert_eq!(study.counterexample.schedule.to_string(), "main×3");
    assert_eq!(study.pairs, []);
    let [late] = &study.late[..] else { panic!("{:?}", study.late) };
    assert_eq!((late.first, late.operation.as_str()), (2, "store counter"));
    assert!(checker.replay(program, &late.reversed).unwrap().is_none(), "it does not pass");
}

/// A study of what only weaker memories do says so, and leaves the rest to loom.
#[test]
fn what_needs_a_weak_memory_is_left_as_loom_found_it() {
    let loom = Checker::new().engine(Engine::Loom);
    let program: fn() = || {
        let shared = Arc::new((AtomicU32::new(0), AtomicBool::new(false)));
        let theirs = Arc::clone(&shared);
        let writer = thread::spawn(move || {
            theirs.0.store(1, Relaxed);
            theirs.1.store(true, Relaxed);
        });
        if shared.1.load(Relaxed) {
            assert_eq!(shared.0.load(Relaxed), 1, "the flag came first");
        }
        writer.join().unwrap();
    };
    let study = study(&loom, program, Effort::default());
    assert!(study.weak && study.pairs.is_empty() && study.point_of_no_return.is_none());
    assert!(study.fewest.proven, "loom searches bound by bound: {:?}", study.fewest);
    let drawn = raddle::report::text::counterexample(None, &study, &raddle::report::text::Style::PLAIN);
    assert!(drawn.contains("a load sees an older value"), "{drawn}");
    // The schedule does not say which store a load sees: loom looks for it along the way.
    let again = loom.replay(program, &study.counterexample.schedule).unwrap().expect("it fails again");
    assert_eq!(again.verdict, study.counterexample.verdict);
}

/// loom's own counterexample may read an old value where an interleaving would do.
#[test]
fn an_interleaving_is_preferred_to_an_old_value() {
    let loom = Checker::new().engine(Engine::Loom);
    let study = study(
        &loom,
        || {
            let counter = Arc::new(AtomicU32::new(0));
            let theirs = Arc::clone(&counter);
            let other = thread::spawn(move || theirs.store(theirs.load(Relaxed) + 1, Relaxed));
            counter.store(counter.load(Relaxed) + 1, Relaxed);
            other.join().unwrap();
            assert_eq!(counter.load(SeqCst), 2, "an increment was lost");
        },
        Effort::default(),
    );
    assert!(!study.weak);
    assert_eq!(study.shrunk.preemptions, 1);
    assert_eq!(study.critical().count(), 2);
}

#[test]
fn the_point_of_no_return_is_the_first() {
    let checker = Checker::new().engine(Engine::shuttle());
    // Once the lock is lost for good nothing helps, though others go on for long.
    let study = study(
        &checker,
        || {
            let lock = Arc::new(Mutex::new(0));
            let theirs = Arc::clone(&lock);
            let busy = Arc::new(AtomicU32::new(0));
            let others = Arc::clone(&busy);
            let holder = thread::Builder::new().name("holder".into());
            let holder = holder.spawn(move || std::mem::forget(theirs.lock().unwrap())).unwrap();
            let worker = thread::spawn(move || (0..3).for_each(|_| _ = others.fetch_add(1, SeqCst)));
            drop(lock.lock().unwrap());
            worker.join().unwrap();
            holder.join().unwrap();
        },
        Effort::default(),
    );
    let point = study.point_of_no_return.expect("there is one");
    let operations = study.counterexample.trace.operations();
    assert!(point.exhaustive && point.step < operations.len(), "{point:?} of {operations:?}");
    assert_eq!(operations[point.step - 1], "holder lock lock", "{point:?} of {operations:?}");
}

#[test]
fn the_full_view_folds_loops_and_the_essential_one_fits_a_screen() {
    use raddle::report::text::{Style, View, counterexample};
    let checker = Checker::new().engine(Engine::shuttle());
    let study = study(
        &checker,
        || {
            let counter = Arc::new(AtomicU32::new(0).named("counter"));
            let theirs = Arc::clone(&counter);
            let work = move || {
                for _ in 0..40 {
                    theirs.fetch_add(1, SeqCst);
                    _ = theirs.load(SeqCst);
                }
            };
            thread::spawn(work).join().unwrap();
            assert_eq!(counter.load(SeqCst), 41, "one short");
        },
        Effort::default(),
    );
    let full = counterexample(None, &study, &Style { view: View::Full, ..Style::PLAIN });
    assert!(full.contains("↻ these 2 steps, 39 times more"), "{full}");
    assert_eq!(full.matches("update counter").count(), 1, "{full}");
    let essential = counterexample(None, &study, &Style::PLAIN);
    assert!(essential.lines().count() <= 25 && essential.contains("… 80 steps"), "{essential}");
}

/// A destructor that panics while a panic unwinds would abort the process; each replay of it costs a thread for good.
#[test]
fn what_can_not_be_replayed_is_left_as_it_was_found() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in the destructor");
        }
    }
    let checker = Checker::new().engine(Engine::shuttle());
    let study = study(
        &checker,
        || {
            let other = thread::spawn(|| {});
            let _bomb = Bomb;
            other.join().unwrap();
            panic!("at first");
        },
        Effort::default(),
    );
    assert!(study.weak, "{:?}", study.counterexample.verdict);
    let drawn = raddle::report::text::counterexample(None, &study, &raddle::report::text::Style::PLAIN);
    assert!(drawn.contains("at first") && drawn.contains("the schedule as it was found"), "{drawn}");
}

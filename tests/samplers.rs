//! The engines that draw schedules: alike at one seed, as likely as they say, and good at what they are for.

#![expect(clippy::disallowed_types, reason = "what the executions came to is collected outside of them")]

use raddle::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use raddle::sync::{Arc, Barrier, Condvar, Mutex, mpsc};
use raddle::{Budget, Checker, Counterexample, Coverage, Engine, Outcome, Searched, Strategy, thread};
use std::collections::BTreeMap;
use std::sync::Mutex as StdMutex;
use std::time::Duration;

const PCT: Engine = Engine::Shuttle(Strategy::Pct);
const URW: Engine = Engine::Shuttle(Strategy::Urw);
const POS: Engine = Engine::Shuttle(Strategy::Pos);
const SURW: Engine = Engine::Shuttle(Strategy::Surw);
const READS_FROM: Engine = Engine::Shuttle(Strategy::ReadsFrom);

fn samplers() -> impl Iterator<Item = Engine> {
    Engine::ALL.into_iter().filter(|engine| engine.samples())
}

/// Setters make two stores each, and a checker sees the first without the second: only where all of them are between
/// their stores, or have not begun.
fn reorder(setters: usize) -> impl Fn() + Send + Sync + 'static {
    move || {
        let shared = Arc::new((AtomicI32::new(0), AtomicI32::new(0)));
        let setter = |_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.0.store(1, Ordering::SeqCst);
                shared.1.store(-1, Ordering::SeqCst);
            })
        };
        let setters: Vec<_> = (0..setters).map(setter).collect();
        let theirs = Arc::clone(&shared);
        let checker = thread::spawn(move || {
            let first = theirs.0.load(Ordering::SeqCst);
            let second = theirs.1.load(Ordering::SeqCst);
            assert!((first, second) != (1, 0), "the second store is missing");
        });
        for task in setters.into_iter().chain([checker]) {
            task.join().unwrap();
        }
    }
}

fn search(engine: Engine, seed: u64, program: impl Fn() + Send + Sync + 'static) -> Outcome {
    let outcome = Checker::new().engine(engine).seed(seed).executions(1_000).run(program);
    outcome.unwrap_or_else(|error| panic!("under {engine}: {error}"))
}

fn find(engine: Engine, seed: u64, program: impl Fn() + Send + Sync + 'static) -> Counterexample {
    match search(engine, seed, program) {
        Outcome::Fails(found) => *found,
        other => panic!("under {engine}, at seed {seed}, it should fail, but came to {other:?}"),
    }
}

/// Executions until `program` fails, at most 1,000, over so many seeds.
fn effort<P: Fn() + Send + Sync + 'static>(engine: Engine, seeds: u64, program: impl Fn() -> P) -> u64 {
    (1..=seeds).map(|seed| search(engine, seed, program()).executions()).sum()
}

#[test]
fn one_seed_draws_the_same_schedules_and_another_draws_others() {
    for engine in samplers() {
        let seen = |seed| {
            let found = find(engine, seed, reorder(2));
            (found.execution, found.schedule.to_string())
        };
        let first: Vec<_> = (1..=4).map(seen).collect();
        let again: Vec<_> = (1..=4).map(seen).collect();
        assert_eq!(first, again, "{engine}");
        assert!(first.iter().any(|seen| *seen != first[0]), "{engine} does the same at every seed: {first:?}");
    }
}

/// How often each order of two tasks' three steps was drawn.
fn orders(engine: Engine, program: fn(&StdMutex<String>)) -> BTreeMap<String, u32> {
    let counts = Arc::new(StdMutex::new(BTreeMap::new()));
    let collect = Arc::clone(&counts);
    let outcome = Checker::new().engine(engine).seed(7).executions(4_000).run(move || {
        let order = StdMutex::new(String::new());
        program(&order);
        *collect.lock().unwrap().entry(order.into_inner().unwrap()).or_default() += 1;
    });
    assert!(
        matches!(outcome, Ok(Outcome::Holds(Coverage { searched: Searched::Sampled { .. }, executions: 4_000, .. }))),
        "{outcome:?}"
    );
    std::mem::take(&mut *counts.lock().unwrap())
}

/// Pearson's statistic against equal chances: with 20 orders, above 43.8 in one of a thousand fair draws.
#[track_caller]
fn assert_uniform(engine: Engine, counts: &BTreeMap<String, u32>) {
    assert_eq!(counts.len(), 20, "{engine} draws every order: {counts:?}");
    let expected = f64::from(counts.values().sum::<u32>()) / 20.0;
    let statistic: f64 = counts.values().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
    assert!(statistic < 43.8, "{engine}: {statistic} is too far from uniform: {counts:?}");
}

fn both(order: &StdMutex<String>, steps: impl Fn(char, &StdMutex<String>) + Sync) {
    thread::scope(|scope| {
        scope.spawn(|| steps('a', order));
        scope.spawn(|| steps('b', order));
    });
}

#[test]
fn uniform_random_walk_draws_interleavings_alike() {
    // Where both have arrived, each has three steps left: to leave, and to add twice.
    let counts = orders(URW, |order| {
        let (barrier, sum) = (Barrier::new(2), AtomicU32::new(0));
        both(order, |name, order| {
            barrier.wait();
            order.lock().unwrap().push(name);
            for _ in 0..2 {
                sum.fetch_add(1, Ordering::SeqCst);
                order.lock().unwrap().push(name);
            }
        });
    });
    assert_uniform(URW, &counts);
}

#[test]
fn selectively_uniform_random_walk_draws_the_orders_on_an_object_alike() {
    // One task has ten steps beside the point, and is no later for it.
    let counts = orders(SURW, |order| {
        let (sum, own) = (AtomicU32::new(0), AtomicU32::new(0));
        both(order, |name, order| {
            for _ in 0..if name == 'a' { 10 } else { 0 } {
                own.fetch_add(1, Ordering::SeqCst);
            }
            for _ in 0..3 {
                sum.fetch_add(1, Ordering::SeqCst);
                order.lock().unwrap().push(name);
            }
        });
    });
    assert_uniform(SURW, &counts);
}

#[test]
fn partial_order_sampling_beats_the_random_walk_where_races_decide() {
    let (pos, random) = (effort(POS, 100, || reorder(2)), effort(Engine::shuttle(), 100, || reorder(2)));
    assert!(pos < random, "{pos} executions, against {random}");
}

#[test]
fn selectively_uniform_random_walk_beats_priorities_where_depth_grows() {
    for setters in [4, 9] {
        let [surw, pct, pos] = [SURW, PCT, POS].map(|engine| effort(engine, 30, || reorder(setters)));
        assert!(surw < pct && surw < pos, "{setters} setters: {surw} executions, against {pct} and {pos}");
    }
}

#[test]
fn reads_from_takes_no_longer_for_more_tasks_of_a_kind() {
    for setters in [2, 9, 49] {
        let effort = effort(READS_FROM, 20, || reorder(setters));
        assert!(effort < 20 * 8, "{setters} setters: {effort} executions at 20 seeds");
    }
}

#[test]
fn a_portfolio_finds_the_same_at_any_number_of_threads_and_names_the_member() {
    for seed in 1..=10 {
        let check = |threads| {
            let checker = Checker::new().engine(Engine::Portfolio).threads(threads).seed(seed).executions(1_000);
            match checker.run(reorder(4)) {
                Ok(Outcome::Fails(found)) => (found.execution, found.found_by.unwrap(), found.schedule.to_string()),
                other => panic!("it should fail, but came to {other:?}"),
            }
        };
        let (execution, member, schedule) = check(1);
        assert_eq!((execution, member, schedule.clone()), check(4), "seed {seed}");
        let alone = find(member, seed, reorder(4));
        assert_eq!((alone.execution, alone.schedule.to_string()), (execution.div_ceil(6), schedule), "{member} alone");
        assert_eq!(alone.found_by, None, "nobody else takes part");
    }
}

#[test]
fn a_portfolio_that_finds_nothing_has_drawn_as_many_schedules_as_it_was_told() {
    for executions in [3, 100] {
        let checker = Checker::new().engine(Engine::Portfolio).seed(5).executions(executions);
        let outcome = checker.run(counted).unwrap();
        let Outcome::Holds(coverage) = outcome else { panic!("it should hold, but came to {outcome:?}") };
        assert_eq!((coverage.searched, coverage.executions), (Searched::Sampled { seed: 5 }, executions));
    }
    let alone = Checker::new().engine(Engine::Portfolio).run(|| drop(Mutex::new(0).lock())).unwrap();
    assert!(matches!(alone, Outcome::Holds(Coverage { searched: Searched::Every, executions: 1, .. })), "{alone:?}");
    let long = Checker::new().engine(Engine::Portfolio).steps(5).run(counted).unwrap();
    assert!(matches!(long, Outcome::Inconclusive { budget: Budget::Steps, .. }), "{long:?}");
}

fn counted() {
    let counter = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| *counter.lock().unwrap() += 1);
        }
    });
    assert_eq!(*counter.lock().unwrap(), 2);
}

fn handed_over() {
    let (slot, filled) = (Mutex::new(None), Condvar::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            *slot.lock().unwrap() = Some(raddle::choose(3));
            filled.notify_one();
        });
        let taken = filled.wait_while(slot.lock().unwrap(), |slot| slot.is_none()).unwrap().take();
        assert!(taken.is_some_and(|taken| taken < 3));
    });
}

fn sent() {
    let (sender, receiver) = mpsc::sync_channel(1);
    let producer = thread::spawn(move || (0..3).for_each(|item| sender.send(item).unwrap()));
    let mut items = Vec::new();
    loop {
        match receiver.recv_timeout(Duration::from_secs(1)) {
            Ok(item) => items.push(item),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    producer.join().unwrap();
    assert_eq!(items, [0, 1, 2]);
}

fn tried() {
    let lock = Mutex::new(0);
    thread::scope(|scope| {
        scope.spawn(|| *lock.lock().unwrap() += 1);
        if let Ok(mut value) = lock.try_lock() {
            *value += 1;
        }
    });
    assert!(*lock.lock().unwrap() >= 1);
}

/// Who waits must not keep those whom it waits for from going on.
fn awaited() {
    let (ready, sum) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !ready.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                sum.fetch_add(1, Ordering::SeqCst);
            });
        }
        scope.spawn(|| {
            sum.fetch_add(1, Ordering::SeqCst);
            ready.store(true, Ordering::SeqCst);
        });
    });
    assert_eq!(sum.load(Ordering::SeqCst), 3);
}

#[test]
fn programs_of_every_primitive_hold_under_every_sampler() {
    for engine in samplers() {
        for (name, program) in [
            ("counted", counted as fn()),
            ("handed over", handed_over),
            ("sent", sent),
            ("tried", tried),
            ("awaited", awaited),
        ] {
            let checker = Checker::new().engine(engine).executions(500).steps(400).spurious_wakeups(2);
            let outcome = checker.run(program);
            assert!(
                matches!(
                    outcome,
                    Ok(Outcome::Holds(Coverage { searched: Searched::Sampled { .. }, executions: 500, .. }))
                ),
                "{name} under {engine} came to {outcome:?}"
            );
        }
    }
}

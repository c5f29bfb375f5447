//! What a trace says besides its events: what becomes of objects, which thread polls a task, and what happens in the
//! correct program along the buggy one's schedule.

use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::sync::{Arc, Barrier, Condvar, Mutex, Once, RaceCell, RwLock, Semaphore, mpsc};
use raddle::{Checker, Engine, Outcome, Trace, thread, tokio};
use raddle_scenarios::CATALOGUE;

/// The trace of a program that fails, as a replay records it.
fn trace(program: fn()) -> Trace {
    match Checker::new().engine(Engine::shuttle()).run(program) {
        Ok(Outcome::Fails(found)) => found.trace,
        other => panic!("it has to fail: {other:?}"),
    }
}

/// What becomes of the object of this name, in order.
#[track_caller]
fn becomes(program: fn(), name: &str, expected: &[&str]) {
    let trace = trace(program);
    let object = trace.objects.iter().position(|object| object.name == name);
    let object = object.unwrap_or_else(|| panic!("no {name} among {:?}", trace.objects));
    let is: Vec<&str> =
        trace.changes.iter().filter(|change| change.object == object).map(|change| change.state.as_str()).collect();
    assert_eq!(is, expected, "{name}");
    assert!(trace.changes.is_sorted_by_key(|change| change.event), "{:?}", trace.changes);
}

#[test]
fn a_trace_says_what_becomes_of_each_object() {
    becomes(
        || {
            let counter = Mutex::new(1).named("counter");
            *counter.lock().unwrap() += 1;
            drop(counter.lock());
            panic!("seen");
        },
        "counter",
        &["1, held by main", "2, free", "2, held by main", "2, free"],
    );
    becomes(
        || {
            let number = AtomicU32::new(5).named("number");
            number.load(SeqCst);
            number.fetch_add(1, SeqCst);
            let _ = number.compare_exchange(9, 10, SeqCst, SeqCst);
            number.store(7, SeqCst);
            panic!("seen");
        },
        "number",
        &["5", "6", "7"],
    );
    becomes(
        || {
            let pages = RwLock::new(0).named("pages");
            let one = pages.read().unwrap();
            let two = pages.read().unwrap();
            drop((one, two));
            *pages.write().unwrap() = 4;
            panic!("seen");
        },
        "pages",
        &["0, read by main", "0, read by main and main", "0, read by main", "0, free", "0, written by main", "4, free"],
    );
    becomes(
        || {
            let permits = Semaphore::new(3).named("permits");
            let one = permits.acquire();
            let _two = permits.acquire_many(2);
            drop(one);
            panic!("seen");
        },
        "permits",
        &[
            "2 permits free, held by main",
            "0 permits free, held by main and main (2)",
            "1 permit free, held by main (2)",
            "3 permits free",
        ],
    );
}

#[test]
fn a_trace_says_who_waits_and_what_is_on_its_way() {
    becomes(
        || {
            let changed = Arc::new((Mutex::new(false).named("ready"), Condvar::new().named("changed")));
            let theirs = Arc::clone(&changed);
            let waiter = thread::Builder::new().name("waiter".into());
            let waits = move || {
                let mut ready = theirs.0.lock().unwrap();
                *ready = true;
                drop(theirs.1.wait(ready));
            };
            let waiter = waiter.spawn(waits).unwrap();
            while !*changed.0.lock().unwrap() {
                thread::yield_now();
            }
            changed.1.notify_one();
            waiter.join().unwrap();
            panic!("seen");
        },
        "changed",
        &["waited on by waiter", "waited on by waiter, 1 notification on the way", "nobody waits"],
    );
    becomes(
        || {
            let (sender, receiver) = mpsc::sync_channel(2);
            sender.send(1).unwrap();
            sender.send(2).unwrap();
            receiver.recv().unwrap();
            drop(sender);
            panic!("seen");
        },
        "channel-0",
        &[
            "1 message of 2",
            "2 messages of 2",
            "1 message of 2",
            "1 message of 2, no sender left",
            "0 messages of 2, no sender left, no receiver left",
        ],
    );
    becomes(
        || {
            let barrier = Barrier::new(1).named("barrier");
            barrier.wait();
            panic!("seen");
        },
        "barrier",
        &["0 of 1 have arrived"],
    );
    becomes(
        || {
            let once = Once::new().named("once");
            once.call_once(|| ());
            panic!("seen");
        },
        "once",
        &["run by main", "done"],
    );
    becomes(
        || {
            let cell = RaceCell::new(1).named("cell");
            cell.set(2);
            panic!("seen");
        },
        "cell",
        &["2"],
    );
}

#[test]
fn a_task_is_inside_the_thread_that_blocks_on_its_loop() {
    let found = trace(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            tokio::spawn(async { tokio::task::yield_now().await }).await.unwrap();
            panic!("seen");
        });
    });
    let names: Vec<(&str, &str)> =
        found.polled_by.iter().map(|(task, thread)| (found.task(*task), found.task(*thread))).collect();
    assert_eq!(names.len(), 1, "{names:?} of {:?}", found.tasks);
    assert_eq!(names[0].1, "main");
    // On several threads there is none that a task is inside of.
    let at_once = trace(|| {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            tokio::spawn(async {}).await.unwrap();
            panic!("seen");
        });
    });
    assert_eq!((at_once.polled_by.as_slice(), at_once.futures.len()), (&[][..], 2), "{:?}", at_once.tasks);
}

/// Each pattern's correct program passes along what was found in each of its buggy ones, and goes along with it as far as it can.
#[test]
fn the_correct_program_passes_along_the_buggy_one_s_schedule() {
    let mut along = 0;
    for pattern in CATALOGUE.patterns() {
        let correct = pattern.variants.iter().find(|variant| variant.is_correct()).expect("a pattern has one");
        for variant in pattern.variants.iter().filter(|variant| !variant.is_correct()) {
            let program = variant.program(Engine::shuttle());
            let Ok(Outcome::Fails(found)) = variant.checker(Engine::shuttle()).run(program) else { continue };
            let checker = correct.checker(Engine::shuttle());
            let followed = checker.along(correct.program(Engine::shuttle()), &found.schedule).unwrap();
            let name = format!("{}/{} along {}", pattern.name, correct.name, variant.name);
            assert!(followed.found.is_none() && followed.drift.is_none(), "{name}: {followed:?}");
            let trace = followed.passed.unwrap_or_else(|| panic!("{name}: nothing was recorded"));
            assert_eq!((trace.verdict.as_ref(), trace.operations()), (None, followed.operations), "{name}");
            let ends = trace.events.iter().filter(|event| event.operation == "finish").count();
            assert_eq!(ends, trace.tasks.len(), "{name}: every task comes to its end");
            along += 1;
        }
    }
    assert!(along > 80, "{along} were followed: this shows little");
}

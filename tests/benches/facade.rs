//! What the facade costs: the same program on raddle and on the bare engine, in turn, in one run.
//!
//! `make bench` prints, for each program and engine, the median over the pairs of (time on raddle ÷ time on the bare
//! engine). Both use std's `Arc`. Under loom both explore the same executions; under shuttle both draw the same number.

use std::sync::Arc;
use std::time::{Duration, Instant};

/// Pairs of runs; the order within a pair alternates.
const PAIRS: usize = 21;
/// Schedules in one run of shuttle.
const SCHEDULES: usize = 10_000;

/// The same program over three `sync` and `thread` modules.
macro_rules! programs {
    ($module:ident: $sync:path, $thread:path) => {
        mod $module {
            use std::sync::Arc;
            use sync::atomic::{AtomicUsize, Ordering};
            use $sync as sync;
            use $thread as thread;

            /// Three threads, two lock-guarded increments each.
            pub(crate) fn locks() {
                let counter = Arc::new(sync::Mutex::new(0));
                let threads: Vec<_> = (0..3)
                    .map(|_| {
                        let counter = Arc::clone(&counter);
                        thread::spawn(move || (0..2).for_each(|_| *counter.lock().unwrap() += 1))
                    })
                    .collect();
                for thread in threads {
                    thread.join().unwrap();
                }
                assert_eq!(*counter.lock().unwrap(), 6);
            }

            /// Two threads, five atomic additions each.
            pub(crate) fn atomics() {
                let counter = Arc::new(AtomicUsize::new(0));
                let threads: Vec<_> = (0..2)
                    .map(|_| {
                        let counter = Arc::clone(&counter);
                        thread::spawn(move || {
                            for _ in 0..5 {
                                counter.fetch_add(1, Ordering::AcqRel);
                            }
                        })
                    })
                    .collect();
                for thread in threads {
                    thread.join().unwrap();
                }
                assert_eq!(counter.load(Ordering::Acquire), 10);
            }

            /// One producer, one consumer, five items, one condition variable.
            pub(crate) fn condvar() {
                let shelf = Arc::new((sync::Mutex::new(0), sync::Condvar::new()));
                let producer = {
                    let shelf = Arc::clone(&shelf);
                    thread::spawn(move || {
                        for _ in 0..5 {
                            *shelf.0.lock().unwrap() += 1;
                            shelf.1.notify_one();
                        }
                    })
                };
                for _ in 0..5 {
                    let mut items = shelf.0.lock().unwrap();
                    while *items == 0 {
                        items = shelf.1.wait(items).unwrap();
                    }
                    *items -= 1;
                }
                producer.join().unwrap();
            }
        }
    };
}

programs!(on_raddle: raddle::sync, raddle::thread);
programs!(on_loom: loom::sync, loom::thread);
programs!(on_shuttle: shuttle::sync, shuttle::thread);

fn raddle(engine: raddle::Engine, program: fn()) -> u64 {
    let checker = raddle::Checker::new().engine(engine).executions(if engine == raddle::Engine::Loom {
        1_000_000
    } else {
        SCHEDULES as u64
    });
    match checker.run(program) {
        Ok(raddle::Outcome::Holds(coverage)) => coverage.executions(),
        other => panic!("the program holds, but: {other:?}"),
    }
}

/// As raddle explores: with 0, 1 and 2 preemptions first. Gives the executions of the whole search.
fn bare_loom(program: fn()) -> u64 {
    let mut last = 0;
    for bound in [Some(0), Some(1), Some(2), None] {
        let count = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = bound;
        let counted = Arc::clone(&count);
        builder.check(move || {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            program();
        });
        last = count.load(std::sync::atomic::Ordering::Relaxed);
    }
    last
}

fn bare_shuttle(program: fn()) -> u64 {
    let mut config = shuttle::Config::new();
    config.failure_persistence = shuttle::FailurePersistence::None;
    config.silence_warnings = true;
    let scheduler = shuttle::scheduler::RandomScheduler::new_from_seed(raddle::Checker::DEFAULT_SEED, SCHEDULES);
    shuttle::Runner::new(scheduler, config).run(program) as u64
}

/// On a thread of its own, as `cargo test` runs what either side would be.
fn time(run: &(impl Fn() -> u64 + Sync)) -> (Duration, u64) {
    std::thread::scope(|scope| {
        let timed = scope.spawn(|| {
            let started = Instant::now();
            let executions = run();
            (started.elapsed(), executions)
        });
        timed.join().expect("the program holds")
    })
}

/// Prints a program's row, and gives the ratio of each pair.
fn compare(name: &str, ours: impl Fn() -> u64 + Sync, bare: impl Fn() -> u64 + Sync) -> Vec<f64> {
    // Once to warm up.
    let _ = (ours(), bare());
    let mut ratios = Vec::new();
    let (mut executions, mut took) = ((0, 0), (Duration::ZERO, Duration::ZERO));
    for pair in 0..PAIRS {
        let ((our_time, our_executions), (bare_time, bare_executions)) = if pair % 2 == 0 {
            let ours = time(&ours);
            (ours, time(&bare))
        } else {
            let bare = time(&bare);
            (time(&ours), bare)
        };
        ratios.push(our_time.as_secs_f64() / bare_time.as_secs_f64());
        executions = (our_executions, bare_executions);
        took = (our_time, bare_time);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "{name:<18} {:>5.2}   {:.2}–{:.2}   {} / {} executions   {:.1?} / {:.1?}",
        ratios[PAIRS / 2],
        ratios[0],
        ratios[PAIRS - 1],
        executions.0,
        executions.1,
        took.0,
        took.1
    );
    ratios
}

type Program = Arc<dyn Fn() + Send + Sync>;

/// The two ways to find a data race under one interleaving at a time: vector clocks, and an access as two steps that
/// a conflicting access must not overlap. The second is written out with `yield_now` between two checks of a flag.
fn race_detection() {
    println!(
        "\ndata races under shuttle: schedules to the first one, over 20 seeds, and time for {SCHEDULES} schedules"
    );
    let clocks = |unordered: bool| {
        move || {
            let cell = Arc::new(raddle::sync::RaceCell::new(0));
            let lock = Arc::new(raddle::sync::Mutex::new(()));
            let (theirs, their_lock) = (Arc::clone(&cell), Arc::clone(&lock));
            let writer = raddle::thread::spawn(move || {
                let _guard = their_lock.lock().unwrap();
                theirs.set(1);
            });
            let guard = (!unordered).then(|| lock.lock().unwrap());
            cell.set(2);
            drop(guard);
            writer.join().unwrap();
        }
    };
    let two_steps = |unordered: bool| {
        move || {
            let cell = Arc::new(std::sync::atomic::AtomicUsize::new(0));
            let lock = Arc::new(raddle::sync::Mutex::new(()));
            let access = |inside: &std::sync::atomic::AtomicUsize| {
                assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::Relaxed), 0, "two accesses overlap");
                raddle::thread::yield_now();
                inside.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
            };
            let (theirs, their_lock) = (Arc::clone(&cell), Arc::clone(&lock));
            let writer = raddle::thread::spawn(move || {
                let _guard = their_lock.lock().unwrap();
                access(&theirs);
            });
            let guard = (!unordered).then(|| lock.lock().unwrap());
            access(&cell);
            drop(guard);
            writer.join().unwrap();
        }
    };
    let first = |program: Program| {
        let mut found: Vec<u64> = (0..20)
            .map(|seed| {
                let program = Arc::clone(&program);
                let checker = raddle::Checker::new().engine(raddle::Engine::shuttle()).seed(seed);
                checker.run(move || program()).map_or(u64::MAX, |outcome| outcome.executions())
            })
            .collect();
        found.sort_unstable();
        format!("median {}, worst {}", found[found.len() / 2], found[found.len() - 1])
    };
    let whole = |program: Program| {
        let checker = raddle::Checker::new().engine(raddle::Engine::shuttle()).executions(SCHEDULES as u64);
        let started = Instant::now();
        let _ = checker.run(move || program());
        started.elapsed()
    };
    println!("vector clocks      {}   {:.1?}", first(Arc::new(clocks(true))), whole(Arc::new(clocks(false))));
    println!("two steps          {}   {:.1?}", first(Arc::new(two_steps(true))), whole(Arc::new(two_steps(false))));
}

/// A name, and the program on raddle, on loom and on shuttle.
type Row = (&'static str, fn(), fn(), fn());

fn main() {
    // `cargo test --benches` builds and lists this; it measures only when asked to.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    std::panic::set_hook(Box::new(|_| {}));
    println!("time on raddle ÷ time on the bare engine: median, range of {PAIRS} pairs");
    let programs: [Row; 3] = [
        ("locks", on_raddle::locks, on_loom::locks, on_shuttle::locks),
        ("atomics", on_raddle::atomics, on_loom::atomics, on_shuttle::atomics),
        ("condvar", on_raddle::condvar, on_loom::condvar, on_shuttle::condvar),
    ];
    let (mut on_loom, mut on_shuttle) = (Vec::new(), Vec::new());
    for (name, ours, loom, shuttle) in programs {
        let loom_name = format!("loom {name}");
        on_loom.extend(compare(&loom_name, || raddle(raddle::Engine::Loom, ours), || bare_loom(loom)));
        let shuttle_name = format!("shuttle {name}");
        on_shuttle.extend(compare(&shuttle_name, || raddle(raddle::Engine::shuttle(), ours), || bare_shuttle(shuttle)));
    }
    for (engine, mut ratios) in [("loom", on_loom), ("shuttle", on_shuttle)] {
        ratios.sort_by(f64::total_cmp);
        println!("{engine:<18} {:>5.2}   over all pairs of all programs", ratios[ratios.len() / 2]);
    }
    race_detection();
}

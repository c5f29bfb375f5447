//! What hangs, ends its process, fails or holds: each is run by a child process, as a test would run it.

use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::sync::{Arc, Mutex};
use raddle::{Checker, Engine, thread};
use std::process::ExitCode;
use std::time::Duration;

/// Runs the program of this name as a test of this name would be run; 0 if it passes.
pub(crate) fn child(name: &str) -> ExitCode {
    if name == "typo" {
        let arguments = std::env::args().skip_while(|argument| argument != "typo");
        return ExitCode::from(raddle::suite::run(&raddle_scenarios::CATALOGUE, arguments));
    }
    let program = name.to_owned();
    let test = std::thread::Builder::new().name(format!("test_of_{name}")).spawn(move || run(&program)).unwrap();
    if test.join().is_ok() { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

fn run(name: &str) {
    match name {
        "std_lock" => raddle::check(std_lock),
        "std_channel" => raddle::check(|| {
            let (sender, receiver) = std::sync::mpsc::channel::<()>();
            let other = thread::spawn(|| {});
            let _ = receiver.recv();
            drop(sender);
            other.join().unwrap();
        }),
        "endless" => raddle::check(|| {
            let other = thread::Builder::new().name("a busy thread".into()).spawn(spin_for_ever).unwrap();
            other.join().unwrap();
        }),
        "endless_destructor" => raddle::check(|| {
            let _kept = (Endless, thread::spawn(|| {}));
        }),
        "loom_endless" => Checker::new().engine(Engine::Loom).check(on_another(in_the_second_execution(spin_for_ever))),
        "computes" => Checker::new().engine(Engine::shuttle()).executions(1).check(|| {
            let begun = std::time::Instant::now();
            while begun.elapsed() < Duration::from_millis(1_500) {
                std::hint::spin_loop();
            }
        }),
        "deep" => raddle::check(on_another(|| _ = deep(1_000_000))),
        "deep_main" => raddle::check(|| {
            AtomicU32::new(0).store(1, SeqCst);
            deep(1_000_000);
        }),
        "deep_operations" => raddle::check(on_another(|| {
            let counter = AtomicU32::new(0);
            deep_operations(&counter, 3_000);
        })),
        "deep_destructor" => raddle::check(on_another(|| {
            let chain = (0..100_000).fold(Chain(None), |chain, _| Chain(Some(Box::new(chain))));
            drop(chain);
        })),
        "deep_future" => raddle::check(|| {
            let joined = async { raddle::task::spawn(async { deep(1_000_000) }).await.unwrap() };
            raddle::task::block_on(joined);
        }),
        "deep_exhaustive" => Checker::new().engine(Engine::Exhaustive).check(on_another(|| _ = deep(1_000_000))),
        "null" => raddle::check(on_another(read_null)),
        "exit" => raddle::check(on_another(|| std::process::exit(0))),
        "exit_main" => raddle::check(|| {
            AtomicU32::new(0).store(1, SeqCst);
            std::process::exit(0);
        }),
        "exit_loom" => {
            Checker::new().engine(Engine::Loom).check(on_another(in_the_second_execution(|| std::process::exit(0))));
        }
        "exit_elsewhere" => raddle::check(|| {
            AtomicU32::new(0).store(1, SeqCst);
            std::thread::spawn(|| std::process::exit(0)).join().unwrap();
        }),
        "abort" => raddle::check(on_another(|| std::process::abort())),
        "double_free" => raddle::check(double_free),
        "exit_after" => {
            raddle::check(holds);
            std::process::exit(3);
        }
        "exit_after_failing" => {
            let failed = std::panic::catch_unwind(|| raddle::check(|| lost_update(2)));
            assert!(failed.is_err());
            std::process::exit(3);
        }
        "holds" => raddle::check(holds),
        "busy" => while_others_run(|| (0..10).for_each(|_| Checker::new().executions(20).check(holds))),
        "busy_deadline" => {
            let begun = std::time::Instant::now();
            Checker::new().engine(Engine::Exhaustive).check(three_locks);
            let time = begun.elapsed() * 2;
            while_others_run(move || Checker::new().engine(Engine::Exhaustive).time(time).check(three_locks));
        }
        "runs" => {
            Checker::new().engine(Engine::shuttle()).executions(u64::MAX).time(Duration::from_millis(300)).check(
                || {
                    let other = thread::spawn(thread::yield_now);
                    thread::yield_now();
                    other.join().unwrap();
                },
            );
        }
        "fails" => raddle::check(|| lost_update(2)),
        "prints" => raddle::check(|| {
            if raddle::is_last_run() {
                println!("it begins");
            }
            lost_update(2);
        }),
        "prints_by_macros" => raddle::check(|| {
            raddle::print::println!("it begins {}", 1);
            raddle::print::print!("and ");
            lost_update(raddle::print::dbg!(1 + 1));
            raddle::print::eprintln!("never reached where it fails");
        }),
        "many" => raddle::check(|| lost_update(5)),
        other => panic!("no program `{other}`"),
    }
}

/// What another thread does, between steps of the two.
fn on_another(does: impl Fn() + Send + Sync + Clone + 'static) -> impl Fn() + Send + Sync + 'static {
    move || {
        let counter = Arc::new(AtomicU32::new(0));
        let (theirs, does) = (Arc::clone(&counter), does.clone());
        let other = thread::spawn(move || {
            theirs.fetch_add(1, SeqCst);
            does();
        });
        counter.fetch_add(1, SeqCst);
        other.join().unwrap();
    }
}

/// Past the executions of the other engine, which come before: it runs a program twice.
fn in_the_second_execution(does: impl Fn() + Send + Sync + Clone + 'static) -> impl Fn() + Send + Sync + Clone {
    static RUNS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    move || {
        if RUNS.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 2 {
            does();
        }
    }
}

fn spin_for_ever() {
    while std::hint::black_box(true) {
        std::hint::spin_loop();
    }
}

struct Endless;

impl Drop for Endless {
    fn drop(&mut self) {
        spin_for_ever();
    }
}

fn std_lock() {
    let lock = Arc::new((std::sync::Mutex::new(0), AtomicU32::new(0)));
    let append = |lock: &(std::sync::Mutex<u32>, AtomicU32)| {
        let mut held = lock.0.lock().unwrap();
        *held += lock.1.fetch_add(1, SeqCst);
    };
    let theirs = Arc::clone(&lock);
    let other = thread::spawn(move || append(&theirs));
    append(&lock);
    other.join().unwrap();
}

#[inline(never)]
fn deep(levels: u32) -> u32 {
    let frame = std::hint::black_box([levels; 32]);
    if levels == 0 { frame[0] } else { deep(levels - 1) + frame[31] }
}

fn deep_operations(counter: &AtomicU32, levels: u32) -> u32 {
    let frame = std::hint::black_box([counter.fetch_add(1, SeqCst); 64]);
    if levels == 0 { frame[0] } else { deep_operations(counter, levels - 1).wrapping_add(frame[63]) }
}

struct Chain(#[expect(dead_code, reason = "it is there to be dropped")] Option<Box<Chain>>);

#[expect(unsafe_code, reason = "it is what must not be done")]
fn read_null() {
    let pointer: *const u32 = std::hint::black_box(std::ptr::null());
    // SAFETY: none: it is what ends the process.
    std::hint::black_box(unsafe { std::ptr::read_volatile(pointer) });
}

#[expect(unsafe_code, reason = "it is what must not be done")]
fn double_free() {
    let _step = AtomicU32::new(0).fetch_add(1, SeqCst);
    let pointer = Box::into_raw(Box::new([0_u64; 8]));
    // SAFETY: none: it is what ends the process.
    unsafe {
        drop(Box::from_raw(std::hint::black_box(pointer)));
        drop(Box::from_raw(std::hint::black_box(pointer)));
    }
}

fn holds() {
    on_another(|| {})();
}

fn three_locks() {
    let locks = Arc::new([Mutex::new(0), Mutex::new(0), Mutex::new(0)]);
    let threads = [(); 2].map(|()| {
        let locks = Arc::clone(&locks);
        thread::spawn(move || locks.iter().for_each(|lock| *lock.lock().unwrap() += 1))
    });
    locks.iter().for_each(|lock| *lock.lock().unwrap() += 1);
    for thread in threads {
        thread.join().unwrap();
    }
}

fn lost_update(threads: usize) {
    let counter = Arc::new(AtomicU32::new(0));
    let threads: Vec<_> = (0..threads)
        .map(|_| {
            let counter = Arc::clone(&counter);
            thread::spawn(move || counter.store(counter.load(SeqCst) + 1, SeqCst))
        })
        .collect();
    let count = threads.len();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_all_counted(counter.load(SeqCst), count);
}

#[inline(never)]
fn assert_all_counted(counted: u32, of: usize) {
    assert!(counted as usize == of, "an update is lost");
}

/// Does something on a machine whose processors are wanted by sixteen others each.
fn while_others_run(does: impl FnOnce()) {
    let ends = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let others: Vec<_> = (0..16 * std::thread::available_parallelism().map_or(1, usize::from))
        .map(|_| {
            let ends = std::sync::Arc::clone(&ends);
            std::thread::spawn(move || {
                while !ends.load(std::sync::atomic::Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        })
        .collect();
    does();
    ends.store(true, std::sync::atomic::Ordering::Relaxed);
    others.into_iter().for_each(|other| other.join().unwrap());
}

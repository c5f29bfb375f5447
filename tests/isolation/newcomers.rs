//! What somebody new writes, in a test as they would have it: each time they are told what to write instead.

use raddle::sync::Arc;
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::{Checker, Engine, thread};
use raddle_tests::stderr;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// The program of this name, checked as a test would.
pub(crate) fn run(name: &str) {
    match name {
        "std_lock" => raddle::check(crate::hostile::waits_for_stds_lock),
        "std_thread" => raddle::check(std_thread),
        "static_primitive" => raddle::check(static_primitive),
        "static_state" => raddle::check(crate::hostile::differs_from_run_to_run),
        "real_sleep" => raddle::check(real_sleep),
        "hash_map_order" => raddle::check(hash_map_order),
        "spin_without_yield" => raddle::check(spin_without_yield),
        "too_many_threads" => Checker::new().engine(Engine::Loom).check(too_many_threads),
        other => panic!("no program `{other}`"),
    }
}

#[expect(clippy::disallowed_methods, reason = "it is what must not be done")]
fn std_thread() {
    let counter = Arc::new(AtomicU32::new(0));
    let theirs = Arc::clone(&counter);
    std::thread::spawn(move || theirs.fetch_add(1, SeqCst)).join().unwrap();
}

fn static_primitive() {
    static COUNTER: std::sync::OnceLock<AtomicU32> = std::sync::OnceLock::new();
    COUNTER.get_or_init(|| AtomicU32::new(0)).fetch_add(1, SeqCst);
}

#[expect(clippy::disallowed_methods, reason = "it is what must not be done")]
fn real_sleep() {
    // The mistake that is told of: nobody waits for it, and no verdict depends on how long it takes.
    std::thread::sleep(std::time::Duration::from_millis(60));
    panic!("once is enough");
}

#[expect(clippy::disallowed_types, reason = "it is what must not be done")]
fn hash_map_order() {
    let counters = [(); 16].map(|()| AtomicU32::new(0));
    for index in std::collections::HashSet::from([0, 3, 6, 9, 12, 15]) {
        counters[index].fetch_add(1, SeqCst);
    }
}

fn spin_without_yield() {
    let flag = Arc::new(AtomicU32::new(0));
    let theirs = Arc::clone(&flag);
    let setter = thread::spawn(move || theirs.store(1, SeqCst));
    while flag.load(SeqCst) == 0 {}
    setter.join().unwrap();
}

fn too_many_threads() {
    for worker in [(); 5].map(|()| thread::spawn(|| {})) {
        worker.join().unwrap();
    }
}

fn newcomer(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["newcomer", name]).env("RUST_BACKTRACE", "0");
    command
}

pub(crate) fn each_is_told_what_to_write_instead() {
    for (name, words) in [
        ("std_thread", &["a thread that `raddle::thread::spawn` has started", "not from one of std's"][..]),
        ("static_primitive", &["create it inside the closure that is checked, and not in a static"]),
        ("static_state", &["not deterministic", "a static", "`raddle::choose`"]),
        ("real_sleep", &["an execution takes", "a real sleep", "Write `raddle::thread::sleep`"]),
        ("hash_map_order", &["not deterministic", "a HashMap's order"]),
        ("spin_without_yield", &["more than 5000 steps", "without `raddle::thread::yield_now`"]),
        ("too_many_threads", &["6 threads (main, thread-1", "more than loom's 5", "`Engine::shuttle()`"]),
    ] {
        let output = newcomer(name).output().unwrap();
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(101), "{name}: {error}");
        for words in words {
            assert!(error.contains(words), "{name}: `{words}` is missing in: {error}");
        }
    }
}

pub(crate) fn what_hangs_is_told_of() {
    let mut child = newcomer("std_lock").stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut hints = lines.filter(|line| line.starts_with("raddle: an execution has not come to an end"));
    let hint = hints.next();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(hint.is_some_and(|hint| hint.contains("Write `raddle::sync`")));
}

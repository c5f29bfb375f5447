//! The programs that chapters show, each in a file of its own, and what each comes to in a test.

use super::shown::differs;
use raddle::prelude::*;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

#[path = "../../docs/programs/a_static.rs"]
mod a_static;
#[path = "../../docs/programs/hash_order.rs"]
mod hash_order;
#[path = "../../docs/till/tests/last_item.rs"]
mod last_item;
#[path = "../../docs/programs/made_outside.rs"]
mod made_outside;
#[path = "../../docs/programs/no_yield.rs"]
mod no_yield;
#[path = "../../docs/programs/real_sleep.rs"]
mod real_sleep;
#[path = "../../docs/programs/six_threads.rs"]
mod six_threads;
#[path = "../../docs/programs/std_atomic.rs"]
mod std_atomic;
#[path = "../../docs/programs/std_lock.rs"]
mod std_lock;
#[path = "../../docs/programs/std_thread.rs"]
mod std_thread;

/// Checks the program of this name, as a test would.
pub(crate) fn check(name: &str) {
    match name {
        "a_static" => raddle::check(a_static::a_static),
        "hash_order" => raddle::check(hash_order::hash_order),
        "last_item" => raddle::check(last_item::two_tills),
        "made_outside" => made_outside::made_outside(),
        "no_yield" => raddle::check(no_yield::no_yield),
        "real_sleep" => raddle::check(real_sleep::real_sleep),
        "six_threads" => six_threads::six_threads(),
        "std_lock" => raddle::check(std_lock::std_lock),
        "std_thread" => raddle::check(std_thread::std_thread),
        _ => panic!("the guide's test has no program `{name}`"),
    }
}

/// Programs as a catalogue's: what `raddle check` makes of them, each in a process of its own.
pub(crate) const MISTAKES: Pattern = Pattern::new(
    "shop/mistakes",
    "Mistakes",
    raddle::source!("programs.rs"),
    &[Variant::correct("std_lock", std_lock::std_lock), Variant::correct("std_atomic", std_atomic::std_atomic)],
);

/// How long a program may say nothing that is shown.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a test of this program prints; nothing if it is what `shown` shows.
pub(crate) fn differs_from_what_it_says(name: &str, shown: &str) -> Option<String> {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(name).env(super::ROLE, "program").env("RUST_BACKTRACE", "0");
    command.current_dir(raddle_tests::root());
    command.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut child = command.spawn().unwrap();
    drop(command);
    let (sender, lines) = mpsc::channel();
    let reading = std::thread::spawn(move || {
        BufReader::new(reader).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    let (mut said, until) = (String::new(), Instant::now() + PATIENCE);
    // One that hangs is ended once it has said what is shown.
    while let Ok(line) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
        said.extend([&line, "\n"]);
        if differs(shown, &said).is_none() {
            break;
        }
    }
    drop(lines);
    let _ = child.kill();
    child.wait().unwrap();
    let _ = reading.join().unwrap();
    differs(shown, &said)
}

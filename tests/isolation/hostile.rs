//! Programs that do what no engine can look into. Each is written so that it does so in some interleavings alone.

use proptest::strategy::Strategy as _;
use raddle::Property;
use raddle::prelude::*;
use raddle::sync::Arc;
use raddle::sync::atomic::{AtomicU32, Ordering::SeqCst};
use raddle::thread;
use std::io::Write;
use std::net::TcpStream;

pub(crate) const PATTERN: Pattern = Pattern::new(
    "hostile/programs",
    "none",
    raddle::source!("hostile.rs"),
    &[
        Variant::correct("obeys", || racing(|| {})),
        Variant::correct("leaks_a_thread", leaks_a_thread),
        Variant::correct("leaks_a_process", leaks_a_process),
        Variant::correct("closes_stdout", closes_stdout),
        Variant::buggy("aborts", Class::Foreign, || racing(|| std::process::abort()))
            .fails_with(Expect::Crash("SIGABRT")),
        Variant::buggy("exits", Class::Foreign, || racing(|| std::process::exit(0)))
            .fails_with(Expect::Crash("exited with code 0")),
        Variant::buggy("overflows", Class::Foreign, || racing(|| _ = dig(0)))
            .fails_with(Expect::Crash("a stack overflow")),
        Variant::buggy("takes_all_memory", Class::Foreign, || racing(takes_all_memory))
            .fails_with(Expect::Crash("ran out of memory (the limit is 512 MiB)")),
        Variant::buggy("spins_and_yields", Class::Livelock, spins_and_yields).fails_with(Expect::Livelock),
        Variant::buggy("panics_in_drop", Class::Misuse, || racing(|| drop(PanicsInDrop)))
            .fails_with(Expect::Assertion("in a destructor")),
        Variant::buggy("panics_in_drop_while_it_panics", Class::Misuse, || racing(panics_twice))
            .fails_with(Expect::Assertion("a first time")),
        Variant::buggy("panics_at_length", Class::Misuse, || racing(|| panic!("{}", "so ".repeat(10 << 20))))
            .fails_with(Expect::Assertion("so so")),
        Variant::buggy("has_a_name_like_no_other", Class::Misuse, has_a_name_like_no_other)
            .fails_with(Expect::Assertion("]]>")),
    ],
);

/// What has no end.
pub(crate) const HANGS: Pattern = Pattern::new(
    "hostile/hangs",
    "none",
    raddle::source!("hostile.rs"),
    &[
        Variant::buggy("spins", Class::Foreign, || racing(|| while std::hint::black_box(true) {}))
            .fails_with(Expect::Hang),
        Variant::buggy("waits_for_stds_lock", Class::Foreign, waits_for_stds_lock).fails_with(Expect::Hang),
    ],
);

/// What can't be checked, with the same result each time.
pub(crate) const ERRORS: Pattern = Pattern::new(
    "hostile/errors",
    "none",
    raddle::source!("hostile.rs"),
    &[Variant::correct("differs_from_run_to_run", differs_from_run_to_run)],
);

/// What does not come to what it declares.
pub(crate) const UNMET: Pattern = Pattern::new(
    "hostile/unmet",
    "none",
    raddle::source!("hostile.rs"),
    &[
        Variant::correct("correct_but_panics", || racing(|| panic!("<b>::error::%0A,&amp;"))),
        Variant::buggy("harmless", Class::Deadlock, || racing(|| {})).fails_with(Expect::Deadlock(2)),
    ],
);

/// What takes more executions than a small budget has.
pub(crate) const LARGE: Pattern = Pattern::new(
    "hostile/large",
    "none",
    raddle::source!("hostile.rs"),
    &[Variant::correct("many_threads", many_threads)],
);

/// What keeps the search busy between two executions.
pub(crate) const BUSY: Pattern = Pattern::new(
    "hostile/busy",
    "none",
    raddle::source!("hostile.rs"),
    &[Variant::correct("draws_for_ever", || {}).property(draws_for_ever)],
);

/// What ends only when somebody ends it from outside, and says that it has begun.
pub(crate) const ENDLESS: Pattern = Pattern::new(
    "hostile/endless",
    "none",
    raddle::source!("hostile.rs"),
    &[Variant::correct("says_so_and_spins", says_so_and_spins)],
);

/// Two threads take turns in every way; in some of them, not in the first, `mischief` is done.
fn racing(mischief: fn()) {
    let flag = Arc::new(AtomicU32::new(0).named("flag"));
    let theirs = Arc::clone(&flag);
    let rogue = thread::Builder::new().name("rogue".into());
    let rogue = rogue.spawn(move || {
        if theirs.load(SeqCst) == 0 {
            mischief();
        }
    });
    flag.store(1, SeqCst);
    rogue.unwrap().join().unwrap();
}

#[expect(unconditional_recursion, reason = "that is what it is there for")]
fn dig(depth: u64) -> u64 {
    let here = std::hint::black_box([depth; 64]);
    dig(depth + 1) + here[0]
}

fn takes_all_memory() {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        taken.push(Vec::with_capacity(1 << 20));
        std::hint::black_box(&taken);
    }
}

/// All tasks of an execution share a thread, and nobody gives this lock back while it waits.
#[expect(clippy::disallowed_types, reason = "it is what must not be done")]
pub(crate) fn waits_for_stds_lock() {
    let lock = Arc::new(std::sync::Mutex::new(()));
    let theirs = Arc::clone(&lock);
    let rogue = thread::Builder::new().name("rogue".into()).spawn(move || {
        let _held = theirs.lock().unwrap();
        thread::yield_now();
    });
    thread::yield_now();
    drop(lock.lock().unwrap());
    rogue.unwrap().join().unwrap();
}

/// Each waits for the other to begin.
fn spins_and_yields() {
    let flag = Arc::new(AtomicU32::new(0).named("flag"));
    let spin = |flag: &AtomicU32| {
        while flag.load(SeqCst) == 0 {
            thread::yield_now();
        }
        flag.store(1, SeqCst);
    };
    let theirs = Arc::clone(&flag);
    let rogue = thread::Builder::new().name("rogue".into()).spawn(move || spin(&theirs));
    spin(&flag);
    rogue.unwrap().join().unwrap();
}

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

fn panics_twice() {
    let _panics = PanicsInDrop;
    panic!("a first time");
}

#[expect(clippy::disallowed_methods, reason = "it is what must not be done")]
fn leaks_a_thread() {
    static LEAKED: std::sync::Once = std::sync::Once::new();
    LEAKED.call_once(|| {
        std::thread::spawn(|| {
            loop {
                std::thread::park();
            }
        });
    });
}

/// It would outlive whoever started it.
fn leaks_a_process() {
    static LEAKED: std::sync::Once = std::sync::Once::new();
    LEAKED.call_once(|| {
        let binary = std::env::current_exe().unwrap();
        drop(std::process::Command::new(binary).arg("park").arg(crate::mark()).spawn().unwrap());
    });
}

fn closes_stdout() {
    let (reader, writer) = std::io::pipe().unwrap();
    rustix::stdio::dup2_stdout(&writer).unwrap();
    drop((reader, writer));
    assert!(std::io::stdout().write_all(b"nobody reads this").and_then(|()| std::io::stdout().flush()).is_err());
}

fn has_a_name_like_no_other() {
    let name = "\u{1b}[31m]]> <b>&\u{202e}\u{7f}".to_owned();
    let task = thread::Builder::new().name(name).spawn(|| panic!("]]> <script> & \u{1b}[2J \u{0}\u{fffe}"));
    task.unwrap().join().unwrap();
}

pub(crate) fn differs_from_run_to_run() {
    static RUNS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    if RUNS.fetch_add(1, SeqCst).is_multiple_of(2) {
        thread::spawn(|| {}).join().unwrap();
    }
}

fn says_so_and_spins() {
    let address = std::env::var("RADDLE_TEST_LISTENER").unwrap();
    let mut listener = TcpStream::connect(address).unwrap();
    listener.write_all(&std::process::id().to_le_bytes()).unwrap();
    loop {
        std::hint::spin_loop();
    }
}

fn many_threads() {
    let counter = Arc::new(AtomicU32::new(0));
    let workers = [(); 4].map(|()| {
        let counter = Arc::clone(&counter);
        thread::spawn(move || {
            for _ in 0..4 {
                counter.fetch_add(1, SeqCst);
            }
        })
    });
    for worker in workers {
        worker.join().unwrap();
    }
}

/// The second value is never there.
fn draws_for_ever() -> Property {
    static DRAWN: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let draw = |value: u32| {
        while DRAWN.fetch_add(1, SeqCst) > 0 {
            std::hint::spin_loop();
        }
        value
    };
    Property::new(&["value"], (0..9_u32).prop_map(draw), |_| {})
}

//! What the exhaustive engine costs beside loom and shuttle's depth-first search, in one run.
//!
//! `make bench` prints, for each program, how many executions each engine runs and how long that takes, the catalogue under
//! the exhaustive engine, each engine's executions a second, and the memory of long searches. A time is the median of
//! [`RUNS`] runs, or that of the first if it takes a second. loom is bare: one search without a bound, where
//! [`raddle::Checker`] searches with 0, 1 and 2 preemptions first.

mod programs;

use programs::{Row, on_raddle, orders, rows};
use raddle::{CheckError, Checker, Engine, Outcome, Strategy};
use raddle_scenarios::CATALOGUE;
use std::fmt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Executions after which a search is cut.
const EXECUTIONS_MAX: u64 = 300_000;
/// Runs of what takes under a second.
const RUNS: usize = 11;
/// Schedules that a sampling engine draws.
const SCHEDULES: u64 = 20_000;

/// What a search came to.
#[derive(Clone, Copy)]
struct Searched {
    executions: u64,
    cut: bool,
    seconds: f64,
}

impl Searched {
    fn more(self) -> &'static str {
        if self.cut { "more than " } else { "" }
    }

    fn milliseconds(self) -> String {
        let milliseconds = self.seconds * 1e3;
        let places = usize::from(milliseconds < 100.0);
        format!("{milliseconds:.places$} ms")
    }

    #[expect(clippy::cast_precision_loss, reason = "a table shows three digits")]
    fn a_second(self) -> f64 {
        self.executions as f64 / self.seconds
    }

    /// How many times as many executions as `other`, and how many times as long.
    #[expect(clippy::cast_precision_loss, reason = "a table shows three digits")]
    fn over(self, other: Self) -> (f64, f64) {
        (self.executions as f64 / other.executions as f64, self.seconds / other.seconds)
    }
}

impl fmt::Display for Searched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}{} in {}", self.more(), self.executions, self.milliseconds()))
    }
}

/// `search` gives its executions, and whether it was cut.
fn measure(search: impl Fn() -> (u64, bool)) -> Searched {
    let run = || {
        let started = Instant::now();
        let (executions, cut) = search();
        Searched { executions, cut, seconds: started.elapsed().as_secs_f64() }
    };
    let first = run();
    if first.seconds >= 1.0 {
        return first;
    }
    let mut runs: Vec<Searched> = (0..RUNS).map(|_| run()).collect();
    runs.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    runs[RUNS / 2]
}

fn search(checker: &Checker, program: fn()) -> (u64, bool) {
    match checker.run(program) {
        Ok(Outcome::Holds(coverage)) => (coverage.executions(), false),
        Ok(Outcome::Inconclusive { executions, .. }) => (executions, true),
        other => panic!("the program holds, but: {other:?}"),
    }
}

fn under(engine: Engine, program: fn()) -> Searched {
    let checker = Checker::new().engine(engine).executions(EXECUTIONS_MAX);
    measure(|| search(&checker, program))
}

/// One search without a bound. loom looks at its limit only every so many executions, before the next one.
fn bare_loom(program: fn()) -> (u64, bool) {
    let count = Arc::new(AtomicU64::new(0));
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = None;
    builder.checkpoint_interval = usize::try_from(EXECUTIONS_MAX).expect("it fits") + 2;
    builder.max_permutations = Some(builder.checkpoint_interval);
    let counted = Arc::clone(&count);
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        program();
    });
    let executions = count.load(Ordering::Relaxed);
    (executions.min(EXECUTIONS_MAX), executions > EXECUTIONS_MAX)
}

/// This bench again in a process of its own, for one figure.
fn alone(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this bench is a file"));
    command.arg("--bench").args(arguments);
    command
}

/// Bare loom in a process of its own, without stderr: loom's channel writes to it at each receive.
fn under_loom(row: &Row) -> Option<Searched> {
    let refused = Checker::new().engine(Engine::Loom).executions(1).run(row.ours);
    if matches!(refused, Err(CheckError::TooManyThreads { .. })) {
        return None;
    }
    let output = alone(&["--loom", row.name]).stderr(Stdio::null()).output().expect("this bench starts");
    assert!(output.status.success(), "{} fails under bare loom: {}", row.name, output.status);
    let line = String::from_utf8_lossy(&output.stdout);
    let mut words = line.split_whitespace();
    let mut next = || words.next().expect("three words");
    Some(Searched {
        executions: next().parse().expect("a number"),
        cut: next().parse().expect("whether it was cut"),
        seconds: next().parse().expect("a time"),
    })
}

/// The other side of [`under_loom`].
fn loom_alone(name: &str) {
    let row = rows().into_iter().find(|row| row.name == name).expect("a row of the table");
    let Searched { executions, cut, seconds } = measure(|| bare_loom(row.loom));
    println!("{executions} {cut} {seconds}");
}

fn table() {
    println!("executions and time of a whole search, cut at {EXECUTIONS_MAX} executions\n");
    println!(
        "{:<22} {:>6}   {:<20} {:<32} {:<32} loom ÷ exhaustive",
        "program", "traces", "exhaustive", "loom", "shuttle-dfs"
    );
    let mut summary = None;
    for row in rows() {
        let exhaustive = under(Engine::Exhaustive, row.ours);
        let loom = under_loom(&row);
        let dfs = under(Engine::Shuttle(Strategy::Dfs), row.ours);
        let over = loom.map_or("–".to_owned(), |loom| {
            let (executions, time) = loom.over(exhaustive);
            format!("{0}{executions:.1} executions, {0}{time:.1} time", loom.more())
        });
        let loom_cell = loom.map_or("–".to_owned(), |loom| loom.to_string());
        println!("{:<22} {:>6}   {exhaustive:<20} {loom_cell:<32} {dfs:<32} {over}", row.name, row.traces);
        if row.name == "locks(3, 2)" {
            summary = loom.map(|loom| summarize(row.name, exhaustive, loom));
        }
    }
    println!("\n{}", summary.expect("loom takes four threads"));
}

fn summarize(name: &str, exhaustive: Searched, loom: Searched) -> String {
    let (executions, time) = loom.over(exhaustive);
    format!(
        "{name}: {} executions, loom {}{} ({executions:.1} times as many), {} against {} ({time:.0} times faster)",
        exhaustive.executions,
        loom.more(),
        loom.executions,
        exhaustive.milliseconds(),
        loom.milliseconds()
    )
}

/// Every correct variant, at the size that the engine is given, and at full size if that is another.
fn catalogue() {
    println!("\nthe catalogue's correct variants under exhaustive");
    for pattern in CATALOGUE.patterns() {
        for variant in pattern.variants.iter().filter(|variant| variant.is_correct()) {
            let checker = variant.checker(Engine::Exhaustive).executions(EXECUTIONS_MAX);
            let name = format!("{}/{}", pattern.name, variant.name);
            let searched = measure(|| search(&checker, variant.program(Engine::Exhaustive)));
            println!("{name:<45} {searched}");
            if !variant.is_same_program(Engine::Exhaustive, Engine::shuttle()) {
                let searched = measure(|| search(&checker, variant.program(Engine::shuttle())));
                println!("{:<45} {searched}", format!("{name} at full size"));
            }
        }
    }
}

/// Of all executions through [`Checker`]: under loom those with 0, 1 and 2 preemptions too.
fn speeds() {
    println!("\nexecutions a second on locks(3, 2)");
    for engine in Engine::ALL {
        let executions = if engine.samples() { SCHEDULES } else { EXECUTIONS_MAX };
        let searched = measure(|| {
            let progress = Arc::new(AtomicU64::new(0));
            let checker = Checker::new().engine(engine).executions(executions).progress(Arc::clone(&progress));
            let (_, cut) = search(&checker, || on_raddle::locks(3, 2));
            (progress.load(Ordering::Relaxed), cut && !engine.samples())
        });
        println!("{engine:<12} {:>9.0}   {searched}", searched.a_second());
    }
}

/// The resident set in kB, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Searches that do not end, one after another. What a search keeps is freed at its end, so it is also measured within.
fn memory() {
    println!("\nresident set of exhaustive on locks(5, 3), which has {} traces", orders(5, 3));
    for executions in [10_000, 100_000, 1_000_000] {
        let (count, most) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (counted, kept) = (Arc::clone(&count), Arc::clone(&most));
        let before = resident();
        let started = Instant::now();
        let checker = Checker::new().engine(Engine::Exhaustive).executions(executions);
        let outcome = checker.run(move || {
            if counted.fetch_add(1, Ordering::Relaxed) % 5_000 == 4_999 {
                kept.fetch_max(resident().unwrap_or(0), Ordering::Relaxed);
            }
            on_raddle::locks(5, 3);
        });
        let seconds = started.elapsed().as_secs_f64();
        assert!(matches!(outcome, Ok(Outcome::Inconclusive { .. })), "it does not end before: {outcome:?}");
        match before.zip(resident()) {
            Some((before, after)) => println!(
                "{executions:>9} executions: {before} kB before, at most {} kB within, {after} kB after ({seconds:.1} s)",
                most.load(Ordering::Relaxed)
            ),
            None => println!("{executions:>9} executions: not measured here ({seconds:.1} s)"),
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().position(|argument| argument == name);
    // `cargo test --benches` builds and lists this; it measures only when asked to.
    if has("--bench").is_none() {
        return;
    }
    if let Some(at) = has("--loom") {
        loom_alone(&arguments[at + 1]);
    } else if has("--memory").is_some() {
        memory();
    } else {
        table();
        catalogue();
        speeds();
        let status = alone(&["--memory"]).status().expect("this bench starts");
        assert!(status.success(), "the searches of the memory's figures end: {status}");
    }
}

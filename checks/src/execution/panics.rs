//! Panics inside explorations: noted for who asks what has ended a task, and not printed. What a check reports is a panic, too,
//! of raddle's own, whose backtrace says nothing of the program: where backtraces are wanted, that of the program's panic is
//! kept in one last run, and shown instead.

use super::session::{finish_execution, is_exploring, send_report};
use crate::verdict::Place;
use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// The last panics that the hook saw, oldest first; two are enough to tell the cause from what came of it.
    static PANICS: RefCell<Vec<Panic>> = const { RefCell::new(Vec::new()) };
    /// Whether this thread makes a check's last run, of which backtraces are kept; and the last.
    static IS_LAST: Cell<bool> = const { Cell::new(false) };
    static BACKTRACE: RefCell<Option<Backtrace>> = const { RefCell::new(None) };
    /// What panics on this thread is raddle's report.
    static REPORTS: Cell<bool> = const { Cell::new(false) };
    /// The file that the last of them came from, as the compiler was given it.
    static FILE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A panic's message and place.
pub(crate) type Panic = (String, Option<Place>);

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Installs raddle's panic hook once: silent inside explorations, the user's own hook elsewhere.
///
/// Both engines chain a hook of their own onto the one they find, and are made to do so first. loom's stays between
/// ours and the user's: it keeps quiet about coroutines that end. shuttle's is left out: it writes to stderr for every
/// panic of the process.
pub(super) fn install_panic_hook() {
    static USER: OnceLock<Hook> = OnceLock::new();
    USER.get_or_init(|| {
        let _ = std::thread::spawn(crate::engine::loom::warm_up).join();
        let user = std::panic::take_hook();
        let _ = std::thread::spawn(crate::engine::shuttle::warm_up).join();
        std::panic::set_hook(Box::new(|info| {
            if is_exploring() {
                note_panic(info);
            } else if REPORTS.get() && wants_backtraces() {
                let thread = std::thread::current();
                let (name, at) = (thread.name().unwrap_or("<unnamed>"), info.location());
                let at = at.map(ToString::to_string).unwrap_or_default();
                eprintln!("\nthread '{name}' panicked at {at}:\n{}", message(info.payload()));
            } else if let Some(user) = USER.get() {
                user(info);
            }
        }));
        user
    });
}

fn note_panic(info: &PanicHookInfo<'_>) {
    let text = message(info.payload());
    if text.starts_with("panic in a destructor during cleanup") || text.starts_with("panic in a function that cannot") {
        // The process would abort as soon as this hook returned.
        super::step::fail_with_noted_panic();
        finish_execution();
        send_report(true);
        super::abort::stop_here();
        return;
    }
    // The engines unwind coroutines with payloads of their own; those are no panics of the program's.
    let known = info.payload().is::<&str>() || info.payload().is::<String>();
    if known && IS_LAST.get() && wants_backtraces() {
        let _ = BACKTRACE.try_with(|slot| slot.replace(Some(Backtrace::force_capture())));
    }
    let _ = PANICS.try_with(|slot| {
        if let (true, Ok(mut panics)) = (known, slot.try_borrow_mut()) {
            if panics.len() == 2 {
                panics.remove(0);
            }
            panics.push((text, info.location().filter(|site| !is_own(site.file())).map(Place::of)));
        }
    });
    let _ = FILE.try_with(|file| {
        if let (Some(at), Ok(mut file)) = (info.location(), file.try_borrow_mut()) {
            at.file().clone_into(&mut file);
        }
    });
}

/// Whether the user wants to see backtraces.
fn wants_backtraces() -> bool {
    std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0")
}

/// This thread makes a check's last run.
pub(super) fn begin_last_run() {
    IS_LAST.set(true);
}

/// A program has asked whether it is in a check's last run.
static ASKED: AtomicBool = AtomicBool::new(false);

/// Whether a last run is of any use: a program has asked for it, or backtraces are wanted.
pub(crate) fn wants_last_run() -> bool {
    ASKED.load(Ordering::Relaxed) || wants_backtraces()
}

/// Whether this is the run that a check's report shows, or no exploration at all: where a program prints something, it is once.
///
/// A failing program is run some hundred times until its interleaving is as short as it gets, and each of these runs prints what
/// the program prints. Rust has no stable way to hold that back, so the program has to ask. A check of a program that asks, and
/// fails, ends with one more run, along the schedule that is shown; one that holds has none. Where a failure needs weak memory,
/// there is none either.
///
/// ```
/// use raddle::thread;
///
/// raddle::check(|| {
///     let other = thread::spawn(|| if raddle::is_last_run() { println!("spawned") });
///     other.join().unwrap();
/// });
/// assert!(raddle::is_last_run(), "outside of an exploration there is no other");
/// ```
pub fn is_last_run() -> bool {
    if !is_exploring() || IS_LAST.get() {
        return true;
    }
    ASKED.store(true, Ordering::Relaxed);
    false
}

/// That of the last panic.
pub(super) fn take_backtrace() -> Option<Backtrace> {
    BACKTRACE.with(RefCell::take)
}

/// While there is one, what panics on this thread is raddle's report.
pub(crate) struct Reporting(());

impl Reporting {
    pub(crate) fn new() -> Self {
        REPORTS.set(true);
        Reporting(())
    }
}

impl Drop for Reporting {
    fn drop(&mut self) {
        REPORTS.set(false);
    }
}

/// Where this crate's sources are, as the compiler has it.
const SOURCES: &str = file!();

/// Whether a place is in raddle's own sources.
pub(super) fn is_own(place: &str) -> bool {
    place.contains(SOURCES.trim_end_matches(|c| c != '/' && c != '\\').trim_end_matches("execution/"))
}

/// Runs what a task is: the frames of a backtrace from here on are not the program's.
#[inline(never)]
pub(super) fn raddle_begins_the_program<R>(program: impl FnOnce() -> R) -> R {
    let result = program();
    // So that this frame is there.
    std::hint::black_box(());
    result
}

/// The frames of the program, of those that a backtrace of a panic in it prints: neither what has noticed the panic nor what
/// has run the program.
pub(crate) fn frames_of_the_program(backtrace: &str) -> String {
    let mut frames: Vec<(&str, &str)> = Vec::new();
    for line in backtrace.lines() {
        match line.trim_start().split_once(": ") {
            Some((number, name)) if number.parse::<usize>().is_ok() => frames.push((name, "")),
            _ => frames.last_mut().into_iter().for_each(|frame| frame.1 = line),
        }
    }
    let begins = |name: &str, with: &[&str]| with.iter().any(|with| name.trim_start_matches('<').starts_with(with));
    let of_std = |(name, at): &(&str, &str)| begins(name, &["core::", "std::", "alloc::"]) || at.contains("/rustc/");
    let panics = |(name, _): &(&str, &str)| begins(name, &["core::panicking::", "std::panicking::"]);
    let noticed = frames.iter().position(panics).unwrap_or(0);
    let first = noticed
        + frames[noticed..].iter().take_while(|frame| of_std(frame) || frame.0.contains("rust_begin_unwind")).count();
    let run = frames[first..].iter().position(|(name, _)| name.contains("raddle_begins_the_program"));
    let last = run.map_or(frames.len(), |run| first + run);
    let is_own = |(name, at): &(&str, &str)| begins(name, &["raddle::"]) || is_own(at);
    let mut own: Vec<_> = frames[first..last].iter().filter(|frame| !is_own(frame)).collect();
    while own.pop_if(|frame| of_std(frame)).is_some() {}
    own.iter().enumerate().fold(String::new(), |mut text, (number, (name, at))| {
        let _ = writeln!(text, "{number:>4}: {name}");
        if !at.is_empty() {
            let _ = writeln!(text, "{at}");
        }
        text
    })
}

/// The last panic with this message, or simply the last; the notes are cleared.
pub(crate) fn take_panic(text: Option<&str>) -> Option<Panic> {
    PANICS.with(|slot| {
        let mut panics = slot.take();
        let index = match text {
            Some(text) => panics.iter().rposition(|(message, _)| message == text)?,
            None => panics.len().checked_sub(1)?,
        };
        Some(panics.swap_remove(index))
    })
}

/// The file that the last panic came from.
pub(crate) fn last_file() -> String {
    FILE.with(RefCell::take)
}

/// The panic that is being unwound, with what a destructor added to it; the notes are cleared.
pub(crate) fn take_unwinding() -> Option<Panic> {
    PANICS.with(|slot| {
        let mut panics = slot.take().into_iter();
        let (mut message, place) = panics.next()?;
        if let Some((then, _)) = panics.next() {
            message = format!("{message}; then, in a destructor that ran because of it: {then}");
        }
        Some((message, place))
    })
}

/// Bytes of a panic's message that are kept.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// What a panic's payload says; the beginning, if it says very much.
pub(crate) fn message(payload: &dyn Any) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("a panic without a message");
    if text.len() <= MESSAGE_BYTES_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MESSAGE_BYTES_MAX);
    format!("{}… ({} bytes in all)", &text[..end], text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_the_program_s_own() {
        let backtrace = "\
   0: std::backtrace::Backtrace::create
   1: raddle::execution::panics::note_panic
             at /raddle/src/execution/panics.rs:60:9
   2: std::panicking::panic_with_hook
   3: __rustc::rust_begin_unwind
   4: core::panicking::panic_fmt
   5: core::option::unwrap_failed
   6: shop::stock::take::{{closure}}
             at ./src/stock.rs:12:5
   7: <raddle::sync::once::OnceLock<T>>::get_or_init
   8: {closure#0}<(), shop::stock::sell::{closure#0}>
             at SOURCES/sync/once.rs:30:5
   9: std::panicking::catch_unwind
  10: shop::stock::sell
             at ./src/stock.rs:40:9
  11: call_once<shop::stock::sell::{closure#1}>
             at /rustc/59807616e1fa/library/core/src/ops/function.rs:250:5
  12: raddle::execution::panics::raddle_begins_the_program
  13: corosensei::coroutine::run
";
        let backtrace = backtrace.replace("SOURCES", SOURCES.split("/execution/").next().unwrap());
        let own = "   0: shop::stock::take::{{closure}}
             at ./src/stock.rs:12:5
   1: std::panicking::catch_unwind
   2: shop::stock::sell
             at ./src/stock.rs:40:9
";
        assert_eq!(frames_of_the_program(&backtrace), own);
        assert_eq!(frames_of_the_program("disabled backtrace"), "");
    }
}

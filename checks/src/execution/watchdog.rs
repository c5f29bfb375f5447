//! Says so when an execution takes long, does not come to an end, or ends the process; and ends the process when one hangs, as
//! a thread that waits outside of the model can't be stopped from within it.
//!
//! What is said goes to the terminal itself. Print macros would write to where libtest keeps what a test prints, which nobody
//! ever sees of a test that does not end.
//!
//! A check that has a process of its own is ended by its deadline (`suite/isolate.rs`); a test that calls
//! [`check`](crate::check) has none.

use super::ending::{self, Ending};
use super::pulse::Pulse;
use super::trail::{self, Far, Trail};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Once, OnceLock};
use std::thread::Thread;
use std::time::Duration;

/// After how long without a step a hint is given. An execution takes less than a millisecond, mostly.
const PATIENCE: Duration = Duration::from_secs(5);

/// After how long without a step the process ends, unless told otherwise.
const HANG: Duration = Duration::from_mins(1);

/// How often it looks.
const LOOK: Duration = Duration::from_millis(100);

const HINT: &str = "\
All its tasks share one thread, so one that waits for real stops them all. Is there a primitive of std's or tokio's in it, a \
thread of std's, I/O, or a loop without an end? Write `raddle::sync`, `raddle::thread`, `raddle::time` and `raddle::tokio` \
for them, and `raddle::thread::yield_now` in a loop that tries again.";

/// Sessions that run.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// While there is one, executions have to come to an end.
pub(super) struct Watched(pub(super) &'static Trail);

impl Watched {
    pub(super) fn new() -> Self {
        static WATCHDOG: OnceLock<Option<Thread>> = OnceLock::new();
        let watchdog = WATCHDOG.get_or_init(|| {
            let builder = std::thread::Builder::new().name("raddle watchdog".into());
            // Without it there is no hint, and nothing else is missing.
            builder.spawn(watch).ok().map(|watchdog| watchdog.thread().clone())
        });
        super::abort::notice();
        ending::notice();
        let trail = trail::take();
        if RUNNING.fetch_add(1, Ordering::Relaxed) == 0
            && let Some(watchdog) = watchdog
        {
            watchdog.unpark();
        }
        Watched(trail)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.give_back();
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An exploration that is watched.
struct Watching {
    trail: &'static Trail,
    pulse: Pulse,
    far: Option<Far>,
    /// How long it has not got any further: it ran, or waited for something, and did not only wait for a processor.
    still: Duration,
    hinted: bool,
}

fn watch() {
    let mut watching: Vec<Watching> = Vec::new();
    loop {
        while RUNNING.load(Ordering::Relaxed) == 0 {
            watching.clear();
            std::thread::park();
        }
        let trails = trail::all();
        watching.retain(|watching| trails.iter().any(|trail| std::ptr::eq(*trail, watching.trail)));
        for trail in trails {
            if let Some(ending) = Ending::of(trail.ending.load(Ordering::Acquire)) {
                say(&format!("\nraddle: {}\n{}", ending.words(), trail.tell().unwrap_or_default()));
                trail.ending.store(0, Ordering::Release);
            }
            match watching.iter_mut().find(|watching| std::ptr::eq(watching.trail, trail)) {
                Some(watching) => watching.look(),
                None => watching.push(Watching {
                    trail,
                    pulse: Pulse::default(),
                    far: None,
                    still: Duration::ZERO,
                    hinted: false,
                }),
            }
        }
        std::thread::park_timeout(LOOK);
    }
}

impl Watching {
    fn look(&mut self) {
        let spent = self.pulse.spent(self.trail.thread.load(Ordering::Relaxed));
        let far = self.trail.far();
        if far.is_none() || far != self.far {
            (self.far, self.still, self.hinted) = (far, Duration::ZERO, false);
            return;
        }
        self.still += spent;
        let hangs = crate::checker::environment::hang().unwrap_or(HANG);
        if !hangs.is_zero() && self.still >= hangs && !ending::is_left() {
            say(&format!(
                "\nraddle: an execution hangs: it has not made a step for {} seconds. Its thread can't be stopped, so this \
                 process ends, with code 101. {HINT} What has much to compute gets more time with `RADDLE_HANG=10m`, and any \
                 with `RADDLE_HANG=0`.\n{}",
                hangs.as_secs(),
                self.trail.tell().unwrap_or_default()
            ));
            ending::end_process();
        }
        if self.still >= PATIENCE && !self.hinted {
            self.hinted = true;
            say(&format!(
                "raddle: an execution has not come to an end for {} seconds. {HINT}\n{}",
                PATIENCE.as_secs(),
                self.trail.tell().unwrap_or_default()
            ));
        }
    }
}

/// Writes to the terminal, past what captures the output of tests, and past whoever may hold the lock of stderr.
fn say(text: &str) {
    #[cfg(unix)]
    if let Ok(stderr) = std::os::fd::AsFd::as_fd(&std::io::stderr()).try_clone_to_owned() {
        let _ = std::fs::File::from(stderr).write_all(text.as_bytes());
        return;
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Executions take microseconds. One that takes this long waits for something, or has much to compute.
const SLOW: Duration = Duration::from_millis(50);

/// Says so, once, if an execution takes that long; without the time in which it waits for a processor.
pub(crate) fn hint_at_slowness(execution: Duration) {
    static HINT: Once = Once::new();
    if execution >= SLOW {
        HINT.call_once(|| {
            say(&format!(
                "raddle: an execution takes {} ms, and a search makes thousands of them. Is there a real sleep in it, or I/O? \
                 Write `raddle::thread::sleep` and `raddle::tokio::time`, whose time is virtual, and leave the rest out of \
                 the model.\n",
                execution.as_millis()
            ));
        });
    }
}

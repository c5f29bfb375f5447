//! Says so when an execution takes long, or does not come to an end: what hangs outside of a model can't be ended from within its process.
//!
//! A check that has a process of its own is ended by its deadline (`suite/isolate.rs`); a test that calls
//! [`check`](crate::check) has none.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Once, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How long an execution may take. Most take less than a millisecond, and none has more than some thousand steps.
const PATIENCE: Duration = Duration::from_secs(5);

const HINT: &str = "\
raddle: an execution has not come to an end for 5 seconds. All its tasks share one thread, so one that waits for real \
stops them all. Is there a primitive of std's or tokio's in it, a thread of std's, I/O, or a loop without an end? Write \
`raddle::sync`, `raddle::thread`, `raddle::time` and `raddle::tokio` for them, and `raddle::thread::yield_now` in a loop \
that tries again.";

/// Sessions that run.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// While there is one, executions have to come to an end.
pub(super) struct Watched;

impl Watched {
    pub(super) fn new() -> Self {
        static WATCHDOG: OnceLock<Option<Thread>> = OnceLock::new();
        let watchdog = WATCHDOG.get_or_init(|| {
            let builder = std::thread::Builder::new().name("raddle watchdog".into());
            // Without it there is no hint, and nothing else is missing.
            builder.spawn(watch).ok().map(|watchdog| watchdog.thread().clone())
        });
        if RUNNING.fetch_add(1, Ordering::Relaxed) == 0
            && let Some(watchdog) = watchdog
        {
            watchdog.unpark();
        }
        Watched
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

fn watch() {
    loop {
        while RUNNING.load(Ordering::Relaxed) == 0 {
            std::thread::park();
        }
        let (begun, since) = (super::executions_begun(), Instant::now());
        while RUNNING.load(Ordering::Relaxed) > 0 && super::executions_begun() == begun {
            std::thread::park_timeout(PATIENCE / 10);
            if since.elapsed() >= PATIENCE {
                eprintln!("{HINT}");
                // Once for each.
                while super::executions_begun() == begun {
                    std::thread::park_timeout(PATIENCE);
                }
            }
        }
        std::thread::park_timeout(PATIENCE / 10);
    }
}

/// Executions take microseconds. One that takes this long waits for something, or has much to compute.
const SLOW: Duration = Duration::from_millis(50);

/// Says so, once, if an execution takes that long.
pub(crate) fn hint_at_slowness(execution: Duration) {
    static HINT: Once = Once::new();
    if execution >= SLOW {
        HINT.call_once(|| {
            eprintln!(
                "raddle: an execution takes {} ms, and a search makes thousands of them. Is there a real sleep in it, or I/O? \
                 Write `raddle::thread::sleep` and `raddle::tokio::time`, whose time is virtual, and leave the rest out of \
                 the model.",
                execution.as_millis()
            );
        });
    }
}

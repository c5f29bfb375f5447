//! What a thread has spent: time in which it ran, or waited for something, and not that in which others had its processor. A
//! machine that is busy makes no execution slow, and ends no search.

use std::time::{Duration, Instant};

/// For how long this thread has had a processor.
#[cfg(unix)]
pub(crate) fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is valid for the call, which writes nothing else. Tested by `a_thread_s_time_is_what_it_ran`.
    #[expect(unsafe_code, reason = "std has no clock of a thread's own time")]
    let came = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    if came != 0 {
        return since_first_asked();
    }
    let seconds = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0));
    seconds + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or(0))
}

/// For how long this thread has had a processor, as far as that is known.
#[cfg(not(unix))]
pub(crate) fn thread_time() -> Duration {
    since_first_asked()
}

fn since_first_asked() -> Duration {
    thread_local! {
        static FIRST: Instant = Instant::now();
    }
    FIRST.with(Instant::elapsed)
}

/// Time that a thread takes: what it runs, and what it waits for anything but a processor.
pub(super) struct Stopwatch {
    begun: Instant,
    ran: Duration,
    waited: Option<Duration>,
}

impl Stopwatch {
    /// Begins to count this thread's.
    pub(super) fn start() -> Self {
        Stopwatch { begun: Instant::now(), ran: thread_time(), waited: waited_for_a_processor() }
    }

    /// This thread's, which has begun it.
    pub(super) fn time(&self) -> Duration {
        let ran = thread_time().saturating_sub(self.ran);
        // Where the system does not say for how long it has waited for a processor, only what it ran is known.
        let own = self
            .waited
            .zip(waited_for_a_processor())
            .map(|(before, now)| self.begun.elapsed().saturating_sub(now.saturating_sub(before)));
        own.map_or(ran, |own| own.max(ran))
    }
}

/// For how long this thread has been able to run, and did not.
fn waited_for_a_processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let waited = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(Duration::from_nanos(waited))
}

/// What another thread spends, looked at from time to time.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    last: Option<(Instant, Option<u64>)>,
}

/// A look that comes this late counts as no later: the whole process may have been stopped meanwhile.
const LATE: Duration = Duration::from_secs(1);

/// Of the system's ticks, in which it tells what threads have run.
const TICK: Duration = Duration::from_millis(10);

impl Pulse {
    /// What the thread of this number has spent since the last look.
    pub(super) fn spent(&mut self, thread: u32) -> Duration {
        let now = Instant::now();
        let state = state(thread);
        let (state, ticks) = state.map_or((None, None), |(state, ticks)| (Some(state), Some(ticks)));
        let Some((last, ticks_before)) = self.last.replace((now, ticks)) else { return Duration::ZERO };
        let passed = (now - last).min(LATE);
        match (state, ticks.zip(ticks_before)) {
            // It can run: what it ran is what counts.
            (Some(b'R'), Some((ticks, before))) => {
                TICK.saturating_mul(u32::try_from(ticks.saturating_sub(before)).unwrap_or(0)).min(passed)
            }
            // Somebody has stopped it.
            (Some(b'T' | b't'), _) => Duration::ZERO,
            _ => passed,
        }
    }
}

/// Whether a thread runs, sleeps or is stopped, in the system's letters, and how many ticks it has run.
fn state(thread: u32) -> Option<(u8, u64)> {
    if thread == 0 {
        return None;
    }
    let text = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).ok()?;
    // The name may have anything in it, but for what comes after its last parenthesis.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = *fields.next()?.as_bytes().first()?;
    let mut ticks = fields.skip(10).map_while(|field| field.parse::<u64>().ok());
    Some((state, ticks.next()? + ticks.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spin(time: Duration) {
        let begun = thread_time();
        while thread_time().saturating_sub(begun) < time {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn a_thread_s_time_is_what_it_ran() {
        let (begun, before) = (Instant::now(), thread_time());
        std::thread::park_timeout(Duration::from_millis(50));
        assert!(thread_time().saturating_sub(before) < Duration::from_millis(40), "it slept");
        spin(Duration::from_millis(20));
        assert!(thread_time().saturating_sub(before) >= Duration::from_millis(20));
        assert!(begun.elapsed() >= thread_time().saturating_sub(before));
    }

    #[test]
    fn a_stopwatch_counts_what_a_thread_runs() {
        let watch = Stopwatch::start();
        spin(Duration::from_millis(20));
        assert!(watch.time() >= Duration::from_millis(20));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pulse_tells_who_spends_nothing() {
        let number = std::fs::read_link("/proc/thread-self").unwrap();
        let number = number.file_name().unwrap().to_str().unwrap().parse().unwrap();
        let mut pulse = Pulse::default();
        assert_eq!(pulse.spent(number), Duration::ZERO);
        spin(Duration::from_millis(100));
        let spent = pulse.spent(number);
        assert!((Duration::from_millis(70)..=Duration::from_millis(400)).contains(&spent), "{spent:?}");
        assert_eq!(state(u32::MAX), None);
    }
}

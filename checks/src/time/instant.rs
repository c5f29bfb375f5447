//! `Instant`: a reading of the clock.

use super::{Duration, scale};
use crate::engine::real;
use crate::execution::with;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::sync::OnceLock;

/// An instant on the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instant {
    /// The program's time since the execution's start; on real threads since the process's.
    since_start: Duration,
}

fn real_start() -> ::tokio::time::Instant {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    ::tokio::time::Instant::from_std(*START.get_or_init(std::time::Instant::now))
}

impl Instant {
    /// What the clock says.
    #[must_use]
    pub fn now() -> Self {
        if real::is_on() {
            let start = real_start();
            return Instant { since_start: ::tokio::time::Instant::now().duration_since(start) * scale() };
        }
        let since_start = with(|x| {
            x.tells_time = true;
            let current = x.current;
            x.tasks[current.index()].reads_clock = true;
            x.now
        });
        Instant { since_start }
    }

    /// How long ago it was.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Instant::now().duration_since(*self)
    }

    /// How long after `earlier` it is; nothing if it is before.
    #[must_use]
    pub fn duration_since(&self, earlier: Instant) -> Duration {
        self.since_start.saturating_sub(earlier.since_start)
    }

    pub(super) fn since_start(self) -> Duration {
        self.since_start
    }

    /// The real clock's, on real threads.
    pub(super) fn real(self) -> Option<::tokio::time::Instant> {
        real::is_on().then(|| real_start() + self.since_start / scale())
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, duration: Duration) -> Instant {
        Instant { since_start: self.since_start.saturating_add(duration) }
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    fn sub(self, duration: Duration) -> Instant {
        Instant { since_start: self.since_start.saturating_sub(duration) }
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }
}

//! `Interval`: ticks.

use super::{Duration, Instant, sleep_until};
use std::future::Future;

/// What an interval does about ticks that nobody was there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// They come at once, one after the other.
    #[default]
    Burst,
    /// The next comes a period after the late one.
    Delay,
    /// The next comes when one would have come anyway.
    Skip,
}

/// Ticks at equal distances; the first one comes at once.
#[derive(Debug)]
pub struct Interval {
    period: Duration,
    next: Instant,
    missed: MissedTickBehavior,
}

/// Ticks every `period`, from now on.
///
/// # Panics
/// If the period is 0.
#[track_caller]
#[must_use]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Ticks every `period`, from an instant on.
///
/// # Panics
/// If the period is 0.
#[track_caller]
#[must_use]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(period > Duration::ZERO, "an interval's period has to be more than 0");
    Interval { period, next: start, missed: MissedTickBehavior::default() }
}

impl Interval {
    /// Waits for the next tick, and says when it was due.
    #[track_caller]
    pub fn tick(&mut self) -> impl Future<Output = Instant> + '_ {
        let sleep = sleep_until(self.next);
        async move {
            sleep.await;
            let (due, now) = (self.next, Instant::now());
            self.next = match self.missed {
                MissedTickBehavior::Delay if now > due => now + self.period,
                MissedTickBehavior::Skip if now > due => {
                    let late = (now - due).as_nanos() % self.period.as_nanos();
                    now + self.period - Duration::from_nanos(u64::try_from(late).unwrap_or(u64::MAX))
                }
                _ => due + self.period,
            };
            due
        }
    }

    /// What it does about ticks that nobody was there for.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed = behavior;
    }

    /// The time between two ticks.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }
}

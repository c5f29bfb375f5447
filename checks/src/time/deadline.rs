//! `Deadline`: a promise to be in time.

use super::{Duration, Instant};
use crate::engine::real;
use crate::execution::fail;
use crate::verdict::Verdict;
use std::borrow::Cow;

/// A declared deadline: whoever comes to [`Deadline::met`] after it was starved.
///
/// A heartbeat, a request with a time limit or a queue makes its promise testable with it; [`Bypass`](crate::Bypass) counts
/// grants to others where this tells the time.
///
/// ```
/// use raddle::{task, time::{self, Deadline, Duration}};
///
/// raddle::check(|| {
///     task::block_on(async {
///         let deadline = Deadline::after(Duration::from_secs(1)).named("heartbeat");
///         time::sleep(Duration::from_secs(1)).await;
///         deadline.met();
///     });
/// });
/// ```
#[derive(Clone, Debug)]
#[must_use = "a deadline that is not looked at holds nobody to it"]
pub struct Deadline {
    at: Instant,
    name: Cow<'static, str>,
}

impl Deadline {
    /// A deadline at an instant.
    pub fn at(instant: Instant) -> Self {
        Deadline { at: instant, name: "deadline".into() }
    }

    /// A deadline that is so far away.
    pub fn after(duration: Duration) -> Self {
        Deadline::at(Instant::now() + duration)
    }

    /// Names it in verdicts.
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        Deadline { name: name.into(), ..self }
    }

    /// It is done: the execution fails if the deadline has passed. On real threads, where the machine can be late too,
    /// nobody is held to it.
    pub fn met(self) {
        let now = Instant::now();
        if real::is_on() || now <= self.at {
            return;
        }
        let (late, name) = (now - self.at, self.name.into_owned());
        fail(|x| Verdict::Late { task: x.names().task(x.current).to_owned(), deadline: name, late });
    }
}

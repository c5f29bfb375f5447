//! Starvation as a bound broken: how often others may be granted what a task has requested first.

use crate::engine::real::Requests;
use crate::execution::{Handle, Kind, State, perform};
use std::borrow::Cow;
use std::panic::Location;

/// A declared bound on bypassing: between a request and its grant there are at most so many grants to others.
///
/// A lock, a queue or a pool makes its promise testable with it: it calls [`Bypass::request`] when a task has queued
/// up, and [`Request::granted`] when the task has got what it wanted. Schedules in which a task that could run never
/// does are artefacts; what counts is how often *others* were served. (Bounded bypass: Burns et al., JACM 1982.)
///
/// ```
/// use raddle::{Bypass, sync::Arc, thread};
///
/// raddle::check(|| {
///     let queue = Arc::new(Bypass::new(1).named("queue"));
///     let other = { let queue = Arc::clone(&queue); thread::spawn(move || queue.request().granted()) };
///     queue.request().granted();
///     other.join().unwrap();
/// });
/// ```
#[derive(Debug)]
pub struct Bypass {
    handle: Handle,
    name: Cow<'static, str>,
    real: Requests,
}

impl Bypass {
    /// At most `bound` grants to others between a request and its grant.
    #[track_caller]
    #[must_use]
    pub fn new(bound: usize) -> Self {
        let state = State::Fairness { bound, waiting: Vec::new() };
        Bypass { handle: Handle::new(state, Location::caller()), name: "bypass".into(), real: Requests::new(bound) }
    }

    /// Names it in traces.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        let name = name.into();
        self.handle.name(name.clone());
        Bypass { name, ..self }
    }

    /// The current task has asked for it.
    #[track_caller]
    pub fn request(&self) -> Request<'_> {
        if self.handle.is_real() {
            self.real.request();
        } else {
            perform(self.handle.op(Kind::Request, Location::caller()));
        }
        Request { bypass: self }
    }
}

/// A request that has not been granted.
#[derive(Debug)]
#[must_use = "a request that is dropped was never granted"]
pub struct Request<'a> {
    bypass: &'a Bypass,
}

impl Request<'_> {
    /// The current task has got it. Every other task that waits has been bypassed once more.
    #[track_caller]
    pub fn granted(self) {
        if self.bypass.handle.is_real() {
            self.bypass.real.grant(&self.bypass.name);
        } else {
            perform(self.bypass.handle.op(Kind::Grant, Location::caller()));
        }
    }
}

//! Linearizability: whether what concurrent calls returned could have come of the calls one after another.

mod search;

use crate::engine::real;
use crate::execution::{Handle, Kind, State, is_recording, perform, record_value, with};
use proptest::collection::vec;
use proptest::strategy::Strategy;
use std::borrow::Cow;
use std::fmt::{Debug, Write};
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A sequential specification: what an object does when its operations come one by one.
pub trait Model: Clone + Eq + Hash {
    /// An operation, with its arguments.
    type Op: Clone + Debug;
    /// What it returns.
    type Returns: Clone + PartialEq + Debug;

    /// Does `op`. `None` where it has to wait in this state: then it can't come here.
    fn apply(&mut self, op: &Self::Op) -> Option<Self::Returns>;
}

/// The calls of one execution on an object, to be held against its specification: each of them has to seem to happen at
/// one moment between its call and its return (linearizability: Herlihy and Wing, TOPLAS 1990).
///
/// Calls and returns are operations of the schedule, so engines that enumerate try every order of a return and a call.
/// Under loom they carry happens-before, which can hide that the object itself orders nothing.
///
/// ```
/// use raddle::{History, Model, sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}}, thread};
///
/// #[derive(Clone, PartialEq, Eq, Hash)]
/// struct Counter(u32);
///
/// impl Model for Counter {
///     type Op = u32;
///     type Returns = u32;
///     fn apply(&mut self, add: &u32) -> Option<u32> {
///         self.0 += add;
///         Some(self.0)
///     }
/// }
///
/// raddle::check(|| {
///     let counter = Arc::new((AtomicU32::new(0), History::new(Counter(0))));
///     let add = |counter: &(AtomicU32, History<Counter>)| {
///         counter.1.call(1, || counter.0.fetch_add(1, SeqCst) + 1);
///     };
///     let other = { let counter = Arc::clone(&counter); thread::spawn(move || add(&counter)) };
///     add(&counter);
///     other.join().unwrap();
///     counter.1.check();
/// });
/// ```
#[derive(Debug)]
pub struct History<M: Model> {
    handle: Handle,
    name: Cow<'static, str>,
    model: M,
    calls: Mutex<Calls<M>>,
}

#[derive(Debug)]
struct Calls<M: Model> {
    all: Vec<Call<M>>,
    /// Calls and returns so far.
    moments: usize,
}

/// A call, from one moment to another.
#[derive(Clone, Debug)]
struct Call<M: Model> {
    task: String,
    op: M::Op,
    called: usize,
    /// When it returned, and what; a call that has not may have done its work or not.
    returned: Option<(usize, M::Returns)>,
}

impl<M: Model> History<M> {
    /// The history of an object that begins as `model` does.
    #[track_caller]
    #[must_use]
    pub fn new(model: M) -> Self {
        let handle = Handle::new(State::History, Location::caller());
        History { handle, name: "history".into(), model, calls: Mutex::new(Calls { all: Vec::new(), moments: 0 }) }
    }

    /// Names the object in traces and messages.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        let name = name.into();
        self.handle.name(name.clone());
        History { name, ..self }
    }

    fn calls(&self) -> MutexGuard<'_, Calls<M>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a call: `work` does `op` on the object, and gives what that returned.
    #[track_caller]
    pub fn call(&self, op: M::Op, work: impl FnOnce() -> M::Returns) -> M::Returns {
        let site = Location::caller();
        let mark = |kind: Kind, value: &dyn Debug| {
            if self.handle.is_real() {
                return;
            }
            perform(self.handle.op(kind, site));
            if is_recording() {
                record_value(crate::sync::show(value));
            }
        };
        mark(Kind::Call, &op);
        let task =
            if self.handle.is_real() { real::name_of_me() } else { with(|x| x.names().task(x.current).to_owned()) };
        let call = {
            let mut calls = self.calls();
            calls.moments += 1;
            let called = calls.moments;
            calls.all.push(Call { task, op, called, returned: None });
            calls.all.len() - 1
        };
        let returns = work();
        mark(Kind::Return, &returns);
        let mut calls = self.calls();
        calls.moments += 1;
        calls.all[call].returned = Some((calls.moments, returns.clone()));
        returns
    }

    /// Holds the calls so far against the specification. To be called when they are over.
    ///
    /// # Panics
    /// If no order of the calls explains what they returned: with the history, and how far one goes.
    #[track_caller]
    pub fn check(&self) {
        let calls = self.calls();
        if let Err(explained) = search::linearize(&self.model, &calls.all) {
            let text = self.describe(&calls.all, &explained);
            drop(calls);
            panic!("{text}");
        }
    }

    /// The calls in order, each with its moments; and the most of them that an order explains.
    fn describe(&self, calls: &[Call<M>], explained: &[usize]) -> String {
        let show = |call: &Call<M>| match &call.returned {
            Some((_, returns)) => format!("{:?} → {returns:?}", call.op),
            None => format!("{:?} …", call.op),
        };
        let mut text = format!("no order of the calls on {} gives what they returned", self.name);
        for call in calls {
            let until = call.returned.as_ref().map_or_else(String::new, |(returned, _)| returned.to_string());
            let _ = write!(text, "\n  {}–{until} {}: {}", call.called, call.task, show(call));
        }
        let order: Vec<String> = explained.iter().map(|index| show(&calls[*index])).collect();
        let _ = match order.as_slice() {
            [] => write!(text, "\n  none of them can be the first"),
            order => write!(text, "\n  the longest order that does: {}; no other can follow", order.join(", ")),
        };
        text
    }
}

/// Small concurrent programs: for each of so many threads, so many operations.
pub fn programs<S: Strategy + Clone>(
    op: S,
    threads: RangeInclusive<usize>,
    calls: RangeInclusive<usize>,
) -> impl Strategy<Value = Vec<Vec<S::Value>>> {
    vec(vec(op, calls), threads)
}

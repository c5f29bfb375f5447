//! What the wrappers have in common: an object that is announced, and futures that are polled as its steps.

use super::super::poll::{awaits, deferred};
use crate::execution::{
    Handle, Hold, Kind, Op, Site, State, Wakes, act_collecting, collect, follow_up, record_phase, try_with, with,
};
use crate::trace::Phase;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};

/// An asynchronous primitive of an execution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announcer {
    handle: Handle,
}

impl Announcer {
    pub(crate) fn new(kind: &'static str, site: Site) -> Self {
        Announcer { handle: Handle::new(State::Shared { kind, holders: Vec::new() }, site) }
    }

    pub(crate) fn name(self, name: impl Into<Cow<'static, str>>) {
        self.handle.name(name.into());
    }

    /// Does `native` as one step.
    pub(crate) fn step<R>(self, verb: &'static str, site: Site, native: impl FnOnce() -> R) -> R {
        if self.handle.is_real() {
            return native();
        }
        act_collecting(self.handle.op(Kind::Use(verb), site), native)
    }

    /// The same; a `try_` step that is refused is shown so.
    pub(crate) fn attempt<T, E>(
        self,
        verb: &'static str,
        site: Site,
        native: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let result = self.step(verb, site, native);
        if result.is_err() && !self.handle.is_real() {
            record_phase(Phase::Refused);
        }
        result
    }

    /// A step that changes it comes with the current one.
    pub(crate) fn touch(self, verb: &'static str, site: Site) {
        if self.handle.is_real() {
            return;
        }
        let op = self.handle.op(Kind::Use(verb), site);
        if !collect(Wakes::Op(op)) {
            follow_up(op);
        }
    }

    /// What drops a guard: nothing, where the execution is not there any more.
    pub(crate) fn give<R>(self, verb: &'static str, site: Site, native: impl FnOnce() -> R) -> R {
        if !self.handle.is_real() && try_with(|_| ()).is_none() {
            return native();
        }
        self.step(verb, site, native)
    }

    /// Polls what `native` polls, as one step.
    pub(crate) fn poll<T>(
        self,
        verb: &'static str,
        site: Site,
        cx: &mut Context<'_>,
        native: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if self.handle.is_real() {
            return native(cx);
        }
        let op: Op = self.handle.op(Kind::Use(verb), site);
        let deferred = deferred(cx.waker());
        let waker = deferred.as_ref().unwrap_or(cx.waker());
        let polled = act_collecting(op, || native(&mut Context::from_waker(waker)));
        if polled.is_pending() {
            awaits(op);
            record_phase(Phase::Pending);
        }
        polled
    }

    /// `future`, each poll of which is one step.
    pub(crate) fn future<F: Future>(self, verb: &'static str, site: Site, future: F) -> Announced<F> {
        Announced { announcer: self, verb, site, future: Some(Box::pin(future)), begun: false }
    }

    /// The current task has it, as others may: for the wait-for graph.
    pub(crate) fn taken(self, site: Site) {
        self.hold(site, Vec::push);
    }

    /// It is the current task's now, and nobody else's.
    pub(crate) fn owned(self, site: Site) {
        self.hold(site, |holders, hold| *holders = vec![hold]);
    }

    fn hold(self, site: Site, note: impl FnOnce(&mut Vec<Hold>, Hold)) {
        if self.handle.is_real() {
            return;
        }
        let id = self.handle.id();
        with(|x| {
            let task = x.current;
            if let State::Shared { holders, .. } = &mut x.objects[id.index()].state {
                note(holders, Hold { task, site });
            }
        });
    }

    /// The current task, or if it has not got it another one, gives it back.
    pub(crate) fn given_back(self) {
        if self.handle.is_real() {
            return;
        }
        try_with(|x| {
            let (task, id) = (x.current, self.handle.own_id(x));
            if let Some(id) = id
                && let State::Shared { holders, .. } = &mut x.objects[id.index()].state
                && let Some(index) =
                    holders.iter().position(|hold| hold.task == task).or((!holders.is_empty()).then_some(0))
            {
                holders.remove(index);
            }
        });
    }
}

/// A future of a primitive's, each poll of which is one step on it. Dropped before it is ready it takes one more.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub(crate) struct Announced<F: Future> {
    announcer: Announcer,
    verb: &'static str,
    site: Site,
    /// Until it is ready.
    future: Option<Pin<Box<F>>>,
    begun: bool,
}

impl<F: Future> Announced<F> {
    /// Does something to the future, which is not ready, as a step of its own.
    pub(crate) fn ahead<R>(&mut self, verb: &'static str, site: Site, native: impl FnOnce(Pin<&mut F>) -> R) -> R {
        self.begun = true;
        let future = self.future.as_mut().expect("a future is polled until it is ready").as_mut();
        self.announcer.step(verb, site, || native(future))
    }
}

impl<F: Future> Future for Announced<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        this.begun = true;
        let future = this.future.as_mut().expect("a future is polled until it is ready");
        let polled = this.announcer.poll(this.verb, this.site, cx, |cx| future.as_mut().poll(cx));
        if polled.is_ready() {
            this.future = None;
        }
        polled
    }
}

impl<F: Future> Drop for Announced<F> {
    fn drop(&mut self) {
        if let Some(future) = self.future.take()
            && self.begun
        {
            self.announcer.give("give up", self.site, || drop(future));
        }
    }
}

/// What tokio gave, a guard or a permit: dropped, it is given back as a step.
pub(crate) struct Held<G> {
    announcer: Announcer,
    verb: &'static str,
    site: Site,
    /// Until it is given back.
    inner: Option<G>,
}

impl<G> Held<G> {
    /// The current task has got it; `verb` is what giving it back is called.
    pub(crate) fn new(announcer: Announcer, inner: G, verb: &'static str, site: Site) -> Self {
        announcer.taken(site);
        Held { announcer, verb, site, inner: Some(inner) }
    }

    /// Never gives it back as a step.
    pub(crate) fn into_inner(mut self) -> G {
        self.announcer.given_back();
        self.inner.take().expect("it is held until it is dropped")
    }
}

impl<G> Deref for Held<G> {
    type Target = G;

    fn deref(&self) -> &G {
        self.inner.as_ref().expect("it is held until it is dropped")
    }
}

impl<G> DerefMut for Held<G> {
    fn deref_mut(&mut self) -> &mut G {
        self.inner.as_mut().expect("it is held until it is dropped")
    }
}

impl<G> Drop for Held<G> {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else { return };
        self.announcer.give(self.verb, self.site, || drop(inner));
        self.announcer.given_back();
    }
}

impl<G: fmt::Debug> fmt::Debug for Held<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

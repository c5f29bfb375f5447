//! Primitives that register wakers, as everybody writes them once: of raddle's locks and atomics.

use super::block_on;
use crate::cases::Came;
use crate::tasks::{all_fail, all_hold};
use raddle::sync::atomic::{AtomicBool, Ordering::SeqCst};
use raddle::sync::{Arc, Mutex};
use raddle::task::{self, runtime};
use raddle::thread;
use std::collections::VecDeque;
use std::sync::Mutex as StdMutex;
use std::task::{Context, Poll, Waker};

/// A oneshot, by hand, of raddle's mutex.
struct Slot<T>(Mutex<(Option<T>, Option<Waker>)>);

impl<T> Slot<T> {
    fn new() -> Arc<Self> {
        Arc::new(Slot(Mutex::new((None, None))))
    }

    fn send(&self, value: T) {
        let waker = {
            let mut slot = self.0.lock().unwrap();
            slot.0 = Some(value);
            slot.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<T> {
        let mut slot = self.0.lock().unwrap();
        match slot.0.take() {
            Some(value) => Poll::Ready(value),
            None => {
                slot.1 = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

pub(super) fn parks_for_a_slot() -> Came {
    all_hold(|| {
        let slot = Slot::new();
        let theirs = Arc::clone(&slot);
        let sends = thread::spawn(move || theirs.send(4));
        assert_eq!(block_on(std::future::poll_fn(|cx| slot.poll(cx))), 4);
        sends.join().unwrap();
    })
}

/// A waker that others call, and whether there is something to be woken for.
#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Bell {
    fn ring(&self) {
        self.rung.store(true, SeqCst);
        let waker = self.waker.lock().unwrap().take();
        waker.into_iter().for_each(Waker::wake);
    }

    fn register(&self, cx: &Context<'_>) {
        *self.waker.lock().unwrap() = Some(cx.waker().clone());
    }
}

fn ring_for(poll: fn(&Bell, &Context<'_>) -> Poll<()>) {
    let bell = Arc::new(Bell::default());
    let theirs = Arc::clone(&bell);
    let rings = thread::spawn(move || theirs.ring());
    task::block_on(std::future::poll_fn(|cx| poll(&bell, cx)));
    rings.join().unwrap();
}

fn rung(bell: &Bell) -> Poll<()> {
    if bell.rung.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
}

pub(super) fn registers_then_looks() -> Came {
    all_hold(|| {
        ring_for(|bell, cx| {
            bell.register(cx);
            rung(bell)
        })
    })
}

pub(super) fn looks_then_registers() -> Came {
    all_fail("stuck", || {
        ring_for(|bell, cx| {
            if rung(bell).is_ready() {
                return Poll::Ready(());
            }
            bell.register(cx);
            Poll::Pending
        })
    })
}

/// As `AtomicWaker`: whoever comes while somebody registers leaves a note, which this one does not read.
#[derive(Default)]
struct Careless {
    busy: AtomicBool,
    rung: AtomicBool,
    waker: StdMutex<Option<Waker>>,
}

impl Careless {
    fn ring(&self) {
        self.rung.store(true, SeqCst);
        if !self.busy.swap(true, SeqCst) {
            let waker = self.waker.lock().unwrap().take();
            self.busy.store(false, SeqCst);
            waker.into_iter().for_each(Waker::wake);
        }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        if self.rung.load(SeqCst) {
            return Poll::Ready(());
        }
        if !self.busy.swap(true, SeqCst) {
            *self.waker.lock().unwrap() = Some(cx.waker().clone());
            self.busy.store(false, SeqCst);
        }
        Poll::Pending
    }
}

pub(super) fn drops_a_wake() -> Came {
    all_fail("stuck", || {
        let bell = Arc::new(Careless::default());
        let theirs = Arc::clone(&bell);
        let rings = thread::spawn(move || theirs.ring());
        task::block_on(std::future::poll_fn(|cx| bell.poll(cx)));
        rings.join().unwrap();
    })
}

/// A `Notify` by hand: a permit, and who waits for it.
#[derive(Default)]
struct OwnNotify {
    state: Mutex<(bool, VecDeque<Waker>)>,
    forgets: bool,
}

impl OwnNotify {
    fn notify_one(&self) {
        let waker = {
            let mut state = self.state.lock().unwrap();
            let waker = state.1.pop_front();
            state.0 = waker.is_some() || !self.forgets;
            waker
        };
        waker.into_iter().for_each(Waker::wake);
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state.lock().unwrap();
        if std::mem::take(&mut state.0) {
            return Poll::Ready(());
        }
        state.1.push_back(cx.waker().clone());
        Poll::Pending
    }
}

fn own_notify(forgets: bool) {
    let notify = Arc::new(OwnNotify { forgets, ..OwnNotify::default() });
    let theirs = Arc::clone(&notify);
    runtime::Runtime::new().unwrap().block_on(async move {
        let waits = task::spawn(std::future::poll_fn(move |cx| theirs.poll(cx)));
        notify.notify_one();
        waits.await.unwrap();
    });
}

pub(super) fn own_notify_keeps() -> Came {
    all_hold(|| own_notify(false))
}

pub(super) fn own_notify_forgets() -> Came {
    all_fail("stuck", || own_notify(true))
}

//! Channels, as [`std::sync::mpsc`]: unbounded, bounded and rendezvous, and they disconnect as std's do.
//!
//! Who waits parks its thread, as std does, and takes the token that [`unpark`](crate::thread::Thread::unpark) left. On real
//! threads the channels are std's own.

use crate::engine::loom::NativeChannel;
use crate::execution::{Acted, Effect, Handle, Kind, Mode, Op, Site, State, act, looks_first, perform, with};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

#[derive(Debug)]
struct Shared<T> {
    handle: Handle,
    /// For how many messages there is room; without a bound for all.
    capacity: Option<usize>,
    messages: Mutex<VecDeque<T>>,
}

impl<T> Shared<T> {
    fn push(&self, value: T) {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).push_back(value);
    }

    fn pop(&self) -> Option<T> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// The channel's senders, receivers, messages taken and messages waiting.
    fn state(&self) -> (usize, usize, u64, usize) {
        let id = self.handle.id();
        with(|x| match &x.objects[id.index()].state {
            State::Channel { senders, receivers, taken, length, .. } => (*senders, *receivers, *taken, *length),
            _ => (0, 0, 0, 0),
        })
    }

    /// Does `op` on the channel.
    fn perform(&self, op: Op) -> Effect {
        let Some(native) = with(|x| NativeChannel::of(x, self.handle.own_id(x)?)) else { return perform(op) };
        let pass = |mode| {
            if mode == Mode::Loom {
                native.pass(&op);
            }
            Acted::done(())
        };
        act(op, pass).1.effect
    }

    /// Sends; if there is no room it waits, or says so if it only tries.
    fn send(&self, value: T, tries: bool, site: Site) -> Result<(), TrySendError<T>> {
        let op = |kind| self.handle.op(kind, site);
        let looks = !tries && self.capacity.is_some() && looks_first(site);
        let mut effect = self.perform(op(if tries {
            Kind::TrySend
        } else if looks {
            Kind::StartSend
        } else {
            Kind::Send
        }));
        if effect == Effect::Refused && tries {
            return Err(TrySendError::Full(value));
        }
        let mut parks = effect == Effect::Refused;
        if parks {
            effect = self.perform(op(Kind::Send).parking(true));
        }
        let (_, receivers, taken, length) = self.state();
        if receivers == 0 || effect == Effect::Inert {
            return Err(TrySendError::Disconnected(value));
        }
        self.push(value);
        if self.is_rendezvous() && !tries {
            let number = taken + length as u64 - 1;
            parks |= looks && !self.is_awaited();
            self.perform(op(Kind::Taken(number)).parking(parks));
            let (_, _, taken, _) = self.state();
            if taken <= number
                && let Some(value) = self.pop()
            {
                // The receiver went without taking it, and left it to its sender.
                return Err(TrySendError::Disconnected(value));
            }
        }
        Ok(())
    }

    fn is_rendezvous(&self) -> bool {
        self.capacity == Some(0)
    }

    /// Whether the receiver has looked in vain, and waits.
    fn is_awaited(&self) -> bool {
        let id = self.handle.id();
        with(|x| matches!(x.objects[id.index()].state, State::Channel { awaited: true, .. }))
    }

    fn another_sender(&self) {
        let id = self.handle.id();
        with(|x| {
            if let State::Channel { senders, .. } = &mut x.objects[id.index()].state {
                *senders += 1;
            }
        });
    }
}

/// An unbounded channel.
#[track_caller]
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = new(None, Location::caller());
    let (sender, receiver) = really(&shared, std::sync::mpsc::channel);
    (Sender { shared: Arc::clone(&shared), real: sender }, Receiver { shared, real: receiver })
}

/// A channel for `bound` waiting messages; with 0, a sender waits until its message is taken.
#[track_caller]
#[must_use]
pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
    let shared = new(Some(bound), Location::caller());
    let (sender, receiver) = really(&shared, || std::sync::mpsc::sync_channel(bound));
    (SyncSender { shared: Arc::clone(&shared), real: sender }, Receiver { shared, real: receiver })
}

fn new<T>(capacity: Option<usize>, site: Site) -> Arc<Shared<T>> {
    let state = State::Channel { length: 0, capacity, senders: 1, receivers: 1, taken: 0, awaited: false };
    Arc::new(Shared { handle: Handle::new(state, site), capacity, messages: Mutex::default() })
}

/// The two ends of std's own channel, on real threads.
fn really<T, S, R>(shared: &Shared<T>, new: impl FnOnce() -> (S, R)) -> (Option<S>, Option<R>) {
    shared.handle.is_real().then(new).unzip()
}

macro_rules! sender {
    ($name:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug)]
        pub struct $name<T> {
            shared: Arc<Shared<T>>,
            real: Option<std::sync::mpsc::$name<T>>,
        }

        impl<T> $name<T> {
            /// Names the channel in traces.
            #[must_use]
            pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
                self.shared.handle.name(name.into());
                self
            }

            /// Sends, waiting while the channel is full.
            ///
            /// # Errors
            /// With the message, if the receiver is gone.
            #[track_caller]
            pub fn send(&self, value: T) -> Result<(), SendError<T>> {
                if let Some(real) = &self.real {
                    return real.send(value);
                }
                self.shared.send(value, false, Location::caller()).map_err(|error| match error {
                    TrySendError::Full(value) | TrySendError::Disconnected(value) => SendError(value),
                })
            }
        }

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                if self.real.is_none() {
                    self.shared.another_sender();
                }
                $name { shared: Arc::clone(&self.shared), real: self.real.clone() }
            }
        }

        impl<T> Drop for $name<T> {
            #[track_caller]
            fn drop(&mut self) {
                if self.real.is_none() {
                    self.shared.perform(self.shared.handle.op(Kind::DropSender, Location::caller()));
                }
            }
        }
    };
}

sender!(Sender, "Sends into an unbounded channel.");
sender!(SyncSender, "Sends into a bounded channel.");

impl<T> SyncSender<T> {
    /// Sends if there is room; in a rendezvous channel, if the receiver waits.
    ///
    /// # Errors
    /// With the message, if there is none, or if the receiver is gone.
    #[track_caller]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        if let Some(real) = &self.real {
            return real.try_send(value);
        }
        self.shared.send(value, true, Location::caller())
    }
}

/// Receives what is sent.
#[derive(Debug)]
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    real: Option<std::sync::mpsc::Receiver<T>>,
}

impl<T> Receiver<T> {
    /// Waits for a message.
    ///
    /// # Errors
    /// If there is none and all senders are gone.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        if let Some(real) = &self.real {
            return real.recv();
        }
        self.wait(None, Location::caller());
        self.shared.pop().ok_or(RecvError)
    }

    /// Takes a message if there is one.
    ///
    /// # Errors
    /// If there is none.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        if let Some(real) = &self.real {
            return real.try_recv();
        }
        match self.shared.perform(self.op(Kind::TryRecv, Location::caller())) {
            Effect::Refused if self.shared.state().0 > 0 => Err(TryRecvError::Empty),
            _ => self.shared.pop().ok_or(TryRecvError::Disconnected),
        }
    }

    /// Waits for a message for a time.
    ///
    /// # Errors
    /// If none came in time, or if all senders are gone.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        if let Some(real) = &self.real {
            return real.recv_timeout(timeout);
        }
        match self.wait(Some(timeout), Location::caller()) {
            Effect::TimedOut => Err(RecvTimeoutError::Timeout),
            _ => self.shared.pop().ok_or(RecvTimeoutError::Disconnected),
        }
    }

    /// The messages until all senders are gone, waiting for each.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self }
    }

    /// The messages that are there now.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { receiver: self }
    }

    fn wait(&self, timeout: Option<Duration>, site: Site) -> Effect {
        let waits = self.op(Kind::Recv, site).timeout(timeout);
        if !looks_first(site) {
            return self.shared.perform(waits);
        }
        match self.shared.perform(self.op(Kind::StartRecv, site)) {
            Effect::Refused => self.shared.perform(waits.parking(true)),
            taken => taken,
        }
    }

    fn op(&self, kind: Kind, site: Site) -> Op {
        self.shared.handle.op(kind, site)
    }
}

impl<T> Drop for Receiver<T> {
    #[track_caller]
    fn drop(&mut self) {
        if self.real.is_some() {
            return;
        }
        self.shared.perform(self.op(Kind::DropReceiver, Location::caller()));
        if self.shared.is_rendezvous() {
            return;
        }
        let messages = std::mem::take(&mut *self.shared.messages.lock().unwrap_or_else(PoisonError::into_inner));
        drop(messages);
    }
}

/// See [`Receiver::iter`].
#[derive(Debug)]
pub struct Iter<'a, T> {
    receiver: &'a Receiver<T>,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

/// See [`Receiver::try_iter`].
#[derive(Debug)]
pub struct TryIter<'a, T> {
    receiver: &'a Receiver<T>,
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.receiver.try_recv().ok()
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// The messages of a channel until all senders are gone.
#[derive(Debug)]
pub struct IntoIter<T> {
    receiver: Receiver<T>,
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter { receiver: self }
    }
}

//! Values, from many tasks to one.

use super::announced::Announcer;
use crate::execution::Site;
use crate::task::poll::block_here;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;

pub use ::tokio::sync::mpsc::error;
use error::{SendError, TryRecvError, TrySendError};

/// A channel with room for so many values.
///
/// # Panics
/// If there is room for none.
#[track_caller]
#[must_use]
pub fn channel<T>(room: usize) -> (Sender<T>, Receiver<T>) {
    let site = Location::caller();
    let announcer = Announcer::new("async channel", site);
    announcer.owned(site);
    let (sender, receiver) = ::tokio::sync::mpsc::channel(room);
    (Sender { announcer, site, inner: Some(sender) }, Receiver { announcer, site, inner: Some(receiver) })
}

/// A channel with room for everything.
#[track_caller]
#[must_use]
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let site = Location::caller();
    let announcer = Announcer::new("async channel", site);
    let (sender, receiver) = ::tokio::sync::mpsc::unbounded_channel();
    let sender = UnboundedSender { announcer, site, inner: Some(sender) };
    (sender, UnboundedReceiver { announcer, site, inner: Some(receiver) })
}

/// What both kinds of channels' ends have in common.
macro_rules! end {
    ($(#[$doc:meta])* $name:ident, $inner:ident, $gone:literal) => {
        $(#[$doc])*
        pub struct $name<T> {
            announcer: Announcer,
            site: Site,
            /// Until it is dropped.
            inner: Option<::tokio::sync::mpsc::$inner<T>>,
        }

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        impl<T> Drop for $name<T> {
            fn drop(&mut self) {
                if let Some(inner) = self.inner.take() {
                    self.announcer.give($gone, self.site, || drop(inner));
                }
            }
        }

        impl<T> $name<T> {
            /// Names the channel in traces.
            #[must_use]
            pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
                self.announcer.name(name);
                self
            }
        }
    };
}

end!(
    /// Sends into a channel with limited room.
    Sender, Sender, "drop sender of"
);
end!(
    /// Sends into a channel that has room for everything.
    UnboundedSender, UnboundedSender, "drop sender of"
);
end!(
    /// Receives from a channel with limited room.
    Receiver, Receiver, "drop receiver of"
);
end!(
    /// Receives from a channel that has room for everything.
    UnboundedReceiver, UnboundedReceiver, "drop receiver of"
);

macro_rules! sender {
    ($name:ident) => {
        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                $name { announcer: self.announcer, site: self.site, inner: self.inner.clone() }
            }
        }

        impl<T> $name<T> {
            fn inner(&self) -> &::tokio::sync::mpsc::$name<T> {
                self.inner.as_ref().expect("it is there until it is dropped")
            }

            /// Whether the receiver is gone, or has closed the channel.
            #[track_caller]
            #[must_use]
            pub fn is_closed(&self) -> bool {
                self.announcer.step("is closed", Location::caller(), || self.inner().is_closed())
            }

            /// Waits until the receiver is gone, or has closed the channel.
            #[track_caller]
            pub fn closed(&self) -> impl Future<Output = ()> {
                self.announcer.future("wait for close of", Location::caller(), self.inner().closed())
            }
        }
    };
}

sender!(Sender);
sender!(UnboundedSender);

impl<T> Sender<T> {
    /// Waits for room, and sends.
    ///
    /// # Errors
    /// Gives the value back if the receiver is gone.
    #[track_caller]
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        self.announcer.future("send", Location::caller(), self.inner().send(value))
    }

    /// Sends, if there is room.
    ///
    /// # Errors
    /// Gives the value back if there is none, or the receiver is gone.
    #[track_caller]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.announcer.attempt("try send", Location::caller(), || self.inner().try_send(value))
    }

    /// Waits on a thread that polls nobody.
    ///
    /// # Errors
    /// Gives the value back if the receiver is gone.
    ///
    /// # Panics
    /// In a task.
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        block_here(self.send(value), Location::caller())
    }

    /// Values that there is room for.
    #[track_caller]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.announcer.step("count", Location::caller(), || self.inner().capacity())
    }
}

impl<T> UnboundedSender<T> {
    /// Sends.
    ///
    /// # Errors
    /// Gives the value back if the receiver is gone.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.announcer.attempt("send", Location::caller(), || self.inner().send(value))
    }
}

macro_rules! receiver {
    ($name:ident) => {
        impl<T> $name<T> {
            fn inner(&mut self) -> &mut ::tokio::sync::mpsc::$name<T> {
                self.inner.as_mut().expect("it is there until it is dropped")
            }

            /// Waits for a value; `None` when all have come and there is no sender any more.
            #[track_caller]
            pub fn recv(&mut self) -> impl Future<Output = Option<T>> {
                let (announcer, site) = (self.announcer, Location::caller());
                announcer.owned(site);
                announcer.future("receive", site, self.inner().recv())
            }

            /// A value, if there is one.
            ///
            /// # Errors
            /// If there is none.
            #[track_caller]
            pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
                let (announcer, site) = (self.announcer, Location::caller());
                announcer.owned(site);
                announcer.attempt("try receive", site, || self.inner().try_recv())
            }

            /// Waits on a thread that polls nobody.
            ///
            /// # Panics
            /// In a task.
            #[track_caller]
            pub fn blocking_recv(&mut self) -> Option<T> {
                block_here(self.recv(), Location::caller())
            }

            /// Lets nobody send any more; what has been sent can be received.
            #[track_caller]
            pub fn close(&mut self) {
                let announcer = self.announcer;
                announcer.step("close", Location::caller(), || self.inner().close());
            }
        }
    };
}

receiver!(Receiver);
receiver!(UnboundedReceiver);

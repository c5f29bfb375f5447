//! Atomics, as [`std::sync::atomic`].
//!
//! Under loom they are loom's, with C11's orders: a load may give any value that it may see. Under shuttle every access
//! is sequentially consistent; the orders count only for data races on a [`RaceCell`](super::RaceCell).
//! `compare_exchange_weak` fails only where the strong one does. On real threads they are std's, with the program's orders.

mod value;

use self::value::{Number, Raw};
use crate::execution::{Acted, Handle, Held, Kind, Mode, State, act, confirm_value, with};
use std::borrow::Cow;
use std::panic::Location;

pub use std::sync::atomic::Ordering;

fn is_loom(mode: Mode) -> bool {
    mode == Mode::Loom && !std::thread::panicking()
}

/// The type itself, with what all atomics have: `$value` is what it holds, `$known` knows of it what `$hash` says.
macro_rules! atomic {
    ($name:ident [$($of:ident)?], $value:ty, $known:ident, $doc:literal, |$v:ident| -> $hashed:ty $hash:block) => {
        #[doc = $doc]
        pub struct $name $(<$of>)? {
            handle: Handle,
            /// The latest value in modification order.
            latest: std::sync::atomic::$name $(<$of>)?,
            known: $known,
            native: Option<loom::sync::atomic::$name $(<$of>)?>,
        }

        impl $(<$of>)? $name $(<$of>)? {
            /// An atomic with a value.
            #[track_caller]
            #[must_use]
            pub fn new(value: $value) -> Self {
                let known = $known::default();
                let handle = Handle::new(State::Atomic { value: known.set(Self::hash(value)) }, Location::caller());
                handle.begins_with(Self::raw(value));
                let is_loom_s = !handle.is_real() && with(|x| x.mode == Mode::Loom);
                let native = is_loom_s.then(|| loom::sync::atomic::$name::new(value));
                Self { handle, latest: std::sync::atomic::$name::new(value), known, native }
            }

            /// Names it in traces.
            #[must_use]
            pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
                self.handle.name(name.into());
                self
            }

            fn hash($v: $value) -> $hashed $hash

            /// What it is held to the memory model by: an address is one then.
            fn raw(value: $value) -> u64 {
                Raw::raw(Self::hash(value))
            }

            /// Whether it is what was written last.
            fn is_latest(&self, value: $value) -> bool {
                Self::hash(self.latest.load(Ordering::SeqCst)) == Self::hash(value)
            }

            /// Reads the value.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                if self.handle.is_real() {
                    return self.latest.load(order);
                }
                let op = self.handle.op(Kind::Load(order), Location::caller());
                let (value, confirmed) = act(op, |mode| {
                    let value = match (&self.native, is_loom(mode)) {
                        (Some(native), true) => native.load(order),
                        _ => self.latest.load(Ordering::SeqCst),
                    };
                    Acted { read: Some(Self::raw(value)), ..Acted::done(value) }
                });
                confirm_value(confirmed, || {
                    let latest = self.latest.load(Ordering::SeqCst);
                    // Weak memory: a load may see a store that another has replaced.
                    let stale = latest != value;
                    let latest = if stale { format!(" (stale: {})", $known::show(latest)) } else { String::new() };
                    format!("{}{latest}", $known::show(value))
                });
                value
            }

            /// Writes the value.
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                if self.handle.is_real() {
                    return self.latest.store(value, order);
                }
                let op = self.handle.op(Kind::Store(order), Location::caller());
                let confirmed = act(op, |mode| {
                    if let (Some(native), true) = (&self.native, is_loom(mode)) {
                        native.store(value, order);
                    }
                    self.latest.store(value, Ordering::SeqCst);
                    let value_is = Some(self.known.set(Self::hash(value)));
                    Acted { value: value_is, written: Some(Self::raw(value)), ..Acted::done(()) }
                }).1;
                confirm_value(confirmed, || $known::show(value));
            }

            /// Writes the value and gives the old one.
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                self.rmw(
                    order,
                    true,
                    Location::caller(),
                    |native| native.swap(value, order),
                    |latest, order| latest.swap(value, order),
                )
            }

            /// Writes `new` if the value is `current`; gives the old value either way.
            ///
            /// # Errors
            /// With the value, if it is another.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                if self.handle.is_real() {
                    return self.latest.compare_exchange(current, new, success, failure);
                }
                let op = self.handle.op(Kind::Cas(success, failure), Location::caller());
                let (result, confirmed) = act(op, |mode| {
                    let mut is_old = false;
                    let result = match (&self.native, is_loom(mode)) {
                        (Some(native), true) => {
                            let result = native.compare_exchange(current, new, success, failure);
                            let (Ok(read) | Err(read)) = result;
                            is_old = !self.is_latest(read);
                            if result.is_ok() && !is_old {
                                self.latest.store(new, Ordering::SeqCst);
                            }
                            result
                        }
                        _ => self.latest.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst),
                    };
                    let (Ok(read) | Err(read)) = result;
                    let written = result.is_ok().then(|| Self::raw(new));
                    let value = written.map(|_| self.known.set(Self::hash(self.latest.load(Ordering::SeqCst))));
                    Acted { result, refused: result.is_err(), value, written, read: Some(Self::raw(read)), is_old }
                });
                confirm_value(confirmed, || match result {
                    Ok(old) => format!("{} → {}", $known::show(old), $known::show(new)),
                    Err(value) => $known::show(value),
                });
                result
            }

            /// As [`Self::compare_exchange`].
            ///
            /// # Errors
            /// With the value, if it is another.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                if self.handle.is_real() {
                    return self.latest.compare_exchange_weak(current, new, success, failure);
                }
                self.compare_exchange(current, new, success, failure)
            }

            /// Replaces the value by what `f` makes of it, as often as it takes.
            ///
            /// # Errors
            /// With the value, once `f` gives `None`.
            #[track_caller]
            pub fn fetch_update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut value = self.load(fetch_order);
                while let Some(next) = f(value) {
                    match self.compare_exchange(value, next, set_order, fetch_order) {
                        Ok(old) => return Ok(old),
                        Err(other) => value = other,
                    }
                }
                Err(value)
            }

            /// As [`Self::fetch_update`].
            ///
            /// # Errors
            /// With the value, once `f` gives `None`.
            #[track_caller]
            pub fn try_update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                self.fetch_update(set_order, fetch_order, f)
            }

            /// Replaces the value by what `f` makes of it, as often as it takes, and gives the old one.
            #[track_caller]
            pub fn update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut f: impl FnMut($value) -> $value,
            ) -> $value {
                match self.fetch_update(set_order, fetch_order, |value| Some(f(value))) {
                    Ok(old) | Err(old) => old,
                }
            }

            /// The value, of an atomic that nobody else can use any more.
            #[must_use]
            pub fn into_inner(self) -> $value {
                self.latest.load(Ordering::SeqCst)
            }

            fn rmw(
                &self,
                order: Ordering,
                may_keep: bool,
                site: crate::execution::Site,
                native: impl FnOnce(&loom::sync::atomic::$name $(<$of>)?) -> $value,
                latest: impl Fn(&std::sync::atomic::$name $(<$of>)?, Ordering) -> $value,
            ) -> $value {
                if self.handle.is_real() {
                    return latest(&self.latest, order);
                }
                let op = crate::execution::Op { may_keep, ..self.handle.op(Kind::Rmw(order), site) };
                let (old, confirmed) = act(op, |mode| {
                    let mut is_old = false;
                    let old = match (&self.native, is_loom(mode)) {
                        (Some(atomic), true) => {
                            let old = native(atomic);
                            is_old = !self.is_latest(old);
                            // Otherwise it comes before what was written last.
                            if !is_old {
                                latest(&self.latest, Ordering::SeqCst);
                            }
                            old
                        }
                        _ => latest(&self.latest, Ordering::SeqCst),
                    };
                    let written = std::sync::atomic::$name::new(old);
                    latest(&written, Ordering::SeqCst);
                    let value = self.known.set(Self::hash(self.latest.load(Ordering::SeqCst)));
                    let written = Some(Self::raw(written.into_inner()));
                    Acted { value: Some(value), written, read: Some(Self::raw(old)), is_old, ..Acted::done(old) }
                });
                confirm_value(confirmed, || {
                    let new = self.latest.load(Ordering::SeqCst);
                    format!("{} → {}", $known::show(old), $known::show(new))
                });
                old
            }
        }

        impl $(<$of>)? Default for $name $(<$of>)? {
            #[track_caller]
            fn default() -> Self {
                Self::new(<$value>::default())
            }
        }

        impl $(<$of>)? From<$value> for $name $(<$of>)? {
            #[track_caller]
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }

        impl $(<$of>)? std::fmt::Debug for $name $(<$of>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.latest.fmt(f)
            }
        }
    };
}

/// Updates of the form `fetch_x(value, order)`.
macro_rules! fetch {
    ($name:ident, $value:ty: $($fetch:ident, $doc:literal;)*) => {
        impl $name {
            $(
                #[doc = $doc]
                #[track_caller]
                pub fn $fetch(&self, value: $value, order: Ordering) -> $value {
                    // Whatever is added to it, the value becomes another.
                    let adds = matches!(stringify!($fetch), "fetch_add" | "fetch_sub");
                    self.rmw(
                        order,
                        !adds || value == <$value>::default(),
                        Location::caller(),
                        |native| native.$fetch(value, order),
                        |latest, order| latest.$fetch(value, order),
                    )
                }
            )*
        }
    };
}

macro_rules! integer {
    ($($name:ident, $value:ty, $doc:literal;)*) => {
        $(
            atomic!($name [], $value, Number, $doc, |value| -> u64 {
                #[expect(clippy::allow_attributes, reason = "which of them applies depends on the integer")]
                #[allow(clippy::cast_sign_loss, clippy::cast_lossless, clippy::unnecessary_cast, reason = "a hash")]
                { value as u64 }
            });

            fetch!($name, $value:
                fetch_add, "Adds, wrapping around, and gives the old value.";
                fetch_sub, "Subtracts, wrapping around, and gives the old value.";
                fetch_and, "Bitwise and; gives the old value.";
                fetch_nand, "Bitwise nand; gives the old value.";
                fetch_or, "Bitwise or; gives the old value.";
                fetch_xor, "Bitwise exclusive or; gives the old value.";
                fetch_max, "The greater of the two; gives the old value.";
                fetch_min, "The lesser of the two; gives the old value.";
            );
        )*
    };
}

integer! {
    AtomicU8, u8, "As [`std::sync::atomic::AtomicU8`].";
    AtomicU16, u16, "As [`std::sync::atomic::AtomicU16`].";
    AtomicU32, u32, "As [`std::sync::atomic::AtomicU32`].";
    AtomicU64, u64, "As [`std::sync::atomic::AtomicU64`].";
    AtomicUsize, usize, "As [`std::sync::atomic::AtomicUsize`].";
    AtomicI8, i8, "As [`std::sync::atomic::AtomicI8`].";
    AtomicI16, i16, "As [`std::sync::atomic::AtomicI16`].";
    AtomicI32, i32, "As [`std::sync::atomic::AtomicI32`].";
    AtomicI64, i64, "As [`std::sync::atomic::AtomicI64`].";
    AtomicIsize, isize, "As [`std::sync::atomic::AtomicIsize`].";
}

atomic!(AtomicBool [], bool, Number, "As [`std::sync::atomic::AtomicBool`].", |value| -> u64 { u64::from(value) });

fetch!(AtomicBool, bool:
    fetch_and, "And; gives the old value.";
    fetch_nand, "Nand; gives the old value.";
    fetch_or, "Or; gives the old value.";
    fetch_xor, "Exclusive or; gives the old value.";
);

atomic!(AtomicPtr[T], *mut T, Held, "As [`std::sync::atomic::AtomicPtr`].", |value| -> *mut T { value });

/// Orders accesses before and after it, as [`std::sync::atomic::fence`].
///
/// # Panics
/// If `order` is `Relaxed`.
#[track_caller]
pub fn fence(order: Ordering) {
    assert!(order != Ordering::Relaxed, "there is no such thing as a relaxed fence");
    if crate::engine::real::is_on() {
        return std::sync::atomic::fence(order);
    }
    let op = crate::execution::Op::bare(Kind::Fence(order), Location::caller());
    act(op, |mode| {
        if is_loom(mode) {
            loom::sync::atomic::fence(order);
        }
        Acted::done(())
    });
}

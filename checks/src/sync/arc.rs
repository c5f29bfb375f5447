//! `Arc` and `Weak`: std's, with owners that a search can count.
//!
//! The data is in an `Arc` of std's, so it works anywhere: outside of an exploration, on real threads, and in executions
//! that are over it is std's alone. In an exploration drops are ordered as std orders them, and where somebody can tell in
//! which order owners come and go, every order is tried; where nobody can, that costs nothing (`execution/owners.rs`).

mod convert;
mod raw;
mod traits;
mod weak;

pub use weak::Weak;

use crate::execution::{Kind, Share, Site};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc as Std;

/// Shared ownership, as [`std::sync::Arc`]: who drops last, what the counts say, and which [`Weak`] can still be upgraded is
/// explored.
///
/// Stable Rust lets no type but its own do two things, so they need an `Arc` of std's: a method can't take `self:
/// Arc<Self>`, and an `Arc<Circle>` does not become an `Arc<dyn Shape>` by itself. [`Arc::from_std`] makes one of a
/// coerced one, and std's may be used as it is: raddle just does not see how it counts.
///
/// ```
/// use raddle::sync::{Arc, Mutex};
///
/// raddle::check(|| {
///     let shape: Arc<dyn Fn() -> u32 + Send + Sync> = Arc::from_std(std::sync::Arc::new(|| 4));
///     let corners = Arc::new(Mutex::new(0));
///     let other = { let corners = Arc::clone(&corners); raddle::thread::spawn(move || *corners.lock().unwrap() += shape()) };
///     other.join().unwrap();
///     assert_eq!(Arc::into_inner(corners).unwrap().into_inner().unwrap(), 4);
/// });
/// ```
pub struct Arc<T: ?Sized> {
    /// Gone only while this is dropped, or made something else.
    inner: Option<Std<T>>,
    /// Nothing where nobody counts.
    share: Option<Share>,
}

impl<T> Arc<T> {
    /// Owns a value.
    #[track_caller]
    #[must_use]
    pub fn new(value: T) -> Self {
        Self::made(Std::new(value), Location::caller())
    }

    /// The same, pinned.
    #[track_caller]
    #[must_use]
    pub fn pin(value: T) -> Pin<Self> {
        let made = Self::made(Std::new(value), Location::caller());
        // SAFETY: nothing moves what an `Arc` owns: its `Deref` is std's, and `get_mut`, `into_inner` and the like need the
        // `Arc` itself, which a `Pin` gives out only where the value may be moved.
        #[expect(unsafe_code, reason = "`Pin` has no other way for a type that is not its own")]
        unsafe {
            Pin::new_unchecked(made)
        }
    }

    /// Owns a value that can hold a [`Weak`] to itself.
    #[track_caller]
    pub fn new_cyclic(value: impl FnOnce(&Weak<T>) -> T) -> Self {
        let share = Share::new(Location::caller());
        let inner = Std::new_cyclic(|weak| {
            let mut weak = Weak { inner: weak.clone(), share };
            let value = value(&weak);
            // It is none that anybody has asked for.
            weak.share = None;
            value
        });
        Arc { inner: Some(inner), share }
    }

    /// The value, if nobody else owns it.
    ///
    /// # Errors
    /// With the `Arc`, if somebody does.
    #[track_caller]
    pub fn try_unwrap(mut this: Self) -> Result<T, Self> {
        this.step(Kind::TakeArc, Location::caller());
        match Std::try_unwrap(this.take()) {
            Ok(value) => {
                acquires(this.share.take());
                Ok(value)
            }
            Err(inner) => {
                this.inner = Some(inner);
                Err(this)
            }
        }
    }

    /// The value, for the last of its owners.
    #[track_caller]
    #[must_use = "what nobody else owns is dropped"]
    pub fn into_inner(mut this: Self) -> Option<T> {
        this.step(Kind::EndArc, Location::caller());
        let value = Std::into_inner(this.take());
        if let Some(share) = this.share.take() {
            if value.is_some() { share.acquires() } else { share.gave_up() }
        }
        value
    }

    /// The value, or a clone of it if somebody else owns it.
    #[track_caller]
    #[must_use]
    pub fn unwrap_or_clone(this: Self) -> T
    where
        T: Clone,
    {
        Self::try_unwrap(this).unwrap_or_else(|shared| T::clone(&shared))
    }
}

impl<T: ?Sized> Arc<T> {
    /// Makes one of std's: of one that has been coerced, say. It is counted if it is the only owner.
    ///
    /// ```
    /// # use raddle::sync::Arc;
    /// let shown: Arc<dyn std::fmt::Display> = Arc::from_std(std::sync::Arc::new(4));
    /// assert_eq!(shown.to_string(), "4");
    /// ```
    #[track_caller]
    #[must_use]
    pub fn from_std(inner: Std<T>) -> Self {
        if Std::strong_count(&inner) == 1 && Std::weak_count(&inner) == 0 {
            return Self::made(inner, Location::caller());
        }
        Arc { inner: Some(inner), share: None }
    }

    /// std's, which owns it, too; raddle does not see when that is dropped.
    #[must_use]
    pub fn to_std(this: &Self) -> Std<T> {
        Std::clone(this.std())
    }

    fn made(inner: Std<T>, site: Site) -> Self {
        Arc { inner: Some(inner), share: Share::new(site) }
    }

    fn std(&self) -> &Std<T> {
        self.inner.as_ref().expect("an `Arc` owns something until it is dropped")
    }

    fn std_mut(&mut self) -> &mut Std<T> {
        self.inner.as_mut().expect("an `Arc` owns something until it is dropped")
    }

    fn take(&mut self) -> Std<T> {
        self.inner.take().expect("an `Arc` owns something until it is dropped")
    }

    fn step(&self, kind: Kind, site: Site) {
        if let Some(share) = self.share {
            share.step(kind, site);
        }
    }

    /// How many own it.
    #[track_caller]
    #[must_use]
    pub fn strong_count(this: &Self) -> usize {
        this.step(Kind::CountArc, Location::caller());
        Std::strong_count(this.std())
    }

    /// How many [`Weak`]s there are.
    #[track_caller]
    #[must_use]
    pub fn weak_count(this: &Self) -> usize {
        this.step(Kind::CountArc, Location::caller());
        Std::weak_count(this.std())
    }

    /// A [`Weak`], which does not own it.
    #[track_caller]
    #[must_use = "a `Weak` that is dropped does nothing"]
    pub fn downgrade(this: &Self) -> Weak<T> {
        this.step(Kind::Downgrade, Location::caller());
        let share = this.share.map(|share| share.at(Location::caller()));
        Weak { inner: Std::downgrade(this.std()), share }
    }

    /// The value, to be changed, if nobody else owns it or has a [`Weak`].
    #[track_caller]
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        this.step(Kind::MutArc, Location::caller());
        let value = Std::get_mut(this.inner.as_mut()?)?;
        acquires(this.share);
        Some(value)
    }

    /// Whether both own the same.
    #[must_use]
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        Std::ptr_eq(this.std(), other.std())
    }
}

/// Whoever owns it alone, or again, comes after those who have given it up.
fn acquires(share: Option<Share>) {
    if let Some(share) = share {
        share.acquires();
    }
}

impl<T: Clone> Arc<T> {
    /// The value, to be changed: a clone of it, if somebody else owns it, which this owns alone then.
    #[track_caller]
    pub fn make_mut(this: &mut Self) -> &mut T {
        this.step(Kind::MutArc, Location::caller());
        let site = Location::caller();
        if Std::strong_count(this.std()) > 1 {
            let clone = Self::made(Std::new(T::clone(this)), site);
            *this = clone;
        } else if let Some(share) = this.share {
            share.acquires();
            if Std::weak_count(this.std()) > 0 {
                // It moves out, and leaves the weak ones with nothing.
                this.share = Share::new(site);
            }
        }
        Std::make_mut(this.std_mut())
    }
}

impl<T: ?Sized> Clone for Arc<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let site = Location::caller();
        self.step(Kind::CloneArc, site);
        Arc { inner: Some(Std::clone(self.std())), share: self.share.map(|share| share.at(site)) }
    }
}

impl<T: ?Sized> Drop for Arc<T> {
    fn drop(&mut self) {
        let Some(share) = self.share.filter(|_| self.inner.is_some()) else { return };
        share.step(Kind::DropArc, share.site());
        let Some(inner) = self.inner.take() else { return };
        if Std::strong_count(&inner) > 1 {
            share.gave_up();
            return;
        }
        share.acquires();
        if std::mem::needs_drop::<T>() {
            share.ends(|| drop(inner));
        }
    }
}

//! `Weak`: to something that may be gone.

use super::{Arc, Kind, Share};
use std::fmt;
use std::panic::Location;

/// What does not keep what it is to, as [`std::sync::Weak`]: whether an upgrade still comes in time is explored.
pub struct Weak<T: ?Sized> {
    pub(super) inner: std::sync::Weak<T>,
    pub(super) share: Option<Share>,
}

impl<T> Weak<T> {
    /// To nothing.
    #[must_use]
    pub const fn new() -> Self {
        Weak { inner: std::sync::Weak::new(), share: None }
    }
}

impl<T: ?Sized> Weak<T> {
    /// Makes one of std's. It is not counted.
    #[must_use]
    pub fn from_std(inner: std::sync::Weak<T>) -> Self {
        Weak { inner, share: None }
    }

    fn step(&self, kind: Kind, site: crate::execution::Site) {
        if let Some(share) = self.share {
            share.step(kind, site);
        }
    }

    /// Owns it, too, if anybody still does.
    #[track_caller]
    #[must_use = "what nobody keeps is dropped at once"]
    pub fn upgrade(&self) -> Option<Arc<T>> {
        let site = Location::caller();
        self.step(Kind::Upgrade, site);
        let inner = self.inner.upgrade()?;
        super::acquires(self.share);
        Some(Arc { inner: Some(inner), share: self.share.map(|share| share.at(site)) })
    }

    /// How many own it.
    #[track_caller]
    #[must_use]
    pub fn strong_count(&self) -> usize {
        self.step(Kind::CountArc, Location::caller());
        self.inner.strong_count()
    }

    /// How many [`Weak`]s there are, as long as somebody owns it.
    #[track_caller]
    #[must_use]
    pub fn weak_count(&self) -> usize {
        self.step(Kind::CountArc, Location::caller());
        self.inner.weak_count()
    }

    /// Whether both are to the same.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.inner.ptr_eq(&other.inner)
    }

    /// Where it is, or was.
    #[must_use]
    pub fn as_ptr(&self) -> *const T {
        self.inner.as_ptr()
    }
}

impl<T> Weak<T> {
    /// Where it is, or was: for [`Weak::from_raw`], which is to drop it.
    #[must_use]
    pub fn into_raw(mut self) -> *const T {
        if let Some(share) = self.share.take() {
            share.is_at(self.inner.as_ptr().addr());
        }
        std::mem::take(&mut self.inner).into_raw()
    }

    /// What [`Weak::into_raw`] has given.
    ///
    /// # Safety
    /// As [`std::sync::Weak::from_raw`].
    #[track_caller]
    #[must_use]
    #[expect(unsafe_code, reason = "std's has the same contract")]
    pub unsafe fn from_raw(pointer: *const T) -> Self {
        let share = Share::find(pointer.addr(), Location::caller());
        // SAFETY: the caller's promise is the one that std asks for.
        let inner = unsafe { std::sync::Weak::from_raw(pointer) };
        Weak { inner, share }
    }
}

impl<T: ?Sized> Clone for Weak<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let site = Location::caller();
        self.step(Kind::Downgrade, site);
        Weak { inner: self.inner.clone(), share: self.share.map(|share| share.at(site)) }
    }
}

impl<T: ?Sized> Drop for Weak<T> {
    fn drop(&mut self) {
        if let Some(share) = self.share {
            share.step(Kind::DropWeak, share.site());
        }
    }
}

impl<T> Default for Weak<T> {
    fn default() -> Self {
        Weak::new()
    }
}

impl<T: ?Sized> fmt::Debug for Weak<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(Weak)")
    }
}

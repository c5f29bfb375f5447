//! `Arc`s as pointers: which execution's they are is known by where they point.

use super::{Arc, Kind, Share, Std};
use std::panic::Location;

impl<T: ?Sized> Arc<T> {
    /// Where the value is.
    #[must_use]
    pub fn as_ptr(this: &Self) -> *const T {
        let pointer = Std::as_ptr(this.std());
        if let Some(share) = this.share {
            share.is_at(pointer.addr());
        }
        pointer
    }

    /// Where the value is: for [`Arc::from_raw`], which is to drop it.
    #[must_use]
    pub fn into_raw(mut this: Self) -> *const T {
        let pointer = Self::as_ptr(&this);
        let raw = Std::into_raw(this.take());
        debug_assert_eq!(pointer.addr(), raw.addr(), "std's two ways to the value lead to one");
        raw
    }
}

#[expect(unsafe_code, reason = "std's have the same contracts")]
impl<T> Arc<T> {
    /// What [`Arc::into_raw`] has given.
    ///
    /// # Safety
    /// As [`std::sync::Arc::from_raw`].
    #[track_caller]
    #[must_use]
    pub unsafe fn from_raw(pointer: *const T) -> Self {
        let share = Share::find(pointer.addr(), Location::caller());
        // SAFETY: the caller's promise is the one that std asks for.
        let inner = unsafe { Std::from_raw(pointer) };
        Arc { inner: Some(inner), share }
    }

    /// One more owner of what [`Arc::into_raw`] has given.
    ///
    /// # Safety
    /// As [`std::sync::Arc::increment_strong_count`].
    #[track_caller]
    pub unsafe fn increment_strong_count(pointer: *const T) {
        if let Some(share) = Share::find(pointer.addr(), Location::caller()) {
            share.step(Kind::CloneArc, Location::caller());
        }
        // SAFETY: the caller's promise is the one that std asks for.
        unsafe { Std::increment_strong_count(pointer) };
    }

    /// One owner less of what [`Arc::into_raw`] has given.
    ///
    /// # Safety
    /// As [`std::sync::Arc::decrement_strong_count`].
    #[track_caller]
    pub unsafe fn decrement_strong_count(pointer: *const T) {
        // SAFETY: the caller's promise is the one that `from_raw` asks for.
        drop(unsafe { Self::from_raw(pointer) });
    }
}

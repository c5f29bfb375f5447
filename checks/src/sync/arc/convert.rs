//! What becomes an `Arc`, and what an `Arc` becomes.

use super::{Arc, Std};
use std::any::Any;
use std::borrow::Cow;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::path::{Path, PathBuf};
use std::task::{Wake, Waker};

impl<T> From<T> for Arc<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Arc::new(value)
    }
}

impl<T: ?Sized> From<Std<T>> for Arc<T> {
    /// As [`Arc::from_std`].
    #[track_caller]
    fn from(inner: Std<T>) -> Self {
        Arc::from_std(inner)
    }
}

impl<T, const N: usize> From<[T; N]> for Arc<[T]> {
    #[track_caller]
    fn from(values: [T; N]) -> Self {
        Arc::from_std(values.into())
    }
}

impl<T: Clone> From<&[T]> for Arc<[T]> {
    #[track_caller]
    fn from(values: &[T]) -> Self {
        Arc::from_std(values.into())
    }
}

impl<T> From<Vec<T>> for Arc<[T]> {
    #[track_caller]
    fn from(values: Vec<T>) -> Self {
        Arc::from_std(values.into())
    }
}

impl<T: ?Sized> From<Box<T>> for Arc<T> {
    #[track_caller]
    fn from(value: Box<T>) -> Self {
        Arc::from_std(value.into())
    }
}

impl<'a, B: ?Sized + ToOwned> From<Cow<'a, B>> for Arc<B>
where
    Arc<B>: From<&'a B> + From<B::Owned>,
{
    #[track_caller]
    fn from(value: Cow<'a, B>) -> Self {
        match value {
            Cow::Borrowed(value) => Arc::from(value),
            Cow::Owned(value) => Arc::from(value),
        }
    }
}

impl From<Arc<str>> for Arc<[u8]> {
    #[track_caller]
    fn from(text: Arc<str>) -> Self {
        Arc::from(text.as_bytes())
    }
}

/// std's text, from what it is made of.
macro_rules! text {
    ($($from:ty => $to:ty),*) => {$(
        impl From<$from> for Arc<$to> {
            #[track_caller]
            fn from(text: $from) -> Self {
                Arc::from_std(text.into())
            }
        }
    )*};
}

text!(&str => str, String => str, &CStr => CStr, CString => CStr);
text!(&OsStr => OsStr, OsString => OsStr, &Path => Path, PathBuf => Path);

impl<T> FromIterator<T> for Arc<[T]> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Arc::from_std(values.into_iter().collect())
    }
}

impl<T, const N: usize> TryFrom<Arc<[T]>> for Arc<[T; N]> {
    type Error = Arc<[T]>;

    fn try_from(mut values: Arc<[T]>) -> Result<Self, Arc<[T]>> {
        let share = values.share;
        match values.take().try_into() {
            Ok(inner) => Ok(Arc { inner: Some(inner), share }),
            Err(inner) => Err(Arc { inner: Some(inner), share }),
        }
    }
}

impl Arc<dyn Any + Send + Sync> {
    /// What it is, if it is of that type.
    ///
    /// # Errors
    /// With the `Arc`, if it is of another.
    pub fn downcast<T: Any + Send + Sync>(mut self) -> Result<Arc<T>, Self> {
        let share = self.share;
        match self.take().downcast() {
            Ok(inner) => Ok(Arc { inner: Some(inner), share }),
            Err(inner) => Err(Arc { inner: Some(inner), share }),
        }
    }
}

impl<W: Wake + Send + Sync + 'static> From<Arc<W>> for Waker {
    /// Who owns what wakes is not counted any more.
    fn from(waker: Arc<W>) -> Self {
        Waker::from(Arc::to_std(&waker))
    }
}

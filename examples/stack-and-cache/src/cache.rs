//! A cache in which concurrent callers share one load ("single flight").
//!
//! Each key has a lock of its own, and who holds it loads; the others wait for the lock, and find the value. A caller that
//! is cancelled while it loads drops its guard, which is all there is to clean up: the next in line finds no value, and
//! loads. So does it after a load that failed.

#[cfg(test)]
mod before;
#[cfg(test)]
mod tests;

use crate::sync::tokio::sync::Mutex as Turn;
use crate::sync::{Mutex, PoisonError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The value of a key, under the lock of those who load it.
type Entry<V> = Arc<Turn<Option<V>>>;

/// Values by their keys, each loaded by the first who asks for it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), std::num::ParseIntError> {
/// let rates = stack_and_cache::Cache::new();
/// let loaded = rates.get("eur", async || "7".parse::<u32>()).await?;
/// let kept = rates.get("eur", async || "8".parse::<u32>()).await?;
/// assert_eq!((loaded, kept), (7, 7));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Cache<K, V> {
    entries: Mutex<BTreeMap<K, Entry<V>>>,
}

impl<K: Ord, V: Clone> Cache<K, V> {
    /// A cache without values.
    #[must_use]
    pub fn new() -> Self {
        Cache { entries: Mutex::new(BTreeMap::new()) }
    }

    /// The value of `key`: the one that is kept, or what `load` gives, or what the caller that is loading now is given.
    ///
    /// It may be cancelled at any of its awaits.
    ///
    /// # Errors
    /// If `load` does. Nothing is kept then, and the next caller loads.
    pub async fn get<E, F>(&self, key: K, load: impl FnOnce() -> F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        let entry = self.entry(key);
        let mut value = entry.lock().await;
        if let Some(value) = &*value {
            return Ok(value.clone());
        }
        let loaded = load().await?;
        *value = Some(loaded.clone());
        Ok(loaded)
    }

    /// Forgets the value of `key`. Callers that wait for it now still get it, and nobody who asks from now on does.
    pub fn forget(&self, key: &K) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn entry(&self, key: K) -> Entry<V> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(entries.entry(key).or_default())
    }
}

impl<K: Ord, V: Clone> Default for Cache<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

//! The cache as it was first: who finds nothing says that it loads, and the others wait to be told.

use crate::sync::tokio::sync::Notify;
use crate::sync::{Mutex, PoisonError};
use std::collections::BTreeMap;
use std::sync::Arc;

enum Entry<V> {
    Loading(Arc<Notify>),
    Loaded(V),
}

/// The first version.
#[derive(Default)]
pub(super) struct Announced<K, V> {
    entries: Mutex<BTreeMap<K, Entry<V>>>,
}

impl<K: Ord + Clone, V: Clone> Announced<K, V> {
    pub(super) async fn get<E, F>(&self, key: K, load: impl FnOnce() -> F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        loop {
            let told = {
                let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
                match entries.get(&key) {
                    Some(Entry::Loaded(value)) => return Ok(value.clone()),
                    Some(Entry::Loading(told)) => Arc::clone(told),
                    None => {
                        entries.insert(key.clone(), Entry::Loading(Arc::default()));
                        break;
                    }
                }
            };
            told.notified().await;
            // The next one who waits.
            told.notify_one();
        }
        // BUG: who is cancelled here, or fails, leaves `Loading` behind, and nobody will ever tell the others.
        let value = load().await?;
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Entry::Loading(told)) = entries.insert(key, Entry::Loaded(value.clone())) {
            told.notify_one();
        }
        Ok(value)
    }
}

//! How often a handler ran for an idempotency key: the tests ask here whether
//! a retry was answered by a filter or reached the service again.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::http::HeaderMap;

/// The key that counts the calls that carry no idempotency key.
const NO_KEY: &str = "none";

#[derive(Default)]
pub(crate) struct Executions(Mutex<HashMap<String, u64>>);

impl Executions {
    /// Counts one execution and tells how many there were with it.
    pub(crate) fn record(&self, key: &str) -> u64 {
        let mut counts = self.locked();
        let count = counts.entry(key.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// Counts one execution for the key that a call brought.
    pub(crate) fn record_call(&self, headers: &HeaderMap) {
        let key = headers
            .get("idempotency-key")
            .filter(|key| !key.is_empty())
            .map_or(NO_KEY.into(), |key| String::from_utf8_lossy(key.as_bytes()));
        self.record(&key);
    }

    pub(crate) fn count(&self, key: &str) -> u64 {
        self.locked().get(key).copied().unwrap_or_default()
    }

    pub(crate) fn reset(&self) {
        self.locked().clear();
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

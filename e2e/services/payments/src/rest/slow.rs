//! An answer that comes late; axum drops the handler when the client goes away.

use std::time::Duration;

use axum::{Json, extract::Query};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct SlowQuery {
    ms: u64,
}

impl Default for SlowQuery {
    fn default() -> Self {
        Self { ms: 500 }
    }
}

pub(super) async fn answer(Query(query): Query<SlowQuery>) -> Json<Value> {
    sleep(Duration::from_millis(query.ms)).await;
    Json(json!({"slept_ms": query.ms}))
}

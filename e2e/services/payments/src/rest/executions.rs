//! The execution counts, for a test to read, bump and reset.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Serialize;

use crate::app::App;

#[derive(Serialize)]
pub(super) struct ExecutionCount {
    key: String,
    count: u64,
}

pub(super) async fn read(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
) -> Json<ExecutionCount> {
    let count = app.executions.count(&key);
    Json(ExecutionCount { key, count })
}

pub(super) async fn record(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
) -> Json<ExecutionCount> {
    let count = app.executions.record(&key);
    Json(ExecutionCount { key, count })
}

pub(super) async fn reset(State(app): State<Arc<App>>) -> StatusCode {
    app.executions.reset();
    StatusCode::NO_CONTENT
}

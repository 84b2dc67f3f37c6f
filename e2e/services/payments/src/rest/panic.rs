//! A handler that panics: without a `CatchPanic` layer the connection's task
//! dies, and the client sees the connection close.

use std::{any::Any, backtrace::Backtrace, convert::Infallible, panic};

use axum::{
    extract::Query,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use crate::crash;

#[derive(Deserialize)]
pub(super) struct PanicQuery {
    recovered: Option<String>,
}

pub(super) async fn answer(Query(query): Query<PanicQuery>) -> Response {
    if query.recovered.as_deref() == Some("1") {
        recovered()
    } else {
        crash::now()
    }
}

/// Answers with the panic and a backtrace, as services do that render their
/// errors with `Debug`.
fn recovered() -> Response {
    let Err(panic) = panic::catch_unwind(|| -> Infallible { crash::now() });
    let backtrace = Backtrace::force_capture();
    let body = format!(
        "panicked: {}\n\nStack backtrace:\n{backtrace}",
        message(&*panic)
    );
    (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("Box<dyn Any>")
}

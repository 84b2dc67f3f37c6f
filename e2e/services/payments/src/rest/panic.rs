//! A handler that panics: without a `CatchPanic` layer the connection's task
//! dies, and the client sees the connection close.

use axum::{
    Json,
    extract::Query,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::{
    crash,
    panics::{self, Panic},
};

#[derive(Deserialize)]
pub(super) struct PanicQuery {
    recovered: Option<String>,
    #[serde(default)]
    shape: Shape,
}

/// How services show a panic that they caught.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shape {
    /// The message and the backtrace, as anyhow writes an error with `Debug`.
    #[default]
    Text,
    /// What the standard library writes to stderr.
    Std,
    /// JSON with a member for each.
    Json,
}

pub(super) async fn answer(Query(query): Query<PanicQuery>) -> Response {
    if query.recovered.as_deref() != Some("1") {
        crash::now()
    }
    let panic = panics::catch(|| crash::now());
    let shown = show(&panic, query.shape);
    (StatusCode::INTERNAL_SERVER_ERROR, shown).into_response()
}

fn show(panic: &Panic, shape: Shape) -> Response {
    let Panic {
        message,
        thread,
        location,
        backtrace,
    } = panic;
    match shape {
        Shape::Text => {
            format!("panicked: {message}\n\nStack backtrace:\n{backtrace}").into_response()
        }
        Shape::Std => format!(
            "thread {thread} panicked at {location}:\n{message}\nstack backtrace:\n{backtrace}"
        )
        .into_response(),
        Shape::Json => Json(PanicBody {
            code: "panic",
            message,
            location,
            backtrace,
        })
        .into_response(),
    }
}

#[derive(Serialize)]
struct PanicBody<'a> {
    code: &'static str,
    message: &'a str,
    location: &'a str,
    backtrace: &'a str,
}

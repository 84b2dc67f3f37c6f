//! One JSON line on stderr for every call, REST and gRPC alike.

use std::{
    io::{self, Write},
    time::Instant,
};

use axum::{extract::Request, middleware::Next, response::Response};
use serde_json::json;

use crate::call_context::Trace;

pub(crate) async fn log(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let request_id = request
        .headers()
        .get("x-request-id")
        .map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    let trace = Trace::of(request.headers());

    let response = next.run(request).await;

    let line = json!({
        "service": "payments",
        "method": method.as_str(),
        "path": path,
        "status": response.status().as_u16(),
        "micros": started.elapsed().as_micros(),
        "request_id": request_id,
        "trace_id": trace.as_ref().map(|trace| &trace.trace_id),
        "span_id": trace.as_ref().map(|trace| &trace.span_id),
    });
    // Whoever closed stderr does not want the log; the call is answered anyway.
    let _ = writeln!(io::stderr(), "{line}");
    response
}

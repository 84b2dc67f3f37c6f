//! Payments as server-sent events: a test sees whether a filter holds a stream
//! back.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Query, State},
    response::sse::{Event, Sse},
};
use serde::Deserialize;
use tokio_stream::{Stream, StreamExt};

use super::payment_shapes::PaymentBody;
use crate::{app::App, version::ApiVersion, watch};

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct EventsQuery {
    count: usize,
    interval_ms: u64,
}

impl Default for EventsQuery {
    fn default() -> Self {
        Self {
            count: 5,
            interval_ms: 50,
        }
    }
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Extension(version): Extension<ApiVersion>,
    Query(query): Query<EventsQuery>,
) -> Sse<impl Stream<Item = Result<Event, axum::Error>>> {
    let interval = Duration::from_millis(query.interval_ms);
    let mut sent = 0_u64;
    let events = watch::paced(app.payments.list(), query.count, interval).map(move |payment| {
        sent += 1;
        Event::default()
            .id(sent.to_string())
            .event("payment")
            .json_data(PaymentBody::new(version, payment))
    });
    Sse::new(events)
}

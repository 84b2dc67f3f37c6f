//! Payments: listed, shown, found by their order, and made.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json, Router,
    extract::{OriginalUri, Path, Query, State},
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use tokio::time::sleep;

use super::payment_shapes::{PaymentBody, PaymentList};
use crate::{
    app::App,
    errors::PaymentError,
    ids::{OrderId, PaymentId},
    orders_client::Protocol,
    store::{NewPayment, Payment},
    version::ApiVersion,
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/payments", get(list).post(create))
        .route("/payments/{id}", get(show))
        .route("/payments/by-order/{order_id}", get(show_for_order))
}

/// Lets a test ask for the empty list, whose shape is the one that filters and
/// clients get wrong.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    empty: Option<String>,
}

impl ListQuery {
    pub(super) fn wants_none(&self) -> bool {
        self.empty.as_deref() == Some("1")
    }
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(version): Extension<ApiVersion>,
    Query(query): Query<ListQuery>,
) -> Json<PaymentList> {
    let payments = if query.wants_none() {
        Vec::new()
    } else {
        app.payments.list()
    };
    Json(PaymentList::new(version, payments))
}

async fn show(
    State(app): State<Arc<App>>,
    Extension(version): Extension<ApiVersion>,
    Path(id): Path<i64>,
) -> Response {
    found(version, app.payments.get(PaymentId(id)))
}

async fn show_for_order(
    State(app): State<Arc<App>>,
    Extension(version): Extension<ApiVersion>,
    Path(order_id): Path<i64>,
) -> Response {
    found(version, app.payments.for_order(OrderId(order_id)))
}

fn found(version: ApiVersion, payment: Result<Payment, PaymentError>) -> Response {
    match (payment, version) {
        (Ok(payment), _) => Json(PaymentBody::new(version, payment)).into_response(),
        (Err(error), ApiVersion::V1) => error.into_plain_text(),
        (Err(error), ApiVersion::V2) => error.into_response(),
    }
}

/// Lets a test repeat a request, or leave, when the payment is made and not yet answered.
#[derive(Default, Deserialize)]
#[serde(default)]
struct CreateQuery {
    ms: u64,
}

async fn create(
    State(app): State<Arc<App>>,
    Extension(version): Extension<ApiVersion>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<CreateQuery>,
    headers: HeaderMap,
    Json(new): Json<NewPayment>,
) -> Result<impl IntoResponse, PaymentError> {
    let payment = app.pay(new, Protocol::Rest, &headers).await?;
    sleep(Duration::from_millis(query.ms)).await;
    let location = format!("{}/{}", uri.path(), payment.id);
    let body = Json(PaymentBody::new(version, payment));
    Ok((StatusCode::CREATED, [(LOCATION, location)], body))
}

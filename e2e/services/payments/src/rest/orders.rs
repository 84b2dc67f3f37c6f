//! The orders that this service answers for during the migration to Rust.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{Path, Query},
    http::{HeaderValue, StatusCode},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use super::{
    order_shapes::{OrderBody, OrderList},
    payments::ListQuery,
};
use crate::{app::App, identity, orders, version::ApiVersion};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/orders", get(list))
        .route("/orders/{id}", get(show))
        .route_layer(middleware::map_response(name_the_variant))
}

async fn list(
    Extension(version): Extension<ApiVersion>,
    Query(query): Query<ListQuery>,
) -> Json<OrderList> {
    let orders = if query.wants_none() {
        &[]
    } else {
        orders::list()
    };
    Json(OrderList::new(version, orders))
}

/// No order has an id that is not a number, so such an id is one that is not
/// found: the Go service answers so.
async fn show(Extension(version): Extension<ApiVersion>, Path(id): Path<String>) -> Response {
    match (id.parse().ok().and_then(orders::find), version) {
        (Some(order), _) => Json(OrderBody::new(version, order)).into_response(),
        (None, ApiVersion::V1) => (StatusCode::NOT_FOUND, "order not found").into_response(),
        (None, ApiVersion::V2) => {
            let body = Json(json!({"error": "order not found"}));
            (StatusCode::NOT_FOUND, body).into_response()
        }
    }
}

/// Tells the Rust variant from the Go one, whose answers are the same otherwise.
async fn name_the_variant(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(identity::SERVICE, HeaderValue::from_static("orders-rust"));
    response
}

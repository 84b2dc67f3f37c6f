//! What can go wrong with a payment, and how each protocol says it.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tonic::Status;

use crate::{
    ids::{OrderId, PaymentId},
    orders_client::OrdersError,
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum PaymentError {
    #[error("payment {0} does not exist")]
    NotFound(PaymentId),
    #[error("no payment exists for order {0}")]
    NotFoundForOrder(OrderId),
    #[error("order {order} could not be verified: {source}")]
    OrderUnverified { order: OrderId, source: OrdersError },
}

/// The JSON that Rust services commonly write for a thiserror enum.
#[derive(Serialize)]
pub(crate) struct ErrorBody {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl PaymentError {
    /// The response of version 1, which predates the JSON errors: axum's plain
    /// text.
    pub(crate) fn into_plain_text(self) -> Response {
        (self.status(), self.to_string()).into_response()
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) | Self::NotFoundForOrder(_) => "payment_not_found",
            Self::OrderUnverified { .. } => "order_unverified",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) | Self::NotFoundForOrder(_) => StatusCode::NOT_FOUND,
            Self::OrderUnverified { .. } => StatusCode::BAD_GATEWAY,
        }
    }
}

impl IntoResponse for PaymentError {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            code: self.code(),
            message: self.to_string(),
        };
        (self.status(), Json(body)).into_response()
    }
}

impl From<PaymentError> for Status {
    fn from(error: PaymentError) -> Self {
        let message = error.to_string();
        match error {
            PaymentError::NotFound(_) | PaymentError::NotFoundForOrder(_) => {
                Self::not_found(message)
            }
            PaymentError::OrderUnverified { .. } => Self::unavailable(message),
        }
    }
}

//! The calls back to the orders service, which verify an order before it is
//! paid.

use std::time::Duration;

use axum::{
    body::Body,
    http::{self, HeaderMap, Request, StatusCode},
};
use hyper_util::{
    client::legacy::{self, Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::{error::Elapsed, timeout};
use tonic::{
    Extensions, Status,
    metadata::MetadataMap,
    transport::{Channel, Endpoint},
};

use crate::{
    call_context::propagated,
    ids::OrderId,
    proto::orders::v1::{GetOrderRequest, orders_client::OrdersClient as GrpcClient},
};

/// How long orders may take: shorter than the route timeouts of the tests, so
/// that the caller hears which service was slow.
const DEADLINE: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Rest,
    Grpc,
}

/// Why the orders service did not vouch for an order.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OrdersError {
    #[error("the address of orders is wrong: {0}")]
    Address(#[from] http::Error),
    #[error("orders did not answer in time")]
    Late(#[from] Elapsed),
    #[error("orders could not be reached: {0}")]
    Unreachable(#[from] legacy::Error),
    #[error("orders answered {0}")]
    Refused(StatusCode),
    #[error("orders answered {code}: {message}", code = .0.code(), message = .0.message())]
    Failed(#[from] Box<Status>),
}

pub(crate) struct OrdersClient {
    http: Client<HttpConnector, Body>,
    http_base: String,
    grpc: GrpcClient<Channel>,
}

impl OrdersClient {
    /// Connects on first use, so that the two services can start in any order.
    pub(crate) fn new(http_base: &str, grpc: &Endpoint) -> Self {
        Self {
            http: Client::builder(TokioExecutor::new()).build_http(),
            http_base: http_base.trim_end_matches('/').to_owned(),
            grpc: GrpcClient::new(grpc.connect_lazy()),
        }
    }

    /// Asks over the protocol that the payment itself came in on, so that a
    /// test can follow one call through both services.
    pub(crate) async fn verify(
        &self,
        protocol: Protocol,
        order: OrderId,
        arrived: &HeaderMap,
    ) -> Result<(), OrdersError> {
        let asked = async {
            match protocol {
                Protocol::Rest => self.ask_over_rest(order, arrived).await,
                Protocol::Grpc => self.ask_over_grpc(order, arrived).await,
            }
        };
        timeout(DEADLINE, asked).await?
    }

    async fn ask_over_rest(&self, order: OrderId, arrived: &HeaderMap) -> Result<(), OrdersError> {
        let mut request =
            Request::get(format!("{}/v1/orders/{order}", self.http_base)).body(Body::empty())?;
        request.headers_mut().extend(propagated(arrived));
        let response = self.http.request(request).await?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(OrdersError::Refused(response.status()))
        }
    }

    async fn ask_over_grpc(&self, order: OrderId, arrived: &HeaderMap) -> Result<(), OrdersError> {
        let request = tonic::Request::from_parts(
            MetadataMap::from_headers(propagated(arrived)),
            Extensions::default(),
            GetOrderRequest { id: order.0 },
        );
        let mut grpc = self.grpc.clone();
        grpc.get_order(request).await.map_err(Box::new)?;
        Ok(())
    }
}

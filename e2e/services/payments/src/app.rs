//! What the REST and the gRPC side share.

use axum::http::HeaderMap;

use crate::{
    args::Args,
    errors::PaymentError,
    executions::Executions,
    orders_client::{OrdersClient, Protocol},
    store::{NewPayment, Payment, PaymentStore},
};

pub(crate) struct App {
    pub(crate) payments: PaymentStore,
    pub(crate) executions: Executions,
    orders: OrdersClient,
}

impl App {
    pub(crate) fn new(args: &Args) -> Self {
        Self {
            payments: PaymentStore::seeded(),
            executions: Executions::default(),
            orders: OrdersClient::new(&args.orders_http, &args.orders_grpc),
        }
    }

    /// Makes a payment. The execution is counted first: the count is of what
    /// ran, not of what succeeded.
    pub(crate) async fn pay(
        &self,
        new: NewPayment,
        protocol: Protocol,
        arrived: &HeaderMap,
    ) -> Result<Payment, PaymentError> {
        self.executions.record_call(arrived);
        if new.verify_order {
            let order = new.order_id;
            self.orders
                .verify(protocol, order, arrived)
                .await
                .map_err(|source| PaymentError::OrderUnverified { order, source })?;
        }
        Ok(self.payments.create(new))
    }
}

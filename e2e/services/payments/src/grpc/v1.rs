//! Version 1: number ids and flat amounts.

use std::sync::Arc;

use tokio::time::sleep;
use tokio_stream::StreamExt;
use tonic::{Request, Response, Status};

use super::{Messages, arrived, count, failure, millis};
use crate::{
    app::App,
    crash,
    ids::{OrderId, PaymentId},
    orders_client::Protocol,
    proto::payments::v1::{
        self as proto,
        payments_server::{Payments, SERVICE_NAME},
    },
    store::{NewPayment, Payment},
    watch,
};

/// Serves `acme.payments.v1.Payments`.
pub(super) struct Service(pub(super) Arc<App>);

impl From<Payment> for proto::Payment {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id.0,
            order_id: payment.order_id.0,
            amount_minor: payment.amount_minor,
            currency: payment.currency,
            status: payment.state.name().to_owned(),
        }
    }
}

#[tonic::async_trait]
impl Payments for Service {
    type WatchPaymentsStream = Messages<proto::Payment>;

    async fn get_payment(
        &self,
        request: Request<proto::GetPaymentRequest>,
    ) -> Result<Response<proto::Payment>, Status> {
        let payments = &self.0.payments;
        let payment = match request.into_inner() {
            proto::GetPaymentRequest { id: 0, order_id } => payments.for_order(OrderId(order_id)),
            proto::GetPaymentRequest { id, .. } => payments.get(PaymentId(id)),
        }?;
        Ok(Response::new(payment.into()))
    }

    async fn create_payment(
        &self,
        request: Request<proto::CreatePaymentRequest>,
    ) -> Result<Response<proto::Payment>, Status> {
        let (metadata, _, asked) = request.into_parts();
        let new = NewPayment {
            order_id: OrderId(asked.order_id),
            amount_minor: asked.amount_minor,
            currency: asked.currency,
            verify_order: asked.verify_order,
        };
        let payment = self.0.pay(new, Protocol::Grpc, metadata.as_ref()).await?;
        Ok(Response::new(payment.into()))
    }

    async fn watch_payments(
        &self,
        request: Request<proto::WatchPaymentsRequest>,
    ) -> Result<Response<Self::WatchPaymentsStream>, Status> {
        let asked = request.into_inner();
        let payments = self.0.payments.list();
        let stream = watch::paced(payments, count(asked.count), millis(asked.interval_ms));
        Ok(Response::new(Box::pin(
            stream.map(|payment| Ok(payment.into())),
        )))
    }

    async fn echo(
        &self,
        request: Request<proto::EchoRequest>,
    ) -> Result<Response<proto::EchoResponse>, Status> {
        let headers = arrived::metadata(request.metadata())
            .into_iter()
            .map(|(name, value)| proto::Header { name, value })
            .collect();
        Ok(Response::new(proto::EchoResponse {
            payload: request.into_inner().payload,
            headers,
            service: SERVICE_NAME.to_owned(),
            method: "Echo".to_owned(),
        }))
    }

    async fn fail(
        &self,
        request: Request<proto::FailRequest>,
    ) -> Result<Response<proto::Payment>, Status> {
        let asked = request.into_inner();
        Err(failure::asked(
            asked.code,
            &asked.message,
            asked.with_details,
        ))
    }

    async fn panic(
        &self,
        _request: Request<proto::PanicRequest>,
    ) -> Result<Response<proto::Payment>, Status> {
        crash::now()
    }

    async fn slow(
        &self,
        request: Request<proto::SlowRequest>,
    ) -> Result<Response<proto::Payment>, Status> {
        sleep(millis(request.into_inner().delay_ms)).await;
        let payment = self.0.payments.get(PaymentId(1))?;
        Ok(Response::new(payment.into()))
    }
}

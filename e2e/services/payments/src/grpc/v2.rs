//! Version 2: string ids, money, and states as an enum.

use std::{str::FromStr, sync::Arc};

use tokio::time::sleep;
use tokio_stream::StreamExt;
use tonic::{Request, Response, Status};

use super::{Messages, arrived, count, failure, millis};
use crate::{
    app::App,
    crash,
    ids::PaymentId,
    orders_client::Protocol,
    proto::payments::v2::{
        self as proto,
        payments_server::{Payments, SERVICE_NAME},
    },
    store::{NewPayment, Payment, PaymentState},
    watch,
};

/// Serves `acme.payments.v2.Payments`.
pub(super) struct Service(pub(super) Arc<App>);

impl From<Payment> for proto::Payment {
    fn from(payment: Payment) -> Self {
        let state = match payment.state {
            PaymentState::Authorized => proto::PaymentState::Authorized,
            PaymentState::Captured => proto::PaymentState::Captured,
        };
        Self {
            id: payment.id.to_string(),
            order_id: payment.order_id.to_string(),
            amount: Some(proto::Money {
                currency: payment.currency,
                minor_units: payment.amount_minor,
            }),
            state: state.into(),
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
        let asked = request.into_inner();
        let payments = &self.0.payments;
        let payment = if asked.id.is_empty() {
            payments.for_order(numeric(&asked.order_id)?)
        } else {
            payments.get(numeric(&asked.id)?)
        }?;
        Ok(Response::new(payment.into()))
    }

    async fn create_payment(
        &self,
        request: Request<proto::CreatePaymentRequest>,
    ) -> Result<Response<proto::Payment>, Status> {
        let (metadata, _, asked) = request.into_parts();
        let amount = asked
            .amount
            .ok_or_else(|| Status::invalid_argument("amount is missing"))?;
        let new = NewPayment {
            order_id: numeric(&asked.order_id)?,
            amount_minor: amount.minor_units,
            currency: amount.currency,
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

/// Reads an id, which is a number inside whatever the wire says.
fn numeric<Id: FromStr>(id: &str) -> Result<Id, Status> {
    id.parse()
        .map_err(|_| Status::invalid_argument(format!("{id:?} is not an id")))
}

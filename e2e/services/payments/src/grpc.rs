//! The gRPC API: both versions on one server, as they run while a team moves
//! its clients from one to the next.

mod arrived;
mod failure;
mod v1;
mod v2;

use std::{pin::Pin, sync::Arc, time::Duration};

use axum::{extract::Request, middleware, middleware::Next, response::Response};
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tonic::{
    Status,
    service::Routes,
    transport::{self, Server, server::TcpIncoming},
};

use crate::{
    access_log,
    app::App,
    identity,
    proto::payments::{
        v1::payments_server::PaymentsServer as ServerV1,
        v2::payments_server::PaymentsServer as ServerV2,
    },
    shutdown::Shutdown,
    version::{ANSWERED_VERSION, ApiVersion},
};

pub(crate) async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    shutdown: Shutdown,
) -> Result<(), transport::Error> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .add_routes(routes(app))
        .serve_with_incoming_shutdown(incoming, shutdown.requested())
        .await
}

/// The messages of one server-streaming call.
type Messages<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn routes(app: Arc<App>) -> Routes {
    Routes::new(ServerV1::new(v1::Service(Arc::clone(&app))))
        .add_service(ServerV2::new(v2::Service(app)))
        .into_axum_router()
        .layer(middleware::from_fn(name_the_version))
        .layer(middleware::map_response(identity::identify))
        .layer(middleware::from_fn(access_log::log))
        .into()
}

/// The package in the path says which version answers.
async fn name_the_version(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let version = if path.starts_with("/acme.payments.v1.") {
        Some(ApiVersion::V1)
    } else if path.starts_with("/acme.payments.v2.") {
        Some(ApiVersion::V2)
    } else {
        None
    };
    let mut response = next.run(request).await;
    if let Some(version) = version {
        response
            .headers_mut()
            .insert(ANSWERED_VERSION, version.header_value());
    }
    response
}

/// Reads a count of a request; protobuf has no unsigned type in these messages,
/// so a negative one means none.
fn count(number: i32) -> usize {
    usize::try_from(number).unwrap_or_default()
}

/// Reads a duration of a request; a negative one means none.
fn millis(number: i32) -> Duration {
    Duration::from_millis(u64::try_from(number).unwrap_or_default())
}

//! The REST API: two versions side by side, whose shapes differ on purpose.

mod breaking;
mod echo;
mod events;
mod executions;
mod fail;
mod order_shapes;
mod orders;
mod panic;
mod payment_shapes;
mod payments;
mod slow;

use std::{io, sync::Arc};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{any, delete, get},
    serve::ListenerExt,
};
use tokio::net::TcpListener;

use crate::{
    access_log,
    app::App,
    identity,
    shutdown::Shutdown,
    version::{ApiVersion, versioned},
};

pub(crate) async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    shutdown: Shutdown,
) -> io::Result<()> {
    // Without this, the small writes of a stream would wait for the client's
    // acknowledgements. A socket that refuses it only answers later.
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, router(app))
        .with_graceful_shutdown(shutdown.requested())
        .await
}

/// The most of a request body that is read: as much as the Go service reads, so
/// that tests of large bodies can use either.
const BODY_LIMIT: usize = 32 << 20;

fn router(app: Arc<App>) -> Router {
    Router::new()
        .nest("/v1", api(Some(ApiVersion::V1)))
        .nest("/v2", api(Some(ApiVersion::V2)))
        .merge(api(None))
        .route("/executions", delete(executions::reset))
        .route(
            "/executions/{key}",
            get(executions::read).post(executions::record),
        )
        .route("/echo", any(echo::answer))
        .route("/echo/", any(echo::answer))
        .route("/echo/{*rest}", any(echo::answer))
        .route("/slow", get(slow::answer))
        .route("/fail", get(fail::answer))
        .route("/panic", get(panic::answer))
        .route("/healthz", get(async || "ok"))
        .with_state(app)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(breaking::break_as_asked))
        .layer(middleware::map_response(identity::identify))
        .layer(middleware::from_fn(access_log::log))
}

fn api(version: Option<ApiVersion>) -> Router<Arc<App>> {
    let routes = Router::new()
        .merge(payments::routes())
        .merge(orders::routes())
        .route("/events", get(events::answer));
    versioned(routes, version)
}

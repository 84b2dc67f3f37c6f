//! A payments service as Rust teams write them: axum for REST, tonic for gRPC.
//!
//! It stands behind Envoy in Treaty's end-to-end tests, so it answers the way
//! real services do, including their rough edges: plain-text rejections,
//! panics that kill a connection, and errors that show a backtrace.

mod access_log;
mod app;
mod args;
mod call_context;
mod crash;
mod errors;
mod executions;
mod grpc;
mod identity;
mod ids;
mod orders;
mod orders_client;
mod panics;
mod proto;
mod ready;
mod rest;
mod shutdown;
mod store;
mod version;
mod watch;

use std::{error::Error, sync::Arc};

use clap::Parser;
use tokio::net::TcpListener;

use crate::{app::App, args::Args, ready::Ready, shutdown::Shutdown};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    panics::note_all();
    let args = Args::parse();
    let shutdown = Shutdown::on_signal()?;
    let http = TcpListener::bind(args.http).await?;
    let grpc = TcpListener::bind(args.grpc).await?;
    let app = Arc::new(App::new(&args));

    Ready {
        service: "payments",
        http: http.local_addr()?,
        grpc: grpc.local_addr()?,
    }
    .announce()?;

    let rest = rest::serve(http, Arc::clone(&app), shutdown.clone());
    let grpc = grpc::serve(grpc, app, shutdown.clone());
    let served = async {
        tokio::try_join!(
            async { rest.await.map_err(Box::<dyn Error>::from) },
            async { grpc.await.map_err(Box::<dyn Error>::from) },
        )
    };
    tokio::select! {
        served = served => served.map(|((), ())| ()),
        () = shutdown.grace_over() => Ok(()),
    }
}

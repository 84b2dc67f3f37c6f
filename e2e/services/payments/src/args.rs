//! The command line, with an environment variable behind every flag so that a
//! compose file can set them.

use std::net::SocketAddr;

use clap::Parser;
use tonic::transport::Endpoint;

/// A payments service over REST and gRPC.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Args {
    /// Where REST listens; port 0 takes a free one.
    #[arg(long, env = "PAYMENTS_HTTP", default_value = "127.0.0.1:0")]
    pub(crate) http: SocketAddr,

    /// Where gRPC listens; port 0 takes a free one.
    #[arg(long, env = "PAYMENTS_GRPC", default_value = "127.0.0.1:0")]
    pub(crate) grpc: SocketAddr,

    /// The REST base URL of the orders service, asked when an order is verified.
    #[arg(
        long,
        env = "PAYMENTS_ORDERS_HTTP",
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) orders_http: String,

    /// The gRPC URL of the orders service, asked when an order is verified.
    #[arg(
        long,
        env = "PAYMENTS_ORDERS_GRPC",
        default_value = "http://127.0.0.1:9090"
    )]
    pub(crate) orders_grpc: Endpoint,
}

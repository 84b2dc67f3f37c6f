//! Treaty in a real Envoy, in front of real services: the equipment of the end-to-end tests, the
//! demo and the benchmark.
//!
//! A test puts together what a mesh would have around one proxy, and then plays both ends of it:
//!
//! ```text
//!  Client / raw ──► Envoy (Config: Listener, WasmFilter, Route, Cluster) ──► Upstream (scripted)
//!                     │                                                      or Service (orders,
//!                     └─► AccessLog, counters, log                              payments)
//! ```
//!
//! - [`Envoy`] runs the real binary and tells its addresses, counters and log.
//! - [`Config`] is what it runs: checked in under `envoy-configs/`, or composed in a few lines from
//!   [`Listener`], [`WasmFilter`], [`Route`] and [`Cluster`].
//! - [`Upstream`] answers from a script and remembers what reached it, to the octet.
//! - [`Client`] sends HTTP/1.1 and HTTP/2; [`raw()`] sends what no client would.
//! - [`ForeignClient`] calls as grpcio, grpc-js, grpc-go, tonic and Connect do, and
//!   [`create_payment_with_stripe`] as those do who take payments; [`lint`] and
//!   [`problem_violations`] judge what came.
//! - [`Schemathesis`] makes requests of an `OpenAPI` document, good and bad ones.
//! - [`Service`] starts the example services in Go and Rust.
//! - [`Etcd`], [`EtcdCluster`] and [`Redis`] are real stores, which a test kills and freezes.
//! - [`Credentials`] are certificates and tokens for what is reached by them.
//! - [`Mesh`] is all of them together: three services behind their sidecars and an edge.
//! - [`replay()`] runs policy cases, which `treaty test` runs natively; [`replay_at()`] runs them at a
//!   [`Site`] of the test's own.
//! - [`slices()`] are the cases that go through a control plane, and a [`Report`] counts what holds
//!   there.
//! - [`Traffic`] is requests that flow while something is changed.
//! - [`Discovery`] is Istio's own discovery server, [`IstioProxy`] an Envoy that takes everything from
//!   it, and [`judge()`] what an API server says about manifests.
//! - [`EnvoyGateway`] is Envoy Gateway, which starts its proxies itself.
//! - [`AccessLog`] reads what Envoy logs, line by line.
//! - [`Collector`] takes the spans that Envoy exports.
//! - [`Prometheus`] scrapes Envoy with the rules that are shipped; [`promtool()`] judges them.
//!
//! Everything looks blocking to its caller, listens on loopback only and takes free ports, but for
//! [`EnvoyGateway`], which wants a network of its own. It ends with the value that started it, or
//! with the test process. A wait always has a deadline, and what
//! cannot be started or found panics with the reason: here a panic is a failed test.
//!
//! ```no_run
//! use e2e::{Client, Cluster, Config, Envoy, Listener, Options, Request, Route, Upstream, WasmFilter};
//!
//! let upstream = Upstream::start();
//! let config = Config::new()
//!     .listener(
//!         Listener::new("edge")
//!             .filter(WasmFilter::new("version-negotiation").policy(r#"{"version": 1}"#))
//!             .route(Route::prefix("/", "upstream")),
//!     )
//!     .cluster(Cluster::new("upstream", upstream.address()));
//! let envoy = Envoy::start(config, &Options::default())?;
//! let response = Client::http2(envoy.address("edge")).send(Request::get("/orders/1"));
//! assert_eq!(response.status, 200);
//! # Ok::<(), e2e::StartError>(())
//! ```

mod access_log;
mod authority;
mod client;
mod collector;
mod config;
mod credentials;
mod envoy;
mod envoy_gateway;
mod fields;
mod foreign;
mod istio;
mod mesh;
mod payload;
mod poll;
mod ports;
mod process;
mod prometheus;
mod raw;
mod replay;
mod report;
mod repository;
mod runtime;
mod services;
mod shipped;
mod slice;
mod stores;
mod traffic;
mod upstream;

pub use access_log::AccessLog;
pub use client::{Client, Exchange, Request, Response, SendError};
pub use collector::{Collector, Span, SpanKind, StatusCode};
pub use config::{Cluster, Config, Listener, Protocol, Route, Store, WasmFilter};
pub use credentials::Credentials;
pub use envoy::{Envoy, Options, StartError};
pub use envoy_gateway::EnvoyGateway;
pub use fields::Fields;
pub use foreign::{
    ConnectProtocol, ContractCase, ForeignClient, Note, Rpc, Schemathesis,
    create_payment_with_stripe, lint, problem_violations,
};
pub use hyper::Version;
pub use istio::{
    Discovery, IstioProxy, Judgement, ProxyKind, ProxyStatus, Refused, Status, TypeStatus, judge,
    loopback_of_its_own,
};
pub use mesh::{Force, Mesh, Node};
pub use ports::reserve_address;
pub use prometheus::{Prometheus, Sample, promtool};
pub use raw::{parse_response, raw};
pub use replay::{Failure, Outcome, Setup, Site, log_format, replay, replay_at};
pub use report::Report;
pub use repository::{dist, root};
pub use services::{Peer, Service};
pub use shipped::{ask_all_filters, counted};
pub use slice::{Slice, secrets_of, slices, subjects};
pub use stores::{
    Etcd, EtcdCluster, EtcdOptions, EtcdUser, EtcdVersion, FrontKind, Record, Redis, RedisFront,
    RedisKind, Reply, Server,
};
pub use traffic::{Traffic, serving_up_to, status};
pub use upstream::{Answer, Ending, Seen, Upstream};

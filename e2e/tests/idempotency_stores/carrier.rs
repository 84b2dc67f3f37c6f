//! An Envoy that carries the calls of a store.

use std::time::Duration;

use e2e::{Client, Config, Envoy, Listener, Options, Request, Response, Route, Store};
use kit::call::{CallFailure, CallRequest, CallResult, GrpcCall, GrpcFailure, HttpCall};
use serde_json::json;

/// The cluster in which every store of these tests is.
pub(crate) const CLUSTER: &str = "store";

/// An Envoy in front of a store: what it answers in place of the store is what a filter is told.
#[derive(Debug)]
pub(crate) struct Carrier {
    envoy: Envoy,
    http: Client,
    grpc: Client,
}

impl Carrier {
    /// An Envoy that waits as long as no test does.
    pub(crate) fn to(store: &dyn Store) -> Self {
        Self::giving_up_after(Duration::from_secs(15), store)
    }

    /// An Envoy that gives each call so much time.
    pub(crate) fn giving_up_after(timeout: Duration, store: &dyn Store) -> Self {
        let timeout = json!({"route": {"timeout": format!("{}s", timeout.as_secs_f64())}});
        let config = Config::new()
            .store(CLUSTER, store)
            .listener(Listener::new("calls").route(Route::prefix("/", CLUSTER).with(timeout)));
        let envoy = Envoy::start(config, &Options::default()).unwrap();
        let address = envoy.address("calls");
        Self {
            envoy,
            http: Client::http1(address),
            grpc: Client::http2(address),
        }
    }

    /// Carries a call out.
    pub(crate) fn carry(&self, call: CallRequest) -> CallResult {
        match call {
            CallRequest::Http(call) => self.http(call),
            CallRequest::Grpc(call) => self.grpc(&call),
        }
    }

    /// How many nodes of the store its health checks find healthy.
    pub(crate) fn healthy_nodes(&self) -> u64 {
        self.envoy.counters()[&format!("cluster.{CLUSTER}.membership_healthy")]
    }

    fn http(&self, call: HttpCall) -> CallResult {
        let mut request = Request::new(&call.method, &call.path)
            .authority(&call.authority)
            .chunk(call.body);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        match self.http.try_send(request) {
            Ok(response) if response.complete => CallResult::Http {
                status: response.status,
                headers: Vec::new(),
                body: response.body,
            },
            _ => CallResult::Failed(CallFailure::Reset),
        }
    }

    fn grpc(&self, call: &GrpcCall) -> CallResult {
        let path = format!("/{}/{}", call.service, call.method);
        let length = u32::try_from(call.message.len()).unwrap();
        let frame = [&[0], &length.to_be_bytes()[..], &call.message].concat();
        let mut request = Request::post(&path, frame)
            .authority(CLUSTER)
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in &call.metadata {
            request = request.header(name, value);
        }
        match self.grpc.try_send(request) {
            Ok(response) => CallResult::Grpc(message(&response)),
            Err(_) => CallResult::Failed(CallFailure::Reset),
        }
    }
}

/// The message of a gRPC response, or its status: in the trailers, or in the head where there is no
/// message.
fn message(response: &Response) -> Result<Vec<u8>, GrpcFailure> {
    let field = |name| {
        let trailer = response.trailers.text(name);
        trailer.or_else(|| response.headers.text(name))
    };
    let status = field("grpc-status").expect("every response of gRPC has a status");
    let text = field("grpc-message").unwrap_or_default();
    match status.parse().unwrap() {
        0 => Ok(response.body[5..].to_vec()),
        code => Err(GrpcFailure::new(code, text.as_bytes())),
    }
}

//! A collector of the test's own: it takes spans over OTLP and keeps them.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1 as otlp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::poll::poll;
use crate::runtime::runtime;

pub use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
pub use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

/// A span as it was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The trace, in 32 hex digits as in `traceparent`.
    pub trace_id: String,
    /// The span itself, in 16 hex digits.
    pub span_id: String,
    /// The span that caused it; empty for the root of a trace.
    pub parent_span_id: String,
    /// Its `tracestate`, as in the header.
    pub trace_state: String,
    /// What it is called.
    pub name: String,
    /// On which side of a call it is.
    pub kind: SpanKind,
    /// Its attributes as text, whatever their types. Of a key that stands twice the last one counts.
    pub attributes: BTreeMap<String, String>,
    /// How it ended.
    pub status_code: StatusCode,
    /// `service.name` of the resource that exported it.
    pub service_name: String,
    /// All that was exported of it and of its resource, for a search for what must not be there.
    pub exported: String,
}

/// A server on a free loopback port that takes spans over OTLP/gRPC, as the collector of
/// OpenTelemetry does (`opentelemetry.proto.collector.trace.v1.TraceService`).
///
/// Envoy exports five spans together, or what there is after five seconds. A test that does not
/// want to wait sets `tracing.opentelemetry.min_flush_spans` to 1 in its runtime.
pub struct Collector {
    address: SocketAddr,
    spans: Spans,
    /// The server ends when this is dropped.
    _stop: oneshot::Sender<()>,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Collector {
    /// Starts it.
    pub fn start() -> Self {
        let listener = runtime()
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .expect("a free loopback port");
        let address = listener.local_addr().expect("a bound address");
        let spans = Spans::default();
        let (stop, stopped) = oneshot::channel();
        let service = TraceServiceServer::new(spans.clone());
        runtime().spawn(
            Server::builder()
                .add_service(service)
                .serve_with_incoming_shutdown(TcpIncoming::from(listener), async {
                    // Nothing is ever sent: it ends when the sender is dropped.
                    let _ = stopped.await;
                }),
        );
        Self {
            address,
            spans,
            _stop: stop,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The spans that came since they were last taken.
    pub fn spans(&self) -> Vec<Span> {
        self.spans.lock().clone()
    }

    /// Takes the spans that came: the next call shows later ones only.
    pub fn take_spans(&self) -> Vec<Span> {
        std::mem::take(&mut *self.spans.lock())
    }

    /// Waits until a span fits, and shows the first that does; it stays listed. Panics if none comes.
    pub fn wait_for_span(&self, fits: impl Fn(&Span) -> bool, within: Duration) -> Span {
        poll(within, || self.spans().into_iter().find(|span| fits(span))).unwrap_or_else(|| {
            panic!("no such span within {within:?}, but {:#?}", self.spans());
        })
    }
}

/// What came, in the order in which it came.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<Span>>>);

impl Spans {
    /// A test that panicked while it held the lock has failed already; the others go on.
    fn lock(&self) -> MutexGuard<'_, Vec<Span>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tonic::async_trait]
impl TraceService for Spans {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        for exported in request.into_inner().resource_spans {
            let resource = exported.resource.unwrap_or_default();
            let spans = exported
                .scope_spans
                .into_iter()
                .flat_map(|scope| scope.spans);
            self.lock()
                .extend(spans.map(|span| Span::new(span, &resource)));
        }
        Ok(tonic::Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Span {
    fn new(span: otlp::Span, resource: &Resource) -> Self {
        Self {
            exported: format!("{span:?} of {resource:?}"),
            trace_id: hex(&span.trace_id),
            span_id: hex(&span.span_id),
            parent_span_id: hex(&span.parent_span_id),
            kind: span.kind(),
            trace_state: span.trace_state,
            name: span.name,
            attributes: attributes(&span.attributes),
            status_code: span.status.unwrap_or_default().code(),
            service_name: attributes(&resource.attributes)
                .remove("service.name")
                .unwrap_or_default(),
        }
    }
}

fn attributes(list: &[KeyValue]) -> BTreeMap<String, String> {
    list.iter()
        .map(|attribute| {
            let value = attribute.value.as_ref().map_or_else(String::new, text);
            (attribute.key.clone(), value)
        })
        .collect()
}

/// A single value as one would write it. Lists and the like are told as Rust tells them, which is
/// enough to find in them what must not be there.
fn text(value: &AnyValue) -> String {
    match &value.value {
        None => String::new(),
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => value.to_string(),
        Some(other) => format!("{other:?}"),
    }
}

fn hex(octets: &[u8]) -> String {
    octets
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect::<Vec<_>>()
        .concat()
}

#[cfg(test)]
mod tests;

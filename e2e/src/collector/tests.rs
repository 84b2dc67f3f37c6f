use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Status};

use super::*;

const SOON: Duration = Duration::from_secs(5);

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn exported(name: &str) -> otlp::Span {
    otlp::Span {
        trace_id: (0x00..0x10).collect(),
        span_id: (0xf0..0xf8).collect(),
        trace_state: "a=1,b=2".to_owned(),
        name: name.to_owned(),
        kind: SpanKind::Client.into(),
        attributes: vec![
            attribute("text", Value::StringValue("as it is".to_owned())),
            attribute("whole", Value::IntValue(-7)),
            attribute("true", Value::BoolValue(true)),
            KeyValue {
                key: "nothing".to_owned(),
                ..KeyValue::default()
            },
        ],
        status: Some(Status {
            code: StatusCode::Error.into(),
            ..Status::default()
        }),
        ..otlp::Span::default()
    }
}

/// Exports as a proxy does: spans of one resource, in two scopes.
fn export(collector: &Collector, spans: [otlp::Span; 2]) {
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![attribute(
                    "service.name",
                    Value::StringValue("edge".to_owned()),
                )],
                ..Resource::default()
            }),
            scope_spans: spans
                .map(|span| ScopeSpans {
                    spans: vec![span],
                    ..ScopeSpans::default()
                })
                .into(),
            ..ResourceSpans::default()
        }],
    };
    let address = format!("http://{}", collector.address());
    runtime().block_on(async {
        let mut client = TraceServiceClient::connect(address).await.unwrap();
        client.export(request).await.unwrap();
    });
}

#[test]
fn a_span_is_shown_as_it_was_exported() {
    let collector = Collector::start();
    let mut child = exported("GET /orders/{id}");
    child.parent_span_id = vec![0xab; 8];
    export(&collector, [exported("ingress"), child]);

    let span = collector.wait_for_span(|span| span.name.starts_with("GET"), SOON);
    assert_eq!(span.trace_id, "000102030405060708090a0b0c0d0e0f");
    assert_eq!(span.span_id, "f0f1f2f3f4f5f6f7");
    assert_eq!(span.parent_span_id, "abababababababab");
    assert_eq!(span.trace_state, "a=1,b=2");
    assert_eq!(span.kind, SpanKind::Client);
    assert_eq!(span.status_code, StatusCode::Error);
    assert_eq!(span.service_name, "edge");
    let attributes = [
        ("nothing", ""),
        ("text", "as it is"),
        ("true", "true"),
        ("whole", "-7"),
    ];
    let attributes = attributes.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(span.attributes, BTreeMap::from(attributes));
}

#[test]
fn the_root_of_a_trace_has_no_parent() {
    let collector = Collector::start();
    export(&collector, [exported("one"), exported("two")]);

    let root = collector.wait_for_span(|span| span.name == "two", SOON);
    assert_eq!(root.parent_span_id, "");
}

#[test]
fn an_attribute_that_stands_twice_is_not_lost() {
    let collector = Collector::start();
    let mut twice = exported("twice");
    twice.attributes = ["first", "second"]
        .map(|text| attribute("key", Value::StringValue(text.to_owned())))
        .into();
    export(&collector, [twice, exported("other")]);

    let span = collector.wait_for_span(|span| span.name == "twice", SOON);
    assert_eq!(span.attributes["key"], "second");
    assert!(span.exported.contains("first"));
    assert!(span.exported.contains("edge"), "the resource is in it");
}

#[test]
fn a_span_that_was_taken_is_not_shown_again() {
    let collector = Collector::start();
    export(&collector, [exported("one"), exported("two")]);
    assert_eq!(collector.spans().len(), 2);
    assert_eq!(collector.take_spans().len(), 2);

    export(&collector, [exported("three"), exported("four")]);
    let names: Vec<_> = collector
        .take_spans()
        .into_iter()
        .map(|span| span.name)
        .collect();
    assert_eq!(names, ["three", "four"]);
    assert!(collector.spans().is_empty());
}

#[test]
#[should_panic(expected = "no such span within")]
fn a_span_that_does_not_come_fails_the_test() {
    Collector::start().wait_for_span(|_| true, Duration::from_millis(20));
}

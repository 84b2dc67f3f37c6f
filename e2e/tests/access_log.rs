//! The access log that `treaty render access-log` makes, line by line: whatever happens to a request,
//! its line is as `observability/access-log.schema.json` says, and says nothing personal.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use e2e::{
    AccessLog, Answer, Client, Collector, Config, Ending, Envoy, Options, Request, Upstream, raw,
};
use jsonschema::Validator;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(5);

/// The key of pseudonyms: 32 octets in base64.
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

fn schema() -> Validator {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../observability/access-log.schema.json");
    let text = fs::read_to_string(path).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[track_caller]
fn assert_fits(line: &Value) {
    let schema = schema();
    let faults: Vec<String> = schema
        .iter_errors(line)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?} in {line:#}");
}

/// A checked-in config in front of a scripted upstream.
struct Edge {
    envoy: Envoy,
    upstream: Upstream,
    log: AccessLog,
}

impl Edge {
    fn start(name: &str) -> Self {
        let upstream = Upstream::start();
        upstream.set_handler(|seen| match seen.path.as_str() {
            "/v1/broken" => Answer::status(500).chunk("broken"),
            "/v1/missing" => Answer::status(404),
            "/v1/cut" => Answer::status(200).chunk("half").ending(Ending::Reset),
            "/v1/slow" => Answer::status(200).delay(Duration::from_secs(30)),
            "/acme.orders.v1.Orders/GetOrder" => grpc().trailer("grpc-status", "0"),
            "/acme.orders.v1.Orders/Other" => grpc().trailer("grpc-status", "14"),
            _ => Answer::status(200)
                .header("x-service", "orders")
                .header("x-service-version", "1")
                .chunk("served"),
        });
        let mut config = Config::checked_in(name).modules_from_dist().on_free_ports();
        for cluster in ["orders_blue", "orders_green", "payments"] {
            config = config.endpoints(cluster, &[upstream.address()]);
        }
        let mut config: Value = config.into();
        // Five seconds are long for a test.
        shorten_timeouts(&mut config);
        let options = Options {
            env: vec![("TREATY_PEOPLE_KEY".to_owned(), KEY.to_owned())],
            ..Options::default()
        };
        let envoy = Envoy::start(config, &options).unwrap_or_else(|error| panic!("{error}"));
        let log = AccessLog::at(envoy.stdout());
        Self {
            envoy,
            upstream,
            log,
        }
    }

    fn address(&self) -> SocketAddr {
        self.envoy.address("edge")
    }

    /// The next line, which is as the schema says.
    #[track_caller]
    fn line(&mut self) -> Value {
        let line = self.log.next_line(SOON).expect("a line");
        assert_fits(&line);
        line
    }

    #[track_caller]
    fn line_of(&mut self, request: Request) -> Value {
        Client::http2(self.address()).send(request);
        self.line()
    }
}

fn shorten_timeouts(config: &mut Value) {
    match config {
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| match value {
            Value::String(timeout) if name == "timeout" => "0.3s".clone_into(timeout),
            value => shorten_timeouts(value),
        }),
        Value::Array(items) => items.iter_mut().for_each(shorten_timeouts),
        _ => {}
    }
}

fn grpc() -> Answer {
    Answer::status(200)
        .header("content-type", "application/grpc")
        .chunk(vec![0; 5])
}

fn orders(path: &str) -> Request {
    Request::get(path).authority("orders.example.com")
}

fn call(method: &str) -> Request {
    Request::post(&format!("/acme.orders.v1.Orders/{method}"), vec![0; 5])
        .authority("orders.example.com")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
}

#[test]
fn a_success_says_who_what_when_and_how_long() {
    let mut edge = Edge::start("telemetry-tagging");
    let request = orders("/v1/orders/7")
        .header("x-tenant", "ACME")
        .header("x-correlation-id", "order-form-7")
        .header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
        );
    let line = edge.line_of(request);
    assert_eq!(line["outcome"], "done");
    assert_eq!(line["service"], "orders");
    assert_eq!(line["route"], "/v1/orders/{id}");
    assert_eq!(line["operation"], "getOrder");
    assert_eq!(line["region"], "eu-west-1");
    assert_eq!(line["tags"]["tenant"], "acme");
    assert_eq!(line["request"]["method"], "GET");
    assert_eq!(line["request"]["target"], "/v1/orders/7");
    assert_eq!(line["response"]["status"], 200);
    assert_eq!(line["response"]["bytes"], 6);
    assert_eq!(line["proxy"]["route"], "orders-v1");
    assert_eq!(line["upstream"]["cluster"], "orders_blue");
    assert_eq!(line["answeredBy"]["version"], "1");
    assert_eq!(line["correlationId"], "order-form-7");
    assert!(
        line["revision"].is_string() && line["traceId"].is_string(),
        "{line}"
    );
    for phase in [
        "total",
        "request",
        "beforeUpstream",
        "connection",
        "upstreamRequest",
        "upstreamWait",
        "upstreamResponse",
        "firstOctet",
    ] {
        assert!(line["timingsMs"][phase].is_u64(), "{phase}: {line}");
    }
}

#[test]
fn refusals_and_failures_say_so() {
    let mut edge = Edge::start("telemetry-tagging");
    let line = edge.line_of(orders("/v1/missing"));
    assert_eq!(
        (&line["outcome"], &line["response"]["status"]),
        (&json!("refused"), &json!(404))
    );
    let line = edge.line_of(orders("/v1/broken"));
    assert_eq!(
        (&line["outcome"], &line["errorType"]),
        (&json!("failed"), &json!("500"))
    );
    let line = edge.line_of(orders("/v1/slow"));
    assert_eq!(
        (&line["outcome"], &line["response"]["status"]),
        (&json!("failed"), &json!(504))
    );
    assert_eq!(line["proxy"]["flags"], "UT");
    let mut request = orders("/v1/orders");
    request.authority = "nobody.example.com".to_owned();
    let line = edge.line_of(request);
    assert_eq!(
        (&line["outcome"], &line["proxy"]["details"]),
        (&json!("refused"), &json!("route_not_found"))
    );
}

#[test]
fn grpc_is_judged_by_its_own_status() {
    let mut edge = Edge::start("telemetry-tagging");
    let line = edge.line_of(call("GetOrder"));
    assert_eq!(
        (&line["outcome"], &line["response"]["grpcStatus"]),
        (&json!("done"), &json!("OK"))
    );
    assert_eq!(line["tags"]["rpc.method"], "acme.orders.v1.Orders/GetOrder");
    let line = edge.line_of(call("Other"));
    assert_eq!(
        (&line["outcome"], &line["response"]["grpcStatus"]),
        (&json!("failed"), &json!("UNAVAILABLE"))
    );
    assert_eq!(line["errorType"], "UNAVAILABLE");
}

#[test]
fn what_breaks_off_says_who_broke_it_off() {
    let mut edge = Edge::start("telemetry-tagging");
    let line = edge.line_of(orders("/v1/cut"));
    assert_eq!(
        (&line["outcome"], &line["response"]["status"]),
        (&json!("aborted"), &json!(200))
    );
    let request = b"GET /v1/slow HTTP/1.1\r\nhost: orders.example.com\r\n\r\n";
    raw(edge.address(), request, Duration::from_millis(100));
    let line = edge.line();
    assert_eq!(
        (&line["outcome"], &line["response"]["status"]),
        (&json!("unanswered"), &json!(0))
    );
    assert_eq!(line["proxy"]["flags"], "DC");
}

#[test]
fn what_no_filter_sees_has_a_line_too() {
    let mut edge = Edge::start("telemetry-tagging");
    raw(edge.address(), b"BLAH BLAH BLAH\r\n\r\n", SOON);
    let line = edge.line();
    assert_eq!(
        (&line["outcome"], &line["response"]["status"]),
        (&json!("refused"), &json!(400))
    );
}

#[test]
fn an_audited_call_has_a_line_of_its_own() {
    let mut edge = Edge::start("telemetry-tagging");
    let request = Request::get("/v1/payments/9").authority("payments.example.com");
    let mut lines = Vec::new();
    Client::http2(edge.address()).send(request);
    for _ in 0..2 {
        lines.push(edge.log.next_line(SOON).expect("a line"));
    }
    let (audits, others): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| line["audit"].is_object());
    let ([audit], [other]) = (audits.as_slice(), others.as_slice()) else {
        panic!("{lines:#?}");
    };
    assert_fits(other);
    assert_eq!(audit["audit"]["operation"], "getPayment");
    assert_eq!(audit["audit"]["outcome"], "done");
    assert_eq!(audit["audit"]["revision"], other["revision"]);
    assert!(audit["time"].is_string());
    let line = edge.line_of(orders("/v1/orders"));
    assert_eq!(line["route"], "/v1/orders");
}

#[test]
fn what_clients_make_up_stands_in_no_line() {
    let mut edge = Edge::start("telemetry-tagging");
    let personal = Request::new(
        "JANE-DOE",
        "/v1/customers/jane.doe@example.com?card=4111111111111111&q=jane",
    )
    .authority("jane-doe.orders.example.com")
    .header("user-agent", "jane-doe")
    .header("x-request-id", "jane-doe@example.com")
    .header("x-forwarded-for", "203.0.113.77")
    .header("x-tenant", "jane.doe@example.com")
    .header("referer", "https://jane-doe.example.com/");
    let line = edge.line_of(personal.clone()).to_string();
    for word in ["jane", "JANE", "doe", "DOE", "4111", "203.0.113"] {
        assert!(!line.contains(word), "{word}: {line}");
    }
    let line = edge
        .line_of(personal.authority("orders.example.com"))
        .to_string();
    for word in ["jane.doe", "example.com", "4111", "203.0.113"] {
        assert!(!line.contains(word), "{word}: {line}");
    }
}

#[test]
fn every_filter_tells_its_part_of_the_line() {
    let mut edge = Edge::start("all-filters");
    let line = edge.line_of(orders("/v1/broken"));
    assert_eq!(line["treaty"]["version"]["outcome"], "would_serve");
    assert_eq!(line["version"], "1");
    assert_eq!(line["treaty"]["error"]["outcome"], "would_translate");
    assert!(!edge.upstream.seen().is_empty());
    let line = edge.line_of(orders("/v1/orders?jane=doe"));
    let contract = json!({
        "operation": "listOrders",
        "violations": "request query undeclared, response header mediaType",
    });
    assert_eq!(line["treaty"]["contract"], contract);
    let keyed = Request::post("/v1/orders", "{}")
        .authority("orders.example.com")
        .header("idempotency-key", "jane-doe-4711")
        .header("x-consumer", "shop");
    for outcome in ["claimed", "would_replay"] {
        let line = edge.line_of(keyed.clone());
        assert_eq!(line["treaty"]["idempotency"]["outcome"], outcome);
        assert!(!line.to_string().contains("jane"), "{line}");
    }
}

#[test]
fn a_span_of_envoys_is_found_by_the_line() {
    let collector = Collector::start();
    let upstream = Upstream::start();
    upstream.set(Answer::status(200));
    let mut config: Value = Config::checked_in("telemetry-tagging-traced")
        .modules_from_dist()
        .on_free_ports()
        .endpoints("service", &[upstream.address()])
        .endpoints("otlp_collector", &[collector.address()])
        .into();
    config["layered_runtime"] = json!({"layers": [{"name": "soon", "static_layer": {
        "tracing.opentelemetry.min_flush_spans": 1,
        "tracing.opentelemetry.flush_interval_ms": 100,
    }}]});
    let envoy = match Envoy::start(config, &Options::default()) {
        Ok(envoy) => envoy,
        // Before Envoy 1.37 formatters have no place in spans.
        Err(error) if error.log.contains("envoy.type.tracing.v3.CustomTag") => return,
        Err(error) => panic!("{error}"),
    };
    Client::http2(envoy.address("inbound")).send(orders("/v1/orders/7"));
    let line = AccessLog::at(envoy.stdout())
        .next_line(SOON)
        .expect("a line");
    assert_fits(&line);
    collector.wait_for_span(|span| line["traceId"] == span.trace_id.as_str(), SOON);
}

#[test]
fn a_member_too_many_or_too_few_is_a_fault() {
    let mut edge = Edge::start("telemetry-tagging");
    let line = edge.line_of(orders("/v1/orders/7"));
    let schema = schema();
    assert!(schema.is_valid(&line));
    let objects: Vec<String> = line
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, value)| value.is_object() && *name != "tags")
        .map(|(name, _)| format!("/{name}"))
        .chain([String::new()])
        .collect();
    for place in objects {
        let mut more = line.clone();
        more.pointer_mut(&place).unwrap()["unknown"] = "member".into();
        assert!(!schema.is_valid(&more), "{place}");
    }
    for (place, name) in [
        ("", "time"),
        ("", "outcome"),
        ("", "timingsMs"),
        ("/request", "bytes"),
        ("/response", "status"),
        ("/timingsMs", "total"),
        ("/upstream", "attempts"),
    ] {
        let mut fewer = line.clone();
        let object = fewer.pointer_mut(place).unwrap().as_object_mut().unwrap();
        assert!(object.remove(name).is_some(), "{place}/{name}");
        assert!(!schema.is_valid(&fewer), "{place}/{name}");
    }
}

#[test]
fn every_member_is_described() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../observability/access-log.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut count = 0;
    assert_described("", &schema, &mut count);
    assert!(count > 60, "{count}");
}

fn assert_described(place: &str, schema: &Value, count: &mut usize) {
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{place}/{name}");
        assert!(member["description"].is_string(), "{place}");
        *count += 1;
        assert_described(&place, member, count);
    }
}

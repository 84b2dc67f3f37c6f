//! Personal data through every source, to every sink: nothing of it arrives.

use std::fs;
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use e2e::{
    AccessLog, Answer, Client, Cluster, Collector, Config, Envoy, Fields, Listener, Protocol,
    Request, Response, Route, Span, SpanKind, Upstream,
};
use serde_json::{Value, json};

use crate::bench::{
    SOON, assert_well, collected, fact, filter, is_before_tag_values, start, tag, traced, tracing,
};
use crate::corpus::{Datum, corpus, searched};

/// The source of each tag, and the latest sink that its value is in time for.
fn sources() -> Vec<(&'static str, Value, Latest)> {
    use Latest::{Log, ResponseHeader, Upstream};
    let property = |path: &[&str]| json!({"from": "property", "path": path, "when": "request"});
    vec![
        (
            "header",
            json!({"from": "header", "name": "x-person"}),
            Upstream,
        ),
        (
            "path",
            json!({"from": "pathParameter", "name": "person"}),
            Upstream,
        ),
        (
            "query",
            json!({"from": "query", "name": "person"}),
            Upstream,
        ),
        (
            "cookie",
            json!({"from": "cookie", "name": "person"}),
            Upstream,
        ),
        (
            "baggage",
            json!({"from": "baggage", "name": "person"}),
            Upstream,
        ),
        (
            "claim",
            json!({"from": "jwtClaim", "claim": "/sub", "when": "request"}),
            Upstream,
        ),
        ("url", property(&["request", "path"]), Upstream),
        (
            "field",
            property(&["request", "headers", "x-person"]),
            Upstream,
        ),
        ("client", property(&["source", "address"]), Upstream),
        (
            "target",
            json!({"from": "exchange", "value": "target"}),
            Upstream,
        ),
        (
            "correlation",
            json!({"from": "exchange", "value": "correlationId"}),
            Upstream,
        ),
        (
            "request.body",
            json!({"from": "requestBody", "pointer": "/person/name"}),
            Log,
        ),
        (
            "request.trailer",
            json!({"from": "requestTrailer", "name": "x-person-end"}),
            Log,
        ),
        (
            "answer.header",
            json!({"from": "responseHeader", "name": "x-answer"}),
            ResponseHeader,
        ),
        (
            "answer.service",
            json!({"from": "exchange", "value": "answeredService"}),
            ResponseHeader,
        ),
        (
            "answer.version",
            json!({"from": "exchange", "value": "answeredVersion"}),
            ResponseHeader,
        ),
        (
            "answer.body",
            json!({"from": "responseBody", "pointer": "/person"}),
            Log,
        ),
        (
            "answer.trailer",
            json!({"from": "responseTrailer", "name": "x-answer-end"}),
            Log,
        ),
    ]
}

/// The last sink before the tag's value has to be there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Latest {
    Upstream,
    ResponseHeader,
    Log,
}

/// The steps that tags take: none, and those that change a value so that it is harder to recognise.
fn steps() -> Vec<(&'static str, Value)> {
    vec![
        ("as-is", json!([])),
        ("lower", json!([{"step": "lower"}])),
        ("cut", json!([{"step": "truncate", "length": 17}])),
        (
            "both",
            json!([{"step": "lower"}, {"step": "truncate", "length": 17}]),
        ),
    ]
}

/// Names of tags: one for each source and each kind of steps.
fn names() -> Vec<String> {
    let mut names = Vec::new();
    for (source, ..) in sources() {
        names.extend(
            steps()
                .into_iter()
                .map(|(step, _)| format!("{source}.{step}")),
        );
    }
    names
}

/// A policy in which every source goes to every sink, and in which these kinds are looked for.
fn policy(personal: &Value) -> Value {
    let mut tags = Vec::new();
    for (source, from, latest) in sources() {
        for (step, steps) in steps() {
            let name = format!("{source}.{step}");
            let id = name.replace(['.', '-'], "_");
            let mut to = json!({"log": true, "span": true});
            if step == "as-is" {
                to["metric"] = id.clone().into();
            }
            if latest <= Latest::Upstream {
                to["requestHeader"] = format!("x-tag-{name}").into();
                to["baggage"] = name.clone().into();
            }
            if latest <= Latest::ResponseHeader {
                to["responseHeader"] = format!("x-tag-{name}").into();
            }
            tags.push(json!({"name": name, "source": from, "steps": steps, "to": to}));
        }
    }
    json!({
        "version": 1,
        "mode": "enforce",
        "personalData": personal,
        "tags": tags,
        "defaults": {
            "correlation": {"header": "x-correlation-id", "make": "uuidV4"},
            "baggage": {"inbound": {"allow": []}},
            "direction": "inbound",
            "semconv": "dup",
            "answeredBy": {"service": "x-service", "version": "x-service-version", "remove": true},
            "metrics": ["requests", "errors", "duration", "sizes", "fidelity"],
            "labelSets": 5000,
            "audit": {"who": "claim.as-is"},
            "operations": [{"path": "/people/{person}", "operation": "getPerson"}],
        },
        "rules": [{"name": "all"}],
    })
}

/// An Envoy with the policy and a tracer, in front of an upstream that answers with what it was
/// asked for.
struct Proof {
    envoy: Envoy,
    upstream: Upstream,
    collector: Collector,
    log: AccessLog,
}

/// Sets the claim as `envoy.filters.http.jwt_authn` does that checks a token.
const CLAIMS: &str = r#"
function envoy_on_request(handle)
  local claim = handle:headers():get("x-claim")
  handle:headers():remove("x-claim")
  handle:streamInfo():dynamicMetadata():set(
    "envoy.filters.http.jwt_authn", "jwt_payload", {sub = claim})
end
"#;

impl Proof {
    fn start(policy: &Value, tracing_of: impl Fn(Listener) -> Listener) -> Self {
        let upstream = Upstream::start();
        upstream.set_handler(answer);
        let collector = Collector::start();
        let log = AccessLog::new();
        let mut fields = json!({
            "correlation": fact("correlation_id"),
            "audit": fact("audit"),
            "dropped": fact("tags_dropped"),
            "method": tag("http.request.method"),
            "route": tag("http.route"),
        });
        for name in names() {
            fields[&name] = tag(&name).into();
        }
        let claims = json!({"name": "envoy.filters.http.lua", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": CLAIMS},
        }});
        let listener = Listener::new("edge")
            .filter(claims)
            .filter(filter(policy))
            .route(Route::prefix("/", "upstream"))
            .access_log(&log, fields)
            .with(json!({"use_remote_address": false}));
        let config = Config::new()
            .listener(tracing_of(listener))
            .cluster(Cluster::new("upstream", upstream.address()).protocol(Protocol::Http2));
        let envoy = start(collected(config, &collector));
        Self {
            envoy,
            upstream,
            collector,
            log,
        }
    }

    /// Sends the whole corpus, and returns every sink by its name, line by line.
    fn sinks(&self, corpus: &[Datum]) -> Vec<(&'static str, Vec<String>)> {
        let client = Client::http2(self.envoy.address("edge"));
        let responses: Vec<Response> = corpus.iter().map(|datum| send(&client, datum)).collect();
        let is_server = |span: &&Span| span.kind == SpanKind::Server;
        wait_until("all spans came", || {
            self.collector.spans().iter().filter(is_server).count() >= corpus.len()
        });
        let lines = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let log = || lines(fs::read_to_string(self.log.path()).unwrap());
        wait_until("all lines came", || log().len() >= corpus.len());
        let spans = self.collector.spans().into_iter();
        let upstream = self.upstream.take_seen();
        let requests = upstream.iter().flat_map(|seen| written(&seen.headers));
        let responses = responses
            .iter()
            .flat_map(|response| written(&response.headers));
        // The name of a metric, and not its value.
        let metrics = lines(self.envoy.admin_get("/stats")).into_iter();
        let name = |line: String| line.split(": ").next().unwrap_or_default().to_owned();
        vec![
            ("access log", log()),
            ("spans", spans.map(|span| span.exported).collect()),
            ("metrics", metrics.map(name).collect()),
            ("request headers", requests.collect()),
            ("response headers", responses.collect()),
            ("Envoy's log", lines(self.envoy.log())),
        ]
    }
}

/// Sends a datum through every source, and returns what came of it to the client.
fn send(client: &Client, datum: &Datum) -> Response {
    let text = &datum.text;
    let body = json!({"person": {"name": text}}).to_string();
    let mut request = Request::post(&format!("/people/{0}?person={0}", target(text)), body)
        .header("content-type", "application/json")
        .header("te", "trailers")
        .header("x-person", text)
        .header("x-claim", text)
        .header("x-correlation-id", text)
        .header("user-agent", text)
        .header("cookie", format!("a=1; person={text}"))
        .header("baggage", format!("person={}", target(text)))
        .trailer("x-person-end", text);
    if datum.is_bare && text.parse::<IpAddr>().is_ok() {
        request = request.header("x-forwarded-for", text);
    }
    let response = client.send(request);
    assert_eq!(response.status, 200, "{text}: {}", response.text());
    response
}

/// The header fields that the filter writes.
fn written(fields: &Fields) -> Vec<String> {
    let is_ours = |name: &str| name.starts_with("x-tag-") || name == "baggage";
    let ours = fields.iter().filter(|(name, _)| is_ours(name));
    ours.map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
        .collect()
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < SOON, "not {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Answers with what the request has in its header field, in every place of a response.
fn answer(seen: &e2e::Seen) -> Answer {
    let person = seen.headers.get("x-person").unwrap_or_default();
    let body = json!({"person": String::from_utf8_lossy(person)}).to_string();
    Answer::status(200)
        .header("content-type", "application/json")
        .header("x-answer", person)
        .header("x-service", person)
        .header("x-service-version", person)
        .chunk(body)
        .trailer("x-answer-end", person)
}

/// A text as a part of a target (RFC 3986 section 3.4): what may not stand there is escaped, and what
/// is escaped already stays.
fn target(text: &str) -> String {
    let may_stand = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~%:@!$'()*".contains(&octet);
    let write = |octet: u8| match octet {
        octet if may_stand(octet) => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    };
    text.bytes().map(write).collect()
}

/// The parts of a sink that have a sign of a datum, each with the first datum that it has, for people
/// to read.
fn leaks(sink: &[String], corpus: &[Datum]) -> Vec<String> {
    // Members of JSON, labels of metrics, attributes of spans.
    let parts = sink
        .iter()
        .flat_map(|line| line.split([';', ',']))
        .map(|part| (part, searched(part)));
    let parts: Vec<(&str, String)> = parts.collect();
    let leak = |datum: &Datum| {
        let found = parts.iter().find(|(_, part)| part.contains(datum.sign));
        found.map(|(part, _)| format!("{}: {part}", datum.text))
    };
    corpus.iter().filter_map(leak).collect()
}

fn tags() -> Vec<(String, String)> {
    names()
        .into_iter()
        .map(|name| (name.clone(), tag(&name)))
        .collect()
}

#[test]
fn nothing_of_anybody_is_in_any_sink() {
    let corpus = corpus();
    let tags = tags();
    let tags: Vec<(&str, String)> = tags
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    let proof = Proof::start(&policy(&json!({})), |listener| {
        traced(listener, "edge", &tags)
    });
    let sinks = proof.sinks(&corpus);
    let mut found = Vec::new();
    for (name, sink) in &sinks {
        found.extend(
            leaks(sink, &corpus)
                .into_iter()
                .map(|leak| format!("{name}: {leak}")),
        );
    }
    assert!(
        found.is_empty(),
        "{} leaks:\n{}",
        found.len(),
        found.join("\n")
    );
    assert_well(&proof.envoy);

    // They say what was there, so that nobody takes an empty sink for a clean one.
    for (name, sink) in &sinks[..5] {
        for kind in ["email", "card", "iban", "token", "ip", "phone"] {
            let is_old_span = *name == "spans" && is_before_tag_values();
            assert!(
                is_old_span || sink.iter().any(|line| line.contains(kind)),
                "{name} has no mask of {kind}"
            );
        }
    }
    let counters = proof.envoy.counters();
    // A correlation id that looks like somebody is not taken at all.
    for (source, ..) in sources()
        .into_iter()
        .filter(|(source, ..)| *source != "correlation")
    {
        let masked = format!("wasmcustom.treaty_personal_data;tag={source}.as-is;kind=");
        let kinds = counters
            .keys()
            .filter(|name| name.starts_with(&masked))
            .count();
        assert!(kinds >= 1, "nothing was found in {source}");
    }
}

#[test]
fn what_is_not_looked_for_arrives_in_every_sink_so_the_search_would_find_it() {
    let corpus = corpus();
    let open = policy(&json!({"kinds": []}));
    // The tracer as it is where nobody says more: what Envoy puts into spans says who the client is.
    let proof = Proof::start(&open, |listener| {
        listener.with(json!({"tracing": tracing("edge")}))
    });
    for (name, sink) in proof.sinks(&corpus) {
        if name == "Envoy's log" {
            continue;
        }
        let found = leaks(&sink, &corpus).len();
        assert!(
            found > corpus.len() / 2,
            "{name}: only {found} of {}",
            corpus.len()
        );
    }
    let spans = proof.collector.spans();
    let peers = spans
        .iter()
        .filter_map(|span| span.attributes.get("peer.address"));
    assert!(peers.count() > corpus.len() / 2);
    for attribute in ["http.url", "user_agent"] {
        let is_in = |datum: &Datum| {
            let values = spans
                .iter()
                .filter_map(|span| span.attributes.get(attribute));
            values
                .into_iter()
                .any(|value| searched(value).contains(datum.sign))
        };
        assert!(
            corpus.iter().any(is_in),
            "{attribute} says nothing of anybody"
        );
    }
    assert_well(&proof.envoy);
}

//! Whatever answer comes, to whichever client, in both forms: the client gets one, it is the same
//! however its body is cut, its length and its status are what it says, no trace stands in it, and
//! in report mode it is the upstream's, octet for octet.

#![no_main]

use std::rc::Rc;

use arbitrary::Arbitrary;
use error_translation::{ErrorTranslation, Policy};
use kit::filter::{Filter, Form};
use kit::policy::Document;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use treaty_fuzz::{
    Chunk, Fields, Message, Outcome, Passed, Properties, exchange_with, field, fields,
};

#[derive(Debug, Arbitrary)]
struct Input {
    held: bool,
    report: bool,
    client: Client,
    head: bool,
    graphql: bool,
    accept: Option<Vec<u8>>,
    details: Details,
    flags: u64,
    status: u16,
    content_type: ContentType,
    fields: Vec<Field>,
    body: Option<Body>,
    /// Whether the head announces the length.
    announced: bool,
    trailers: Option<Vec<Field>>,
    /// Two ways to cut.
    cuts: [Vec<u8>; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Arbitrary)]
enum Client {
    Http,
    Grpc,
    GrpcToNoProxy,
    GrpcWeb,
    GrpcWebText,
    ConnectUnary,
    ConnectStream,
}

/// What the proxy says about the answer.
#[derive(Debug, Arbitrary)]
enum Details {
    Unsaid,
    Upstream,
    Known(u8),
    Octets(Vec<u8>),
}

const DETAILS: [&str; 8] = [
    "route_not_found",
    "no_healthy_upstream",
    "upstream_reset_before_response_started{connection_timeout}",
    "response_timeout",
    "direct_response",
    "rbac_access_denied_matched_policy[none]",
    "treaty.version_negotiation.unknown_version",
    "treaty.idempotency_keys.replay",
];

#[derive(Debug, Arbitrary)]
enum ContentType {
    Absent,
    Known(u8),
    Octets(Vec<u8>),
}

const CONTENT_TYPES: [&str; 12] = [
    "application/json",
    "application/problem+json",
    "application/problem+xml",
    "application/vnd.api+json",
    "text/plain; charset=utf-8",
    "text/html",
    "application/grpc",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/connect+json",
    "text/event-stream",
    "application/octet-stream",
];

#[derive(Debug, Arbitrary)]
struct Field {
    name: u8,
    value: FieldValue,
}

#[derive(Debug, Arbitrary)]
enum FieldValue {
    Number(u8),
    Word(u8),
    Octets(Vec<u8>),
}

const NAMES: [&str; 18] = [
    "grpc-status",
    "grpc-message",
    "grpc-status-details-bin",
    "retry-after",
    "cache-control",
    "content-encoding",
    "content-range",
    "content-digest",
    "transfer-encoding",
    "etag",
    "link",
    "vary",
    "www-authenticate",
    "allow",
    "server",
    "x-internal-host",
    "x-request-id",
    "set-cookie",
];

const WORDS: [&str; 8] = [
    "no-transform",
    "gzip",
    "identity",
    "bytes 0-1/2",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "CAUSBGJvb20",
    "*",
    "",
];

#[derive(Debug, Arbitrary)]
struct Body {
    sample: u8,
    octets: Vec<u8>,
    /// Octets that are changed, each at a place.
    faults: Vec<(u16, u8)>,
    /// Where a trace stands in it.
    trace: Option<u16>,
}

const SAMPLES: [&[u8]; 14] = [
    b"",
    br##"{"type": "https://e.example/t", "title": "T", "status": 400, "detail": "d", "balance": 1,
        "instance": "/i", "errors": [{"detail": "x", "pointer": "#/a"}]}"##,
    br#"<?xml version="1.0"?><problem xmlns="urn:ietf:rfc:7807"><type>t</type><title>T</title>
        <accounts><i>1</i></accounts></problem>"#,
    br#"{"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED", "details": [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"}]}}"#,
    br#"{"code": "unavailable", "message": "m", "details": [
        {"type": "google.rpc.DebugInfo", "value": "CgRib29t", "debug": {"a": 1}}]}"#,
    br#"{"errors": [{"status": "422", "title": "t", "detail": "d", "source": {"pointer": "/data"}}],
        "jsonapi": {"version": "1.1"}}"#,
    br#"{"errors": [{"message": "m", "path": ["a"], "extensions": {"code": "C"}}], "data": null}"#,
    br#"{"error": "boom", "code": "insufficient_stock", "retry_after": 1.5}"#,
    br#"{"message": "pq: relation \"orders\" does not exist"}"#,
    b"dial tcp 10.0.0.1:5432: connect: connection refused\n",
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>",
    b"\0\0\0\0\x02hi\x80\0\0\0\x24grpc-status: 5\r\ngrpc-message: gone\r\n",
    b"AAAAAAJoaYAAAAAkZ3JwYy1zdGF0dXM6IDUNCmdycGMtbWVzc2FnZTogZ29uZQ0K",
    b"\0\0\0\0\x02hi\x02\0\0\0\x2c{\"error\":{\"code\":\"not_found\"},\"metadata\":{}}",
];

const TRACE: &str = "panic: boom\n\ngoroutine 7 [running]:\nmain.main()\n\t/app/main.go:3 +0x1d\n";
const SIGN: &str = "goroutine 7 [running]";

thread_local! {
    static POLICIES: [Rc<Policy>; 4] = [
        policy("held", "enforce"),
        policy("streamed", "enforce"),
        policy("held", "report"),
        policy("streamed", "report"),
    ];
}

fn policy(form: &str, mode: &str) -> Rc<Policy> {
    let mut policy = json!({
        "version": 1,
        "mode": mode,
        "form": form,
        "problemBase": "https://errors.example.com",
        "dialects": [{ "name": "acme", "present": ["/fault"], "detail": "/fault/text" }],
        "catalog": [
            {
                "name": "no-route",
                "when": { "failures": ["no-route"] },
                "then": { "type": "no-route", "title": "Nothing here", "status": 404, "grpc": "NOT_FOUND" }
            },
            {
                "name": "fallback",
                "when": { "statuses": ["503"] },
                "answer": { "status": 200, "contentType": "application/json", "body": "{}" }
            },
            {
                "name": "teapot",
                "when": { "statuses": ["418"] },
                "then": {
                    "status": 400,
                    "detail": "It is {status}: {detail}",
                    "retryAfter": "30s",
                    "retryable": true,
                    "links": [{ "rel": "help", "href": "https://docs.example.com/{code}" }]
                }
            }
        ],
        "defaults": {
            "maxBody": "512B",
            "overCap": "replace",
            "formats": ["problemJson", "problemXml", "jsonApi", "aip193"],
            "internalHeaders": ["server", "x-internal-*"],
            "logOriginal": "1KiB"
        },
        "rules": [
            {
                "name": "graph",
                "match": { "paths": ["/graphql"] },
                "settings": { "graphQl": true, "overCap": "leave" }
            },
            { "name": "all" }
        ]
    });
    if form == "held" {
        policy["catalog"]
            .as_array_mut()
            .expect("the catalogue is a list")
            .push(json!({
                "name": "out-of-stock",
                "when": { "codes": ["insufficient_stock"] },
                "then": { "type": "out-of-stock", "status": 409, "reason": "OUT_OF_STOCK" }
            }));
    }
    let policy = ErrorTranslation::load(&Document::from_value(policy));
    Rc::new(policy.unwrap_or_else(|findings| panic!("{findings}")))
}

impl Client {
    fn content_type(self) -> &'static str {
        match self {
            Self::Http => "application/x-www-form-urlencoded",
            Self::Grpc => "application/grpc",
            Self::GrpcToNoProxy => "application/grpc; charset=utf-8",
            Self::GrpcWeb => "application/grpc-web",
            Self::GrpcWebText => "application/grpc-web-text",
            Self::ConnectUnary => "application/json",
            Self::ConnectStream => "application/connect+json",
        }
    }
}

impl Body {
    fn octets(&self) -> Vec<u8> {
        let sample = pick(&SAMPLES, self.sample);
        let mut octets = [sample, &self.octets].concat();
        for (place, octet) in &self.faults {
            if let Some(own) = octets.get_mut(usize::from(*place)) {
                *own = *octet;
            }
        }
        if let Some(place) = self.trace {
            let place = usize::from(place) % (octets.len() + 1);
            octets.splice(place..place, TRACE.bytes());
        }
        octets
    }
}

impl Input {
    fn request(&self) -> Message {
        let method = if self.head { "HEAD" } else { "POST" };
        let path = if self.graphql {
            "/graphql"
        } else {
            "/v1/orders"
        };
        let mut head = fields(&[
            (":method", method),
            (":authority", "orders.example.com"),
            (":path", path),
            ("content-type", self.client.content_type()),
            ("x-request-id", "550e8400-e29b-41d4-a716-446655440000"),
        ]);
        if self.client == Client::ConnectUnary {
            head.extend(fields(&[("connect-protocol-version", "1")]));
        }
        let accept = self.accept.iter();
        head.extend(accept.map(|value| (b"accept".to_vec(), value.clone())));
        Message {
            head,
            ..Message::default()
        }
    }

    fn response(&self, cuts: &[u8]) -> Message {
        let status = (200 + self.status % 400).to_string();
        let mut head = fields(&[(":status", &status)]);
        let content_type = match &self.content_type {
            ContentType::Absent => None,
            ContentType::Known(place) => Some(pick(&CONTENT_TYPES, *place).as_bytes().to_vec()),
            ContentType::Octets(octets) => Some(octets.clone()),
        };
        head.extend(content_type.map(|value| (b"content-type".to_vec(), value)));
        head.extend(self.fields.iter().map(Field::pair));
        let octets = self.body.as_ref().map(Body::octets);
        if let (Some(octets), true) = (&octets, self.announced) {
            head.extend(fields(&[("content-length", &octets.len().to_string())]));
        }
        Message {
            head,
            body: octets.map(|octets| parts(&octets, cuts)),
            trailers: self
                .trailers
                .as_ref()
                .map(|own| own.iter().map(Field::pair).collect()),
        }
    }

    fn properties(&self) -> Properties {
        let details = match &self.details {
            Details::Unsaid => None,
            Details::Upstream => Some(b"via_upstream".to_vec()),
            Details::Known(place) => Some(pick(&DETAILS, *place).as_bytes().to_vec()),
            Details::Octets(octets) => Some(octets.clone()),
        };
        let flags = self.flags.to_le_bytes().to_vec();
        let mut properties = Properties::from([("response.flags", flags)]);
        properties.extend(details.map(|details| ("response.code_details", details)));
        properties
    }

    fn run(&self, cuts: &[u8]) -> Outcome {
        let form = if self.held {
            Form::Held
        } else {
            Form::Streamed
        };
        let place = usize::from(!self.held) + 2 * usize::from(self.report);
        let core = POLICIES.with(|policies| ErrorTranslation::start(&policies[place]));
        let properties = self.properties();
        exchange_with(
            properties,
            [core],
            form,
            self.request(),
            self.response(cuts),
        )
    }
}

impl Field {
    fn pair(&self) -> (Vec<u8>, Vec<u8>) {
        let value = match &self.value {
            FieldValue::Number(number) => number.to_string().into_bytes(),
            FieldValue::Word(place) => pick(&WORDS, *place).as_bytes().to_vec(),
            FieldValue::Octets(octets) => octets.clone(),
        };
        (pick(&NAMES, self.name).as_bytes().to_vec(), value)
    }
}

fn pick<T: ?Sized>(list: &[&'static T], place: u8) -> &'static T {
    list[usize::from(place) % list.len()]
}

/// The parts of a body, the last of which may be empty.
fn parts(mut body: &[u8], cuts: &[u8]) -> Vec<Chunk> {
    let mut parts = Vec::new();
    for len in cuts.iter().map(|len| usize::from(*len)).chain([body.len()]) {
        let (part, rest) = body.split_at(body.len().min(len));
        body = rest;
        parts.push(Chunk {
            octets: part.to_vec(),
            late: false,
        });
    }
    parts
}

fn check_reported(response: &Passed, original: &Message) {
    assert_eq!(response.reply, None);
    assert_eq!(response.head.as_ref(), Some(&original.head));
    let body = original.body.iter().flatten();
    let body: Vec<u8> = body.flat_map(|part| part.octets.clone()).collect();
    assert_eq!(response.body, body);
    assert_eq!(
        response.trailers,
        original.trailers.clone().unwrap_or_default()
    );
}

/// The status line, the fields and the content that the client gets.
fn answer(response: &Passed) -> (u16, Fields, &[u8]) {
    if let Some(reply) = &response.reply {
        let pairs = reply.headers.iter();
        let fields = pairs.map(|(name, value)| (name.clone().into_bytes(), value.clone()));
        return (reply.status, fields.collect(), &reply.body);
    }
    let head = response.head.clone().expect("an answer has a head");
    let status = field(&head, ":status").and_then(|status| str::from_utf8(status).ok());
    let status = status.and_then(|status| status.parse().ok());
    (status.expect("it has a status"), head, &response.body)
}

fn check_enforced(input: &Input, outcome: &Outcome, response: &Passed) {
    let (status, head, body) = answer(response);
    assert!((200..600).contains(&status), "{status}");
    for (name, _) in &head {
        assert!(name != b"server" && !name.starts_with(b"x-internal-"));
    }
    if outcome
        .facts
        .get("treaty.error_outcome")
        .is_none_or(|told| told != "translated")
    {
        return;
    }
    if let Some(announced) = field(&head, "content-length") {
        assert_eq!(announced, body.len().to_string().as_bytes());
    }
    // Messages of RPC are data, whatever they hold.
    let content_type = field(&head, "content-type").unwrap_or_default();
    let is_data = [&b"application/grpc"[..], b"application/connect+"]
        .iter()
        .any(|start| content_type.starts_with(start));
    let mut places = body.windows(SIGN.len());
    let is_shown = places.any(|place| place == SIGN.as_bytes());
    assert!(
        !is_shown || is_data,
        "a trace left: {}",
        String::from_utf8_lossy(body)
    );
    if input.client == Client::Http {
        check_format(&head, status, body);
    }
    if input.client == Client::Grpc {
        let of_reply = response
            .reply
            .as_ref()
            .and_then(|reply| reply.grpc.as_ref());
        let told = head.iter().chain(&response.trailers);
        let told = told.filter(|(name, _)| name == b"grpc-status").count();
        assert!(of_reply.is_some() || told > 0, "no status for gRPC");
    }
}

/// The content is what its type says, and says what the status line does.
fn check_format(head: &Fields, status: u16, body: &[u8]) {
    let content_type = field(head, "content-type").expect("it has a type");
    let content_type = str::from_utf8(content_type).expect("it is text");
    if content_type == "application/problem+xml" {
        let told = format!("<status>{status}</status>");
        assert!(str::from_utf8(body).is_ok_and(|xml| xml.contains(&told)));
        return;
    }
    let document: Value = serde_json::from_slice(body).expect("a problem is JSON");
    match content_type {
        "application/problem+json" => assert_eq!(document["status"], status),
        "application/vnd.api+json" => {
            assert_eq!(document["errors"][0]["status"], status.to_string());
        }
        // On rules of GraphQL a problem becomes an error of GraphQL once its head has gone.
        "application/json" | "application/graphql-response+json"
            if document["errors"].is_array() =>
        {
            assert_eq!(document["errors"][0]["extensions"]["status"], status);
        }
        "application/json" => assert_eq!(document["error"]["code"], status),
        other => panic!("{other} is no format of problems"),
    }
}

fuzz_target!(|input: Input| {
    let whole = input.run(&[]);
    assert_eq!(whole.request.reply, None, "a request is never refused");
    let response = whole.response.as_ref().expect("the client gets an answer");
    if input.report {
        check_reported(response, &input.response(&[]));
        assert_eq!(whole.request.head, Some(input.request().head));
    } else {
        check_enforced(&input, &whole, response);
    }
    for cuts in &input.cuts {
        assert_eq!(input.run(cuts), whole, "cut at {cuts:?}");
    }
});

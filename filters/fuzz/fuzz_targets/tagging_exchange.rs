//! Any policy and any exchange: nothing is refused, held or changed but the fields that the policy
//! names, and in report mode not even these; what is told is one line within its limit, and has none
//! of the address that everything carries; the same however the bodies are cut.

#![no_main]

use std::collections::BTreeSet;
use std::rc::Rc;

use arbitrary::Arbitrary;
use kit::filter::{Filter, Form};
use kit::policy::{Document, Environment, Findings};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use telemetry_tagging::{Policy, TelemetryTagging};
use treaty_fuzz::{Chunk, Fields, Message, Outcome, Properties, exchange_with, fields};

/// Stands in every part of an exchange, and may stand in nothing that is told.
const PERSON: &str = "jane.doe@people.example.org";

/// The longest of the facts, which is the audit's.
const LONGEST: usize = 2048;

#[derive(Debug, Arbitrary)]
struct Input {
    policy: PolicyInput,
    held: bool,
    request: MessageInput,
    response: MessageInput,
    method: u8,
    target: Vec<u8>,
    status: u16,
    property: Vec<u8>,
    /// Two ways to cut.
    cuts: [Vec<u8>; 2],
}

#[derive(Debug, Arbitrary)]
struct PolicyInput {
    report: bool,
    tags: Vec<TagInput>,
    trace: Option<u8>,
    correlation: Option<bool>,
    baggage: Option<u8>,
    outbound: Option<bool>,
    operations: bool,
    any_rpc_method: bool,
    semconv: u8,
    answered_by: Option<bool>,
    metrics: bool,
    probe: bool,
    audit: bool,
    max_body: u8,
}

#[derive(Debug, Arbitrary)]
struct TagInput {
    source: u8,
    name: u8,
    steps: Vec<u8>,
    sink: u8,
    max_length: Option<u8>,
}

#[derive(Debug, Arbitrary)]
struct MessageInput {
    fields: Vec<FieldInput>,
    content_type: u8,
    body: Option<BodyInput>,
    trailers: Option<Vec<FieldInput>>,
}

#[derive(Debug, Arbitrary)]
struct FieldInput {
    name: u8,
    value: ValueInput,
}

#[derive(Debug, Arbitrary)]
enum ValueInput {
    Word(u8),
    Person(u8),
    Octets(Vec<u8>),
}

#[derive(Debug, Arbitrary)]
enum BodyInput {
    Json(u8),
    Octets(Vec<u8>),
}

const NAMES: [&str; 17] = [
    "x-a",
    "x-b",
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-b3-traceid",
    "uber-trace-id",
    "x-correlation-id",
    "x-probe",
    "cookie",
    "content-encoding",
    "content-length",
    "grpc-status",
    "x-service",
    "x-service-version",
    "x-treaty-synthetic",
];

const WORDS: [&str; 14] = [
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-more",
    "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1",
    "4bf92f3577b34da6:e457b5a2e4d86bd1:0:1",
    "a=1,b=2",
    "tenant=acme;p=1, user=jane.doe%40people.example.org,bad",
    "7f2c2c62-6d0e-4f5e-9a6e-0a3c5f1f6a11",
    "t=1780000000,s=0000000000000000000000000000000000000000000000000000000000000000",
    "a=Gold; b=\"2\"",
    "identity",
    "0",
    "13",
    "orders",
    "GOLD",
];

const CONTENT_TYPES: [&str; 7] = [
    "",
    "application/json",
    "application/problem+json; charset=utf-8",
    "application/grpc",
    "application/connect+json",
    "text/event-stream",
    "text/plain",
];

const DOCUMENTS: [&str; 5] = [
    r#"{"a": {"b": "gold"}, "n": 12.5, "who": "jane.doe@people.example.org"}"#,
    r#"{"a": {"b": "jane.doe@people.example.org"}, "n": true}"#,
    r#"{"a": ["#,
    "[]",
    "",
];

const METHODS: [&str; 6] = ["GET", "POST", "HEAD", "OPTIONS", "BREW", "get"];

impl PolicyInput {
    fn document(&self, tags: &[Value]) -> Value {
        let mut settings = json!({ "maxBody": format!("{}B", u16::from(self.max_body) + 1) });
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                settings[name] = value;
            }
        };
        set("traceContext", self.trace.map(trace_context));
        let correlation = |makes: bool| {
            let make = if makes { "uuidV7" } else { "uuidV4" };
            json!({ "header": "x-correlation-id", "make": make })
        };
        set("correlation", self.correlation.map(correlation));
        set("baggage", self.baggage.map(baggage));
        let direction = |outbound| if outbound { "outbound" } else { "inbound" }.into();
        set("direction", self.outbound.map(direction));
        set("operations", self.operations.then(operations));
        let rpc_methods = if self.any_rpc_method { "any" } else { "listed" };
        set("rpcMethods", Some(rpc_methods.into()));
        let semconv = pick(&["off", "stable", "old", "dup"], self.semconv);
        set("semconv", Some(semconv.into()));
        let answered_by = |removes: bool| json!({ "service": "x-service", "version": "x-service-version", "remove": removes });
        set("answeredBy", self.answered_by.map(answered_by));
        let metrics = match self.answered_by {
            Some(_) => json!(["requests", "duration", "sizes", "active", "fidelity"]),
            None => json!(["requests", "errors", "duration", "sizes", "active"]),
        };
        set("metrics", self.metrics.then_some(metrics));
        let probe = json!({ "header": "x-probe", "key": "people" });
        set("probe", self.probe.then_some(probe));
        let audit = |who: &Value| json!({ "who": who["name"] });
        set("audit", tags.first().filter(|_| self.audit).map(audit));
        json!({
            "version": 1,
            "revision": "r1",
            "mode": if self.report { "report" } else { "enforce" },
            "services": [{ "name": "orders", "hosts": ["orders.example.com"] }],
            "keys": [{
                "name": "people",
                "current": { "id": "k2", "env": "CURRENT" },
                "previous": { "id": "k1", "env": "PREVIOUS" },
            }],
            "tags": tags,
            "rules": [{ "name": "orders", "service": "orders", "settings": settings }],
        })
    }

    /// The policy with those tags that make sense.
    fn load(&self) -> Policy {
        let tags = self.tags.iter().take(16).enumerate();
        let tags = tags.map(|(place, tag)| tag.entry(place));
        let makes_sense = |tag: &Value| load(self.document(std::slice::from_ref(tag))).is_ok();
        let tags: Vec<Value> = tags.filter(makes_sense).collect();
        load(self.document(&tags)).unwrap_or_else(|findings| panic!("{findings}"))
    }

    /// The fields that the policy may change: those of the request, and those of the response.
    fn owned(&self) -> [BTreeSet<String>; 2] {
        let mut request = BTreeSet::new();
        let mut response = BTreeSet::new();
        if self.trace.is_some() {
            let known = ["traceparent", "tracestate", "b3", "uber-trace-id"];
            request.extend(known.map(str::to_owned));
            request.extend(["x-b3-traceid", "x-b3-spanid", "x-b3-sampled"].map(str::to_owned));
            let others = ["x-b3-parentspanid", "x-b3-flags", "x-cloud-trace-context"];
            request.extend(others.map(str::to_owned));
            request.insert("x-amzn-trace-id".to_owned());
        }
        if self.correlation.is_some() {
            request.insert("x-correlation-id".to_owned());
            response.insert("x-correlation-id".to_owned());
        }
        if self.baggage.is_some() || self.tags.iter().any(TagInput::is_carried) {
            request.insert("baggage".to_owned());
        }
        if self.probe {
            request.insert("x-treaty-synthetic".to_owned());
        }
        if self.answered_by == Some(true) {
            response.extend(["x-service", "x-service-version"].map(str::to_owned));
        }
        for place in 0..self.tags.len() {
            request.insert(format!("x-tag-{place}"));
            response.insert(format!("x-tag-{place}"));
        }
        [request, response]
    }
}

fn load(document: Value) -> Result<Policy, Findings> {
    let environment = [
        ("CURRENT", "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="),
        ("PREVIOUS", "YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI"),
    ];
    let pairs = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let document = Document::from_value(document);
    TelemetryTagging::load(&document.with_environment(Environment::from_iter(pairs)))
}

fn trace_context(octet: u8) -> Value {
    let has = |bit: u8| octet & 1 << bit != 0;
    if has(0) {
        return json!({ "owner": "envoy", "onInvalid": if has(1) { "drop" } else { "restart" } });
    }
    json!({
        "owner": "treaty",
        "untrusted": has(1),
        "create": has(2),
        "onInvalid": if has(3) { "drop" } else { "restart" },
        "read": ["b3Multi", "b3Single", "jaeger", "amazon", "cloudTrace"],
        "write": if has(4) { json!(["jaeger", "b3Multi"]) } else { json!([]) },
    })
}

fn baggage(octet: u8) -> Value {
    let allow = [
        json!([]),
        json!(["*"]),
        json!(["tenant", "a"]),
        json!(["t*"]),
    ];
    let allow = &allow[usize::from(octet) % allow.len()];
    json!({ "inbound": { "allow": allow }, "outbound": { "allow": [] } })
}

fn operations() -> Value {
    json!([
        { "path": "/v1/orders/{id}", "methods": ["GET"], "operation": "getOrder" },
        { "path": "/v1/**" },
        { "path": "/acme.orders.v1.Orders/Get", "operation": "acme.orders.v1.Orders/Get" },
    ])
}

impl TagInput {
    fn entry(&self, place: usize) -> Value {
        let steps: Vec<Value> = self
            .steps
            .iter()
            .take(6)
            .map(|step| self.step(*step))
            .collect();
        let mut entry = json!({
            "name": format!("t{place}"),
            "source": self.source(),
            "steps": steps,
            "to": self.sinks(place),
        });
        if let Some(length) = self.max_length {
            entry["maxLength"] = length.into();
        }
        entry
    }

    fn source(&self) -> Value {
        let name = pick(&["x-a", "x-b", "cookie", "x-service"], self.name);
        let member = pick(&["a", "b", "id", "tenant", "user"], self.name);
        let pointer = pick(&["/a/b", "/n", "/who", ""], self.name);
        let known = pick(&KNOWN, self.name);
        match self.source % 14 {
            0 => json!({ "from": "header", "name": name }),
            1 => json!({ "from": "responseHeader", "name": name }),
            2 => json!({ "from": "requestTrailer", "name": name }),
            3 => json!({ "from": "responseTrailer", "name": name }),
            4 => json!({ "from": "pathParameter", "name": "id" }),
            5 => json!({ "from": "query", "name": member }),
            6 => json!({ "from": "cookie", "name": member }),
            7 => json!({ "from": "baggage", "name": member }),
            8 => json!({ "from": "requestBody", "pointer": pointer }),
            9 => json!({ "from": "responseBody", "pointer": pointer }),
            10 => json!({ "from": "constant", "value": member }),
            11 => json!({ "from": "property", "path": ["p"], "type": self.kind() }),
            12 => json!({ "from": "jwtClaim", "claim": "/sub", "type": self.kind() }),
            _ => json!({ "from": "exchange", "value": known }),
        }
    }

    fn kind(&self) -> &'static str {
        pick(&["text", "integer", "number", "boolean"], self.name)
    }

    fn step(&self, step: u8) -> Value {
        match step % 9 {
            0 => json!({ "step": "capture", "pattern": "([a-z]+)@?" }),
            1 => json!({ "step": "map", "table": { "gold": "g" } }),
            2 => json!({ "step": "map", "table": { "GOLD": "g" }, "other": "o" }),
            3 => json!({ "step": "lower" }),
            4 => json!({ "step": "truncate", "length": u16::from(self.name) + 1 }),
            5 => json!({ "step": "bucket", "bounds": [1, 10] }),
            6 => json!({ "step": "default", "text": "none" }),
            7 => json!({ "step": "mask", "keep": "part" }),
            _ => json!({ "step": "pseudonymise", "key": "people" }),
        }
    }

    /// Whether it goes into the baggage.
    fn is_carried(&self) -> bool {
        self.sinks(0)["baggage"].is_string()
    }

    fn sinks(&self, place: usize) -> Value {
        let field = format!("x-tag-{place}");
        match self.sink % 6 {
            0 => json!({ "log": true }),
            1 => json!({ "span": true }),
            2 => json!({ "requestHeader": field }),
            3 => json!({ "log": true, "responseHeader": field }),
            4 => json!({ "metric": format!("t{place}") }),
            _ => json!({ "baggage": format!("t{place}") }),
        }
    }
}

const KNOWN: [&str; 21] = [
    "route",
    "operation",
    "method",
    "target",
    "service",
    "rpcService",
    "rpcMethod",
    "traceId",
    "traceOutcome",
    "correlationId",
    "synthetic",
    "revision",
    "direction",
    "answeredService",
    "answeredVersion",
    "answeredDeployment",
    "answeredRuntime",
    "fidelity",
    "grpcStatus",
    "errorType",
    "statusClass",
];

impl MessageInput {
    fn message(&self, mut head: Fields, cuts: &[u8]) -> Message {
        let content_type = pick(&CONTENT_TYPES, self.content_type);
        if !content_type.is_empty() {
            head.extend(fields(&[("content-type", content_type)]));
        }
        head.extend(self.fields.iter().map(FieldInput::pair));
        Message {
            head,
            body: self.body.as_ref().map(|body| parts(body.octets(), cuts)),
            trailers: self
                .trailers
                .as_ref()
                .map(|own| own.iter().map(FieldInput::pair).collect()),
        }
    }
}

impl FieldInput {
    fn pair(&self) -> (Vec<u8>, Vec<u8>) {
        let value = match &self.value {
            ValueInput::Word(place) => pick(&WORDS, *place).as_bytes().to_vec(),
            ValueInput::Person(place) => {
                let before = pick(&["", "a=", "user: ", "1;a=2;b=", "\u{e4}"], *place);
                format!("{before}{PERSON}").into_bytes()
            }
            ValueInput::Octets(octets) => octets.clone(),
        };
        (pick(&NAMES, self.name).as_bytes().to_vec(), value)
    }
}

impl BodyInput {
    fn octets(&self) -> &[u8] {
        match self {
            Self::Json(place) => pick(&DOCUMENTS, *place).as_bytes(),
            Self::Octets(octets) => octets,
        }
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

impl Input {
    fn messages(&self, cuts: &[u8]) -> (Message, Message) {
        let method = pick(&METHODS, self.method);
        let mut request = fields(&[(":method", method), (":authority", "orders.example.com")]);
        let target = [b"/v1/orders/42?a=".to_vec(), self.target.clone()].concat();
        request.push((b":path".to_vec(), target));
        let status = (200 + self.status % 400).to_string();
        let response = fields(&[(":status", &status)]);
        (
            self.request.message(request, cuts),
            self.response.message(response, cuts),
        )
    }

    fn run(&self, policy: &Rc<Policy>, cuts: &[u8]) -> Outcome {
        let form = if self.held {
            Form::Held
        } else {
            Form::Streamed
        };
        let (request, response) = self.messages(cuts);
        let properties = Properties::from([
            ("p", self.property.clone()),
            ("request.total_size", 7_u64.to_le_bytes().to_vec()),
            ("response.total_size", self.property.clone()),
        ]);
        let core = TelemetryTagging::start(policy);
        exchange_with(properties, [core], form, request, response)
    }
}

fn octets(message: &Message) -> Vec<u8> {
    let parts = message.body.iter().flatten();
    parts.flat_map(|part| part.octets.clone()).collect()
}

/// The fields that are not the policy's.
fn others(head: &Fields, owned: &BTreeSet<String>) -> Fields {
    let is_owned = |name: &[u8]| str::from_utf8(name).is_ok_and(|name| owned.contains(name));
    let others = head.iter().filter(|(name, _)| !is_owned(name));
    others.cloned().collect()
}

fn check_passage(input: &Input, outcome: &Outcome) {
    let (request, response) = input.messages(&[]);
    let answered = outcome
        .response
        .as_ref()
        .expect("the client gets an answer");
    let owned = input.policy.owned();
    for ((passed, came), owned) in [(&outcome.request, &request), (answered, &response)]
        .into_iter()
        .zip(&owned)
    {
        assert_eq!(passed.reply, None, "nothing is refused");
        assert_eq!(passed.body, octets(came));
        assert_eq!(passed.trailers, came.trailers.clone().unwrap_or_default());
        let head = passed.head.as_ref().expect("the head goes on");
        if input.policy.report {
            assert_eq!(head, &came.head);
        } else {
            assert_eq!(others(head, owned), others(&came.head, owned));
        }
    }
}

fn check_told(input: &Input, outcome: &Outcome) {
    for (name, value) in &outcome.facts {
        let limit = match name.as_str() {
            "treaty.audit" => LONGEST,
            _ => 256,
        };
        assert!(value.len() <= limit, "{name} has {} octets", value.len());
        assert!(!value.contains(char::is_control), "{name}: {value:?}");
        assert!(!value.contains(PERSON), "{name}: {value}");
    }
    for name in outcome.counts.keys() {
        assert!(!name.contains(PERSON), "{name}");
    }
    let written = [Some(&outcome.request), outcome.response.as_ref()];
    let heads = written
        .into_iter()
        .flatten()
        .filter_map(|passed| passed.head.as_ref());
    for (name, value) in heads.flatten().filter(|_| !input.policy.report) {
        let is_tag = name.starts_with(b"x-tag-");
        let value = String::from_utf8_lossy(value);
        assert!(!is_tag || !value.contains(PERSON), "{value}");
        assert!(!is_tag || value.len() <= 256);
    }
}

fuzz_target!(|input: Input| {
    let policy = Rc::new(input.policy.load());
    let whole = input.run(&policy, &[]);
    check_passage(&input, &whole);
    check_told(&input, &whole);
    for cuts in &input.cuts {
        assert_eq!(input.run(&policy, cuts), whole, "cut at {cuts:?}");
    }
});

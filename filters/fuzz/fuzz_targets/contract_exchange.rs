//! Any exchange under a contract of each kind: in report mode nothing is refused or changed, a refused
//! request has an answer of its protocol, nothing that is said repeats what somebody sent, and how the
//! contents are cut changes nothing.

#![no_main]

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use arbitrary::Arbitrary;
use contract_validation::{ContractValidation, Policy};
use kit::filter::{Filter, Form};
use kit::policy::Document;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use treaty_fuzz::{
    Chunk, Fields, Message, Outcome, Passed, Properties, check_reply, exchange_with, fields,
};

/// Stands in what is sent, and may stand in nothing that is said.
const SECRET: &str = "c0ffee5ec2e7";

/// The name of a member that somebody chose. Who chose it is told where the fault is, and nobody else.
const NAME: &str = "n4me5ec2e7";

#[derive(Debug, Arbitrary)]
struct Input {
    policy: PolicyInput,
    method: u8,
    target: TargetInput,
    request: MessageInput,
    status: u8,
    response: MessageInput,
    /// Two ways to cut.
    cuts: [Vec<u8>; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Arbitrary)]
struct PolicyInput {
    kind: u8,
    held: bool,
    report: bool,
    answers: bool,
    strict: bool,
    portable: bool,
    repairs: bool,
    small: bool,
    tells_clients: bool,
}

#[derive(Debug, Arbitrary)]
enum TargetInput {
    Known(u8, Vec<u8>),
    Octets(Vec<u8>),
}

#[derive(Debug, Arbitrary)]
struct MessageInput {
    fields: Vec<FieldInput>,
    content_type: u8,
    content: Option<ContentInput>,
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
    Octets(Vec<u8>),
}

#[derive(Debug, Arbitrary)]
enum ContentInput {
    Document(u8),
    Octets(Vec<u8>),
    /// Frames of an RPC: flags, and a message.
    Frames(Vec<(u8, Vec<u8>)>),
}

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "HEAD", "OPTIONS", "BREW", "get"];
const STATUSES: [&str; 6] = ["200", "201", "204", "404", "500", "418"];

const TARGETS: [&str; 10] = [
    "/v1/orders",
    "/v1/orders/7",
    "/v1/orders/c0ffee5ec2e7",
    "/v1/orders/7?page=2&tags=a,b&filter[a]=1&c0ffee5ec2e7=1",
    "/v1/orders/latest?page=c0ffee5ec2e7",
    "/acme.orders.v1.Orders/CreateOrder",
    "/acme.orders.v1.Orders/c0ffee5ec2e7",
    "/c0ffee5ec2e7/Get",
    "*",
    "/v1/form",
];

const NAMES: [&str; 11] = [
    "x-count",
    "if-match",
    "cookie",
    "content-encoding",
    "content-length",
    "grpc-status",
    "grpc-encoding",
    "connect-content-encoding",
    "connect-protocol-version",
    "te",
    "x-treaty-contract-violations",
];

const WORDS: [&str; 9] = [
    "7",
    "c0ffee5ec2e7",
    "theme=c0ffee5ec2e7",
    "theme=d",
    "gzip",
    "identity",
    "1",
    "trailers",
    "0",
];

const CONTENT_TYPES: [&str; 13] = [
    "",
    "application/json",
    "application/problem+json; charset=utf-8",
    "application/x-www-form-urlencoded",
    "text/plain",
    "application/octet-stream",
    "application/grpc",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/proto",
    "application/connect+proto",
    "application/connect+json",
    "c0ffee5ec2e7",
];

const DOCUMENTS: [&str; 9] = [
    r#"{"id": 1, "tags": ["a"], "note": "c0ffee5ec2e7"}"#,
    r#"{"id": "c0ffee5ec2e7", "tags": null, "n4me5ec2e7": {}}"#,
    r#"{"id": 9007199254740993, "tags": ["c0ffee5ec2e7", "c0ffee5ec2e7"], "kind": "c0ffee5ec2e7"}"#,
    r#"{"n4me5ec2e7": 1, "N4ME5EC2E7": 2, "n4me5ec2e7": 3, "id": 1.0}"#,
    r#"{"id": 1, "more": {"n4me5ec2e7": ["c0ffee5ec2e7"]}}"#,
    "id=c0ffee5ec2e7&tags=a&n4me5ec2e7=%zz",
    "c0ffee5ec2e7",
    r#"{"id": ["#,
    "",
];

thread_local! {
    static POLICIES: RefCell<HashMap<PolicyInput, Rc<Policy>>> = RefCell::default();
}

fn order() -> Value {
    json!({
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "integer", "minimum": 1},
            "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+$"}, "uniqueItems": true},
            "kind": {"enum": ["a", "b"]},
            "note": {"type": "string", "maxLength": 8},
            "more": {"type": "object", "propertyNames": {"maxLength": 4}, "additionalProperties": {"type": "integer"}},
            "secret": {"type": "string", "writeOnly": true},
            "at": {"type": "string", "readOnly": true, "format": "date-time"},
        },
        "dependentRequired": {"note": ["kind"]},
        "additionalProperties": false,
    })
}

fn openapi() -> Value {
    let content = |kind: &str, schema: &Value| json!({kind: {"schema": schema}});
    let order = order();
    let answers = json!({
        "200": {
            "description": "",
            "headers": {"X-Count": {"schema": {"type": "integer"}}},
            "content": content("application/json", &order),
        },
        "4XX": {"description": "", "content": content("text/plain", &json!({"maxLength": 3}))},
    });
    let parameter = |place: &str, name: &str, schema: Value| json!({"in": place, "name": name, "required": place == "path", "schema": schema});
    let parameters = json!([
        parameter("query", "page", json!({"type": "integer"})),
        {"in": "query", "name": "tags", "explode": false, "schema": {"type": "array", "items": {"maxLength": 1}}},
        {"in": "query", "name": "filter", "style": "deepObject", "schema": {"type": "object"}},
        parameter("header", "X-Count", json!({"type": "integer"})),
        parameter("cookie", "theme", json!({"enum": ["d", "l"]})),
    ]);
    json!({
        "openapi": "3.1.1",
        "info": {"title": "orders", "version": "1"},
        "paths": {
            "/v1/orders": {
                "parameters": parameters,
                "get": {"responses": answers},
                "post": {
                    "requestBody": {"required": true, "content": content("application/json", &order)},
                    "responses": answers,
                },
            },
            "/v1/orders/latest": {"parameters": parameters, "get": {"responses": answers}},
            "/v1/orders/{id}": {
                "parameters": [parameter("path", "id", json!({"type": "integer"}))],
                "get": {"responses": answers},
                "put": {
                    "parameters": [{"in": "header", "name": "If-Match", "required": true, "schema": {"type": "string"}}],
                    "requestBody": {"content": content("application/*", &order)},
                    "responses": answers,
                },
            },
            "/v1/form": {"post": {
                "requestBody": {"content": content("application/x-www-form-urlencoded", &order)},
                "responses": {"default": {"description": ""}},
            }},
        },
    })
}

/// The descriptors of the shipped example.
fn descriptors() -> Value {
    let example = include_str!("../../../policies/contract-validation/examples/grpc.json");
    let example: Value = serde_json::from_str(example).expect("it is JSON");
    example["contracts"][0]["protobuf"].clone()
}

impl PolicyInput {
    fn document(self) -> Value {
        let contract = match self.kind % 3 {
            0 => json!({"name": "c", "openapi": openapi()}),
            1 => json!({"name": "c", "jsonSchema": {"request": order(), "response": order()}}),
            _ => json!({"name": "c", "protobuf": descriptors()}),
        };
        let verdict = if self.strict { "reject" } else { "report" };
        let mut direction = json!({
            "sample": 100,
            "overCap": if self.strict { "reject" } else { "skip" },
            "coded": if self.strict { "reject" } else { "skip" },
        });
        if self.small {
            direction["maxBody"] = "20B".into();
            direction["maxDepth"] = 2.into();
            direction["maxViolations"] = 2.into();
        }
        match self.kind % 3 {
            0 => {
                direction["undeclared"] = verdict.into();
                direction["hidden"] = if self.strict { "reject" } else { "allow" }.into();
            }
            2 => direction["unknownFields"] = verdict.into(),
            _ => {}
        }
        if self.portable && self.kind % 3 != 2 {
            direction["portability"] = json!({"all": verdict, "secondDigits": 3});
            if self.repairs {
                direction["portability"]["nullForArray"] = "repair".into();
            }
        }
        let mut response = direction.clone();
        let enforces = self.answers && self.held;
        response["mode"] = if enforces { "enforce" } else { "report" }.into();
        let mut settings = json!({
            "request": direction,
            "response": response,
            "reportHeader": self.tells_clients,
        });
        if self.kind % 3 != 1 {
            settings["unknownPath"] = verdict.into();
            settings["unknownMethod"] = verdict.into();
        }
        json!({
            "version": 1,
            "mode": if self.report { "report" } else { "enforce" },
            "form": if self.held { "held" } else { "streamed" },
            "contracts": [contract],
            "rules": [{"name": "all", "settings": settings}],
        })
    }

    fn load(self) -> Rc<Policy> {
        let load = || {
            let policy = ContractValidation::load(&Document::from_value(self.document()));
            Rc::new(policy.unwrap_or_else(|findings| panic!("{self:?}: {findings}")))
        };
        POLICIES.with_borrow_mut(|known| Rc::clone(known.entry(self).or_insert_with(load)))
    }
}

impl MessageInput {
    fn message(&self, mut head: Fields, cuts: &[u8]) -> Message {
        let content_type = pick(&CONTENT_TYPES, self.content_type);
        if !content_type.is_empty() {
            head.extend(fields(&[("content-type", content_type)]));
        }
        head.extend(self.fields.iter().map(FieldInput::pair));
        Message {
            head,
            body: self.content.as_ref().map(|own| parts(&own.octets(), cuts)),
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
            ValueInput::Octets(octets) => octets.clone(),
        };
        (pick(&NAMES, self.name).as_bytes().to_vec(), value)
    }
}

impl ContentInput {
    fn octets(&self) -> Vec<u8> {
        match self {
            Self::Document(place) => pick(&DOCUMENTS, *place).as_bytes().to_vec(),
            Self::Octets(octets) => octets.clone(),
            Self::Frames(frames) => frames
                .iter()
                .flat_map(|(flags, message)| {
                    let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
                    [&[*flags][..], &len.to_be_bytes(), message].concat()
                })
                .collect(),
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
        let target = match &self.target {
            TargetInput::Known(place, more) => [pick(&TARGETS, *place).as_bytes(), more].concat(),
            TargetInput::Octets(octets) => octets.clone(),
        };
        let mut asked = fields(&[
            (":method", pick(&METHODS, self.method)),
            (":authority", "orders.example.com"),
        ]);
        asked.push((b":path".to_vec(), target));
        let answered = fields(&[(":status", pick(&STATUSES, self.status))]);
        (
            self.request.message(asked, cuts),
            self.response.message(answered, cuts),
        )
    }

    fn run(&self, policy: &Rc<Policy>, cuts: &[u8]) -> Outcome {
        let (request, response) = self.messages(cuts);
        let properties = Properties::from([("response.code_details", b"via_upstream".to_vec())]);
        let form = ContractValidation::form(policy).unwrap_or(Form::Streamed);
        let core = ContractValidation::start(policy);
        exchange_with(properties, [core], form, request, response)
    }
}

/// What came went on as it was.
fn check_untouched(passed: &Passed, came: &Message, but: &str) {
    assert_eq!(passed.reply, None, "nothing is refused");
    let others = |head: &Fields| -> Fields {
        let own = head.iter().filter(|(name, _)| name != but.as_bytes());
        own.cloned().collect()
    };
    let head = passed.head.as_ref().expect("the head goes on");
    assert_eq!(others(head), others(&came.head));
    let parts = came.body.iter().flatten();
    let body: Vec<u8> = parts.flat_map(|part| part.octets.clone()).collect();
    assert_eq!(passed.body, body);
    assert_eq!(passed.trailers, came.trailers.clone().unwrap_or_default());
}

fn check_said(outcome: &Outcome) {
    let holds = |text: &str, secret| text.to_lowercase().contains(secret);
    let is_repeated = |text: &str| holds(text, SECRET) || holds(text, NAME);
    for (name, value) in &outcome.facts {
        assert!(!is_repeated(value), "{name}: {value}");
        assert!(!value.contains(char::is_control), "{name}: {value:?}");
    }
    for name in outcome.counts.keys() {
        assert!(!is_repeated(name), "{name}");
    }
    let answers = [Some(&outcome.request), outcome.response.as_ref()];
    for reply in answers
        .into_iter()
        .flatten()
        .filter_map(|own| own.reply.as_ref())
    {
        let body = String::from_utf8_lossy(&reply.body);
        assert!(!holds(&body, SECRET), "{body}");
        for (name, value) in &reply.headers {
            let value = String::from_utf8_lossy(value);
            assert!(!is_repeated(&value), "{name}: {value}");
        }
    }
}

fuzz_target!(|input: Input| {
    let policy = input.policy.load();
    let whole = input.run(&policy, &[]);
    let (request, response) = input.messages(&[]);
    if let Some(reply) = &whole.request.reply {
        check_reply(reply, &request.head);
    }
    if input.policy.report {
        let own = "x-treaty-contract-violations";
        check_untouched(&whole.request, &request, "");
        let answered = whole.response.as_ref().expect("the client gets an answer");
        check_untouched(answered, &response, own);
    }
    check_said(&whole);
    for cuts in &input.cuts {
        assert_eq!(input.run(&policy, cuts), whole, "cut at {cuts:?}");
    }
});

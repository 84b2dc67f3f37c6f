//! Clients and judges that are not ours read what is refused.

use e2e::{
    Answer, ForeignClient, Note, Protocol, Request, Response, Rpc, Seen, lint, problem_violations,
};
use serde_json::{Value, json};

use crate::bench::{Bench, FORMS, bench, create, filter, new_case, order, policy};
use crate::calls::{self, frame};

const CREATE: &str = "/acme.orders.v2.Orders/CreateOrder";
const WATCH: &str = "/acme.orders.v2.Orders/WatchOrders";

/// An order whose `id` is 7, in protobuf.
const ORDER: &[u8] = b"\x0a\x017";

/// Answers a call with an order, in the protocol of the call.
fn succeed(request: &Seen) -> Answer {
    let kind = request.headers.text("content-type").unwrap_or_default();
    let answer = Answer::status(200).header("content-type", kind);
    match kind {
        "application/json" => answer.chunk(r#"{"id":"7"}"#),
        "application/proto" => answer.chunk(ORDER),
        // A stream of Connect ends with a message of its own.
        "application/connect+json" => {
            answer.chunk([frame(0, br#"{"id":"7"}"#), frame(2, b"{}")].concat())
        }
        "application/connect+proto" => answer.chunk([frame(0, ORDER), frame(2, b"{}")].concat()),
        _ if kind.starts_with("application/grpc-web") => {
            answer.chunk([frame(0, ORDER), frame(0x80, b"grpc-status: 0\r\n")].concat())
        }
        _ => answer.chunk(frame(0, ORDER)).trailer("grpc-status", "0"),
    }
}

#[test]
fn every_client_of_every_protocol_reads_which_field_breaks_the_contract() {
    let orders = calls::orders();
    let filters = FORMS.map(|form| (form, vec![filter(&calls::policy(&orders, form))]));
    let bench = Bench::with(&filters, Protocol::AsClient);
    bench.upstream.set_handler(succeed);
    let every = [
        &ForeignClient::GRPC[..],
        &ForeignClient::GRPC_WEB[..],
        &ForeignClient::CONNECT[..],
    ]
    .concat();
    let total = json!({"total": {"currency": "EUR", "minorUnits": "5"}});
    for form in FORMS {
        let address = bench.envoy.address(form);
        for client in &every {
            for (path, bad, field, reason, good) in [
                (
                    CREATE,
                    json!({"lines": ["hush-7f2c"]}),
                    "total",
                    "REQUIRED",
                    &total,
                ),
                (
                    WATCH,
                    json!({"count": -7}),
                    "count",
                    "INT32_GT",
                    &json!({"count": 2}),
                ),
            ] {
                let case = format!("{form}, {client:?}, {path}");
                let call = |message: &Value| {
                    let name = new_case();
                    let rpc = Rpc::new(path).message(message.clone());
                    let told = client.call(address, &rpc.metadata("x-case", &name));
                    (told, bench.reached(&name))
                };
                let (told, seen) = call(&bad);
                assert_eq!(told["code"], "INVALID_ARGUMENT", "{case}: {told}");
                let details = told["details"].as_array().unwrap();
                let bad_request = details
                    .iter()
                    .find(|own| own["type"] == "google.rpc.BadRequest");
                let violation = &bad_request.expect("a BadRequest")["fieldViolations"][0];
                assert_eq!(violation["field"], field, "{case}: {told}");
                assert_eq!(violation["reason"], reason, "{case}: {told}");
                assert!(!told.to_string().contains("hush"), "{case}: {told}");
                assert!(seen.len() <= usize::from(form == "streamed"), "{case}");
                assert!(seen.iter().all(|seen| seen.body.is_empty()), "{case}");

                let (told, seen) = call(good);
                assert_eq!(told["code"], "OK", "{case}: {told}");
                assert_eq!(told["messages"], 1, "{case}: {told}");
                assert_eq!(seen.len(), 1, "{case}");
            }
        }
    }
    bench.assert_well();
}

#[test]
fn every_client_is_told_that_a_method_is_not_part_of_the_contract() {
    // A contract of another service, so that all that the clients know is unknown to it.
    let chat = calls::chat();
    let bench = Bench::start(&FORMS.map(|form| (form, calls::policy(&chat, form))));
    let every = [
        &ForeignClient::GRPC[..],
        &ForeignClient::GRPC_WEB[..],
        &ForeignClient::CONNECT[..],
    ]
    .concat();
    for form in FORMS {
        for client in &every {
            let told = client.call(bench.envoy.address(form), &Rpc::new(CREATE));
            assert_eq!(told["code"], "UNIMPLEMENTED", "{form}, {client:?}: {told}");
        }
    }
    assert!(bench.upstream.seen().is_empty());
}

/// Asserts that a response is one that HTTP allows, and a problem (RFC 9457) that says what its
/// status line says.
fn assert_sound(method: &str, status: u16, response: &Response) -> Value {
    assert_eq!(response.status, status, "{}", response.text());
    assert!(response.complete, "{response:?}");
    let notes: Vec<_> = lint(method, response)
        .into_iter()
        .filter(|note| note.level == "BAD" && !is_offer(note))
        .collect();
    assert!(notes.is_empty(), "{notes:#?} in {response:?}");
    let media_type = response.headers.text("content-type");
    assert_eq!(media_type, Some("application/problem+json"), "{response:?}");
    let problem = response.json();
    assert_eq!(
        problem_violations(&problem),
        Vec::<String>::new(),
        "{problem}"
    );
    assert_eq!(problem["status"], status, "{problem}");
    problem
}

/// Whether a judge takes `Accept` or `Accept-Encoding` for fields of requests alone: RFC 9110
/// sections 12.5.1 and 12.5.3 have them in responses too, and section 15.5.16 for 415.
fn is_offer(note: &Note) -> bool {
    let fields = ["Accept", "Accept-Encoding"];
    let summaries = fields.map(|own| format!("\"{own}\" isn't valid in a response."));
    summaries.contains(&note.summary)
}

/// Asserts that each violation says where it is, and what is asked for.
fn assert_errors(problem: &Value) {
    let errors = problem["errors"].as_array().expect("a list of errors");
    assert!(!errors.is_empty(), "{problem}");
    for error in errors {
        for member in ["in", "detail", "keyword"] {
            assert!(error[member].is_string(), "{member}: {problem}");
        }
        let is_located = error["pointer"].is_string() || error["field"].is_string();
        // What is not declared has a name that the client made up.
        let is_whole = ["path", "method"].contains(&error["in"].as_str().unwrap())
            || error["keyword"] == "undeclared";
        assert!(is_located || is_whole, "{problem}");
    }
}

#[test]
fn a_judge_of_http_has_nothing_against_any_refusal() {
    let strict = json!({
        "unknownPath": "reject", "unknownMethod": "reject",
        "request": {"undeclared": "reject", "coded": "reject", "maxBody": "1KiB"},
    });
    let strict = Bench::start(&FORMS.map(|form| (form, policy(form, &strict))));
    let put = Request::new("PUT", "/orders/1").header("content-type", "application/json");
    let good = order().to_string();
    let cases = [
        (400, create("{")),
        (400, create("[".repeat(1000))),
        (400, Request::get("/orders/0?limit=x")),
        (400, Request::get("/orders/1?made-up=1")),
        (404, Request::get("/nowhere")),
        (405, Request::new("DELETE", "/orders/1")),
        (405, Request::new("PATCH", "/orders").chunk("{}")),
        (413, create("x".repeat(2000))),
        (
            415,
            Request::post("/orders", good.clone()).header("content-type", "text/csv"),
        ),
        (415, create("x").header("content-encoding", "br")),
        (
            422,
            create(r#"{"item":7,"count":0,"lines":["a"],"prices":{"a/b~c d%":"x"}}"#),
        ),
        (428, put.chunk(good)),
    ];
    for (status, request) in cases {
        for form in FORMS {
            for (http, client) in strict.clients(form) {
                let response = strict.send(&client, request.clone()).response;
                let problem = assert_sound(&request.method, status, &response);
                assert_errors(&problem);
                let has = |name: &str| response.headers.has(name);
                assert_eq!(has("allow"), status == 405, "{form}, {http}: {response:?}");
            }
        }
    }
    strict.assert_well();

    let settings = json!({"response": {"mode": "enforce", "sample": 100, "undeclared": "reject"}});
    let answering = Bench::start(&[("held", policy("held", &settings))]);
    let answer = |status| Answer::status(status).header("content-type", "application/json");
    for answer in [
        answer(201)
            .chunk("{}")
            .header("etag", "\"1\"")
            .header("cache-control", "max-age=60"),
        answer(201).chunk("{").chunk("}"),
        answer(418).chunk("short and stout"),
        answer(201),
        answer(201)
            .chunk("{}")
            .header("content-encoding", "identity")
            .trailer("x-end", "1"),
    ] {
        answering.upstream.set(answer);
        for (_, client) in answering.clients("held") {
            let response = answering
                .send(&client, create(order().to_string()))
                .response;
            let problem = assert_sound("POST", 502, &response);
            assert_eq!(problem["contract"], "shop", "{problem}");
            assert!(!response.headers.has("etag"), "{response:?}");
        }
    }
    answering.assert_well();
}

/// `HEAD` is answered as `GET` without a content (RFC 9110 section 9.3.2).
#[test]
fn a_refused_head_request_has_no_content() {
    let bench = bench();
    for form in FORMS {
        for (http, client) in bench.clients(form) {
            let outcome = bench.send(&client, Request::new("HEAD", "/orders/0"));
            let response = outcome.response;
            assert_eq!(
                (response.status, response.body.len()),
                (400, 0),
                "{form}, {http}"
            );
            let notes = lint("HEAD", &response);
            assert!(notes.iter().all(|note| note.level != "BAD"), "{notes:?}");
            assert!(outcome.reached.is_empty(), "{form}, {http}");
        }
    }
}

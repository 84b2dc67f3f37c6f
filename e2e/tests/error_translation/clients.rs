//! What the clients of gRPC and Connect read, and what those of plain HTTP get.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use e2e::{Answer, Client, ConnectProtocol, ForeignClient, Request, Response, Rpc, Seen};
use prost::Message;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt, pb};

use crate::bench::{FORMS, bench, rpc_to, to};
use crate::judge::{assert_sound, problem_of};

const FAIL: &str = "/acme.orders.v2.Orders/Fail";
const WATCH: &str = "/acme.orders.v2.Orders/WatchOrders";

/// Every client in every protocol that it speaks.
fn clients() -> impl Iterator<Item = ForeignClient> {
    [
        &ForeignClient::GRPC[..],
        &ForeignClient::GRPC_WEB,
        &ForeignClient::CONNECT,
    ]
    .concat()
    .into_iter()
}

/// Whether a client speaks the Connect protocol, whose table of statuses is its own.
fn speaks_connect(client: ForeignClient) -> bool {
    ForeignClient::CONNECT.contains(&client)
}

/// A status with each detail of google.rpc and one that no client knows.
fn status() -> Status {
    let mut details = ErrorDetails::new();
    details
        .set_retry_info(Some(Duration::from_millis(1500)))
        .set_debug_info(vec!["at crash.Now".to_owned()], "index out of range")
        .add_quota_failure_violation("project:7", "too many orders")
        .set_error_info(
            "ORDER_UNKNOWN",
            "orders.acme.example",
            HashMap::from([("order".to_owned(), "7".to_owned())]),
        )
        .add_precondition_failure_violation("TOS", "acme.example", "terms not accepted")
        .add_bad_request_violation("lines[0].sku", "is no article")
        .set_request_info("r-1", "served by shard 3")
        .set_resource_info("order", "orders/7", "team-orders", "is gone")
        .add_help_link("about orders", "https://docs.acme.example/orders")
        .set_localized_message("en", "There is no such order.");
    let known = Status::with_error_details(Code::NotFound, "no order 7: café", details);
    let unknown = b"\x1a\x26\x0a\x20type.googleapis.com/acme.Unknown\x12\x02\xff\x01";
    let octets = [known.details(), unknown].concat();
    Status::with_details(known.code(), known.message(), octets.into())
}

/// What of it leaves, by type: all but `DebugInfo` and `serving_data`.
fn left() -> Vec<Value> {
    sorted(vec![
        json!({"type": "google.rpc.RetryInfo", "retryDelay": "1.500s"}),
        json!({"type": "google.rpc.QuotaFailure", "violations": [
            {"subject": "project:7", "description": "too many orders"}
        ]}),
        json!({"type": "google.rpc.ErrorInfo", "reason": "ORDER_UNKNOWN",
            "domain": "orders.acme.example", "metadata": {"order": "7"}}),
        json!({"type": "google.rpc.PreconditionFailure", "violations": [
            {"type": "TOS", "subject": "acme.example", "description": "terms not accepted"}
        ]}),
        json!({"type": "google.rpc.BadRequest", "fieldViolations": [
            {"field": "lines[0].sku", "description": "is no article"}
        ]}),
        json!({"type": "google.rpc.RequestInfo", "requestId": "r-1"}),
        json!({"type": "google.rpc.ResourceInfo", "resourceType": "order",
            "resourceName": "orders/7", "owner": "team-orders", "description": "is gone"}),
        json!({"type": "google.rpc.Help", "links": [
            {"description": "about orders", "url": "https://docs.acme.example/orders"}
        ]}),
        json!({"type": "google.rpc.LocalizedMessage", "locale": "en",
            "message": "There is no such order."}),
        json!({"type": "acme.Unknown", "value": "/wE="}),
    ])
}

fn sorted(mut details: Vec<Value>) -> Vec<Value> {
    details.sort_by_key(|detail| detail["type"].to_string());
    details
}

fn details(decoded: &Value) -> Vec<Value> {
    sorted(decoded["details"].as_array().cloned().unwrap_or_default())
}

fn detail<'d>(decoded: &'d Value, name: &str) -> &'d Value {
    let details = decoded["details"].as_array().unwrap();
    let found = details.iter().find(|detail| detail["type"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {decoded}"))
}

/// The answer of a service that speaks the protocol of the request: so many empty messages, then
/// the status.
fn answer_in_kind(seen: &Seen, messages: usize, status: &Status) -> Answer {
    let asked = seen.headers.text("content-type").unwrap_or_default();
    let (protocol, _) = asked.split_once('+').unwrap_or((asked, ""));
    let empty = if asked.ends_with("+json") { "{}" } else { "" };
    let mut answer = Answer::default().header("content-type", asked);
    if status.code() == Code::Ok && !protocol.contains("connect") && !protocol.contains("grpc") {
        return answer.chunk(if asked.ends_with("json") { "{}" } else { "" });
    }
    for _ in 0..messages {
        answer = answer.chunk(frame(0, empty.as_bytes()));
    }
    match protocol {
        "application/grpc" if messages == 0 => put(answer, status, Answer::header),
        "application/grpc" => put(answer, status, Answer::trailer),
        "application/grpc-web" => {
            let lines = fields(status).map(|(name, value)| format!("{name}: {value}\r\n"));
            answer.chunk(frame(0x80, lines.concat().as_bytes()))
        }
        "application/connect" => {
            let end = match status.code() {
                Code::Ok => json!({}),
                _ => json!({"error": connect_error(status)}),
            };
            answer.chunk(frame(2, end.to_string().as_bytes()))
        }
        _ => Answer::status(404)
            .header("content-type", "application/json")
            .chunk(connect_error(status).to_string()),
    }
}

fn put(answer: Answer, status: &Status, put: fn(Answer, &str, String) -> Answer) -> Answer {
    fields(status)
        .into_iter()
        .fold(answer, |answer, (name, value)| put(answer, name, value))
}

/// The fields that carry the status in gRPC.
fn fields(status: &Status) -> [(&'static str, String); 3] {
    let message = kit::problem::encode_grpc_message(status.message());
    let details = BASE64_STANDARD_NO_PAD.encode(status.details());
    [
        ("grpc-status", (status.code() as i32).to_string()),
        ("grpc-message", message),
        ("grpc-status-details-bin", details),
    ]
}

/// The error of Connect. Each detail has a `debug`, which is whatever the server likes.
fn connect_error(status: &Status) -> Value {
    let packed = pb::Status::decode(status.details()).unwrap();
    let details: Vec<Value> = packed
        .details
        .iter()
        .map(|detail| {
            json!({
                "type": detail.type_url.rsplit('/').next(),
                "value": BASE64_STANDARD_NO_PAD.encode(&detail.value),
                "debug": {"of": "the server"},
            })
        })
        .collect();
    json!({"code": "not_found", "message": status.message(), "details": details})
}

/// A frame of gRPC, gRPC-Web or Connect.
fn frame(flags: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&[flags], &length.to_be_bytes()[..], content].concat()
}

#[test]
fn an_error_with_every_detail_arrives_with_all_that_are_for_clients() {
    let bench = bench();
    let case = bench.scripted(|seen| answer_in_kind(seen, 0, &status()));
    for (form, client) in FORMS
        .iter()
        .flat_map(|form| clients().map(move |own| (form, own)))
    {
        let decoded = case.call(client, form, &Rpc::new(FAIL));
        assert_eq!(
            decoded["code"], "NOT_FOUND",
            "{form}, {client:?}: {decoded}"
        );
        assert_eq!(decoded["message"], "no order 7: café", "{form}, {client:?}");
        assert_eq!(details(&decoded), left(), "{form}, {client:?}");
        assert!(!decoded.to_string().contains("shard 3"), "{decoded}");
    }
}

#[test]
fn a_stream_that_fails_delivers_its_messages_and_the_error() {
    let bench = bench();
    let case =
        bench.scripted(|seen| answer_in_kind(seen, 2, &status()).pace(Duration::from_millis(5)));
    for (form, client) in FORMS
        .iter()
        .flat_map(|form| clients().map(move |own| (form, own)))
    {
        let decoded = case.call(client, form, &Rpc::new(WATCH));
        assert_eq!(decoded["messages"], 2, "{form}, {client:?}: {decoded}");
        assert_eq!(
            decoded["code"], "NOT_FOUND",
            "{form}, {client:?}: {decoded}"
        );
        assert_eq!(details(&decoded), left(), "{form}, {client:?}");
    }
}

#[test]
fn a_stream_is_not_held_back_for_its_end() {
    let bench = bench();
    for media_type in [
        "application/grpc",
        "application/grpc-web",
        "application/connect+proto",
    ] {
        let case = bench
            .scripted(|seen| answer_in_kind(seen, 2, &status()).pace(Duration::from_millis(500)));
        for form in FORMS {
            let request = Request::post(WATCH, frame(0, b"")).header("content-type", media_type);
            let client = Client::http2(bench.envoy.address(form));
            let mut exchange = client.open(case.mark(request)).unwrap();
            exchange.finish();
            let begun = std::time::Instant::now();
            assert_eq!(exchange.next_chunk().unwrap(), Some(frame(0, b"")));
            assert!(
                begun.elapsed() < Duration::from_millis(450),
                "{form}, {media_type}"
            );
            exchange.rest().unwrap();
        }
    }
}

#[test]
fn a_success_passes_octet_for_octet_in_every_protocol() {
    let bench = bench();
    for media_type in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc-web+proto",
        "application/connect+json",
        "application/connect+proto",
        "application/json",
        "application/proto",
    ] {
        let case = bench.scripted(|seen| answer_in_kind(seen, 2, &Status::ok("")));
        let request = Request::post(WATCH, frame(0, b""))
            .header("content-type", media_type)
            .header("connect-protocol-version", "1");
        let plain = case.both("plain", &request);
        for form in FORMS {
            for (own, plain) in case.both(form, &request).iter().zip(&plain) {
                let shown = format!("{form}, {media_type}: {own:?}");
                assert_eq!((own.status, &own.body), (200, &plain.body), "{shown}");
                assert_eq!(own.trailers, plain.trailers, "{shown}");
                let is_stable = |(name, _): &&(String, Vec<u8>)| {
                    !["date", "x-envoy-upstream-service-time"].contains(&name.as_str())
                };
                let of = |response: &Response| -> Vec<_> {
                    response.headers.iter().filter(is_stable).cloned().collect()
                };
                assert_eq!(of(own), of(plain), "{shown}");
            }
        }
        assert_eq!(case.told()["outcome"], Value::Null, "a success is not told");
    }
    for client in clients() {
        let case = bench.scripted(|seen| answer_in_kind(seen, 1, &Status::ok("")));
        let decoded = case.call(client, "held", &Rpc::new(FAIL));
        assert_eq!(
            (&decoded["code"], &decoded["messages"]),
            (&json!("OK"), &json!(1))
        );
    }
}

/// An error as a service that speaks no RPC answers it, and what clients are to read.
struct Foreign {
    answer: Answer,
    grpc: &'static str,
    connect: &'static str,
    message: &'static str,
}

fn foreign() -> [Foreign; 6] {
    let of = |status: u16, media_type: &str, body: &str| {
        Answer::status(status)
            .header("content-type", media_type)
            .chunk(body)
    };
    [
        // A page of a proxy in front of the service: its words are not for clients.
        Foreign {
            answer: of(
                502,
                "text/html",
                "<html><title>502</title><h1>Bad Gateway: nginx</h1>",
            ),
            grpc: "UNAVAILABLE",
            connect: "UNAVAILABLE",
            message: "Bad Gateway",
        },
        // gin
        Foreign {
            answer: of(403, "application/json", r#"{"error":"not your order"}"#),
            grpc: "PERMISSION_DENIED",
            connect: "PERMISSION_DENIED",
            message: "not your order",
        },
        Foreign {
            answer: of(
                409,
                "application/problem+json",
                r#"{"type":"https://acme.example/late","title":"Too late","status":409,
                    "detail":"The order has left."}"#,
            ),
            grpc: "UNKNOWN",
            connect: "UNKNOWN",
            message: "The order has left.",
        },
        Foreign {
            answer: Answer::status(503),
            grpc: "UNAVAILABLE",
            connect: "UNAVAILABLE",
            message: "Service Unavailable",
        },
        // The tables of gRPC and Connect agree on all but 400.
        Foreign {
            answer: of(400, "text/plain", "no such sku"),
            grpc: "INTERNAL",
            connect: "INTERNAL",
            message: "no such sku",
        },
        Foreign {
            answer: of(429, "application/json", r#"{"message":"slow down"}"#),
            grpc: "UNAVAILABLE",
            connect: "UNAVAILABLE",
            message: "slow down",
        },
    ]
}

#[test]
fn an_error_of_a_service_that_speaks_no_rpc_reaches_every_client_as_a_status() {
    let bench = bench();
    for (row, form) in foreign()
        .iter()
        .flat_map(|row| FORMS.map(|form| (row, form)))
    {
        let case = bench.case(row.answer.clone());
        for (client, path) in clients().flat_map(|own| [(own, FAIL), (own, WATCH)]) {
            let decoded = case.call(client, form, &Rpc::new(path));
            let code = if speaks_connect(client) {
                row.connect
            } else {
                row.grpc
            };
            let shown = format!("{form}, {path}, {client:?}: {decoded}");
            assert_eq!(decoded["code"], code, "{shown}");
            assert_eq!(decoded["message"], row.message, "{shown}");
            assert_eq!(decoded["messages"], 0, "{shown}");
            assert!(detail(&decoded, "google.rpc.RequestInfo")["requestId"].is_string());
        }
        let status = row.answer.status;
        for response in case.both(form, &Request::get("/orders")) {
            let problem = problem_of(status, &response);
            let named = problem["detail"] == row.message || problem["title"] == row.message;
            assert!(named, "{problem}");
        }
    }
}

#[test]
fn a_call_of_connect_by_get_gets_an_error_of_connect() {
    let bench = bench();
    for row in foreign() {
        let case = bench.case(row.answer.clone());
        for form in FORMS {
            let path = format!("{FAIL}?connect=v1&encoding=json&message=%7B%7D");
            for response in case.both(form, &Request::get(&path)) {
                assert_sound("GET", &response);
                assert_eq!(response.status, row.answer.status, "{form}");
                assert_eq!(
                    response.headers.text("content-type"),
                    Some("application/json")
                );
                let error = response.json();
                assert_eq!(error["code"], row.connect.to_lowercase(), "{form}: {error}");
                assert_eq!(error["message"], row.message, "{form}: {error}");
            }
        }
    }
}

#[test]
fn the_catalogue_changes_code_reason_and_message() {
    let bench = bench();
    let plain = r#"{"code":"INSUFFICIENT_STOCK","message":"sku 17: 3 < 5"}"#;
    let foreign = Answer::status(409)
        .header("content-type", "application/json")
        .chunk(plain);
    let mut details = ErrorDetails::new();
    details.set_error_info("INSUFFICIENT_STOCK", "old.example", HashMap::new());
    let native = Status::with_error_details(Code::NotFound, "sku 17: 3 < 5", details);
    let cases = [
        bench.case(foreign.clone()),
        bench.scripted(move |seen| answer_in_kind(seen, 0, &native)),
    ];
    let message = "There are not enough items left of what was ordered.";
    for (form, case) in FORMS
        .iter()
        .flat_map(|form| cases.iter().map(move |case| (form, case)))
    {
        for client in clients() {
            let decoded = case.call(client, form, &Rpc::new(FAIL));
            let shown = format!("{form}, {client:?}: {decoded}");
            assert_eq!(decoded["code"], "FAILED_PRECONDITION", "{shown}");
            assert_eq!(decoded["message"], message, "{shown}");
            let info = detail(&decoded, "google.rpc.ErrorInfo");
            assert_eq!(info["reason"], "OUT_OF_STOCK", "{shown}");
            assert_eq!(info["domain"], "orders.example.com", "{shown}");
        }
        assert_eq!(case.told()["type"], "out-of-stock");
    }
    for form in FORMS {
        for response in cases[0].both(form, &Request::get("/orders")) {
            let problem = problem_of(409, &response);
            assert_eq!(problem["type"], "https://errors.example.com/out-of-stock");
            assert_eq!(problem["title"], "Out of stock");
            assert_eq!(problem["detail"], message);
            assert!(!response.text().contains("sku 17"));
        }
    }
}

#[test]
fn what_the_proxy_answers_itself_reaches_every_client_as_a_status() {
    let bench = bench();
    let late = Answer::default().delay(Duration::from_secs(2));
    for (route, code, status, kind, retryable) in [
        ("empty", "UNAVAILABLE", 503, "no-healthy-upstream", true),
        ("full", "UNAVAILABLE", 503, "overflow", true),
        ("refused", "UNAVAILABLE", 503, "connect-failure", true),
        // What happened at the service is unknown.
        ("slow", "DEADLINE_EXCEEDED", 504, "upstream-timeout", false),
    ] {
        let reason = kind.replace('-', "_").to_uppercase();
        let case = bench.case(late.clone());
        for (form, client) in FORMS
            .iter()
            .flat_map(|form| clients().map(move |own| (form, own)))
        {
            let decoded = case.call(client, form, &rpc_to(route, &Rpc::new(FAIL)));
            let shown = format!("{form}, {route}, {client:?}: {decoded}");
            assert_eq!(decoded["code"], code, "{shown}");
            let info = detail(&decoded, "google.rpc.ErrorInfo");
            assert_eq!(info["reason"], reason, "{shown}");
            assert_eq!(
                info["metadata"]["retryable"],
                retryable.to_string(),
                "{shown}"
            );
        }
        for form in FORMS {
            for response in case.both(form, &to(route, Request::get("/orders"))) {
                let problem = problem_of(status, &response);
                let uri = format!("https://errors.example.com/error-translation/{kind}");
                assert_eq!(problem["type"], uri);
                assert_eq!(problem["retryable"], true, "GET may be repeated");
            }
            let told = case.told();
            assert_eq!(
                (&told["type"], &told["source"]),
                (&json!(kind), &json!("proxy"))
            );
        }
    }
    bench.assert_alive();
}

#[test]
fn a_fixed_answer_is_for_clients_of_plain_http_alone() {
    let bench = bench();
    for form in FORMS {
        let case = bench.case(Answer::status(418).chunk("short and stout"));
        for response in case.both(form, &Request::get("/items")) {
            assert_sound("GET", &response);
            assert_eq!(
                (response.status, response.text().as_str()),
                (200, r#"{"items":[]}"#)
            );
            assert_eq!(response.headers.text("x-treaty-degraded"), Some("teapot"));
            assert_eq!(case.told()["outcome"], "degraded");
        }
        for client in [
            ForeignClient::GrpcGo,
            ForeignClient::ConnectNode(ConnectProtocol::Json),
        ] {
            let decoded = case.call(client, form, &Rpc::new(FAIL));
            assert_eq!(decoded["code"], "UNKNOWN", "{client:?}: {decoded}");
            assert_eq!(decoded["message"], "short and stout");
        }
    }
}

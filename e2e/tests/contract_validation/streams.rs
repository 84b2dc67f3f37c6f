//! Streams go on message by message, and each message is held to the contract.

use std::time::{Duration, Instant};

use e2e::{
    Answer, Client, Cluster, Config, ForeignClient, Listener, Peer, Protocol, Request, Response,
    Route, Rpc, Service, reserve_address,
};
use prost::Message;
use serde_json::{Value, json};
use tonic_types::pb;

use crate::bench::{self, Bench, CANARY, FORMS, filter, new_case, start, wait_until};
use crate::calls::{self, Dialect, chat, frame, line, policy};

/// How long whoever sends waits between two parts: far longer than a part takes through a proxy.
const PACE: Duration = Duration::from_millis(400);

fn chat_bench() -> Bench {
    let chat = chat();
    let filters = FORMS.map(|form| (form, vec![filter(&policy(&chat, form))]));
    Bench::with(&filters, Protocol::Http2)
}

/// The status of a call that was refused, as its dialect tells it: the code, and the fields and
/// reasons of its `BadRequest`.
fn refusal(dialect: Dialect, response: &Response) -> (String, Vec<(String, String)>) {
    if dialect == Dialect::Grpc {
        let fields = [&response.trailers, &response.headers];
        let field = |name: &str| fields.iter().find_map(|own| own.text(name));
        let details = decode(field("grpc-status-details-bin").unwrap_or_default());
        let status = pb::Status::decode(details.as_slice()).unwrap();
        let bad_request = status
            .details
            .iter()
            .find(|own| own.type_url.ends_with("BadRequest"));
        let code = field("grpc-status").unwrap_or_default().to_owned();
        return (
            code,
            violations(bad_request.map(|own| own.value.as_slice())),
        );
    }
    assert_eq!(response.body.first(), Some(&2), "{response:?}");
    let end: Value = serde_json::from_slice(&response.body[5..]).unwrap();
    let details = end["error"]["details"].as_array().unwrap();
    let bad_request = details
        .iter()
        .find(|own| own["type"] == "google.rpc.BadRequest");
    let value = bad_request.map(|own| decode(own["value"].as_str().unwrap()));
    let code = end["error"]["code"].as_str().unwrap().to_owned();
    (code, violations(value.as_deref()))
}

/// Base64 with or without padding, as both protocols have it.
fn decode(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD_NO_PAD
        .decode(text.trim_end_matches('='))
        .unwrap()
}

fn violations(bad_request: Option<&[u8]>) -> Vec<(String, String)> {
    let bad_request = pb::BadRequest::decode(bad_request.expect("a BadRequest")).unwrap();
    let violations = bad_request.field_violations.into_iter();
    violations.map(|own| (own.field, own.reason)).collect()
}

fn invalid_argument(dialect: Dialect) -> &'static str {
    if dialect == Dialect::Grpc {
        "3"
    } else {
        "invalid_argument"
    }
}

#[test]
fn the_third_message_of_a_stream_of_requests_is_refused_and_the_two_before_it_had_passed() {
    let bench = chat_bench();
    for form in FORMS {
        for dialect in Dialect::ALL {
            let case = new_case();
            let client = Client::http2(bench.envoy.address(form));
            let mut exchange = client
                .open(dialect.call("Upload").header("x-case", &case))
                .unwrap();
            let mut good = Vec::new();
            for text in ["one", "two"] {
                let line = dialect.line(text);
                exchange.push(line.clone());
                good.extend(line);
                wait_until("a message that is good is held", || {
                    bench
                        .reached(&case)
                        .first()
                        .is_some_and(|seen| seen.body == good)
                });
            }
            exchange.push(dialect.line(""));
            let response = exchange.rest().unwrap();
            let shown = format!("{form}, {dialect:?}: {response:?}");
            assert_eq!(response.status, 200, "{shown}");
            let (code, violations) = refusal(dialect, &response);
            assert_eq!(code, invalid_argument(dialect), "{shown}");
            assert_eq!(
                violations,
                [("text".to_owned(), "REQUIRED".to_owned())],
                "{shown}"
            );
            let reached = bench.reached(&case);
            assert_eq!(reached.len(), 1, "{shown}");
            assert_eq!(reached[0].body, good, "{shown}");
            bench.assert_broken_off(&reached[0], &shown);
        }
    }
    bench.assert_well();
}

/// The parts of a message that went before it was known are no message to anybody.
#[test]
fn a_bad_message_never_reaches_the_upstream_whole_wherever_it_is_cut() {
    let bench = chat_bench();
    bench.upstream.set(
        Answer::default()
            .header("content-type", "application/grpc")
            .chunk(Dialect::Grpc.line("done"))
            .trailer("grpc-status", "0"),
    );
    let (good, long) = (Dialect::Grpc.line("good"), "hush-7f2c".repeat(5));
    let client = Client::http2(bench.envoy.address("held"));
    for (last, is_good) in [("fine", true), (long.as_str(), false)] {
        let content = [&good[..], &Dialect::Grpc.line(last)].concat();
        for cut in 0..=content.len() {
            let (one, other) = content.split_at(cut);
            let case = format!("{last}, cut at {cut}");
            let outcome = bench.send_parts(&client, Dialect::Grpc.call("Upload"), &[one, other]);
            let trailers = [&outcome.response.trailers, &outcome.response.headers];
            let status = trailers.iter().find_map(|own| own.text("grpc-status"));
            if is_good {
                assert_eq!(status, Some("0"), "{case}: {:?}", outcome.response);
                let seen = &outcome.reached[0];
                assert!(seen.complete && seen.body == content, "{case}");
            } else {
                assert_eq!(status, Some("3"), "{case}: {:?}", outcome.response);
                // A stream that is reset at once may not even be seen.
                for seen in &outcome.reached {
                    assert!(seen.body.len() < content.len(), "{case}");
                    bench.assert_broken_off(seen, &case);
                    assert!(content.starts_with(&seen.body), "{case}");
                }
                assert!(
                    !format!("{:?}", outcome.response).contains("hush"),
                    "{case}"
                );
            }
        }
    }
    bench.assert_well();
}

#[test]
fn a_unary_call_with_a_bad_message_reaches_no_upstream() {
    let bench = chat_bench();
    for form in FORMS {
        let client = Client::http2(bench.envoy.address(form));
        for (case, content) in [
            ("required", frame(0, &line(""))),
            ("wire", frame(0, &[0x0a, 9])),
            ("utf8", frame(0, &[0x0a, 2, 0xff, 0xfe])),
            ("cut", frame(0, &line("cut"))[..6].to_vec()),
            ("flags", frame(0x42, &line("flags"))),
            ("none", Vec::new()),
            (
                "two",
                [frame(0, &line("one")), frame(0, &line("two"))].concat(),
            ),
        ] {
            let mut request = Dialect::Grpc.call("Say");
            if !content.is_empty() {
                request = request.chunk(content);
            }
            let outcome = bench.send(&client, request);
            let (code, _) = refusal(Dialect::Grpc, &outcome.response);
            assert_eq!(code, "3", "{form}, {case}: {:?}", outcome.response);
            assert!(
                outcome.reached.len() <= usize::from(form == "streamed"),
                "{form}, {case}"
            );
            assert!(
                outcome.reached.iter().all(|seen| seen.body.is_empty()),
                "{form}, {case}"
            );
        }
    }
    bench.assert_well();
}

#[test]
fn methods_that_nobody_serves_are_unimplemented() {
    let bench = chat_bench();
    for form in FORMS {
        let client = Client::http2(bench.envoy.address(form));
        for path in [
            "/chat.v1.Chat/Shout",
            "/chat.v2.Chat/Say",
            "/chat.v1.Chat",
            "/",
        ] {
            let request = Dialect::Grpc.call("Say").chunk(Dialect::Grpc.line("hello"));
            let outcome = bench.send(
                &client,
                Request {
                    path: path.to_owned(),
                    ..request
                },
            );
            let response = &outcome.response;
            let status = response
                .headers
                .text("grpc-status")
                .or(response.trailers.text("grpc-status"));
            assert_eq!(status, Some("12"), "{form}, {path}: {response:?}");
            assert!(outcome.reached.is_empty(), "{form}, {path}");
        }
    }
}

#[test]
fn messages_of_an_answer_arrive_as_they_are_sent_and_a_bad_one_is_told() {
    let bench = chat_bench();
    for (dialect, last) in [
        (Dialect::Grpc, None),
        (Dialect::ConnectProto, Some(frame(2, b"{}"))),
    ] {
        let lines = [dialect.line("one"), dialect.line(""), dialect.line("three")];
        let mut answer = Answer::default().header("content-type", dialect.media_type());
        answer = lines.iter().cloned().fold(answer, Answer::chunk).pace(PACE);
        answer = match last {
            Some(ref end) => answer.chunk(end.clone()),
            None => answer.trailer("grpc-status", "0"),
        };
        bench.upstream.set(answer);
        for form in FORMS {
            let client = Client::http2(bench.envoy.address(form));
            let (begun, case) = (Instant::now(), new_case());
            let request = dialect
                .call("Watch")
                .header("x-case", &case)
                .chunk(dialect.line("go"));
            let mut exchange = client.open(request).unwrap();
            exchange.finish();
            for (count, line) in (1..).zip(&lines) {
                let part = exchange.next_chunk().unwrap();
                assert_eq!(part.as_deref(), Some(&line[..]), "{form}, {dialect:?}");
                let waited = begun.elapsed();
                assert!(
                    waited < PACE * count,
                    "{form}, {dialect:?}: {count} took {waited:?}"
                );
            }
            let response = exchange.rest().unwrap();
            assert!(response.complete, "{form}, {dialect:?}");
            let ended = response.trailers.text("grpc-status") == Some("0");
            assert!(ended || dialect != Dialect::Grpc, "{form}: {response:?}");
            let told = bench.told.of(&case);
            assert_eq!(
                told["violations"], "response body required",
                "{form}, {dialect:?}: {told}"
            );
        }
    }
    bench.assert_well();
}

#[test]
fn a_bad_answer_of_a_unary_call_is_withheld() {
    let bench = chat_bench();
    let client = Client::http2(bench.envoy.address("held"));
    let answer = |content: Vec<u8>| {
        let answer = Answer::default().header("content-type", "application/grpc");
        answer.chunk(content).trailer("grpc-status", "0")
    };
    let call = || Dialect::Grpc.call("Say").chunk(Dialect::Grpc.line("hello"));
    for content in [
        Dialect::Grpc.line(""),
        Dialect::Grpc.line(&CANARY.repeat(6)),
        frame(0, &[0x0a, 0xff]),
        [Dialect::Grpc.line(CANARY), Dialect::Grpc.line(CANARY)].concat(),
    ] {
        bench.upstream.set(answer(content.clone()));
        let response = bench.send(&client, call()).response;
        let status = response
            .headers
            .text("grpc-status")
            .or(response.trailers.text("grpc-status"));
        assert_eq!(
            status,
            Some("13"),
            "{}: {response:?}",
            content.escape_ascii()
        );
        assert!(!format!("{response:?}").contains(CANARY), "{response:?}");
    }
    // A status that is told has no message, whether it is in trailers or in the head.
    let failed = Answer::default().header("content-type", "application/grpc");
    for answer in [
        failed.clone().chunk(Vec::new()).trailer("grpc-status", "5"),
        failed.header("grpc-status", "5"),
    ] {
        bench.upstream.set(answer);
        let response = bench.send(&client, call()).response;
        let status = response
            .headers
            .text("grpc-status")
            .or(response.trailers.text("grpc-status"));
        assert_eq!(status, Some("5"), "{response:?}");
    }
    bench.assert_well();
}

/// Who asks for more only once there is an answer would wait for ever if parts were held.
#[test]
fn both_directions_of_a_call_flow_at_once_and_a_bad_message_ends_both() {
    let bench = chat_bench();
    let lines = [Dialect::Grpc.line("one"), Dialect::Grpc.line("two")];
    let answer = Answer::default().header("content-type", "application/grpc");
    let answer = lines.iter().cloned().fold(answer, Answer::chunk).pace(PACE);
    bench
        .upstream
        .set_early_handler(move |_| answer.clone().trailer("grpc-status", "0"));
    for form in FORMS {
        let client = Client::http2(bench.envoy.address(form));
        for is_good in [true, false] {
            let case = new_case();
            let first = Dialect::Grpc.line("hello");
            let request = Dialect::Grpc
                .call("Talk")
                .header("x-case", &case)
                .chunk(first.clone());
            let mut exchange = client.open(request).unwrap();
            assert_eq!(
                exchange.next_chunk().unwrap().as_deref(),
                Some(&lines[0][..]),
                "{form}"
            );
            let second = Dialect::Grpc.line(if is_good { "again" } else { "" });
            exchange.push(second.clone());
            exchange.finish();
            let response = exchange.rest();
            let reached = bench.reached(&case).remove(0);
            if is_good {
                let response = response.unwrap();
                assert_eq!(response.trailers.text("grpc-status"), Some("0"), "{form}");
                assert_eq!(response.body, lines.concat(), "{form}");
                assert_eq!(reached.body, [first, second].concat(), "{form}");
            } else {
                // The head of the answer has gone, so the call ends as one that broke off.
                let ended = response.map(|own| own.trailers.text("grpc-status").map(str::to_owned));
                assert_ne!(ended.ok().flatten().as_deref(), Some("0"), "{form}");
                assert_eq!(reached.body, first, "{form}");
                bench.assert_broken_off(&reached, form);
                let told = bench.told.of(&case);
                assert_eq!(
                    told["violations"], "request body required",
                    "{form}: {told}"
                );
            }
        }
    }
    bench.assert_well();
}

#[test]
fn a_message_in_gzip_is_read_and_passes_as_it_came() {
    use std::io::Write;
    let bench = chat_bench();
    let gzip = |octets: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(octets).unwrap();
        encoder.finish().unwrap()
    };
    let answer = Answer::default().header("content-type", "application/grpc");
    bench.upstream.set(
        answer
            .chunk(Dialect::Grpc.line("ok"))
            .trailer("grpc-status", "0"),
    );
    for form in FORMS {
        let client = Client::http2(bench.envoy.address(form));
        for (case, content, expected) in [
            ("good", frame(1, &gzip(&line("good"))), "0"),
            ("plain among coded ones", frame(0, &line("good")), "0"),
            ("bad", frame(1, &gzip(&line(&CANARY.repeat(6)))), "3"),
            ("no gzip", frame(1, &line("good")), "3"),
            ("a bomb", frame(1, &gzip(&vec![0; 100 << 20])), "8"),
        ] {
            let request = Dialect::Grpc.call("Say").header("grpc-encoding", "gzip");
            let outcome = bench.send(&client, request.chunk(content.clone()));
            let response = &outcome.response;
            let status = response
                .headers
                .text("grpc-status")
                .or(response.trailers.text("grpc-status"));
            assert_eq!(status, Some(expected), "{form}, {case}: {response:?}");
            if expected == "0" {
                assert_eq!(outcome.reached[0].body, content, "{form}, {case}");
            } else {
                assert!(
                    outcome.reached.iter().all(|seen| seen.body.is_empty()),
                    "{form}, {case}"
                );
            }
        }
    }
    bench.assert_well();
}

#[test]
fn messages_of_the_real_service_come_one_by_one_to_every_client() {
    let service = Service::orders(Peer::at(reserve_address()));
    let mut config =
        Config::new().cluster(Cluster::new("orders", service.grpc()).protocol(Protocol::Http2));
    for form in FORMS {
        let listener = Listener::new(form).filter(filter(&policy(&calls::orders(), form)));
        config = config.listener(listener.route(Route::prefix("/", "orders")));
    }
    let envoy = start(config);
    let watch = "/acme.orders.v2.Orders/WatchOrders";
    for form in FORMS {
        let address = envoy.address(form);
        // {count: 3, interval_ms: 400}
        let request = Request::post(watch, frame(0, &[0x08, 3, 0x10, 0x90, 0x03]));
        let request = request
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        let mut exchange = Client::http2(address).open(request).unwrap();
        exchange.finish();
        exchange.next_chunk().unwrap().expect("a first message");
        let first = Instant::now();
        while exchange.next_chunk().unwrap().is_some() {}
        assert!(first.elapsed() > PACE, "{form}: all came at once");
        let response = exchange.rest().unwrap();
        assert_eq!(response.trailers.text("grpc-status"), Some("0"), "{form}");

        for client in ForeignClient::GRPC {
            let rpc = Rpc::new(watch).message(json!({"count": 4, "intervalMs": 20}));
            let told = client.call(address, &rpc);
            assert_eq!(
                (&told["code"], &told["messages"]),
                (&json!("OK"), &json!(4)),
                "{client:?}: {told}"
            );
        }
    }
    let counters = envoy.counters();
    let of = |outcome: &str| {
        let suffix = format!("direction=response;outcome={outcome}");
        let all = counters.iter().filter(|(name, _)| name.ends_with(&suffix));
        all.map(|(_, count)| count).sum::<u64>()
    };
    assert_eq!((of("valid"), of("invalid")), (12, 0), "{counters:?}");
}

#[test]
fn an_event_stream_passes_as_it_comes() {
    let settings = |mode: &str| json!({"response": {"mode": mode, "sample": 100}});
    let bench = Bench::start(&[
        ("held", bench::policy("held", &settings("enforce"))),
        ("streamed", bench::policy("streamed", &settings("report"))),
    ]);
    let answer = Answer::status(200).header("content-type", "text/event-stream");
    bench
        .upstream
        .set(answer.chunk("data: 1\n\n").chunk("data: 2\n\n").pace(PACE));
    for form in FORMS {
        for (http, client) in bench.clients(form) {
            let begun = Instant::now();
            let mut exchange = client.open(Request::get("/events")).unwrap();
            exchange.finish();
            let first = exchange.next_chunk().unwrap();
            assert_eq!(
                first.as_deref(),
                Some(&b"data: 1\n\n"[..]),
                "{form}, {http}"
            );
            assert!(
                begun.elapsed() < PACE,
                "{form}, {http}: {:?}",
                begun.elapsed()
            );
            assert_eq!(exchange.rest().unwrap().text(), "data: 1\n\ndata: 2\n\n");
        }
    }
    // A service that answers with events where its contract has an order is told at the head.
    let [(_, client), _] = bench.clients("streamed");
    let outcome = bench.send(&client, Request::get("/orders/1"));
    assert_eq!(outcome.response.text(), "data: 1\n\ndata: 2\n\n");
    assert_eq!(
        bench.told(&outcome)["violations"],
        "response header mediaType"
    );
}

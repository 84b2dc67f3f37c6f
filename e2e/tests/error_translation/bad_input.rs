//! What no honest upstream answers: it is never worse than the error as it came, never a hang, and
//! never the end of a VM.

use std::fs;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use e2e::{Answer, Client, Ending, Envoy, ForeignClient, Request, Rpc};
use serde_json::json;

use crate::bench::{Bench, FORMS, SOON, bench, to};
use crate::judge::{assert_readable, assert_sound, everything, problem, problem_of};

const FAIL: &str = "/acme.orders.v2.Orders/Fail";

/// The media types in which clients of RPC protocols ask.
const RPC: [&str; 6] = [
    "application/grpc",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/connect+json",
    "application/json",
    "application/proto",
];

/// More than any cap, and more than Envoy buffers.
const TEN_MEGABYTES: usize = 10 << 20;

fn post(media_type: &str) -> Request {
    Request::post(FAIL, [0; 5])
        .header("content-type", media_type)
        .header("connect-protocol-version", "1")
        .header("te", "trailers")
}

fn of(media_type: &str, content: impl Into<Vec<u8>>) -> Answer {
    Answer::status(500)
        .header("content-type", media_type)
        .chunk(content)
}

/// Contents that are not what their media types say, or not as they should be.
fn contents() -> Vec<Answer> {
    let json = [
        &br#"{"error":"#[..],
        br#"{"error":"cut o"#,
        br#"{"error":"twice"}{"error":"twice"}"#,
        br#"{"error":"\ud800"}"#,
        b"{\"error\":\"\xff\xfe\"}",
        b"{\"error\":\"\x00\x01\"}",
        b"\xef\xbb\xbf{\"error\":\"after a mark\"}",
        br#"{"error":1e999999,"code":99999999999999999999999999}"#,
        br#"{"error":{"code":"x","message":7,"status":[],"details":{"@type":3}}}"#,
        br#"{"error":{"code":404,"message":"m","status":"NOT_FOUND","details":[1,null,{"@type":"a"}]}}"#,
        br#"{"code":[],"message":{}}"#,
        br#"{"code":"not_found","message":null,"details":[{"type":1,"value":"!!!"}]}"#,
        br#"{"errors":[1,null,[],{"detail":2,"source":"x"}]}"#,
        br#"{"errors":{"a":{"b":[null]}}}"#,
        br#"{"":"","\u0000":1}"#,
        br#"{"type":7,"title":[],"status":"500","detail":{},"instance":null}"#,
        b"null",
        b"\"\"",
        b"nul",
        b"-",
    ];
    let mut answers: Vec<Answer> = ["application/json", "application/problem+json"]
        .iter()
        .flat_map(|media_type| json.map(|content| of(media_type, content)))
        .collect();
    let deep = |open: &str| open.repeat(5_000).into_bytes();
    answers.extend([
        of("application/json", deep("[")),
        of("application/json", deep("{\"a\":")),
        of("application/json", deep("[1,")),
        of("application/problem+xml", deep("<a>")),
        of("text/html", deep("<title>")),
        of("text/html", deep("<!--")),
        of("text/plain", deep("\n\t")),
        of("text/plain", deep("%")),
        of("text/plain", vec![0xff; 40_000]),
        of("text/html", b"<title>\xff\xfe</title>"),
        of(
            "application/problem+xml",
            "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>\
             <problem xmlns=\"urn:ietf:rfc:7807\"><title>&b;</title><status>x</status></problem>",
        ),
        of("application/octet-stream", vec![0; 1000]),
        of("application/json; charset=\"", "{}"),
        of("", "{\"error\":\"no media type\"}"),
        Answer::status(500)
            .header("content-type", b"\xff\xfe")
            .chunk("text"),
        Answer::status(503).chunk(" \r\n\t "),
        of("text/html", "<title>in parts</title>")
            .chunk("<p>")
            .trailer("grpc-status", "0"),
    ]);
    answers
}

#[test]
fn content_that_is_not_what_it_says_is_a_problem_all_the_same() {
    let bench = bench();
    for answer in contents() {
        let status = answer.status;
        let case = bench.case(answer.clone());
        for form in FORMS {
            for response in case.both(form, &Request::get("/orders")) {
                problem_of(status, &response);
            }
        }
        let client = Client::http2(bench.envoy.address("held"));
        let streamed = Client::http2(bench.envoy.address("streamed"));
        for media_type in RPC {
            assert_readable(media_type, &client.send(case.mark(post(media_type))));
            assert_readable(media_type, &streamed.send(case.mark(post(media_type))));
        }
    }
    bench.assert_alive();
}

#[test]
fn no_content_takes_long_to_read() {
    // With what JSON escapes, this stays below the cap.
    const LENGTH: usize = 30_000;
    let bench = bench();
    let mut slowest = (Duration::ZERO, String::new());
    for part in [
        "://",
        "at ",
        "@",
        "password=",
        "/a",
        "10.",
        "goroutine ",
        "\\n",
        "(",
        "::",
        "eyJ",
        "-----",
        "https://a:b@",
        "SELECT ",
        ".go:1 ",
        "a.b",
        "%41",
        "<title>",
        "<a ",
        "&amp;",
        "{\"a\":",
        "0x",
        "at a.b(c",
        "[redacted]",
        "\u{e9}",
        "ab12",
        "#0 /",
    ] {
        let text = part.repeat(LENGTH / part.len());
        let texts = vec![text.get(..300).unwrap_or(part); LENGTH / 310];
        let json = "application/json";
        for (media_type, content) in [
            ("text/plain", text.clone()),
            ("text/html", text.clone()),
            ("application/problem+xml", text.clone()),
            (json, json!({"error": text}).to_string()),
            (json, json!({"message": "m", "more": texts}).to_string()),
            (json, json!({"errors": texts}).to_string()),
        ] {
            let answer = Answer::status(400)
                .header("content-type", media_type)
                .chunk(content);
            let case = bench.case(answer);
            let mut took = Duration::ZERO;
            let response = timed(&mut took, || case.send("held", &Request::get("/orders")));
            problem_of(400, &response);
            slowest = slowest.max((took, format!("{media_type}: {part}")));
        }
    }
    assert!(slowest.0 < Duration::from_secs(2), "{slowest:?}");
}

#[test]
fn a_status_that_no_standard_knows_stays() {
    let bench = bench();
    for (status, form) in [419, 599, 999]
        .iter()
        .flat_map(|status| FORMS.map(|form| (status, form)))
    {
        let case = bench.case(Answer::status(*status).chunk("what"));
        for response in case.both(form, &Request::get("/orders")) {
            assert_eq!(response.status, *status);
            assert_eq!(response.json()["status"], *status);
        }
    }
}

#[test]
fn fields_of_grpc_that_are_malformed_hide_no_status() {
    let bench = bench();
    let status = |code: &str, message: &[u8], details: &[u8]| {
        Answer::default()
            .header("content-type", "application/grpc")
            .header("grpc-status", code)
            .header("grpc-message", message)
            .header("grpc-status-details-bin", details)
    };
    let not_a_status = BASE64_STANDARD.encode([0xff; 100]);
    for (answer, code, message) in [
        (status("5", b"gone", b"!!!"), "NOT_FOUND", "gone"),
        (status("5", b"gone", b"AAAA"), "NOT_FOUND", "gone"),
        (status("5", b"gone", b"\xff\xfe"), "NOT_FOUND", "gone"),
        (
            status("5", b"gone", not_a_status.as_bytes()),
            "NOT_FOUND",
            "gone",
        ),
        (status("5", b"50 % off", b""), "NOT_FOUND", "50 % off"),
        (status("5", b"%zz%4", b""), "NOT_FOUND", "%zz%4"),
        (status("5", b"%FF%FE", b""), "NOT_FOUND", "\u{fffd}\u{fffd}"),
        (status("5", b"\xe2\x80\x93", b""), "NOT_FOUND", "\u{2013}"),
        (status("77", b"what", b""), "UNKNOWN", "what"),
        (status("five", b"what", b""), "UNKNOWN", "what"),
        (status("-1", b"what", b""), "UNKNOWN", "what"),
    ] {
        let case = bench.case(answer.clone());
        for (form, client) in FORMS
            .iter()
            .flat_map(|form| ForeignClient::GRPC.map(|own| (form, own)))
        {
            let decoded = case.call(client, form, &Rpc::new(FAIL));
            let shown = format!("{form}, {client:?}, {answer:?}: {decoded}");
            assert_eq!(
                (&decoded["code"], &decoded["message"]),
                (&code.into(), &message.into()),
                "{shown}"
            );
        }
    }
    bench.assert_alive();
}

#[test]
fn frames_that_cannot_be_read_pass_as_they_are() {
    let bench = bench();
    for (media_type, content) in [
        (
            "application/grpc-web+proto",
            &b"\x80\x00\x00\xff\xffgrpc-status: 5\r\n"[..],
        ),
        ("application/grpc-web+proto", b"\x80\xff\xff\xff\xff"),
        ("application/grpc-web+proto", b"\x81\x00\x00\x00\x02ab"),
        ("application/grpc-web+proto", b"\x80\x00\x00"),
        ("application/grpc-web+proto", b"<html>"),
        ("application/grpc-web+proto", b""),
        ("application/grpc-web-text", b"gAAAAA8=!!!"),
        ("application/grpc-web-text", b"\xff\xfe"),
        (
            "application/connect+json",
            b"\x02\x00\x00\x00\x09{\"error\":",
        ),
        (
            "application/connect+json",
            b"\x02\x00\x00\x00\x0a\"no object\"",
        ),
        ("application/connect+json", b"\x03\x00\x00\x00\x02ab"),
        ("application/connect+json", b"\x02\xff\xff\xff\xff{}"),
        ("application/connect+json", b"\x00\x00\x00\x00"),
    ] {
        let answer = Answer::default().header("content-type", media_type);
        let whole = answer.clone().chunk(content);
        let octets = content
            .iter()
            .fold(answer, |answer, octet| answer.chunk([*octet]));
        for (form, answer) in FORMS
            .iter()
            .flat_map(|form| [(form, &whole), (form, &octets)])
        {
            let case = bench.case(answer.clone());
            for response in case.both(form, &post(media_type)) {
                assert_eq!(response.body, content, "{form}, {media_type}: {response:?}");
                assert!(response.complete);
            }
        }
    }
    bench.assert_alive();
}

/// Ten megabytes, with a length that is announced or not.
fn long(is_announced: bool) -> Answer {
    let half = vec![b'x'; TEN_MEGABYTES / 2];
    let answer = Answer::status(500).header("content-type", "text/plain");
    if is_announced {
        answer.chunk([half.clone(), half].concat())
    } else {
        answer.chunk(half.clone()).chunk(half)
    }
}

#[test]
fn ten_megabytes_pass_or_are_replaced_as_the_policy_says() {
    let bench = bench();
    for (form, is_announced) in FORMS.iter().flat_map(|form| [(form, true), (form, false)]) {
        // To judge so much takes the judge longer than the exchange.
        let mut took = Duration::ZERO;
        let case = bench.case(long(is_announced));
        let request = Request::get("/orders");
        for response in timed(&mut took, || case.both(form, &request)) {
            // The head of a problem has gone before the streamed form can know.
            if *form == "streamed" && !is_announced {
                problem_of(500, &response);
                assert_eq!(case.told()["outcome"], "translated");
            } else {
                assert_sound("GET", &response);
                assert_eq!(
                    (response.status, response.body.len()),
                    (500, TEN_MEGABYTES),
                    "{form}"
                );
                assert_eq!(response.headers.text("content-type"), Some("text/plain"));
                assert_eq!(case.told()["outcome"], "left_alone_over_cap");
            }
        }
        let case = bench.case(long(is_announced));
        let request = request.header("x-over-cap", "replace");
        for response in timed(&mut took, || case.both(form, &request)) {
            let problem = problem_of(500, &response);
            assert_eq!(problem["title"], "Internal Server Error", "{form}");
            assert_eq!(case.told()["outcome"], "translated");
        }
        // Clients of RPC protocols read the outcome, however long the page is.
        let client = Client::http2(bench.envoy.address(form));
        for media_type in [
            "application/grpc",
            "application/connect+json",
            "application/proto",
        ] {
            let request = post(media_type).header("x-over-cap", "replace");
            let response = timed(&mut took, || client.send(case.mark(request)));
            assert_readable(media_type, &response);
        }
        assert!(took < SOON, "{form}, {is_announced}: {took:?}");
    }
    bench.assert_alive();
}

fn timed<T>(took: &mut Duration, exchange: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = exchange();
    *took += begun.elapsed();
    result
}

#[test]
fn an_error_that_breaks_off_leaks_nothing_and_hangs_nobody() {
    let bench = bench();
    let secret = "panic: at the core\ngoroutine 1 [running]:";
    let parts = |answer: Answer| answer.chunk(secret).chunk(secret);
    let broken = |answer: Answer| parts(answer).ending(Ending::Reset);
    let plain = Answer::status(500).header("content-type", "text/plain");
    for (route, answer) in [
        ("", broken(plain.clone())),
        ("", broken(plain.clone().header("content-length", "1000"))),
        (
            "",
            broken(plain.clone().header("content-type", "application/json")),
        ),
        ("slow", parts(plain).pace(Duration::from_secs(3))),
    ] {
        let case = bench.case(answer);
        let request = to(route, Request::get("/orders"));
        let begun = Instant::now();
        for response in case.both("held", &request) {
            // No filter sees it: the config of Envoy says it in the words of the same policy.
            assert!((502..=504).contains(&response.status), "{response:?}");
            assert!(!everything(&response).contains("goroutine"), "{response:?}");
            problem(&response);
        }
        for response in case.both("streamed", &request) {
            // The head is that of a problem, and the rest never came. Over HTTP/2 older versions of
            // Envoy reset a stream without an error, which looks like its end.
            let is_broken = !response.complete || response.body.is_empty();
            assert!(is_broken, "{response:?}");
            assert!(!everything(&response).contains("goroutine"), "{response:?}");
        }
        assert!(begun.elapsed() < SOON);
    }
    bench.assert_alive();
}

#[test]
fn a_client_that_goes_away_takes_nobody_with_it() {
    let bench = bench();
    let answer = of("text/plain", "panic: ").chunk("more").chunk("and more");
    let case = bench.case(answer.pace(Duration::from_millis(20)));
    for (form, media_type) in FORMS.iter().flat_map(|form| RPC.map(|own| (form, own))) {
        let client = Client::http2(bench.envoy.address(form));
        for pause in [0, 10, 30] {
            let mut exchange = client.open(case.mark(post(media_type))).unwrap();
            exchange.finish();
            std::thread::sleep(Duration::from_millis(pause));
            drop(exchange);
        }
    }
    bench.assert_alive();
}

#[test]
fn a_flood_of_header_fields_is_no_obstacle() {
    let bench = bench();
    let flood = |status: u16, content: &str| {
        let mut answer = Answer::status(status).header("content-type", "text/plain");
        for index in 0..90 {
            let mut value = vec![b'v'; 360];
            value[index] = 0x80 | u8::try_from(index).unwrap();
            answer = answer.header(&format!("x-flood-{index}"), value);
        }
        if content.is_empty() {
            answer
        } else {
            answer.chunk(content)
        }
    };
    for (form, content) in FORMS.iter().flat_map(|form| [(form, "gone"), (form, "")]) {
        let case = bench.case(flood(404, content));
        // Over HTTP/1.1, because the client takes no more than 16 KiB of a head over HTTP/2.
        let mut response = case.send(form, &Request::get("/orders"));
        let value = response.headers.get("x-flood-7").unwrap();
        assert_eq!((value.len(), value[7]), (360, 0x87), "{form}, {content:?}");
        let all = response.headers.len();
        response
            .headers
            .0
            .retain(|(name, _)| !name.starts_with("x-flood-"));
        assert_eq!(all - response.headers.len(), 90, "{form}, {content:?}");
        problem_of(404, &response);
        for media_type in RPC {
            let mut response = case.send(form, &post(media_type));
            response
                .headers
                .0
                .retain(|(name, _)| !name.starts_with("x-flood-"));
            assert_readable(media_type, &response);
        }
    }
    bench.assert_alive();
}

/// The resident memory of an Envoy, in mebibytes.
fn memory(envoy: &Envoy) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", envoy.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.unwrap().trim().trim_end_matches(" kB");
    kibibytes.parse::<u64>().unwrap() / 1024
}

#[test]
fn a_thousand_errors_at_once_are_a_thousand_problems() {
    const CLIENTS: usize = 10;
    const EACH: usize = 100;
    let bench = Bench::start();
    let case = bench.case(
        Answer::status(500)
            .header("content-type", "application/json")
            .chunk(format!(r#"{{"error":"{}"}}"#, "no ".repeat(15_000)))
            .delay(Duration::from_secs(1)),
    );
    let round = |form: &'static str| {
        let together = Arc::new(Barrier::new(CLIENTS));
        std::thread::scope(|threads| {
            for _ in 0..CLIENTS {
                let client = Client::http2(bench.envoy.address(form));
                let together = Arc::clone(&together);
                let case = &case;
                threads.spawn(move || {
                    together.wait();
                    let open = |_| client.open(case.mark(Request::get("/orders"))).unwrap();
                    let mut exchanges: Vec<_> = (0..EACH).map(open).collect();
                    exchanges.iter_mut().for_each(e2e::Exchange::finish);
                    for exchange in exchanges {
                        let response = exchange.rest().unwrap();
                        assert_eq!(response.status, 500, "{}", response.text());
                        assert_eq!(response.json()["status"], 500);
                    }
                });
            }
        });
    };
    let begun = Instant::now();
    FORMS.into_iter().for_each(round);
    let after_first = memory(&bench.envoy);
    FORMS.into_iter().for_each(round);
    let after_second = memory(&bench.envoy);
    assert!(begun.elapsed() < 3 * SOON, "{:?}", begun.elapsed());
    // A thousand contents of 45 KiB in a VM and in Envoy's buffers, and what V8 needs anyway.
    assert!(after_first < 600, "{after_first} MiB");
    assert!(
        after_second < after_first + 100,
        "{after_first} MiB, then {after_second} MiB"
    );
    bench.assert_alive();
}

#[test]
fn contents_that_are_too_long_are_not_kept() {
    let bench = Bench::start();
    let cases = [true, false].map(|is_announced| bench.case(long(is_announced)));
    let round = || {
        for (form, case) in FORMS
            .iter()
            .flat_map(|form| cases.iter().map(move |case| (form, case)))
        {
            for policy in ["leave", "replace"] {
                let request = Request::get("/orders").header("x-over-cap", policy);
                case.both(form, &request);
            }
        }
    };
    round();
    let after_first = memory(&bench.envoy);
    (0..3).for_each(|_| round());
    let after_more = memory(&bench.envoy);
    assert!(
        after_more < after_first + 50,
        "{after_first} MiB, then {after_more} MiB"
    );
    bench.assert_alive();
}

#[test]
fn an_id_of_a_request_is_repeated_only_where_it_is_one() {
    let bench = bench();
    let case = bench.case(Answer::status(500).chunk("x"));
    for (id, is_one) in [
        (&b"7f2c2c62-6d0e-4f5e-9a6e-0a3c5f1f6a11"[..], true),
        (b"a\"b<script>", true),
        (b"a b", false),
        (b"\xff\xfe", false),
        (&[b'x'; 129], false),
    ] {
        for form in FORMS {
            let response = case.send(form, &Request::get("/orders").header("x-request-id", id));
            let problem = problem(&response);
            let told = problem["requestId"].as_str().unwrap();
            assert_eq!(told.as_bytes() == id, is_one, "{form}: {problem}");
        }
    }
}

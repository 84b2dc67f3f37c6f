//! What reaches an upstream of requests that break their contract, wherever they are cut.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use e2e::{Answer, Protocol, Request, Response, parse_response};
use serde_json::{Value, json};

use crate::bench::{
    Bench, CANARY, FORMS, bench, create, filter, first_error, new_case, order, policy,
};

/// Some two hundred octets, of which the last number decides whether the contract is kept.
fn content(count: u32) -> Vec<u8> {
    let note = format!("{CANARY} \u{e9}\u{1f600} {}", "x".repeat(120));
    let order = json!({"item": "tea \"green\"", "lines": [1, 2, 3], "note": note});
    let text = order.to_string();
    let open = text.strip_suffix('}').unwrap();
    format!("{open},\"count\":{count}}}").into_bytes()
}

fn head() -> Request {
    Request::new("POST", "/orders").header("content-type", "application/json")
}

#[test]
fn frames_of_a_content_that_is_cut_anywhere_reach_the_upstream_whole_or_not_at_all() {
    let bench = bench();
    for form in FORMS {
        for (http, client) in bench.clients(form) {
            for (count, is_good) in [(100, true), (101, false)] {
                let content = content(count);
                for cut in 0..=content.len() {
                    let (one, other) = content.split_at(cut);
                    let case = format!("{form}, {http}, {count}, cut at {cut}");
                    let outcome = bench.send_parts(&client, head(), &[one, other]);
                    if is_good {
                        outcome.assert_passed(&content, &case);
                    } else {
                        outcome.assert_refused(form, 422, "invalid-content", &case);
                    }
                }
                let octets: Vec<&[u8]> = content.chunks(1).collect();
                let outcome = bench.send_parts(&client, head(), &octets);
                if is_good {
                    outcome.assert_passed(&content, "octet by octet");
                } else {
                    outcome.assert_refused(form, 422, "invalid-content", "octet by octet");
                }
            }
        }
    }
    bench.assert_well();
}

/// A client of HTTP may write both chunks at once; here they come in packets of their own.
#[test]
fn chunks_that_come_one_after_the_other_reach_the_upstream_whole_or_not_at_all() {
    let bench = bench();
    for form in FORMS {
        for (count, is_good) in [(100, true), (101, false)] {
            let content = content(count);
            for cut in 1..content.len() {
                let case = new_case();
                let (one, other) = content.split_at(cut);
                let response = slowly(
                    &bench,
                    form,
                    &case,
                    &[&chunk(one), &chunk(other), b"0\r\n\r\n"],
                );
                let reached = bench.reached(&case);
                let shown = format!("{form}, {count}, cut at {cut}: {}", response.text());
                if is_good {
                    assert_eq!(response.status, 200, "{shown}");
                    assert!(reached.len() == 1 && reached[0].body == content, "{shown}");
                } else {
                    assert_eq!(response.status, 422, "{shown}");
                    assert!(reached.iter().all(|seen| seen.body.is_empty()), "{shown}");
                    assert!(reached.len() <= usize::from(form == "streamed"), "{shown}");
                }
            }
        }
    }
    bench.assert_well();
}

/// In HTTP/1.1, a chunk (RFC 9112 section 7.1).
fn chunk(octets: &[u8]) -> Vec<u8> {
    let size = format!("{:x}\r\n", octets.len());
    [size.as_bytes(), octets, b"\r\n"].concat()
}

/// Sends a head, and then each of these parts in a packet of its own.
fn slowly(bench: &Bench, form: &str, case: &str, parts: &[&[u8]]) -> Response {
    let mut stream = TcpStream::connect(bench.envoy.address(form)).unwrap();
    stream.set_nodelay(true).unwrap();
    let head = format!(
        "POST /orders HTTP/1.1\r\nhost: treaty.test\r\nconnection: close\r\nx-case: {case}\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    for part in parts {
        std::thread::sleep(Duration::from_micros(300));
        // A refusal may have come already.
        let _ = stream.write_all(part);
    }
    read_answer(&mut stream)
}

/// Reads up to the end of an answer.
fn read_answer(stream: &mut TcpStream) -> Response {
    use std::io::Read;
    stream.set_read_timeout(Some(crate::bench::SOON)).unwrap();
    let (mut octets, mut part) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(response) = parse_response(&octets).filter(|response| response.complete) {
            return response;
        }
        match stream.read(&mut part) {
            Ok(count @ 1..) => octets.extend(&part[..count]),
            end => panic!("{end:?} after {}", octets.escape_ascii()),
        }
    }
}

#[test]
fn the_upstream_speaks_its_own_http_and_sees_no_more_of_a_refused_request() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let filters = FORMS.map(|form| (form, vec![filter(&policy(form, &json!({})))]));
        let bench = Bench::with(&filters, protocol);
        for form in FORMS {
            for (http, client) in bench.clients(form) {
                let case = format!("{http} to {protocol:?}");
                let bad = content(101);
                let outcome = bench.send(&client, create(bad.clone()));
                let problem = outcome.assert_refused(form, 422, "invalid-content", &case);
                assert_eq!(problem["errors"][0]["pointer"], "#/count", "{problem}");
                let (one, other) = bad.split_at(100);
                let outcome = bench.send_parts(&client, head(), &[one, other]);
                outcome.assert_refused(form, 422, "invalid-content", &case);
                let good = content(100);
                bench
                    .send(&client, create(good.clone()))
                    .assert_passed(&good, &case);
            }
        }
        bench.assert_well();
    }
}

/// What the head alone says is refused at the head, whichever the form.
#[test]
fn a_request_whose_head_breaks_the_contract_reaches_no_upstream() {
    let bench = bench();
    let get = Request::get;
    let put = |id: &str| Request::new("PUT", id).header("content-type", "application/json");
    let good = order().to_string();
    let cases = [
        (
            "no number in the path",
            get("/orders/hush-7f2c"),
            400,
            "invalid-parameters",
            ("path", "type"),
        ),
        (
            "too small an id",
            get("/orders/0"),
            400,
            "invalid-parameters",
            ("path", "minimum"),
        ),
        (
            "too large a limit",
            get("/orders/1?limit=101"),
            400,
            "invalid-parameters",
            ("query", "maximum"),
        ),
        (
            "a limit twice",
            get("/orders/1?limit=1&limit=2"),
            400,
            "invalid-parameters",
            ("query", "malformed"),
        ),
        (
            "no escape",
            get("/orders/1?tag=%zz"),
            400,
            "invalid-parameters",
            ("query", "malformed"),
        ),
        (
            "a cookie",
            get("/orders/1").header("cookie", "session=hush-7f2c"),
            400,
            "invalid-parameters",
            ("cookie", "type"),
        ),
        (
            "no condition",
            put("/orders/1").chunk(good.clone()),
            428,
            "precondition-required",
            ("header", "required"),
        ),
        (
            "no media type",
            Request::post("/orders", good.clone()),
            415,
            "unsupported-media-type",
            ("header", "mediaType"),
        ),
        (
            "another media type",
            Request::post("/orders", good).header("content-type", "text/csv"),
            415,
            "unsupported-media-type",
            ("header", "mediaType"),
        ),
    ];
    for (case, request, status, reason, error) in cases {
        for form in FORMS {
            for (_, client) in bench.clients(form) {
                let outcome = bench.send(&client, request.clone());
                let problem = outcome.assert_refused(form, status, reason, case);
                assert_eq!(first_error(&problem), error, "{case}: {problem}");
                assert!(outcome.reached.is_empty(), "{form}, {case}");
                let told = bench.told(&outcome);
                assert_eq!(told["upstream"], Value::Null, "{case}: {told}");
            }
        }
    }
    bench.assert_well();
}

#[test]
fn a_client_that_asks_first_whether_to_send_is_answered_and_its_content_is_held_to_the_contract() {
    let bench = bench();
    for form in FORMS {
        for (count, status) in [(100, 200), (101, 422)] {
            let content = content(count);
            let case = new_case();
            let head = format!(
                "POST /orders HTTP/1.1\r\nhost: treaty.test\r\nconnection: close\r\nx-case: {case}\r\n\
                 expect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                content.len()
            );
            let mut stream = TcpStream::connect(bench.envoy.address(form)).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            std::thread::sleep(Duration::from_millis(20));
            stream.write_all(&content).unwrap();
            assert_eq!(read_answer(&mut stream).status, status, "{form}");
            let reached = bench.reached(&case);
            assert_eq!(
                reached.iter().any(|seen| !seen.body.is_empty()),
                status == 200,
                "{form}"
            );
        }
    }
}

/// Of what is no JSON, fields of forms and the number of octets are held to the contract.
#[test]
fn forms_and_files_that_break_the_contract_reach_the_upstream_no_more_than_json_does() {
    let bench = bench();
    let form_of = |content: &[u8]| {
        let request = Request::post("/forms", content);
        request.header("content-type", "application/x-www-form-urlencoded")
    };
    let file = |length: usize| {
        let request = Request::post("/files", vec![0xff; length]);
        request.header("content-type", "application/octet-stream")
    };
    let in_parts = |length: usize| {
        let request = Request::new("POST", "/files");
        let request = request.header("content-type", "application/octet-stream");
        vec![0xff; length].chunks(100).fold(request, Request::chunk)
    };
    let refused = [
        (
            "a count in letters",
            form_of(b"item=tea&count=hush-7f2c"),
            422,
            "type",
        ),
        ("no count", form_of(b"item=hush-7f2c"), 422, "required"),
        (
            "no escape",
            form_of(b"item=hush-7f2c%zz&count=1"),
            400,
            "malformed",
        ),
        (
            "a count twice",
            form_of(b"item=hush-7f2c&count=1&count=2"),
            400,
            "malformed",
        ),
        (
            "no UTF-8",
            form_of(b"item=hush-7f2c%ff&count=1"),
            400,
            "malformed",
        ),
        ("a file that is too long", file(1001), 422, "maxLength"),
        (
            "a file in parts that is too long",
            in_parts(1001),
            422,
            "maxLength",
        ),
        ("no file", file(0), 400, "missing"),
    ];
    let passed = [
        form_of(b"item=tea&count=2"),
        form_of(b"count=100&item=%F0%9F%98%80+%26&unknown=1"),
        file(1000),
        in_parts(1000),
        file(1),
    ];
    for form in FORMS {
        for (http, client) in bench.clients(form) {
            for (case, request, status, keyword) in &refused {
                let reason = if *status == 422 {
                    "invalid-content"
                } else {
                    "malformed-content"
                };
                let case = format!("{http}, {case}");
                let outcome = bench.send(&client, request.clone());
                let problem = outcome.assert_refused(form, *status, reason, &case);
                assert_eq!(
                    first_error(&problem),
                    ("body", *keyword),
                    "{case}: {problem}"
                );
            }
            for request in &passed {
                let content = request.body.concat();
                bench
                    .send(&client, request.clone())
                    .assert_passed(&content, http);
            }
        }
    }
    bench.assert_well();
}

/// Both forms withhold an answer that is to be refused only where its head has not gone on, so the
/// streamed form reports: see `modes`.
#[test]
fn an_answer_that_breaks_its_contract_is_replaced_wherever_it_is_cut() {
    let settings = json!({"response": {"mode": "enforce", "sample": 100}});
    let bench = Bench::start(&[("held", policy("held", &settings))]);
    for (count, is_good) in [(100, true), (101, false)] {
        let content = content(count);
        for cut in 0..=content.len() {
            let (one, other) = content.split_at(cut);
            let answer = Answer::status(201).header("content-type", "application/json");
            bench.upstream.set(answer.chunk(one).chunk(other));
            for (http, client) in bench.clients("held") {
                let outcome = bench.send(&client, create(order().to_string()));
                let case = format!("{http}, {count}, cut at {cut}");
                let response = &outcome.response;
                assert!(response.complete, "{case}");
                if is_good {
                    assert_eq!(response.status, 201, "{case}: {}", response.text());
                    assert!(response.body == content, "{case}: {}", response.text());
                } else {
                    assert_eq!(response.status, 502, "{case}: {}", response.text());
                    let problem = response.json();
                    assert_eq!(problem["contract"], "shop", "{problem}");
                    assert!(!response.text().contains(CANARY), "{case}");
                    assert!(!response.text().contains("maximum"), "{case}");
                }
            }
        }
    }
    bench.assert_well();
}

//! The rest of HTTP around an error: what stays, what goes, and what is left alone.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use e2e::{
    Answer, Client, Cluster, Config, Envoy, Listener, Options, Protocol, Request, Response, Route,
    Upstream, WasmFilter, parse_response, raw,
};
use serde_json::{Value, json};

use crate::bench::{Bench, Case, FORMS, SOON, bench, filter, policy, to};
use crate::judge::{assert_sound, problem_of};

/// The fields of a head that differ from one exchange to the next.
const OF_THE_MOMENT: [&str; 2] = ["date", "x-envoy-upstream-service-time"];

/// The fields in which clients say what encodings they know.
const ENCODINGS: [&str; 3] = [
    "accept-encoding",
    "connect-accept-encoding",
    "grpc-accept-encoding",
];

fn error(status: u16) -> Answer {
    Answer::status(status)
        .header("content-type", "application/json")
        .chunk(r#"{"error":"refused"}"#)
}

fn get() -> Request {
    Request::get("/orders")
}

/// Asserts that the filter leaves the answer of a case as it is without it, and says why.
fn assert_left_alone(case: &Case<'_>, request: &Request, why: &str) {
    let plain = case.both("plain", request);
    for _ in &plain {
        case.told();
    }
    for form in FORMS {
        for (own, plain) in case.both(form, request).iter().zip(&plain) {
            assert_same(own, plain);
            let outcome = case.told()["outcome"].clone();
            assert_eq!(outcome, format!("left_alone_{why}"), "{form}: {own:?}");
        }
    }
}

fn assert_same(own: &Response, plain: &Response) {
    let fields = |response: &Response| -> Vec<(String, Vec<u8>)> {
        let mut fields = response.headers.0.clone();
        fields.retain(|(name, _)| !OF_THE_MOMENT.contains(&name.as_str()));
        fields.sort();
        fields
    };
    assert_eq!(own.status, plain.status, "{own:?}");
    assert_eq!(fields(own), fields(plain));
    assert_eq!(own.body, plain.body, "{own:?}");
    assert_eq!(own.trailers, plain.trailers);
    assert_eq!(own.complete, plain.complete);
}

/// An upstream that answers with the first of these first, and so on, and then with the last.
fn one_after_another(bench: &Bench, answers: Vec<Answer>) -> Case<'_> {
    let count = AtomicU32::new(0);
    bench.scripted(move |_| {
        let index = count.fetch_add(1, Ordering::Relaxed) as usize;
        answers[index.min(answers.len() - 1)].clone()
    })
}

#[test]
fn a_retry_that_succeeds_is_no_error() {
    let bench = bench();
    for form in FORMS {
        let case = one_after_another(&bench, vec![error(503), Answer::default().chunk("served")]);
        let response = case.send(form, &to("retried", get()));
        assert_eq!(
            (response.status, response.text().as_str()),
            (200, "served"),
            "{form}"
        );
        assert_eq!(case.told()["outcome"], Value::Null, "{form}");
        assert_eq!(case.seen().len(), 2, "{form}");
    }
}

#[test]
fn the_last_of_all_tries_is_the_one_that_is_told() {
    let bench = bench();
    for form in FORMS {
        let last = Answer::status(502).chunk(r#"{"message":"third"}"#);
        let last = last.header("content-type", "application/json");
        let case = one_after_another(&bench, vec![error(503), error(503), last]);
        let response = case.send(form, &to("retried", get()));
        assert_eq!(problem_of(502, &response)["detail"], "third", "{form}");
        assert_eq!(case.seen().len(), 3, "{form}");
    }
}

#[test]
fn what_has_no_content_by_its_nature_is_left_alone() {
    let bench = bench();
    let head = Request::new("HEAD", "/orders");
    for status in [404, 500] {
        let case = bench.case(error(status));
        assert_left_alone(&case, &head, "no_content");
        assert_sound("HEAD", &case.send("held", &head));
    }
    for status in [204, 304] {
        let case = bench.case(Answer::status(status).header("etag", "\"1\""));
        let plain = case.send("plain", &get());
        for form in FORMS {
            assert_same(&case.send(form, &get()), &plain);
        }
    }
}

#[test]
fn what_may_not_be_changed_is_left_alone() {
    let bench = bench();
    let gzip =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\x56\x4a\x2d\x2a\xca\x2f\x52\xb2\x52\x00";
    for (answer, why) in [
        (
            error(500).header("cache-control", "private, No-Transform"),
            "no_transform",
        ),
        (error(500).header("content-encoding", "gzip"), "encoded"),
        (
            Answer::status(500)
                .header("content-encoding", "gzip")
                .chunk(*gzip),
            "encoded",
        ),
        (error(416).header("content-range", "bytes */100"), "range"),
        (
            Answer::status(503)
                .header("content-type", "text/event-stream")
                .chunk("event: error\ndata: {}\n\n"),
            "stream",
        ),
    ] {
        let answer = answer
            .header("etag", "\"1\"")
            .header("content-language", "en");
        assert_left_alone(&bench.case(answer), &get(), why);
    }
}

#[test]
fn encodings_are_withheld_where_the_policy_says_so() {
    let bench = bench();
    let request = |media_type: &str, policy: &str| {
        let request = Request::post("/orders", [0; 5])
            .header("content-type", media_type)
            .header("x-encoding", policy);
        ENCODINGS
            .iter()
            .fold(request, |request, name| request.header(name, "gzip"))
    };
    for (media_type, withheld) in [
        ("text/plain", vec!["accept-encoding"]),
        // Its outcome stands in trailers, which nothing encodes.
        ("application/grpc", vec!["accept-encoding"]),
        (
            "application/grpc-web+proto",
            vec!["accept-encoding", "grpc-accept-encoding"],
        ),
        (
            "application/connect+json",
            vec!["accept-encoding", "connect-accept-encoding"],
        ),
    ] {
        for form in FORMS {
            let case = bench.case(error(409));
            case.send(form, &request(media_type, "keep"));
            case.send(form, &request(media_type, "withhold"));
            let [kept, other] = &case.seen()[..] else {
                panic!("two requests")
            };
            let is_gone = |name: &&&str| kept.headers.has(name) && !other.headers.has(name);
            let gone: Vec<_> = ENCODINGS.iter().filter(is_gone).copied().collect();
            assert_eq!(gone, withheld, "{form}, {media_type}");
        }
    }
}

#[test]
fn what_is_said_beside_the_content_stays() {
    let bench = bench();
    let kept = [
        (401, "www-authenticate", "Bearer realm=\"orders\""),
        (405, "allow", "GET, HEAD"),
        (407, "proxy-authenticate", "Basic realm=\"edge\""),
        (413, "retry-after", "17"),
        (426, "upgrade", "h2c"),
        (429, "ratelimit-policy", "\"default\";q=10;w=60"),
        (503, "retry-after", "Wed, 21 Oct 2037 07:28:00 GMT"),
        (500, "vary", "origin"),
        (500, "cache-control", "max-age=3"),
        (410, "deprecation", "@1704067200"),
        (404, "x-request-cost", "3"),
    ];
    for (status, name, value) in kept {
        let bare = Answer::status(status).header(name, value);
        let both = [error(status).header(name, value), bare];
        for (form, answer) in FORMS
            .iter()
            .flat_map(|form| both.iter().map(move |own| (form, own)))
        {
            // An answer with `upgrade` is taken for a stream where it has a content.
            if name == "upgrade" && !answer.body.is_empty() {
                continue;
            }
            for response in bench.case(answer.clone()).both(form, &get()) {
                if name == "upgrade" && !response.headers.has(name) {
                    // HTTP/2 has no upgrade (RFC 9113 section 8.2.2).
                    continue;
                }
                let shown = format!("{form}: {response:?}");
                assert_eq!(response.status, status, "{shown}");
                assert!(
                    response
                        .headers
                        .all(name)
                        .any(|own| own == value.as_bytes()),
                    "{shown}"
                );
            }
        }
    }
}

#[test]
fn cookies_stay_each_in_a_field_of_its_own() {
    let bench = bench();
    let cookies = |answer: Answer| {
        let answer = answer.header("set-cookie", "a=1; Path=/; HttpOnly");
        answer.header("set-cookie", "b=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT")
    };
    for answer in [cookies(error(403)), cookies(Answer::status(403))] {
        for form in FORMS {
            for response in bench.case(answer.clone()).both(form, &get()) {
                problem_of(403, &response);
                let cookies: Vec<_> = response.headers.all("set-cookie").collect();
                assert_eq!(cookies.len(), 2, "{form}: {response:?}");
                assert!(cookies[0].starts_with(b"a=1") && cookies[1].starts_with(b"b=2"));
            }
        }
    }
}

#[test]
fn what_was_said_about_the_old_content_goes() {
    let bench = bench();
    let gone = [
        ("etag", "\"1\""),
        ("last-modified", "Wed, 21 Oct 2015 07:28:00 GMT"),
        ("content-language", "en"),
        ("content-location", "/errors/1"),
        (
            "content-digest",
            "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
        ),
        (
            "repr-digest",
            "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
        ),
        (
            "digest",
            "sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
        ),
        ("content-md5", "Q2hlY2sgSW50ZWdyaXR5IQ=="),
        ("accept-ranges", "bytes"),
        ("content-disposition", "attachment"),
    ];
    let with = |answer: Answer| {
        gone.iter()
            .fold(answer, |answer, (name, value)| answer.header(name, value))
    };
    let trailed = error(500)
        .trailer("content-digest", "sha-256=:X48E9qOo:")
        .trailer("x-cost", "1");
    for answer in [with(error(500)), with(Answer::status(500)), with(trailed)] {
        for form in FORMS {
            for response in bench
                .case(answer.clone())
                .both(form, &get().header("te", "trailers"))
            {
                problem_of(500, &response);
                for (name, _) in gone {
                    let is_there = response.headers.has(name) || response.trailers.has(name);
                    assert!(!is_there, "{form}: {name} in {response:?}");
                }
                let cost = response.trailers.text("x-cost");
                assert_eq!(
                    cost.is_some(),
                    !answer.trailers.is_empty(),
                    "{form}: {response:?}"
                );
            }
        }
    }
}

#[test]
fn internal_fields_never_leave_whatever_the_answer_is() {
    let bench = bench();
    let with = |answer: Answer| {
        answer
            .header("x-powered-by", "PHP/5.3")
            .header("x-internal-shard", "7")
            .header("X-Internal-Host", "ip-10-0-3-7.ec2.internal")
            .header("x-internals", "stay")
    };
    let page = Answer::default()
        .header("content-type", "text/event-stream")
        .chunk("data: 1\n\n");
    let encoded = error(500).header("content-encoding", "gzip");
    let call = Answer::default()
        .header("content-type", "application/grpc")
        .header("grpc-status", "5");
    for answer in [
        Answer::default().chunk("served"),
        Answer::status(204),
        Answer::status(301).header("location", "/"),
        error(500),
        Answer::status(500),
        page,
        encoded,
        call,
    ] {
        let case = bench.case(with(answer));
        for form in FORMS {
            for response in case.both(form, &get()) {
                let names: Vec<_> = response
                    .headers
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .collect();
                let is_internal =
                    |name: &&str| *name == "x-powered-by" || name.starts_with("x-internal-");
                assert!(!names.iter().any(is_internal), "{form}: {response:?}");
                assert!(names.contains(&"x-internals"), "{form}: {response:?}");
            }
        }
    }
}

#[test]
fn a_preflight_that_is_refused_keeps_what_browsers_ask_for() {
    let bench = bench();
    let request = Request::new("OPTIONS", "/orders")
        .header("origin", "https://shop.example.com")
        .header("access-control-request-method", "DELETE");
    let cors = [
        ("access-control-allow-origin", "https://shop.example.com"),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "x-request-id"),
        ("vary", "origin"),
    ];
    let with = |answer: Answer| {
        cors.iter()
            .fold(answer, |answer, (name, value)| answer.header(name, value))
    };
    for answer in [with(error(403)), with(Answer::status(403))] {
        for form in FORMS {
            for response in bench.case(answer.clone()).both(form, &request) {
                problem_of(403, &response);
                for (name, value) in cors {
                    assert_eq!(
                        response.headers.text(name),
                        Some(value),
                        "{form}: {response:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_event_stream_that_ends_with_an_error_passes_as_it_comes() {
    let bench = bench();
    let answer = Answer::default()
        .header("content-type", "text/event-stream")
        .chunk("data: 1\n\n")
        .chunk("event: error\ndata: panic: at the core\n\n")
        .pace(Duration::from_millis(500));
    for form in FORMS {
        let case = bench.case(answer.clone());
        let client = Client::http1(bench.envoy.address(form));
        let begun = Instant::now();
        let mut exchange = client.open(case.mark(get())).unwrap();
        exchange.finish();
        assert_eq!(
            exchange.next_chunk().unwrap().as_deref(),
            Some(&b"data: 1\n\n"[..])
        );
        assert!(begun.elapsed() < Duration::from_millis(450), "{form}");
        let response = exchange.rest().unwrap();
        assert!(
            response.complete && response.text().ends_with("core\n\n"),
            "{response:?}"
        );
    }
}

#[test]
fn an_upgrade_that_is_refused_is_a_problem_and_one_that_is_not_is_a_tunnel() {
    let bench = bench();
    let refused = bench.case(error(403));
    for form in FORMS {
        let request = get()
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let response = refused.send(form, &request);
        assert_eq!(problem_of(403, &response)["detail"], "refused", "{form}");
    }
    // The upstream does not upgrade, but another answer of it is no reason to hang.
    for form in FORMS {
        let octets = b"GET /orders HTTP/1.1\r\nhost: treaty.test\r\nconnection: upgrade, close\r\n\
                       upgrade: websocket\r\n\r\n";
        let begun = Instant::now();
        let answer = raw(bench.envoy.address(form), octets, SOON);
        assert_eq!(
            parse_response(&answer).map(|answer| answer.status),
            Some(200),
            "{form}"
        );
        assert!(begun.elapsed() < SOON, "{form}");
    }
}

#[test]
fn an_early_refusal_of_a_long_request_is_a_problem() {
    let upstream = Upstream::start();
    upstream.set_early_handler(|_| error(413).header("retry-after", "9"));
    let listener = |form: &str| {
        let listener = Listener::new(form).filter(filter(form, &policy(form)));
        listener.route(Route::prefix("/", "upstream"))
    };
    let config = FORMS.iter().fold(Config::new(), |config, form| {
        config.listener(listener(form))
    });
    let cluster = Cluster::new("upstream", upstream.address()).protocol(Protocol::Http2);
    let envoy = Envoy::start(config.cluster(cluster), &Options::default()).unwrap();
    for form in FORMS {
        let client = Client::http2(envoy.address(form));
        let mut exchange = client
            .open(Request::post("/orders", vec![b'x'; 10_000]))
            .unwrap();
        assert_eq!(exchange.response().unwrap().status, 413, "{form}");
        exchange.finish();
        let response = exchange.rest().unwrap();
        assert_eq!(problem_of(413, &response)["detail"], "refused", "{form}");
        assert_eq!(response.headers.text("retry-after"), Some("9"), "{form}");
    }
}

#[test]
fn a_connection_goes_on_after_a_problem() {
    let bench = bench();
    for form in FORMS {
        let cases = [
            bench.case(error(500)),
            bench.case(Answer::status(500).chunk("in ").chunk("parts")),
            bench.case(Answer::status(503)),
            bench.case(Answer::default().chunk("served")),
        ];
        let request = |case: &Case<'_>, connection: &str| {
            let case = case.name();
            let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx-case: {case}\r\n");
            format!("{head}connection: {connection}\r\n\r\n")
        };
        let [first @ .., last] = &cases;
        let mut octets: String = first
            .iter()
            .map(|case| request(case, "keep-alive"))
            .collect();
        octets += &request(last, "close");
        let received = raw(bench.envoy.address(form), octets.as_bytes(), SOON);
        let received = String::from_utf8(received).unwrap();
        let answers: Vec<_> = received
            .split_inclusive("HTTP/1.1 ")
            .skip(1)
            .map(|answer| format!("HTTP/1.1 {}", answer.trim_end_matches("HTTP/1.1 ")))
            .map(|answer| parse_response(answer.as_bytes()).unwrap())
            .collect();
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [500, 500, 503, 200], "{form}: {received}");
        for answer in &answers[..3] {
            problem_of(answer.status, answer);
        }
        assert_eq!(answers[3].text(), "served");
    }
}

#[test]
fn a_redirect_and_a_success_pass_as_they_are() {
    let bench = bench();
    for answer in [
        Answer::default().chunk("panic: this is a success\ngoroutine 1 [running]:"),
        Answer::default()
            .header("content-type", "application/problem+json")
            .chunk(r#"{"status":500,"detail":"10.0.0.1"}"#),
        Answer::status(206)
            .header("content-range", "bytes 0-1/9")
            .chunk("ab"),
        Answer::status(302)
            .header("location", "/elsewhere")
            .chunk("<h1>Found</h1>"),
        Answer::status(399).chunk("what"),
        Answer::default()
            .chunk("chunk")
            .chunk("by chunk")
            .trailer("x-trailer", "1"),
    ] {
        let case = bench.case(answer);
        let plain = case.both("plain", &get());
        for form in FORMS {
            for (own, plain) in case.both(form, &get()).iter().zip(&plain) {
                assert_same(own, plain);
            }
        }
    }
}

#[test]
fn an_occurrence_has_the_ids_of_its_request() {
    let bench = bench();
    let id = "7f2c2c62-6d0e-4f5e-9a6e-0a3c5f1f6a11";
    let request = get().header("x-request-id", id).header(
        "traceparent",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    );
    for answer in [error(500), Answer::status(500)] {
        let case = bench.case(answer);
        for response in FORMS.iter().flat_map(|form| case.both(form, &request)) {
            let problem = problem_of(500, &response);
            assert_eq!(problem["requestId"], id);
            assert_eq!(problem["instance"], format!("urn:uuid:{id}"));
            assert_eq!(problem["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
        }
    }
}

#[test]
fn secrets_are_masked_in_the_log_too() {
    let bench = bench();
    let text = "panic: cannot log in with password=hunter2hunter2 at db\n\ngoroutine 1 [running]:\n\
                main.main()\n\t/app/main.go:12 +0x1d";
    let case = bench.case(Answer::status(500).chunk(text));
    for form in FORMS {
        let id = format!("masked-{form}");
        problem_of(500, &case.send(form, &get().header("x-request-id", &id)));
        bench.envoy.wait_for_log(&format!("request={id} "), SOON);
        let log = bench.envoy.log();
        let line = log.lines().find(|line| line.contains(&id)).unwrap();
        assert!(
            line.contains("main.main()") && !line.contains("hunter2"),
            "{line}"
        );
    }
}

#[test]
fn what_happened_is_counted() {
    let bench = bench();
    let get = || get().header("x-counted", "yes");
    let trace = Answer::status(500).chunk("goroutine 1 [running]:");
    for form in FORMS {
        bench.case(error(409)).send(form, &get());
        bench
            .case(Answer::status(500))
            .send(form, &to("empty", get()));
        bench
            .case(error(500).header("content-encoding", "br"))
            .send(form, &get());
        bench.case(trace.clone()).send(form, &get());
    }
    let counters = bench.envoy.counters();
    let counted: Vec<_> = counters
        .iter()
        .filter(|(name, _)| name.contains("treaty_error") && name.contains("service=counting"))
        .map(|(name, value)| {
            let label = |label: &str| {
                let of = |part: &str| Some(part.strip_prefix(label)?.strip_prefix('=')?.to_owned());
                name.split(';').find_map(of).unwrap_or_default()
            };
            json!([
                label("type"),
                label("source"),
                label("class"),
                label("outcome"),
                label("redaction"),
                value
            ])
        })
        .collect();
    for expected in [
        json!(["upstream", "upstream", "4xx", "translated", "", 2]),
        json!(["upstream", "upstream", "5xx", "translated", "", 2]),
        json!(["no-healthy-upstream", "proxy", "5xx", "translated", "", 2]),
        json!(["unread", "unread", "5xx", "left_alone_encoded", "", 2]),
        json!(["", "", "", "", "goPanic", 2]),
    ] {
        assert!(counted.contains(&expected), "no {expected} in {counted:?}");
    }
}

#[test]
fn an_id_that_is_made_up_is_the_same_in_the_head_and_in_the_content() {
    let upstream = Upstream::start();
    upstream.set(error(503));
    let policy = json!({
        "version": 1,
        "mode": "enforce",
        "form": "streamed",
        "rules": [{"name": "all", "settings": {
            "links": [{"rel": "help", "href": "https://help.example.com/{requestId}"}],
        }}],
    });
    let listener = Listener::new("no-ids")
        .with(json!({"generate_request_id": false}))
        .filter(WasmFilter::new("error-translation").policy(&policy.to_string()))
        .route(Route::prefix("/", "upstream"));
    let config = Config::new()
        .listener(listener)
        .cluster(Cluster::new("upstream", upstream.address()));
    let envoy = Envoy::start(config, &Options::default()).unwrap();
    let client = Client::http1(envoy.address("no-ids"));
    let ids: Vec<String> = [get(), get()]
        .map(|request| {
            let response = client.send(request);
            let problem: Value = serde_json::from_slice(&response.body).unwrap();
            let id = problem["requestId"].as_str().unwrap();
            let link = format!("<https://help.example.com/{id}>; rel=\"help\"");
            assert_eq!(response.headers.text("link"), Some(link.as_str()));
            id.to_owned()
        })
        .into();
    assert_ne!(ids[0], ids[1]);
}

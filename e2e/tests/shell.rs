//! The contract that filters are written against, in a real Envoy: bodies, call-outs, timers and
//! replies, by way of the probe (`e2e/modules/probe`), whose requests say what it is to do.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use e2e::{
    AccessLog, Answer, Client, Cluster, Config, Ending, Envoy, Listener, Options, Protocol,
    Request, Response, Route, Upstream, WasmFilter, dist, parse_response, raw,
};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(5);

/// One Envoy with the probe in held form (`held`) and in streamed form (`streamed`), an upstream
/// behind it, and a helper that the probe may call.
struct Bench {
    upstream: Upstream,
    helper: Upstream,
    envoy: Envoy,
    log: AccessLog,
}

impl Bench {
    fn new() -> Self {
        Self::with(1, 0)
    }

    /// With this many workers, and with an upkeep of this period in milliseconds.
    fn with(workers: u32, upkeep: u32) -> Self {
        let upstream = Upstream::start();
        upstream.set_handler(|seen| {
            let mut answer = Answer::status(200)
                .header("x-probe-unwanted", "1")
                .header("content-type", "text/plain");
            if seen.path.contains("length") {
                answer = answer.header("content-length", seen.body.len().to_string());
            }
            answer.chunk(seen.body.clone())
        });
        let helper = Upstream::start();
        let log = AccessLog::new();
        let listener = |name: &str, held: bool| {
            let policy = json!({"version": 1, "held": held, "cluster": "helper", "upkeep": upkeep});
            let filter = WasmFilter::new("probe")
                .module(&dist().join("test/probe.wasm"))
                .policy(&policy.to_string());
            let filter = if held { filter.holding_heads() } else { filter };
            Listener::new(name)
                .filter(filter)
                .route(Route::prefix("/", "upstream"))
                .access_log(
                    &log,
                    json!({
                        "details": "%RESPONSE_CODE_DETAILS%",
                        "seen": "%FILTER_STATE(wasm.treaty.probe_seen:PLAIN)%",
                        "refusal": "%FILTER_STATE(wasm.treaty.refusal:PLAIN)%",
                        "reply": "%FILTER_STATE(wasm.treaty.reply:PLAIN)%",
                    }),
                )
        };
        let config = Config::new()
            .listener(listener("held", true))
            .listener(listener("streamed", false))
            .cluster(Cluster::new("upstream", upstream.address()).protocol(Protocol::AsClient))
            .cluster(Cluster::new("helper", helper.address()).protocol(Protocol::Http2));
        let options = Options {
            concurrency: workers,
            ..Options::default()
        };
        let envoy = Envoy::start(config, &options).unwrap();
        Self {
            upstream,
            helper,
            envoy,
            log,
        }
    }

    fn send(&self, listener: &str, request: Request) -> Response {
        Client::http2(self.envoy.address(listener)).send(request)
    }

    fn log_line(&mut self) -> Value {
        self.log.next_line(SOON).expect("a line in the access log")
    }
}

impl Bench {
    /// What the probe tells upstream in a field.
    fn told(&self, listener: &str, words: &str, field: &str) -> String {
        self.send(listener, probe(Request::get("/"), words));
        let seen = self.upstream.take_seen();
        seen[0].headers.text(field).unwrap_or_default().to_owned()
    }

    /// The same of many requests at once, over a connection each.
    fn told_at_once(&self, count: usize, words: &str, field: &str) -> Vec<String> {
        const CLIENTS: usize = 16;
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    for _ in 0..count / CLIENTS {
                        self.send("streamed", probe(Request::get("/"), words));
                    }
                });
            }
        });
        let seen = self.upstream.take_seen().into_iter();
        seen.map(|seen| seen.headers.text(field).unwrap_or_default().to_owned())
            .collect()
    }
}

fn probe(request: Request, words: &str) -> Request {
    request.header("x-probe", words)
}

const BOTH: [&str; 2] = ["held", "streamed"];

#[test]
fn a_request_that_asks_for_nothing_passes_as_it_is() {
    let bench = Bench::new();
    for listener in BOTH {
        let response = bench.send(
            listener,
            Request::post("/", "bad").header("x-raw", b"\xff\xfe"),
        );

        assert_eq!((response.status, response.text().as_str()), (200, "bad"));
        let seen = bench.upstream.take_seen();
        assert_eq!(seen[0].headers.get("x-raw"), Some(&b"\xff\xfe"[..]));
        assert!(!seen[0].headers.has("x-probe-seen"));
    }
}

#[test]
fn a_refused_body_in_held_form_never_reaches_the_upstream() {
    let mut bench = Bench::new();
    let response = bench.send(
        "held",
        probe(Request::post("/", "a ").chunk("bad").chunk(" one"), "hold"),
    );

    assert_eq!(response.status, 400);
    assert_eq!(response.headers.text("x-probe-refused"), Some("bad_body"));
    assert_eq!(response.text(), "refused: bad_body\n");
    assert!(bench.upstream.take_seen().is_empty());
    let line = bench.log_line();
    assert_eq!(line["details"], "treaty.probe.bad_body");
    assert_eq!(line["refusal"], "probe.bad_body");
}

#[test]
fn a_refused_body_in_streamed_form_is_not_seen_by_the_upstream() {
    let bench = Bench::new();
    let client = Client::http2(bench.envoy.address("streamed"));
    let mut exchange = client
        .open(probe(Request::post("/", "a bad"), "hold"))
        .unwrap();
    bench.upstream.wait_for_seen(1, SOON);
    exchange.push(" one");
    exchange.finish();

    let response = exchange.rest().unwrap();
    assert_eq!(response.status, 400);
    assert_eq!(response.text(), "refused: bad_body\n");
    let seen = bench.upstream.take_seen();
    assert!(
        seen[0].body.is_empty(),
        "the head has gone on, and nothing else"
    );
}

#[test]
fn a_replaced_body_has_its_own_length() {
    let bench = Bench::new();
    for listener in BOTH {
        for client in [Client::http1, Client::http2] {
            let request = probe(Request::post("/", "please swap this"), "hold")
                .header("content-length", "16");
            let response = client(bench.envoy.address(listener)).send(request);

            assert_eq!(response.text(), "please exchange this");
            let seen = bench.upstream.take_seen();
            assert_eq!(seen[0].body, b"please exchange this");
            let length = seen[0].headers.text("content-length");
            let expected = (listener == "held").then_some("20");
            assert_eq!(
                length, expected,
                "a length that is no longer true is not told"
            );
        }
    }
}

#[test]
fn a_body_over_the_cap_streams_on_unseen() {
    let bench = Bench::new();
    let long = "bad ".repeat(50);
    for listener in BOTH {
        for announced in [false, true] {
            let mut request = Request::post("/", &long[..100]).chunk(&long[100..]);
            if announced {
                request = request.header("content-length", "200");
            }
            let response = bench.send(listener, probe(request, "hold=120"));

            assert_eq!(
                (response.status, response.text()),
                (200, long.clone()),
                "{listener}"
            );
            let seen = bench.upstream.take_seen();
            let told = seen[0].headers.text("x-probe-body");
            let expected = (listener == "held").then_some("not held");
            assert_eq!(told, expected, "{listener}");
        }
    }
}

#[test]
fn a_body_that_ends_in_trailers_is_held_to_its_end() {
    let bench = Bench::new();
    for listener in BOTH {
        let request = Request::post("/", "a swap")
            .chunk(" more")
            .trailer("x-sum", "1");
        let response = bench.send(listener, probe(request, "hold"));

        assert_eq!(response.text(), "a exchange more", "{listener}");
        let seen = bench.upstream.take_seen();
        assert_eq!(seen[0].trailers.text("x-sum"), Some("1"));

        let request = Request::post("/", "so bad").trailer("x-sum", "1");
        assert_eq!(bench.send(listener, probe(request, "hold")).status, 400);
        bench.upstream.take_seen();
    }
}

#[test]
fn octets_that_pass_are_counted_not_held() {
    let bench = Bench::new();
    for listener in BOTH {
        let request = Request::post("/", "bad")
            .chunk("swap")
            .trailer("x-sum", "1");
        let response = bench.send(listener, probe(request, "tee"));

        assert_eq!(response.text(), "badswap");
        assert_eq!(response.headers.text("x-probe-teed"), Some("7"));
        assert!(!response.headers.has("x-probe-unwanted"));
        let seen = bench.upstream.take_seen();
        assert_eq!(seen[0].trailers.text("x-probe-trailer"), Some("seen"));
    }
}

#[test]
fn a_request_waits_for_its_call() {
    let bench = Bench::new();
    bench.helper.set(Answer::status(201).chunk("yes"));
    for listener in BOTH {
        for body in ["", "with a body"] {
            let response = bench.send(listener, probe(Request::post("/", body), "call=/ask"));

            assert_eq!((response.status, response.text().as_str()), (200, body));
            let seen = bench.upstream.take_seen();
            assert_eq!(
                seen[0].headers.text("x-probe-call"),
                Some("201 yes"),
                "{listener}"
            );
            let asked = bench.helper.take_seen();
            assert_eq!(
                (asked[0].path.as_str(), asked[0].body.as_slice()),
                ("/ask", &b"asked"[..])
            );
            assert_eq!(asked[0].authority, "helper.test");
        }
    }
}

#[test]
fn a_body_that_came_during_a_wait_is_seen_after_it() {
    let bench = Bench::new();
    bench
        .helper
        .set(Answer::status(200).delay(Duration::from_millis(100)));
    for listener in BOTH {
        let request = Request::post("/", "wait").chunk(" and swap");
        let response = bench.send(listener, probe(request, "call=/ask, hold"));
        assert_eq!(response.text(), "wait and exchange", "{listener}");

        let request = Request::post("/", "wait")
            .chunk(" and count")
            .trailer("x", "y");
        let response = bench.send(listener, probe(request, "call=/ask, tee"));
        assert_eq!(
            response.headers.text("x-probe-teed"),
            Some("14"),
            "{listener}"
        );

        let request = Request::post("/", "bad");
        let response = bench.send(listener, probe(request, "call=/ask, hold"));
        assert_eq!(response.status, 400, "{listener}");
    }
}

#[test]
fn a_call_may_refuse_the_request() {
    let bench = Bench::new();
    bench.helper.set(Answer::status(200).chunk("refuse it"));
    for listener in BOTH {
        for body in ["", "with a body"] {
            let response = bench.send(listener, probe(Request::post("/", body), "call=/ask"));
            assert_eq!(response.status, 403);
            assert!(bench.upstream.take_seen().is_empty());
        }
    }
}

#[test]
fn a_call_that_fails_is_told_within_its_timeout() {
    let bench = Bench::new();
    let told = |words: &str| {
        bench.send("held", probe(Request::get("/"), words));
        let seen = bench.upstream.take_seen();
        seen[0].headers.text("x-probe-call").unwrap().to_owned()
    };
    bench
        .helper
        .set(Answer::status(200).delay(Duration::from_secs(3)));
    assert!(told("call=/slow").starts_with("504 "));
    assert_eq!(
        told("grpc"),
        "grpc 14 upstream request timeout{response_timeout}"
    );
    bench
        .helper
        .set(Answer::status(200).ending(Ending::Reset).chunk("x"));
    assert_eq!(told("call=/cut"), "Reset");
    assert_eq!(told("call="), "NotSent", "an empty path is not sent");
}

#[test]
fn a_grpc_call_is_answered_with_its_message_or_its_status() {
    let bench = Bench::new();
    bench.helper.set(
        Answer::status(200)
            .header("content-type", "application/grpc")
            .chunk(b"\0\0\0\0\x03yes".to_vec())
            .trailer("grpc-status", "0"),
    );
    bench.send("held", probe(Request::get("/"), "grpc"));
    let seen = bench.upstream.take_seen();
    assert_eq!(seen[0].headers.text("x-probe-call"), Some("ok yes"));
    let asked = bench.helper.take_seen();
    assert_eq!(asked[0].path, "/probe.Helper/Ask");
    assert_eq!(asked[0].headers.text("x-asked-by"), Some("probe"));

    let grpc = || Answer::status(200).header("content-type", "application/grpc");
    for failure in [
        grpc()
            .header("grpc-status", "7")
            .header("grpc-message", "no%20way"),
        grpc()
            .chunk(b"\0\0\0\0\x03yes".to_vec())
            .trailer("grpc-status", "7")
            .trailer("grpc-message", "no%20way"),
    ] {
        bench.helper.set(failure);
        let told = bench.told("held", "grpc", "x-probe-call");
        assert_eq!(told, "grpc 7 no way{via_upstream}");
    }
}

#[test]
fn a_timer_lets_a_request_go_on_or_refuses_it() {
    let mut bench = Bench::new();
    for listener in BOTH {
        for body in ["", "with a body"] {
            let response = bench.send(listener, probe(Request::post("/", body), "wake=30"));
            assert_eq!((response.status, response.text().as_str()), (200, body));
            bench.log_line();

            let response = bench.send(listener, probe(Request::post("/", body), "late=30"));
            assert_eq!(response.status, 504);
            assert_eq!(bench.log_line()["details"], "treaty.probe.late");
        }
    }
    let counters = bench.envoy.counters();
    assert_eq!(counters["wasmcustom.treaty_probe_events;event=timer"], 8);
    assert_eq!(counters["wasmcustom.treaty_probe_events;event=complete"], 8);
}

#[test]
fn shared_data_are_created_once_by_whichever_worker() {
    let bench = Bench::with(2, 0);
    for name in ["a", "b", "c", "d", "e"] {
        let told = bench.told_at_once(160, &format!("create={name}"), "x-probe-shared");
        let written = told.iter().filter(|told| *told == "written").count();
        let others = told.iter().filter(|told| *told == "mismatch").count();
        assert_eq!((written, others), (1, 159), "{name}");
    }
    for worker in ["worker_0", "worker_1"] {
        let counters = bench.envoy.counters();
        let of_worker = |name: &str| name.ends_with(&format!("{worker}.downstream_cx_total"));
        let connections: u64 = counters
            .iter()
            .filter(|(name, _)| of_worker(name) && !name.contains("admin"))
            .map(|(_, value)| value)
            .sum();
        assert!(connections > 0, "{worker} has taken part");
    }
}

#[test]
fn shared_data_lose_no_write_of_any_worker() {
    let bench = Bench::with(2, 0);
    let told = bench.told_at_once(800, "add=sum", "x-probe-shared");
    let sums: BTreeSet<u32> = told.iter().map(|sum| sum.parse().unwrap()).collect();
    assert_eq!(sums, (1..=800).collect());
    let by_another_policy = bench.told("held", "add=sum", "x-probe-shared");
    assert_eq!(by_another_policy, "801");
}

#[test]
fn shared_data_are_not_replaced_by_a_number_from_before() {
    let bench = Bench::new();
    for _ in 0..2 {
        let told = bench.told("held", "stale=a", "x-probe-shared");
        assert_eq!(told, "written mismatch");
    }
}

#[test]
fn random_bits_differ_from_each_other_in_every_vm() {
    let bench = Bench::with(2, 0);
    let told = bench.told_at_once(320, "random", "x-probe-random");
    let all: BTreeSet<String> = told.into_iter().collect();
    assert_eq!(all.len(), 320);
}

#[test]
fn an_upkeep_goes_on_without_any_traffic() {
    let bench = Bench::with(1, 40);
    let asked = bench.helper.wait_for_seen(8, SOON);
    assert!(asked.iter().all(|asked| asked.path == "/upkeep"));
    let kept = bench.told("held", "kept", "x-probe-kept");
    assert!(kept.ends_with("last=200"), "{kept}");

    // Two listeners have a policy each, and each policy an upkeep in the worker and in the main
    // thread.
    bench.helper.take_seen();
    let begun = Instant::now();
    thread::sleep(Duration::from_millis(400));
    let asked = bench.helper.take_seen().len() as u128;
    let most = 4 * (begun.elapsed().as_millis() / 40 + 1);
    assert!((8..=most).contains(&asked), "{asked} of {most}");
}

#[test]
fn an_upkeep_is_told_that_its_calls_fail() {
    let bench = Bench::with(1, 40);
    bench
        .helper
        .set(Answer::status(200).ending(Ending::ResetBeforeHead));
    let begun = Instant::now();
    loop {
        let kept = bench.told("held", "kept", "x-probe-kept");
        if kept.ends_with("last=503") || kept.ends_with("last=Reset") {
            break;
        }
        assert!(begun.elapsed() < SOON, "{kept}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_replay_says_so_and_is_no_refusal() {
    let mut bench = Bench::new();
    for listener in BOTH {
        let response = bench.send(listener, probe(Request::get("/"), "replay=201"));
        assert_eq!(response.status, 201);
        assert!(bench.upstream.take_seen().is_empty());
        let line = bench.log_line();
        assert_eq!(line["details"], "treaty.idempotency_keys.replay");
        assert_eq!(line["reply"], "treaty.idempotency_keys.replay");
        assert_eq!(line["refusal"], Value::Null);
    }
}

#[test]
fn a_held_response_can_be_changed_to_its_status() {
    let bench = Bench::new();
    let response = bench.send("held", probe(Request::post("/length", "swap"), "rhold"));
    assert_eq!(
        (response.status, response.text().as_str()),
        (203, "exchange")
    );
    assert_eq!(response.headers.text("content-length"), Some("8"));

    let response = bench.send("streamed", probe(Request::post("/length", "swap"), "rhold"));
    assert_eq!(
        (response.status, response.text().as_str()),
        (200, "exchange")
    );
    assert_eq!(response.headers.text("content-length"), None);
}

#[test]
fn a_held_response_can_be_refused() {
    let mut bench = Bench::new();
    let response = bench.send("held", probe(Request::post("/length", "so bad"), "rhold"));

    assert_eq!(response.status, 400);
    assert_eq!(response.text(), "refused: bad_body\n");
    assert_eq!(response.headers.text("content-length"), Some("18"));
    assert!(!response.headers.has("content-type"));
    assert_eq!(bench.log_line()["refusal"], "probe.bad_body");
}

#[test]
fn an_event_stream_is_never_held() {
    let bench = Bench::new();
    bench.upstream.set(
        Answer::status(200)
            .header("content-type", "text/event-stream; charset=utf-8")
            .chunk("data: 1\n\n")
            .chunk("data: bad\n\n")
            .pace(Duration::from_secs(1)),
    );
    for listener in BOTH {
        let client = Client::http2(bench.envoy.address(listener));
        let mut exchange = client.open(probe(Request::get("/"), "rhold")).unwrap();
        exchange.finish();
        let begun = Instant::now();
        assert_eq!(exchange.next_chunk().unwrap().unwrap(), b"data: 1\n\n");
        assert!(
            begun.elapsed() < Duration::from_millis(900),
            "the first event waited"
        );
        assert_eq!(exchange.rest().unwrap().status, 200);
    }
}

#[test]
fn the_last_octets_wait_for_a_call() {
    let bench = Bench::new();
    bench
        .helper
        .set(Answer::status(200).delay(Duration::from_millis(50)));
    for listener in BOTH {
        let response = bench.send(
            listener,
            probe(Request::post("/", "all of it"), "rcall=/done"),
        );
        assert_eq!(response.text(), "all of it");
        assert_eq!(bench.helper.take_seen()[0].path, "/done");
    }
}

#[test]
fn a_response_without_trailers_can_be_given_some() {
    let bench = Bench::new();
    for listener in BOTH {
        let response = bench.send(listener, probe(Request::post("/", "body"), "trailer"));
        assert_eq!(response.trailers.text("x-probe-trailer"), Some("added"));
    }
}

#[test]
fn a_call_outlives_the_exchange_that_asked_for_it() {
    let bench = Bench::new();
    bench.send("held", probe(Request::get("/"), "after=/complete"));
    assert_eq!(bench.helper.wait_for_seen(1, SOON)[0].path, "/complete");
    bench
        .envoy
        .wait_for_counter("wasmcustom.treaty_probe_events;event=after", 1, SOON);
    bench.helper.take_seen();

    let client = Client::http2(bench.envoy.address("streamed"));
    let exchange = client
        .open(probe(Request::post("/", "begin"), "after=/aborted"))
        .unwrap();
    bench.upstream.wait_for_seen(1, SOON);
    drop(exchange);
    bench
        .envoy
        .wait_for_counter("http.streamed.downstream_rq_rx_reset", 1, SOON);
    bench
        .envoy
        .wait_for_counter("wasmcustom.treaty_probe_events;event=aborted", 1, SOON);
    assert_eq!(bench.helper.wait_for_seen(1, SOON)[0].path, "/aborted");
    bench
        .envoy
        .wait_for_counter("wasmcustom.treaty_probe_events;event=after", 2, SOON);
    bench
        .envoy
        .wait_for_counter("wasmcustom.treaty_probe_events;event=aborted", 1, SOON);
}

#[test]
fn a_client_that_leaves_while_a_request_waits_harms_nobody() {
    let bench = Bench::new();
    bench
        .helper
        .set(Answer::status(200).delay(Duration::from_millis(100)));
    for words in ["call=/ask", "wake=60", "late=60"] {
        let client = Client::http2(bench.envoy.address("held"));
        drop(
            client
                .open(probe(Request::post("/", "begin"), words))
                .unwrap(),
        );
    }
    thread::sleep(Duration::from_millis(200));
    let response = bench.send("held", probe(Request::post("/", "swap"), "hold"));
    assert_eq!(response.text(), "exchange");
    assert_eq!(
        bench
            .envoy
            .counters()
            .get("wasm.vm_reload_success")
            .copied()
            .unwrap_or(0),
        0
    );
}

#[test]
fn what_a_core_tells_stands_in_the_access_log() {
    let mut bench = Bench::new();
    bench.send("held", probe(Request::post("/", "four"), "tee"));
    let line = bench.log_line();
    assert_eq!(line["seen"], "4 octets");
    assert_eq!(line["details"], "via_upstream");
    assert_eq!(line["refusal"], Value::Null);
}

#[test]
fn junk_in_headers_harms_nobody() {
    let bench = Bench::new();
    let mut octets = b"GET / HTTP/1.1\r\nhost: a\r\nx-probe: hold\r\n".to_vec();
    for index in 0..90 {
        octets.extend(format!("x-junk-{index}: ").bytes());
        octets.extend([0x80u8.wrapping_add(index); 300]);
        octets.extend(b"\r\nx-twice: 1\r\n");
    }
    octets.extend(b"connection: close\r\n\r\n");
    let answer = raw(bench.envoy.address("held"), &octets, SOON);
    let status = parse_response(&answer).unwrap().status;
    assert!(status == 200 || status == 431, "{status}");
    assert_eq!(bench.send("held", Request::get("/")).status, 200);
}

#[test]
fn a_bad_policy_is_refused_with_every_mistake() {
    let start = |policy: &str| {
        let filter = WasmFilter::new("probe")
            .module(&dist().join("test/probe.wasm"))
            .policy(policy);
        let config = Config::new().listener(
            Listener::new("edge")
                .filter(filter)
                .route(Route::direct("/", 200, "hi")),
        );
        Envoy::start(config, &Options::default())
    };
    let refused = start(r#"{"version": 1, "hold": true, "cluster": 5}"#).unwrap_err();
    for message in [
        "probe: the policy is refused: /hold: is not a known name here",
        "did you mean `held`?",
        "/cluster: expected a string, found an integer",
    ] {
        assert!(
            refused.log.contains(message),
            "{message} is not in the log:\n{}",
            refused.log
        );
    }
    assert!(start("").is_err());
    assert!(start(r#"{"policyJson": "{\"version\": 1}"}"#).is_ok());
    let log = start(r#"{"version": 1.0, "revision": "r7"}"#)
        .unwrap()
        .log();
    assert!(log.contains("treaty: probe: policy revision r7 ("), "{log}");
}

//! The filter behind Envoy's tracer, among the router's upstream filters: what the tracer loses is
//! put back, and what it passes on unread goes.

use std::sync::atomic::{AtomicU32, Ordering};

use e2e::{
    AccessLog, Answer, Client, Cluster, Collector, Config, Envoy, Listener, Request, Route, Seen,
    Upstream,
};
use serde_json::{Value, json};

use crate::bench::{SOON, assert_well, collected, fact, filter, start, tag, traced};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

struct Proof {
    envoy: Envoy,
    upstream: Upstream,
    collector: Collector,
    log: AccessLog,
}

/// The policy of one placement.
fn policy(trace_context: &Value) -> Value {
    json!({
        "version": 1,
        "mode": "enforce",
        "defaults": {"traceContext": trace_context},
        "rules": [{"name": "all"}],
    })
}

/// Puts filters among the upstream filters of the router.
fn behind_the_tracer(listener: Listener, filter: impl Into<Value>) -> Value {
    let mut listener: Value = listener.into();
    let filters = &mut listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"];
    let router = filters
        .as_array_mut()
        .and_then(|filters| filters.last_mut())
        .expect("a router");
    let codec = json!({"name": "envoy.filters.http.upstream_codec", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec"
    }});
    router["typed_config"]["upstream_http_filters"] = json!([filter.into(), codec]);
    listener
}

impl Proof {
    fn start(spawns_upstream_span: bool) -> Self {
        let upstream = Upstream::start();
        let collector = Collector::start();
        let log = AccessLog::new();
        let mut before = policy(&json!({"owner": "envoy"}));
        before["tags"] =
            json!([{"name": "trace", "source": {"from": "exchange", "value": "traceId"}}]);
        let behind = policy(&json!({"owner": "envoyUpstream"}));
        let fields = json!({
            "envoy": "%TRACE_ID%",
            "trace": tag("trace"),
            "outcome": fact("trace_context"),
        });
        let retries = json!({"route": {"retry_policy": {"retry_on": "5xx", "num_retries": 3}}});
        let listener = Listener::new("edge")
            .filter(filter(&before))
            .route(Route::prefix("/", "upstream").with(retries))
            .access_log(&log, fields);
        let listener = traced(listener, "edge", &[])
            .with(json!({"tracing": {"spawn_upstream_span": spawns_upstream_span}}));
        let mut config = collected(
            Config::new().cluster(Cluster::new("upstream", upstream.address())),
            &collector,
        );
        config["static_resources"]["listeners"] =
            json!([behind_the_tracer(listener, filter(&behind))]);
        Self {
            envoy: start(config),
            upstream,
            collector,
            log,
        }
    }

    /// What reached the upstream of a request with these fields, attempt by attempt.
    fn send(&self, fields: &[(&str, &str)]) -> Vec<Seen> {
        let request = fields
            .iter()
            .fold(Request::get("/"), |request, (name, value)| {
                request.header(name, value)
            });
        let response = Client::http1(self.envoy.address("edge")).send(request);
        assert_eq!(response.status, 200, "{}", response.text());
        self.upstream.take_seen()
    }
}

/// The one line of a field that reached the upstream.
fn one<'s>(seen: &'s Seen, name: &str) -> &'s str {
    let lines = seen.headers.all(name).count();
    assert_eq!(lines, 1, "{name} in {:?}", seen.headers);
    seen.headers.text(name).expect("a text")
}

/// The parts of a good `traceparent`: the trace, the parent and the flags.
fn parts(traceparent: &str) -> [&str; 3] {
    let parts: Vec<&str> = traceparent.split('-').collect();
    let &["00", trace, parent, flags] = parts.as_slice() else {
        panic!("{traceparent}");
    };
    assert_eq!(
        (trace.len(), parent.len(), flags.len()),
        (32, 16, 2),
        "{traceparent}"
    );
    [trace, parent, flags]
}

#[test]
fn the_flag_for_random_ids_survives_the_tracer() {
    for spawns_upstream_span in [false, true] {
        let mut proof = Proof::start(spawns_upstream_span);
        for (came, goes_on) in [("03", "03"), ("02", "02"), ("01", "01"), ("00", "00")] {
            let traceparent = format!("00-{TRACE}-{PARENT}-{came}");
            let seen = proof.send(&[("traceparent", &traceparent), ("tracestate", "a=1,b=2")]);
            let [trace, parent, flags] = parts(one(&seen[0], "traceparent"));
            assert_eq!((trace, flags), (TRACE, goes_on), "{came}");
            assert_ne!(parent, PARENT, "the span is Envoy's");
            assert_eq!(one(&seen[0], "tracestate"), "a=1,b=2", "{came}");
            let line = proof.log.next_line(SOON).expect("a line");
            assert_eq!(
                (&line["envoy"], &line["trace"]),
                (&json!(TRACE), &json!(TRACE))
            );
            if came == "03" {
                // The service is the child of the span that Envoy exports.
                let span = proof
                    .collector
                    .wait_for_span(|span| span.span_id == parent, SOON);
                assert_eq!(span.trace_id, TRACE);
            }
        }
        assert_well(&proof.envoy);
    }
}

#[test]
fn every_attempt_of_a_retry_has_the_flag() {
    for spawns_upstream_span in [false, true] {
        let proof = Proof::start(spawns_upstream_span);
        let attempts = AtomicU32::new(0);
        proof.upstream.set_handler(move |_| {
            let is_last = attempts.fetch_add(1, Ordering::Relaxed) % 3 == 2;
            Answer::status(if is_last { 200 } else { 503 })
        });
        let traceparent = format!("00-{TRACE}-{PARENT}-03");
        let seen = proof.send(&[("traceparent", &traceparent), ("tracestate", "a=1")]);
        assert_eq!(seen.len(), 3);
        for attempt in &seen {
            let [trace, _, flags] = parts(one(attempt, "traceparent"));
            assert_eq!((trace, flags), (TRACE, "03"));
            assert_eq!(one(attempt, "tracestate"), "a=1");
        }
        // What is malformed becomes one new trace, and not one for each attempt.
        let seen = proof.send(&[("traceparent", "garbage")]);
        let traces: Vec<&str> = seen
            .iter()
            .map(|attempt| parts(one(attempt, "traceparent"))[0])
            .collect();
        assert_eq!(traces.len(), 3);
        assert!(traces.iter().all(|trace| *trace == traces[0]), "{traces:?}");
        assert_well(&proof.envoy);
    }
}

#[test]
fn an_empty_or_malformed_tracestate_goes_and_the_trace_stays() {
    let proof = Proof::start(false);
    let good = format!("00-{TRACE}-{PARENT}-01");
    for tracestate in ["", " ", "A B", "a=1,a=2", "=", "a=\u{e9}"] {
        let seen = proof.send(&[("traceparent", &good), ("tracestate", tracestate)]);
        assert_eq!(
            parts(one(&seen[0], "traceparent"))[0],
            TRACE,
            "{tracestate:?}"
        );
        assert!(
            !seen[0].headers.has("tracestate"),
            "{tracestate:?}: {:?}",
            seen[0].headers
        );
    }
    // Without one, Envoy sends an empty one.
    let seen = proof.send(&[("traceparent", &good)]);
    assert!(!seen[0].headers.has("tracestate"), "{:?}", seen[0].headers);
    let seen = proof.send(&[]);
    assert!(!seen[0].headers.has("tracestate"), "{:?}", seen[0].headers);
    let [trace, _, flags] = parts(one(&seen[0], "traceparent"));
    // Whether Envoy's own ids are random nobody has said.
    assert_eq!((trace == TRACE, flags), (false, "01"));
    assert_well(&proof.envoy);
}

#[test]
fn what_the_tracer_passes_on_unread_never_reaches_the_upstream() {
    let proof = Proof::start(false);
    let zero_trace = format!("00-{:032}-{PARENT}-01", 0);
    let zero_parent = format!("00-{TRACE}-{:016}-01", 0);
    let short = format!("00-{TRACE}-{PARENT}");
    for malformed in ["garbage", "", "-", &zero_trace, &zero_parent, &short] {
        let seen = proof.send(&[("traceparent", malformed), ("tracestate", "a=1")]);
        // Another trace begins, without the state of the one that nobody can read.
        let [trace, ..] = parts(one(&seen[0], "traceparent"));
        assert_ne!(trace, TRACE, "{malformed}");
        let fields = &seen[0].headers;
        assert!(!fields.has("tracestate"), "{malformed}: {fields:?}");
    }
    assert_well(&proof.envoy);
}

/// Envoy joins these traces, though the standard has them ignored: to begin others behind it would
/// only cut them off from its spans. But nothing that they say of random ids counts.
#[test]
fn what_the_tracer_reads_though_it_is_malformed_goes_on_well_formed() {
    let proof = Proof::start(false);
    let forbidden = format!("ff-{TRACE}-{PARENT}-03");
    let capital = format!("00-{}-{PARENT}-03", TRACE.to_ascii_uppercase());
    for malformed in [&forbidden, &capital] {
        let seen = proof.send(&[("traceparent", malformed)]);
        let [trace, _, flags] = parts(one(&seen[0], "traceparent"));
        assert_eq!((trace, flags), (TRACE, "01"), "{malformed}");
    }
    let twice = format!("00-{TRACE}-{PARENT}-03");
    let seen = proof.send(&[("traceparent", &twice), ("traceparent", &twice)]);
    let [trace, _, flags] = parts(one(&seen[0], "traceparent"));
    assert_eq!((trace, flags), (TRACE, "01"));
    assert_well(&proof.envoy);
}

//! The shell behind a fake proxy: what it asks of the proxy, how often, and what it makes of
//! answers that no good proxy gives.

mod fake_proxy;

use std::rc::Rc;

use deserr::Deserr;
use fake_proxy::{
    CALL_BODY, CALL_HEADERS, CONFIGURATION, REQUEST, REQUEST_BODY, RESPONSE, header, proxy, sdk,
    take_asked,
};
use kit::exchange::Exchange;
use kit::filter::{Core, Filter, Flow, Registration};
use kit::metric::{LABEL_SETS, Metric, MetricKind};
use kit::policy::{Document, Findings};
use probe::Probe;
use shell::Module;

const ROOT: u32 = 1;
const STREAM: u32 = 2;

/// A second filter, which counts the first letters of paths and marks what it saw.
struct Marker;

#[derive(Deserr)]
#[deserr(error = Findings, deny_unknown_fields)]
struct MarkerPolicy {
    #[deserr(rename = "version")]
    _version: u8,
}

const PATHS: Metric = Metric::new("treaty_marker_paths", MetricKind::Counter, &["path"]);

impl Filter for Marker {
    const NAME: &'static str = "marker";
    type Policy = MarkerPolicy;

    fn load(document: &Document) -> Result<MarkerPolicy, Findings> {
        document.read()
    }

    fn start(_: &Rc<MarkerPolicy>) -> Box<dyn Core> {
        Box::new(MarkerCore)
    }
}

struct MarkerCore;

impl Core for MarkerCore {
    fn request_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        let path = x.headers().text(":path").unwrap_or("?").to_owned();
        x.count(&PATHS, &[&path]);
        let seen = x.headers().text("x-probe-seen").unwrap_or("nothing");
        let mark = format!("after {seen}");
        if let Some(headers) = x.headers_mut() {
            headers.set("x-mark", mark);
        }
        Flow::Continue
    }
}

const BUNDLE: &[Registration] = &[Registration::of::<Probe>(), Registration::of::<Marker>()];

fn configure(root: proxy_wasm::types::NewRootContext, policy: &str) -> bool {
    proxy_wasm::set_root_context(root);
    sdk::proxy_on_context_create(ROOT, 0);
    reconfigure(policy)
}

fn reconfigure(policy: &str) -> bool {
    proxy(|proxy| proxy.buffers.insert(CONFIGURATION, policy.into()));
    sdk::proxy_on_configure(ROOT, policy.len())
}

fn start_bundle() {
    let started = configure(
        |context| shell::root(context, Module::Bundle(BUNDLE)),
        r#"{"version": 1, "filters": {
            "marker": {"version": 1},
            "probe": {"version": 1, "cluster": "helper"}
        }}"#,
    );
    assert!(started, "{:?}", proxy(|proxy| proxy.log.clone()));
}

fn start_probe() {
    let started = configure(
        |context| shell::root(context, Module::One(Registration::of::<Probe>())),
        r#"{"version": 1, "held": true, "cluster": "helper"}"#,
    );
    assert!(started);
}

fn request(stream: u32, headers: &[(&str, &[u8])], last: bool) -> u32 {
    let pairs = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.to_vec()))
        .collect();
    proxy(|proxy| proxy.maps.insert(REQUEST, pairs));
    sdk::proxy_on_context_create(stream, ROOT);
    take_asked();
    sdk::proxy_on_request_headers(stream, headers.len(), last)
}

const CONTINUE: u32 = 0;
const PAUSE: u32 = 1;

#[test]
fn two_filters_share_one_read_of_the_headers() {
    start_bundle();
    let action = request(STREAM, &[(":path", b"/a"), ("x-probe", b"tee")], false);

    assert_eq!(action, CONTINUE);
    assert_eq!(header(REQUEST, "x-mark").unwrap(), b"after request");
    assert_eq!(header(REQUEST, "x-probe-seen").unwrap(), b"request");
    let asked = take_asked();
    let count = |name: &str| asked.iter().filter(|own| **own == name).count();
    assert_eq!(count("proxy_get_header_map_pairs"), 1);
    assert_eq!(count("proxy_add_header_map_value"), 2, "one call an edit");
    assert_eq!(
        count("proxy_get_property"),
        0,
        "what nothing asks for is not read"
    );
}

#[test]
fn an_exchange_that_no_filter_is_for_costs_one_read() {
    start_probe();
    assert_eq!(request(STREAM, &[(":path", b"/")], true), CONTINUE);
    proxy(|proxy| proxy.maps.insert(RESPONSE, Vec::new()));
    assert_eq!(sdk::proxy_on_response_headers(STREAM, 0, true), CONTINUE);
    sdk::proxy_on_log(STREAM);
    assert!(sdk::proxy_on_done(STREAM));
    sdk::proxy_on_delete(STREAM);
    assert_eq!(take_asked(), ["proxy_get_header_map_pairs"]);
}

#[test]
fn octets_that_are_no_text_end_nothing() {
    start_probe();
    let action = request(
        STREAM,
        &[("x-probe", b"\xff\xfe"), ("\u{fffd}", b"\x00")],
        true,
    );
    assert_eq!(action, CONTINUE);
}

#[test]
fn a_proxy_that_refuses_everything_harms_nobody() {
    start_probe();
    proxy(|proxy| {
        for call in [
            "proxy_get_header_map_pairs",
            "proxy_add_header_map_value",
            "proxy_get_buffer_bytes",
            "proxy_define_metric",
            "proxy_set_property",
        ] {
            // A status that the ABI does not define, too.
            proxy.refuse.insert(call, 77);
        }
    });
    assert_eq!(request(STREAM, &[("x-probe", b"hold")], false), CONTINUE);
    proxy(|proxy| proxy.refuse.remove("proxy_get_header_map_pairs"));
    assert_eq!(
        request(STREAM + 1, &[("x-probe", b"hold, tee")], false),
        PAUSE
    );
    assert_eq!(sdk::proxy_on_request_body(STREAM + 1, 10, true), CONTINUE);
    assert!(proxy(|proxy| proxy
        .log
        .iter()
        .any(|line| line.contains("refused to edit"))));
}

#[test]
fn a_held_body_pauses_until_its_end() {
    start_probe();
    assert_eq!(request(STREAM, &[("x-probe", b"hold")], false), PAUSE);
    assert_eq!(
        header(REQUEST, "x-probe-seen"),
        None,
        "nothing is flushed yet"
    );
    proxy(|proxy| proxy.buffers.insert(REQUEST_BODY, b"a swap".to_vec()));
    assert_eq!(sdk::proxy_on_request_body(STREAM, 3, false), PAUSE);
    assert_eq!(sdk::proxy_on_request_body(STREAM, 6, true), CONTINUE);
    assert_eq!(
        proxy(|proxy| proxy.buffers[&REQUEST_BODY].clone()),
        b"a exchange"
    );
    assert_eq!(header(REQUEST, "x-probe-seen").unwrap(), b"request");
}

#[test]
fn a_reply_carries_its_details() {
    start_probe();
    assert_eq!(request(STREAM, &[("x-probe", b"hold")], false), PAUSE);
    proxy(|proxy| proxy.buffers.insert(REQUEST_BODY, b"bad".to_vec()));
    assert_eq!(sdk::proxy_on_request_body(STREAM, 3, true), PAUSE);
    let replies = proxy(|proxy| proxy.replies.clone());
    assert_eq!(replies.len(), 1);
    assert_eq!((replies[0].status, replies[0].grpc_status), (400, -1));
    assert_eq!(replies[0].details, "treaty.probe.bad_body");
    assert_eq!(
        proxy(|proxy| proxy.properties["treaty.refusal"].clone()),
        b"probe.bad_body"
    );
}

#[test]
fn a_stream_that_came_during_a_wait_is_not_held_either() {
    start_probe();
    let headers: [(&str, &[u8]); 2] = [
        ("x-probe", b"hold, wake=20"),
        ("content-type", b"text/event-stream"),
    ];
    assert_eq!(request(STREAM, &headers, false), PAUSE);
    proxy(|proxy| proxy.buffers.insert(REQUEST_BODY, b"bad".to_vec()));
    assert_eq!(sdk::proxy_on_request_body(STREAM, 3, true), PAUSE);
    proxy(|proxy| proxy.now = 30_000_000);
    sdk::proxy_on_tick(ROOT);
    assert_eq!(header(REQUEST, "x-probe-body").unwrap(), b"not held");
    assert!(proxy(
        |proxy| proxy.replies.is_empty() && proxy.resumed == [0]
    ));
}

#[test]
fn a_call_pauses_until_its_answer() {
    start_probe();
    assert_eq!(request(STREAM, &[("x-probe", b"call=/a")], true), PAUSE);
    assert_eq!(proxy(|proxy| proxy.calls_out.clone()), ["helper"]);
    proxy(|proxy| {
        let headers = vec![(":status".to_owned(), b"200".to_vec())];
        proxy.maps.insert(CALL_HEADERS, headers);
        proxy.buffers.insert(CALL_BODY, b"fine".to_vec());
    });
    sdk::proxy_on_http_call_response(ROOT, 1, 1, 4, 0);
    assert_eq!(header(REQUEST, "x-probe-call").unwrap(), b"200 fine");
    assert_eq!(proxy(|proxy| proxy.resumed.clone()), [0]);
}

#[test]
fn a_call_that_the_proxy_refuses_is_told_at_once() {
    start_probe();
    proxy(|proxy| proxy.refuse.insert("proxy_http_call", 2));
    assert_eq!(request(STREAM, &[("x-probe", b"call=/a")], true), CONTINUE);
    assert_eq!(header(REQUEST, "x-probe-call").unwrap(), b"NotSent");
}

#[test]
fn a_failed_grpc_call_tells_its_status_and_the_beginning_of_its_message() {
    start_probe();
    proxy(|proxy| proxy.grpc_message = b"no \xff lease".to_vec());
    assert_eq!(request(STREAM, &[("x-probe", b"grpc")], true), PAUSE);
    sdk::proxy_on_grpc_close(ROOT, 1, 5);
    let told = |text: &str| format!("grpc 5 {text}").into_bytes();
    assert_eq!(
        header(REQUEST, "x-probe-call").unwrap(),
        told("no \u{fffd} lease")
    );

    proxy(|proxy| proxy.grpc_message = "\u{e9}".repeat(400).into_bytes());
    assert_eq!(request(STREAM + 1, &[("x-probe", b"grpc")], true), PAUSE);
    sdk::proxy_on_grpc_close(ROOT, 2, 5);
    assert_eq!(
        header(REQUEST, "x-probe-call").unwrap(),
        told(&"\u{e9}".repeat(256))
    );

    proxy(|proxy| proxy.refuse.insert("proxy_get_status", 77));
    assert_eq!(request(STREAM + 2, &[("x-probe", b"grpc")], true), PAUSE);
    sdk::proxy_on_grpc_close(ROOT, 3, 5);
    assert_eq!(header(REQUEST, "x-probe-call").unwrap(), told(""));
}

#[test]
fn shared_data_are_created_once_and_replaced_by_their_number() {
    start_probe();
    let told = |words: &str| {
        request(STREAM, &[("x-probe", words.as_bytes())], true);
        sdk::proxy_on_delete(STREAM);
        let told = header(REQUEST, "x-probe-shared").unwrap();
        String::from_utf8(told).unwrap()
    };
    assert_eq!(told("create=a"), "written");
    assert_eq!(told("create=a"), "mismatch");
    assert_eq!(told("add=a"), "2");
    assert_eq!(told("add=b"), "1");
    assert_eq!(told("stale=a"), "written mismatch");
    assert_eq!(told("stale=c"), "written mismatch");
    proxy(|proxy| proxy.refuse.insert("proxy_set_shared_data", 77));
    assert_eq!(told("create=d"), "refused");
    proxy(|proxy| proxy.refuse.insert("proxy_get_shared_data", 77));
    assert_eq!(told("add=a"), "refused");
}

#[test]
fn random_bits_differ_from_each_other() {
    start_probe();
    let random = || {
        request(STREAM, &[("x-probe", b"random")], true);
        sdk::proxy_on_delete(STREAM);
        header(REQUEST, "x-probe-random").unwrap()
    };
    let all: std::collections::BTreeSet<Vec<u8>> = (0..100).map(|_| random()).collect();
    assert_eq!(all.len(), 100);
}

const MS: u64 = 1_000_000;

fn start_with_upkeep() {
    let started = configure(
        |context| shell::root(context, Module::One(Registration::of::<Probe>())),
        r#"{"version": 1, "cluster": "helper", "upkeep": 50}"#,
    );
    assert!(started);
}

fn tick_at(now: u64) -> (usize, u32) {
    proxy(|proxy| proxy.now = now);
    sdk::proxy_on_tick(ROOT);
    proxy(|proxy| (proxy.calls_out.len(), proxy.tick))
}

fn kept() -> String {
    request(STREAM, &[("x-probe", b"kept")], true);
    sdk::proxy_on_delete(STREAM);
    let told = header(REQUEST, "x-probe-kept").unwrap_or_default();
    String::from_utf8_lossy(&told).into_owned()
}

#[test]
fn an_upkeep_ticks_at_once_and_then_at_its_period() {
    start_with_upkeep();
    assert_eq!(proxy(|proxy| proxy.tick), 1);
    assert_eq!(tick_at(1000 * MS), (1, 51));
    assert_eq!(tick_at(1020 * MS), (1, 31), "a tick for somebody else");
    assert_eq!(tick_at(1051 * MS), (2, 51));
    assert_eq!(kept(), "ticks=2 answers=0 last=none");
}

#[test]
fn an_upkeep_is_told_what_became_of_its_calls() {
    start_with_upkeep();
    tick_at(1000 * MS);
    proxy(|proxy| {
        let headers = vec![(":status".to_owned(), b"204".to_vec())];
        proxy.maps.insert(CALL_HEADERS, headers);
    });
    sdk::proxy_on_http_call_response(ROOT, 1, 1, 0, 0);
    assert_eq!(kept(), "ticks=1 answers=1 last=204");
    proxy(|proxy| proxy.refuse.insert("proxy_http_call", 2));
    tick_at(1051 * MS);
    assert_eq!(kept(), "ticks=2 answers=2 last=NotSent");
}

#[test]
fn an_upkeep_goes_on_beside_exchanges_that_wait() {
    start_with_upkeep();
    tick_at(1000 * MS);
    assert_eq!(request(STREAM, &[("x-probe", b"wake=20")], true), PAUSE);
    assert_eq!(proxy(|proxy| proxy.tick), 20);
    assert_eq!(tick_at(1020 * MS), (1, 31), "the exchange is woken");
    assert_eq!(proxy(|proxy| proxy.resumed.clone()), [0]);
    assert_eq!(tick_at(1051 * MS), (2, 51));
}

#[test]
fn an_upkeep_ends_with_its_policy() {
    start_with_upkeep();
    tick_at(1000 * MS);
    assert!(!reconfigure(r#"{"version": 1, "upkeep": "often"}"#));
    assert_eq!(tick_at(1051 * MS).0, 2, "the policy is still in force");
    assert!(reconfigure(r#"{"version": 1}"#));
    assert_eq!(tick_at(2000 * MS), (2, 0));
    sdk::proxy_on_http_call_response(ROOT, 2, 0, 0, 0);
    assert_eq!(kept(), "ticks=0 answers=0 last=none");
}

#[test]
fn a_replay_is_told_as_a_reply_and_not_as_a_refusal() {
    start_probe();
    assert_eq!(request(STREAM, &[("x-probe", b"replay=500")], true), PAUSE);
    let replies = proxy(|proxy| proxy.replies.clone());
    assert_eq!(replies[0].details, "treaty.idempotency_keys.replay");
    let told = |name: &str| proxy(|proxy| proxy.properties.get(name).cloned());
    assert_eq!(
        told("treaty.reply").unwrap(),
        b"treaty.idempotency_keys.replay"
    );
    assert_eq!(told("treaty.refusal"), None);
}

#[test]
fn the_proxy_ticks_only_while_somebody_waits() {
    start_probe();
    assert_eq!(request(STREAM, &[("x-probe", b"wake=20")], true), PAUSE);
    assert_eq!(proxy(|proxy| proxy.tick), 20);
    proxy(|proxy| proxy.now = 5_000_000);
    sdk::proxy_on_tick(ROOT);
    assert!(proxy(|proxy| proxy.resumed.is_empty() && proxy.tick > 0));
    proxy(|proxy| proxy.now = 20_000_000);
    sdk::proxy_on_tick(ROOT);
    assert_eq!(
        proxy(|proxy| (proxy.resumed.clone(), proxy.tick)),
        (vec![0], 0)
    );
    assert_eq!(
        proxy(|proxy| proxy.effective),
        ROOT,
        "the tick ends where it began"
    );
}

#[test]
fn nobody_is_woken_after_the_end() {
    start_probe();
    assert_eq!(request(STREAM, &[("x-probe", b"wake=20")], true), PAUSE);
    sdk::proxy_on_log(STREAM);
    sdk::proxy_on_delete(STREAM);
    proxy(|proxy| proxy.now = 30_000_000);
    sdk::proxy_on_tick(ROOT);
    assert!(proxy(|proxy| proxy.resumed.is_empty() && proxy.tick == 0));
}

#[test]
fn a_call_that_outlives_its_exchange_is_sent_by_the_next_tick() {
    start_probe();
    assert_eq!(request(STREAM, &[("x-probe", b"after=/a")], true), CONTINUE);
    sdk::proxy_on_log(STREAM);
    assert!(sdk::proxy_on_done(STREAM));
    sdk::proxy_on_delete(STREAM);
    assert_eq!(proxy(|proxy| (proxy.calls_out.len(), proxy.tick)), (0, 1));
    sdk::proxy_on_tick(ROOT);
    assert_eq!(proxy(|proxy| (proxy.calls_out.len(), proxy.tick)), (1, 0));
    sdk::proxy_on_http_call_response(ROOT, 1, 0, 0, 0);
    let after = proxy(|proxy| proxy.metrics.clone());
    assert!(
        after.contains(&("treaty_probe_events;event=after".into(), 1)),
        "{after:?}"
    );
}

#[test]
fn a_bad_configuration_is_refused_with_every_mistake_and_counted() {
    let accepted = configure(
        |context| shell::root(context, Module::Bundle(BUNDLE)),
        r#"{"version": 1, "filters": {"prob": {}, "marker": {"version": 1, "x": 2}}}"#,
    );
    assert!(!accepted);
    let log = proxy(|proxy| proxy.log.join("\n"));
    assert!(
        log.contains("/filters/prob: is not a filter of this module"),
        "{log}"
    );
    assert!(log.contains("did you mean `probe`?"), "{log}");
    assert!(
        log.contains("/filters/marker/x: is not a known name here"),
        "{log}"
    );
    let metrics = proxy(|proxy| proxy.metrics.clone());
    assert_eq!(
        metrics,
        [("treaty_policy_rejected;filter=bundle".to_owned(), 1)]
    );
}

#[test]
fn a_change_of_policy_is_told_once_with_the_revision_before_it() {
    start_probe();
    assert!(reconfigure(r#"{"version": 1, "revision": "r1"}"#));
    assert!(
        reconfigure(r#"{"version": 1, "revision": "r1"}"#),
        "another worker"
    );
    assert!(reconfigure(r#"{"version": 1, "revision": "r2"}"#));
    let log = proxy(|proxy| proxy.log.clone());
    assert_eq!(log.len(), 3, "{log:?}");
    assert!(log[2].contains("policy revision r2 ("), "{log:?}");
    assert!(log[2].contains("in place of revision r1 ("), "{log:?}");
    let info = |revision: &str| {
        let label = format!("revision={revision};");
        proxy(|proxy| {
            let of_revision = |(name, _): &&(String, i64)| name.contains(&label);
            proxy
                .metrics
                .iter()
                .find(of_revision)
                .map(|(_, value)| *value)
        })
    };
    assert_eq!((info("r1"), info("r2")), (Some(0), Some(1)));
    assert!(sdk::proxy_on_done(ROOT));
    assert_eq!((info("r1"), info("r2")), (Some(0), Some(0)));
    // As if that had been another VM with the same policy.
    for stream in 0..256 {
        request(STREAM + stream, &[(":path", b"/")], true);
    }
    assert_eq!((info("r1"), info("r2")), (Some(0), Some(1)));
}

#[test]
fn label_sets_are_defined_once_and_capped() {
    start_bundle();
    for index in 0..LABEL_SETS + 20 {
        let path = format!("/{index}");
        let stream = STREAM + u32::try_from(index).unwrap();
        request(stream, &[(":path", path.as_bytes())], true);
        request(stream + 10_000, &[(":path", path.as_bytes())], true);
    }
    let metrics = proxy(|proxy| proxy.metrics.clone());
    let value = |name: &str| metrics.iter().find(|(own, _)| own == name).unwrap().1;
    let paths = |(name, _): &&(String, i64)| name.starts_with("treaty_marker_paths;");
    assert_eq!(metrics.iter().filter(paths).count(), LABEL_SETS + 1);
    assert_eq!(value("treaty_marker_paths;path=/7"), 2);
    assert_eq!(value("treaty_marker_paths;path=_other"), 40);
    assert_eq!(
        value("treaty_metric_overflow;metric=treaty_marker_paths"),
        40
    );
}

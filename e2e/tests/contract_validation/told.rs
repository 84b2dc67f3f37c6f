//! What is told of violations: in the access log, in metrics, in Envoy's log, and to the client.

use std::collections::BTreeSet;
use std::fs;

use e2e::{Answer, Client, Cluster, Config, Listener, Prometheus, Request, Route, Upstream};
use serde_json::{Value, json};

use crate::bench::{Bench, CANARY, SOON, create, filter, order, policy, start};

/// Where an answer tells how many violations there were.
const REPORTED: &str = "x-treaty-contract-violations";

/// An order with two mistakes, and an answer with two.
fn bad() -> String {
    json!({"item": CANARY.repeat(8), "count": 0}).to_string()
}

fn bad_answer() -> Answer {
    Answer::status(201)
        .header("content-type", "application/json")
        .chunk(json!({"item": CANARY, "count": 0, "lines": [CANARY]}).to_string())
}

/// Both directions in the mode of the rule.
fn both(mode: &str) -> Value {
    let settings = json!({"response": {"mode": "enforce", "sample": 100}, "reportHeader": true});
    let mut policy = policy("held", &settings);
    policy["mode"] = mode.into();
    policy
}

#[test]
fn what_is_refused_is_in_the_access_log_and_is_counted() {
    let bench = Bench::start(&[("enforce", both("enforce"))]);
    bench.upstream.set(bad_answer());
    for (http, client) in bench.clients("enforce") {
        let outcome = bench.send(&client, create(bad()));
        assert_eq!(outcome.response.status, 422, "{http}");
        assert!(!outcome.response.headers.has(REPORTED), "{http}");
        let told = bench.told(&outcome);
        assert_eq!(told["operation"], "createOrder", "{told}");
        assert_eq!(
            told["violations"], "request body minimum, request body maxLength",
            "{told}"
        );
        assert_eq!(
            told["refusal"], "contract_validation.invalid_content",
            "{told}"
        );
        assert_eq!(
            told["details"], "treaty.contract_validation.invalid_content",
            "{told}"
        );
        assert_eq!(told["upstream"], Value::Null, "{told}");

        let outcome = bench.send(&client, create(order().to_string()));
        assert_eq!(outcome.response.status, 502, "{http}");
        let told = bench.told(&outcome);
        assert_eq!(
            told["violations"], "response body minimum, response body type",
            "{told}"
        );
        assert_eq!(
            told["refusal"], "contract_validation.response_breaks_contract",
            "{told}"
        );
        assert!(told["upstream"].is_string(), "{told}");
    }
    let labels = |labels: &str, count: u64| (format!("operation=createOrder;{labels}"), count);
    assert_eq!(
        bench.counted("violations"),
        [
            labels("direction=request;location=body;keyword=maxLength", 2),
            labels("direction=request;location=body;keyword=minimum", 2),
            labels("direction=response;location=body;keyword=minimum", 2),
            labels("direction=response;location=body;keyword=type", 2),
        ]
    );
    assert_eq!(
        bench.counted("messages"),
        [
            labels("direction=request;outcome=refused", 2),
            labels("direction=request;outcome=valid", 2),
            labels("direction=response;outcome=refused", 2),
        ]
    );
    bench.assert_well();
}

#[test]
fn what_would_be_refused_passes_and_is_told_to_everybody_who_wants_to_know() {
    let bench = Bench::start(&[("report", both("report"))]);
    bench.upstream.set(bad_answer());
    for (http, client) in bench.clients("report") {
        let forged = create(bad()).header(REPORTED, "99");
        let outcome = bench.send(&client, forged);
        assert_eq!(outcome.response.status, 201, "{http}");
        assert_eq!(outcome.reached[0].body, bad().as_bytes(), "{http}");
        assert!(outcome.response.text().contains(CANARY), "{http}");
        assert_eq!(outcome.response.headers.text(REPORTED), Some("4"), "{http}");
        let told = bench.told(&outcome);
        assert_eq!(
            told["violations"],
            "request body minimum, request body maxLength, response body minimum, response body type",
            "{told}"
        );
        assert_eq!(told["operation"], "createOrder", "{told}");
        // What came first, as with every filter that does not refuse.
        assert_eq!(
            told["refusal"], "contract_validation.invalid_content",
            "{told}"
        );
        assert_eq!(told["details"], "via_upstream", "{told}");
    }
    let outcomes: Vec<_> = bench.counted("messages");
    assert_eq!(outcomes.len(), 2, "{outcomes:?}");
    assert!(
        outcomes
            .iter()
            .all(|(labels, count)| labels.ends_with("outcome=invalid") && *count == 2)
    );

    // Nobody but the filter says how many there were.
    let honest = json!({"item": "tea", "count": 1}).to_string();
    let answer = Answer::status(201).header("content-type", "application/json");
    bench
        .upstream
        .set(answer.header(REPORTED, "99").chunk(honest.clone()));
    let outcome = bench.send(&bench.clients("report")[0].1, create(honest));
    assert!(
        !outcome.response.headers.has(REPORTED),
        "{:?}",
        outcome.response
    );
    let told = bench.told(&outcome);
    assert_eq!(
        (&told["violations"], &told["operation"]),
        (&Value::Null, &Value::Null),
        "{told}"
    );
    bench.assert_well();
}

#[test]
fn the_log_has_a_line_for_each_kind_and_names_of_the_contract_alone() {
    let bench = Bench::start(&[("report", both("report"))]);
    bench.upstream.set(bad_answer());
    let [(_, client), _] = bench.clients("report");
    for index in 0..50 {
        let prices = json!({format!("{CANARY}-{index}"): CANARY});
        let content =
            json!({"item": 7, "count": 1, "prices": prices, "lines": vec![CANARY; index]});
        bench.send(&client, create(content.to_string()));
        bench.send(
            &client,
            Request::get(&format!("/orders/{CANARY}?limit={CANARY}&{CANARY}=1")),
        );
    }
    let log = bench.envoy.log();
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(" breaks contract "))
        .filter_map(|line| Some(line.rsplit_once("contract-validation: ")?.1))
        .collect();
    let distinct: BTreeSet<&str> = lines.iter().copied().collect();
    assert_eq!(lines.len(), distinct.len(), "{lines:#?}");
    for expected in [
        "request of createOrder breaks contract shop: body at /item:",
        "request of createOrder breaks contract shop: body at /prices/*:",
        "request of createOrder breaks contract shop: body at /lines/*:",
        "request of getOrder breaks contract shop: path id as a whole:",
        "request of getOrder breaks contract shop: query limit as a whole:",
        "response of createOrder breaks contract shop: body at /count:",
    ] {
        let found = lines
            .iter()
            .filter(|line| line.starts_with(expected))
            .count();
        assert_eq!(found, 1, "{expected}: {lines:#?}");
    }
    bench.assert_well();
}

/// As Prometheus reads them, with the tags that are shipped.
#[test]
fn prometheus_sees_violations_by_contract_operation_direction_location_and_keyword() {
    let upstream = Upstream::start();
    let listener = Listener::new("edge").filter(filter(&both("enforce")));
    let mut config: Value = Config::new()
        .listener(listener.route(Route::prefix("/", "upstream")))
        .cluster(Cluster::new("upstream", upstream.address()))
        .into();
    let tags = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../observability/stats_tags.yaml"
    );
    let tags: Value = serde_saphyr::from_str(&fs::read_to_string(tags).unwrap()).unwrap();
    config["stats_config"] = tags;
    let envoy = start(config);
    let client = Client::http1(envoy.address("edge"));
    assert_eq!(client.send(create(bad())).status, 422);
    assert_eq!(client.send(Request::get("/orders/0")).status, 400);
    let prometheus = Prometheus::scraping(&[envoy.admin()]);
    let series = |name: &str, operation: &str, rest: &str| {
        format!(
            "{name}{{treaty_contract=\"shop\",treaty_operation=\"{operation}\",treaty_direction=\"request\",{rest}}}"
        )
    };
    for (name, operation, rest) in [
        (
            "treaty_contract_violations",
            "createOrder",
            r#"treaty_location="body",treaty_keyword="maxLength""#,
        ),
        (
            "treaty_contract_violations",
            "getOrder",
            r#"treaty_location="path",treaty_keyword="minimum""#,
        ),
        (
            "treaty_contract_messages",
            "createOrder",
            r#"treaty_outcome="refused""#,
        ),
    ] {
        let samples = prometheus.wait_for(&series(name, operation, rest), SOON);
        assert_eq!(samples.len(), 1, "{samples:?}");
        assert!((samples[0].value - 1.0).abs() < f64::EPSILON, "{samples:?}");
    }
}

/// Whoever scans for weaknesses sends a thousand paths and names; none becomes a label.
#[test]
fn what_clients_make_up_makes_no_series() {
    let mut policy = policy(
        "held",
        &json!({
            "unknownPath": "report", "unknownMethod": "report", "request": {"undeclared": "report"},
        }),
    );
    policy["mode"] = "report".into();
    let bench = Bench::start(&[("report", policy)]);
    let [(_, client), _] = bench.clients("report");
    for index in 0..200 {
        bench.send(&client, Request::get(&format!("/made-up-{index}")));
        bench.send(&client, Request::new(&format!("MADE{index}"), "/orders/1"));
        bench.send(
            &client,
            Request::get(&format!("/orders/1?made-up-{index}=1")),
        );
        let content = json!({format!("made-up-{index}"): 1}).to_string();
        bench.send(&client, create(content));
    }
    let counters = bench.envoy.counters();
    let series: Vec<_> = counters
        .keys()
        .filter(|name| name.contains("treaty_contract_"))
        .collect();
    assert!(series.len() <= 12, "{series:#?}");
    assert!(
        !counters
            .keys()
            .any(|name| name.contains("made-up") || name.contains("MADE"))
    );
}

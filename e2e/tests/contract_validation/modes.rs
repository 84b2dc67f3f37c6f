//! How far a contract is in force, for whom, beside which other filters, and while it changes.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use e2e::{
    Answer, Client, Cluster, Config, Ending, Listener, Protocol, Request, Response, Route,
    Upstream, WasmFilter, reserve_address,
};
use serde_json::{Value, json};
use treaty::bundle::{Target, bundle};

use crate::bench::{Bench, FORMS, SOON, create, filter, order, policy, start, wait_until};

/// An order with too large a count.
fn bad() -> String {
    json!({"item": "tea", "count": 101}).to_string()
}

fn in_mode(form: &str, mode: &str, settings: &Value) -> Value {
    let mut policy = policy(form, settings);
    policy["mode"] = mode.into();
    policy
}

#[test]
fn in_report_and_off_nothing_is_changed() {
    let all = json!({
        "request": {"undeclared": "reject", "overCap": "reject", "maxBody": "1KiB"},
        "response": {"mode": "enforce", "sample": 100, "undeclared": "reject", "overCap": "reject", "maxBody": "1KiB"},
        "unknownPath": "reject", "unknownMethod": "reject",
    });
    let mut streamed = in_mode("streamed", "report", &all);
    streamed["defaults"]["response"]["mode"] = "report".into();
    let bench = Bench::start(&[
        ("held", in_mode("held", "report", &all)),
        ("streamed", streamed),
        ("off", in_mode("held", "off", &all)),
    ]);
    let long = format!("{{\"item\":\"{}\"}}", "x".repeat(100_000)).into_bytes();
    let requests = [
        create(bad()),
        create("{"),
        create(long.clone()),
        create(""),
        Request::post("/orders", bad()),
        Request::get("/orders/0?made=up"),
        Request::get("/nowhere"),
        Request::new("PATCH", "/orders").chunk(bad()),
    ];
    let answers = [
        Answer::status(201)
            .header("content-type", "application/json")
            .chunk(bad()),
        Answer::status(201)
            .header("content-type", "application/json")
            .chunk("{")
            .chunk("}}"),
        Answer::status(201)
            .header("content-type", "text/csv")
            .chunk(long),
        Answer::status(418)
            .chunk("short and stout")
            .trailer("x-end", "1"),
        Answer::status(204),
    ];
    for answer in answers {
        bench.upstream.set(answer.clone());
        for request in &requests {
            for listener in ["held", "streamed", "off"] {
                for (http, client) in bench.clients(listener) {
                    let case = format!("{listener}, {http}, {} {}", request.method, request.path);
                    let outcome = bench.send(&client, request.clone().header("te", "trailers"));
                    assert_eq!(outcome.response.status, answer.status, "{case}");
                    assert_eq!(outcome.response.body, answer.body.concat(), "{case}");
                    assert!(outcome.response.complete, "{case}");
                    assert_eq!(outcome.reached.len(), 1, "{case}");
                    assert_eq!(outcome.reached[0].body, request.body.concat(), "{case}");
                    let told = bench.told(&outcome);
                    assert_eq!(
                        told["violations"].is_string(),
                        listener != "off",
                        "{case}: {told}"
                    );
                }
            }
        }
    }
    bench.assert_well();
}

/// A share of a quarter takes 500 of 2,000, give or take five times the standard deviation of 19.4.
#[test]
fn a_sample_is_as_large_as_the_policy_says() {
    const ALL: u64 = 2_000;
    let settings =
        json!({"request": {"sample": 25}, "response": {"mode": "enforce", "sample": 25}});
    let bench = Bench::start(&[("held", policy("held", &settings))]);
    let answer = Answer::status(201).header("content-type", "application/json");
    bench.upstream.set(answer.chunk(bad()));
    let [_, (_, client)] = bench.clients("held");
    let mut statuses = [0; 3];
    for _ in 0..ALL {
        match client.send(create(bad())).status {
            422 => statuses[0] += 1,
            502 => statuses[1] += 1,
            201 => statuses[2] += 1,
            other => panic!("{other}"),
        }
    }
    let [refused, withheld, passed] = statuses;
    assert!((403..=597).contains(&refused), "{statuses:?}");
    // A quarter of the three quarters that passed.
    assert!((280..=470).contains(&withheld), "{statuses:?}");
    assert_eq!(refused + withheld + passed, ALL);
    let counted = bench.counted("messages");
    let count = |label: &str| {
        let label = format!("operation=createOrder;{label}");
        counted
            .iter()
            .find(|(own, _)| *own == label)
            .map_or(0, |(_, count)| *count)
    };
    assert_eq!(count("direction=request;outcome=refused"), refused);
    assert_eq!(
        count("direction=request;outcome=not_sampled"),
        ALL - refused
    );
    assert_eq!(count("direction=response;outcome=refused"), withheld);
    assert_eq!(count("direction=response;outcome=not_sampled"), passed);
}

#[test]
fn one_operation_may_be_held_further_than_the_others() {
    let settings = json!({
        "request": {"mode": "report"},
        "operations": [
            {"operation": "createOrder", "request": {"mode": "enforce"}},
            {"operation": "PUT /orders/{id}", "mode": "off"},
        ],
    });
    let bench = Bench::start(&FORMS.map(|form| (form, policy(form, &settings))));
    for form in FORMS {
        for (http, client) in bench.clients(form) {
            let outcome = bench.send(&client, create(bad()));
            outcome.assert_refused(form, 422, "invalid-content", http);
            let outcome = bench.send(&client, Request::get("/orders/0"));
            assert_eq!(outcome.response.status, 200, "{form}, {http}");
            assert_eq!(bench.told(&outcome)["violations"], "request path minimum");
            let outcome = bench.send(&client, Request::new("PUT", "/orders/0"));
            assert_eq!(outcome.response.status, 200, "{form}, {http}");
            assert_eq!(bench.told(&outcome)["violations"], Value::Null);
        }
    }
}

/// What the proxy answers itself is no answer of the service, whatever its contract says.
#[test]
fn local_replies_are_not_held_to_the_contract() {
    let settings = json!({"response": {"mode": "enforce", "sample": 100, "undeclared": "reject"}});
    let upstream = Upstream::start();
    upstream.set_handler(|request| match request.path.as_str() {
        "/orders/504" => Answer::default().delay(Duration::from_secs(5)),
        "/orders/503" => Answer::default().ending(Ending::ResetBeforeHead),
        _ => Answer::status(418).chunk("undeclared"),
    });
    let timeout = json!({"route": {"timeout": "0.2s"}});
    let listener = Listener::new("edge").filter(filter(&policy("held", &settings)));
    let listener = listener
        .route(Route::direct("/orders/429", 429, "slow down"))
        .route(Route::prefix("/orders/1", "away"))
        .route(Route::prefix("/orders/2", "nobody"))
        .route(Route::prefix("/", "upstream").with(timeout));
    let nobody = json!({"load_assignment": {"cluster_name": "nobody", "endpoints": []}});
    let config = Config::new()
        .listener(listener)
        .cluster(Cluster::new("upstream", upstream.address()))
        .cluster(Cluster::new("away", reserve_address()))
        .cluster(Cluster::new("nobody", reserve_address()).with(nobody));
    let envoy = start(config);
    for client in [
        Client::http1(envoy.address("edge")),
        Client::http2(envoy.address("edge")),
    ] {
        for (path, status) in [
            ("/orders/429", 429),
            ("/orders/1", 503),
            ("/orders/2", 503),
            ("/orders/503", 503),
            ("/orders/504", 504),
        ] {
            assert_eq!(client.send(Request::get(path)).status, status, "{path}");
        }
        assert_eq!(
            client.send(Request::get("/orders/3")).status,
            502,
            "the service's own"
        );
    }
    let counted = envoy.counters();
    let refused = "wasmcustom.treaty_contract_messages;contract=shop;operation=getOrder;\
                   direction=response;outcome=refused";
    assert_eq!(counted.get(refused), Some(&2), "{counted:?}");
}

/// The head of a streamed answer has gone on when its content is read.
#[test]
fn in_the_streamed_form_a_bad_answer_passes_whole_and_is_told() {
    let settings = json!({"response": {"mode": "report", "sample": 100}, "reportHeader": true});
    let bench = Bench::start(&[("streamed", policy("streamed", &settings))]);
    for (case, answer, violations) in [
        (
            "content",
            Answer::status(201).chunk(bad()),
            "response body maximum",
        ),
        (
            "parts",
            Answer::status(201).chunk(&bad()[..9]).chunk(&bad()[9..]),
            "response body maximum",
        ),
        (
            "status",
            Answer::status(418).chunk("teapot"),
            "response status undeclared",
        ),
    ] {
        bench
            .upstream
            .set(answer.clone().header("content-type", "application/json"));
        for (http, client) in bench.clients("streamed") {
            let outcome = bench.send(&client, create(order().to_string()));
            let response = &outcome.response;
            assert_eq!(response.status, answer.status, "{http}, {case}");
            assert!(
                response.body == answer.body.concat() && response.complete,
                "{http}, {case}"
            );
            assert_eq!(
                bench.told(&outcome)["violations"],
                violations,
                "{http}, {case}"
            );
            let told = response.headers.text("x-treaty-contract-violations");
            assert_eq!(told, (case == "status").then_some("1"), "{http}, {case}");
        }
    }
}

/// A connection that was upgraded is no HTTP any more (RFC 9110 section 7.8).
#[test]
fn an_upgraded_connection_is_a_tunnel() {
    let settings = json!({
        "unknownPath": "report",
        "response": {"mode": "enforce", "sample": 100, "undeclared": "report"},
    });
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = service.local_addr().unwrap();
    let serving = thread::spawn(move || {
        for _ in FORMS {
            let (mut stream, _) = service.accept().unwrap();
            read_to(&mut stream, b"\r\n\r\n");
            let switch = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\
                          upgrade: websocket\r\ncontent-type: application/json\r\n\r\n";
            stream.write_all(switch.as_bytes()).unwrap();
            for _ in 0..3 {
                assert_eq!(read_to(&mut stream, b"ping"), b"ping");
                stream.write_all(b"pong").unwrap();
            }
        }
    });
    let mut config = Config::new().cluster(Cluster::new("upstream", address));
    for form in FORMS {
        let mut policy = policy(form, &settings);
        if form == "streamed" {
            policy["defaults"]["response"]["mode"] = "report".into();
        }
        let listener = Listener::new(form).filter(filter(&policy));
        let listener = listener.with(json!({"upgrade_configs": [{"upgrade_type": "websocket"}]}));
        config = config.listener(listener.route(Route::prefix("/", "upstream")));
    }
    let envoy = start(config);
    for form in FORMS {
        // Declared with another answer, and with a content of its own.
        let mut stream = TcpStream::connect(envoy.address(form)).unwrap();
        let ask = "GET /orders/1 HTTP/1.1\r\nhost: treaty.test\r\nconnection: upgrade\r\n\
                   upgrade: websocket\r\ncontent-type: application/json\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(ask.as_bytes()).unwrap();
        let head = read_to(&mut stream, b"\r\n\r\n");
        assert!(
            head.starts_with(b"HTTP/1.1 101 "),
            "{form}: {}",
            head.escape_ascii()
        );
        for _ in 0..3 {
            stream.write_all(b"ping").unwrap();
            assert_eq!(read_to(&mut stream, b"pong"), b"pong", "{form}");
        }
    }
    serving.join().unwrap();
}

/// A tunnel has no path (RFC 9110 section 9.3.6), so no contract says anything of it; only a policy that
/// refuses what is unknown refuses it.
#[test]
fn a_tunnel_that_connect_opens_is_left_alone_unless_the_unknown_is_refused() {
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = service.local_addr().unwrap();
    let serving = thread::spawn(move || {
        for _ in FORMS {
            let (mut stream, _) = service.accept().unwrap();
            for _ in 0..3 {
                assert_eq!(read_to(&mut stream, b"ping"), b"ping");
                stream.write_all(b"pong").unwrap();
            }
        }
    });
    let mut config = Config::new().cluster(Cluster::new("upstream", address));
    let strict = json!({"unknownPath": "reject"});
    for (name, form, settings) in [
        ("held", "held", json!({})),
        ("streamed", "streamed", json!({})),
        ("strict", "held", strict),
    ] {
        let listener = Listener::new(name).filter(filter(&policy(form, &settings)));
        let listener = listener.with(json!({"upgrade_configs": [{"upgrade_type": "CONNECT"}]}));
        let mut route: Value = Route::prefix("/", "upstream").into();
        route["match"] = json!({"connect_matcher": {}});
        route["route"]["upgrade_configs"] =
            json!([{"upgrade_type": "CONNECT", "connect_config": {}}]);
        config = config.listener(listener.with(json!({
            "route_config": {"virtual_hosts": [{"name": name, "domains": ["*"], "routes": [route]}]}
        })));
    }
    let envoy = start(config);
    let connect = |listener: &str| {
        let mut stream = TcpStream::connect(envoy.address(listener)).unwrap();
        let ask = "CONNECT treaty.test:80 HTTP/1.1\r\nhost: treaty.test:80\r\n\r\n";
        stream.write_all(ask.as_bytes()).unwrap();
        let head = read_to(&mut stream, b"\r\n\r\n");
        (stream, String::from_utf8(head).unwrap())
    };
    for form in FORMS {
        let (mut stream, head) = connect(form);
        assert!(head.starts_with("HTTP/1.1 200 "), "{form}: {head}");
        for _ in 0..3 {
            stream.write_all(b"ping").unwrap();
            assert_eq!(read_to(&mut stream, b"pong"), b"pong", "{form}");
        }
    }
    let (_, head) = connect("strict");
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    serving.join().unwrap();
}

/// Reads up to these octets, and no further.
fn read_to(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    use std::io::Read;
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut octets = Vec::new();
    while !octets.ends_with(end) {
        let mut octet = [0];
        stream.read_exact(&mut octet).unwrap();
        octets.extend(octet);
    }
    octets
}

/// Every filter that looks at the same exchange, as a chain of modules and as one.
fn composed() -> Bench {
    let settings = json!({"response": {"mode": "enforce", "sample": 100}});
    let mut contract = policy("held", &settings);
    contract["contracts"][0]["openapi"]["servers"] = json!([{"url": "/"}]);
    let policies = json!({
        "error-translation": {
            "version": 1, "mode": "enforce", "form": "held",
            "problemBase": "https://errors.example.com",
            "rules": [{"name": "all"}],
        },
        "version-negotiation": {
            "version": 1, "mode": "enforce",
            "rules": [{"name": "all", "settings": {
                "scheme": "integer",
                "sources": [{"from": "path", "template": "/v{version}/**"}],
                "versions": [{"version": "1"}],
                "upstreamPath": {"do": "strip"},
            }}],
        },
        "contract-validation": contract,
        "idempotency-keys": {
            "version": 1, "mode": "enforce",
            "defaults": {"scope": {"shared": true}},
            "rules": [{"name": "all"}],
        },
    });
    let order = [
        "error-translation",
        "version-negotiation",
        "contract-validation",
        "idempotency-keys",
    ];
    let chain = order.map(|name| {
        let filter = WasmFilter::new(name).policy(&policies[name].to_string());
        if name == "version-negotiation" {
            filter
        } else {
            filter.holding_heads()
        }
    });
    let all = json!({"version": 1, "filters": policies}).to_string();
    let bundle = vec![WasmFilter::new("all-filters").policy(&all).holding_heads()];
    Bench::with(
        &[("chain", chain.to_vec()), ("bundle", bundle)],
        Protocol::AsClient,
    )
}

#[test]
fn beside_other_filters_a_request_is_negotiated_then_held_to_its_contract_and_then_given_a_key() {
    let bench = composed();
    bench.upstream.set_handler(|request| {
        let count = if request.headers.has("x-break") {
            101
        } else {
            1
        };
        let content = json!({"item": "tea", "count": count}).to_string();
        let answer = Answer::status(201).header("content-type", "application/json");
        answer.chunk(content)
    });
    for listener in ["chain", "bundle"] {
        for (http, client) in bench.clients(listener) {
            let case = format!("{listener}, {http}");
            let send = |content: String, more: &[(&str, &str)]| {
                let request = Request::post("/v1/orders", content)
                    .header("content-type", "application/json")
                    .header("idempotency-key", format!("\"{listener}-{http}\""));
                let request = more.iter().fold(request, |request, (name, value)| {
                    request.header(name, value)
                });
                bench.send(&client, request)
            };
            // The contract has no versions in its paths.
            let refused = send(bad(), &[]);
            refused.assert_refused("held", 422, "invalid-content", &case);
            // A refused request claims no key, so the next one is the first, whatever its content.
            let first = send(order().to_string(), &[]);
            assert_eq!(
                first.response.status,
                201,
                "{case}: {}",
                first.response.text()
            );
            assert_eq!(first.reached[0].path, "/orders", "{case}");
            assert!(!first.response.headers.has("idempotent-replayed"), "{case}");
            let second = send(order().to_string(), &[]);
            assert_eq!(
                second.response.headers.text("idempotent-replayed"),
                Some("true"),
                "{case}"
            );
            assert!(second.reached.is_empty(), "{case}");
            // Held to the contract before keys are compared.
            send(bad(), &[]).assert_refused("held", 422, "invalid-content", &case);

            // An answer that is withheld is final: no other filter words it anew.
            let request = create(order().to_string()).header("x-break", "1");
            let request = Request {
                path: "/v1/orders".to_owned(),
                ..request
            };
            let withheld = bench.send(&client, request).response;
            assert_eq!(withheld.status, 502, "{case}: {}", withheld.text());
            let problem = withheld.json();
            let kind = "https://errors.example.com/contract-validation/response-breaks-contract";
            assert_eq!(problem["type"], kind, "{case}: {problem}");
            assert_eq!(problem["contract"], "shop", "{case}: {problem}");
            // A version that nobody serves is refused before the contract is asked.
            let unknown = bench.send(&client, Request::get("/v9/nowhere")).response;
            assert_eq!(unknown.status, 404, "{case}");
            let kind = unknown.json()["type"].to_string();
            assert!(kind.contains("version-negotiation"), "{case}: {kind}");
        }
    }
    bench.assert_well();
}

/// A listener as a control plane hands it over, in one step.
fn publish(folder: &Path, at: SocketAddr, policy: &str) {
    let filter = WasmFilter::new("contract-validation")
        .policy(policy)
        .holding_heads();
    let listener = Listener::new("edge").at(at).filter(filter);
    let mut listener: Value = listener.route(Route::prefix("/", "upstream")).into();
    listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
    let written = folder.join("lds.new");
    fs::write(&written, json!({"resources": [listener]}).to_string()).unwrap();
    fs::rename(written, folder.join("lds.json")).unwrap();
}

/// A policy with the contract of GitHub's API, 1,223 operations, as `treaty bundle` packs it.
fn large_policy() -> Value {
    let document = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../.venv/contracts/openapi/octokit/api.github.com.json"
    );
    assert!(Path::new(document).exists(), "run `make contracts`");
    let policy = json!({
        "version": 1,
        "mode": "report",
        "contracts": [{"name": "github", "contractFile": document, "nullable": "lenient"}],
        "defaults": {"basePaths": [""], "unknownPath": "reject", "response": {"mode": "report", "sample": 100}},
        "rules": [{"name": "all"}],
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.json");
    fs::write(&file, policy.to_string()).unwrap();
    let bundled = bundle(&file, true, Target::Annotation);
    let text = bundled
        .unwrap_or_else(|findings| panic!("{findings:?}"))
        .text;
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_large_contract_is_exchanged_under_traffic_without_the_loss_of_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start();
    let at = reserve_address();
    let bundled = large_policy();
    let large = |revision: &str, mode: &str| {
        let mut policy = bundled.clone();
        policy["revision"] = revision.into();
        policy["mode"] = mode.into();
        policy.to_string()
    };
    publish(folder.path(), at, &large("r0", "report"));
    let mut config: Value = Config::new()
        .cluster(Cluster::new("upstream", upstream.address()))
        .into();
    config["node"] = json!({"id": "reload", "cluster": "test"});
    config["dynamic_resources"] = json!({"lds_config": {"resource_api_version": "V3",
        "path_config_source": {"path": folder.path().join("lds.json"),
            "watched_directory": {"path": folder.path()}}}});
    let envoy = start(config);
    wait_until("no listener", || TcpStream::connect(at).is_ok());

    let over = Arc::new(AtomicBool::new(false));
    let traffic: Vec<_> = (0..4)
        .map(|_| {
            let over = Arc::clone(&over);
            thread::spawn(move || {
                let mut sent = 0;
                while !over.load(Ordering::Relaxed) {
                    let issue = Request::post("/repos/treaty/treaty/issues", r#"{"title":"a"}"#);
                    let issue = issue.header("content-type", "application/json");
                    let response = Client::http1(at).send(issue);
                    assert_eq!(response.status, 200, "request {sent}: {}", response.text());
                    sent += 1;
                }
                sent
            })
        })
        .collect();
    let unknown = || Client::http1(at).send(Request::get("/nowhere")).status;
    let wait_for = |status: u16| {
        let begun = Instant::now();
        while unknown() != status {
            assert!(begun.elapsed() < 4 * SOON, "{status} does not come");
            thread::sleep(Duration::from_millis(50));
        }
    };
    for (revision, mode, status) in [
        ("r1", "enforce", 404),
        ("r2", "report", 200),
        ("r3", "enforce", 404),
    ] {
        publish(folder.path(), at, &large(revision, mode));
        wait_for(status);
    }
    over.store(true, Ordering::Relaxed);
    let sent: u32 = traffic
        .into_iter()
        .map(|own| own.join().expect("no request was lost"))
        .sum();
    assert!(sent > 100, "{sent} requests were on their way meanwhile");
    let bad = Request::post("/repos/treaty/treaty/issues", r#"{"title":{}}"#);
    let response: Response = Client::http1(at).send(bad.header("content-type", "application/json"));
    assert_eq!(response.status, 422, "{}", response.text());
    assert!(
        envoy.log().contains("policy revision r3 ("),
        "{}",
        envoy.log()
    );
}

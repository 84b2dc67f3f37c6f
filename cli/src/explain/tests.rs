//! What is explained is what stands in the policy, and what the filters do.

use std::fs;

use clap::Parser;
use serde_json::{Value, json};

use super::*;
use crate::registry::FILTERS;

#[derive(Parser)]
struct Asking {
    #[command(flatten)]
    ask: Ask,
}

fn ask(arguments: &[&str]) -> Ask {
    let line = [&["explain"], arguments].concat();
    Asking::try_parse_from(line).map_or_else(|error| panic!("{error}"), |asking| asking.ask)
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn explained(file: &Path, filter: Option<&str>, arguments: &[&str]) -> Explanation {
    explain(file, filter, &ask(arguments), FILTERS).unwrap_or_else(|findings| {
        let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
        panic!("{}", told.join("\n"))
    })
}

/// A policy of a filter in a file of its own.
fn written(policy: &Value) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), policy.to_string()).unwrap();
    file
}

fn of_policy(filter: &str, policy: &Value, arguments: &[&str]) -> Value {
    let explanation = explained(written(policy).path(), Some(filter), arguments);
    json::of(&explanation)["modules"][0].take()
}

/// What is told for people, without the line that names the file.
fn lines(filter: &str, policy: &Value, arguments: &[&str]) -> String {
    let explanation = explained(written(policy).path(), Some(filter), arguments);
    let mut out = Vec::new();
    explanation.write(Format::Human, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.split_once('\n').unwrap().1.to_owned()
}

/// A policy of version-negotiation for two services, with something to say in every layer.
fn layered() -> Value {
    let version = |name: &str| json!([{"version": name}]);
    json!({
        "version": 1,
        "mode": "enforce",
        "services": [
            {"name": "orders", "hosts": ["orders.example.com"], "runtime": "go"},
            {"name": "payments", "hosts": ["payments.example.com"], "runtime": "rust"}
        ],
        "defaults": {
            "scheme": "integer",
            "sources": [{"from": "header", "name": "x-default"}],
            "versions": version("1")
        },
        "runtimes": {"go": {"sources": [{"from": "header", "name": "x-go"}], "versions": version("2")}},
        "serviceSettings": {"orders": {"sources": [{"from": "header", "name": "x-orders"}]}},
        "rules": [
            {
                "name": "new-orders",
                "service": "orders",
                "match": {"hosts": ["orders.example.com"], "paths": ["/new/**"]},
                "settings": {"sources": [{"from": "header", "name": "x-new"}]}
            },
            {"name": "orders", "service": "orders"},
            {"name": "payments", "service": "payments", "mode": "report"}
        ]
    })
}

#[test]
fn a_setting_comes_from_the_strongest_layer_and_names_those_it_overrides() {
    let told = of_policy("version-negotiation", &layered(), &[]);
    let settings = &told["policies"][0]["rules"][0]["settings"];
    assert_eq!(
        settings["sources"],
        json!({
            "value": [{"from": "header", "name": "x-new"}],
            "at": "/rules/0/settings/sources",
            "over": [
                "/serviceSettings/orders/sources",
                "/runtimes/go/sources",
                "/defaults/sources",
            ],
        })
    );
    assert_eq!(settings["versions"]["at"], "/runtimes/go/versions");
    assert_eq!(settings["scheme"]["at"], "/defaults/scheme");
    let other = &told["policies"][0]["rules"][2]["settings"];
    assert_eq!(other["sources"]["at"], "/defaults/sources");
    assert_eq!(other["sources"]["over"], json!([]));
}

#[test]
fn what_is_null_is_not_said() {
    let mut policy = layered();
    policy["rules"][0]["settings"] = json!({"sources": null, "pins": null});
    let told = of_policy("version-negotiation", &policy, &[]);
    let settings = &told["policies"][0]["rules"][0]["settings"];
    assert_eq!(settings["sources"]["at"], "/serviceSettings/orders/sources");
    assert_eq!(settings.get("pins"), None);
}

#[test]
fn what_is_told_of_a_layer_is_what_the_filter_does() {
    for (path, header, status) in [
        ("/new/a", "x-new: 2", 200),
        ("/new/a", "x-new: 1", 404),
        ("/a", "x-orders: 1", 404),
        ("/a", "x-orders: 2", 200),
    ] {
        let request = format!("GET orders.example.com{path}");
        let arguments = ["--request", &request, "-H", header];
        let told = of_policy("version-negotiation", &layered(), &arguments);
        let got = &told["outcome"]["response"]["status"];
        assert_eq!(*got, status, "{request}, {header}");
    }
}

#[test]
fn both_directions_of_a_contract_take_each_of_their_members_from_its_own_layer() {
    let policy = json!({
        "version": 1,
        "mode": "enforce",
        "form": "held",
        "contracts": [{"name": "any", "jsonSchema": {"request": {"type": "object"}}}],
        "defaults": {"contract": "any", "request": {"maxBody": "4B", "maxDepth": 3}},
        "rules": [{"name": "all", "settings": {"request": {"overCap": "reject", "maxDepth": 9}}}]
    });
    let arguments = [
        "--request",
        "POST example.com/",
        "-H",
        "content-type: application/json",
        "--body",
        r#"{"a": 1}"#,
    ];
    let told = of_policy("contract-validation", &policy, &arguments);
    let settings = &told["policies"][0]["rules"][0]["settings"];
    assert_eq!(settings["request"], Value::Null);
    assert_eq!(
        settings["request.maxBody"]["at"],
        "/defaults/request/maxBody"
    );
    let own = "/rules/0/settings/request";
    assert_eq!(settings["request.overCap"]["at"], format!("{own}/overCap"));
    assert_eq!(
        settings["request.maxDepth"]["at"],
        format!("{own}/maxDepth")
    );
    assert_eq!(
        settings["request.maxDepth"]["over"],
        json!(["/defaults/request/maxDepth"])
    );
    // The filter takes `maxBody` from `defaults`, although the rule has a `request` of its own.
    assert_eq!(told["outcome"]["response"]["status"], 413);
}

#[test]
fn the_first_rule_that_matches_takes_a_request_and_those_before_it_say_why_not() {
    let told = |request: &str| {
        let arguments = ["--request", request];
        let told = of_policy("version-negotiation", &layered(), &arguments);
        let mut taken = told["policies"][0]["taken"].clone();
        assert_eq!(taken["isReached"], true);
        taken
            .as_object_mut()
            .unwrap()
            .retain(|name, _| name == "rule" || name == "against");
        taken
    };
    assert_eq!(
        told("GET orders.example.com/new/a"),
        json!({"rule": 0, "against": []})
    );
    assert_eq!(
        told("GET https://orders.example.com:8443/old"),
        json!({"rule": 1, "against": [["paths"]]})
    );
    assert_eq!(
        told("GET payments.example.com"),
        json!({"rule": 2, "against": [["hosts", "paths"], ["hosts"]]})
    );
    assert_eq!(
        told("GET example.com/new/a"),
        json!({"rule": null, "against": [["hosts"], ["hosts"], ["hosts"]]})
    );
}

#[test]
fn every_part_of_a_match_can_be_what_a_request_fails() {
    let mut policy = layered();
    policy["rules"][0]["match"] = json!({
        "methods": ["POST"],
        "headers": [{"name": "x-beta", "exact": "yes"}],
        "routes": ["beta"]
    });
    let against = |more: &[&str]| {
        let arguments = [&["--request", "GET orders.example.com/"], more].concat();
        let told = of_policy("version-negotiation", &policy, &arguments);
        told["policies"][0]["taken"]["against"][0].clone()
    };
    assert_eq!(against(&[]), json!(["methods", "headers", "routes"]));
    assert_eq!(
        against(&["-H", "X-Beta: yes", "--property", "xds.route_name=beta"]),
        json!(["methods"])
    );
}

#[test]
fn the_mode_is_that_of_off_then_of_the_rule_then_of_the_policy() {
    let modes = |policy: &Value, arguments: &[&str]| {
        let told = of_policy("version-negotiation", policy, arguments);
        let rules = told["policies"][0]["rules"].as_array().unwrap().clone();
        let modes = rules.into_iter().map(|rule| rule["mode"].clone());
        modes.collect::<Vec<_>>()
    };
    let said =
        |value: &str, at: &str, over: &[&str]| json!({"value": value, "at": at, "over": over});
    let mut policy = layered();
    assert_eq!(
        modes(&policy, &[])[1..],
        [
            said("enforce", "/mode", &[]),
            said("report", "/rules/2/mode", &["/mode"])
        ]
    );
    policy["off"] = json!(["payments"]);
    assert_eq!(
        modes(&policy, &[])[2],
        said("off", "/off/0", &["/rules/2/mode", "/mode"])
    );
    policy["off"] = json!([]);
    policy["mode"] = json!("off");
    assert_eq!(
        modes(&policy, &[])[2],
        said("off", "/mode", &["/rules/2/mode"])
    );
    assert_eq!(
        modes(&policy, &["--enforce"])[0],
        said("enforce", "--enforce", &[])
    );
    policy.as_object_mut().unwrap().remove("mode");
    assert_eq!(modes(&policy, &[])[0], said("report", "", &[]));
}

#[test]
fn a_service_that_is_switched_off_is_left_alone_and_that_is_told() {
    let mut policy = layered();
    policy["off"] = json!(["orders"]);
    let arguments = ["--request", "GET orders.example.com/", "-H", "x-orders: 9"];
    let told = of_policy("version-negotiation", &policy, &arguments);
    assert_eq!(told["outcome"]["response"]["status"], 200);
    assert_eq!(
        told["outcome"]["facts"]["treaty.off"],
        "version-negotiation"
    );
}

#[test]
fn what_is_for_the_hosts_of_a_service_that_is_off_is_left_alone_whatever_rule_would_take_it() {
    let mut policy = layered();
    policy["off"] = json!(["orders"]);
    policy["rules"][0]
        .as_object_mut()
        .unwrap()
        .remove("service");
    let arguments = [
        "--request",
        "GET orders.example.com/new/a",
        "-H",
        "x-new: 9",
    ];
    let told = of_policy("version-negotiation", &policy, &arguments);
    assert_eq!(told["policies"][0]["taken"]["off"], "orders");
    assert_eq!(told["outcome"]["response"]["status"], 200);
}

#[test]
fn in_a_module_of_several_filters_each_sees_what_those_before_it_let_through() {
    let mut versions = layered();
    versions["rules"] = json!([{"name": "all", "settings": {
        "sources": [{"from": "path", "template": "/v{version}/**"}],
        "upstreamPath": {"do": "strip"},
    }}]);
    let bundle = json!({"version": 1, "filters": {
        "version-negotiation": versions,
        "error-translation": {"version": 1, "form": "streamed", "rules": [{"name": "all"}]},
        "contract-validation": {
            "version": 1,
            "form": "streamed",
            "contracts": [{"name": "any", "jsonSchema": {"request": {"type": "object"}}}],
            "defaults": {"contract": "any"},
            "rules": [{"name": "orders", "match": {"paths": ["/orders/**"]}}],
        },
    }});
    let told = |request: &str| {
        let told = of_policy("all-filters", &bundle, &["--request", request]);
        let taken = |index: usize| told["policies"][index]["taken"].clone();
        [taken(1), taken(2)]
    };
    let [versions, contracts] = told("GET a.example/v1/orders/1");
    assert_eq!(
        (&versions["rule"], &contracts["rule"]),
        (&json!(0), &json!(0))
    );
    let [versions, contracts] = told("GET a.example/v9/orders/1");
    assert_eq!(versions["isReached"], true);
    assert_eq!(contracts["isReached"], false, "the one before it refused");
}

#[test]
fn people_read_what_each_rule_comes_to() {
    let mut policy = layered();
    policy["rules"] = json!([policy["rules"][1]]);
    assert_eq!(
        lines("version-negotiation", &policy, &[]),
        concat!(
            "  rule orders at /rules/0\n",
            "    mode      enforce                                /mode\n",
            "    service   orders (Go)\n",
            "    match     {\"hosts\":[\"orders.example.com\"]}       /services/0/hosts\n",
            "    scheme    integer                                /defaults/scheme\n",
            "    sources   [{\"from\":\"header\",\"name\":\"x-orders\"}]  /serviceSettings/orders/sources, ",
            "over /runtimes/go/sources, /defaults/sources\n",
            "    versions  [{\"version\":\"2\"}]                      /runtimes/go/versions, over ",
            "/defaults/versions\n",
        )
    );
}

#[test]
fn people_read_what_becomes_of_a_request() {
    let arguments = [
        "--request",
        "GET payments.example.com/a",
        "-H",
        "x-treaty-version: forged",
    ];
    let text = lines("version-negotiation", &layered(), &arguments);
    let (rules, outcome) = text.split_once("the service gets ").unwrap();
    assert!(
        rules.starts_with(
            "  rule new-orders at /rules/0 is not for it, by its hosts and paths\n  \
             rule orders at /rules/1 is not for it, by its hosts\n  \
             rule payments at /rules/2 takes it\n"
        ),
        "{rules}"
    );
    assert!(outcome.contains("\nthe client gets 200\n"), "{outcome}");

    let arguments = [
        "--enforce",
        "--request",
        "GET orders.example.com/a",
        "-H",
        "x-orders: 9",
    ];
    let text = lines("version-negotiation", &layered(), &arguments);
    let outcome = text.split_once("the service gets ").unwrap().1;
    assert!(
        outcome.starts_with("nothing\nthe client gets 404, treaty.version_negotiation."),
        "{outcome}"
    );
}

#[test]
fn a_request_is_shown_as_the_service_gets_it() {
    let mut policy = layered();
    policy["rules"][2]["mode"] = json!("enforce");
    let arguments = [
        "--request",
        "GET payments.example.com/a",
        "-H",
        "x-treaty-version: forged",
        "-H",
        "x-default: 1",
    ];
    let text = lines("version-negotiation", &policy, &arguments);
    let outcome = text.split_once("the service gets ").unwrap().1;
    let expected =
        "GET payments.example.com/a\n  - x-treaty-version: forged\n  + x-treaty-version: 1\n";
    assert!(outcome.starts_with(expected), "{outcome}");
}

#[test]
fn what_depends_on_the_answer_of_a_store_says_so() {
    let policy = json!({
        "version": 1,
        "mode": "enforce",
        "stores": [{"type": "etcd", "name": "fleet", "cluster": "etcd"}],
        "defaults": {"scope": {"shared": true}, "sealing": "none"},
        "rules": [{"name": "payments"}]
    });
    let arguments = [
        "--request",
        "POST example.com/",
        "-H",
        "idempotency-key: \"a\"",
    ];
    let told = of_policy("idempotency-keys", &policy, &arguments);
    let call = &told["outcome"]["hangsOn"];
    assert_eq!(*call, "etcdserverpb.KV/Txn of cluster etcd");
    let text = lines("idempotency-keys", &policy, &arguments);
    let last = "\nwhat becomes of it hangs on the answer to etcdserverpb.KV/Txn of cluster etcd; a case can \
                give one (`treaty test`)\n";
    assert!(text.ends_with(last), "{text}");
}

#[test]
fn what_is_said_of_every_policy_that_is_shipped_stands_where_it_says() {
    let mut rules = 0;
    for folder in ["policies", "envoy-configs", "istio", "envoy-gateway"] {
        let skips = |folder: &Path| {
            ["invalid", "cases", "contracts"]
                .iter()
                .any(|name| folder.ends_with(name))
        };
        for file in crate::walk::files(&repository(folder), &skips).unwrap() {
            rules += check_file(&file);
        }
    }
    assert!(rules > 100, "{rules}");
}

/// Holds what is said of each rule of a file to the policy; the number of rules.
fn check_file(file: &Path) -> usize {
    let text = place::read(file).unwrap();
    let documents = place::documents(file, &text).unwrap();
    let places = place::places(file, &documents, None, FILTERS);
    if places.is_empty() || file.ends_with("schema.json") {
        return 0;
    }
    let arguments = ["--request", "GET orders.example.com/v1/orders"];
    let told = json::of(&explained(file, None, &arguments));
    let modules = told["modules"].as_array().unwrap().iter();
    let policies = modules.flat_map(|module| module["policies"].as_array().unwrap());
    let mut rules = 0;
    for (place, policy) in places.iter().zip(policies) {
        let document = place.policy(&documents).unwrap();
        for rule in policy["rules"].as_array().unwrap() {
            check_rule(&document, rule);
            rules += 1;
        }
    }
    rules
}

fn check_rule(policy: &Value, rule: &Value) {
    let stands = |said: &Value| policy.pointer(said.as_str().unwrap()).unwrap();
    assert_eq!(stands(&rule["at"])["name"], rule["name"]);
    let (mode, matches) = (&rule["mode"], &rule["match"]);
    assert_eq!(*stands(&mode["at"]), mode["value"]);
    let is_of_service = matches["at"].as_str().unwrap().ends_with("/hosts");
    match matches["at"].as_str().unwrap() {
        "" => assert_eq!(matches["value"], json!({})),
        _ if is_of_service => assert_eq!(*stands(&matches["at"]), matches["value"]["hosts"]),
        _ => assert_eq!(*stands(&matches["at"]), matches["value"]),
    }
    let settings = rule["settings"].as_object().unwrap();
    for said in settings.values() {
        assert_eq!(*stands(&said["at"]), said["value"]);
        for over in said["over"].as_array().unwrap() {
            stands(over);
        }
    }
}

#[test]
fn nothing_to_explain_is_a_fault_and_so_is_every_mistake_in_a_policy() {
    let fault = |policy: &Value, filter: Option<&str>| {
        let file = written(policy);
        let findings = explain(file.path(), filter, &Ask::default(), FILTERS);
        let findings = findings.err().unwrap();
        let told = findings.iter().map(ToString::to_string);
        let told: Vec<String> = told.collect();
        told.join("\n")
            .replace(&file.path().display().to_string(), "file")
    };
    assert_eq!(
        fault(&json!({}), None),
        format!("file: {}", place::NO_POLICY)
    );
    let mut policy = layered();
    policy["rules"][1]["service"] = json!("order");
    assert_eq!(
        fault(&policy, Some("version-negotiation")),
        "file:/rules/1/service: is not the name of a service; expected one of `orders` or \
         `payments`; did you mean `orders`?\n\
         file:/rules/2: can never match: `/rules/1` takes every such request before"
    );
    assert!(fault(&policy, Some("versions")).contains("is not a filter of this build"));
}

#[test]
fn a_request_that_cannot_be_read_says_what_is_expected() {
    let fault = |arguments: &[&str]| {
        let line = [&["explain"], arguments].concat();
        let parsed = Asking::try_parse_from(line);
        parsed
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    for request in ["GET", "GET ", "orders.example.com/v1", "GET /v1", "GET a b"] {
        assert!(
            fault(&["--request", request]).contains("expected a method"),
            "{request}"
        );
    }
    for header in ["accept", ": value", "a b: c"] {
        let arguments = ["--request", "GET a/", "-H", header];
        assert!(fault(&arguments).contains("expected a name"), "{header}");
    }
    for property in ["xds.route_name", "=orders"] {
        let arguments = ["--request", "GET a/", "--property", property];
        assert!(
            fault(&arguments).contains("expected a name, `=` and a value"),
            "{property}"
        );
    }
    assert!(fault(&["-H", "a: b"]).contains("--request"));
}

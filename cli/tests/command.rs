//! The command itself: what it prints and with which code it exits.
#![expect(
    clippy::unwrap_used,
    reason = "Clippy takes only functions marked as tests for tests, and these serve them."
)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn treaty(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_treaty"))
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"))
        .output()
        .unwrap()
}

#[track_caller]
fn exits(arguments: &[&str], code: i32, stdout: &str, stderr: &str) {
    let output = treaty(arguments);
    assert_eq!(String::from_utf8_lossy(&output.stdout), stdout);
    assert_eq!(String::from_utf8_lossy(&output.stderr), stderr);
    assert_eq!(output.status.code(), Some(code));
}

#[test]
fn policies_without_fault_exit_with_0() {
    exits(
        &["check", "policies/services.json"],
        0,
        "findings: 0, policies: 1, files: 1\n",
        "",
    );
}

#[test]
fn findings_exit_with_1() {
    exits(
        &["check", "syntax/twice.json"],
        1,
        "syntax/twice.json:/version: stands twice in this object; keep one of them\n\
         findings: 1, policies: 0, files: 1\n",
        "",
    );
    exits(
        &["check", "syntax/twice.json", "--format", "json"],
        1,
        "{\"files\":1,\"findings\":[{\"file\":\"syntax/twice.json\",\"message\":\"stands twice in this \
         object; keep one of them\",\"pointer\":\"/version\",\"within\":\"\"}],\"policies\":0,\"warnings\":[]}\n",
        "",
    );
}

/// The path of a policy that is shipped.
fn example(policy: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    root.join(policy).to_str().unwrap().to_owned()
}

/// What is rendered, without a word on stderr.
#[track_caller]
fn rendered(arguments: &[&str]) -> String {
    let output = treaty(&[&["render"], arguments].concat());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn local_replies_are_rendered_from_a_policy() {
    let policy = example("error-translation/examples/edge.json");
    let rendered: Value = serde_json::from_str(&rendered(&["local-replies", &policy])).unwrap();
    assert!(rendered["mappers"].is_array(), "{rendered}");
}

#[test]
fn an_access_log_has_the_tags_of_the_policy_each_once() {
    let policy = example("telemetry-tagging/examples/edge.json");
    let text = rendered(&["access-log", &policy]);
    let rendered: Value = serde_json::from_str(&text).unwrap();
    let line = &rendered["json_format"];
    let told = |name: &str| format!("%FILTER_STATE(wasm.treaty.tag.{name}:PLAIN)%");
    assert_eq!(line["tags"]["tenant"], told("tenant"));
    // What has a place in every line stands there alone.
    assert_eq!(line["request"]["target"], told("target"));
    assert_eq!(line["route"], told("http.route"));
    for name in ["target", "http.route", "tenant"] {
        assert_eq!(text.matches(&told(name)).count(), 1, "{name}");
    }
}

/// What clients choose freely may be personal. Facts have been looked through.
#[test]
fn an_access_log_has_nothing_as_a_client_sent_it() {
    let policy = example("telemetry-tagging/examples/edge.json");
    let text = rendered(&["access-log", &policy]);
    for raw in [
        "%REQ",
        "PATH",
        "REMOTE",
        "ADDRESS",
        "REQUESTED_SERVER_NAME",
        "PEER",
        "TRACEPARENT",
    ] {
        assert!(!text.contains(raw), "{raw}");
    }
}

#[test]
fn tags_of_spans_replace_those_that_give_clients_away() {
    let policy = example("telemetry-tagging/examples/sidecar.json");
    let tracing: Value = serde_saphyr::from_str(&rendered(&["span-tags", &policy])).unwrap();
    assert_eq!(tracing["max_path_tag_length"], 0);
    let tags = tracing["custom_tags"].as_array().unwrap();
    let tag = |name: &str| tags.iter().find(|tag| tag["tag"] == name).unwrap();
    for own in ["http.url", "peer.address", "user_agent"] {
        assert_eq!(tag(own)["literal"]["value"], "REDACTED", "{own}");
    }
    let told = "%FILTER_STATE(wasm.treaty.tag.tenant:PLAIN)%";
    assert_eq!(tag("tenant")["value"], told);
    // Only logs are to have it.
    assert!(tags.iter().all(|tag| tag["tag"] != "target"));
    let route = "%FILTER_STATE(wasm.treaty.tag.http.route:PLAIN)%";
    assert!(tracing["operation"].as_str().unwrap().ends_with(route));
}

#[test]
fn tags_of_metrics_are_those_of_all_filters_and_those_of_the_policies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let shipped = std::fs::read_to_string(root.join("observability/stats_tags.yaml")).unwrap();
    let shipped: Value = serde_saphyr::from_str(&shipped).unwrap();
    let generic: Value = serde_json::from_str(&rendered(&["stats-tags"])).unwrap();
    assert_eq!(generic, shipped);
    let policy = example("telemetry-tagging/examples/edge.json");
    let with_own: Value =
        serde_json::from_str(&rendered(&["stats-tags", &policy, &policy])).unwrap();
    let tags = with_own["stats_tags"].as_array().unwrap();
    let own =
        serde_json::json!({"tag_name": "treaty_plan", "regex": r"^wasmcustom\..*?(;plan=([^;]*))"});
    assert_eq!(tags.last(), Some(&own));
    assert_eq!(
        tags.len(),
        shipped["stats_tags"].as_array().unwrap().len() + 1
    );
}

#[test]
fn manifests_come_in_the_order_of_the_chain() {
    let edge = |filter: &str| example(&format!("{filter}/examples/edge.json"));
    let (version, telemetry) = (edge("version-negotiation"), edge("telemetry-tagging"));
    let arguments = [
        "istio",
        "--namespace",
        "ingress",
        "--name",
        "own",
        "--module",
    ];
    let module = ["oci://example.com/{filter}:1", &version, &telemetry];
    let text = rendered(&[&arguments[..], &module].concat());
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    let told: Vec<String> = documents
        .iter()
        .map(|own| format!("{} {}", own["metadata"]["name"], own["spec"]["url"]))
        .collect();
    assert_eq!(
        told,
        [
            r#""own-telemetry-tagging" "oci://example.com/telemetry-tagging:1""#,
            r#""own-version-negotiation" "oci://example.com/version-negotiation:1""#,
        ]
    );
    assert_eq!(documents[0]["metadata"]["namespace"], "ingress");
    let named = &documents[0]["spec"]["vmConfig"]["env"][0];
    assert_eq!(named["name"], "TREATY_PEOPLE_KEY");
    assert_eq!(named["valueFrom"], "HOST");
}

#[test]
fn what_a_form_cannot_honour_is_not_rendered() {
    let policy = example("error-translation/examples/edge.json");
    let output = treaty(&["render", "istio", &policy]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("/catalog/0/then/status"), "{told}");
    assert!(
        told.contains("(rendered in the form \"streamed\")"),
        "{told}"
    );
    rendered(&["istio", "--form", "envoy-filter", &policy]);
    let twice = treaty(&["render", "envoy", &policy, &policy]);
    let told = String::from_utf8(twice.stderr).unwrap();
    let expected = "edge.json: is the second policy for error-translation; a proxy has one\n";
    assert!(told.ends_with(expected), "{told}");
}

#[test]
fn options_that_contradict_each_other_exit_with_2() {
    let policy = example("version-negotiation/examples/edge.json");
    let other = example("telemetry-tagging/examples/edge.json");
    let digest = "0".repeat(64);
    for (options, expected) in [
        (&["--placement", "sidecar", "--gateway", "a"][..], "labels"),
        (
            &["--placement", "waypoint", "--workload", "a=b"],
            "takes no notice",
        ),
        (
            &[
                "--placement",
                "waypoint",
                "--form",
                "envoy-filter",
                "--service",
                "a",
            ],
            "whole waypoint",
        ),
        (&["--service", "a"], "for waypoints"),
        (&["--gateway", "a", "--workload", "a=b"], "one target"),
        (&["--sha256", "abc"], "64"),
        (&["--sha256", &digest, &other], "one module"),
        (
            &["--module", "oci://a/b:1", &other],
            "one module for several filters",
        ),
    ] {
        let output = treaty(&[&["render", "istio"], options, &[&policy]].concat());
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(
            told.starts_with("treaty: ") && told.contains(expected),
            "{told}"
        );
    }
    let output = treaty(&["render", "envoy", "--module", "https://a/b", &policy]);
    assert_eq!(output.status.code(), Some(2));
    let output = treaty(&["render", "envoy-gateway", "--module", "file:///a", &policy]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_policy_with_mistakes_is_not_rendered() {
    exits(
        &["render", "local-replies", "syntax/twice.json"],
        1,
        "",
        "syntax/twice.json:/version: stands twice in this object; keep one of them\n",
    );
    for what in [
        "local-replies",
        "access-log",
        "span-tags",
        "stats-tags",
        "istio",
        "envoy",
        "envoy-gateway",
    ] {
        let output = treaty(&["render", what, "no/such/file.json"]);
        assert_eq!(output.status.code(), Some(1), "{what}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{what}");
    }
}

#[test]
fn what_cannot_be_explained_exits_with_1() {
    let fault = "policies/services.json: no policy here of the filter, or none that says whose it \
                 is; --filter says it\n";
    exits(&["explain", "policies/services.json"], 1, "", fault);
}

#[test]
fn an_environment_that_is_no_text_is_no_reason_to_explain_nothing() {
    let explained = Command::new(env!("CARGO_BIN_EXE_treaty"))
        .args([
            "explain",
            &example("version-negotiation/examples/edge.json"),
        ])
        .env("NO_TEXT", OsStr::from_bytes(b"\xff"))
        .output();
    assert!(explained.unwrap().status.success());
}

#[test]
fn an_explanation_reads_as_the_readme_shows_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("cli/README.md")).unwrap();
    let (_, section) = readme.split_once("## What `explain` tells").unwrap();
    let block = |language: &str| {
        let (_, block) = section.split_once(&format!("```{language}\n")).unwrap();
        block.split_once("```").unwrap().0
    };
    let command = block("sh").replace("treaty ", &format!("{} ", env!("CARGO_BIN_EXE_treaty")));
    let shell = Command::new("sh")
        .args(["-euc", &command])
        .current_dir(&root)
        .output();
    let shell = shell.unwrap();
    assert!(shell.status.success());
    let printed = String::from_utf8(shell.stdout).unwrap();
    let mut printed = printed.lines();
    for line in block("text").lines().filter(|line| line.trim() != "…") {
        assert!(printed.any(|own| own == line), "{line}");
    }
}

#[test]
fn a_bundled_policy_goes_to_a_file_or_to_stdout_and_its_sizes_to_stderr() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let policy = r#"{"version": 1, "contracts": [{"name": "orders", "contractFile": "api.yaml"}], "rules": [{"name": "all"}]}"#;
    std::fs::write(path("policy.json"), policy).unwrap();
    std::fs::write(path("api.yaml"), "request: {type: string}").unwrap();
    let output = treaty(&["bundle", &path("policy.json")]);
    let bundled = String::from_utf8(output.stdout).unwrap();
    let contract = r#""jsonSchema": {"request":{"type":"string"}}"#;
    assert!(bundled.contains(contract), "{bundled}");
    let told = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "contract orders: 29 octets, of 23");
    let summary = format!("policy: {} octets, ", bundled.len());
    assert!(lines[1].starts_with(&summary), "{told}");
    assert_eq!(output.status.code(), Some(0));
    let (policy, packed) = (path("policy.json"), path("out.json"));
    let output = treaty(&["bundle", &policy, "--packed", "-o", &packed]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    let text = std::fs::read_to_string(&packed).unwrap();
    assert!(text.contains(r#""jsonSchema": "H4sI"#), "{text}");
    // What was bundled needs no other file.
    std::fs::remove_file(path("api.yaml")).unwrap();
    let check = ["check", "--filter", "contract-validation", &packed];
    assert_eq!(treaty(&check).status.code(), Some(0));
    let output = treaty(&["bundle", &policy, "-o", &path("none.json")]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("/contracts/0/contractFile: `"), "{told}");
    assert!(!folder.path().join("none.json").exists());
}

#[test]
fn nothing_to_do_exits_with_2() {
    exits(
        &["check", "other"],
        2,
        "",
        "treaty: other: no policy here; a policy stands in policies/<filter>/, names its filter's \
         schema.json as `$schema`, or is given with --filter\n",
    );
    let empty: PathBuf = tempfile::tempdir().unwrap().keep();
    let empty = empty.to_str().unwrap();
    exits(
        &["test", empty],
        2,
        "",
        &format!("treaty: {empty}: no case here\n"),
    );
    std::fs::remove_dir(empty).unwrap();
    for misunderstood in [
        &["check"][..],
        &["chekc"],
        &["test", "--format", "xml", "."],
        &["render"],
        &["render", "local-replies"],
        &["render", "access-log"],
        &["bundle"],
        &["bundle", "a.json", "--target", "etcd"],
        &["explain"],
        &["explain", "a.json", "--request", "orders.example.com"],
        &[
            "explain",
            "a.json",
            "--request",
            "GET a/",
            "--answer",
            "100",
        ],
    ] {
        assert_eq!(
            treaty(misunderstood).status.code(),
            Some(2),
            "{misunderstood:?}"
        );
    }
}

#[test]
fn a_case_that_fails_exits_with_1_and_counts() {
    let output = treaty(&["test", "policies/sample/cases", "syntax/broken.yaml"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().collect();
    let [broken, failed, .., because, summary] = lines.as_slice() else {
        panic!("{text}");
    };
    assert!(broken.starts_with("syntax/broken.yaml:1: "), "{broken}");
    // The command has no filter of this name; the library's own tests bring one.
    let expected = "policies/sample/cases/none.yaml:4 · a request passes · run";
    assert!(failed.starts_with(expected), "{failed}");
    let expected = "`sample` is not a filter of this build";
    assert!(because.contains(expected), "{because}");
    assert_eq!(*summary, "0 passed, 2 failed");
    assert_eq!(output.status.code(), Some(1));
}

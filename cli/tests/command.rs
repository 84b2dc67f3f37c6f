//! The command itself: what it prints and with which code it exits.
#![expect(
    clippy::unwrap_used,
    reason = "Clippy takes only functions marked as tests for tests, and these serve them."
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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
         object; keep one of them\",\"pointer\":\"/version\",\"within\":\"\"}],\"policies\":0}\n",
        "",
    );
}

#[test]
fn local_replies_are_rendered_from_a_policy() {
    let policy = "policies/error-translation/examples/edge.json";
    let policy = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(policy);
    let output = treaty(&["render", "local-replies", policy.to_str().unwrap()]);
    let rendered: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(rendered["mappers"].is_array(), "{rendered}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_policy_with_mistakes_is_not_rendered() {
    exits(
        &["render", "local-replies", "syntax/twice.json"],
        1,
        "",
        "syntax/twice.json:/version: stands twice in this object; keep one of them\n",
    );
    let output = treaty(&["render", "local-replies", "no/such/file.json"]);
    assert_eq!(output.status.code(), Some(1));
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
    let [broken, failed, summary] = lines.as_slice() else {
        panic!("{text}");
    };
    assert!(broken.starts_with("syntax/broken.yaml:1: "), "{broken}");
    // The command has no filter of this name; the library's own tests bring one.
    let expected = "policies/sample/cases/none.yaml:4 · a request passes · run: expected an outcome, \
                    got `sample` is not a filter of this build";
    assert!(failed.starts_with(expected), "{failed}");
    assert_eq!(*summary, "0 passed, 2 failed");
    assert_eq!(output.status.code(), Some(1));
}

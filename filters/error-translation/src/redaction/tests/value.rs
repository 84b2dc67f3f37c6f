//! Documents, and texts for the log.

use serde_json::{Value, json};

use crate::redaction::{Found, Redactor, Settings};

fn clean(mut value: Value) -> (Value, Vec<String>) {
    let mut found = Found::default();
    Redactor::new(Settings::default()).clean_value(&mut value, &mut found);
    (value, found.names().map(str::to_owned).collect())
}

fn for_log(text: &str, max: usize) -> String {
    Redactor::new(Settings::default()).for_log(text, max)
}

#[test]
fn members_that_are_secret_or_for_developers_are_taken_out() {
    let (value, found) = clean(json!({
        "reason": "declined",
        "accessToken": "x", "api-key": 1, "Set-Cookie": "a", "db_password": "x",
        "stack": ["a"], "stackTrace": "x", "debug": {"a": 1}, "exception": "x",
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "nextPageToken": "abc",
    }));
    assert_eq!(
        value,
        json!({
            "reason": "declined",
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "nextPageToken": "abc",
        })
    );
    assert_eq!(found, ["token", "debug"]);
}

#[test]
fn what_is_wrong_with_a_field_of_a_secret_name_stays() {
    let errors = json!({"password": ["This field is required."], "email": ["Not valid."]});
    assert_eq!(clean(errors.clone()), (errors, Vec::new()));
    assert_eq!(clean(json!({"password": ["hunter2"]})).0, json!({}));
    assert_eq!(clean(json!({"cookies": ["a=b; c=d; e=f"]})).0, json!({}));
}

#[test]
fn texts_are_cleaned_at_every_depth() {
    let (value, found) = clean(json!({
        "a": [{"b": "at 10.0.0.1", "c": "panic: boom", "d": 42, "e": null}, "pq: x", "fine"],
    }));
    assert_eq!(
        value,
        json!({"a": [{"b": "at [redacted]", "d": 42, "e": null}, "fine"]})
    );
    assert_eq!(found, ["goPanic", "sql", "address"]);
}

#[test]
fn members_with_names_that_must_not_leave_are_taken_out() {
    assert_eq!(
        clean(json!({"10.0.0.1": "down", "a": 1})).0,
        json!({"a": 1})
    );
}

#[test]
fn a_text_alone_that_may_not_leave_is_null() {
    assert_eq!(clean(json!("panic: boom")).0, Value::Null);
}

#[test]
fn the_log_keeps_what_operators_need() {
    let text = "panic: boom\n\tat /app/main.go:1 db.internal 10.0.0.1";
    assert_eq!(
        for_log(text, 1000),
        "panic: boom\\n\\tat /app/main.go:1 db.internal 10.0.0.1"
    );
}

#[test]
fn the_log_has_no_secrets() {
    for (text, secret) in [
        ("postgres://orders:hunter2@db:5432/orders", "hunter2"),
        ("pq: x; password=hunter2", "hunter2"),
        ("Authorization: Bearer abc", "abc"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", "eyJ"),
        ("Bearer \u{1b}[31mabc123def", "abc123"),
        ("/app/ghp_16C7e42F292c6912E7710c838347Ae178B4a", "ghp_"),
    ] {
        let log = for_log(text, 1000);
        assert!(!log.contains(secret) && log.contains("[redacted]"), "{log}");
    }
    assert_eq!(
        for_log("postgres://orders:hunter2@db:5432/orders", 1000),
        "postgres://[redacted]@db:5432/orders"
    );
}

#[test]
fn the_log_has_one_line_without_control_characters() {
    assert_eq!(
        for_log("a\r\nb\u{1b}[31mc\u{0}\td\u{2028}ü", 1000),
        "a\\nbc\\td\\u{2028}ü"
    );
}

#[test]
fn the_log_is_cut_at_a_character() {
    assert_eq!(for_log("äöü", 6), "äöü");
    assert_eq!(for_log("äöüx", 6), "ä…");
    assert_eq!(for_log("a\nb\nc\nd", 6), "a\\n…");
    assert_eq!(for_log("abc", 2), "");
    assert_eq!(for_log("abc", 0), "");
}

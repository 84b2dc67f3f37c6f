//! The cases of the test suite in w3c/trace-context (`test/test.py`), by their names there.
//!
//! The suite is written for services that take part in a trace. The filter makes no spans, so that
//! where the suite wants another parent id the filter keeps it (section 4.4). Names of fields are
//! matched by the proxy, so a field with a wrong name is one that did not come.

use super::*;

/// What the suite expects of the trace.
#[derive(Clone, Copy)]
enum Trace {
    /// The trace id goes on.
    Kept,
    /// Another trace id is sent.
    New,
}

use Trace::{Kept, New};

/// One request of the suite: lines of `traceparent`, what becomes of the trace.
type ParentCase<'a> = (&'a str, &'a [&'a str], Trace);

/// One request of the suite: lines of `tracestate`, and the list that goes on, if one does.
type StateCase<'a> = (&'a str, &'a [&'a str], Option<&'a str>);

const TRACEPARENTS: &[ParentCase<'_>] = &[
    ("both_traceparent_and_tracestate_missing", &[], New),
    (
        "traceparent_included_tracestate_missing",
        &["00-12345678901234567890123456789012-1234567890123456-01"],
        Kept,
    ),
    (
        "traceparent_duplicated",
        &[
            "00-12345678901234567890123456789011-1234567890123456-01",
            "00-12345678901234567890123456789012-1234567890123456-01",
        ],
        New,
    ),
    ("traceparent_header_name", &[], New),
    (
        "traceparent_version_0x00",
        &["00-12345678901234567890123456789012-1234567890123456-01."],
        New,
    ),
    (
        "traceparent_version_0x00",
        &["00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like"],
        New,
    ),
    (
        "traceparent_version_0xcc",
        &["cc-12345678901234567890123456789012-1234567890123456-01"],
        Kept,
    ),
    (
        "traceparent_version_0xcc",
        &["cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like"],
        Kept,
    ),
    (
        "traceparent_version_0xcc",
        &["cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like"],
        New,
    ),
    (
        "traceparent_version_0xff",
        &["ff-12345678901234567890123456789012-1234567890123456-01"],
        New,
    ),
    (
        "traceparent_version_illegal_characters",
        &[".0-12345678901234567890123456789012-1234567890123456-01"],
        New,
    ),
    (
        "traceparent_version_illegal_characters",
        &["0.-12345678901234567890123456789012-1234567890123456-01"],
        New,
    ),
    (
        "traceparent_version_too_long",
        &["000-12345678901234567890123456789012-1234567890123456-01"],
        New,
    ),
    (
        "traceparent_version_too_long",
        &["0000-12345678901234567890123456789012-1234567890123456-01"],
        New,
    ),
    (
        "traceparent_version_too_short",
        &["0-12345678901234567890123456789012-1234567890123456-01"],
        New,
    ),
    (
        "traceparent_trace_id_all_zero",
        &["00-00000000000000000000000000000000-1234567890123456-01"],
        New,
    ),
    (
        "traceparent_trace_id_illegal_characters",
        &["00-.2345678901234567890123456789012-1234567890123456-01"],
        New,
    ),
    (
        "traceparent_trace_id_illegal_characters",
        &["00-1234567890123456789012345678901.-1234567890123456-01"],
        New,
    ),
    (
        "traceparent_trace_id_too_long",
        &["00-123456789012345678901234567890123-1234567890123456-01"],
        New,
    ),
    (
        "traceparent_trace_id_too_short",
        &["00-1234567890123456789012345678901-1234567890123456-01"],
        New,
    ),
    (
        "traceparent_parent_id_all_zero",
        &["00-12345678901234567890123456789012-0000000000000000-01"],
        New,
    ),
    (
        "traceparent_parent_id_illegal_characters",
        &["00-12345678901234567890123456789012-.234567890123456-01"],
        New,
    ),
    (
        "traceparent_parent_id_illegal_characters",
        &["00-12345678901234567890123456789012-123456789012345.-01"],
        New,
    ),
    (
        "traceparent_parent_id_too_long",
        &["00-12345678901234567890123456789012-12345678901234567-01"],
        New,
    ),
    (
        "traceparent_parent_id_too_short",
        &["00-12345678901234567890123456789012-123456789012345-01"],
        New,
    ),
    (
        "traceparent_trace_flags_illegal_characters",
        &["00-12345678901234567890123456789012-1234567890123456-.0"],
        New,
    ),
    (
        "traceparent_trace_flags_illegal_characters",
        &["00-12345678901234567890123456789012-1234567890123456-0."],
        New,
    ),
    (
        "traceparent_trace_flags_too_long",
        &["00-12345678901234567890123456789012-1234567890123456-001"],
        New,
    ),
    (
        "traceparent_trace_flags_too_short",
        &["00-12345678901234567890123456789012-1234567890123456-1"],
        New,
    ),
    (
        "traceparent_ows_handling",
        &[" 00-12345678901234567890123456789012-1234567890123456-01"],
        Kept,
    ),
    (
        "traceparent_ows_handling",
        &["\t00-12345678901234567890123456789012-1234567890123456-01"],
        Kept,
    ),
    (
        "traceparent_ows_handling",
        &["00-12345678901234567890123456789012-1234567890123456-01 "],
        Kept,
    ),
    (
        "traceparent_ows_handling",
        &["00-12345678901234567890123456789012-1234567890123456-01\t"],
        Kept,
    ),
    (
        "traceparent_ows_handling",
        &["\t 00-12345678901234567890123456789012-1234567890123456-01 \t"],
        Kept,
    ),
    (
        "multiple_requests_with_illegal_traceparent",
        &["00-00000000000000000000000000000000-1234567890123456-01"],
        New,
    ),
];

#[test]
fn traceparents_of_the_suite() {
    for (name, lines, expected) in TRACEPARENTS {
        let sent = send(&TERMS, lines, &[]);
        let line = sent.traceparent.unwrap();
        let expected = match expected {
            Kept => LINE,
            New => MADE,
        };
        assert_eq!(line.trim(), expected, "{name}: {lines:?}");
    }
}

const TRACESTATES: &[StateCase<'_>] = &[
    (
        "tracestate_included_traceparent_included",
        &["foo=1,bar=2"],
        Some("foo=1,bar=2"),
    ),
    ("tracestate_header_name", &[], None),
    (
        "tracestate_header_name_valid_casing",
        &["foo=1"],
        Some("foo=1"),
    ),
    ("tracestate_empty_header", &["foo=1", ""], Some("foo=1")),
    ("tracestate_empty_header", &["", "foo=1"], Some("foo=1")),
    (
        "tracestate_multiple_headers_different_keys",
        &["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
        Some("foo=1,bar=2,rojo=1,congo=2,baz=3"),
    ),
    ("tracestate_duplicated_keys", &["foo=1,foo=1"], None),
    ("tracestate_duplicated_keys", &["foo=1,foo=2"], None),
    ("tracestate_duplicated_keys", &["foo=1", "foo=1"], None),
    ("tracestate_duplicated_keys", &["foo=1", "foo=2"], None),
    (
        "tracestate_ows_handling",
        &["foo=1 \t , \t bar=2, \t baz=3"],
        Some("foo=1,bar=2,baz=3"),
    ),
    (
        "tracestate_ows_handling",
        &["foo=1\t \t,\t \tbar=2,\t \tbaz=3"],
        Some("foo=1,bar=2,baz=3"),
    ),
    ("tracestate_ows_handling", &[" foo=1"], Some("foo=1")),
    ("tracestate_ows_handling", &["\tfoo=1"], Some("foo=1")),
    ("tracestate_ows_handling", &["foo=1 "], Some("foo=1")),
    ("tracestate_ows_handling", &["foo=1\t"], Some("foo=1")),
    ("tracestate_ows_handling", &["\t foo=1 \t"], Some("foo=1")),
    ("tracestate_key_illegal_characters", &["foo =1"], None),
    ("tracestate_key_illegal_characters", &["FOO=1"], None),
    ("tracestate_key_illegal_characters", &["foo.bar=1"], None),
    (
        "tracestate_key_illegal_vendor_format",
        &["@foo=1,bar=2"],
        None,
    ),
    (
        "tracestate_value_illegal_characters",
        &["foo=bar=baz"],
        None,
    ),
    ("tracestate_value_illegal_characters", &["foo=,bar=3"], None),
];

#[test]
fn tracestates_of_the_suite() {
    check(TRACESTATES);
}

#[test]
fn long_tracestates_of_the_suite() {
    let lower: String = ('a'..='z').chain('0'..='9').collect();
    let key = lower + "_-*/";
    let printable = (' '..='~').filter(|c| !",=".contains(*c));
    let value: String = printable.collect();
    let without_vendor = format!("{key}={value}");
    let with_vendor = format!("{key}@a-z0-9_-*/={value}");
    let numbered = |first: u8, last: u8| {
        let member = |n| format!("bar{n:02}={n:02}");
        (first..=last).map(member).collect::<Vec<_>>().join(",")
    };
    let (tens, all) = (
        [numbered(1, 10), numbered(11, 20), numbered(21, 30)],
        numbered(1, 32),
    );
    let [first, second, third] = &tens;
    let (last, too_many) = (numbered(31, 32), numbered(31, 33));
    let (key_256, key_257) = (
        format!("{}=1", "z".repeat(256)),
        format!("{}=1", "z".repeat(257)),
    );
    let tenant_241 = format!("{}@{}=1", "t".repeat(241), "v".repeat(14));
    check(&[
        (
            "tracestate_all_allowed_characters",
            &[&without_vendor],
            Some(&without_vendor),
        ),
        (
            "tracestate_all_allowed_characters",
            &[&with_vendor],
            Some(&with_vendor),
        ),
        (
            "tracestate_member_count_limit",
            &[first, second, third, &last],
            Some(&all),
        ),
        (
            "tracestate_member_count_limit",
            &[first, second, third, &too_many],
            None,
        ),
        (
            "tracestate_key_length_limit",
            &["foo=1", &key_256],
            Some(&format!("foo=1,{key_256}")),
        ),
        ("tracestate_key_length_limit", &["foo=1", &key_257], None),
        (
            "tracestate_key_length_limit",
            &["foo=1", &tenant_241],
            Some(&format!("foo=1,{tenant_241}")),
        ),
    ]);
}

#[test]
fn tracestate_empty_header() {
    let sent = send(&TERMS, &[LINE], &[""]);
    assert_eq!(sent.traceparent.as_deref(), Some(LINE));
    assert_eq!(list(&sent.tracestate), None);
}

#[test]
fn tracestate_included_traceparent_missing() {
    for line in ["foo=1", "foo=1,bar=2"] {
        let sent = send(&TERMS, &[], &[line]);
        assert_eq!(sent.traceparent.as_deref(), Some(MADE));
        assert!(sent.tracestate.is_empty());
    }
}

#[test]
fn keys_that_the_suite_refuses_after_level_1_are_taken_after_level_2() {
    let tenant_242 = format!("{}@v=1", "t".repeat(242));
    let vendor_15 = format!("t@{}=1", "v".repeat(15));
    for (name, member) in [
        ("tracestate_key_illegal_vendor_format", "foo@=1"),
        ("tracestate_key_illegal_vendor_format", "foo@@bar=1"),
        ("tracestate_key_illegal_vendor_format", "foo@bar@baz=1"),
        ("tracestate_key_length_limit", &tenant_242),
        ("tracestate_key_length_limit", &vendor_15),
    ] {
        let line = format!("{member},bar=2");
        let sent = send(&TERMS, &[LINE], &[&line]);
        assert_eq!(sent.tracestate, [line], "{name}");
    }
}

/// The list as somebody reads it who gets these lines.
fn list(lines: &[String]) -> Option<String> {
    let lines: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    let list = Tracestate::parse(&lines).unwrap().write()?;
    Some(String::from_utf8(list).unwrap())
}

fn check(cases: &[StateCase<'_>]) {
    let line = LINE.replace("-01", "-00");
    for (name, lines, expected) in cases {
        let sent = send(&TERMS, &[&line], lines);
        // A bad tracestate does not affect the trace.
        assert_eq!(sent.traceparent.as_ref(), Some(&line), "{name}: {lines:?}");
        assert_eq!(
            list(&sent.tracestate).as_deref(),
            *expected,
            "{name}: {lines:?}"
        );
    }
}

use proptest::prelude::*;

use super::*;

impl Parts {
    fn of(&self, headers: &Headers, content: &[u8]) -> Fingerprint {
        let by = Fingerprinter::new(self.clone());
        by.start(headers).end(content, &by)
    }
}

fn pointers(places: &[&str]) -> ContentPart {
    ContentPart::Members(places.iter().map(|place| place.parse().unwrap()).collect())
}

fn all() -> Parts {
    Parts {
        method: true,
        path: true,
        query: QueryPart::AsSent,
        fields: vec![FieldName("content-type".into()), FieldName("accept".into())],
        content: ContentPart::Octets,
    }
}

fn head(method: &str, target: &str, fields: &[(&str, &str)]) -> Headers {
    let pseudo = [(":method", method), (":path", target)];
    Headers::from_pairs(pseudo.iter().chain(fields).copied())
}

/// The fingerprint over a content alone.
fn of_content(content: ContentPart, octets: &[u8]) -> Fingerprint {
    let parts = Parts {
        content,
        ..Parts::default()
    };
    parts.of(&Headers::default(), octets)
}

fn of_query(query: QueryPart, target: &str) -> Fingerprint {
    let parts = Parts {
        query,
        ..Parts::default()
    };
    parts.of(&head("POST", target, &[]), b"")
}

#[test]
fn every_chosen_part_counts() {
    let fields = [("content-type", "a/b"), ("accept", "c/d")];
    let same = all().of(&head("POST", "/a?b", &fields), b"content");
    assert_eq!(all().of(&head("POST", "/a?b", &fields), b"content"), same);
    for other in [
        all().of(&head("PATCH", "/a?b", &fields), b"content"),
        all().of(&head("POST", "/b?b", &fields), b"content"),
        all().of(&head("POST", "/a?c", &fields), b"content"),
        all().of(&head("POST", "/a?b", &fields), b"contents"),
        all().of(&head("POST", "/a?b", &fields), b""),
        all().of(
            &head("POST", "/a?b", &[("content-type", "a/b")]),
            b"content",
        ),
        all().of(
            &head(
                "POST",
                "/a?b",
                &[("content-type", "c/d"), ("accept", "a/b")],
            ),
            b"content",
        ),
        all().of(
            &head("POST", "/a?b", &[fields[0], fields[1], ("accept", "e")]),
            b"content",
        ),
    ] {
        assert_eq!(same.compare(&other), Comparison::Other);
    }
}

#[test]
fn what_is_not_chosen_does_not_count() {
    let none = Parts::default();
    let one = none.of(&head("POST", "/a?b", &[("accept", "a")]), b"content");
    let other = none.of(&head("PATCH", "/c?d", &[]), b"other");
    assert_eq!(one.compare(&other), Comparison::Same);
}

#[test]
fn a_content_is_needed_only_where_it_counts() {
    let needs = |content| {
        let parts = Parts { content, ..all() };
        Fingerprinter::new(parts).need_content()
    };
    assert!(!needs(ContentPart::Ignored));
    assert!(needs(ContentPart::Octets));
    assert!(needs(pointers(&["/a"])));
}

#[test]
fn fingerprints_over_other_parts_cannot_be_compared() {
    let head = head("POST", "/a", &[]);
    let now = all().of(&head, b"content");
    let changes: [fn(&mut Parts); 6] = [
        |parts| parts.method = false,
        |parts| parts.path = false,
        |parts| parts.query = QueryPart::Sorted,
        |parts| parts.fields.truncate(1),
        |parts| parts.content = ContentPart::Ignored,
        |parts| parts.content = pointers(&["/a"]),
    ];
    for change in changes {
        let mut parts = all();
        change(&mut parts);
        let before = parts.of(&head, b"content");
        assert_eq!(now.compare(&before), Comparison::Incomparable, "{parts:?}");
    }
}

#[test]
fn the_order_of_parameters_counts_only_as_they_were_sent() {
    let of = of_query;
    assert_ne!(
        of(QueryPart::AsSent, "/?a=1&b=2"),
        of(QueryPart::AsSent, "/?b=2&a=1")
    );
    let sorted = of(QueryPart::Sorted, "/?a=1&b=2");
    assert_eq!(of(QueryPart::Sorted, "/?b=2&a=1"), sorted);
    assert_eq!(of(QueryPart::Sorted, "/?&b=2&&a=1"), sorted);
    for other in [
        "/?a=1",
        "/?a=1&b=2&b=2",
        "/?a=1%26b=2",
        "/?a&1=b&2",
        "/",
        "/?a=1&b=3",
    ] {
        assert_ne!(of(QueryPart::Sorted, other), sorted, "{other}");
    }
}

#[test]
fn the_order_of_values_of_one_parameter_always_counts() {
    let of = |target| of_query(QueryPart::Sorted, target);
    assert_ne!(of("/?a=1&a=2"), of("/?a=2&a=1"));
    assert_eq!(of("/?a=2&b&a=1"), of("/?b&a=2&a=1"));
}

#[test]
fn a_path_is_compared_as_rules_compare_it() {
    let parts = Parts {
        path: true,
        ..Parts::default()
    };
    let of = |target| parts.of(&head("POST", target, &[]), b"");
    assert_eq!(of("/%6Frders"), of("/orders?x"));
    assert_ne!(of("/orders%2F"), of("/orders/"));
}

#[test]
fn a_document_is_compared_by_what_it_means() {
    let whole = |text: &str| of_content(pointers(&[""]), text.as_bytes());
    let same = whole(r#"{"amount": 10.50, "to": "ä", "tags": [1, null, true]}"#);
    for alike in [
        r#"{"tags":[1.0,null,true],"to":"\u00e4","amount":1050e-2}"#,
        " {\"to\":\"ä\",\n\"amount\":10.5,\"tags\":[1,null,true]} ",
    ] {
        assert_eq!(whole(alike), same, "{alike}");
    }
    for other in [
        r#"{"amount": 10.51, "to": "ä", "tags": [1, null, true]}"#,
        r#"{"amount": "10.50", "to": "ä", "tags": [1, null, true]}"#,
        r#"{"amount": 10.50, "to": "ä", "tags": [null, 1, true]}"#,
        r#"{"amount": 10.50, "to": "ä", "tags": [1, null, false]}"#,
        r#"{"amount": 10.50, "to": "ä", "tags": [1, null, true], "x": null}"#,
        r#"{"amount": 10.50, "to": "a\u0308", "tags": [1, null, true]}"#,
        r#"[{"amount": 10.50, "to": "ä", "tags": [1, null, true]}]"#,
    ] {
        assert_eq!(whole(other).compare(&same), Comparison::Other, "{other}");
    }
}

#[test]
fn numbers_that_are_one_double_are_two() {
    let whole = |text: &str| of_content(pointers(&[""]), text.as_bytes());
    for (one, other) in [
        ("9007199254740993", "9007199254740992"),
        ("0.1", "0.1000000000000000000001"),
        ("1e400", "1e401"),
        ("12345678901234567.89", "12345678901234567.88"),
        ("1e9999999999999999999999", "1e9999999999999999999998"),
    ] {
        assert_ne!(whole(one), whole(other), "{one}");
    }
}

#[test]
fn only_the_chosen_members_count() {
    let of = |text: &str| of_content(pointers(&["/a", "/b/0"]), text.as_bytes());
    let same = of(r#"{"a":1,"b":[2,3],"now":4}"#);
    assert_eq!(of(r#"{"now":5,"b":[2],"a":1}"#), same);
    assert_ne!(of(r#"{"a":2,"b":[1]}"#), same);
    assert_ne!(of(r#"{"a":1,"b":[]}"#), same);
    assert_ne!(of(r#"{"b":[2]}"#), of(r#"{"a":null,"b":[2]}"#));
    assert_ne!(of(r#"{"a":2}"#), of(r#"{"b":[2]}"#));
}

#[test]
fn a_document_without_any_chosen_member_counts_octet_by_octet() {
    let of = |text: &str| of_content(pointers(&["/a", "/b"]), text.as_bytes());
    assert_ne!(of(r#"{"amount":1}"#), of(r#"{"amount":2}"#));
    assert_ne!(of("[]"), of("{}"));
    assert_eq!(of(r#"{"a":1,"amount":1}"#), of(r#"{"a":1,"amount":2}"#));
}

#[test]
fn what_is_no_json_counts_octet_by_octet() {
    let of = |octets: &[u8]| of_content(pointers(&["/a"]), octets);
    assert_eq!(of(b"a=1&b=2"), of(b"a=1&b=2"));
    assert_ne!(of(b"a=1&b=2"), of(b"a=1&b=3"));
    // Which of the two members the upstream takes is not known.
    assert_ne!(of(br#"{"a":1,"a":2}"#), of(br#"{"a":1,"a":3}"#));
    assert_ne!(of(br#"{"a":1,"a":2}"#), of(br#"{"a":2}"#));
    assert_ne!(of(b""), of(b"{}"));
}

/// Records outlive a release, so who changes these has to change the domain of the transcript.
/// Computed by a program of a few lines from the encoding that `transcript` describes.
#[test]
fn a_fingerprint_stays_what_it_is() {
    let fields = [("content-type", "application/json")];
    let head = head("POST", "/v1/charges?expand=1", &fields);
    let hex = |parts: &Parts| {
        let octets = parts.of(&head, br#"{"amount":100}"#).0;
        octets.map(|octet| format!("{octet:02x}")).concat()
    };
    assert_eq!(
        hex(&all()),
        "f5acdad00235cf9793192a7b5035db5916771773d21d5c541a50fd05f47edcb4"
    );
    let members = Parts {
        content: pointers(&["/amount"]),
        ..all()
    };
    assert_eq!(
        hex(&members),
        "550fbb6cf86fc3b9c55a4c19a61c028f5c503b5b746636f7ebea33523e27136e"
    );
}

fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        (0_i64..3).prop_map(Into::into),
        "[ab]{0,2}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            prop::collection::btree_map("[ab]{0,2}", inner, 0..3)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn how_a_content_is_cut_makes_no_difference(
        content in prop::collection::vec(any::<u8>(), 0..200),
        at in 0_usize..200,
        json in any::<bool>(),
    ) {
        let content = if json { format!("{{\"a\":{content:?}}}").into_bytes() } else { content };
        let (first, last) = content.split_at(at.min(content.len()));
        for part in [ContentPart::Ignored, ContentPart::Octets, pointers(&["/a", ""])] {
            let parts = Parts { content: part, ..all() };
            let head = head("POST", "/", &[]);
            let fingerprinter = Fingerprinter::new(parts);
            let mut cut = fingerprinter.start(&head);
            cut.part(first);
            cut.part(b"");
            let whole = fingerprinter.start(&head).end(&content, &fingerprinter);
            prop_assert_eq!(cut.end(last, &fingerprinter), whole);
        }
    }

    #[test]
    fn documents_are_alike_only_if_they_are_equal(one in document(), other in document()) {
        let whole = |document: &serde_json::Value| {
            of_content(pointers(&[""]), document.to_string().as_bytes())
        };
        prop_assert_eq!(one == other, whole(&one) == whole(&other));
    }

    #[test]
    fn requests_are_alike_only_if_their_parts_are(
        one in ("[AB]{1,2}", "[ab/]{0,3}", "[ab&=]{0,3}", "[ab]{0,2}", "[ab]{0,3}"),
        other in ("[AB]{1,2}", "[ab/]{0,3}", "[ab&=]{0,3}", "[ab]{0,2}", "[ab]{0,3}"),
    ) {
        let of = |parts: &(String, String, String, String, String)| {
            let (method, path, query, accept, content) = parts;
            let target = format!("/{path}?{query}");
            all().of(&head(method, &target, &[("accept", accept)]), content.as_bytes())
        };
        prop_assert_eq!(one == other, of(&one) == of(&other));
    }

    #[test]
    fn no_request_is_too_strange(
        target in prop::collection::vec(any::<u8>(), 0..32),
        content in prop::collection::vec(any::<u8>(), 0..32),
    ) {
        let headers = Headers::from_pairs([(":path", target)]);
        for query in [QueryPart::AsSent, QueryPart::Sorted] {
            let parts = Parts { query, content: pointers(&["/a/0"]), ..all() };
            parts.of(&headers, &content);
        }
    }
}

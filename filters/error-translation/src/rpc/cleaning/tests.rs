use kit::problem::google_rpc::{
    BadRequest, Entry, ErrorInfo, FieldViolation, Help, HelpLink, LocalizedMessage,
    PreconditionFailure, QuotaFailure, RequestInfo, ResourceInfo, RetryInfo,
};
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::rpc::samples;

#[expect(
    clippy::unnecessary_wraps,
    reason = "It is what cleaning a text gives."
)]
fn as_it_is(_: Option<&str>, text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Takes `secret` away and masks `host`.
fn strict(_: Option<&str>, text: &str) -> Option<String> {
    (!text.contains("secret")).then(|| text.replace("host", "[redacted]"))
}

fn cleaned(name: &str, message: &impl Message) -> Option<Any> {
    let details = clean(&[Any::pack(name, message)], &mut strict);
    details.into_iter().next()
}

fn decoded<M: Message + Default>(detail: Option<Any>) -> M {
    M::decode(&*detail.unwrap().value).unwrap()
}

/// An unknown field of each wire type.
fn unknown_fields() -> Vec<u8> {
    let mut fields = vec![0xa8, 0x06, 0x07]; // 101: varint
    fields.extend([0xad, 0x06, 1, 2, 3, 4]); // 101: 32 bits
    fields.extend([0xa9, 0x06, 1, 2, 3, 4, 5, 6, 7, 8]); // 101: 64 bits
    fields.extend([0xab, 0x06, 0x08, 0x01, 0xac, 0x06]); // 101: a group
    wire::put_octets(101, b"new \xff", &mut fields);
    fields
}

#[test]
fn what_is_for_developers_alone_goes_and_the_rest_stays_octet_for_octet() {
    let before = samples::status().details;
    let mut expected = before.clone();
    expected.retain(|detail| detail.name() != DebugInfo::NAME);
    for detail in &mut expected {
        if detail.name() == RequestInfo::NAME {
            let without_serving_data = RequestInfo {
                request_id: "req-7".to_owned(),
                serving_data: String::new(),
            };
            *detail = Any::pack(RequestInfo::NAME, &without_serving_data);
        }
    }
    assert_eq!(clean(&before, &mut as_it_is), expected);
}

#[test]
fn debug_info_goes_wherever_its_type_is_said_to_live() {
    for type_url in [
        "type.googleapis.com/google.rpc.DebugInfo",
        "types.example.com/x/google.rpc.DebugInfo",
        "/google.rpc.DebugInfo",
        "google.rpc.DebugInfo",
    ] {
        let detail = Any {
            type_url: type_url.to_owned(),
            value: unknown_fields(),
        };
        assert_eq!(clean(&[detail], &mut as_it_is), [], "{type_url}");
    }
}

#[test]
fn serving_data_that_stood_alone_takes_the_message_with_it() {
    let info = RequestInfo {
        request_id: String::new(),
        serving_data: "goroutine 1 [running]:".to_owned(),
    };
    assert_eq!(cleaned(RequestInfo::NAME, &info), None);
}

#[test]
fn every_string_of_the_known_types_is_cleaned() {
    for detail in samples::status().details {
        let mut heard = Vec::new();
        clean(std::slice::from_ref(&detail), &mut |_, text| {
            heard.push(text.to_owned());
            Some(text.to_owned())
        });
        let expected: &[&str] = match detail.name() {
            "google.rpc.ErrorInfo" => &[
                "STOCK_OUT",
                "orders.acme.example",
                "available",
                "0",
                "sku",
                "A-1",
            ],
            "google.rpc.QuotaFailure" => &[
                "project:42",
                "Daily limit",
                "orders.example",
                "orders.example/reads",
                "ReadsPerDay",
                "region",
                "eu",
            ],
            "google.rpc.PreconditionFailure" => &["TOS", "example.com", "Terms not accepted"],
            "google.rpc.BadRequest" => &[
                "items[0].quantity",
                "must be positive",
                "NOT_POSITIVE",
                "de-CH",
                "Das geht nicht: „Ä“.",
                "email",
                "is missing",
            ],
            "google.rpc.RequestInfo" => &["req-7"],
            "google.rpc.ResourceInfo" => &["order", "orders/42", "user:7", "is archived"],
            "google.rpc.Help" => &[
                "Limits",
                "https://docs.example.com/limits",
                "Contact",
                "https://example.com/contact",
            ],
            "google.rpc.LocalizedMessage" => &["de-CH", "Das geht nicht: „Ä“."],
            _ => &[],
        };
        assert_eq!(heard, expected, "{}", detail.type_url);
    }
}

#[test]
fn a_masked_string_is_replaced_and_a_withheld_one_is_emptied() {
    let info = ResourceInfo {
        resource_type: "order".to_owned(),
        resource_name: "orders/42 on host".to_owned(),
        owner: "secret".to_owned(),
        description: "gone".to_owned(),
    };
    let expected = ResourceInfo {
        resource_name: "orders/42 on [redacted]".to_owned(),
        owner: String::new(),
        ..info.clone()
    };
    assert_eq!(
        decoded::<ResourceInfo>(cleaned(ResourceInfo::NAME, &info)),
        expected
    );
}

#[test]
fn an_entry_that_says_nothing_any_more_goes() {
    let entry = |key: &str, value: &str| Entry {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let info = ErrorInfo {
        reason: "OUT".to_owned(),
        domain: "example.com".to_owned(),
        metadata: vec![
            entry("a", "secret"),
            entry("b", "on host"),
            entry("empty", ""),
        ],
    };
    let expected = ErrorInfo {
        metadata: vec![entry("b", "on [redacted]"), entry("empty", "")],
        ..info.clone()
    };
    assert_eq!(
        decoded::<ErrorInfo>(cleaned(ErrorInfo::NAME, &info)),
        expected
    );
}

#[test]
fn a_message_that_says_nothing_any_more_goes() {
    let link = |description: &str, url: &str| HelpLink {
        description: description.to_owned(),
        url: url.to_owned(),
    };
    let hidden = link("Runbook", "https://secret.internal");
    let shown = link("Limits", "https://example.com");
    let help = Help {
        links: vec![hidden.clone(), shown.clone()],
    };
    let expected = Help { links: vec![shown] };
    assert_eq!(decoded::<Help>(cleaned(Help::NAME, &help)), expected);
    let help = Help {
        links: vec![hidden],
    };
    assert_eq!(cleaned(Help::NAME, &help), None);

    let localized = LocalizedMessage {
        locale: "en".to_owned(),
        message: "secret".to_owned(),
    };
    assert_eq!(cleaned(LocalizedMessage::NAME, &localized), None);
    let info = ErrorInfo {
        reason: "secret".to_owned(),
        domain: "example.com".to_owned(),
        metadata: Vec::new(),
    };
    assert_eq!(cleaned(ErrorInfo::NAME, &info), None);
}

#[test]
fn a_violation_keeps_what_may_be_said_of_it() {
    let violation = FieldViolation {
        field: "email".to_owned(),
        description: "secret".to_owned(),
        reason: "INVALID".to_owned(),
        localized_message: Some(LocalizedMessage {
            locale: "en".to_owned(),
            message: "secret".to_owned(),
        }),
    };
    let request = BadRequest {
        field_violations: vec![violation.clone()],
    };
    let expected = BadRequest {
        field_violations: vec![FieldViolation {
            description: String::new(),
            localized_message: None,
            ..violation
        }],
    };
    assert_eq!(
        decoded::<BadRequest>(cleaned(BadRequest::NAME, &request)),
        expected
    );
}

#[test]
fn fields_of_newer_versions_survive_a_change() {
    let mut violation = Vec::new();
    wire::put_octets(1, b"host", &mut violation);
    violation.extend(unknown_fields());
    let mut failure = unknown_fields();
    wire::put_octets(1, &violation, &mut failure);
    let detail = Any {
        type_url: format!("type.googleapis.com/{}", QuotaFailure::NAME),
        value: failure,
    };

    let mut violation = Vec::new();
    wire::put_octets(1, b"[redacted]", &mut violation);
    violation.extend(unknown_fields());
    let mut expected = unknown_fields();
    wire::put_octets(1, &violation, &mut expected);
    assert_eq!(clean(&[detail], &mut strict)[0].value, expected);
}

#[test]
fn a_known_type_that_does_not_decode_goes() {
    for (name, value) in [
        (ErrorInfo::NAME, &b"\x0a\x05ab"[..]),      // cut off
        (ErrorInfo::NAME, b"\x0a\x02\xff\xfe"),     // no UTF-8
        (ErrorInfo::NAME, b"\x08\x01"),             // a number for a string
        (ErrorInfo::NAME, b"goroutine 1"),          // no message at all
        (QuotaFailure::NAME, b"\x0a\x03\x3a\x01a"), // a string for a number
        (RetryInfo::NAME, b"\x0a\x02\x0a\x00"),     // a string for the seconds
        (RetryInfo::NAME, b"\x08\x01"),
    ] {
        let detail = Any {
            type_url: format!("type.googleapis.com/{name}"),
            value: value.to_vec(),
        };
        assert_eq!(clean(&[detail], &mut as_it_is), [], "{name} {value:?}");
    }
}

#[test]
fn other_types_are_not_looked_into() {
    let detail = Any {
        type_url: "type.googleapis.com/acme.Secret".to_owned(),
        value: b"\x0a\x06secret host \xff".to_vec(),
    };
    assert_eq!(clean(std::slice::from_ref(&detail), &mut strict), [detail]);
}

fn without_what_is_withheld() -> Vec<&'static MessageType> {
    let mut kinds = schema::ALL.to_vec();
    kinds.retain(|kind| kind.fields.iter().all(|field| field.kind != Kind::Withheld));
    kinds
}

/// Whether prost, too, finds the message sound.
fn decodes(detail: &Any) -> bool {
    fn is<M: Message + Default>(value: &[u8]) -> bool {
        M::decode(value).is_ok()
    }
    let decode = match detail.name() {
        ErrorInfo::NAME => is::<ErrorInfo>,
        RetryInfo::NAME => is::<RetryInfo>,
        QuotaFailure::NAME => is::<QuotaFailure>,
        PreconditionFailure::NAME => is::<PreconditionFailure>,
        BadRequest::NAME => is::<BadRequest>,
        ResourceInfo::NAME => is::<ResourceInfo>,
        Help::NAME => is::<Help>,
        LocalizedMessage::NAME => is::<LocalizedMessage>,
        name => panic!("{name} has something to withhold"),
    };
    decode(&detail.value)
}

/// Octets that often are the fields of a message.
fn fields() -> impl Strategy<Value = Vec<u8>> {
    let octets = prop::collection::vec(any::<u8>(), 0..6);
    let inner = (1_u32..5, octets.clone()).prop_map(|(number, octets)| {
        let mut field = Vec::new();
        wire::put_octets(number, &octets, &mut field);
        field
    });
    let number = (1_u32..10, any::<i64>()).prop_map(|(number, value)| {
        let mut field = Vec::new();
        wire::put_int64(number, value, &mut field);
        field
    });
    let outer = (
        1_u32..10,
        prop_oneof![inner, number.clone(), octets.clone()],
    );
    let outer = outer.prop_map(|(number, octets)| {
        let mut field = Vec::new();
        wire::put_octets(number, &octets, &mut field);
        field
    });
    let field = prop_oneof![4 => outer, 1 => number, 1 => octets];
    prop::collection::vec(field, 0..4).prop_map(|fields| fields.concat())
}

proptest! {
    #[test]
    fn a_sound_message_without_what_is_withheld_is_not_touched(
        kind in prop::sample::select(without_what_is_withheld()),
        value in fields(),
    ) {
        let detail = Any { type_url: format!("type.googleapis.com/{}", kind.name), value };
        let expected = decodes(&detail).then(|| detail.clone());
        let cleaned = clean(&[detail], &mut as_it_is);
        prop_assert_eq!(cleaned.into_iter().next(), expected);
    }

    #[test]
    fn no_octets_are_too_strange(
        kind in prop::sample::select(schema::ALL.to_vec()),
        value in prop_oneof![fields(), prop::collection::vec(any::<u8>(), 0..48)],
    ) {
        let detail = Any { type_url: format!("type.googleapis.com/{}", kind.name), value };
        for detail in clean(&[detail], &mut strict) {
            prop_assert!(crate::rpc::json::members(&detail).unwrap().is_ok());
        }
    }

    #[test]
    fn cleaning_again_changes_nothing(
        kind in prop::sample::select(schema::ALL.to_vec()),
        texts in prop::collection::vec("[a-c]{0,2}(secret|host)?", 0..4),
        number in 1_u32..5,
    ) {
        let mut value = Vec::new();
        for text in &texts {
            wire::put_octets(number, text.as_bytes(), &mut value);
        }
        let detail = Any { type_url: format!("type.googleapis.com/{}", kind.name), value };
        let once = clean(&[detail], &mut strict);
        // What is not known is not looked into.
        let known = kind.field(number).is_some();
        let leaked = known && once.iter().any(|detail| {
            detail.value.windows(6).any(|window| window == b"secret")
        });
        prop_assert!(!leaked);
        prop_assert_eq!(clean(&once, &mut strict), once);
    }
}

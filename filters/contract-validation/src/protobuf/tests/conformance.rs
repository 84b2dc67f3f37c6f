//! The conformance suites of protovalidate.

use std::path::Path;

use prost::Message;
use prost_reflect::prost_types::FileDescriptorSet;
use prost_reflect::{DescriptorPool, DynamicMessage};

use super::told;
use crate::protobuf::{Contract, Limits};

#[test]
fn the_rules_of_protovalidate_are_checked_as_its_own_suites_say() {
    let mut failures = Vec::new();
    let mut passed = 0;
    let mut unchecked = 0;
    let mut in_both = 0;
    for suite in &suites() {
        let contract = Contract::read(&[suite.fdset.as_slice(), SERVICE].concat()).unwrap();
        let notes = contract.notes().to_string();
        let pool = pool(&suite.fdset);
        for case in &suite.cases {
            let wanted = case.wanted.as_ref().unwrap();
            // What fails while it is evaluated is a matter of CEL.
            if !wanted.runtime_error.is_empty() {
                unchecked += 1;
                continue;
            }
            let type_name = case.type_name();
            let message = contract.message(type_name).unwrap();
            let found = sorted(told(&contract.check_binary(message, case.value(), LIMITS)));
            if let Some(text) = in_json(&pool, case) {
                let from_json =
                    sorted(told(&contract.check_json(message, text.as_bytes(), LIMITS)));
                assert_eq!(from_json, found, "{}: {}: {text}", suite.name, case.name);
                in_both += 1;
            }
            let violations = wanted
                .validation_error
                .iter()
                .flat_map(|own| &own.violations);
            let mut expected = Vec::new();
            for violation in violations {
                if is_checked(&violation.rule_id) {
                    let path = violation.field.as_ref().map(pointer).unwrap_or_default();
                    expected.push(format!("{path} {}", violation.rule_id));
                } else {
                    unchecked += 1;
                    assert!(notes.contains("is not checked"), "{}", violation.rule_id);
                }
            }
            expected.sort();
            if found == expected {
                passed += 1;
            } else {
                let (suite, case) = (&suite.name, &case.name);
                failures.push(format!(
                    "{suite}: {case} ({type_name}): {found:?}, expected {expected:?}"
                ));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{}\n{passed} passed",
        failures.join("\n")
    );
    assert_eq!((passed, unchecked, in_both), (PASSED, UNCHECKED, IN_BOTH));
}

#[test]
fn rules_that_are_not_checked_are_noted_with_their_place() {
    let mut notes = Vec::new();
    for suite in &suites() {
        let contract = Contract::read(&[suite.fdset.as_slice(), SERVICE].concat()).unwrap();
        notes.extend(contract.notes().0.iter().map(|note| note.message.clone()));
    }
    for expected in [
        "`buf.validate.conformance.cases.TimestampLTNow.val`: the rule `timestamp.lt_now` is not \
         checked: it depends on the time at which a message is read",
        "`buf.validate.conformance.cases.IsEmail`: the rule `cel` is not checked: expressions in \
         CEL are not evaluated",
        "`buf.validate.conformance.cases.GroupCustom.Custom`: the rule `cel` is not \
         checked: expressions in CEL are not evaluated",
        "`buf.validate.conformance.cases.PredefinedInt32RuleProto3.val`: the rule `int32.unknown` \
         is not checked: it is not a rule of protovalidate that is known here",
    ] {
        assert!(notes.iter().any(|note| note == expected), "{expected}");
    }
}

/// What protovalidate's functions of CEL say of texts, the rules of the same name say.
#[test]
fn forms_of_texts_are_those_of_the_functions_of_cel() {
    let mut failures = Vec::new();
    let mut passed = 0;
    for suite in &suites() {
        let Some(function) = suite.name.strip_prefix("library/is_") else {
            continue;
        };
        for case in &suite.cases {
            let arguments = Arguments::decode(case.value()).unwrap();
            let Some(rule) = arguments.rule(function) else {
                continue;
            };
            let contract = Contract::read(&text_with(rule)).unwrap();
            let message = contract.message("t.T").unwrap();
            let text = arguments.text.as_bytes();
            let mut octets = vec![0x0a];
            prost::encoding::encode_varint(text.len() as u64, &mut octets);
            octets.extend(text);
            let is_met = contract.check_binary(message, &octets, LIMITS).is_empty();
            let wanted = case.wanted.as_ref().unwrap();
            if KNOWN.contains(&case.name.as_str()) {
                assert_ne!(is_met, wanted.validation_error.is_none(), "{}", case.name);
            } else if is_met == wanted.validation_error.is_none() {
                passed += 1;
            } else {
                failures.push(format!(
                    "{function}: {}: {:?}: {is_met}",
                    case.name, arguments
                ));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{}\n{passed} passed",
        failures.join("\n")
    );
    assert_eq!(passed, FORMS);
}

/// How many cases pass, how many violations are those of rules that are not checked, how many cases
/// have the same outcome in JSON, and how many
/// texts are told apart: fewer would be a suite that was not read.
const PASSED: usize = 2843;
const UNCHECKED: usize = 504;
const IN_BOTH: usize = 2405;
const FORMS: usize = 587;

/// Where the reader of URIs (RFC 3986) differs.
const KNOWN: [&str; 4] = [
    // RFC 6874 had zones of IPv6 addresses in URIs; RFC 9844 took them out again.
    "valid/host_ipv6_zone-id",
    "valid/host_ipv6_zone-id_pct-encoded_ascii",
    "valid/host_ipv6_zone-id_pct-encoded_utf8",
    // RFC 3986 section 3.2.2 asks for UTF-8 behind the encoding of a name, which is not looked at.
    "invalid/host_reg-name_pct-encoded_invalid_utf8",
];

/// Whether a rule is one of those that are checked. The others are in CEL, in extensions of the
/// rules, or need to know what time it is.
fn is_checked(rule: &str) -> bool {
    const CLOCK: [&str; 3] = ["timestamp.lt_now", "timestamp.gt_now", "timestamp.within"];
    const TYPES: [&str; 22] = [
        "float",
        "double",
        "int32",
        "int64",
        "uint32",
        "uint64",
        "sint32",
        "sint64",
        "fixed32",
        "fixed64",
        "sfixed32",
        "sfixed64",
        "bool",
        "string",
        "bytes",
        "enum",
        "repeated",
        "map",
        "any",
        "duration",
        "timestamp",
        "field_mask",
    ];
    let parts: Vec<&str> = rule.split('.').collect();
    match parts.as_slice() {
        ["required"] | ["message", "oneof"] | ["string", "well_known_regex", _] => true,
        [name, _] => TYPES.contains(name) && !CLOCK.contains(&rule),
        _ => false,
    }
}

/// The messages of the suites `library/is_*`: a text, and up to two more arguments.
#[derive(Clone, PartialEq, Message)]
struct Arguments {
    #[prost(string, tag = "1")]
    text: String,
    #[prost(int32, optional, tag = "2")]
    second: Option<i32>,
    #[prost(bool, optional, tag = "3")]
    third: Option<bool>,
}

impl Arguments {
    /// The rule of `buf.validate.StringRules` that says the same.
    fn rule(&self, function: &str) -> Option<u32> {
        Some(
            match (
                function,
                self.second.unwrap_or(0),
                self.third.unwrap_or(false),
            ) {
                ("email", ..) => 12,
                ("hostname", ..) => 13,
                ("ip", 0, _) => 14,
                ("ip", 4, _) => 15,
                ("ip", 6, _) => 16,
                ("uri", ..) => 17,
                ("uri_ref", ..) => 18,
                ("ip_prefix", 0, false) => 26,
                ("ip_prefix", 4, false) => 27,
                ("ip_prefix", 6, false) => 28,
                ("ip_prefix", 0, true) => 29,
                ("ip_prefix", 4, true) => 30,
                ("ip_prefix", 6, true) => 31,
                ("host_and_port", 1, _) => 32,
                _ => return None,
            },
        )
    }
}

/// A set with the message `t.T`, whose field 1 has a rule for texts. It is
/// `file { package: "t", message_type { name: "T", field { name: "f", number: 1, label: OPTIONAL,
/// type: STRING, options { [buf.validate.field] { string { … } } } } }, syntax: "proto3" }`.
fn text_with(rule: u32) -> Vec<u8> {
    use prost::encoding::{bool, bytes, string, uint32};
    let nested = |tag: u32, inner: Vec<u8>| {
        let mut octets = Vec::new();
        bytes::encode(tag, &inner, &mut octets);
        octets
    };
    let text = |tag: u32, text: &str| {
        let mut octets = Vec::new();
        string::encode(tag, &text.to_owned(), &mut octets);
        octets
    };
    let number = |tag: u32, number: u32| {
        let mut octets = Vec::new();
        uint32::encode(tag, &number, &mut octets);
        octets
    };
    let mut rules = Vec::new();
    bool::encode(rule, &true, &mut rules);
    let options = nested(8, nested(1159, nested(14, rules)));
    let field = [
        text(1, "f"),
        number(3, 1),
        number(4, 1),
        number(5, 9),
        options,
    ]
    .concat();
    let message = [text(1, "T"), nested(2, field)].concat();
    let file = [text(2, "t"), nested(4, message), text(12, "proto3")].concat();
    [nested(1, file), SERVICE.to_vec()].concat()
}

const LIMITS: Limits = Limits {
    depth: 64,
    violations: 64,
    unknown_fields: false,
};

fn sorted(mut told: Vec<String>) -> Vec<String> {
    told.sort();
    told
}

/// The files that prost-reflect knows to read, which are those without editions.
fn pool(set: &[u8]) -> DescriptorPool {
    let set = FileDescriptorSet::decode(set).unwrap();
    let mut pool = DescriptorPool::new();
    for mut file in set.file {
        if file.syntax() != "editions" {
            // Places in the source are only for its errors.
            file.source_code_info = None;
            let _ = pool.add_file_descriptor_proto(file);
        }
    }
    pool
}

/// The input of a case as another writer has it; `None` for what has no form in JSON.
fn in_json(pool: &DescriptorPool, case: &CaseResult) -> Option<String> {
    let descriptor = pool.get_message_by_name(case.type_name())?;
    let message = DynamicMessage::decode(descriptor, case.value()).ok()?;
    serde_json::to_string(&message).ok()
}

/// What `make contracts` puts there: the suites, with what they expect.
fn suites() -> Vec<SuiteResults> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/contracts/protovalidate.binpb");
    let octets = std::fs::read(path).expect("`make contracts` fetches the suites");
    ResultSet::decode(octets.as_slice()).unwrap().suites
}

/// A file with a method, which every contract needs. Sets are joined by writing one after the other.
///
/// `file { name: "s", package: "s", message_type { name: "M" }, service { name: "S", method { name:
/// "M", input_type: ".s.M", output_type: ".s.M" } }, syntax: "proto3" }`
const SERVICE: &[u8] = b"\x0a\x29\x0a\x01s\x12\x01s\x22\x03\x0a\x01M\x32\x14\x0a\x01S\x12\x0f\
    \x0a\x01M\x12\x04.s.M\x1a\x04.s.M\x62\x06proto3";

fn pointer(path: &FieldPath) -> String {
    path.elements.iter().fold(String::new(), |before, element| {
        let is_entry = element.bool_key.is_some()
            || element.int_key.is_some()
            || element.uint_key.is_some()
            || element.string_key.is_some();
        let after = match element.index {
            Some(index) => format!("/{index}"),
            None if is_entry => "/*".to_owned(),
            None => String::new(),
        };
        format!("{before}/{}{after}", element.field_name)
    })
}

// The parts of buf/validate/conformance/harness/results.proto, harness.proto and
// buf/validate/validate.proto that say what is expected.

#[derive(Clone, PartialEq, Message)]
struct ResultSet {
    #[prost(message, repeated, tag = "3")]
    suites: Vec<SuiteResults>,
}

#[derive(Clone, PartialEq, Message)]
struct SuiteResults {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "4")]
    cases: Vec<CaseResult>,
    #[prost(bytes = "vec", tag = "5")]
    fdset: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct CaseResult {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "3")]
    wanted: Option<TestResult>,
    #[prost(message, optional, tag = "5")]
    input: Option<Any>,
}

impl CaseResult {
    fn type_name(&self) -> &str {
        let url = &self.input.as_ref().unwrap().type_url;
        url.rsplit('/').next().unwrap()
    }

    fn value(&self) -> &[u8] {
        &self.input.as_ref().unwrap().value
    }
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct TestResult {
    #[prost(message, optional, tag = "2")]
    validation_error: Option<Violations>,
    #[prost(string, tag = "4")]
    runtime_error: String,
}

#[derive(Clone, PartialEq, Message)]
struct Violations {
    #[prost(message, repeated, tag = "1")]
    violations: Vec<Violation>,
}

#[derive(Clone, PartialEq, Message)]
struct Violation {
    #[prost(string, tag = "2")]
    rule_id: String,
    #[prost(message, optional, tag = "5")]
    field: Option<FieldPath>,
}

#[derive(Clone, PartialEq, Message)]
struct FieldPath {
    #[prost(message, repeated, tag = "1")]
    elements: Vec<FieldPathElement>,
}

#[derive(Clone, PartialEq, Message)]
struct FieldPathElement {
    #[prost(string, tag = "2")]
    field_name: String,
    #[prost(uint64, optional, tag = "6")]
    index: Option<u64>,
    #[prost(bool, optional, tag = "7")]
    bool_key: Option<bool>,
    #[prost(int64, optional, tag = "8")]
    int_key: Option<i64>,
    #[prost(uint64, optional, tag = "9")]
    uint_key: Option<u64>,
    #[prost(string, optional, tag = "10")]
    string_key: Option<String>,
}

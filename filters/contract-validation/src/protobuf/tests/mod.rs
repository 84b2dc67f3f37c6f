use std::path::Path;

use proptest::prelude::*;
use prost::Message as _;
use prost_reflect::prost_types::FileDescriptorSet;
use prost_reflect::{DescriptorPool, DynamicMessage};

use super::{Contract, Limits, MessageId, Violation};

mod conformance;
mod random;

/// A file of this folder: our contract, and what prost-reflect makes of it.
struct Files {
    contract: Contract,
    pool: DescriptorPool,
}

impl Files {
    fn compile(file: &str) -> Self {
        Self::of(set(file))
    }

    /// The rich file without its maps: prost-reflect takes their entries in any wire type.
    fn without_maps() -> Self {
        let mut set = set("rich.proto");
        let file = set.file.iter_mut().find(|file| file.name() == "rich.proto");
        let rich = &mut file.unwrap().message_type[0];
        rich.field.retain(|field| !field.name().starts_with("by_"));
        rich.nested_type.clear();
        Self::of(set)
    }

    fn of(set: FileDescriptorSet) -> Self {
        Self {
            contract: Contract::read(&set.encode_to_vec()).unwrap(),
            pool: DescriptorPool::from_file_descriptor_set(set).unwrap(),
        }
    }

    fn binary(&self, message: &str, octets: &[u8]) -> Vec<String> {
        let id = self.contract.message(message).unwrap();
        told(&self.contract.check_binary(id, octets, LIMITS))
    }

    fn json(&self, message: &str, text: &str) -> Vec<String> {
        let id = self.contract.message(message).unwrap();
        told(&self.contract.check_json(id, text.as_bytes(), LIMITS))
    }

    /// What another reader says.
    fn decodes(&self, message: &str, octets: &[u8]) -> bool {
        let descriptor = self.pool.get_message_by_name(message).unwrap();
        DynamicMessage::decode(descriptor, octets).is_ok()
    }

    fn deserializes(&self, message: &str, text: &str) -> bool {
        let descriptor = self.pool.get_message_by_name(message).unwrap();
        let mut reader = serde_json::Deserializer::from_str(text);
        DynamicMessage::deserialize(descriptor, &mut reader).is_ok() && reader.end().is_ok()
    }
}

const LIMITS: Limits = Limits {
    depth: 32,
    violations: 16,
    unknown_fields: true,
};

fn set(file: &str) -> FileDescriptorSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/protobuf/tests");
    protox::compile([file], [folder]).unwrap()
}

fn told(violations: &[Violation]) -> Vec<String> {
    let told = |own: &Violation| format!("{} {}", own.pointer, own.keyword);
    violations.iter().map(told).collect()
}

const RICH: &str = "rich.v1.Rich";
const OLD: &str = "old.v1.Old";

#[test]
fn methods_are_known_by_their_paths() {
    let files = Files::compile("rich.proto");
    let method = |name: &str| {
        files
            .contract
            .method(&format!("/rich.v1.Riches/{name}"))
            .cloned()
    };
    let watch = method("Watch").unwrap();
    assert!(watch.server_streaming && !watch.client_streaming && !watch.no_side_effects);
    let read = method("Read").unwrap();
    assert!(read.no_side_effects && !read.server_streaming);
    assert_eq!(Some(read.input), files.contract.message(RICH));
    assert_eq!(method("None"), None);
    assert_eq!(files.contract.method("rich.v1.Riches/Get"), None);
    assert!(files.contract.has_service("rich.v1.Riches"));
    assert!(!files.contract.has_service("rich.v1"));
    assert_eq!(files.contract.methods().count(), 3);
}

#[test]
fn what_is_not_in_the_wire_format_says_where() {
    let files = Files::compile("rich.proto");
    let cases: [(&[u8], &str); 14] = [
        (b"\x18", " wire"),                                         // No value.
        (b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", " wire"), // A varint of 65 bits.
        (b"\x00\x01", " wire"),                                     // The field number 0.
        (b"\x72\x05ab", " wire"),                                   // A text that is cut off.
        (b"\x1e", " wire"),                                         // The wire type 6.
        (b"\x1c", " wire"),             // The end of a group that did not start.
        (b"\x9b\x06\x08\x01", " wire"), // A group (99) without an end.
        (b"\x9b\x06\x9c\x06", " unknownField"), // One with an end.
        (b"\x1a\x01\x01", "/an_int32 wire"), // A length where a varint is.
        (b"\x70\x01", "/a_string wire"), // A varint where a length is.
        (b"\x72\x01\xff", "/a_string utf8"),
        (b"\xd2\x01\x01a\xd2\x01\x01\xff", "/strings/1 utf8"),
        (b"\x8a\x01\x03\x72\x01\xff", "/itself/a_string utf8"),
        (b"\xfa\x01\x05\x0a\x01\xff\x10\x01", "/by_string/*/key utf8"),
    ];
    for (octets, expected) in cases {
        let found = files.binary(RICH, octets);
        assert_eq!(
            found.last().map(String::as_str),
            Some(expected),
            "{octets:?}"
        );
    }
}

#[test]
fn packed_and_unpacked_are_both_read() {
    let files = Files::compile("rich.proto");
    for octets in [
        b"\xb2\x01\x02\x01\x02".as_slice(), // int32s, packed.
        b"\xb0\x01\x01\xb0\x01\x02",        // int32s, one by one.
        b"\xba\x01\x02\x01\x02",            // sint64s, declared as not packed.
        b"\xc2\x01\x04\x01\x00\x00\x00",    // fixed32s.
    ] {
        assert_eq!(files.binary(RICH, octets), [""; 0], "{octets:?}");
    }
    assert_eq!(
        files.binary(RICH, b"\xc2\x01\x03\x01\x00\x00"),
        ["/fixed32s wire"]
    );
}

#[test]
fn the_last_member_of_a_oneof_counts_on_the_wire() {
    let files = Files::compile("rich.proto");
    let octets = b"\xc8\x02\x01\xd2\x02\x01a";
    assert_eq!(files.binary(RICH, octets), [""; 0]);
    assert_eq!(
        files.json(RICH, r#"{"number": 1, "text": "a"}"#),
        ["/text oneof"]
    );
    assert_eq!(
        files.json(RICH, r#"{"number": null, "text": "a"}"#),
        [""; 0]
    );
}

#[test]
fn depth_is_bounded_in_both_encodings() {
    let files = Files::compile("rich.proto");
    let nested = |levels: usize| {
        (1..levels).fold(Vec::new(), |inner: Vec<u8>, _| {
            let mut octets = vec![0x8a, 0x01];
            prost::encoding::encode_varint(inner.len() as u64, &mut octets);
            octets.extend(inner);
            octets
        })
    };
    assert_eq!(files.binary(RICH, &nested(LIMITS.depth)), [""; 0]);
    let found = files.binary(RICH, &nested(LIMITS.depth + 1));
    assert!(
        found.len() == 1 && found[0].ends_with(" depth"),
        "{found:?}"
    );
    let nested =
        |levels: usize| r#"{"itself":"#.repeat(levels - 1) + "{}" + &"}".repeat(levels - 1);
    assert_eq!(files.json(RICH, &nested(LIMITS.depth)), [""; 0]);
    let found = files.json(RICH, &nested(LIMITS.depth + 1));
    assert!(
        found.len() == 1 && found[0].ends_with(" depth"),
        "{found:?}"
    );
    assert_eq!(files.json(RICH, &"[".repeat(100_000)), [" depth"]);
    let groups = [0x9b, 0x06].repeat(100_000);
    assert_eq!(files.binary(RICH, &groups), [" unknownField", " depth"]);
}

#[test]
fn proto2_has_required_fields_closed_enumerations_groups_and_extensions() {
    let files = Files::compile("old.proto");
    let cases: [(&[u8], &[&str]); 12] = [
        (b"", &["/id required"]),
        (b"\x08\x00", &[]),
        (b"\x08\x01\x10\x03", &["/closed enum"]),
        (b"\x08\x01\x10\x02", &[]),
        (b"\x08\x01\x18\x01\x18\x05", &["/many/1 enum"]),
        (b"\x08\x01\x1a\x02\x01\x05", &["/many/1 enum"]),
        (b"\x08\x01\x22\x01\xff", &[]), // Strings of proto2 need not be UTF-8.
        (b"\x08\x01\x2b\x2c", &["/group/name required"]),
        (
            b"\x08\x01\x2b\x0a\x01a\x12\x00\x2c",
            &["/group/inner/id required"],
        ),
        (b"\x08\x01\x2b\x0a\x01a\x34", &["/group wire"]),
        (
            b"\x08\x01\x33\x08\x01\x34\x33\x0a\x00\x34",
            &["/groups/1/number wire"],
        ),
        (
            b"\x08\x01\xa0\x06\x01\xa2\x06\x01a",
            &["/[old.v1.added] wire"],
        ),
    ];
    for (octets, expected) in cases {
        assert_eq!(files.binary(OLD, octets), expected, "{octets:?}");
    }
    assert_eq!(files.json(OLD, "{}"), ["/id required"]);
    assert_eq!(
        files.json(OLD, r#"{"id": 1, "[old.v1.added]": 2, "closed": "TWO"}"#),
        [""; 0]
    );
    assert_eq!(
        files.json(OLD, r#"{"id": 1, "closed": 3}"#),
        ["/closed enum"]
    );
}

#[test]
fn a_message_that_comes_in_parts_is_merged() {
    let files = Files::compile("old.proto");
    // Only the two parts of the group together have what is required of the message in it.
    let octets = b"\x08\x01\x2b\x0a\x01a\x12\x00\x2c\x2b\x12\x02\x08\x01\x2c";
    assert_eq!(files.binary(OLD, octets), [""; 0]);
}

#[test]
fn json_is_held_to_the_mapping() {
    let files = Files::compile("rich.proto");
    let good = [
        "{}",
        r#"{"aDouble": 1, "a_float": "NaN", "anInt32": 1.0, "anInt64": "-9223372036854775808"}"#,
        r#"{"aUint64": "18446744073709551615", "aUint32": 1e3, "aSint32": "-1"}"#,
        r#"{"aDouble": "1.5e3", "aFloat": "-Infinity", "aBool": true, "aString": ""}"#,
        r#"{"someBytes": "_-8", "aColour": "RED", "colours": [1, "GREEN", -2, 77]}"#,
        r#"{"someBytes": "+/8=", "itself": null, "aString": null, "strings": null}"#,
        r#"{"byInt64": {"1": "a", "-2": "b"}, "byBool": {"true": {}}, "byString": {"": 0}}"#,
        r#"{"time": "2024-02-29T23:59:59.123456789Z", "duration": "-1.5s", "mask": "a,b.cD"}"#,
        r#"{"time": "0001-01-01T00:00:00Z", "duration": "315576000000s", "mask": ""}"#,
        r#"{"struct": {"a": [1, null, {"b": "c"}]}, "value": null, "list": [1], "empty": {}}"#,
        r#"{"any": {"@type": "type.googleapis.com/rich.v1.Rich", "anInt32": 1}}"#,
        r#"{"any": {"value": "1s", "@type": "type.googleapis.com/google.protobuf.Duration"}}"#,
        r#"{"any": {"@type": "type.example/unknown.Type", "x": 1}, "wrappedInt64": "1"}"#,
        r#"{"wrappedString": "a", "wrappedBytes": "YQ==", "wrappedBool": false, "wrappedDouble": 1}"#,
    ];
    for text in good {
        assert_eq!(files.json(RICH, text), [""; 0], "{text}");
        let is_known = !text.contains("unknown.Type");
        assert!(
            !is_known || files.deserializes(RICH, text),
            "prost-reflect refuses {text}"
        );
    }
    let bad = [
        ("[]", " type"),
        ("{", " wire"),
        ("{} {}", " wire"),
        (r#"{"x": 1}"#, " unknownField"),
        (r#"{"anInt32": 1, "an_int32": 1}"#, "/an_int32 duplicate"),
        (r#"{"anInt32": 2147483648}"#, "/an_int32 type"),
        (r#"{"anInt32": 1.5}"#, "/an_int32 type"),
        (r#"{"anInt32": " 1"}"#, "/an_int32 type"),
        (r#"{"anInt32": ""}"#, "/an_int32 type"),
        (r#"{"anInt32": "+1"}"#, "/an_int32 type"),
        (r#"{"anInt32": true}"#, "/an_int32 type"),
        (r#"{"aUint32": -1}"#, "/a_uint32 type"),
        (r#"{"aUint64": "18446744073709551616"}"#, "/a_uint64 type"),
        (r#"{"anInt64": 9223372036854775808}"#, "/an_int64 type"),
        (r#"{"aFloat": 3.5e38}"#, "/a_float type"),
        (r#"{"aDouble": "inf"}"#, "/a_double type"),
        (r#"{"aDouble": "1."}"#, "/a_double type"),
        (r#"{"aBool": "true"}"#, "/a_bool type"),
        (r#"{"aString": 1}"#, "/a_string type"),
        (r#"{"someBytes": "a"}"#, "/some_bytes type"),
        (r#"{"someBytes": "+_8="}"#, "/some_bytes type"),
        (r#"{"aColour": "BLUE"}"#, "/a_colour enum"),
        (r#"{"aColour": 1.5}"#, "/a_colour type"),
        (r#"{"strings": ["a", null]}"#, "/strings/1 type"),
        (r#"{"strings": "a"}"#, "/strings type"),
        (
            r#"{"riches": [{}, {"aString": 1}]}"#,
            "/riches/1/a_string type",
        ),
        (r#"{"byString": {"a": null}}"#, "/by_string/* type"),
        (
            r#"{"byString": {"a": 1, "a": 2}}"#,
            "/by_string/* duplicate",
        ),
        (r#"{"byInt64": {"a": "b"}}"#, "/by_int64/* type"),
        (r#"{"byBool": {"True": {}}}"#, "/by_bool/* type"),
        (r#"{"time": "2024-02-30T00:00:00Z"}"#, "/time type"),
        (r#"{"time": "2024-02-28 00:00:00Z"}"#, "/time type"),
        (r#"{"time": "2024-02-28T00:00:00"}"#, "/time type"),
        (r#"{"time": "0000-12-31T00:00:00Z"}"#, "/time type"),
        (r#"{"time": "9999-12-31T23:59:59-01:00"}"#, "/time type"),
        (
            r#"{"time": "2024-02-28T00:00:00.1234567890Z"}"#,
            "/time type",
        ),
        (r#"{"duration": "1"}"#, "/duration type"),
        (r#"{"duration": ".5s"}"#, "/duration type"),
        (r#"{"duration": "315576000001s"}"#, "/duration type"),
        (
            r#"{"duration": "315576000000.000000001s"}"#,
            "/duration type",
        ),
        (r#"{"mask": "a_b"}"#, "/mask type"),
        (r#"{"struct": []}"#, "/struct type"),
        (r#"{"list": {}}"#, "/list type"),
        (r#"{"empty": 1}"#, "/empty type"),
        (r#"{"any": {"anInt32": 1}}"#, "/any type"),
        (
            r#"{"any": {"@type": "a/rich.v1.Rich", "anInt32": "x"}}"#,
            "/any/an_int32 type",
        ),
        (
            r#"{"any": {"@type": "a/google.protobuf.Duration", "value": 1}}"#,
            "/any/value type",
        ),
        (r#"{"wrappedInt64": "x"}"#, "/wrapped_int64 type"),
    ];
    for (text, expected) in bad {
        assert_eq!(files.json(RICH, text), [expected], "{text}");
    }
}

#[test]
fn a_set_that_is_none_says_why() {
    let set = |change: fn(&mut FileDescriptorSet)| {
        let mut set = set("old.proto");
        change(&mut set);
        Contract::read(&set.encode_to_vec())
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    let expected = [
        (
            set(|set| {
                set.file[0].message_type[0].field[1].type_name = Some(".old.v1.Cloesd".into());
            }),
            "`old.v1.Old.closed` names the type `old.v1.Cloesd`, which is not in the set; build the \
             set with its imports; did you mean `old.v1.Closed`?",
        ),
        (
            set(|set| set.file[0].message_type[0].field[1].number = Some(1)),
            "`old.v1.Old` has the field number 1 twice",
        ),
        (
            set(|set| set.file[0].message_type[0].field[1].number = Some(0)),
            "`old.v1.Old.closed` has a number that no field can have",
        ),
        (
            set(|set| set.file[0].enum_type[0].name = Some("Old".into())),
            "`old.v1.Old` is declared twice",
        ),
        (
            set(|set| set.file[0].syntax = Some("proto4".into())),
            "`old.proto` has a syntax that is not known; expected proto2, proto3 or an edition",
        ),
        (
            set(|set| set.file[0].service.clear()),
            "has no service with a method; expected one at least",
        ),
        (
            set(|set| set.file[0].service[0].method[0].input_type = Some(".old.v1.Closed".into())),
            "`/old.v1.Olds/Get` names `.old.v1.Closed`, which is no message",
        ),
    ];
    for (found, expected) in expected {
        assert!(found.contains(expected), "{found}");
    }
    let none = Contract::read(b"none").unwrap_err().to_string();
    assert_eq!(
        none,
        "is not a serialised `google.protobuf.FileDescriptorSet`"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_another_writer_writes_is_accepted(seed: u64) {
        let files = Files::compile("rich.proto");
        let message = random::message(&files.pool.get_message_by_name(RICH).unwrap(), seed);
        prop_assert_eq!(files.binary(RICH, &message.encode_to_vec()), [""; 0]);
        let text = serde_json::to_string(&message).unwrap();
        prop_assert_eq!(files.json(RICH, &text), [""; 0], "{}", text);
    }

    #[test]
    fn what_is_cut_or_changed_is_refused_where_another_reader_refuses_it(seed: u64, flip: u8) {
        let files = Files::without_maps();
        let message = random::message(&files.pool.get_message_by_name(RICH).unwrap(), seed);
        let octets = message.encode_to_vec();
        for cut in 0..octets.len().min(200) {
            let mut changed = octets.clone();
            changed[cut] ^= flip;
            for octets in [&octets[..cut], &changed] {
                let found = files.binary(RICH, octets);
                let is_read = !found.iter().any(|own| !own.ends_with("unknownField"));
                prop_assert_eq!(is_read, files.decodes(RICH, octets), "{:?} {:?}", found, octets);
            }
        }
    }

    #[test]
    fn any_octets_are_read_without_a_panic(octets: Vec<u8>) {
        let files = Files::compile("rich.proto");
        let _ = files.binary(RICH, &octets);
        let _ = files.contract.check_json(MessageId(0), &octets, LIMITS);
        let _ = Contract::read(&octets);
    }
}

//! Where the key of a request stands, and what it must be like.

use std::ops::RangeInclusive;

use deserr::Deserr;
use kit::filter::Form;
use kit::policy::value::{FieldName, Pointer};
use kit::policy::{Findings, Placed, child};
use kit::{object_value, tagged_value};

use super::settings::Layers;
use crate::idempotency_key::{Alphabet, IDEMPOTENCY_KEY, KeyTerms, MAX_OCTETS, Syntax};
use crate::plan::KeySource;

/// The most octets that a policy can allow.
const MOST_OCTETS: u16 = 1024;

/// The octets of a UUID (RFC 9562 section 4).
const UUID: usize = 36;

/// Where the key of a request stands, and what it must be like.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "KeyPlace", tag = "from", rename_all = "camelCase")
)]
pub(super) enum KeyPlaceEntry {
    /// A header field, which for gRPC is metadata.
    Header(FieldEntry),
    /// A string in the JSON content, such as the `request_id` of AIP-155.
    Content(ContentEntry),
    /// The source and the id of a `CloudEvents` event in binary mode.
    CloudEvent(CloudEventEntry),
}

tagged_value!(KeyPlaceEntry, "from", {
    "header" => Header,
    "content" => Content,
    "cloudEvent" => CloudEvent,
});

/// A header field.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "KeyField", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct FieldEntry {
    /// The name of the field; `Idempotency-Key` without it.
    name: Option<FieldName>,
    /// How the key is written; `lenient` without it.
    syntax: Option<SyntaxEntry>,
    /// What the key is made of; `visible` without it.
    alphabet: Option<AlphabetEntry>,
    /// The fewest octets of the key; 1 without it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1024)))]
    min_length: Option<u16>,
    /// The most octets of the key; 255 without it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1024)))]
    max_length: Option<u16>,
}

object_value!(FieldEntry {
    name: optional "name",
    syntax: optional "syntax",
    alphabet: optional "alphabet",
    min_length: optional "minLength",
    max_length: optional "maxLength",
});

/// A string in the JSON content.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "KeyMember", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct ContentEntry {
    /// Where it stands, such as `/request_id`.
    pointer: Pointer,
    /// What the key is made of; `visible` without it.
    alphabet: Option<AlphabetEntry>,
    /// The fewest octets of the key; 1 without it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1024)))]
    min_length: Option<u16>,
    /// The most octets of the key; 255 without it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1024)))]
    max_length: Option<u16>,
}

object_value!(ContentEntry {
    pointer: required "pointer",
    alphabet: optional "alphabet",
    min_length: optional "minLength",
    max_length: optional "maxLength",
});

/// The source and the id of an event.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "KeyEvent", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct CloudEventEntry {
    /// The fewest octets of each of the two; 1 without it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1024)))]
    min_length: Option<u16>,
    /// The most octets of each of the two; 255 without it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1024)))]
    max_length: Option<u16>,
}

object_value!(CloudEventEntry {
    min_length: optional "minLength",
    max_length: optional "maxLength",
});

/// How a key is written in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "KeySyntax", rename_all = "camelCase")
)]
enum SyntaxEntry {
    /// A Structured Field String in quotation marks, as the standard demands.
    Strict,
    /// That, or the bare key, as most clients send it.
    Lenient,
}

/// What a key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "KeyAlphabet", rename_all = "camelCase")
)]
enum AlphabetEntry {
    /// Visible ASCII.
    Visible,
    /// A token (RFC 9110 section 5.6.2): letters, digits and some marks.
    Token,
    /// A UUID of any version (RFC 9562).
    Uuid,
    /// A UUID of version 4.
    Uuid4,
}

/// Where the key of a rule stands, and what it must be like.
pub(super) fn check(
    form: Form,
    layers: &Layers<'_>,
    findings: &mut Findings,
) -> (KeySource, KeyTerms) {
    match layers.pick("key", |own| own.key.as_ref()) {
        Some(placed) => {
            check_form(form, &placed, findings);
            let alphabet = placed.value.alphabet();
            let terms = KeyTerms {
                syntax: placed.value.syntax(),
                alphabet,
                length: placed.value.check_length(alphabet, &placed.at, findings),
            };
            (placed.value.source(&placed.at, findings), terms)
        }
        None => (
            KeySource::Field(FieldName(IDEMPOTENCY_KEY.to_owned())),
            KeyTerms {
                syntax: Syntax::Lenient,
                alphabet: Alphabet::Visible,
                length: 1..=MAX_OCTETS,
            },
        ),
    }
}

/// In the streamed form the head goes on before its content is there, so its key has to be claimed
/// without.
fn check_form(form: Form, placed: &Placed<'_, KeyPlaceEntry>, findings: &mut Findings) {
    if form == Form::Streamed && matches!(placed.value, KeyPlaceEntry::Content(_)) {
        findings.add(
            &placed.at,
            "stands in the content, and in the `streamed` form a key is claimed before the content \
             is there; expected a key from `header` or `cloudEvent`, or `\"form\": \"held\"`",
        );
    }
}

impl KeyPlaceEntry {
    fn source(&self, at: &str, findings: &mut Findings) -> KeySource {
        match self {
            Self::Header(own) => {
                let standard = || FieldName(IDEMPOTENCY_KEY.to_owned());
                let name = own.name.clone().unwrap_or_else(standard);
                if name.as_str().ends_with("-bin") {
                    findings.add(
                        child(at, "name"),
                        "is the name of binary metadata, which is no key; expected a name that \
                         does not end in `-bin`",
                    );
                }
                KeySource::Field(name)
            }
            Self::Content(own) => KeySource::Content(own.pointer.clone()),
            Self::CloudEvent(_) => KeySource::CloudEvent,
        }
    }

    fn syntax(&self) -> Syntax {
        match self {
            Self::Header(FieldEntry {
                syntax: Some(SyntaxEntry::Strict),
                ..
            }) => Syntax::Strict,
            _ => Syntax::Lenient,
        }
    }

    fn alphabet(&self) -> Alphabet {
        let named = match self {
            Self::Header(own) => own.alphabet,
            Self::Content(own) => own.alphabet,
            Self::CloudEvent(_) => None,
        };
        match named {
            None | Some(AlphabetEntry::Visible) => Alphabet::Visible,
            Some(AlphabetEntry::Token) => Alphabet::Token,
            Some(AlphabetEntry::Uuid) => Alphabet::Uuid,
            Some(AlphabetEntry::Uuid4) => Alphabet::Uuid4,
        }
    }

    /// `minLength` and `maxLength`.
    fn lengths(&self) -> (Option<u16>, Option<u16>) {
        match self {
            Self::Header(own) => (own.min_length, own.max_length),
            Self::Content(own) => (own.min_length, own.max_length),
            Self::CloudEvent(own) => (own.min_length, own.max_length),
        }
    }

    fn check_length(
        &self,
        alphabet: Alphabet,
        at: &str,
        findings: &mut Findings,
    ) -> RangeInclusive<usize> {
        let (min, max) = self.lengths();
        for (name, length) in [("minLength", min), ("maxLength", max)] {
            if length.is_some_and(|length| !(1..=MOST_OCTETS).contains(&length)) {
                findings.add(child(at, name), "expected 1 to 1024 octets");
            }
        }
        let min = min.map_or(1, usize::from);
        let max = max.map_or(MAX_OCTETS, usize::from);
        let length = min..=max;
        if length.is_empty() {
            findings.add(at, "allows no key: its shortest is longer than its longest");
        } else if matches!(alphabet, Alphabet::Uuid | Alphabet::Uuid4) && !length.contains(&UUID) {
            findings.add(at, "allows no key: a UUID has 36 octets");
        }
        length
    }
}

//! What must be alike in duplicates.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kit::filter::Form;
use kit::object_value;
use kit::policy::value::{FieldName, Pointer};
use kit::policy::{Findings, child, did_you_mean, pointer};

use super::settings::Layers;
use crate::fingerprint::{ContentPart, Fingerprinter, Parts, QueryPart};

/// What must be alike in duplicates: the same key of a request that differs is refused.
#[derive(Debug, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Fingerprint", deny_unknown_fields)
)]
pub(super) struct FingerprintEntry {
    /// Whether the method counts; true without it.
    method: Option<bool>,
    /// Whether the path counts; true without it.
    path: Option<bool>,
    /// How much of the query counts; all of it, `asSent`, without it.
    query: Option<QueryEntry>,
    /// The header fields that count.
    #[cfg_attr(feature = "schema", schemars(default))]
    headers: Vec<FieldName>,
    /// How much of the content counts; its `octets` without it.
    content: Option<ContentEntry>,
}

object_value!(FingerprintEntry {
    method: optional "method",
    path: optional "path",
    query: optional "query",
    headers: list "headers",
    content: optional "content",
});

/// How much of the query counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "QueryPart", rename_all = "camelCase")
)]
enum QueryEntry {
    /// Nothing.
    Ignored,
    /// Its octets.
    AsSent,
    /// Its parameters, whatever their order.
    Sorted,
}

/// How much of the content counts.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ContentPart", untagged)
)]
enum ContentEntry {
    /// All of it, or nothing.
    Whole(WholeEntry),
    /// Parts of a JSON document.
    Members(MembersEntry),
}

impl Deserr<Findings> for ContentEntry {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        let names = ["ignored", "octets"];
        let expected = "expected `ignored`, `octets` or an object with `members`";
        let message = match value {
            Value::Map(_) => {
                return Deserr::deserialize_from_value(value, location).map(Self::Members);
            }
            Value::String(text) => match text.as_str() {
                "ignored" => return Ok(Self::Whole(WholeEntry::Ignored)),
                "octets" => return Ok(Self::Whole(WholeEntry::Octets)),
                other => format!("{expected}{}", did_you_mean(other, names)),
            },
            _ => expected.to_owned(),
        };
        Err(Findings::one(pointer(location), message))
    }
}

/// All of the content, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "WholeContent", rename_all = "camelCase")
)]
enum WholeEntry {
    /// Nothing.
    Ignored,
    /// Its octets.
    Octets,
}

/// Parts of a JSON document.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ContentMembers", deny_unknown_fields)
)]
struct MembersEntry {
    /// Where they stand. A content in which none is found counts octet by octet.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    members: Vec<Pointer>,
}

object_value!(MembersEntry {
    members: required_list "members",
});

/// The most places in a content that a policy can name.
const MOST_MEMBERS: usize = 64;

/// What the duplicates of the rule at `rule_at` are told by.
pub(super) fn check(
    form: Form,
    rule_at: &str,
    layers: &Layers<'_>,
    findings: &mut Findings,
) -> Fingerprinter {
    let placed = layers.pick("fingerprint", |own| own.fingerprint.as_ref());
    let standard = FingerprintEntry::default();
    let (own, at) = placed.map_or((&standard, rule_at.to_owned()), |own| (own.value, own.at));
    let content = own.check_content(&at, findings);
    if form == Form::Streamed && content != ContentPart::Ignored {
        let at = match &own.content {
            Some(_) => child(&at, "content"),
            None => at.clone(),
        };
        findings.add(
            at,
            "has the content in its fingerprint, and in the `streamed` form a key is claimed \
             before the content is there; expected a `fingerprint` with `\"content\": \
             \"ignored\"`, or `\"form\": \"held\"`",
        );
    }
    own.check_fields(&child(&at, "headers"), findings);
    Fingerprinter::new(Parts {
        method: own.method.unwrap_or(true),
        path: own.path.unwrap_or(true),
        query: own.query.map_or(QueryPart::AsSent, QueryEntry::part),
        fields: own.headers.clone(),
        content,
    })
}

/// The fields that senders and proxies give another value on each attempt.
const OF_ATTEMPTS: [&str; 6] = [
    "date",
    "traceparent",
    "tracestate",
    "x-envoy-attempt-count",
    "x-envoy-expected-rq-timeout-ms",
    "x-request-id",
];

impl FingerprintEntry {
    /// A duplicate that differs in its fingerprint is refused as another request.
    fn check_fields(&self, at: &str, findings: &mut Findings) {
        for (index, name) in self.headers.iter().enumerate() {
            if OF_ATTEMPTS.contains(&name.as_str()) {
                findings.add(
                    child(at, index),
                    "differs in each attempt, so that every duplicate would be refused; expected \
                     a field that stays",
                );
            }
        }
    }

    fn check_content(&self, at: &str, findings: &mut Findings) -> ContentPart {
        match &self.content {
            None | Some(ContentEntry::Whole(WholeEntry::Octets)) => ContentPart::Octets,
            Some(ContentEntry::Whole(WholeEntry::Ignored)) => ContentPart::Ignored,
            Some(ContentEntry::Members(MembersEntry { members })) => {
                if !(1..=MOST_MEMBERS).contains(&members.len()) {
                    let at = child(&child(at, "content"), "members");
                    findings.add(at, "expected 1 to 64 places");
                }
                ContentPart::Members(members.clone())
            }
        }
    }
}

impl QueryEntry {
    fn part(self) -> QueryPart {
        match self {
            Self::Ignored => QueryPart::Ignored,
            Self::AsSent => QueryPart::AsSent,
            Self::Sorted => QueryPart::Sorted,
        }
    }
}

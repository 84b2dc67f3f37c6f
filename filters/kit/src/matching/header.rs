//! Conditions on header fields.

use deserr::Deserr;
use regex_lite::Regex;

use crate::headers::Headers;
use crate::policy::Findings;
use crate::policy::value::FieldName;

/// A condition on one header field. Several values of the field count as one, joined by `, `
/// (RFC 9110 section 5.3). Without a condition it is enough that the field is there.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Findings, try_from(RawHeaderMatch) = HeaderMatch::check -> String)]
pub struct HeaderMatch {
    name: FieldName,
    condition: Condition,
    invert: bool,
}

#[derive(Debug, Clone)]
enum Condition {
    Present,
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    Regex(Regex),
}

/// A condition on one header field; at most one of `exact`, `prefix`, `suffix`, `contains` and
/// `regex`. Without any it is enough that the field is there.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "HeaderMatch", rename_all = "camelCase", deny_unknown_fields)
)]
struct RawHeaderMatch {
    /// The name of the field, in any case.
    name: FieldName,
    /// The whole value.
    exact: Option<String>,
    /// How the value begins.
    prefix: Option<String>,
    /// How the value ends.
    suffix: Option<String>,
    /// What the value contains.
    contains: Option<String>,
    /// A regular expression (the syntax of Rust's `regex`, linear in time) that matches somewhere
    /// in the value.
    regex: Option<String>,
    /// Turns the condition round.
    #[cfg_attr(feature = "schema", schemars(default))]
    invert: bool,
}

crate::object_value!(RawHeaderMatch {
    name: required "name",
    exact: optional "exact",
    prefix: optional "prefix",
    suffix: optional "suffix",
    contains: optional "contains",
    regex: optional "regex",
    invert: defaulted "invert",
});

impl HeaderMatch {
    /// Whether the fields are as said. A value that is not UTF-8 matches no condition.
    pub fn matches(&self, headers: &Headers) -> bool {
        self.holds(headers) != self.invert
    }

    fn holds(&self, headers: &Headers) -> bool {
        let Some(value) = headers.combined(self.name.as_str()) else {
            return false;
        };
        let text = std::str::from_utf8(&value).ok();
        let is = |test: &dyn Fn(&str) -> bool| text.is_some_and(test);
        match &self.condition {
            Condition::Present => true,
            Condition::Exact(own) => is(&|text| text == own),
            Condition::Prefix(own) => is(&|text| text.starts_with(own.as_str())),
            Condition::Suffix(own) => is(&|text| text.ends_with(own.as_str())),
            Condition::Contains(own) => is(&|text| text.contains(own.as_str())),
            Condition::Regex(own) => is(&|text| own.is_match(text)),
        }
    }

    fn check(raw: RawHeaderMatch) -> Result<Self, String> {
        let regex = match raw.regex.as_deref().map(Regex::new) {
            Some(Ok(regex)) => Some(Condition::Regex(regex)),
            Some(Err(_)) => return Err("`regex` is not a regular expression".into()),
            None => None,
        };
        let mut conditions = [
            raw.exact.map(Condition::Exact),
            raw.prefix.map(Condition::Prefix),
            raw.suffix.map(Condition::Suffix),
            raw.contains.map(Condition::Contains),
            regex,
        ]
        .into_iter()
        .flatten();
        let condition = conditions.next().unwrap_or(Condition::Present);
        if conditions.next().is_some() {
            return Err(
                "expected at most one of `exact`, `prefix`, `suffix`, `contains` and `regex`"
                    .into(),
            );
        }
        Ok(Self {
            name: raw.name,
            condition,
            invert: raw.invert,
        })
    }
}

impl PartialEq for HeaderMatch {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.invert == other.invert
            && match (&self.condition, &other.condition) {
                (Condition::Present, Condition::Present) => true,
                (Condition::Exact(a), Condition::Exact(b))
                | (Condition::Prefix(a), Condition::Prefix(b))
                | (Condition::Suffix(a), Condition::Suffix(b))
                | (Condition::Contains(a), Condition::Contains(b)) => a == b,
                (Condition::Regex(a), Condition::Regex(b)) => a.as_str() == b.as_str(),
                _ => false,
            }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for HeaderMatch {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        RawHeaderMatch::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        RawHeaderMatch::json_schema(generator)
    }
}

//! Conditions on header fields.

use deserr::Deserr;

use crate::headers::Headers;
use crate::policy::Findings;
use crate::policy::value::FieldName;

/// A condition on one header field. Several values of the field count as one, joined by `, `
/// (RFC 9110 section 5.3). Without a condition it is enough that the field is there.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Findings, try_from(RawHeaderMatch) = HeaderMatch::check -> String)]
pub struct HeaderMatch {
    name: FieldName,
    condition: Condition,
    invert: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Present,
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
}

/// A condition on one header field; at most one of `exact`, `prefix`, `suffix` and `contains`.
/// Without any it is enough that the field is there.
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
        }
    }

    fn check(raw: RawHeaderMatch) -> Result<Self, String> {
        let mut conditions = [
            raw.exact.map(Condition::Exact),
            raw.prefix.map(Condition::Prefix),
            raw.suffix.map(Condition::Suffix),
            raw.contains.map(Condition::Contains),
        ]
        .into_iter()
        .flatten();
        let condition = conditions.next().unwrap_or(Condition::Present);
        if conditions.next().is_some() {
            return Err(
                "expected at most one of `exact`, `prefix`, `suffix` and `contains`".into(),
            );
        }
        Ok(Self {
            name: raw.name,
            condition,
            invert: raw.invert,
        })
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

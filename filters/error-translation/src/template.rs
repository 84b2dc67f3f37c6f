//! Text with values of the occurrence in it: `Order {code} failed, see {requestId}`.

use std::fmt::Write as _;
use std::str::FromStr;

use kit::policy::value::Pointer;

/// Text with values in braces; `{{` and `}}` are braces themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(Variable),
}

/// What may stand in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Variable {
    /// The HTTP status of the answer.
    Status,
    /// The service's own code.
    Code,
    /// The title, as the service gave it.
    Title,
    /// The detail, as the service gave it.
    Detail,
    /// The name of the service.
    Service,
    /// The version of the API.
    Version,
    /// The id of the request.
    RequestId,
    /// The id of the trace.
    TraceId,
    /// A value of the upstream's document.
    Pointer(Pointer),
}

/// The names that may stand in braces, beside JSON Pointers.
pub(crate) const NAMES: [&str; 8] = [
    "status",
    "code",
    "title",
    "detail",
    "service",
    "version",
    "requestId",
    "traceId",
];

impl Template {
    /// The text between the values.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Variable(_) => None,
        })
    }

    /// Fills the values in; `None` where one of them is not there, because half a sentence helps
    /// nobody.
    pub(crate) fn fill(&self, value: impl Fn(&Variable) -> Option<String>) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(own) => text.push_str(own),
                Part::Variable(variable) => text.push_str(&value(variable)?),
            }
        }
        Some(text)
    }
}

kit::string_value!(Template, {
    "type": "string",
    "description": "Text with values in braces: `{status}`, `{code}`, `{title}`, `{detail}`, `{service}`, `{version}`, `{requestId}`, `{traceId}`, or a JSON Pointer into the upstream's document such as `{/error/id}`. `{{` and `}}` are braces themselves."
});

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut own = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, braces) = rest.split_at(at);
            own.push_str(before);
            if let Some(behind) = braces.strip_prefix("{{") {
                own.push('{');
                rest = behind;
            } else if let Some(behind) = braces.strip_prefix("}}") {
                own.push('}');
                rest = behind;
            } else {
                let (name, behind) = braces
                    .strip_prefix('{')
                    .and_then(|inner| inner.split_once('}'))
                    .ok_or("has a brace without its other half; a brace itself is written twice")?;
                if !own.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut own)));
                }
                parts.push(Part::Variable(name.parse()?));
                rest = behind;
            }
        }
        own.push_str(rest);
        if !own.is_empty() {
            parts.push(Part::Text(own));
        }
        Ok(Self { parts })
    }
}

impl FromStr for Variable {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name {
            "status" => Self::Status,
            "code" => Self::Code,
            "title" => Self::Title,
            "detail" => Self::Detail,
            "service" => Self::Service,
            "version" => Self::Version,
            "requestId" => Self::RequestId,
            "traceId" => Self::TraceId,
            pointer if pointer.starts_with('/') => Self::Pointer(pointer.parse()?),
            _ => {
                let mut expected = String::new();
                for name in NAMES {
                    let _ = write!(expected, "`{{{name}}}`, ");
                }
                return Err(format!(
                    "has braces around what is no value; expected {expected}or a JSON Pointer into \
                     the upstream's document such as `{{/error/id}}`"
                ));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &str, value: &str) -> Option<String> {
        let template = template.parse::<Template>().unwrap();
        template.fill(|_| (!value.is_empty()).then(|| value.to_owned()))
    }

    #[test]
    fn values_take_the_place_of_their_braces() {
        assert_eq!(fill("a {code} b{/x/y}", "V").unwrap(), "a V bV");
        assert_eq!(fill("plain", "").unwrap(), "plain");
        assert_eq!(fill("{{code}} {status}", "V").unwrap(), "{code} V");
    }

    #[test]
    fn a_template_with_a_missing_value_is_no_text() {
        assert_eq!(fill("a {code} b", ""), None);
    }

    #[test]
    fn unknown_names_and_single_braces_are_refused() {
        for text in ["{order}", "{", "{}", "}", "a } b", "{x/y}", "{code", "{{}"] {
            assert!(text.parse::<Template>().is_err(), "{text}");
        }
    }
}

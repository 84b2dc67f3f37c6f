//! Ranges of HTTP statuses: `404`, `"5xx"`, `"500-503"`.

use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kit::policy::value::parse_string;
use kit::policy::{Findings, pointer};

use crate::catalog::Statuses;

const EXPECTED: &str = "expected a status from 200 to 599, a class such as \"5xx\", or a range such \
                        as \"500-503\"";

impl Deserr<Findings> for Statuses {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        match value {
            Value::Integer(number) => u16::try_from(number)
                .map_err(|_| EXPECTED.to_owned())
                .and_then(|status| Self::from_first_to_last(status, status))
                .map_err(|message| Findings::one(pointer(location), message)),
            other => parse_string(other, location, Self::from_str),
        }
    }
}

impl Statuses {
    fn from_first_to_last(first: u16, last: u16) -> Result<Self, String> {
        if last < first {
            return Err("ends before it begins; expected the lower status first".into());
        }
        if first < 200 || last > 599 {
            return Err(EXPECTED.into());
        }
        Ok(Self { first, last })
    }
}

impl FromStr for Statuses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let status = |text: &str| -> Result<u16, String> {
            let is_status = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
            let number = text.parse().ok().filter(|_| is_status);
            number.ok_or_else(|| EXPECTED.to_owned())
        };
        if let Some(class) = text.strip_suffix("xx") {
            let first = status(&format!("{class}00"))?;
            return Self::from_first_to_last(first, first + 99);
        }
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Self::from_first_to_last(status(first)?, status(last)?)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Statuses {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Statuses".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A status, a class such as \"5xx\", or a range such as \"500-503\".",
            "anyOf": [
                { "type": "integer", "minimum": 200, "maximum": 599 },
                { "type": "string", "pattern": "^([2-5][0-9]{2}(-[2-5][0-9]{2})?|[2-5]xx)$" }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_status_a_class_or_two_ends() {
        let ends = |text: &str| text.parse::<Statuses>().map(|own| (own.first, own.last));
        assert_eq!(ends("404"), Ok((404, 404)));
        assert_eq!(ends("5xx"), Ok((500, 599)));
        assert_eq!(ends("500-503"), Ok((500, 503)));
        for text in [
            "",
            "xx",
            "1xx",
            "6xx",
            "5XX",
            "100",
            "600",
            "0404",
            "+404",
            "4-5",
            "500-",
            "-",
            "503-500",
            "500-503-504",
        ] {
            assert!(ends(text).is_err(), "{text}");
        }
    }
}

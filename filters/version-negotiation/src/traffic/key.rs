//! What a request is told apart by, so that the same caller always gets the same.

use kit::exchange::Exchange;
use kit::policy::value::FieldName;

use super::consumer::property;
use crate::fields;

/// One thing to tell requests apart by.
#[derive(Debug)]
pub(crate) enum KeySource {
    /// The consumer.
    Consumer,
    /// A header field.
    Header(FieldName),
    /// A cookie.
    Cookie(String),
    /// A property.
    Property(Vec<String>),
}

impl KeySource {
    /// The key of the first source that is there. Without any a request is told apart from every
    /// other one.
    pub(crate) fn first(sources: &[Self], consumer: Option<&str>, x: &Exchange<'_>) -> Vec<u8> {
        sources
            .iter()
            .find_map(|source| source.read(consumer, x))
            .unwrap_or_else(|| x.random().to_le_bytes().to_vec())
    }

    fn read(&self, consumer: Option<&str>, x: &Exchange<'_>) -> Option<Vec<u8>> {
        let key = match self {
            Self::Consumer => consumer?.as_bytes().to_vec(),
            Self::Header(name) => x.headers().get(name.as_str())?.to_vec(),
            Self::Cookie(name) => cookie(name, x)?.to_vec(),
            Self::Property(path) => property(path, x)?,
        };
        (!key.is_empty()).then_some(key)
    }
}

/// The value of a cookie. HTTP/2 may cut the field into several (RFC 9113 section 8.2.3).
fn cookie<'a>(name: &str, x: &'a Exchange<'_>) -> Option<&'a [u8]> {
    x.headers()
        .get_all(fields::COOKIE)
        .flat_map(|field| field.split(|byte| *byte == b';'))
        .find_map(|pair| {
            let value = pair.trim_ascii().strip_prefix(name.as_bytes())?;
            value.strip_prefix(b"=")
        })
}

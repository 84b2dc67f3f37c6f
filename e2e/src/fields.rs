//! Headers and trailers as a test writes and reads them.

use std::fmt;
use std::ops::Deref;

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};

/// Header or trailer fields: names in lower case, values as octets, because what a proxy passes
/// need not be text. Fields of one name keep their order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, Vec<u8>)>);

impl Fields {
    /// Adds a field.
    pub fn add(&mut self, name: impl Into<String>, value: impl AsRef<[u8]>) {
        self.0.push((name.into(), value.as_ref().to_vec()));
    }

    /// The value of the first field of this name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// The value of the first field of this name as text; `None` if it is absent or not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)
            .and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The values of all fields of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// Whether there is a field of this name.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn to_map(&self) -> HeaderMap {
        self.iter()
            .map(|(name, value)| {
                let field = HeaderName::from_bytes(name.as_bytes())
                    .unwrap_or_else(|error| panic!("header name {name:?}: {error}"));
                let value = HeaderValue::from_bytes(value).unwrap_or_else(|error| {
                    panic!("{error} of {name}: send such a request with `raw`")
                });
                (field, value)
            })
            .fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value);
                map
            })
    }

    pub(crate) fn from_map(map: &HeaderMap) -> Self {
        Self(
            map.iter()
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
        )
    }
}

impl Deref for Fields {
    type Target = [(String, Vec<u8>)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<N: Into<String>, V: AsRef<[u8]>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let mut collected = Self::default();
        for (name, value) in fields {
            collected.add(name, value);
        }
        collected
    }
}

impl<N: Into<String>, V: AsRef<[u8]>, const COUNT: usize> From<[(N, V); COUNT]> for Fields {
    fn from(fields: [(N, V); COUNT]) -> Self {
        fields.into_iter().collect()
    }
}

/// Readable in the message of a failed assertion.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(
                self.iter()
                    .map(|(name, value)| format!("{name}: {}", value.escape_ascii())),
            )
            .finish()
    }
}

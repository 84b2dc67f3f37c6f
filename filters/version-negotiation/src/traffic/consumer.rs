//! Who asks.

use kit::exchange::Exchange;
use kit::policy::value::FieldName;

/// The most octets of a consumer's name. A longer one is none: it could be the name of another one
/// once it is cut.
const LIMIT: usize = 128;

/// What tells who asks.
#[derive(Debug)]
pub(crate) enum ConsumerSource {
    /// A header field, set by whatever authenticates.
    Header(FieldName),
    /// A property of the connection or the request, such as the URI of the peer's certificate.
    Property(Vec<String>),
}

impl ConsumerSource {
    /// The consumer, if there is exactly one that is UTF-8.
    pub(crate) fn read(&self, x: &Exchange<'_>) -> Option<String> {
        match self {
            Self::Header(name) => {
                let mut values = x.headers().get_all(name.as_str());
                let value = values.next()?;
                // Of two different names one may be forged, and nothing tells which.
                values.all(|other| other == value).then(|| name_of(value))?
            }
            Self::Property(path) => name_of(&property(path, x)?),
        }
    }
}

/// A property by its path.
pub(super) fn property(path: &[String], x: &Exchange<'_>) -> Option<Vec<u8>> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    x.property(&path)
}

/// A name is text. A property of another type comes as its octets, which may be UTF-8 by chance but
/// hardly ever without a control character.
fn name_of(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let is_name = !text.is_empty() && text.len() <= LIMIT && !text.contains(char::is_control);
    is_name.then(|| text.to_owned())
}

//! Versions of `OpenAPI`, and the dialects of JSON Schema that they speak.

/// A version of `OpenAPI`, as far as versions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 3.0: an "extended subset" of a draft of its own (OAS 3.0.4 section 4.7.24).
    V3_0,
    /// 3.1: JSON Schema 2020-12.
    V3_1,
    /// 3.2: the same.
    V3_2,
}

impl Version {
    /// The version that a document declares in `openapi`.
    pub(super) fn declared(text: &str) -> Option<Self> {
        let (major, rest) = text.split_once('.')?;
        let minor = rest.split('.').next();
        match (major, minor) {
            ("3", Some("0")) => Some(Self::V3_0),
            ("3", Some("1")) => Some(Self::V3_1),
            ("3", Some("2")) => Some(Self::V3_2),
            _ => None,
        }
    }
}

//! What is wrong with a message: one violation, said without a value of the client or the service.

use std::borrow::Cow;

use crate::parameter::Location;

/// One thing in which a message breaks its contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which part of the message it is in.
    pub place: Place,
    /// The parameter or the header field, as the contract names it; none in bodies.
    pub name: Option<String>,
    /// Where in the value, as a JSON Pointer (RFC 6901); empty for the value as a whole.
    pub pointer: String,
    /// The keyword, or the check, that it does not meet: a bounded vocabulary, for metrics.
    pub keyword: Cow<'static, str>,
    /// What the contract asks for, as a sentence without a subject and a full stop, such as
    /// `must be at least 1`. Everything in it stands in the contract.
    pub detail: Cow<'static, str>,
}

/// The keywords of violations that are no matter of a schema.
pub mod keyword {
    /// The contract does not know the path.
    pub const UNKNOWN_PATH: &str = "unknownPath";
    /// The contract knows the path with other methods only.
    pub const UNKNOWN_METHOD: &str = "unknownMethod";
    /// A parameter of the query, or the status of a response, is not declared.
    pub const UNDECLARED: &str = "undeclared";
    /// Something that has to be there is not.
    pub const REQUIRED: &str = "required";
    /// There is no content, and there has to be one.
    pub const MISSING: &str = "missing";
    /// It cannot be read as what it is declared to be.
    pub const MALFORMED: &str = "malformed";
    /// It is not whole in the encoding of protobuf that it is declared to have.
    pub const WIRE: &str = "wire";
    /// The media type of the content is not one of those that are declared.
    pub const MEDIA_TYPE: &str = "mediaType";
    /// The content has a coding that is not read (RFC 9110 section 8.4).
    pub const CONTENT_CODING: &str = "contentCoding";
    /// There is more of it than is read.
    pub const TOO_LARGE: &str = "tooLarge";
    /// It is nested more deeply than is read.
    pub const DEPTH: &str = "depth";
    /// A call has more or fewer messages than its method.
    pub const CARDINALITY: &str = "cardinality";
}

/// A part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The method of a request.
    Method,
    /// The path, or a variable of it.
    Path,
    /// The query.
    Query,
    /// A header field.
    Header,
    /// A cookie.
    Cookie,
    /// The content.
    Body,
    /// The status of a response.
    Status,
}

impl Place {
    /// The name, as it stands in `in` of a problem's `errors` and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Body => "body",
            Self::Status => "status",
        }
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        match location {
            Location::Path => Self::Path,
            Location::Query | Location::QueryString => Self::Query,
            Location::Header => Self::Header,
            Location::Cookie => Self::Cookie,
        }
    }
}

impl Violation {
    /// A violation in the content.
    pub fn in_body(
        pointer: impl Into<String>,
        keyword: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            place: Place::Body,
            name: None,
            pointer: pointer.into(),
            keyword: keyword.into(),
            detail: detail.into(),
        }
    }

    /// The same violation in a named part of the head.
    #[must_use]
    pub fn at(self, place: Place, name: impl Into<String>) -> Self {
        Self {
            place,
            name: Some(name.into()),
            ..self
        }
    }
}

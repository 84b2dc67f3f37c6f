//! The styles, and which combinations of them mean something.

use super::delimited::List;
use super::{Location, Shape};

/// How a value is written (OAS 3.2.0 section 4.12.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `;color=blue` in a path.
    Matrix,
    /// `.blue` in a path.
    Label,
    /// `blue` in a path or a header.
    Simple,
    /// `color=blue` in a query or a cookie.
    Form,
    /// `color=blue%20black`.
    SpaceDelimited,
    /// `color=blue|black`.
    PipeDelimited,
    /// `color[R]=100`.
    DeepObject,
    /// `color=blue; color=black`, without percent-encoding (3.2).
    Cookie,
}

impl Style {
    /// The names, in the order of the standard.
    pub const NAMES: [&str; 8] = [
        "matrix",
        "label",
        "simple",
        "form",
        "spaceDelimited",
        "pipeDelimited",
        "deepObject",
        "cookie",
    ];

    /// The style of that name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "matrix" => Self::Matrix,
            "label" => Self::Label,
            "simple" => Self::Simple,
            "form" => Self::Form,
            "spaceDelimited" => Self::SpaceDelimited,
            "pipeDelimited" => Self::PipeDelimited,
            "deepObject" => Self::DeepObject,
            "cookie" => Self::Cookie,
            _ => return None,
        })
    }

    /// The style where a parameter names none.
    pub fn default_in(location: Location) -> Self {
        match location {
            Location::Path | Location::Header => Self::Simple,
            Location::Query | Location::QueryString | Location::Cookie => Self::Form,
        }
    }

    /// Whether items and members stand alone where a parameter does not say so: in `form`, and in
    /// `cookie`, which is like it.
    pub fn explodes(self) -> bool {
        matches!(self, Self::Form | Self::Cookie)
    }

    /// What is wrong with this style there, for a value of that shape; `None` where it is defined.
    ///
    /// What the standard leaves open (`n/a` in its examples, or "undefined") every reader reads in
    /// its own way, so a contract that relies on it cannot be held.
    pub fn fault(self, location: Location, explode: bool, shape: &Shape) -> Option<&'static str> {
        let fits = match self {
            Self::Matrix | Self::Label => location == Location::Path,
            Self::Simple => matches!(location, Location::Path | Location::Header),
            Self::Form => matches!(location, Location::Query | Location::Cookie),
            Self::SpaceDelimited | Self::PipeDelimited | Self::DeepObject => {
                location == Location::Query
            }
            Self::Cookie => location == Location::Cookie,
        };
        if !fits {
            return Some("is not a style of parameters that stand there");
        }
        match self {
            Self::SpaceDelimited | Self::PipeDelimited if explode => {
                Some("is undefined with `explode: true`; say `explode: false`, or use `form`")
            }
            Self::SpaceDelimited | Self::PipeDelimited if shape.is_scalar() => {
                Some("is defined for arrays and objects only; use `form`")
            }
            Self::DeepObject if !shape.is_object() => {
                Some("is defined for objects only; use `form`")
            }
            Self::Form if location == Location::Cookie && explode && !shape.is_scalar() => Some(
                "puts `&` between cookies with `explode: true`; say `explode: false`, or use the style `cookie` of OpenAPI 3.2",
            ),
            _ if shape.nests() => Some(
                "is undefined for arrays and objects inside the value; use `content` with `application/json`",
            ),
            _ => None,
        }
    }

    /// How the value of a path parameter is cut.
    pub(super) fn list(self, explode: bool, name: &str) -> List<'_> {
        match self {
            Self::Matrix => List::Matrix { name, explode },
            Self::Label => List::Label { explode },
            _ => List::Simple { explode },
        }
    }
}

//! Dialects of JSON Schema.

/// A dialect of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// Draft 4.
    Draft4,
    /// Draft 6.
    Draft6,
    /// Draft 7.
    Draft7,
    /// Draft 2019-09.
    Draft2019,
    /// Draft 2020-12. What 3.0 says is rewritten into this, so that one dialect serves all.
    #[default]
    Draft2020,
}

impl Dialect {
    /// The dialect of an identifier; those of `OpenAPI` add annotations alone to 2020-12, which
    /// change no outcome.
    pub fn identified(uri: &str) -> Option<Self> {
        if uri.starts_with("https://spec.openapis.org/oas/3.1/dialect/")
            || uri.starts_with("https://spec.openapis.org/oas/3.2/dialect/")
        {
            return Some(Self::Draft2020);
        }
        let uri = uri.strip_suffix('#').unwrap_or(uri);
        let path = uri
            .strip_prefix("https://")
            .or_else(|| uri.strip_prefix("http://"))?;
        Some(match path {
            // Draft 5 was another text of draft 4, whose meta-schema it kept.
            "json-schema.org/draft-04/schema" | "json-schema.org/draft-05/schema" => Self::Draft4,
            "json-schema.org/draft-06/schema" => Self::Draft6,
            "json-schema.org/draft-07/schema" => Self::Draft7,
            "json-schema.org/draft/2019-09/schema" => Self::Draft2019,
            "json-schema.org/draft/2020-12/schema" => Self::Draft2020,
            _ => return None,
        })
    }

    /// The identifier.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Draft4 => "http://json-schema.org/draft-04/schema#",
            Self::Draft6 => "http://json-schema.org/draft-06/schema#",
            Self::Draft7 => "http://json-schema.org/draft-07/schema#",
            Self::Draft2019 => "https://json-schema.org/draft/2019-09/schema",
            Self::Draft2020 => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    /// Where schemas stand that wait to be referred to.
    pub(crate) fn definitions(self) -> &'static str {
        match self {
            Self::Draft4 | Self::Draft6 | Self::Draft7 => "definitions",
            Self::Draft2019 | Self::Draft2020 => "$defs",
        }
    }

    /// Whether what stands beside a `$ref` counts, as it does from 2019-09 on.
    pub(crate) fn reads_beside_references(self) -> bool {
        matches!(self, Self::Draft2019 | Self::Draft2020)
    }
}

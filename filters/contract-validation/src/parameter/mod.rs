//! Parameters as `OpenAPI` serialises them: from the text on the wire to a value that a schema can
//! be held against (OAS 3.2.0 sections 4.12 and 4.12.2.3, Style Values).
//!
//! The wire knows only text. A text becomes a number, a boolean or null where the schema declares
//! it and the text is one; everything else stays the string that it was, so that the schema finds
//! fault with it and nothing is guessed.

mod delimited;
mod form;
mod location;
mod malformed;
mod pairs;
mod percent;
mod shape;
mod style;

pub use form::Form;
pub use location::Location;
pub use malformed::Malformed;
pub use pairs::Pairs;
pub use shape::Shape;
pub use style::Style;

use serde_json::Value;

/// A parameter that a contract declares, or a header of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The name as the contract has it. Names have a case, but for those of headers.
    pub name: String,
    /// Where it stands.
    pub location: Location,
    /// Whether it has to be there.
    pub required: bool,
    /// How its value is written.
    pub serialization: Serialization,
}

/// How a parameter's value is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Serialization {
    /// By one of the styles of RFC 6570 and its relatives.
    Styled(Styled),
    /// As a JSON text (`content` with a JSON media type).
    Json,
    /// As text (`content` with another media type).
    Text,
    /// As the fields of a form: `in: querystring` with `application/x-www-form-urlencoded`.
    Form(Form),
    /// In a way that the standard does not define. It is not read, and no schema is asked.
    Undefined,
}

/// A style, and what it has to know of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Styled {
    /// The style.
    pub style: Style,
    /// Whether each item and member stands for itself.
    pub explode: bool,
    /// Whether an empty value is one that the schema is not asked about (OAS 3.2.0 section
    /// 4.12.2.1, `allowEmptyValue`).
    pub allow_empty: bool,
    /// What the schema declares.
    pub shape: Shape,
}

/// What was found where a parameter may stand.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Nothing.
    Absent,
    /// Something that the schema is not asked about: a name without a value, which the contract
    /// allows, or what is written in an undefined way.
    Empty,
    /// A value, for the schema to judge.
    Value(Value),
}

impl Parameter {
    /// The value of a path parameter, from what its template's variable stood for, as it came.
    pub fn in_path(&self, raw: &str) -> Result<Found, Malformed> {
        match &self.serialization {
            Serialization::Styled(styled) => {
                let list = styled.style.list(styled.explode, &self.name);
                list.read(raw, &styled.shape).map(Found::Value)
            }
            other => other.read(&percent::decode(raw, percent::Plus::Itself)?),
        }
    }

    /// The value of a header, from its lines in the order in which they came.
    ///
    /// Lines of one list are one list (RFC 9110 section 5.3); of anything else there may be one.
    pub fn in_header<'a>(
        &self,
        lines: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Found, Malformed> {
        let mut lines = lines.into_iter();
        let Some(first) = lines.next() else {
            return Ok(Found::Absent);
        };
        let mut text = text(first)?.to_owned();
        for line in lines {
            let is_one = match &self.serialization {
                Serialization::Styled(styled) => styled.shape.is_scalar(),
                other => *other != Serialization::Undefined,
            };
            if is_one {
                return Err(Malformed::Repeated);
            }
            text.push(',');
            text.push_str(self::text(line)?);
        }
        match &self.serialization {
            Serialization::Styled(styled) => delimited::in_header(&text, styled).map(Found::Value),
            other => other.read(&text),
        }
    }

    /// The value of a query parameter. `claims` says which names other parameters of the operation
    /// have: an object whose members stand alone leaves those to them.
    pub fn in_query(
        &self,
        query: &Pairs<'_>,
        claims: &dyn Fn(&str) -> bool,
    ) -> Result<Found, Malformed> {
        self.in_pairs(query, claims)
    }

    /// The value of a cookie; `claims` as for [`Self::in_query`].
    pub fn in_cookies(
        &self,
        cookies: &Pairs<'_>,
        claims: &dyn Fn(&str) -> bool,
    ) -> Result<Found, Malformed> {
        self.in_pairs(cookies, claims)
    }

    /// The whole query as one value (OAS 3.2.0 section 4.12.1, `in: querystring`). The query comes
    /// without its question mark; one that is empty is absent.
    pub fn in_query_string(&self, query: &str) -> Result<Found, Malformed> {
        if query.is_empty() {
            return Ok(Found::Absent);
        }
        match &self.serialization {
            Serialization::Form(form) => form.read(query).map(Found::Value),
            other => other.read(&percent::decode(query, percent::Plus::Itself)?),
        }
    }

    /// Whether a pair of this name belongs to this parameter, so that it is no unknown one.
    pub fn owns(&self, name: &str) -> bool {
        match &self.serialization {
            Serialization::Styled(styled) => pairs::owns(&self.name, styled, name),
            Serialization::Json | Serialization::Text => self.name == name,
            Serialization::Form(_) => true,
            // It may be written in any way that begins with its name.
            Serialization::Undefined => name.starts_with(self.name.as_str()),
        }
    }

    fn in_pairs(
        &self,
        pairs: &Pairs<'_>,
        claims: &dyn Fn(&str) -> bool,
    ) -> Result<Found, Malformed> {
        match &self.serialization {
            Serialization::Styled(styled) => pairs::read(&self.name, styled, pairs, claims),
            Serialization::Undefined => Ok(Found::Empty),
            other => match pairs.one(&self.name)? {
                None => Ok(Found::Absent),
                Some(raw) => other.read(&pairs.decode(raw)?),
            },
        }
    }
}

impl Serialization {
    /// The value of a text that is no longer encoded.
    fn read(&self, text: &str) -> Result<Found, Malformed> {
        let value = match self {
            Self::Json => serde_json::from_str(text).map_err(|_| Malformed::NotJson)?,
            Self::Form(form) => form.read(text)?,
            Self::Text | Self::Styled(_) => Value::from(text),
            Self::Undefined => return Ok(Found::Empty),
        };
        Ok(Found::Value(value))
    }
}

fn text(octets: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(octets).map_err(|_| Malformed::NotUtf8)
}

#[cfg(test)]
mod tests;

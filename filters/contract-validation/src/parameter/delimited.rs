//! Values that are one text with something between their parts.

use serde_json::{Map, Value};

use super::percent::{self, Plus};
use super::shape::Kind;
use super::{Malformed, Shape, Styled};

/// How a text is cut into parts. Each part is decoded after the cut, so that an encoded delimiter is
/// no delimiter (RFC 6570 section 3.2.1).
#[derive(Debug, Clone, Copy)]
pub(super) enum List<'a> {
    /// `blue,black`; in objects `R,100,G,200` or `R=100,G=200`.
    Simple { explode: bool },
    /// `.blue,black` or `.blue.black`.
    Label { explode: bool },
    /// `;color=blue,black` or `;color=blue;color=black`.
    Matrix { name: &'a str, explode: bool },
    /// What stands behind the name of a pair, with one of these between its parts.
    Pair {
        between: &'static [&'static str],
        plus: Plus,
    },
    /// The text of a header, in which nothing is percent-encoded (OAS 3.2.0 section 4.12.2.3).
    Header { explode: bool },
}

impl List<'_> {
    /// The value of a text.
    pub(super) fn read(self, raw: &str, shape: &Shape) -> Result<Value, Malformed> {
        let raw = match self {
            Self::Label { .. } => raw.strip_prefix('.').ok_or(Malformed::Style)?,
            Self::Matrix { .. } => raw.strip_prefix(';').ok_or(Malformed::Style)?,
            _ => raw,
        };
        match shape.kind() {
            Kind::Scalar => Ok(shape.scalar(&self.decode(self.value(raw)?)?)),
            Kind::Array(item) => {
                let items = self.items(raw)?.into_iter();
                let value = |raw| self.decode(raw).map(|text| item.scalar(&text));
                items.map(value).collect()
            }
            Kind::Object => self.object(raw, shape),
        }
    }

    fn items(self, raw: &str) -> Result<Vec<&str>, Malformed> {
        match self {
            Self::Matrix { explode: true, .. } => {
                raw.split(';').map(|one| self.value(one)).collect()
            }
            Self::Header { .. } if raw.is_empty() => Ok(Vec::new()),
            _ => Ok(self.split(self.value(raw)?)),
        }
    }

    fn object(self, raw: &str, shape: &Shape) -> Result<Value, Malformed> {
        let mut members = Members::new(shape);
        if self.pairs_stand_alone() {
            for part in self.split(raw) {
                let (name, value) = part.split_once('=').ok_or(Malformed::Members)?;
                members.add(&self.decode(name)?, &self.decode(value)?)?;
            }
            return Ok(members.value());
        }
        let raw = self.value(raw)?;
        if raw.is_empty() {
            return Ok(members.value());
        }
        let mut parts = self.split(raw).into_iter();
        while let Some(name) = parts.next() {
            let value = parts.next().ok_or(Malformed::Members)?;
            members.add(&self.decode(name)?, &self.decode(value)?)?;
        }
        Ok(members.value())
    }

    fn pairs_stand_alone(self) -> bool {
        matches!(
            self,
            Self::Simple { explode: true }
                | Self::Label { explode: true }
                | Self::Matrix { explode: true, .. }
                | Self::Header { explode: true }
        )
    }

    fn split(self, raw: &str) -> Vec<&str> {
        let between: &[&str] = match self {
            Self::Simple { .. }
            | Self::Label { explode: false }
            | Self::Matrix { explode: false, .. } => &[","],
            Self::Label { explode: true } => &["."],
            Self::Matrix { explode: true, .. } => &[";"],
            Self::Pair { between, .. } => between,
            Self::Header { .. } => {
                return raw
                    .split(',')
                    .map(|part| part.trim_matches([' ', '\t']))
                    .collect();
            }
        };
        let mut parts = Vec::new();
        let mut rest = raw;
        loop {
            let next = between
                .iter()
                .filter_map(|between| Some((rest.find(between)?, between.len())))
                .min();
            let cut = next.and_then(|(at, length)| {
                let (part, after) = rest.split_at_checked(at)?;
                Some((part, after.get(length..)?))
            });
            if let Some((part, after)) = cut {
                parts.push(part);
                rest = after;
            } else {
                parts.push(rest);
                return parts;
            }
        }
    }

    /// What stands behind the name, where the style repeats it. RFC 6570 section 3.2.7: a name alone
    /// has the empty value.
    fn value(self, raw: &str) -> Result<&str, Malformed> {
        let Self::Matrix { name, .. } = self else {
            return Ok(raw);
        };
        let (own, value) = raw.split_once('=').unwrap_or((raw, ""));
        if percent::decode(own, Plus::Itself)? == name {
            Ok(value)
        } else {
            Err(Malformed::Style)
        }
    }

    fn decode(self, raw: &str) -> Result<std::borrow::Cow<'_, str>, Malformed> {
        match self {
            Self::Header { .. } => Ok(raw.into()),
            Self::Pair { plus, .. } => percent::decode(raw, plus),
            _ => percent::decode(raw, Plus::Itself),
        }
    }
}

/// The value of a header that may be a list.
pub(super) fn in_header(text: &str, styled: &Styled) -> Result<Value, Malformed> {
    let text = text.trim_matches([' ', '\t']);
    let list = List::Header {
        explode: styled.explode,
    };
    list.read(text, &styled.shape)
}

/// An object that is put together.
pub(super) struct Members<'a> {
    shape: &'a Shape,
    members: Map<String, Value>,
}

impl<'a> Members<'a> {
    pub(super) fn new(shape: &'a Shape) -> Self {
        Self {
            shape,
            members: Map::new(),
        }
    }

    /// A member that the schema has no place for is kept as text: the schema says what of it.
    pub(super) fn add(&mut self, name: &str, text: &str) -> Result<(), Malformed> {
        let value = match self.shape.member(name) {
            Some(shape) => shape.scalar(text),
            None => Value::from(text),
        };
        match self.members.insert(name.to_owned(), value) {
            None => Ok(()),
            Some(_) => Err(Malformed::Repeated),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn value(self) -> Value {
        Value::Object(self.members)
    }
}

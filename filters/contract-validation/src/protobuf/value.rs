//! What a message says, as far as rules look at it, whichever encoding it came in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::types::Kind;
use super::wire::Payload;

/// The fields of a message that are there and have rules, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Message<'a>(Vec<(u32, Value<'a>)>);

#[derive(Debug)]
pub(super) enum Value<'a> {
    Scalar(Scalar<'a>),
    Message(Message<'a>),
    List(List<'a>),
    Map(BTreeMap<Key<'a>, Value<'a>>),
}

/// The elements of a repeated field.
#[derive(Debug, Default)]
pub(super) struct List<'a> {
    /// How many there are.
    pub(super) count: usize,
    /// They themselves, if rules look at them.
    pub(super) elements: Vec<Value<'a>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    Bool(bool),
    /// Any integer, the number of an enumeration, or the nanoseconds of a duration.
    Integer(i128),
    Real(f64),
    Text(Cow<'a, str>),
    Octets(Cow<'a, [u8]>),
}

/// The key of a map's entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key<'a> {
    Bool(bool),
    Integer(i128),
    Text(Cow<'a, str>),
}

impl<'a> Message<'a> {
    pub(super) fn get(&self, number: u32) -> Option<&Value<'a>> {
        let mut fields = self.0.iter();
        Some(&fields.find(|(own, _)| *own == number)?.1)
    }

    /// Sets a field; what it was before is gone.
    pub(super) fn set(&mut self, number: u32, value: Value<'a>) {
        match self.place(number) {
            Some(own) => *own = value,
            None => self.0.push((number, value)),
        }
    }

    pub(super) fn remove(&mut self, number: u32) {
        self.0.retain(|(own, _)| *own != number);
    }

    /// Takes a field out.
    pub(super) fn take(&mut self, number: u32) -> Option<Value<'a>> {
        let place = self.0.iter().position(|(own, _)| *own == number)?;
        Some(self.0.swap_remove(place).1)
    }

    /// Takes a field's message out, to go on with it: a message that comes in parts is merged.
    pub(super) fn take_message(&mut self, number: u32) -> Self {
        match self.place(number) {
            Some(Value::Message(own)) => std::mem::take(own),
            _ => Self::default(),
        }
    }

    /// The list of a repeated field, which is there from now on.
    pub(super) fn list(&mut self, number: u32) -> Option<&mut List<'a>> {
        if self.place(number).is_none() {
            self.0.push((number, Value::List(List::default())));
        }
        match self.place(number) {
            Some(Value::List(list)) => Some(list),
            _ => None,
        }
    }

    /// The entries of a map field, which is there from now on.
    pub(super) fn map(&mut self, number: u32) -> Option<&mut BTreeMap<Key<'a>, Value<'a>>> {
        if self.place(number).is_none() {
            self.0.push((number, Value::Map(BTreeMap::new())));
        }
        match self.place(number) {
            Some(Value::Map(map)) => Some(map),
            _ => None,
        }
    }

    fn place(&mut self, number: u32) -> Option<&mut Value<'a>> {
        let mut fields = self.0.iter_mut();
        Some(&mut fields.find(|(own, _)| *own == number)?.1)
    }
}

impl Value<'_> {
    /// Whether it is what a field without presence has when it is not there.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Scalar(scalar) => scalar.is_zero(),
            Self::Message(_) => false,
            Self::List(list) => list.count == 0,
            Self::Map(map) => map.is_empty(),
        }
    }
}

impl<'a> Scalar<'a> {
    /// The number that a payload is for this kind of field; `None` where it has another wire type.
    /// Numbers that are too long for their kind are cut, as the encoding's guide has it.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "The encoding says so."
    )]
    pub(super) fn number(kind: Kind, payload: Payload<'_>) -> Option<Self> {
        Some(match (kind, payload) {
            (Kind::Bool, Payload::Varint(value)) => Self::Bool(value != 0),
            (Kind::Int32 | Kind::Enum(_), Payload::Varint(value)) => {
                Self::Integer((value as i32).into())
            }
            (Kind::Int64, Payload::Varint(value)) | (Kind::Sfixed64, Payload::Fixed64(value)) => {
                Self::Integer((value as i64).into())
            }
            (Kind::Uint32, Payload::Varint(value)) => Self::Integer((value as u32).into()),
            (Kind::Uint64, Payload::Varint(value)) | (Kind::Fixed64, Payload::Fixed64(value)) => {
                Self::Integer(value.into())
            }
            (Kind::Sint32, Payload::Varint(value)) => {
                let value = value as u32;
                Self::Integer(((value >> 1) as i32 ^ -((value & 1) as i32)).into())
            }
            (Kind::Sint64, Payload::Varint(value)) => {
                Self::Integer(((value >> 1) as i64 ^ -((value & 1) as i64)).into())
            }
            (Kind::Fixed32, Payload::Fixed32(value)) => Self::Integer(value.into()),
            (Kind::Sfixed32, Payload::Fixed32(value)) => Self::Integer((value as i32).into()),
            (Kind::Float, Payload::Fixed32(value)) => Self::Real(f32::from_bits(value).into()),
            (Kind::Double, Payload::Fixed64(value)) => Self::Real(f64::from_bits(value)),
            _ => return None,
        })
    }

    /// What a field of this kind has when it is not there; `None` for messages.
    pub(super) fn zero(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::Bool => Self::Bool(false),
            Kind::Double | Kind::Float => Self::Real(0.0),
            Kind::String => Self::Text(Cow::Borrowed("")),
            Kind::Bytes => Self::Octets(Cow::Borrowed(b"")),
            Kind::Message(_) | Kind::Group(_) => return None,
            _ => Self::Integer(0),
        })
    }

    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Bool(value) => !value,
            Self::Integer(value) => *value == 0,
            // Only positive zero is: -0.0 is written to the wire.
            Self::Real(value) => value.to_bits() == 0,
            Self::Text(value) => value.is_empty(),
            Self::Octets(value) => value.is_empty(),
        }
    }

    /// The octets of a text or of octets.
    pub(super) fn octets(&self) -> Option<&[u8]> {
        match self {
            Self::Text(value) => Some(value.as_bytes()),
            Self::Octets(value) => Some(value),
            _ => None,
        }
    }

    /// The key that it is in a map; `None` for what cannot be one.
    pub(super) fn key(self) -> Option<Key<'a>> {
        match self {
            Self::Bool(value) => Some(Key::Bool(value)),
            Self::Integer(value) => Some(Key::Integer(value)),
            Self::Text(value) => Some(Key::Text(value)),
            Self::Real(_) | Self::Octets(_) => None,
        }
    }
}

impl<'a> From<Key<'a>> for Scalar<'a> {
    fn from(key: Key<'a>) -> Self {
        match key {
            Key::Bool(value) => Self::Bool(value),
            Key::Integer(value) => Self::Integer(value),
            Key::Text(value) => Self::Text(value),
        }
    }
}

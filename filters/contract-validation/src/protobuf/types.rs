//! The types of a contract, with every reference between them resolved.

use super::MessageId;
use super::rules::Rules;

/// All types.
#[derive(Debug, Default)]
pub(super) struct Types {
    pub(super) messages: Vec<MessageType>,
    pub(super) enums: Vec<EnumType>,
}

/// Which enumeration of [`Types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EnumId(pub(super) usize);

#[derive(Debug, Default)]
pub(super) struct MessageType {
    /// The full name, such as `acme.orders.v1.Order`.
    pub(super) name: String,
    /// By their numbers, extensions included.
    pub(super) fields: Vec<Field>,
    /// The names that fields have in JSON, in order, and their places among the fields.
    pub(super) names: Vec<(Box<str>, usize)>,
    pub(super) oneofs: Vec<Oneof>,
    /// The sets of fields of which one at most may be there (`buf.validate.message.oneof`).
    pub(super) exclusive: Vec<Exclusive>,
    pub(super) well_known: Option<WellKnown>,
    pub(super) is_map_entry: bool,
    /// Whether anything is asked of its values, or of values below, apart from their types.
    pub(super) is_ruled: bool,
}

#[derive(Debug)]
pub(super) struct Oneof {
    pub(super) name: Box<str>,
    pub(super) required: bool,
}

/// A set of fields of which one at most may be there.
#[derive(Debug)]
pub(super) struct Exclusive {
    /// Their numbers.
    pub(super) fields: Vec<u32>,
    pub(super) required: bool,
    /// Their names, as they stand in an error.
    pub(super) detail: String,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) number: u32,
    pub(super) name: Box<str>,
    pub(super) kind: Kind,
    pub(super) cardinality: Cardinality,
    /// Whether a field that is not there differs from one that is zero.
    pub(super) has_presence: bool,
    /// Whether its strings must be UTF-8.
    pub(super) utf8: bool,
    /// Its place among the oneofs of the message.
    pub(super) oneof: Option<usize>,
    pub(super) rules: Option<Box<Rules>>,
    pub(super) kept: Kept,
}

/// How much of a field is looked at after it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kept {
    Nothing,
    /// Its value; of a list, how many elements it has.
    Value,
    /// Its elements too.
    Elements,
}

impl Field {
    pub(super) fn is_ruled(&self) -> bool {
        self.kept >= Kept::Value
    }

    pub(super) fn has_ruled_elements(&self) -> bool {
        self.kept == Kept::Elements
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cardinality {
    Singular,
    /// Singular, and it has to be there.
    Required,
    Repeated,
    /// Repeated entries of a key and a value.
    Map,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
    Enum(EnumId),
    Message(MessageId),
    /// A message between a start and an end, without a length.
    Group(MessageId),
}

impl Kind {
    /// The type of the message, where it is one.
    pub(super) fn message(self) -> Option<MessageId> {
        match self {
            Self::Message(id) | Self::Group(id) => Some(id),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(super) struct EnumType {
    pub(super) name: String,
    /// Whether it has no values but those that are declared.
    pub(super) is_closed: bool,
    /// In order; several names may stand for one number.
    pub(super) values: Vec<(Box<str>, i32)>,
    /// The same numbers, in order.
    pub(super) numbers: Vec<i32>,
}

impl EnumType {
    pub(super) fn has(&self, number: i32) -> bool {
        self.numbers.binary_search(&number).is_ok()
    }

    pub(super) fn number(&self, name: &str) -> Option<i32> {
        let place = self.values.binary_search_by(|(own, _)| (**own).cmp(name));
        Some(self.values.get(place.ok()?)?.1)
    }
}

/// A type that has a form of its own in JSON, or rules of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WellKnown {
    Any,
    Duration,
    Empty,
    FieldMask,
    ListValue,
    Struct,
    Timestamp,
    Value,
    /// A message around one scalar of this kind.
    Wrapper(Kind),
}

impl WellKnown {
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("google.protobuf.")? {
            "Any" => Self::Any,
            "Duration" => Self::Duration,
            "Empty" => Self::Empty,
            "FieldMask" => Self::FieldMask,
            "ListValue" => Self::ListValue,
            "Struct" => Self::Struct,
            "Timestamp" => Self::Timestamp,
            "Value" => Self::Value,
            "DoubleValue" => Self::Wrapper(Kind::Double),
            "FloatValue" => Self::Wrapper(Kind::Float),
            "Int64Value" => Self::Wrapper(Kind::Int64),
            "UInt64Value" => Self::Wrapper(Kind::Uint64),
            "Int32Value" => Self::Wrapper(Kind::Int32),
            "UInt32Value" => Self::Wrapper(Kind::Uint32),
            "BoolValue" => Self::Wrapper(Kind::Bool),
            "StringValue" => Self::Wrapper(Kind::String),
            "BytesValue" => Self::Wrapper(Kind::Bytes),
            _ => return None,
        })
    }
}

impl Types {
    pub(super) fn message(&self, id: MessageId) -> Option<&MessageType> {
        self.messages.get(id.0)
    }

    pub(super) fn enumeration(&self, id: EnumId) -> Option<&EnumType> {
        self.enums.get(id.0)
    }

    /// The key and the value of a map's entry.
    pub(super) fn entry(&self, id: MessageId) -> Option<(&Field, &Field)> {
        let entry = self.message(id)?;
        Some((entry.field(1)?, entry.field(2)?))
    }
}

impl MessageType {
    pub(super) fn field(&self, number: u32) -> Option<&Field> {
        let place = self.fields.binary_search_by_key(&number, |own| own.number);
        self.fields.get(place.ok()?)
    }

    pub(super) fn field_mut(&mut self, number: u32) -> Option<&mut Field> {
        let place = self.fields.binary_search_by_key(&number, |own| own.number);
        self.fields.get_mut(place.ok()?)
    }

    /// The field with this name in JSON, and its place among the fields.
    pub(super) fn named(&self, name: &str) -> Option<(usize, &Field)> {
        let place = self.names.binary_search_by(|(own, _)| (**own).cmp(name));
        let place = self.names.get(place.ok()?)?.1;
        Some((place, self.fields.get(place)?))
    }
}

//! A tape as the engine sees it.

use std::borrow::Cow;

use engine::JsonType;
use engine::json::{Array, Json, JsonNumber, Node, NodeIdentity, Object, cmp, unique};
use serde_json::{Number, Value};

use crate::tape::{Extent, Slot, Tape};

/// Marks the representation for the engine.
#[derive(Debug)]
pub struct OnTape;

/// One value of a tape.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    tape: &'a [Slot<'a>],
    place: u32,
}

impl<'a> At<'a> {
    /// The whole of a text.
    pub fn root(tape: &'a Tape<'_>) -> Self {
        Self {
            tape: tape.slots(),
            place: 0,
        }
    }

    fn slot(self) -> &'a Slot<'a> {
        usize::try_from(self.place)
            .ok()
            .and_then(|place| self.tape.get(place))
            .unwrap_or(&Slot::Null)
    }

    fn at(self, place: u32) -> Self {
        Self { place, ..self }
    }

    /// The place behind this one.
    fn next(self) -> u32 {
        self.place.saturating_add(1)
    }

    /// The place behind this value.
    fn after(self) -> u32 {
        match self.slot() {
            Slot::Array(extent) | Slot::Object(extent) => extent.end,
            _ => self.next(),
        }
    }

    fn text(self) -> Option<&'a str> {
        match self.slot() {
            Slot::Borrowed(text) => Some(text),
            Slot::Owned(text) => Some(text),
            _ => None,
        }
    }

    /// The value as `serde_json` has it.
    fn copied(self) -> Value {
        match self.slot() {
            Slot::Null => Value::Null,
            Slot::Boolean(value) => (*value).into(),
            Slot::Unsigned(value) => (*value).into(),
            Slot::Signed(value) => (*value).into(),
            Slot::Float(value) => (*value).into(),
            Slot::Borrowed(value) => (*value).into(),
            Slot::Owned(value) => (&**value).into(),
            Slot::Array(extent) => Inside::of(self, *extent)
                .elements()
                .map(At::copied)
                .collect(),
            Slot::Object(extent) => Inside::of(self, *extent)
                .members()
                .map(|(name, value)| (name.to_owned(), value.copied()))
                .collect(),
        }
    }
}

impl Json for OnTape {
    type Node<'a> = At<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = ();

    // A name is looked for from the start of its object, so one pass over the members is cheaper.
    const KEYS_PER_LOOKUP: usize = 2;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(At<'_>) -> T) -> T {
        f(At {
            tape: &[Slot::Borrowed(string)],
            place: 0,
        })
    }
}

/// A number of a tape.
#[derive(Debug, Clone, Copy)]
pub enum Literal {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

/// 2^63: every binary64 from here on is whole.
const WHOLE: f64 = 9_223_372_036_854_775_808.0;

impl JsonNumber for Literal {
    fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::Unsigned(value) => Some(value),
            Self::Signed(value) => value.try_into().ok(),
            Self::Float(_) => None,
        }
    }

    fn as_i64(&self) -> Option<i64> {
        match *self {
            Self::Unsigned(value) => value.try_into().ok(),
            Self::Signed(value) => Some(value),
            Self::Float(_) => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match *self {
            Self::Float(value) => Some(value),
            _ => self.to_number().as_f64(),
        }
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_number().to_string())
    }

    fn to_number(&self) -> Cow<'_, Number> {
        Cow::Owned(match *self {
            Self::Unsigned(value) => value.into(),
            Self::Signed(value) => value.into(),
            // The reader refuses what is not finite.
            Self::Float(value) => Number::from_f64(value).unwrap_or_else(|| 0.into()),
        })
    }

    fn is_integer(&self) -> bool {
        match *self {
            Self::Float(value) => value.fract() == 0.0,
            _ => true,
        }
    }

    /// As for `serde_json::Number`, which does not keep the literal either: draft 4 takes `1.0`
    /// for no integer, and an integer beyond 64 bits for one.
    fn is_written_as_integer(&self) -> bool {
        match *self {
            Self::Float(value) => value.abs() >= WHOLE,
            _ => true,
        }
    }
}

/// What is in a container.
#[derive(Debug, Clone, Copy)]
pub struct Inside<'a> {
    first: At<'a>,
    count: u32,
}

impl<'a> Inside<'a> {
    fn of(container: At<'a>, extent: Extent) -> Self {
        Self {
            first: container.at(container.next()),
            count: extent.count,
        }
    }

    fn length(self) -> usize {
        usize::try_from(self.count).unwrap_or(usize::MAX)
    }
}

/// The elements of an array.
#[derive(Debug)]
pub struct Elements<'a>(Inside<'a>);

impl<'a> Iterator for Elements<'a> {
    type Item = At<'a>;

    fn next(&mut self) -> Option<At<'a>> {
        self.0.count = self.0.count.checked_sub(1)?;
        let element = self.0.first;
        self.0.first = element.at(element.after());
        Some(element)
    }
}

/// The members of an object.
#[derive(Debug)]
pub struct Members<'a>(Inside<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, At<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.count = self.0.count.checked_sub(1)?;
        let name = self.0.first;
        let value = name.at(name.next());
        self.0.first = value.at(value.after());
        Some((name.text().unwrap_or_default(), value))
    }
}

impl<'a> Array<'a, OnTape> for Inside<'a> {
    type Node = At<'a>;
    type ElementsIter = Elements<'a>;

    fn len(&self) -> usize {
        self.length()
    }

    fn elements(&self) -> Elements<'a> {
        Elements(*self)
    }

    fn is_unique(&self) -> bool {
        let values: Vec<Value> = self.elements().map(At::copied).collect();
        unique::is_unique(&values)
    }
}

impl<'a> Object<'a, OnTape> for Inside<'a> {
    type Node = At<'a>;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        self.length()
    }

    /// The last of several members of one name, which is the one that both Go's `encoding/json`
    /// and `serde_json` keep. `members` has them all; that there are several is for the check of
    /// portability to say.
    fn get(&self, key: &Box<str>) -> Option<At<'a>> {
        self.members()
            .filter(|(name, _)| *name == &**key)
            .last()
            .map(|(_, value)| value)
    }

    fn members(&self) -> Members<'a> {
        Members(*self)
    }
}

impl<'a> Node<'a, OnTape> for At<'a> {
    type Object = Inside<'a>;
    type Array = Inside<'a>;
    type Number = Literal;

    fn as_object(&self) -> Option<Inside<'a>> {
        match self.slot() {
            Slot::Object(extent) => Some(Inside::of(*self, *extent)),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<Inside<'a>> {
        match self.slot() {
            Slot::Array(extent) => Some(Inside::of(*self, *extent)),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        self.text().map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<Literal> {
        match self.slot() {
            Slot::Unsigned(value) => Some(Literal::Unsigned(*value)),
            Slot::Signed(value) => Some(Literal::Signed(*value)),
            Slot::Float(value) => Some(Literal::Float(*value)),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.slot() {
            Slot::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self.slot(), Slot::Null)
    }

    fn json_type(&self) -> JsonType {
        match self.slot() {
            Slot::Null => JsonType::Null,
            Slot::Boolean(_) => JsonType::Boolean,
            Slot::Unsigned(_) | Slot::Signed(_) | Slot::Float(_) => JsonType::Number,
            Slot::Borrowed(_) | Slot::Owned(_) => JsonType::String,
            Slot::Array(_) => JsonType::Array,
            Slot::Object(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (self.text(), expected) {
            (Some(text), Value::String(expected)) => text == expected,
            (Some(_), _) | (None, Value::String(_)) => false,
            (None, _) => cmp::equal(&self.copied(), expected),
        }
    }

    /// The engine asks for this only to keep the value in an error. Nobody may read it there, as
    /// values of a client are never told, and copying the subtree at every level of a nested
    /// failure would let a small text take a lot of memory.
    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(Value::Null)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::tagged(
            self.tape.as_ptr() as usize,
            self.place,
        ))
    }
}

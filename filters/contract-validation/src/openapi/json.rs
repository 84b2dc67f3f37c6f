//! JSON that is kept for as long as a policy is, in less memory than its text takes.
//!
//! A `serde_json::Value` takes about ten times its text, and memory that a module once had it never
//! gives back. Here a value is eight octets, and a string is there once, however often it stands in
//! the text.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use kit::policy::Findings;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A JSON text that was read.
#[derive(Debug, Clone, Default)]
pub struct Json {
    /// The values in the order of the text, each right before what is in it.
    slots: Vec<Slot>,
    texts: Vec<Rc<str>>,
    numbers: Vec<Number>,
    /// The members of each object that has many, where their names stand, in the order of the names.
    many: BTreeMap<usize, Vec<u32>>,
}

/// From how many members on an object is searched by their order.
const MANY: usize = 32;

/// A value, or the name of a member, which stands before its value.
#[derive(Debug, Clone, Copy)]
enum Slot {
    Null,
    Bool(bool),
    /// Its place among the numbers.
    Number(u32),
    /// Its place among the texts.
    Text(u32),
    /// Where its items end.
    Array(u32),
    /// Where its members end.
    Object(u32),
}

/// A value of a [`Json`], with all that is in it.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    json: &'a Json,
    index: usize,
}

impl Json {
    /// Reads a text. An object that has one name twice is a mistake: which of its members counts is
    /// each reader's own matter (RFC 8259 section 4).
    ///
    /// # Errors
    /// Where the text is no JSON, or nests more than 128 levels deep.
    pub fn read(text: &[u8]) -> Result<Self, Findings> {
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let mut builder = Builder::default();
        let read = builder.deserialize(&mut deserializer);
        match read.and_then(|()| deserializer.end()) {
            Ok(()) => Ok(builder.json),
            Err(error) => Err(unreadable(&error)),
        }
    }

    /// Keeps a value.
    ///
    /// # Errors
    /// Where there are 2^32 values in it.
    pub fn of(value: &Value) -> Result<Self, Findings> {
        let mut builder = Builder::default();
        match builder.deserialize(value) {
            Ok(()) => Ok(builder.json),
            Err(error) => Err(unreadable(&error)),
        }
    }

    /// The whole value.
    pub fn root(&self) -> Node<'_> {
        Node {
            json: self,
            index: 0,
        }
    }

    fn text(&self, index: u32) -> Option<&str> {
        self.texts.get(place(index)).map(AsRef::as_ref)
    }

    /// Keeps the members of a large object in the order of their names, no two of which are the same.
    fn order(&mut self, object: usize, mut members: Vec<u32>) {
        members.sort_unstable_by_key(|own| self.name(*own));
        self.many.insert(object, members);
    }

    /// The name that stands at an index.
    fn name(&self, index: u32) -> Option<&str> {
        match self.slots.get(place(index))? {
            Slot::Text(text) => self.text(*text),
            _ => None,
        }
    }
}

impl<'a> Node<'a> {
    fn slot(self) -> Slot {
        self.json
            .slots
            .get(self.index)
            .copied()
            .unwrap_or(Slot::Null)
    }

    /// Where it stands among all values, by which two nodes of a text are told apart.
    pub fn index(self) -> usize {
        self.index
    }

    /// The string that it is.
    pub fn as_str(self) -> Option<&'a str> {
        match self.slot() {
            Slot::Text(index) => self.json.text(index),
            _ => None,
        }
    }

    /// The boolean that it is.
    pub fn as_bool(self) -> Option<bool> {
        match self.slot() {
            Slot::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is an object.
    pub fn is_object(self) -> bool {
        matches!(self.slot(), Slot::Object(_))
    }

    /// Whether it is an array.
    pub fn is_array(self) -> bool {
        matches!(self.slot(), Slot::Array(_))
    }

    /// The name that JSON Schema has for its type. A number without a fraction is an integer.
    pub fn type_name(self) -> &'static str {
        match self.slot() {
            Slot::Null => "null",
            Slot::Bool(_) => "boolean",
            Slot::Number(_) if self.number().is_some_and(Number::is_f64) => "number",
            Slot::Number(_) => "integer",
            Slot::Text(_) => "string",
            Slot::Array(_) => "array",
            Slot::Object(_) => "object",
        }
    }

    /// The items of an array; none where it is no array.
    pub fn items(self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let end = match self.slot() {
            Slot::Array(end) => place(end),
            _ => 0,
        };
        Parts {
            json: self.json,
            next: self.index.saturating_add(1),
            end,
        }
    }

    /// The members of an object; none where it is no object.
    pub fn members(self) -> impl Iterator<Item = (&'a str, Node<'a>)> + use<'a> {
        let end = match self.slot() {
            Slot::Object(end) => place(end),
            _ => 0,
        };
        let mut parts = Parts {
            json: self.json,
            next: self.index.saturating_add(1),
            end,
        };
        std::iter::from_fn(move || Some((parts.next()?.as_str()?, parts.next()?)))
    }

    /// The member of an object that has that name.
    pub fn get(self, name: &str) -> Option<Self> {
        let Slot::Object(end) = self.slot() else {
            return None;
        };
        let is_long = place(end).saturating_sub(self.index) > 2 * MANY;
        if is_long && let Some(members) = self.json.many.get(&self.index) {
            let own = members.binary_search_by(|own| self.json.name(*own).cmp(&Some(name)));
            let index = members.get(own.ok()?)?;
            let index = place(*index).checked_add(1)?;
            return Some(Self { index, ..self });
        }
        let mut members = self.members();
        members
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value)
    }

    /// Whether it is an object with a member of that name.
    pub fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether the member of that name is `true`.
    pub fn is_set(self, name: &str) -> bool {
        self.get(name).and_then(Self::as_bool) == Some(true)
    }

    /// What stands at a JSON Pointer (RFC 6901).
    pub fn pointer(self, pointer: &str) -> Option<Self> {
        let mut tokens = pointer.split('/');
        // What stands before the first slash.
        if tokens.next() != Some("") {
            return None;
        }
        tokens.try_fold(self, |value, token| {
            if value.is_array() {
                let is_index = token == "0" || !token.starts_with(['0', '+']);
                return value.items().nth(token.parse().ok().filter(|_| is_index)?);
            }
            if token.contains('~') {
                value.get(&token.replace("~1", "/").replace("~0", "~"))
            } else {
                value.get(token)
            }
        })
    }

    /// The value by itself.
    pub fn to_value(self) -> Value {
        match self.slot() {
            Slot::Null => Value::Null,
            Slot::Bool(value) => Value::Bool(value),
            Slot::Number(_) => self
                .number()
                .map_or(Value::Null, |own| Value::Number(own.clone())),
            Slot::Text(_) => Value::from(self.as_str()),
            Slot::Array(_) => self.items().map(Self::to_value).collect(),
            Slot::Object(_) => {
                let members = self.members();
                let members = members.map(|(name, value)| (name.to_owned(), value.to_value()));
                object(members)
            }
        }
    }

    fn number(self) -> Option<&'a Number> {
        match self.slot() {
            Slot::Number(index) => self.json.numbers.get(place(index)),
            _ => None,
        }
    }
}

fn place(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// The values right in an array or an object; in an object names are among them.
struct Parts<'a> {
    json: &'a Json,
    next: usize,
    end: usize,
}

impl<'a> Iterator for Parts<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        if self.next >= self.end {
            return None;
        }
        let node = Node {
            json: self.json,
            index: self.next,
        };
        self.next = match node.slot() {
            Slot::Array(end) | Slot::Object(end) => place(end),
            _ => self.next.checked_add(1)?,
        };
        Some(node)
    }
}

/// The parser tells what it expected and where, and nothing of what is there.
fn unreadable(error: &serde_json::Error) -> Findings {
    Findings::one("", format!("cannot be read as JSON (RFC 8259): {error}"))
}

/// A text while it is read.
#[derive(Default)]
struct Builder {
    json: Json,
    known: BTreeMap<Rc<str>, u32>,
}

impl Builder {
    fn push(&mut self, slot: Slot) {
        self.json.slots.push(slot);
    }

    fn number<E: Error>(&mut self, number: Number) -> Result<(), E> {
        let index = index(self.json.numbers.len())?;
        self.json.numbers.push(number);
        self.push(Slot::Number(index));
        Ok(())
    }

    /// Notes where the array or object ends that began at `start`.
    fn close<E: Error>(&mut self, start: usize, slot: fn(u32) -> Slot) -> Result<(), E> {
        let end = index(self.json.slots.len())?;
        if let Some(own) = self.json.slots.get_mut(start) {
            *own = slot(end);
        }
        Ok(())
    }
}

fn index<E: Error>(length: usize) -> Result<u32, E> {
    u32::try_from(length).map_err(|_| E::custom("too many values"))
}

impl<'de> DeserializeSeed<'de> for &mut Builder {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Builder {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.push(Slot::Null);
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.push(Slot::Bool(value));
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.number(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.number(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let number = Number::from_f64(value);
        self.number(number.ok_or_else(|| E::custom("a number is out of range"))?)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        if let Some(known) = self.known.get(value) {
            let known = Slot::Text(*known);
            self.push(known);
            return Ok(());
        }
        let index = index(self.json.texts.len())?;
        let text: Rc<str> = value.into();
        self.json.texts.push(Rc::clone(&text));
        self.known.insert(text, index);
        self.push(Slot::Text(index));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let start = self.json.slots.len();
        self.push(Slot::Array(0));
        while items.next_element_seed(&mut *self)?.is_some() {}
        self.close(start, Slot::Array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let start = self.json.slots.len();
        self.push(Slot::Object(0));
        let mut names = BTreeMap::new();
        loop {
            let at = self.json.slots.len();
            if members.next_key_seed(&mut *self)?.is_none() {
                break;
            }
            if let Some(Slot::Text(name)) = self.json.slots.get(at)
                && names.insert(*name, index(at)?).is_some()
            {
                return Err(A::Error::custom("an object has one name twice"));
            }
            members.next_value_seed(&mut *self)?;
        }
        if names.len() >= MANY {
            self.json.order(start, names.into_values().collect());
        }
        self.close(start, Slot::Object)
    }
}

/// An object of these members. To collect would sort, which is 4 KB of code for every iterator.
pub(super) fn object(members: impl Iterator<Item = (String, Value)>) -> Value {
    let mut object = Map::new();
    for (name, value) in members {
        object.insert(name, value);
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests;

//! A JSON text as one vector of slots that borrow from it.
//!
//! Reading a text into `serde_json::Value` costs more than checking it: a map and a string are
//! allocated for every object and every member. A tape is one allocation, and strings without
//! escapes stay where they are. `serde_json` is the reader all the same, so what is JSON
//! (RFC 8259) and which number a literal is are its decisions.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A JSON text that was read, or a value that came from elsewhere.
#[derive(Debug, Default)]
pub struct Tape<'t>(Vec<Slot<'t>>);

/// Why a text has no tape. Nothing of the text is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not JSON, has something before or behind it, or a number beyond binary64.
    Malformed,
    /// It is nested deeper than is allowed.
    TooDeep,
}

/// What stands at one place of a tape. Containers come before what is in them.
#[derive(Debug)]
pub(crate) enum Slot<'t> {
    Null,
    Boolean(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Borrowed(&'t str),
    Owned(Box<str>),
    Array(Extent),
    /// Each member is its name and then its value.
    Object(Extent),
}

/// How much is in a container.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// Its elements or members.
    pub(crate) count: u32,
    /// The place of what follows it.
    pub(crate) end: u32,
}

/// Octets of text for which one slot is set aside at once. Most texts need fewer slots.
const OCTETS_PER_SLOT: usize = 12;

/// The deepest nesting of any value: reading and checking take stack for each level.
const MAX_DEPTH: usize = 128;

impl<'t> Tape<'t> {
    /// Reads a text of at most so many levels of arrays and objects, and never more than 128.
    ///
    /// # Errors
    /// It is not JSON, or nested deeper.
    pub fn read(text: &'t [u8], max_depth: usize) -> Result<Self, Unreadable> {
        // JSON is UTF-8 (RFC 8259, section 8.1). To see that once costs less than string by string.
        let text = str::from_utf8(text).map_err(|_| Unreadable::Malformed)?;
        let mut recording = Recording {
            slots: Vec::with_capacity(text.len() / OCTETS_PER_SLOT),
            levels_left: max_depth.min(MAX_DEPTH),
            too_deep: false,
        };
        let mut reader = serde_json::Deserializer::from_str(text);
        // Its own limit is fixed, and looks like any other fault.
        reader.disable_recursion_limit();
        let read = Place(&mut recording)
            .deserialize(&mut reader)
            .and_then(|()| reader.end());
        recording.ended(read.is_ok())
    }

    /// Lays out a value that was not a JSON text, such as a parameter.
    ///
    /// # Errors
    /// It is nested deeper than 128 levels.
    pub fn of(value: &'t Value) -> Result<Self, Unreadable> {
        let mut recording = Recording {
            slots: Vec::new(),
            levels_left: MAX_DEPTH,
            too_deep: false,
        };
        let read = Place(&mut recording).deserialize(value);
        recording.ended(read.is_ok())
    }

    pub(crate) fn slots(&self) -> &[Slot<'t>] {
        &self.0
    }
}

/// A tape in the making.
struct Recording<'t> {
    slots: Vec<Slot<'t>>,
    /// How many levels may still be opened.
    levels_left: usize,
    /// Whether one more was.
    too_deep: bool,
}

impl<'t> Recording<'t> {
    fn ended(self, read: bool) -> Result<Tape<'t>, Unreadable> {
        match (read, self.too_deep) {
            (true, _) => Ok(Tape(self.slots)),
            (false, true) => Err(Unreadable::TooDeep),
            (false, false) => Err(Unreadable::Malformed),
        }
    }
}

/// The end of a tape, at which the next value goes.
struct Place<'p, 't>(&'p mut Recording<'t>);

impl<'t> Place<'_, 't> {
    #[expect(clippy::unnecessary_wraps, reason = "It ends what a visitor does.")]
    fn put<E>(self, slot: Slot<'t>) -> Result<(), E> {
        self.0.slots.push(slot);
        Ok(())
    }

    /// Begins a container, and says where it is.
    fn open<E: serde::de::Error>(&mut self) -> Result<usize, E> {
        let Some(left) = self.0.levels_left.checked_sub(1) else {
            self.0.too_deep = true;
            return Err(E::custom("too deep"));
        };
        self.0.levels_left = left;
        let start = self.0.slots.len();
        self.0.slots.push(Slot::Null);
        Ok(start)
    }

    /// Says at `start` what the container there turned out to hold.
    fn close<E: serde::de::Error>(
        self,
        start: usize,
        count: usize,
        of: fn(Extent) -> Slot<'t>,
    ) -> Result<(), E> {
        let too_long = |_| E::custom("too long");
        let extent = Extent {
            count: count.try_into().map_err(too_long)?,
            end: self.0.slots.len().try_into().map_err(too_long)?,
        };
        if let Some(slot) = self.0.slots.get_mut(start) {
            *slot = of(extent);
        }
        self.0.levels_left += 1;
        Ok(())
    }
}

impl<'t> DeserializeSeed<'t> for Place<'_, 't> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'t>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Place<'_, 't> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.put(Slot::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.put(Slot::Boolean(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.put(Slot::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.put(Slot::Signed(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.put(Slot::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'t str) -> Result<(), E> {
        self.put(Slot::Borrowed(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.put(Slot::Owned(value.into()))
    }

    fn visit_seq<A: SeqAccess<'t>>(mut self, mut elements: A) -> Result<(), A::Error> {
        let start = self.open()?;
        let mut count = 0;
        while elements.next_element_seed(Place(self.0))?.is_some() {
            count += 1;
        }
        self.close(start, count, Slot::Array)
    }

    fn visit_map<A: MapAccess<'t>>(mut self, mut members: A) -> Result<(), A::Error> {
        let start = self.open()?;
        let mut count = 0;
        while members.next_key_seed(Place(self.0))?.is_some() {
            members.next_value_seed(Place(self.0))?;
            count += 1;
        }
        self.close(start, count, Slot::Object)
    }
}

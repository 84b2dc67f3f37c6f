//! The wire format of Protocol Buffers, field by field, so that a message can be changed without
//! the loss of what is not understood.

use kit::problem::google_rpc::Duration;
use prost::encoding::{DecodeContext, WireType};
use prost::encoding::{decode_key, decode_varint, encode_key, encode_varint, skip_field};
use prost::{DecodeError, Message};

/// Octets that are no message, or not one of the type that they are said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl From<DecodeError> for Malformed {
    fn from(_: DecodeError) -> Self {
        Self
    }
}

/// One field of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    /// The number of the field.
    pub(super) number: u32,
    /// The whole field as it came, its key included.
    pub(super) raw: &'a [u8],
    /// What the field holds.
    pub(super) value: Value<'a>,
}

/// What a field holds, as far as the wire tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A number or a truth value.
    Varint(u64),
    /// A string, bytes, or a message.
    Octets(&'a [u8]),
    /// What no message of `google.rpc` has: numbers of fixed width, and groups.
    Other,
}

impl<'a> Field<'a> {
    /// The octets of a string, of bytes, or of a message.
    pub(super) fn octets(&self) -> Result<&'a [u8], Malformed> {
        match self.value {
            Value::Octets(octets) => Ok(octets),
            _ => Err(Malformed),
        }
    }

    /// A string. Proto3 strings are UTF-8.
    pub(super) fn text(&self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.octets()?).map_err(|_| Malformed)
    }

    /// A whole number.
    pub(super) fn int64(&self) -> Result<i64, Malformed> {
        match self.value {
            Value::Varint(number) => Ok(number.cast_signed()),
            _ => Err(Malformed),
        }
    }

    /// A `google.protobuf.Duration`.
    pub(super) fn duration(&self) -> Result<Duration, Malformed> {
        Ok(Duration::decode(self.octets()?)?)
    }
}

/// The fields of a message, in the order in which they came. After a mistake there is no more.
pub(super) fn fields(message: &[u8]) -> impl Iterator<Item = Result<Field<'_>, Malformed>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = next(&mut rest);
        if field.is_err() {
            rest = &[];
        }
        Some(field)
    })
}

fn next<'a>(rest: &mut &'a [u8]) -> Result<Field<'a>, Malformed> {
    let start = *rest;
    let (number, wire_type) = decode_key(rest)?;
    let mut content = *rest;
    // Groups may nest; prost counts how deep.
    skip_field(wire_type, number, rest, DecodeContext::default())?;
    let value = match wire_type {
        WireType::Varint => Value::Varint(decode_varint(&mut content)?),
        WireType::LengthDelimited => {
            decode_varint(&mut content)?;
            Value::Octets(until(content, rest)?)
        }
        _ => Value::Other,
    };
    Ok(Field {
        number,
        raw: until(start, rest)?,
        value,
    })
}

/// What of `whole` stands before `rest`, which is its end.
fn until<'a>(whole: &'a [u8], rest: &[u8]) -> Result<&'a [u8], Malformed> {
    let end = whole.len().checked_sub(rest.len()).ok_or(Malformed)?;
    whole.get(..end).ok_or(Malformed)
}

/// Appends a string, bytes, or a message.
pub(super) fn put_octets(number: u32, octets: &[u8], message: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, message);
    encode_varint(u64::try_from(octets.len()).unwrap_or_default(), message);
    message.extend_from_slice(octets);
}

/// Appends a whole number.
pub(super) fn put_int64(number: u32, value: i64, message: &mut Vec<u8>) {
    encode_key(number, WireType::Varint, message);
    encode_varint(value.cast_unsigned(), message);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_field_keeps_its_octets() {
        let message = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 1, 2, 3, 4];
        let fields: Vec<_> = fields(&message).map(Result::unwrap).collect();
        assert_eq!(fields[0].value, Value::Varint(150));
        assert_eq!(fields[1].text(), Ok("hi"));
        assert_eq!(fields[1].raw, [0x12, 0x02, b'h', b'i']);
        assert_eq!((fields[2].number, &fields[2].value), (3, &Value::Other));
    }

    #[test]
    fn groups_are_skipped_as_a_whole() {
        let message = [0x0b, 0x13, 0x08, 0x01, 0x14, 0x0c, 0x10, 0x07];
        let fields: Vec<_> = fields(&message).map(Result::unwrap).collect();
        assert_eq!(fields[0].raw, &message[..6]);
        assert_eq!(fields[1].int64(), Ok(7));
    }

    #[test]
    fn after_a_mistake_there_is_no_more() {
        for message in [&[0x12, 0x05, b'h'][..], &[0x00, 0x08, 0x01], &[0x0b, 0x08]] {
            let fields: Vec<_> = fields(message).collect();
            assert_eq!(fields, [Err(Malformed)]);
        }
        let groups_without_an_end = vec![0x0b; 1000];
        assert_eq!(fields(&groups_without_an_end).count(), 1);
    }

    proptest! {
        #[test]
        fn sound_fields_make_up_the_message(message in prop::collection::vec(any::<u8>(), 0..64)) {
            let sound: Result<Vec<_>, _> = fields(&message).collect();
            if let Ok(fields) = sound {
                let raw: Vec<u8> = fields.iter().flat_map(|field| field.raw).copied().collect();
                prop_assert_eq!(raw, message);
            }
        }
    }
}

//! The wire format: records of a field number and a payload, one after the other
//! (<https://protobuf.dev/programming-guides/encoding/>).

use prost::encoding::{WireType, decode_key, decode_varint};

/// The records that are left of some octets.
#[derive(Debug, Clone)]
pub(super) struct Records<'a>(&'a [u8]);

#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) number: u32,
    pub(super) payload: Payload<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Payload<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Octets(&'a [u8]),
    GroupStart,
    GroupEnd,
}

/// Why octets are not in the wire format. Nothing behind them can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// They are cut off, or have a number that is none.
    Octets,
    /// A group ends that did not start, or the other way round.
    Group,
    /// Groups are nested too deeply.
    Depth,
}

impl<'a> Records<'a> {
    pub(super) fn of(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// The next record; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Record<'a>>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let (number, wire_type) = decode_key(&mut self.0).map_err(|_| Malformed::Octets)?;
        let payload = match wire_type {
            WireType::Varint => Payload::Varint(self.varint()?),
            WireType::SixtyFourBit => Payload::Fixed64(u64::from_le_bytes(self.array()?)),
            WireType::ThirtyTwoBit => Payload::Fixed32(u32::from_le_bytes(self.array()?)),
            WireType::LengthDelimited => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed::Octets)?;
                Payload::Octets(self.take(length)?)
            }
            WireType::StartGroup => Payload::GroupStart,
            WireType::EndGroup => Payload::GroupEnd,
        };
        Ok(Some(Record { number, payload }))
    }

    /// The next of numbers without keys, as packed fields have them; `None` at the end.
    pub(super) fn next_packed(
        &mut self,
        payload: fn(&mut Self) -> Result<Payload<'a>, Malformed>,
    ) -> Result<Option<Payload<'a>>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        payload(self).map(Some)
    }

    pub(super) fn packed_varint(&mut self) -> Result<Payload<'a>, Malformed> {
        self.varint().map(Payload::Varint)
    }

    pub(super) fn packed_fixed64(&mut self) -> Result<Payload<'a>, Malformed> {
        Ok(Payload::Fixed64(u64::from_le_bytes(self.array()?)))
    }

    pub(super) fn packed_fixed32(&mut self) -> Result<Payload<'a>, Malformed> {
        Ok(Payload::Fixed32(u32::from_le_bytes(self.array()?)))
    }

    /// Goes behind the end of a group whose start was read. Groups in it may be nested `depth` deep.
    pub(super) fn skip_group(&mut self, number: u32, depth: usize) -> Result<(), Malformed> {
        let mut open = vec![number];
        while let Some(innermost) = open.last().copied() {
            let record = self.next()?.ok_or(Malformed::Octets)?;
            match record.payload {
                Payload::GroupStart if open.len() > depth => return Err(Malformed::Depth),
                Payload::GroupStart => open.push(record.number),
                Payload::GroupEnd if record.number == innermost => {
                    open.pop();
                }
                Payload::GroupEnd => return Err(Malformed::Group),
                _ => {}
            }
        }
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        decode_varint(&mut self.0).map_err(|_| Malformed::Octets)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (own, rest) = self.0.split_first_chunk().ok_or(Malformed::Octets)?;
        self.0 = rest;
        Ok(*own)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (own, rest) = self.0.split_at_checked(length).ok_or(Malformed::Octets)?;
        self.0 = rest;
        Ok(own)
    }
}

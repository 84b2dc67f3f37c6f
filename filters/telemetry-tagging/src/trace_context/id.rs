//! The ids of traces and spans. Zero is no id (Trace Context Level 2 sections 3.2.2.3 and 3.2.2.4).

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};

use super::hex;

/// The id of a whole trace: 16 octets, not all of them zero. It is written as 32 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceId(NonZeroU128);

/// The id of one span: 8 octets, not all of them zero. It is written as 16 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpanId(NonZeroU64);

impl TraceId {
    /// The id with this number; `None` for zero. A shorter id of another format is the number that
    /// it is, which pads it with zeros on the left, as the section on interoperating with systems
    /// that use shorter identifiers says.
    pub(crate) fn new(number: u128) -> Option<Self> {
        NonZeroU128::new(number).map(Self)
    }

    /// A new id. All its octets are random, so that the flag of section 3.2.2.5.2 may be set.
    pub(crate) fn from_random(random: &mut dyn FnMut() -> u64) -> Self {
        let number = u128::from(random()) << 64 | u128::from(random());
        Self(NonZeroU128::new(number).unwrap_or(NonZeroU128::MIN))
    }

    /// Reads what [`fmt::Display`] writes.
    pub(crate) fn parse(digits: &str) -> Option<Self> {
        let digits = Some(digits.as_bytes()).filter(|digits| digits.len() == 32)?;
        Self::new(hex::lower(digits)?)
    }

    /// The id as a number, most significant octet first.
    pub(crate) fn number(self) -> u128 {
        self.0.get()
    }
}

impl SpanId {
    /// The id with this number; `None` for zero.
    pub(crate) fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// A new id.
    pub(crate) fn from_random(random: &mut dyn FnMut() -> u64) -> Self {
        Self(NonZeroU64::new(random()).unwrap_or(NonZeroU64::MIN))
    }

    /// The id as a number, most significant octet first.
    pub(crate) fn number(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_no_id_even_by_chance() {
        assert_eq!(TraceId::new(0), None);
        assert_eq!(SpanId::new(0), None);
        assert_eq!(TraceId::from_random(&mut || 0).number(), 1);
        assert_eq!(SpanId::from_random(&mut || 0).number(), 1);
    }

    #[test]
    fn ids_keep_their_leading_zeros() {
        let trace = TraceId::new(0xab).unwrap();
        assert_eq!(trace.to_string(), "000000000000000000000000000000ab");
        assert_eq!(SpanId::new(0xab).unwrap().to_string(), "00000000000000ab");
    }

    #[test]
    fn every_octet_of_a_new_trace_id_is_random() {
        let mut number = 0;
        let mut random = || {
            number += 1;
            number
        };
        assert_eq!(TraceId::from_random(&mut random).number(), 1 << 64 | 2);
    }
}

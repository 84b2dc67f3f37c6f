//! Identifiers: 64-bit numbers inside, numbers or strings on the wire.
//!
//! Version 1 writes them as JSON numbers, which a JavaScript client rounds
//! above 2^53; version 2 writes them as strings for that reason.

use std::{fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Serialize};

/// The smallest whole number that a double cannot hold: whatever rewrites JSON
/// on the way shows with this id whether it rounds.
pub(crate) const BEYOND_DOUBLE: i64 = 9_007_199_254_740_993;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct PaymentId(pub(crate) i64);

/// In requests it may be a number or a string of digits, because clients of
/// both versions send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "NumberOrText")]
pub(crate) struct OrderId(pub(crate) i64);

impl fmt::Display for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PaymentId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl FromStr for OrderId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Number(i64),
    Text(String),
}

impl TryFrom<NumberOrText> for OrderId {
    type Error = ParseIntError;

    fn try_from(id: NumberOrText) -> Result<Self, Self::Error> {
        match id {
            NumberOrText::Number(number) => Ok(Self(number)),
            NumberOrText::Text(text) => text.parse(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_id_is_a_number_or_a_string_of_digits() {
        let beyond = OrderId(BEYOND_DOUBLE);
        let number: OrderId = serde_json::from_str("9007199254740993").unwrap();
        let text: OrderId = serde_json::from_str("\"9007199254740993\"").unwrap();
        assert_eq!((number, text), (beyond, beyond));
        assert!(serde_json::from_str::<OrderId>("\"seven\"").is_err());
    }
}

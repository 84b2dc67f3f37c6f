//! The canonical form of JSON values, fed into a hash.
//!
//! It tells values apart as RFC 8785 (JCS) does, with one difference. JCS reads numbers as doubles
//! (section 3.2.2.3), for which 9007199254740993 and 9007199254740992 are one; two amounts or two
//! ids must never be one, so here numbers are decimal and exact. The text of JCS is not made,
//! because nobody would read it.

use crate::json::Value;
use crate::transcript::Transcript;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const NUMBER: u8 = 3;
const STRING: u8 = 4;
const ARRAY: u8 = 5;
const OBJECT: u8 = 6;

/// Adds a value. The reader has limited its depth.
pub(super) fn write(value: &Value<'_>, transcript: &mut Transcript) {
    match value {
        Value::Null => transcript.mark(NULL),
        Value::Boolean(false) => transcript.mark(FALSE),
        Value::Boolean(true) => transcript.mark(TRUE),
        Value::Number(text) => {
            transcript.mark(NUMBER);
            write_number(text, transcript);
        }
        Value::String(text) => {
            transcript.mark(STRING);
            transcript.octets(text.as_bytes());
        }
        Value::Array(items) => {
            transcript.mark(ARRAY);
            transcript.list(items.len());
            for item in items {
                write(item, transcript);
            }
        }
        Value::Object(members) => {
            transcript.mark(OBJECT);
            transcript.list(members.len());
            for (name, value) in members {
                transcript.octets(name.as_bytes());
                write(value, transcript);
            }
        }
    }
}

fn write_number(text: &str, transcript: &mut Transcript) {
    match Decimal::read(text) {
        Some(decimal) => {
            transcript.mark(decimal.negative.into());
            transcript.octets(decimal.digits.as_bytes());
            transcript.octets(&decimal.exponent.to_be_bytes());
        }
        // No exponent that matters is beyond 64 bits; such a number stands for itself.
        None => transcript.octets(text.as_bytes()),
    }
}

/// The number ±`digits` × 10^`exponent`.
///
/// The digits neither begin nor end with a zero, so that there is one way to write each number.
/// Zero has no digits and no sign.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads a number of JSON; `None` where its exponent is out of range.
    fn read(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_end_matches('0');
        let digits = significant.trim_start_matches('0');
        if digits.is_empty() {
            return Some(Self {
                negative: false,
                digits: String::new(),
                exponent: 0,
            });
        }
        let dropped = all.len().checked_sub(significant.len())?;
        let exponent = exponent
            .parse::<i64>()
            .ok()?
            .checked_sub(i64::try_from(fraction.len()).ok()?)?
            .checked_add(i64::try_from(dropped).ok()?)?;
        Some(Self {
            negative,
            digits: digits.to_owned(),
            exponent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_number_is_written_in_one_way() {
        for (texts, negative, digits, exponent) in [
            (
                &["1", "1.0", "1e0", "10e-1", "0.1E+1", "1.000", "0.01e2"][..],
                false,
                "1",
                0,
            ),
            (
                &["-12.50", "-125e-1", "-1250E-2", "-0.125e2"],
                true,
                "125",
                -1,
            ),
            (&["100", "1e2", "1E+2", "0.1e3"], false, "1", 2),
            (
                &["0", "-0", "0.0", "0e9", "-0.00e-99999999999999999999"],
                false,
                "",
                0,
            ),
            (&["9007199254740993"], false, "9007199254740993", 0),
        ] {
            for text in texts {
                let expected = Decimal {
                    negative,
                    digits: digits.to_owned(),
                    exponent,
                };
                assert_eq!(Decimal::read(text), Some(expected), "{text}");
            }
        }
    }

    #[test]
    fn an_exponent_out_of_range_is_none() {
        for text in [
            "1e9223372036854775808",
            "1e99999999999999999999",
            "10e9223372036854775807",
        ] {
            assert_eq!(Decimal::read(text), None, "{text}");
        }
        assert!(Decimal::read("1e9223372036854775807").is_some());
        assert_eq!(Decimal::read("0.1e-9223372036854775808"), None);
    }

    proptest! {
        #[test]
        fn moving_the_point_and_the_exponent_changes_nothing(
            digits in "[1-9][0-9]{0,20}", at in 0_usize..20, exponent in -50_i64..50,
        ) {
            let at = at.min(digits.len() - 1) + 1;
            let (whole, fraction) = digits.split_at(at);
            let moved = i64::try_from(fraction.len()).unwrap();
            let point = if fraction.is_empty() { "" } else { "." };
            let one = format!("{digits}e{exponent}");
            let other = format!("{whole}{point}{fraction}e{}", exponent + moved);
            prop_assert_eq!(Decimal::read(&one), Decimal::read(&other));
        }

        #[test]
        fn integers_are_alike_only_if_they_are_equal(one in any::<i128>(), other in any::<i128>()) {
            let read = |number: i128| Decimal::read(&number.to_string());
            prop_assert_eq!(one == other, read(one) == read(other));
            let next = one.wrapping_add(1);
            prop_assert_ne!(read(one), read(next));
        }
    }
}

//! Scalars in the JSON mapping.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::text::Json;
use crate::protobuf::types::{EnumType, Kind};
use crate::protobuf::value::{Key, Scalar};

/// The scalar that a value is for this kind of field; `None` where it is none.
pub(super) fn read<'a>(kind: Kind, json: &'a Json<'_>) -> Option<Scalar<'a>> {
    match kind {
        Kind::Bool => match json {
            Json::Bool(value) => Some(Scalar::Bool(*value)),
            _ => None,
        },
        Kind::Float => {
            let value = real(json)?;
            let single = single(value);
            // What is finite as it is written has to be so in the type.
            let fits = !value.is_finite() || single.is_finite();
            fits.then_some(Scalar::Real(single.into()))
        }
        Kind::Double => real(json).map(Scalar::Real),
        Kind::String => match json {
            Json::Text(text) => Some(Scalar::Text(Cow::Borrowed(text))),
            _ => None,
        },
        Kind::Bytes => match json {
            Json::Text(text) => octets(text).map(|octets| Scalar::Octets(octets.into())),
            _ => None,
        },
        _ => in_range(kind, integer(json)?).map(Scalar::Integer),
    }
}

/// The key that the name of a member is for this kind of key.
pub(super) fn key(kind: Kind, name: &str) -> Option<Key<'_>> {
    match kind {
        Kind::String => Some(Key::Text(Cow::Borrowed(name))),
        Kind::Bool => Some(Key::Bool(name.parse().ok()?)),
        _ => in_range(kind, decimal(name)?).map(Key::Integer),
    }
}

/// Why a value is none of an enumeration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotOfEnum {
    Type,
    Value,
}

/// A value of an enumeration, by its name or its number.
pub(super) fn enumeration(own: &EnumType, json: &Json<'_>) -> Result<i32, NotOfEnum> {
    match json {
        Json::Null if own.name == super::NULL_VALUE => Ok(0),
        Json::Text(name) => own.number(name).ok_or(NotOfEnum::Value),
        Json::Integer(_) | Json::Real(_) => {
            let number = integer(json).and_then(|number| i32::try_from(number).ok());
            let number = number.ok_or(NotOfEnum::Type)?;
            let is_declared = !own.is_closed || own.has(number);
            is_declared.then_some(number).ok_or(NotOfEnum::Value)
        }
        _ => Err(NotOfEnum::Type),
    }
}

/// What is expected of this kind of field.
pub(super) fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "must be true or false",
        Kind::Float | Kind::Double => "must be a number, or `NaN`, `Infinity` or `-Infinity`",
        Kind::String => "must be a string",
        Kind::Bytes => "must be a string in base64",
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => "must be an integer of 32 bits",
        Kind::Uint32 | Kind::Fixed32 => "must be an integer of 32 bits without a sign",
        Kind::Uint64 | Kind::Fixed64 => "must be an integer of 64 bits without a sign",
        _ => "must be an integer of 64 bits",
    }
}

fn in_range(kind: Kind, value: i128) -> Option<i128> {
    let range = match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => i32::MIN.into()..=i32::MAX.into(),
        Kind::Uint32 | Kind::Fixed32 => 0..=u32::MAX.into(),
        Kind::Uint64 | Kind::Fixed64 => 0..=u64::MAX.into(),
        _ => i64::MIN.into()..=i64::MAX.into(),
    };
    range.contains(&value).then_some(value)
}

/// An integer as a number or as a string; also with a fraction of zero or an exponent.
fn integer(json: &Json<'_>) -> Option<i128> {
    match json {
        Json::Integer(value) => Some(*value),
        Json::Real(value) => whole(*value),
        Json::Text(text) => decimal(text).or_else(|| whole(number(text)?)),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "What is cut off was compared with zero."
)]
fn whole(value: f64) -> Option<i128> {
    // Beyond that no type has values.
    const MOST: f64 = 1e20;
    (value.fract() == 0.0 && value.abs() < MOST).then_some(value as i128)
}

/// Digits, after a minus or not.
fn decimal(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_decimal = digits.bytes().all(|octet| octet.is_ascii_digit());
    is_decimal.then(|| text.parse().ok())?
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "The type has no more of it."
)]
fn single(value: f64) -> f32 {
    value as f32
}

fn real(json: &Json<'_>) -> Option<f64> {
    match json {
        Json::Real(value) => Some(*value),
        #[expect(clippy::cast_precision_loss, reason = "The type has no more of it.")]
        Json::Integer(value) => Some(*value as f64),
        Json::Text(text) => match &**text {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => number(text),
        },
        _ => None,
    }
}

/// A number of JSON in a string. Rust's reader also takes names, a plus and points without digits.
fn number(text: &str) -> Option<f64> {
    match serde_json::from_str::<serde_json::Number>(text) {
        Ok(_) if !text.starts_with(char::is_whitespace) && !text.ends_with(char::is_whitespace) => {
            text.parse().ok().filter(|value: &f64| value.is_finite())
        }
        _ => None,
    }
}

/// Base64 of either alphabet, with padding or not.
fn octets(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
    let engine = if text.contains(['-', '_']) {
        URL_SAFE
    } else {
        STANDARD
    };
    engine.decode(text).ok()
}

//! Well-known types, which have forms of their own in the JSON mapping.

use std::borrow::Cow;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::text::Json;
use super::{At, Reader};
use crate::protobuf::types::WellKnown;
use crate::protobuf::value::{List, Message, Scalar, Value};

/// The most seconds of a duration, about 10,000 years.
const MOST_SECONDS: i128 = 315_576_000_000;

const NANOSECONDS: i128 = 1_000_000_000;

impl Reader<'_, '_> {
    pub(super) fn well_known<'a>(
        &mut self,
        at: At<'_>,
        well_known: WellKnown,
        json: &'a Json<'_>,
    ) -> Option<Message<'a>> {
        match well_known {
            WellKnown::Any => self.any(at, json),
            WellKnown::Duration => match text(json).and_then(duration) {
                Some(nanoseconds) => Some(time_of(nanoseconds)),
                None => self.mismatch(at.path, "must be seconds with an `s`, such as `1.5s`"),
            },
            WellKnown::Timestamp => match text(json).and_then(timestamp) {
                Some(nanoseconds) => Some(time_of(nanoseconds)),
                None => self.mismatch(at.path, "must be a time of RFC 3339"),
            },
            WellKnown::FieldMask => match text(json).and_then(field_mask) {
                Some(paths) => Some(paths),
                None => self.mismatch(at.path, "must be paths in lowerCamelCase, between commas"),
            },
            WellKnown::Wrapper(kind) => {
                let value = self.value(At { keeps: true, ..at }, kind, json)?;
                let mut message = Message::default();
                message.set(1, value);
                Some(message)
            }
            WellKnown::Struct => match json {
                Json::Object(members) => self.unnamed(at, members.iter().map(|(_, value)| value)),
                _ => self.mismatch(at.path, "must be an object"),
            },
            WellKnown::ListValue => match json {
                Json::Array(elements) => self.unnamed(at, elements),
                _ => self.mismatch(at.path, "must be an array"),
            },
            WellKnown::Value => match json {
                Json::Object(members) => self.unnamed(at, members.iter().map(|(_, value)| value)),
                Json::Array(elements) => self.unnamed(at, elements),
                _ => Some(Message::default()),
            },
            WellKnown::Empty => Some(Message::default()),
        }
    }

    /// Values of any type, which are only counted in depth.
    fn unnamed<'j: 'v, 'v, 'a>(
        &mut self,
        at: At<'_>,
        values: impl IntoIterator<Item = &'v Json<'j>>,
    ) -> Option<Message<'a>> {
        let is_too_deep = values.into_iter().any(|value| depth(value) >= at.depth);
        if is_too_deep {
            self.report
                .add(at.path, "depth", "must not be nested so deeply");
            return None;
        }
        Some(Message::default())
    }

    /// A message with its type beside its fields; a well-known type stands in `value`.
    fn any<'a>(&mut self, at: At<'_>, json: &'a Json<'_>) -> Option<Message<'a>> {
        let Json::Object(members) = json else {
            return self.mismatch(at.path, "must be an object");
        };
        let mut any = Message::default();
        if members.is_empty() {
            return Some(any);
        }
        let mut urls = members.iter().filter(|(name, _)| name == TYPE);
        let (Some((_, Json::Text(url))), None) = (urls.next(), urls.next()) else {
            return self.mismatch(at.path, "must have one `@type`, which is a string");
        };
        any.set(1, Value::Scalar(Scalar::Text(Cow::Borrowed(url))));
        let name = url.rsplit('/').next().unwrap_or_default();
        let mut messages = self.types.messages.iter();
        // What the descriptors do not know cannot be looked at.
        let Some(own) = messages.find(|own| own.name == name) else {
            return Some(any);
        };
        let depth = at.depth.saturating_sub(1);
        let inner = At {
            depth,
            keeps: false,
            ..at
        };
        if depth == 0 {
            self.report
                .add(at.path, "depth", "must not be nested so deeply");
        } else if own.well_known.is_none() {
            self.members(inner, own, members, Some(TYPE));
        } else {
            let mut values = members.iter().filter(|(name, _)| name == "value");
            let path = at.path.name("value");
            match (values.next(), values.next()) {
                (Some((_, value)), None) => {
                    self.message(
                        At {
                            path: &path,
                            ..inner
                        },
                        own,
                        value,
                    );
                }
                _ => return self.mismatch(&path, "must be there once"),
            }
        }
        Some(any)
    }
}

/// The member that says which type a message in an `Any` has.
const TYPE: &str = "@type";

fn text<'a>(json: &'a Json<'_>) -> Option<&'a str> {
    match json {
        Json::Text(text) => Some(text),
        _ => None,
    }
}

/// How deeply a value is nested; a scalar is not.
fn depth(json: &Json<'_>) -> usize {
    match json {
        Json::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or_default(),
        Json::Object(members) => {
            1 + members
                .iter()
                .map(|(_, value)| depth(value))
                .max()
                .unwrap_or_default()
        }
        _ => 0,
    }
}

/// A duration or a timestamp.
fn time_of(nanoseconds: i128) -> Message<'static> {
    let mut message = Message::default();
    let seconds = nanoseconds / NANOSECONDS;
    message.set(1, Value::Scalar(Scalar::Integer(seconds)));
    message.set(2, Value::Scalar(Scalar::Integer(nanoseconds % NANOSECONDS)));
    message
}

/// Seconds with up to nine decimals and an `s`, as nanoseconds.
fn duration(text: &str) -> Option<i128> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (whole, part) = match text.strip_suffix('s')?.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (text.strip_suffix('s')?, None),
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|own| own.is_ascii_digit());
    if !is_number(whole) || !part.is_none_or(|part| is_number(part) && part.len() <= 9) {
        return None;
    }
    let seconds: i128 = whole.parse().ok()?;
    let part: i128 = format!("{:0<9}", part.unwrap_or_default()).parse().ok()?;
    let nanoseconds = seconds.checked_mul(NANOSECONDS)?.checked_add(part)?;
    let is_in_range = nanoseconds <= MOST_SECONDS * NANOSECONDS;
    is_in_range.then_some(if negative { -nanoseconds } else { nanoseconds })
}

/// A time of RFC 3339 with up to nine decimals, as nanoseconds since 1970.
fn timestamp(text: &str) -> Option<i128> {
    // Letters are upper-case, unlike RFC 3339 section 5.6 allows.
    let is_upper = !text.contains(['t', 'z', ' ']);
    let decimals = text.split_once('.').map_or(0, |(_, rest)| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit);
        digits.count()
    });
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    // The first year is 1, and the last one 9999, after the offset.
    let time = time.checked_to_offset(time::UtcOffset::UTC)?;
    let is_in_range = (1..=9999).contains(&time.year());
    (is_upper && decimals <= 9 && is_in_range).then(|| time.unix_timestamp_nanos())
}

/// Paths in lowerCamelCase between commas, which become `snake_case`.
fn field_mask(text: &str) -> Option<Message<'static>> {
    let mut list = List::default();
    for path in text.split(',').filter(|_| !text.is_empty()) {
        let mut own = String::with_capacity(path.len());
        for character in path.chars() {
            match character {
                // It would not come back from `snake_case`.
                '_' => return None,
                _ if character.is_ascii_uppercase() => {
                    own.push('_');
                    own.push(character.to_ascii_lowercase());
                }
                _ => own.push(character),
            }
        }
        list.count += 1;
        list.elements
            .push(Value::Scalar(Scalar::Text(Cow::Owned(own))));
    }
    let mut message = Message::default();
    message.set(1, Value::List(list));
    Some(message)
}

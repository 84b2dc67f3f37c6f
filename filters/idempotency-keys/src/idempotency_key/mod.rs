//! The client's key: what tells one request from the next, and all its duplicates from others.
//!
//! - `structured_field`: the strict syntax of the standard; `alphabet`: what keys are made of.
//! - `cloud_event`: keys of events, which are two attributes.
//! - `refusal`: why a request has no key that can be used.

mod alphabet;
mod cloud_event;
mod refusal;
mod structured_field;

use std::fmt;
use std::ops::RangeInclusive;

use kit::headers::Headers;
use kit::policy::value::Pointer;

use crate::json;
use crate::transcript::Transcript;

pub(crate) use alphabet::Alphabet;
pub(crate) use refusal::Refusal;

/// The field of draft-ietf-httpapi-idempotency-key-header-07 section 2.
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The most octets of a key, unless a policy says otherwise: Stripe's limit, and so that of the
/// clients that were written for it.
pub(crate) const MAX_OCTETS: usize = 255;

/// The key of a request, as its client means it.
///
/// It is the client's own text, so it is never shown: not in an error, not in a log, not by
/// `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct IdempotencyKey {
    /// One string, or two for an event.
    parts: Vec<String>,
}

impl IdempotencyKey {
    /// Adds the key to a hash. A key of two strings is never one of one string.
    pub(crate) fn write(&self, transcript: &mut Transcript) {
        transcript.list(self.parts.len());
        for part in &self.parts {
            transcript.octets(part.as_bytes());
        }
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyKey").finish_non_exhaustive()
    }
}

/// How a key is written in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// A Structured Field Item that is a String (RFC 9651 section 3.3.3), as the standard demands.
    /// Its parameters are ignored.
    Strict,
    /// That, where the value starts with a quotation mark; else the value as it stands. Nearly all
    /// clients send the latter.
    Lenient,
}

/// What a key must be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyTerms {
    /// How it is written in a field.
    pub(crate) syntax: Syntax,
    /// What it is made of.
    pub(crate) alphabet: Alphabet,
    /// How many octets it may have. Those of an event apply to each of its two attributes.
    pub(crate) length: RangeInclusive<usize>,
}

impl KeyTerms {
    /// The key in a header field, or in the metadata of a gRPC call, which is the same to a proxy.
    ///
    /// Binary metadata has no syntax that these terms know: a policy must not name a field that
    /// ends in `-bin`.
    pub(crate) fn in_field(
        &self,
        headers: &Headers,
        name: &str,
    ) -> Result<IdempotencyKey, Refusal> {
        let value = single(headers, name)?;
        let key = match (self.syntax, value) {
            (_, []) => return Err(Refusal::Missing),
            (Syntax::Strict, _) | (Syntax::Lenient, [b'"', ..]) => {
                structured_field::string_item(value).ok_or(Refusal::Malformed)?
            }
            (Syntax::Lenient, _) => bare(value)?.to_owned(),
        };
        self.one(key)
    }

    /// The key in a JSON content, such as the `request_id` of AIP-155.
    ///
    /// A member that is not there, `null` and the empty string are all none: JSON of protocol
    /// buffers writes them alike.
    pub(crate) fn in_content(
        &self,
        content: &[u8],
        place: &Pointer,
    ) -> Result<IdempotencyKey, Refusal> {
        if content.trim_ascii().is_empty() {
            return Err(Refusal::Missing);
        }
        let document = json::read(content).map_err(|_| Refusal::Unreadable)?;
        match document.at(place) {
            None | Some(json::Value::Null) => Err(Refusal::Missing),
            Some(json::Value::String(key)) if key.is_empty() => Err(Refusal::Missing),
            Some(json::Value::String(key)) => self.one(key.clone().into_owned()),
            Some(_) => Err(Refusal::Malformed),
        }
    }

    /// The key of an event in the binary mode of the `CloudEvents` HTTP binding: its source and its
    /// id, which together are unique (`CloudEvents` 1.0.2, `id`). In the structured mode they are
    /// found only where the sender repeats them as fields (section 3.2.3).
    ///
    /// What the attributes consist of is given by `CloudEvents`, so the alphabet does not apply.
    pub(crate) fn of_cloud_event(&self, headers: &Headers) -> Result<IdempotencyKey, Refusal> {
        let attribute = |name| -> Result<String, Refusal> {
            let value = cloud_event::attribute(single(headers, name)?).ok_or(Refusal::Malformed)?;
            self.check_length(&value)?;
            Ok(value)
        };
        match (attribute(cloud_event::SOURCE), attribute(cloud_event::ID)) {
            (Ok(source), Ok(id)) => Ok(IdempotencyKey {
                parts: vec![source, id],
            }),
            (Err(Refusal::Missing), Err(Refusal::Missing)) => Err(Refusal::Missing),
            // One without the other is no event.
            (Err(Refusal::Missing), _) | (_, Err(Refusal::Missing)) => Err(Refusal::Malformed),
            (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
        }
    }

    fn one(&self, key: String) -> Result<IdempotencyKey, Refusal> {
        self.check_length(&key)?;
        let key = self.alphabet.normalise(key).ok_or(Refusal::Alphabet)?;
        Ok(IdempotencyKey { parts: vec![key] })
    }

    fn check_length(&self, key: &str) -> Result<(), Refusal> {
        if key.len() > *self.length.end() {
            Err(Refusal::TooLong)
        } else if key.len() < *self.length.start() {
            Err(Refusal::TooShort)
        } else {
            Ok(())
        }
    }
}

/// The one value of a field, without the whitespace around it.
fn single<'a>(headers: &'a Headers, name: &str) -> Result<&'a [u8], Refusal> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (None, _) => Err(Refusal::Missing),
        (Some(value), None) => Ok(value.trim_ascii()),
        // Even two of one text are a list, which is no Item (RFC 9651 section 4.2).
        (Some(_), Some(_)) => Err(Refusal::Several),
    }
}

/// A value that stands without quotation marks.
fn bare(value: &[u8]) -> Result<&str, Refusal> {
    // Two lines may have been made one on the way (RFC 9110 section 5.3).
    if value.contains(&b',') {
        return Err(Refusal::Several);
    }
    let text = std::str::from_utf8(value).map_err(|_| Refusal::Malformed)?;
    let is_visible = text.bytes().all(|octet| octet.is_ascii_graphic());
    is_visible.then_some(text).ok_or(Refusal::Malformed)
}

#[cfg(test)]
mod tests;

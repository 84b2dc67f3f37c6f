//! What is still to come of a message when its head is there.

use std::rc::Rc;

use kit::body::{Access, BodyNeed, announced_length};
use kit::exchange::Exchange;
use kit::headers::Headers;
use kit::media_range::MediaRange;
use serde_json::Value;

use crate::openapi::{self, Direction, MediaType};
use crate::plan::DirectionTerms;
use crate::schema::Compiled;

use super::content::{self, Coding, Content, Kind};
use super::messages::Messages;
use super::tally::{Skipped, Tally};

/// What is still to come of a message.
#[derive(Debug)]
pub(super) enum Expected {
    /// Nothing that is looked at.
    Nothing,
    /// A content of which only the length counts.
    Octets(Octets),
    /// A content that is looked at as a whole.
    Content(Content),
    /// Messages of an RPC.
    Messages(Box<Messages>),
}

/// A content of which only the length counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Octets {
    /// How much of it has come.
    seen: usize,
    least: Option<usize>,
    most: Option<usize>,
}

impl Octets {
    /// What a schema says of a length: for octets, `minLength` and `maxLength` count these (OAS
    /// 3.0.4 section 4.7.14.2, "Considerations for File Uploads").
    fn of(schema: Option<&Compiled>) -> Self {
        let limit = |keyword: &str| {
            let number = entry(&schema?.source).get(keyword)?.as_u64()?;
            usize::try_from(number).ok()
        };
        Self {
            seen: 0,
            least: limit("minLength"),
            most: limit("maxLength"),
        }
    }

    /// A part of the content has come.
    pub(super) fn part(&mut self, length: usize, is_last: bool, tally: &mut Tally) {
        let before = self.seen;
        self.seen = self.seen.saturating_add(length);
        match (self.least, self.most) {
            // It is told once.
            (_, Some(most)) if self.seen > most && before <= most => {
                content::wrong_length("maxLength", most, tally);
            }
            (Some(least), _) if is_last && self.seen < least => {
                content::wrong_length("minLength", least, tally);
            }
            _ => {}
        }
    }
}

/// Where the references of a schema lead that is nothing but one.
fn entry(schema: &Value) -> &Value {
    let mut entry = schema;
    // Longer chains are read as schemas without a length.
    for _ in 0..8 {
        let reference = entry.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|own| schema.pointer(own.strip_prefix('#')?));
        match target {
            Some(target) => entry = target,
            None => break,
        }
    }
    entry
}

impl Expected {
    /// How the content is to come; `None` where it is not looked at.
    pub(super) fn need(&self, terms: &DirectionTerms) -> Option<BodyNeed> {
        let (access, replaces) = match self {
            Self::Nothing => return None,
            Self::Octets(octets) if octets.least.or(octets.most).is_none() => return None,
            Self::Octets(_) => (Access::Tee, false),
            Self::Content(content) => {
                let cap = terms.max_body;
                (Access::Hold { cap }, content.repairs(terms))
            }
            Self::Messages(messages) => (messages.access(terms), false),
        };
        Some(BodyNeed { access, replaces })
    }
}

/// Whether a message has no content: nothing follows its head, or nothing but an end.
pub(super) fn is_empty(x: &Exchange<'_>) -> bool {
    x.head_is_all() || announced_length(x.headers()) == Some(0)
}

/// Whether a response with one of these media types may have no octets: no text, no octets and no
/// items are contents too, and only JSON has to have some.
pub(super) fn may_be_empty(declared: &openapi::Content, headers: &Headers) -> bool {
    match headers.get("content-type").and_then(MediaRange::parse) {
        Some(given) => !is_json(given),
        None => declared.0.iter().any(|own| {
            let range = MediaRange::parse(own.range.as_bytes());
            !range.is_some_and(is_json)
        }),
    }
}

/// A content whose head is there, and what it is held to.
pub(super) struct Arriving<'a> {
    pub(super) direction: Direction,
    pub(super) terms: &'a DirectionTerms,
    pub(super) headers: &'a Headers,
    /// Whether there has to be one.
    pub(super) required: bool,
}

impl Arriving<'_> {
    /// What a content with one of several media types has to be.
    pub(super) fn of_media_types(
        &self,
        contract: &openapi::Contract,
        declared: &openapi::Content,
        tally: &mut Tally,
    ) -> Expected {
        let given = self.headers.get("content-type").unwrap_or_default();
        let Some(media_type) = declared.find(given) else {
            content::wrong_media_type(tally);
            return Expected::Nothing;
        };
        let mut schema = None;
        if let Some(declared) = &media_type.schema {
            schema = contract.schema(declared, self.direction, self.terms.hidden);
            if schema.is_none() {
                tally.skip(Skipped::Contract);
                return Expected::Nothing;
            }
        }
        self.of_kind(kind(given, media_type, schema.is_some()), schema, tally)
    }

    /// What the content of a route has to be that has schemas alone: JSON.
    pub(super) fn of_json(&self, schema: &Rc<Compiled>, tally: &mut Tally) -> Expected {
        let given = self.headers.get("content-type").unwrap_or_default();
        if !MediaRange::parse(given).is_some_and(is_json) {
            content::wrong_media_type(tally);
            return Expected::Nothing;
        }
        self.of_kind(Some(Kind::Json), Some(Rc::clone(schema)), tally)
    }

    fn of_kind(
        &self,
        kind: Option<Kind>,
        schema: Option<Rc<Compiled>>,
        tally: &mut Tally,
    ) -> Expected {
        let Some(kind) = kind else {
            return Expected::Octets(Octets::of(schema.as_deref()));
        };
        let Some(coding) = Coding::of(self.headers) else {
            content::coded(self.terms, tally);
            return Expected::Nothing;
        };
        Expected::Content(Content {
            kind,
            schema,
            coding,
            required: self.required,
        })
    }
}

/// How a content of this media type is read; `None` where only its presence and its size count.
fn kind(given: &[u8], declared: &MediaType, has_schema: bool) -> Option<Kind> {
    let given = MediaRange::parse(given)?;
    if is_json(given) {
        return Some(Kind::Json);
    }
    if !has_schema {
        return None;
    }
    let essence = given.essence.to_ascii_lowercase();
    if essence == "application/x-www-form-urlencoded" {
        return declared.form.clone().map(Kind::Form);
    }
    // An event stream is a sequence of texts (HTML section 9.2), not one.
    (essence.starts_with("text/") && essence != "text/event-stream").then_some(Kind::Text)
}

/// Whether a media type is JSON, by its name or by its suffix (RFC 6839 section 3.1).
fn is_json(media_type: MediaRange<'_>) -> bool {
    let essence = media_type.essence.to_ascii_lowercase();
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}

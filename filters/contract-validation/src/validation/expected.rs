//! What is still to come of a message when its head is there.

use std::borrow::Cow;
use std::rc::Rc;

use kit::body::{Access, BodyNeed, announced_length};
use kit::exchange::Exchange;
use kit::headers::Headers;
use kit::media_range::MediaRange;

use crate::openapi::{self, Direction, MediaType};
use crate::plan::DirectionTerms;
use crate::schema::Compiled;

use super::content::{self, Coding, Content, Kind};
use super::messages::Messages;
use super::octets::Octets;
use super::tally::{Skipped, Tally};

/// What is still to come of a message.
#[derive(Debug)]
pub(super) enum Expected {
    /// Nothing that is looked at.
    Nothing,
    /// A content of which only presence and length count.
    Octets(Octets),
    /// A content that is looked at as a whole.
    Content(Content),
    /// Messages of an RPC.
    Messages(Box<Messages>),
}

impl Expected {
    /// How the content is to come; `None` where it is not looked at.
    pub(super) fn need(&self, terms: &DirectionTerms) -> Option<BodyNeed> {
        let (access, replaces) = match self {
            Self::Nothing => return None,
            Self::Octets(octets) => (octets.access(terms), false),
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
    match MediaRange::parse(&content_type(headers)) {
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
        let given = &*content_type(self.headers);
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
        let given = &*content_type(self.headers);
        if !MediaRange::parse(given).is_some_and(is_json) {
            content::wrong_media_type(tally);
            return Expected::Nothing;
        }
        self.of_kind(Some(Kind::Json), Some(Rc::clone(schema)), tally)
    }

    /// What is announced is judged at once, before anything of it goes on.
    fn octets(&self, mut octets: Octets, tally: &mut Tally) -> Expected {
        let announced = announced_length(self.headers);
        if !octets.is_checked() {
            return Expected::Nothing;
        }
        if octets.is_bounded() && Coding::of(self.headers) != Some(Coding::Identity) {
            content::coded(self.terms, tally);
            return Expected::Nothing;
        }
        match announced {
            Some(length) => {
                octets.part(length, true, tally);
                Expected::Nothing
            }
            None => Expected::Octets(octets),
        }
    }

    fn of_kind(
        &self,
        kind: Option<Kind>,
        schema: Option<Rc<Compiled>>,
        tally: &mut Tally,
    ) -> Expected {
        let Some(kind) = kind else {
            return self.octets(Octets::of(schema.as_deref(), self.required), tally);
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

/// The media type of a content. Where a message has several, it has none that is known.
pub(super) fn content_type(headers: &Headers) -> Cow<'_, [u8]> {
    headers.combined("content-type").unwrap_or_default()
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

//! Bodies by their media types.

use kit::media_range::MediaRange;

use crate::parameter::Form;

use super::view::SchemaRef;

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Whether there has to be one.
    pub required: bool,
    /// What it may be.
    pub content: Content,
}

/// What a body may be, by media type; those that say more first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content(pub Vec<MediaType>);

/// One media type or range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    /// The range, as it was written.
    pub range: String,
    /// What the whole body is held to.
    pub schema: Option<SchemaRef>,
    /// What each item of a sequential body is held to (3.2).
    pub item_schema: Option<SchemaRef>,
    /// How the fields of a form are read.
    pub form: Option<Form>,
}

impl Content {
    /// Whether nothing is declared, so that nothing is checked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a body of that `Content-Type` is held to: the range that says most of it (OAS 3.2.0
    /// section 4.13.1).
    pub fn find(&self, content_type: &[u8]) -> Option<&MediaType> {
        let given = MediaRange::parse(content_type)?;
        self.0.iter().find(|own| {
            let range = MediaRange::parse(own.range.as_bytes());
            range.is_some_and(|range| covers(range, given))
        })
    }

    /// The schemas of all media types.
    pub(super) fn schemas(&self) -> impl Iterator<Item = &SchemaRef> {
        let media_types = self.0.iter();
        media_types.flat_map(|own| own.schema.iter().chain(&own.item_schema))
    }

    /// Puts the ranges that say more before the others.
    pub(super) fn sort(&mut self) {
        let specificity = |own: &MediaType| {
            MediaRange::parse(own.range.as_bytes()).map(|range| range.specificity())
        };
        self.0
            .sort_by_key(|own| std::cmp::Reverse(specificity(own)));
    }
}

/// Whether a range covers a media type. Its parameters have to be there; others may be.
fn covers(range: MediaRange<'_>, given: MediaRange<'_>) -> bool {
    let essence = match range.essence.split_once('/') {
        Some(("*", "*")) => true,
        Some((kind, "*")) => given
            .essence
            .split_once('/')
            .is_some_and(|(own, _)| own.eq_ignore_ascii_case(kind)),
        _ => range.essence.eq_ignore_ascii_case(given.essence),
    };
    essence
        && range.parameters().all(|(name, _)| {
            let both = range.parameter(name).zip(given.parameter(name));
            both.is_some_and(|(one, other)| one.eq_ignore_ascii_case(&other))
        })
}

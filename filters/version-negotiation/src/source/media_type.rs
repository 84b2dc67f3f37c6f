//! A version in media types: as a parameter (`application/json;version=2`) or in the name of a
//! vendor's type (`application/vnd.acme.v2+json`).

use std::borrow::Cow;
use std::str::FromStr;

use deserr::Deserr;

use super::{Enough, Reader, Said, accept};
use crate::fields;
use crate::version::is_meant_as_version;
use kit::media_range::{MediaRange, elements};

/// How a media type names a version.
#[derive(Debug)]
pub(crate) enum MediaTypeForm {
    /// By a parameter of this name.
    Parameter(String),
    /// By its own name.
    Vendor(VendorTemplate),
}

/// A vendor's media type with its version left open, such as `application/vnd.acme.v{version}+json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VendorTemplate {
    prefix: String,
    suffix: String,
}

/// A header field that carries media types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(crate) enum Carrier {
    /// `Accept`: what the client wants to get.
    Accept,
    /// `Content-Type`: what the client sends.
    ContentType,
}

pub(super) fn read(
    form: &MediaTypeForm,
    carriers: &[Carrier],
    reader: &Reader<'_>,
    hear: &mut dyn FnMut(Said) -> Enough,
) -> Enough {
    for carrier in carriers {
        let said = match carrier {
            Carrier::Accept => accept::read(form, reader),
            Carrier::ContentType => content_type(form, reader),
        };
        if said.is_some_and(|said| hear(said) == Enough::Yes) {
            return Enough::Yes;
        }
    }
    Enough::No
}

/// `Content-Type` holds one media type; of several field lines the first that names a version counts,
/// because a message that has two is for the origin to refuse.
fn content_type(form: &MediaTypeForm, reader: &Reader<'_>) -> Option<Said> {
    reader
        .headers
        .get_all(fields::CONTENT_TYPE)
        .filter_map(|value| MediaRange::parse(elements(value).next()?))
        .find_map(|media_type| {
            let text = form.text(&media_type)?;
            Some(reader.said(text.as_bytes()))
        })
}

impl MediaTypeForm {
    /// The text that stands in place of the version.
    pub(super) fn text<'a>(&self, range: &MediaRange<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Parameter(name) => range.parameter(name),
            Self::Vendor(template) => template.text(range.essence).map(Cow::Borrowed),
        }
    }
}

impl VendorTemplate {
    /// Types have no case (RFC 9110 section 8.3.1).
    fn text<'a>(&self, essence: &'a str) -> Option<&'a str> {
        let end = essence.len().checked_sub(self.suffix.len())?;
        let matches =
            |part: Option<&str>, own: &str| part.is_some_and(|part| part.eq_ignore_ascii_case(own));
        let fits = matches(essence.get(..self.prefix.len()), &self.prefix)
            && matches(essence.get(end..), &self.suffix);
        let text = fits.then(|| essence.get(self.prefix.len()..end))??;
        is_meant_as_version(text).then_some(text)
    }
}

impl FromStr for VendorTemplate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected a media type with `{version}` in its subtype, such as \
                        \"application/vnd.acme.v{version}+json\"";
        let (prefix, suffix) = text.split_once("{version}").ok_or(expected)?;
        let sample = format!("{prefix}1{suffix}");
        let is_media_type = MediaRange::parse(sample.as_bytes())
            .is_some_and(|range| range.essence == sample && range.specificity().0 == 2);
        if !is_media_type || !prefix.contains('/') {
            return Err(expected.into());
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
        })
    }
}

//! What a response tells of the life of the version that made it.

use kit::headers::Headers;
use kit::policy::value::{Timestamp, Uri};

use crate::fields;
use crate::life::Life;

/// Where a client reads more about a version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links {
    /// About its deprecation.
    pub(crate) deprecation: Option<Uri>,
    /// About its end.
    pub(crate) sunset: Option<Uri>,
    /// The version to move to.
    pub(crate) successor: Option<Uri>,
}

/// The header fields about one version, made when the policy is loaded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Advice {
    pub(crate) deprecation: Option<String>,
    pub(crate) sunset: Option<String>,
    link: Option<String>,
    /// The version to move to.
    pub(crate) successor: Option<String>,
}

impl Advice {
    /// The fields that follow from a life and its links.
    pub(crate) fn of(life: &Life, links: &Links) -> Self {
        Self {
            // RFC 9745 section 2.1: a Date of RFC 9651; one in the future announces it.
            deprecation: life
                .deprecation
                .map(|date| format!("@{}", date.unix_seconds())),
            sunset: life.sunset.map(Timestamp::http_date),
            link: link_value(links),
            successor: links.successor.as_ref().map(|uri| uri.0.clone()),
        }
    }

    /// Adds the fields to the head of a response. What the origin says of its own life stays: it
    /// knows better, and a second value would make both unreadable (RFC 9651 section 4.2).
    pub(crate) fn apply(&self, headers: &mut Headers) {
        for (name, value) in [
            (fields::DEPRECATION, &self.deprecation),
            (fields::SUNSET, &self.sunset),
        ] {
            if let Some(value) = value
                && !headers.contains(name)
            {
                headers.append(name, value.as_bytes());
            }
        }
        // RFC 8288 section 3: `Link` is a list, so one more value leaves the others alone.
        if let Some(link) = &self.link {
            headers.append(fields::LINK, link.as_bytes());
        }
    }
}

/// RFC 9745 section 3, RFC 8594 section 6 and RFC 5829 section 3 name the relations.
fn link_value(links: &Links) -> Option<String> {
    let relations = [
        (
            &links.deprecation,
            "rel=\"deprecation\"; type=\"text/html\"",
        ),
        (&links.sunset, "rel=\"sunset\""),
        (&links.successor, "rel=\"successor-version\""),
    ];
    let values: Vec<String> = relations
        .into_iter()
        .filter_map(|(uri, about)| uri.as_ref().map(|uri| format!("<{}>; {about}", uri.0)))
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

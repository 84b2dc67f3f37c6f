//! The settings that each layer of the document may give.

use std::str::FromStr;

use deserr::Deserr;
use kit::policy::value::{MaxBody, Octets};
use kit::{object_value, string_value};

use super::link::{LinkEntry, UriTemplate};
use crate::plan::{KeepDetail, OverCap};
use crate::representation::Format;
use crate::sanitation::InternalHeader;
use crate::template::Template;

/// The layers that one rule has.
pub(super) type Layers<'a> = kit::policy::Layers<'a, Settings>;

/// Settings. A later layer overrides an earlier one field by field: `defaults`, then `runtimes`,
/// then `serviceSettings`, then the rule.
#[derive(Debug, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct Settings {
    /// The most that is read of an error's content; `64KiB` without it.
    pub(super) max_body: Option<MaxBody>,
    /// What happens to an error whose content is longer than that; `leave` without it.
    pub(super) over_cap: Option<OverCap>,
    /// The formats for clients of plain HTTP. The first one is used unless `Accept` prefers another;
    /// `problemJson` alone without it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(super) formats: Option<Vec<Format>>,
    /// Whether the answers are GraphQL, whose errors stay in its own form and come with 200 too;
    /// `false` without it.
    pub(super) graph_ql: Option<bool>,
    /// Header fields that only the mesh needs. They never leave it, whatever the answer is; none
    /// without it.
    pub(super) internal_headers: Option<Vec<InternalHeader>>,
    /// Whether the upstream is told which encodings the client takes; `keep` without it.
    pub(super) accept_encoding: Option<AcceptEncoding>,
    /// Whose words reach the client as the detail of a problem; `structured` without it.
    pub(super) keep_detail: Option<KeepDetail>,
    /// What identifies an occurrence, where its answer does not say: an absolute URI or an absolute
    /// path, or `none`; `urn:uuid:{requestId}` without it.
    pub(super) instance: Option<Instance>,
    /// Links that every problem carries, unless the catalogue or the service gives one of the same
    /// relation; none without it.
    pub(super) links: Option<Vec<LinkEntry>>,
    /// How much of a redacted original goes to the proxy's log, itself masked; none without it.
    pub(super) log_original: Option<LogOriginal>,
}

object_value!(Settings {
    max_body: optional "maxBody",
    over_cap: optional "overCap",
    formats: optional_list "formats",
    graph_ql: optional "graphQl",
    internal_headers: optional_list "internalHeaders",
    accept_encoding: optional "acceptEncoding",
    keep_detail: optional "keepDetail",
    instance: optional "instance",
    links: optional_list "links",
    log_original: optional "logOriginal",
});

/// Whether the upstream is told which encodings the client takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(super) enum AcceptEncoding {
    /// It is, and encoded errors pass as they are.
    #[default]
    Keep,
    /// It is not, so that every error can be read.
    Withhold,
}

/// How many octets of an original go to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogOriginal(pub(super) usize);

impl FromStr for LogOriginal {
    type Err = String;

    /// Envoy's log is for lines.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse()? {
            Octets(octets @ 0..=16_384) => Ok(Self(octets)),
            Octets(_) => Err("expected a size of at most 16 KiB".into()),
        }
    }
}

string_value!(LogOriginal, {
    "type": "string",
    "description": "A size with its unit of at most 16 KiB, such as \"2KiB\"; `0B` for nothing.",
    "pattern": "^[0-9]+ ?([kK]i?)?B?$"
});

/// What identifies an occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance(pub(super) Option<Template>);

impl FromStr for Instance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        let template = text.parse::<UriTemplate>();
        template.map(|own| Self(Some(own.0))).map_err(|message| {
            // What is wrong with braces stays as it is.
            match message.strip_prefix("expected an absolute URI") {
                Some(_) => "expected an absolute URI or an absolute path with values in braces, \
                            such as \"urn:uuid:{requestId}\", or `none`"
                    .into(),
                None => message,
            }
        })
    }
}

string_value!(Instance, {
    "type": "string",
    "description": "An absolute URI or an absolute path, with values of the occurrence in braces, such as \"urn:uuid:{requestId}\"; or `none`.",
    "pattern": "^([A-Za-z][A-Za-z0-9+.-]*:|/|none$)"
});

//! The two messages that a case sends: the client's request and the upstream's answer.

use std::num::NonZeroUsize;

use serde::Deserialize;

use super::octets::{FieldMap, Octets};
use super::step::Step;

/// What the client sends. Nothing is added to it: a case that is about `content-length` says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// The method; `GET` unless said.
    pub method: String,
    /// The host; `example.com` unless said.
    pub authority: Octets,
    /// The path with its query; `/` unless said.
    pub path: Octets,
    /// The header fields beside the pseudo-headers.
    pub headers: FieldMap,
    /// The content. Without it and without trailers the head is the whole message.
    pub body: Option<Octets>,
    /// The number of octets in each part of the body, where it is to come in several.
    pub chunks: Option<NonZeroUsize>,
    /// The trailer fields.
    pub trailers: Option<FieldMap>,
    /// Whether the client leaves while the upstream has the request and has not answered.
    pub aborts: bool,
}

/// What the upstream answers; 200 without content unless said.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upstream {
    /// The status code.
    pub status: u16,
    /// The header fields beside `:status`.
    pub headers: FieldMap,
    /// The content. Without it and without trailers the head is the whole message.
    pub body: Option<Octets>,
    /// The number of octets in each part of the body, where it is to come in several.
    pub chunks: Option<NonZeroUsize>,
    /// The trailer fields.
    pub trailers: Option<FieldMap>,
    /// Where it breaks off, if it does.
    pub breaks: Option<Break>,
    /// Exchanges that happen, one after the other, while it has the request and has not answered.
    pub meanwhile: Vec<Step>,
}

/// Where an upstream breaks off, by ending its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Break {
    /// Before the head of its answer.
    BeforeHead,
    /// After the head and the body that is given, and before their end.
    InBody,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            authority: "example.com".into(),
            path: "/".into(),
            headers: FieldMap::default(),
            body: None,
            chunks: None,
            trailers: None,
            aborts: false,
        }
    }
}

impl Default for Upstream {
    fn default() -> Self {
        Self {
            status: 200,
            headers: FieldMap::default(),
            body: None,
            chunks: None,
            trailers: None,
            breaks: None,
            meanwhile: Vec::new(),
        }
    }
}

//! What an answer needs of its request, which can no longer be read when the answer comes.

use std::cell::OnceCell;
use std::rc::Rc;

use kit::exchange::Exchange;
use kit::headers::Headers;
use kit::policy::Mode;
use kit::protocol::Client;

use crate::fields;
use crate::plan::{Plan, Rule};
use crate::representation::Format;

/// The most octets of an id that goes into an answer.
const MAX_ID: usize = 128;

/// What is kept of a request that a rule is for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) plan: Rc<Plan>,
    pub(crate) mode: Mode,
    pub(crate) client: Client,
    /// The format of a problem, where the client speaks plain HTTP.
    pub(crate) format: Format,
    pub(crate) is_head: bool,
    /// Whether the method is idempotent (RFC 9110 section 9.2.2).
    pub(crate) is_idempotent: bool,
    /// The id of the request, once somebody has asked for it.
    request_id: OnceCell<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) route: Option<String>,
}

impl Asked {
    /// Reads a request head.
    pub(crate) fn of(rule: &Rule, route: Option<String>, headers: &Headers) -> Self {
        let method = headers.get(fields::METHOD).unwrap_or_default();
        let plan = Rc::clone(&rule.plan);
        Self {
            mode: rule.mode,
            client: Client::of(headers),
            // A client of GraphQL reads JSON.
            format: if plan.graphql {
                Format::ProblemJson
            } else {
                Format::choose(&plan.formats, headers.get_all(fields::ACCEPT))
            },
            is_head: method == b"HEAD",
            is_idempotent: matches!(
                method,
                b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE" | b"PUT" | b"DELETE"
            ),
            request_id: id(headers, fields::REQUEST_ID).map_or_else(OnceCell::new, OnceCell::from),
            trace_id: trace_id(headers),
            route,
            plan,
        }
    }

    /// The id of the request. One without an id gets one, so that the client has something to
    /// quote, and keeps it: the head of an answer and its content must tell the same.
    pub(crate) fn request_id(&self, x: &Exchange<'_>) -> &str {
        self.request_id
            .get_or_init(|| format!("{:016x}", x.random()))
    }

    /// Whether fields of an answer are for the inside of the mesh alone.
    pub(crate) fn sanitises(&self) -> bool {
        self.is_enforced() && !self.plan.internal_headers.is_empty()
    }

    /// Whether what the policy says is done, or only told.
    pub(crate) fn is_enforced(&self) -> bool {
        self.mode == Mode::Enforce
    }
}

/// An id that may stand in an answer: visible ASCII, and no more of it than an id needs.
fn id(headers: &Headers, name: &str) -> Option<String> {
    let id = headers.text(name)?;
    let fits =
        !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| id.to_owned())
}

/// The trace id of `traceparent` (W3C Trace Context section 3.2.2.3).
fn trace_id(headers: &Headers) -> Option<String> {
    let mut parts = headers.text(fields::TRACEPARENT)?.split('-');
    let version = parts.next()?;
    let id = parts.next()?;
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_valid = version.len() == 2
        && version != "ff"
        && id.len() == 32
        && id.bytes().all(is_hex)
        && id.bytes().any(|byte| byte != b'0');
    is_valid.then(|| id.to_owned())
}

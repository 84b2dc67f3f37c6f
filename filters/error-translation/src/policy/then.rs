//! What an entry of the catalogue says about a problem.

use kit::object_value;
use kit::policy::value::{Line, Uri};
use kit::policy::{Findings, child};

use super::Surroundings;
use super::extension::{ExtensionValue, Extensions};
use super::link::LinkEntry;
use super::problem_type;
use super::value::{Domain, ErrorStatus, GrpcError, Reason, Seconds};
use crate::catalog::ProblemTemplate;
use crate::template::Template;

/// What an entry says about a problem. What it leaves out stays as it came.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Then", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct ThenEntry {
    /// The type URI: absolute, or what follows `problemBase`.
    #[cfg_attr(feature = "schema", schemars(rename = "type"))]
    type_uri: Option<Uri>,
    /// The kind in a few words, the same whenever it occurs.
    title: Option<Line>,
    /// The HTTP status, where it is not the one that came.
    pub(super) status: Option<ErrorStatus>,
    /// The status code for gRPC and Connect clients, where it is not the one that came.
    grpc: Option<GrpcError>,
    /// Why it happened, for gRPC and Connect clients.
    reason: Option<Reason>,
    /// Who gives the reason its meaning; without it the service.
    domain: Option<Domain>,
    /// What happened this time and what the client can do, with values of the occurrence in braces.
    detail: Option<Template>,
    /// Extension members, which join those that came.
    #[cfg_attr(feature = "schema", schemars(default))]
    extensions: Extensions<ExtensionValue>,
    /// After how long another try may succeed.
    retry_after: Option<Seconds>,
    /// Whether another try of the same request may succeed.
    retryable: Option<bool>,
    /// Links to something related.
    #[cfg_attr(feature = "schema", schemars(default))]
    links: Vec<LinkEntry>,
}

object_value!(ThenEntry {
    type_uri: optional "type",
    title: optional "title",
    status: optional "status",
    grpc: optional "grpc",
    reason: optional "reason",
    domain: optional "domain",
    detail: optional "detail",
    extensions: defaulted "extensions",
    retry_after: optional "retryAfter",
    retryable: optional "retryable",
    links: list "links",
});

/// Checks what stands at `at`.
pub(super) fn check(
    own: &ThenEntry,
    at: &str,
    surroundings: &Surroundings<'_>,
    findings: &mut Findings,
) -> ProblemTemplate {
    own.extensions.check(&child(at, "extensions"), findings);
    if own.domain.is_some() && own.reason.is_none() {
        findings.add(child(at, "domain"), "is of no use without `reason`");
    }
    if own.says_nothing() {
        findings.add(
            at,
            "says nothing about the problem; expected at least one member",
        );
    }
    let uri = own.type_uri.as_ref();
    let extensions = own.extensions.0.iter();
    ProblemTemplate {
        type_uri: uri.map(|uri| problem_type::check(uri, surroundings.problem_base, at, findings)),
        title: own.title.as_ref().map(|title| title.0.clone()),
        status: own.status.map(|status| status.0),
        grpc: own.grpc.map(|code| code.0),
        reason: own.reason.as_ref().map(|reason| reason.0.clone()),
        domain: own.domain.as_ref().map(|domain| domain.0.clone()),
        detail: own.detail.clone(),
        extensions: extensions
            .map(|(name, value)| (name.clone(), value.extension()))
            .collect(),
        retry_after: own.retry_after.map(|length| length.0),
        retryable: own.retryable,
        links: own.links.iter().map(LinkEntry::template).collect(),
    }
}

impl ThenEntry {
    fn says_nothing(&self) -> bool {
        self.type_uri.is_none()
            && self.title.is_none()
            && self.status.is_none()
            && self.grpc.is_none()
            && self.reason.is_none()
            && self.domain.is_none()
            && self.detail.is_none()
            && self.extensions.0.is_empty()
            && self.retry_after.is_none()
            && self.retryable.is_none()
            && self.links.is_empty()
    }
}

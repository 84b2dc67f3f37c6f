//! The settings that each layer of the document may give.

use deserr::Deserr;
use kit::object_value;
use kit::policy::value::{MaxBody, Name};

use super::answered_by::AnsweredByEntry;
use super::audit::AuditEntry;
use super::baggage::BaggageEntry;
use super::correlation::CorrelationEntry;
use super::metrics::MetricName;
use super::operation::OperationEntry;
use super::probe::ProbeEntry;
use super::trace_context::TraceContextEntry;
use crate::plan::DirectionRule;
use crate::semconv::Semconv;

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
    /// What becomes of the trace context; it is left alone without it.
    pub(super) trace_context: Option<TraceContextEntry>,
    /// The id that a person quotes who asks about a request; none without it.
    pub(super) correlation: Option<CorrelationEntry>,
    /// What goes on of the baggage; all of it without it.
    pub(super) baggage: Option<BaggageEntry>,
    /// Whether requests come to the services that the proxy stands before, or go out from them;
    /// `auto` without it.
    pub(super) direction: Option<DirectionRule>,
    /// The operations of the service: their routes and ids are tags and labels in place of paths.
    pub(super) operations: Option<Vec<OperationEntry>>,
    /// Whether services and methods of gRPC and Connect that are no operations are told as they
    /// are; `listed` without it.
    pub(super) rpc_methods: Option<RpcMethods>,
    /// The attributes of OpenTelemetry that every exchange gets; `off` without it.
    pub(super) semconv: Option<SemconvEntry>,
    /// The header fields of a response that say who answered.
    pub(super) answered_by: Option<AnsweredByEntry>,
    /// The names of the tags; all of `tags` without it.
    pub(super) tags: Option<Vec<Name>>,
    /// The most that is read of a content for tags; `64KiB` without it.
    pub(super) max_body: Option<MaxBody>,
    /// What is counted; nothing without it.
    pub(super) metrics: Option<Vec<MetricName>>,
    /// The most label sets of each metric in one VM; 500 without it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 5000)))]
    pub(super) label_sets: Option<u16>,
    /// How probes are told from traffic; there are none without it.
    pub(super) probe: Option<ProbeEntry>,
    /// What is told for the audit; nothing without it.
    pub(super) audit: Option<AuditEntry>,
}

object_value!(Settings {
    trace_context: optional "traceContext",
    correlation: optional "correlation",
    baggage: optional "baggage",
    direction: optional "direction",
    operations: optional_list "operations",
    rpc_methods: optional "rpcMethods",
    semconv: optional "semconv",
    answered_by: optional "answeredBy",
    tags: optional_list "tags",
    max_body: optional "maxBody",
    metrics: optional_list "metrics",
    label_sets: optional "labelSets",
    probe: optional "probe",
    audit: optional "audit",
});

/// Which services and methods of gRPC and Connect are told as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(super) enum RpcMethods {
    /// Those that are operations; others are `_OTHER`, because clients can make up any number.
    Listed,
    /// All.
    Any,
}

/// The names of OpenTelemetry's attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(super) enum SemconvEntry {
    /// None of them.
    Off,
    /// Those of semantic conventions 1.44.
    Stable,
    /// Those from before they moved.
    Old,
    /// Both, for the time of a move.
    Dup,
}

impl SemconvEntry {
    pub(super) fn names(self) -> Option<Semconv> {
        match self {
            Self::Off => None,
            Self::Stable => Some(Semconv::Stable),
            Self::Old => Some(Semconv::Old),
            Self::Dup => Some(Semconv::Dup),
        }
    }
}

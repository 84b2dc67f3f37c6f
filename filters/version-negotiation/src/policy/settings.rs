//! The settings that each layer of the document may give.

use kit::object_value;

use super::path::UpstreamPathEntry;
use super::refusals::RefusalsEntry;
use super::sources::SourceEntry;
use super::traffic::{CanaryEntry, ConsumerEntry, FlagEntry, KeyEntry, PinEntry};
use super::versions::{DefaultEntry, VersionEntry};
use crate::catalog::Resolution;
use crate::plan::OnConflict;
use crate::version::Scheme;

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
    /// How versions are written.
    pub(super) scheme: Option<Scheme>,
    /// How the version that a request names leads to one that exists; `exact` without it.
    pub(super) resolution: Option<Resolution>,
    /// Where requests name their version; the first comes first.
    pub(super) sources: Option<Vec<SourceEntry>>,
    /// What happens when a request names two different versions; `refuse` without it.
    pub(super) on_conflict: Option<OnConflict>,
    /// The version of a request that names none; the newest without it.
    pub(super) default: Option<DefaultEntry>,
    /// The versions that exist.
    pub(super) versions: Option<Vec<VersionEntry>>,
    /// What tells who asks.
    pub(super) consumer: Option<ConsumerEntry>,
    /// The versions of consumers who name none.
    pub(super) pins: Option<Vec<PinEntry>>,
    /// What requests are told apart by in canaries, variants and flags: the first of these that is
    /// there. Without it the consumer; where none is there, every request falls by itself.
    pub(super) canary_key: Option<Vec<KeyEntry>>,
    /// Shares of one version's requests that go to another one.
    pub(super) canaries: Option<Vec<CanaryEntry>>,
    /// Feature flags that are handed to the upstream in `x-treaty-flags`.
    pub(super) flags: Option<Vec<FlagEntry>>,
    /// What happens to the path of a request that is served; it stays without it.
    pub(super) upstream_path: Option<UpstreamPathEntry>,
    /// How often a request may pass a filter that rewrites its path on the same proxy; 10 without
    /// it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub(super) max_hops: Option<u8>,
    /// The HTTP status codes of refusals.
    pub(super) refusals: Option<RefusalsEntry>,
}

object_value!(Settings {
    scheme: optional "scheme",
    resolution: optional "resolution",
    sources: optional_list "sources",
    on_conflict: optional "onConflict",
    default: optional "default",
    versions: optional_list "versions",
    consumer: optional "consumer",
    pins: optional_list "pins",
    canary_key: optional_list "canaryKey",
    canaries: optional_list "canaries",
    flags: optional_list "flags",
    upstream_path: optional "upstreamPath",
    max_hops: optional "maxHops",
    refusals: optional "refusals",
});

//! The settings that each layer of the document may give.

use kit::object_value;
use kit::policy::value::{FieldName, MaxBody, Name};

use super::documentation::Documentation;
use super::fingerprint::FingerprintEntry;
use super::in_flight::{InFlightEntry, RetryAfter};
use super::keep::KeepEntry;
use super::key::KeyPlaceEntry;
use super::life::{ClaimTtl, OnClaimExpired, Retention, RouteTimeout, StoreTrouble};
use super::method::KeyedMethod;
use super::rpc::RpcEntry;
use super::scope::ScopeEntry;

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
    /// The name of the store; without it the only one.
    pub(super) store: Option<Name>,
    /// The methods whose requests are keyed; `POST` and `PATCH` without it.
    pub(super) methods: Option<Vec<KeyedMethod>>,
    /// Where the key stands and what it is like; without it the header field `Idempotency-Key`.
    pub(super) key: Option<KeyPlaceEntry>,
    /// Whether a request without a key is refused; without it such a request passes unkeyed.
    pub(super) required: Option<bool>,
    /// Where the rules for keys are documented, of which a refused client is told.
    pub(super) documentation: Option<Documentation>,
    /// Whose key it is, and for what.
    pub(super) scope: Option<ScopeEntry>,
    /// What must be alike in duplicates.
    pub(super) fingerprint: Option<FingerprintEntry>,
    /// The most of a content that a request waits for; `256KiB` without it. A longer one is refused.
    pub(super) max_request_body: Option<MaxBody>,
    /// What happens to duplicates of a request that is on its way; they are refused without it.
    pub(super) in_flight: Option<InFlightEntry>,
    /// After how long a refused duplicate may ask again; `1s` without it.
    pub(super) retry_after: Option<RetryAfter>,
    /// Which answers are kept, by their status.
    pub(super) keep: Option<KeepEntry>,
    /// How long a request is taken to be on its way; `60s` without it.
    pub(super) claim_ttl: Option<ClaimTtl>,
    /// How long answers are kept; `24h` without it.
    pub(super) retention: Option<Retention>,
    /// How long the proxy's route waits for the answer; without it the `deadline` of the service.
    pub(super) route_timeout: Option<RouteTimeout>,
    /// What a claim is worth that nobody has ended in time; `unknown` without it.
    pub(super) on_claim_expired: Option<OnClaimExpired>,
    /// What happens to requests while the store is in trouble; `closed` without it.
    pub(super) store_trouble: Option<StoreTrouble>,
    /// Whether the contents of answers are kept; true without it. Duplicates get the status and the
    /// header fields alone where it is false.
    pub(super) store_body: Option<bool>,
    /// The most octets of an answer that is kept, header fields and content together; without it
    /// `64KiB`, or what the store takes if that is less.
    pub(super) max_answer: Option<MaxBody>,
    /// The header fields of an answer that are not kept, beside those that never are.
    pub(super) drop_headers: Option<Vec<FieldName>>,
    /// The name of the key of `sealingKeys` that answers are sealed under, or `none`. It has to be
    /// said where contents are kept outside the proxy.
    pub(super) sealing: Option<Name>,
    /// What is known of RPC methods.
    pub(super) rpc: Option<RpcEntry>,
    /// How often the proxy may retry a keyed request that was surely never sent; without it its
    /// retries are left alone.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10)))]
    pub(super) retries: Option<u8>,
    /// The header field by which a mirrored request is known, beside the `-shadow` of its host.
    pub(super) mirror_header: Option<FieldName>,
}

object_value!(Settings {
    store: optional "store",
    methods: optional_list "methods",
    key: optional "key",
    required: optional "required",
    documentation: optional "documentation",
    scope: optional "scope",
    fingerprint: optional "fingerprint",
    max_request_body: optional "maxRequestBody",
    in_flight: optional "inFlight",
    retry_after: optional "retryAfter",
    keep: optional "keep",
    claim_ttl: optional "claimTtl",
    retention: optional "retention",
    route_timeout: optional "routeTimeout",
    on_claim_expired: optional "onClaimExpired",
    store_trouble: optional "storeTrouble",
    store_body: optional "storeBody",
    max_answer: optional "maxAnswer",
    drop_headers: optional_list "dropHeaders",
    sealing: optional "sealing",
    rpc: optional "rpc",
    retries: optional "retries",
    mirror_header: optional "mirrorHeader",
});

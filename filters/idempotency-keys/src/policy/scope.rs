//! Whose key it is, and for what.

use deserr::Deserr;
use kit::object_value;
use kit::policy::value::Name;
use kit::policy::{Findings, Placed, child};

use super::identity::IdentityEntry;
use super::settings::Layers;
use crate::scope::{Caller, Identity, PathScope, ScopeTerms};

/// The most identities that make up one caller.
const MOST_IDENTITIES: usize = 8;

/// Whose key it is, and for what: the same key of another caller, or for something else, is another
/// key.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Scope", deny_unknown_fields)
)]
pub(super) struct ScopeEntry {
    /// Tells the keys of this policy from those of another on the way of the same requests, such as
    /// a gateway's and a sidecar's, which would otherwise find each other's claims.
    namespace: Option<Name>,
    /// What tells who calls, all of it together. A request that lacks a part of it is refused.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 8)))]
    caller: Option<Vec<IdentityEntry>>,
    /// Whether all callers share their keys, so that each may be given the answers of any other.
    #[cfg_attr(feature = "schema", schemars(default))]
    shared: bool,
    /// What tells the tenant, of whose keys a `local` store keeps no more than `tenantShare`.
    tenant: Option<IdentityEntry>,
    /// Whether hosts are apart; true without it.
    host: Option<bool>,
    /// Whether methods are apart; true without it.
    method: Option<bool>,
    /// How paths are apart; by `template` without it.
    path: Option<PathEntry>,
}

object_value!(ScopeEntry {
    namespace: optional "namespace",
    caller: optional_list "caller",
    shared: defaulted "shared",
    tenant: optional "tenant",
    host: optional "host",
    method: optional "method",
    path: optional "path",
});

/// How paths are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "PathScope", rename_all = "camelCase")
)]
enum PathEntry {
    /// By the template of the rule's match: the same key is one for all orders. A path that no
    /// template is for stands for itself.
    Template,
    /// By the path itself.
    Path,
    /// They are not.
    Any,
}

/// Checks the scope of the rule at `rule_at`.
pub(super) fn check(
    rule_at: &str,
    layers: &Layers<'_>,
    findings: &mut Findings,
) -> Option<ScopeTerms> {
    let placed = layers.pick("scope", |own| own.scope.as_ref());
    let Some(Placed { value: own, at }) = placed else {
        findings.add(
            rule_at,
            format!("says nowhere whose its keys are: {ONE_COULD_READ}"),
        );
        return None;
    };
    let namespace = own.namespace.as_ref();
    let caller = check_caller(own, &at, findings);
    let tenant = own
        .tenant
        .as_ref()
        .map(|own| own.check(&child(&at, "tenant"), findings));
    Some(ScopeTerms {
        namespace: namespace.map(|name| name.0.clone()).unwrap_or_default(),
        caller: caller?,
        tenant,
        host: own.host.unwrap_or(true),
        method: own.method.unwrap_or(true),
        path: own.path.map_or(PathScope::Template, PathEntry::scope),
    })
}

/// draft-ietf-httpapi-idempotency-key-header-07 section 5: a key alone is no right to an answer.
const ONE_COULD_READ: &str = "without a caller one client could be given the answers of another; \
                              expected `scope` with `caller`, or with `\"shared\": true` where all \
                              clients are one";

fn check_caller(own: &ScopeEntry, at: &str, findings: &mut Findings) -> Option<Caller> {
    match (&own.caller, own.shared) {
        (Some(_), true) => {
            findings.add(
                child(at, "shared"),
                "contradicts `caller`; expected one of the two",
            );
            None
        }
        (None, true) => Some(Caller::Shared),
        (None, false) => {
            findings.add(at, format!("has no caller: {ONE_COULD_READ}"));
            None
        }
        (Some(caller), false) => {
            let at = child(at, "caller");
            if !(1..=MOST_IDENTITIES).contains(&caller.len()) {
                findings.add(&at, "expected 1 to 8 parts that tell who calls");
            }
            let identities = caller.iter().enumerate();
            let identities: Vec<Identity> = identities
                .map(|(index, own)| own.check(&child(&at, index), findings))
                .collect();
            Some(Caller::Apart(identities))
        }
    }
}

impl PathEntry {
    fn scope(self) -> PathScope {
        match self {
            Self::Template => PathScope::Template,
            Self::Path => PathScope::Path,
            Self::Any => PathScope::Any,
        }
    }
}

//! Whose key it is, and for what: the same key of another caller, or for another operation, is
//! another key.
//!
//! draft-ietf-httpapi-idempotency-key-header-07 section 5 (Security Considerations): a key without
//! a caller lets one client read the answers of another.

use std::borrow::Cow;

use kit::headers::Headers;
use kit::matching::PathTemplate;
use kit::policy::value::FieldName;
use kit::problem::{Code, ProblemType};

use crate::idempotency_key::IdempotencyKey;
use crate::store::{StoreKey, Tenant};
use crate::target;
use crate::transcript::Transcript;

/// What makes up a scope.
#[derive(Debug)]
pub(crate) struct ScopeTerms {
    /// What the keys are for. One request may pass several proxies that ask for its key, such as a
    /// gateway and a sidecar; with one namespace, the second would find the claim of the first.
    pub(crate) namespace: String,
    /// Who owns a key.
    pub(crate) caller: Caller,
    /// The tenant, where there are some.
    pub(crate) tenant: Option<Identity>,
    /// Whether hosts are apart.
    pub(crate) host: bool,
    /// Whether methods are apart.
    pub(crate) method: bool,
    /// How paths are apart.
    pub(crate) path: PathScope,
}

/// Who owns a key.
#[derive(Debug)]
pub(crate) enum Caller {
    /// The caller, who is told by all of these together. There has to be one at least.
    Apart(Vec<Identity>),
    /// Nobody: all callers share their keys.
    Shared,
}

/// Something that tells who calls. It is worth what the proxy has verified of it: a field that
/// clients can set freely lets one of them use the keys of another.
#[derive(Debug)]
pub(crate) enum Identity {
    /// A header field of the request; several lines are one list (RFC 9110 section 5.3).
    Field(FieldName),
    /// A property of the proxy, such as a claim in the metadata of `jwt_authn`.
    Property(Vec<String>),
}

impl Identity {
    /// The URI in the certificate of the peer, such as its SPIFFE ID. The peer is who is connected
    /// to this proxy, which behind a gateway is the gateway.
    pub(crate) fn uri_san() -> Self {
        Self::Property(
            ["connection", "uri_san_peer_certificate"]
                .map(str::to_owned)
                .to_vec(),
        )
    }

    /// The value, if there is one and it is not empty.
    fn read<'a>(&self, request: &'a Request<'_>) -> Option<Cow<'a, [u8]>> {
        let value = match self {
            Self::Field(name) => request.headers.combined(name.as_str())?,
            Self::Property(path) => {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                (request.property)(&path)?.into()
            }
        };
        (!value.trim_ascii().is_empty()).then_some(value)
    }
}

/// How paths are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathScope {
    /// They are not.
    Any,
    /// By the template that the path matches: the same key is one for all orders. A path that
    /// matches none stands for itself.
    Template,
    /// By the path itself.
    Path,
}

/// What a scope is read from.
pub(crate) struct Request<'a> {
    /// The head.
    pub(crate) headers: &'a Headers,
    /// The template that the path matches.
    pub(crate) template: Option<&'a PathTemplate>,
    /// Reads a property of the proxy.
    pub(crate) property: &'a dyn Fn(&[&str]) -> Option<Vec<u8>>,
}

/// Why a request has no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unscoped {
    /// It does not say who calls.
    NoCaller,
    /// It does not say for which tenant.
    NoTenant,
}

impl Unscoped {
    /// The kind of problem to answer with.
    pub(crate) fn kind(self) -> &'static ProblemType {
        match self {
            Self::NoCaller => &NO_CALLER,
            Self::NoTenant => &NO_TENANT,
        }
    }
}

static NO_CALLER: ProblemType = ProblemType {
    filter: "idempotency-keys",
    reason: "caller_unknown",
    title: "An idempotency key can only be used by a caller that is known",
    status: 403,
    grpc: Code::PermissionDenied,
};

static NO_TENANT: ProblemType = ProblemType {
    filter: "idempotency-keys",
    reason: "tenant_unknown",
    title: "An idempotency key can only be used for a tenant that is known",
    status: 403,
    grpc: Code::PermissionDenied,
};

/// Whose keys they are, and for what.
#[derive(Clone)]
pub(crate) struct Scope {
    transcript: Transcript,
    tenant: Option<Tenant>,
}

impl ScopeTerms {
    /// The scope of a request.
    pub(crate) fn scope(&self, request: &Request<'_>) -> Result<Scope, Unscoped> {
        let mut transcript = Transcript::new("treaty/idempotency-keys/scope/1");
        transcript.octets(self.namespace.as_bytes());
        self.caller.write(request, &mut transcript)?;
        let tenant = match &self.tenant {
            Some(tenant) => Some(tenant.read(request).ok_or(Unscoped::NoTenant)?),
            None => None,
        };
        transcript.optional(tenant.as_deref());
        let host = self.host.then(|| authority(request.headers));
        transcript.optional(host.as_deref());
        let method = request.headers.get(":method").filter(|_| self.method);
        transcript.optional(method);
        self.path.write(request, &mut transcript);
        let tenant = tenant.map(|tenant| self.hash(&tenant));
        Ok(Scope { transcript, tenant })
    }

    /// A tenant, as a store counts for it. Two that have one hash share what they may use, and
    /// nothing else.
    fn hash(&self, tenant: &[u8]) -> Tenant {
        let mut transcript = Transcript::new("treaty/idempotency-keys/tenant/1");
        transcript.octets(self.namespace.as_bytes());
        transcript.octets(tenant);
        let [a, b, c, d, ..] = transcript.finish();
        Tenant(u32::from_be_bytes([a, b, c, d]))
    }
}

impl Scope {
    /// What a store knows a key by.
    pub(crate) fn store_key(&self, key: &IdempotencyKey) -> StoreKey {
        let mut transcript = self.transcript.clone();
        key.write(&mut transcript);
        StoreKey::new(transcript.finish())
    }

    /// The tenant, where the scope has one.
    pub(crate) fn tenant(&self) -> Option<Tenant> {
        self.tenant
    }
}

impl Caller {
    fn write(&self, request: &Request<'_>, transcript: &mut Transcript) -> Result<(), Unscoped> {
        let identities = match self {
            Self::Shared => {
                transcript.optional(None);
                return Ok(());
            }
            Self::Apart(identities) if identities.is_empty() => return Err(Unscoped::NoCaller),
            Self::Apart(identities) => identities,
        };
        transcript.list(identities.len());
        for identity in identities {
            transcript.octets(&identity.read(request).ok_or(Unscoped::NoCaller)?);
        }
        Ok(())
    }
}

impl PathScope {
    const TEMPLATE: u8 = 1;
    const PATH: u8 = 2;

    fn write(self, request: &Request<'_>, transcript: &mut Transcript) {
        match (self, request.template) {
            (Self::Any, _) => transcript.optional(None),
            (Self::Template, Some(template)) => {
                transcript.mark(Self::TEMPLATE);
                transcript.octets(template.shape().as_bytes());
            }
            (Self::Template, None) | (Self::Path, _) => {
                transcript.mark(Self::PATH);
                let target = request.headers.get(":path").unwrap_or_default();
                match std::str::from_utf8(target) {
                    Ok(target) => transcript.octets(target::path(target).as_bytes()),
                    Err(_) => transcript.octets(target),
                }
            }
        }
    }
}

/// The host in its normal form: case does not matter, nor does a port that is the scheme's own
/// (RFC 9110 section 4.2.3).
fn authority(headers: &Headers) -> Vec<u8> {
    let authority = headers
        .get(":authority")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let default: &[u8] = match headers.get(":scheme") {
        Some(b"https") => b"443",
        Some(b"http") => b"80",
        _ => b"",
    };
    let colon = authority.iter().rposition(|octet| *octet == b':');
    let cut = colon.and_then(|colon| authority.split_at_checked(colon));
    match cut {
        Some((host, [_, port @ ..])) if port.is_empty() || port == default => host.to_vec(),
        _ => authority,
    }
}

#[cfg(test)]
mod tests;

//! What tells who calls.

use kit::policy::value::{FieldName, Line, Pointer};
use kit::policy::{Findings, child};
use kit::{object_value, tagged_value};

use crate::scope::Identity;

/// Where the claims of a token stand, if the policy does not say otherwise: where Envoy's examples
/// for `payload_in_metadata`, and Istio, put them.
const PAYLOAD: &str = "jwt_payload";

/// What tells who calls. It is worth what the proxy has verified of it.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Identity", tag = "from", rename_all = "camelCase")
)]
pub(super) enum IdentityEntry {
    /// A header field of the request.
    Header(FieldEntry),
    /// A claim of the token that Envoy's `jwt_authn` has verified.
    JwtClaim(ClaimEntry),
    /// The URI in the certificate of the peer, such as its SPIFFE ID. Behind a gateway the peer is
    /// the gateway.
    Certificate(CertificateEntry),
    /// A property of the proxy.
    Property(PropertyEntry),
}

tagged_value!(IdentityEntry, "from", {
    "header" => Header,
    "jwtClaim" => JwtClaim,
    "certificate" => Certificate,
    "property" => Property,
});

/// A header field.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "FieldIdentity", deny_unknown_fields)
)]
pub(super) struct FieldEntry {
    /// The name of the field.
    name: FieldName,
}

object_value!(FieldEntry {
    name: required "name",
});

/// A claim of a token.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ClaimIdentity", deny_unknown_fields)
)]
pub(super) struct ClaimEntry {
    /// Where the claim stands in the payload, as a JSON Pointer through objects, such as `/sub`.
    claim: Pointer,
    /// The key of `payload_in_metadata`; `jwt_payload` without it.
    payload: Option<Line>,
}

object_value!(ClaimEntry {
    claim: required "claim",
    payload: optional "payload",
});

/// The certificate of the peer.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "CertificateIdentity", deny_unknown_fields)
)]
pub(super) struct CertificateEntry {}

object_value!(CertificateEntry {});

/// A property of the proxy.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "PropertyIdentity", deny_unknown_fields)
)]
pub(super) struct PropertyEntry {
    /// The path, such as `["connection", "subject_peer_certificate"]`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16)))]
    path: Vec<Line>,
}

object_value!(PropertyEntry {
    path: required_list "path",
});

impl IdentityEntry {
    /// The identity, ready to use.
    pub(super) fn check(&self, at: &str, findings: &mut Findings) -> Identity {
        match self {
            Self::Header(own) => Identity::Field(own.name.clone()),
            Self::JwtClaim(own) => own.check(at, findings),
            Self::Certificate(CertificateEntry {}) => Identity::uri_san(),
            Self::Property(own) => own.check(at, findings),
        }
    }
}

impl ClaimEntry {
    fn check(&self, at: &str, findings: &mut Findings) -> Identity {
        let unescaped = |token: &str| token.replace("~1", "/").replace("~0", "~");
        let claim: Vec<String> = self
            .claim
            .as_str()
            .split('/')
            .skip(1)
            .map(unescaped)
            .collect();
        if claim.is_empty() {
            findings.add(
                child(at, "claim"),
                "expected the place of one claim, such as \"/sub\"",
            );
        }
        let payload = self.payload.as_ref().map_or(PAYLOAD, |own| own.as_str());
        let before = [
            "metadata",
            "filter_metadata",
            "envoy.filters.http.jwt_authn",
            payload,
        ];
        Identity::Property(before.map(str::to_owned).into_iter().chain(claim).collect())
    }
}

impl PropertyEntry {
    fn check(&self, at: &str, findings: &mut Findings) -> Identity {
        if !(1..=16).contains(&self.path.len()) {
            findings.add(child(at, "path"), "expected 1 to 16 parts of a path");
        }
        Identity::Property(self.path.iter().map(|part| part.0.clone()).collect())
    }
}

//! Where the value of a tag comes from.

use std::str::FromStr;

use deserr::Deserr;
use kit::fact::Fact;
use kit::policy::value::{FieldName, Line, Pointer};
use kit::policy::{Findings, child};
use kit::{object_value, string_value, tagged_value};

use crate::source::{Known, Phase, Property, PropertyKind, Source};

/// Where the claims of a token stand, if the policy does not say otherwise: where Envoy's examples
/// for `payload_in_metadata`, and Istio, put them.
const PAYLOAD: &str = "jwt_payload";

/// Where the value of a tag comes from.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Source", tag = "from", rename_all = "camelCase")
)]
pub(super) enum SourceEntry {
    /// A header field of the request.
    Header(FieldEntry),
    /// A header field of the response.
    ResponseHeader(FieldEntry),
    /// A trailer field of the request.
    RequestTrailer(FieldEntry),
    /// A trailer field of the response.
    ResponseTrailer(FieldEntry),
    /// A variable in the path template of the operation.
    PathParameter(NamedEntry),
    /// A parameter of the query.
    Query(NamedEntry),
    /// A cookie.
    Cookie(NamedEntry),
    /// A claim of the token that Envoy's `jwt_authn` has verified.
    JwtClaim(ClaimEntry),
    /// A property of the proxy.
    Property(PropertyEntry),
    /// A member of the baggage.
    Baggage(NamedEntry),
    /// A value in the JSON content of the request.
    RequestBody(BodyEntry),
    /// A value in the JSON content of the response.
    ResponseBody(BodyEntry),
    /// What another filter of Treaty has told.
    Fact(FactEntry),
    /// Always the same.
    Constant(ConstantEntry),
    /// What the filter itself knows of the exchange.
    Exchange(ExchangeEntry),
}

tagged_value!(SourceEntry, "from", {
    "header" => Header,
    "responseHeader" => ResponseHeader,
    "requestTrailer" => RequestTrailer,
    "responseTrailer" => ResponseTrailer,
    "pathParameter" => PathParameter,
    "query" => Query,
    "cookie" => Cookie,
    "jwtClaim" => JwtClaim,
    "property" => Property,
    "baggage" => Baggage,
    "requestBody" => RequestBody,
    "responseBody" => ResponseBody,
    "fact" => Fact,
    "constant" => Constant,
    "exchange" => Exchange,
});

/// A field.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "FieldSource", deny_unknown_fields)
)]
pub(super) struct FieldEntry {
    /// The name of the field.
    name: FieldName,
}

object_value!(FieldEntry {
    name: required "name",
});

/// Something with a name.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "NamedSource", deny_unknown_fields)
)]
pub(super) struct NamedEntry {
    /// The name; case counts.
    name: Line,
}

object_value!(NamedEntry {
    name: required "name",
});

/// A claim of a token.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ClaimSource", deny_unknown_fields)
)]
pub(super) struct ClaimEntry {
    /// Where the claim stands in the payload, as a JSON Pointer through objects, such as `/sub`.
    claim: Pointer,
    /// The key of `payload_in_metadata`; `jwt_payload` without it.
    payload: Option<Line>,
    /// What the claim is; text without it.
    #[cfg_attr(feature = "schema", schemars(default))]
    r#type: PropertyKind,
    /// When it is asked for.
    when: Option<When>,
}

object_value!(ClaimEntry {
    claim: required "claim",
    payload: optional "payload",
    r#type: defaulted "type",
    when: optional "when",
});

/// A property of the proxy.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "PropertySource", deny_unknown_fields)
)]
pub(super) struct PropertyEntry {
    /// The path, such as `["connection", "uri_san_peer_certificate"]`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16)))]
    path: Vec<Line>,
    /// What it is; text without it.
    #[cfg_attr(feature = "schema", schemars(default))]
    r#type: PropertyKind,
    /// When it is asked for.
    when: Option<When>,
}

object_value!(PropertyEntry {
    path: required_list "path",
    r#type: defaulted "type",
    when: optional "when",
});

/// A value in a JSON content.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "BodySource", deny_unknown_fields)
)]
pub(super) struct BodyEntry {
    /// Where it stands.
    pointer: Pointer,
}

object_value!(BodyEntry {
    pointer: required "pointer",
});

/// What another filter has told.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "FactSource", deny_unknown_fields)
)]
pub(super) struct FactEntry {
    /// The name of the fact, such as `treaty.version`.
    name: FactName,
    /// When it is asked for.
    when: Option<When>,
}

object_value!(FactEntry {
    name: required "name",
    when: optional "when",
});

/// Always the same.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ConstantSource", deny_unknown_fields)
)]
pub(super) struct ConstantEntry {
    /// The value.
    value: Line,
}

object_value!(ConstantEntry {
    value: required "value",
});

/// What the filter itself knows.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ExchangeSource", deny_unknown_fields)
)]
pub(super) struct ExchangeEntry {
    /// What it knows.
    value: Known,
}

object_value!(ExchangeEntry {
    value: required "value",
});

/// When something is asked for that is there at any time; `response` without it, or `request` where
/// the upstream is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(super) enum When {
    /// When the head of the request comes.
    Request,
    /// When the head of the response comes.
    Response,
    /// When all is over.
    End,
}

/// The name of a fact.
#[derive(Debug)]
pub(super) struct FactName(String);

impl FromStr for FactName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name = text.strip_prefix("treaty.").unwrap_or_default();
        if name.is_empty() || text.len() > 64 || !name.chars().all(fits) {
            return Err("expected the name of a fact, such as \"treaty.version\"".into());
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(FactName, {
    "type": "string",
    "description": "The name of a fact of another filter, such as \"treaty.version\".",
    "pattern": "^treaty\\.[A-Za-z0-9_.-]{1,57}$"
});

impl SourceEntry {
    /// The source, and the phase where the policy says one.
    pub(super) fn check(&self, at: &str, findings: &mut Findings) -> (Source, Option<Phase>) {
        let name = |own: &FieldEntry| own.name.0.clone();
        let text = |own: &NamedEntry| own.name.0.clone();
        let source = match self {
            Self::Header(own) => Source::Header(name(own)),
            Self::ResponseHeader(own) => Source::ResponseHeader(name(own)),
            Self::RequestTrailer(own) => Source::RequestTrailer(name(own)),
            Self::ResponseTrailer(own) => Source::ResponseTrailer(name(own)),
            Self::PathParameter(own) => Source::PathParameter(text(own)),
            Self::Query(own) => Source::Query(text(own)),
            Self::Cookie(own) => Source::Cookie(text(own)),
            Self::Baggage(own) => Source::Baggage(text(own)),
            Self::JwtClaim(own) => return (own.check(at, findings), phase(own.when)),
            Self::Property(own) => return (own.check(at, findings), phase(own.when)),
            Self::RequestBody(own) => Source::RequestBody(own.pointer.clone()),
            Self::ResponseBody(own) => Source::ResponseBody(own.pointer.clone()),
            Self::Fact(own) => {
                let fact = Fact::named(own.name.0.clone(), "another", crate::facts::TAG_LIMIT);
                return (Source::Fact(fact), phase(own.when));
            }
            Self::Constant(own) => Source::Constant(own.value.0.clone()),
            Self::Exchange(own) => Source::Exchange(own.value),
        };
        (source, None)
    }

    /// The name of a field whose values are credentials, if it is one.
    pub(super) fn credentials(&self) -> Option<&str> {
        const CREDENTIALS: [&str; 8] = [
            "authorization",
            "cookie",
            "proxy-authorization",
            "set-cookie",
            "x-api-key",
            "x-amz-security-token",
            "x-auth-token",
            "x-csrf-token",
        ];
        match self {
            Self::Header(own)
            | Self::ResponseHeader(own)
            | Self::RequestTrailer(own)
            | Self::ResponseTrailer(own) => {
                let name = own.name.as_str();
                CREDENTIALS.contains(&name).then_some(name)
            }
            _ => None,
        }
    }
}

impl ClaimEntry {
    fn check(&self, at: &str, findings: &mut Findings) -> Source {
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
        let payload = self.payload.as_ref().map_or(PAYLOAD, |own| &own.0);
        let before = [
            "metadata",
            "filter_metadata",
            "envoy.filters.http.jwt_authn",
            payload,
        ];
        Source::Property(Property {
            path: before.map(str::to_owned).into_iter().chain(claim).collect(),
            kind: self.r#type,
        })
    }
}

impl PropertyEntry {
    fn check(&self, at: &str, findings: &mut Findings) -> Source {
        if !(1..=16).contains(&self.path.len()) {
            findings.add(child(at, "path"), "expected 1 to 16 parts of a path");
        }
        Source::Property(Property {
            path: self.path.iter().map(|part| part.0.clone()).collect(),
            kind: self.r#type,
        })
    }
}

fn phase(when: Option<When>) -> Option<Phase> {
    Some(match when? {
        When::Request => Phase::Request,
        When::Response => Phase::Response,
        When::End => Phase::End,
    })
}

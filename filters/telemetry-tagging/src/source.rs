//! Where the value of a tag comes from.

use std::borrow::Cow;

use kit::exchange::Exchange;
use kit::fact::Fact;
use kit::headers::Headers;
use kit::policy::value::Pointer;

/// Where the value of a tag comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A header field of the request; several lines are one list (RFC 9110 section 5.3).
    Header(String),
    /// A header field of the response.
    ResponseHeader(String),
    /// A trailer field of the request.
    RequestTrailer(String),
    /// A trailer field of the response.
    ResponseTrailer(String),
    /// A variable in the path template of the operation.
    PathParameter(String),
    /// A parameter of the query, decoded; the first one of its name.
    Query(String),
    /// A cookie; the first one of its name.
    Cookie(String),
    /// A property of the proxy.
    Property(Property),
    /// A member of the baggage.
    Baggage(String),
    /// A value in the JSON content of the request.
    RequestBody(Pointer),
    /// A value in the JSON content of the response.
    ResponseBody(Pointer),
    /// What another filter has told.
    Fact(Fact),
    /// Always the same.
    Constant(String),
    /// What the filter itself knows of the exchange.
    Exchange(Known),
}

/// A property of the proxy, and how its octets are read.
#[derive(Debug)]
pub(crate) struct Property {
    /// The path.
    pub(crate) path: Vec<String>,
    /// What its octets are.
    pub(crate) kind: PropertyKind,
}

/// What the octets of a property are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, deserr::Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(crate) enum PropertyKind {
    /// Text.
    #[default]
    Text,
    /// A whole number.
    Integer,
    /// A number with fractions, such as numbers in claims and metadata.
    Number,
    /// Yes or no.
    Boolean,
}

/// What the filter itself knows of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, deserr::Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
#[cfg_attr(
    not(feature = "schema"),
    expect(
        unreachable_pub,
        reason = "It is named where formats are rendered, natively."
    )
)]
pub enum Known {
    /// The path template of the operation.
    Route,
    /// The id of the operation.
    Operation,
    /// The request method; `_OTHER` for one that is not known.
    Method,
    /// The request target without what logs must not have.
    Target,
    /// The service that the rule is for.
    Service,
    /// The service of a call of gRPC or Connect.
    RpcService,
    /// The method of a call of gRPC or Connect.
    RpcMethod,
    /// The trace that the upstream is told of.
    TraceId,
    /// What became of the trace context.
    TraceOutcome,
    /// The id that a person quotes.
    CorrelationId,
    /// `true` for an authenticated probe, else `false`.
    Synthetic,
    /// The revision of the policy.
    Revision,
    /// `inbound` or `outbound`.
    Direction,
    /// The service that answered, as it says.
    AnsweredService,
    /// The version that answered, as it says.
    AnsweredVersion,
    /// The deployment that answered, as it says.
    AnsweredDeployment,
    /// The language of the service that answered, as `services` has it.
    AnsweredRuntime,
    /// Whether the request took the expected path.
    Fidelity,
    /// The status of gRPC by its name.
    GrpcStatus,
    /// Why the exchange failed, if it did.
    ErrorType,
    /// The class of the status.
    StatusClass,
}

/// The event at which a value is there. The order is that of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The head of the request.
    Request,
    /// The content and trailers of the request.
    RequestEnd,
    /// The head of the response.
    Response,
    /// As soon as it is known how the exchange ended: the head of the response, of gRPC mostly its
    /// trailers.
    Outcome,
    /// The content and trailers of the response.
    ResponseEnd,
    /// The exchange is over.
    End,
}

impl Source {
    /// When the value is there; `None` for what can be asked for at any time.
    pub(crate) fn phase(&self) -> Option<Phase> {
        Some(match self {
            Self::Property(_) | Self::Fact(_) => return None,
            Self::RequestTrailer(_) | Self::RequestBody(_) => Phase::RequestEnd,
            Self::ResponseHeader(_) => Phase::Response,
            Self::ResponseTrailer(_) | Self::ResponseBody(_) => Phase::ResponseEnd,
            Self::Exchange(known) => known.phase(),
            _ => Phase::Request,
        })
    }

    /// Whether the value is the target, which is looked through before it is a value.
    pub(crate) fn is_target(&self) -> bool {
        matches!(self, Self::Exchange(Known::Target))
    }

    /// Whether the value is one of a few that the policy or the filter makes, so that nothing
    /// personal can be in it.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Constant(_) => true,
            Self::Exchange(known) => known.is_closed(),
            _ => false,
        }
    }
}

impl Known {
    fn phase(self) -> Phase {
        match self {
            Self::AnsweredService
            | Self::AnsweredVersion
            | Self::AnsweredDeployment
            | Self::AnsweredRuntime
            | Self::Fidelity => Phase::Response,
            Self::GrpcStatus | Self::ErrorType | Self::StatusClass => Phase::Outcome,
            _ => Phase::Request,
        }
    }

    fn is_closed(self) -> bool {
        !matches!(
            self,
            // The target is looked through already, but its length and form are the client's.
            Self::Target
                | Self::RpcService
                | Self::RpcMethod
                | Self::CorrelationId
                | Self::AnsweredService
                | Self::AnsweredVersion
                | Self::AnsweredDeployment
        )
    }
}

impl Property {
    /// The value as text; [`OTHER_TYPE`] where the proxy has one of another kind.
    pub(crate) fn read(&self, x: &Exchange<'_>) -> Result<Option<String>, &'static str> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let Some(octets) = x.property(&path) else {
            return Ok(None);
        };
        let text = match self.kind {
            PropertyKind::Text => String::from_utf8(octets).ok(),
            PropertyKind::Integer => integer(&octets).map(|number| number.to_string()),
            PropertyKind::Number => {
                let number = octets.try_into().map(f64::from_le_bytes);
                number.ok().map(crate::step::label)
            }
            PropertyKind::Boolean => match octets.as_slice() {
                [0] => Some("false".to_owned()),
                [1] => Some("true".to_owned()),
                _ => None,
            },
        };
        text.map(Some).ok_or(OTHER_TYPE)
    }
}

/// Why no tag is made of a property that is not what the policy says.
pub(crate) const OTHER_TYPE: &str = "other_type";

/// A whole number as the proxy hands it over: eight octets, the lowest first.
pub(crate) fn integer(octets: &[u8]) -> Option<i64> {
    octets.try_into().map(i64::from_le_bytes).ok()
}

/// All lines of a field as one list; [`NOT_UTF8`] where it is not.
pub(crate) fn field<'h>(
    headers: &'h Headers,
    name: &str,
) -> Result<Option<Cow<'h, str>>, &'static str> {
    match headers.combined(name) {
        None => Ok(None),
        Some(Cow::Borrowed(value)) => {
            let text = std::str::from_utf8(value).map_err(|_| NOT_UTF8)?;
            Ok(Some(Cow::Borrowed(text)))
        }
        Some(Cow::Owned(value)) => {
            let text = String::from_utf8(value).map_err(|_| NOT_UTF8)?;
            Ok(Some(Cow::Owned(text)))
        }
    }
}

/// Why no tag is made of a value that is not UTF-8.
pub(crate) const NOT_UTF8: &str = "not_utf8";

/// The first parameter of this name in the query of a target, decoded.
pub(crate) fn query<'t>(target: &'t str, name: &str) -> Option<Cow<'t, str>> {
    let (_, query) = kit::matching::split_query(target);
    form_urlencoded::parse(query.trim_start_matches('?').as_bytes())
        .find(|(own, _)| own == name)
        .map(|(_, value)| value)
}

/// The first cookie of this name (RFC 6265 section 5.4), without quotes around its value.
pub(crate) fn cookie<'h>(
    headers: &'h Headers,
    name: &str,
) -> Result<Option<&'h str>, &'static str> {
    let pairs = headers
        .get_all("cookie")
        .flat_map(|line| line.split(|octet| *octet == b';'));
    for pair in pairs {
        let Some(at) = pair.iter().position(|octet| *octet == b'=') else {
            continue;
        };
        let (own, value) = pair.split_at(at);
        if own.trim_ascii() == name.as_bytes() {
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            let value = std::str::from_utf8(value).map_err(|_| NOT_UTF8)?;
            let inner = value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'));
            return Ok(Some(inner.unwrap_or(value)));
        }
    }
    Ok(None)
}

/// What stands at a place in a document, as text: no lists and no objects, which have no one value.
pub(crate) fn member(document: &serde_json::Value, pointer: &Pointer) -> Option<String> {
    match pointer.find(document)? {
        serde_json::Value::String(text) => Some(text.clone()),
        value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => {
            Some(value.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &[u8])]) -> Headers {
        Headers::from_pairs(pairs.iter().map(|(name, value)| (*name, value.to_vec())))
    }

    #[test]
    fn a_query_parameter_is_decoded_and_the_first_counts() {
        assert_eq!(
            query("/a?x=1&plan=gold%2Bone&plan=2", "plan").as_deref(),
            Some("gold+one")
        );
        assert_eq!(query("/a?planet=1", "plan"), None);
        assert_eq!(query("/a", "plan"), None);
        assert_eq!(query("/a?plan", "plan").as_deref(), Some(""));
    }

    #[test]
    fn a_cookie_is_found_in_every_line_and_without_its_quotes() {
        let headers = headers(&[("cookie", b"a=1; b=\"2=3\""), ("cookie", b"c=4;d")]);
        assert_eq!(cookie(&headers, "a"), Ok(Some("1")));
        assert_eq!(cookie(&headers, "b"), Ok(Some("2=3")));
        assert_eq!(cookie(&headers, "c"), Ok(Some("4")));
        assert_eq!(cookie(&headers, "d"), Ok(None));
    }

    #[test]
    fn values_that_are_not_utf8_are_told_apart_from_none() {
        let headers = headers(&[("x-a", b"\xff"), ("cookie", b"a=\xff")]);
        assert_eq!(field(&headers, "x-a"), Err(NOT_UTF8));
        assert_eq!(field(&headers, "x-b"), Ok(None));
        assert_eq!(cookie(&headers, "a"), Err(NOT_UTF8));
    }

    #[test]
    fn lists_and_objects_in_a_document_have_no_one_value() {
        let document =
            serde_json::json!({"a": "t", "b": 1.5, "c": [1], "d": {}, "e": null, "f": true});
        let at = |pointer: &str| member(&document, &pointer.parse().unwrap());
        assert_eq!(at("/a").as_deref(), Some("t"));
        assert_eq!(at("/b").as_deref(), Some("1.5"));
        assert_eq!(at("/f").as_deref(), Some("true"));
        assert_eq!(
            [at("/c"), at("/d"), at("/e"), at("/g"), at("")],
            [const { None }; 5]
        );
    }
}

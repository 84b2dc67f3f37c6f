//! The headers that belong to a whole chain of calls rather than to one hop.

use axum::http::{HeaderMap, HeaderName};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// W3C trace context and baggage, and Envoy's request id.
const PROPAGATED: [HeaderName; 4] = [
    TRACEPARENT,
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("baggage"),
    HeaderName::from_static("x-request-id"),
];

/// Picks from an arrived call what the calls made for it must carry on. It goes on just as it came,
/// because the service makes no spans of its own.
pub(crate) fn propagated(arrived: &HeaderMap) -> HeaderMap {
    let mut onward = HeaderMap::new();
    for name in PROPAGATED {
        for value in arrived.get_all(&name) {
            onward.append(name.clone(), value.clone());
        }
    }
    onward
}

/// The trace that a call belongs to, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    /// 32 hex digits.
    pub(crate) trace_id: String,
    /// The span that made the call: 16 hex digits.
    pub(crate) span_id: String,
}

impl Trace {
    /// Reads version 00 of `traceparent` (W3C Trace Context, section 3.2), the only one there is.
    /// `None` for what is not valid: a made-up id would lead nowhere.
    pub(crate) fn of(arrived: &HeaderMap) -> Option<Self> {
        let mut lines = arrived.get_all(TRACEPARENT).into_iter();
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return None;
        };
        let mut fields = line.to_str().ok()?.split('-');
        let mut field = |digits| fields.next().filter(|field| is_lower_hex(field, digits));
        let version = field(2)?;
        let trace_id = field(32).filter(|id| !is_zero(id))?.to_owned();
        let span_id = field(16).filter(|id| !is_zero(id))?.to_owned();
        field(2)?;
        (version == "00" && fields.next().is_none()).then_some(Self { trace_id, span_id })
    }
}

fn is_lower_hex(field: &str, digits: usize) -> bool {
    field.len() == digits
        && field
            .bytes()
            .all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_zero(id: &str) -> bool {
    id.bytes().all(|octet| octet == b'0')
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn only_the_context_goes_onward() {
        let arrived =
            HeaderMap::from_iter(["baggage", "authorization", "x-request-id"].map(|name| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static("value"),
                )
            }));
        let onward = propagated(&arrived);
        assert_eq!(onward.len(), 2);
        assert!(!onward.contains_key("authorization"));
    }

    fn arrived(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(TRACEPARENT, line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_trace_is_that_of_the_caller() {
        let trace = Trace::of(&arrived(&[VALID])).unwrap();
        assert_eq!(trace.trace_id, "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(trace.span_id, "b7ad6b7169203331");
    }

    #[test]
    fn an_invalid_trace_is_none() {
        for lines in [
            &[][..],
            &[VALID, VALID],
            &[""],
            &["ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
            &["00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"],
            &["00-00000000000000000000000000000000-b7ad6b7169203331-01"],
            &["00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"],
            &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"],
            &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-00"],
        ] {
            assert_eq!(Trace::of(&arrived(lines)), None, "{lines:?}");
        }
    }
}

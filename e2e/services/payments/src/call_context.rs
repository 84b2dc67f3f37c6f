//! The headers that belong to a whole chain of calls rather than to one hop.

use axum::http::{HeaderMap, HeaderName};

/// W3C trace context and baggage, and Envoy's request id.
const PROPAGATED: [HeaderName; 4] = [
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("baggage"),
    HeaderName::from_static("x-request-id"),
];

/// Picks from an arrived call what the calls made for it must carry on.
pub(crate) fn propagated(arrived: &HeaderMap) -> HeaderMap {
    let mut onward = HeaderMap::new();
    for name in PROPAGATED {
        for value in arrived.get_all(&name) {
            onward.append(name.clone(), value.clone());
        }
    }
    onward
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

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
}

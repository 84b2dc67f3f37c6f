//! What spans of Envoy's tracer say: what a policy tells, and nothing of what Envoy's own tags would
//! give away.

use serde_json::{Map, Value, json};
use telemetry_tagging::Policy;
use telemetry_tagging::render::{Known, Told, told};

use super::{expression, filter_state};

/// What stands in place of what is personal, as in the semantic conventions.
const REDACTED: &str = "REDACTED";

/// Envoy's own tags whose values clients choose. A custom tag of the same name replaces one, and one
/// without a value does not, so these always have one.
///
/// `grpc.message` cannot be replaced, because Envoy writes it last: what a service says there is in
/// the span, unless error-translation has cleaned it.
const OWN: [&str; 5] = [
    "downstream_cluster",
    "guid:x-client-trace-id",
    "http.url",
    "peer.address",
    "user_agent",
];

/// The same, which only calls of gRPC have.
const OWN_OF_GRPC: [&str; 4] = [
    "grpc.authority",
    "grpc.content_type",
    "grpc.path",
    "grpc.timeout",
];

/// What `tracing` needs beside the provider of the tracer and its sampling.
pub(super) fn tracing(policy: &Policy) -> Map<String, Value> {
    let told = told(policy);
    let tags = tags(policy, told.iter().filter(|(_, told)| told.is_in_spans));
    let mut tracing = Map::new();
    tracing.insert("custom_tags".to_owned(), tags.into());
    // Where a custom tag fails, `http.url` has neither path nor query.
    tracing.insert("max_path_tag_length".to_owned(), 0.into());
    if let Some(route) = told.values().find(|told| told.known == Some(Known::Route)) {
        // The name of a server's span, as the semantic conventions for HTTP want it.
        let name = format!(
            "{} {}",
            expression::method(policy),
            filter_state(&route.fact)
        );
        for operation in ["operation", "upstream_operation"] {
            tracing.insert(operation.to_owned(), name.as_str().into());
        }
    }
    tracing
}

fn tags<'a>(policy: &Policy, told: impl Iterator<Item = (&'a String, &'a Told)>) -> Vec<Value> {
    let tag = |name: &str, value: String| json!({"tag": name, "value": value});
    let own = OWN.map(|name| json!({"tag": name, "literal": {"value": REDACTED}}));
    let of_grpc = OWN_OF_GRPC.map(|name| tag(name, expression::if_grpc(REDACTED)));
    let mut tags: Vec<Value> = own.into_iter().chain(of_grpc).collect();
    tags.push(tag("guid:x-request-id", expression::request_id()));
    tags.push(tag("http.method", expression::method(policy)));
    for (name, told) in told.filter(|(name, _)| *name != "http.method") {
        tags.push(tag(name, filter_state(&told.fact)));
    }
    tags
}

//! Which header fields a policy may name to be written or taken away.

use kit::policy::Findings;

use crate::fields::SYNTHETIC;
use crate::trace_context::Format;

/// Fields that others rely on: they say what a message is, whose trace it belongs to, or who sent
/// it.
const OF_OTHERS: [&str; 16] = [
    "authorization",
    "baggage",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "grpc-status",
    "host",
    "proxy-authorization",
    "set-cookie",
    "te",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    SYNTHETIC,
];

/// Finds fault with a field, which `at` names, that is not a policy's to write.
pub(super) fn check(name: &str, at: String, findings: &mut Findings) {
    let mut of_traces = Format::ALL.iter().flat_map(|format| format.fields());
    if OF_OTHERS.contains(&name) || of_traces.any(|own| *own == name) {
        findings.add(at, "is a field that others rely on; expected another");
    }
}

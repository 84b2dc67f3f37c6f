//! Problems as AIP-193 has them: `google.rpc.Status` as JSON, with the HTTP status as its code.

use kit::problem::Problem;
use kit::problem::google_rpc::{Any, ErrorInfo};
use serde_json::{Value, json};

use crate::rpc::json::to_json;

pub(super) fn write(problem: &Problem) -> Vec<u8> {
    let details: Vec<Value> = details(problem).iter().map(to_json).collect();
    let document = json!({
        "error": {
            "code": problem.status,
            "message": problem.message(),
            "status": problem.grpc.name(),
            "details": details,
        }
    });
    serde_json::to_vec(&document).unwrap_or_default()
}

/// Each type at most once, and exactly one `ErrorInfo`.
fn details(problem: &Problem) -> Vec<Any> {
    let mut details: Vec<Any> = Vec::new();
    for detail in with_reason(problem) {
        if !details.iter().any(|own| own.name() == detail.name()) {
            details.push(detail);
        }
    }
    details
}

/// The details of a problem that has a reason: where nobody gave one, the name of the status code
/// says at least that.
fn with_reason(problem: &Problem) -> Vec<Any> {
    let details = problem.status_details();
    if details
        .iter()
        .any(|detail| detail.name() == ErrorInfo::NAME)
    {
        return details;
    }
    let named = Problem {
        reason: problem.grpc.name().to_owned(),
        ..problem.clone()
    };
    named.status_details()
}

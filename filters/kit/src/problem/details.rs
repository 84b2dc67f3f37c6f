//! What machines read of a problem in gRPC and Connect: the messages of `google.rpc`.

use serde_json::Value;

use super::Problem;
use super::google_rpc::{Any, Duration, Entry, ErrorInfo, Help, HelpLink, RetryInfo};

/// Who gives Treaty's own reasons their meaning (AIP-193).
pub(super) const DOMAIN: &str = "treaty.dev";

/// The messages that tell the problem: those attached to it, and of the builder's own each whose
/// type is not among them, because AIP-193 wants each type at most once.
pub(super) fn of(problem: &Problem, metadata: Metadata) -> Vec<Any> {
    let mut details = problem.attached.clone();
    let mut add = |name: &str, detail: Option<Any>| {
        if let Some(detail) = detail
            && !problem.attached.iter().any(|own| own.name() == name)
        {
            details.push(detail);
        }
    };
    add(ErrorInfo::NAME, info(problem, metadata));
    add(RetryInfo::NAME, retry(problem));
    add(Help::NAME, help(problem));
    details
}

/// How much of the metadata goes into the `ErrorInfo`.
#[derive(Clone, Copy)]
pub(super) enum Metadata {
    /// Every extension.
    Full,
    /// None.
    Empty,
}

fn info(problem: &Problem, metadata: Metadata) -> Option<Any> {
    if problem.reason.is_empty() {
        return None;
    }
    let info = ErrorInfo {
        reason: problem.reason.clone(),
        domain: problem.domain.to_string(),
        metadata: match metadata {
            Metadata::Full => problem.extensions.iter().map(flatten).collect(),
            Metadata::Empty => Vec::new(),
        },
    };
    Some(Any::pack(ErrorInfo::NAME, &info))
}

fn retry(problem: &Problem) -> Option<Any> {
    let delay = Duration {
        seconds: problem.retry_after?.into(),
        nanos: 0,
    };
    let retry = RetryInfo {
        retry_delay: Some(delay),
    };
    Some(Any::pack(RetryInfo::NAME, &retry))
}

fn help(problem: &Problem) -> Option<Any> {
    let links = problem.links.iter().map(|link| HelpLink {
        description: link.rel.to_string(),
        url: link.href.clone(),
    });
    let help = Help {
        links: links.collect(),
    };
    (!help.links.is_empty()).then(|| Any::pack(Help::NAME, &help))
}

/// Metadata are strings: what is not one is given as JSON.
fn flatten((name, value): (&String, &Value)) -> Entry {
    let value = match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    };
    Entry {
        key: name.clone(),
        value,
    }
}

//! What machines read of a problem in gRPC and Connect: the messages of `google.rpc`.

use serde_json::Value;

use super::google_rpc::{
    Any, BadRequest, Duration, Entry, ErrorInfo, FieldViolation, Help, HelpLink, RetryInfo,
};
use super::{Problem, violation};

/// Who gives Treaty's own reasons their meaning (AIP-193).
pub(super) const DOMAIN: &str = "treaty.dev";

/// The messages that tell the problem: those attached to it, and of the builder's own each whose
/// type is not among them, because AIP-193 wants each type at most once.
pub(super) fn of(problem: &Problem, extent: Extent) -> Vec<Any> {
    let mut details = problem.attached.clone();
    let mut add = |name: &str, detail: Option<Any>| {
        if let Some(detail) = detail
            && !problem.attached.iter().any(|own| own.name() == name)
        {
            details.push(detail);
        }
    };
    add(ErrorInfo::NAME, info(problem, extent));
    add(BadRequest::NAME, bad_request(problem, extent));
    add(RetryInfo::NAME, retry(problem));
    add(Help::NAME, help(problem));
    details
}

/// How much of the extensions is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Every one: the violations in the `BadRequest`, the others as metadata of the `ErrorInfo`.
    Full,
    /// None.
    Short,
}

fn info(problem: &Problem, extent: Extent) -> Option<Any> {
    if problem.reason.is_empty() {
        return None;
    }
    let info = ErrorInfo {
        reason: problem.reason.clone(),
        domain: problem.domain.to_string(),
        metadata: match extent {
            Extent::Full => metadata(problem),
            Extent::Short => Vec::new(),
        },
    };
    Some(Any::pack(ErrorInfo::NAME, &info))
}

/// What no other message tells.
fn metadata(problem: &Problem) -> Vec<Entry> {
    let has_violations = !problem.violations().is_empty();
    let extensions = problem.extensions.iter();
    extensions
        .filter(|(name, _)| !(has_violations && *name == violation::EXTENSION))
        .map(flatten)
        .collect()
}

fn bad_request(problem: &Problem, extent: Extent) -> Option<Any> {
    let violations = problem.violations();
    if violations.is_empty() || extent == Extent::Short {
        return None;
    }
    let fields = violations.iter().map(|violation| FieldViolation {
        field: violation.field_path().into_owned(),
        description: violation.detail.to_owned(),
        reason: violation.code.as_deref().unwrap_or_default().to_owned(),
        localized_message: None,
    });
    let bad_request = BadRequest {
        field_violations: fields.collect(),
    };
    Some(Any::pack(BadRequest::NAME, &bad_request))
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

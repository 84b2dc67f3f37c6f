//! What takes the place of an error, in the client's own protocol.

use std::borrow::Cow;

use kit::exchange::Exchange;
use kit::headers::Headers;
use kit::problem::Problem;
use kit::protocol::Protocol;
use kit::reply::{GrpcStatus, Reply};
use kit::vary;

use crate::asked::Asked;
use crate::catalog::{Answer, SourceKind};
use crate::fields;
use crate::verdict::{Outcome, Verdict};

type Fields = Vec<(String, Vec<u8>)>;

/// An answer that is complete, but for what of the upstream's head stays true.
pub(crate) struct Replacement {
    /// The HTTP status.
    pub(crate) status: u16,
    headers: Fields,
    /// The content; none in gRPC.
    pub(crate) body: Vec<u8>,
    /// What tells the outcome in gRPC, wherever the trailers stand.
    outcome: Fields,
    grpc: Option<GrpcStatus>,
    /// Whether the format depends on what the client accepts.
    varies: bool,
    /// Whether a `Retry-After` of the service counts more than this one.
    keeps_retry_after: bool,
}

impl Replacement {
    /// Makes the answer that a verdict asks for.
    pub(crate) fn of(verdict: &Verdict<'_>, asked: &Asked) -> Self {
        match &verdict.outcome {
            Outcome::Problem(problem) => Self::of_problem(problem, verdict, asked),
            Outcome::Answer(answer) => Self::of_answer(answer, verdict.label),
        }
    }

    fn of_problem(problem: &Problem, verdict: &Verdict<'_>, asked: &Asked) -> Self {
        let reply = problem.reply(&asked.client);
        let mut replacement = Self {
            status: reply.status,
            headers: reply.headers,
            body: reply.body,
            outcome: Vec::new(),
            grpc: reply.grpc,
            varies: false,
            keeps_retry_after: false,
        };
        match asked.client.protocol {
            Protocol::Http => {
                replacement.varies = asked.plan.formats.len() > 1;
                replacement.set("content-type", asked.format.media_type());
                replacement.body = asked.format.write(problem);
            }
            // The status is the service's own, or the policy's.
            Protocol::ConnectUnary => replacement.status = problem.status,
            Protocol::Grpc => {
                replacement.outcome = problem.trailers();
                replacement.headers = vec![field("content-type", "application/grpc")];
            }
            Protocol::GrpcWeb { .. } | Protocol::ConnectStream => {}
        }
        replacement.keeps_retry_after = !verdict.sets_retry_after;
        // Whether an answer of a service may be stored is for the service to say.
        if verdict.source == SourceKind::Upstream {
            replacement.without(fields::CACHE_CONTROL);
        }
        replacement
    }

    fn of_answer(answer: &Answer, entry: &str) -> Self {
        Self {
            status: answer.status,
            headers: vec![
                field(fields::CONTENT_TYPE, answer.content_type.as_str()),
                field(fields::DEGRADED, entry),
            ],
            body: answer.body.clone(),
            outcome: Vec::new(),
            grpc: None,
            varies: false,
            keeps_retry_after: true,
        }
    }

    /// Puts the head in place of the error's. What the service says beside its content stays, such
    /// as `Allow`, `WWW-Authenticate` and `Retry-After`.
    pub(crate) fn put_head(&self, headers: &mut Headers) {
        remove_fields_of_content(headers);
        for name in fields::GRPC {
            headers.remove(name);
        }
        if !self.outcome.is_empty() {
            headers.remove(fields::CONTENT_LENGTH);
        }
        headers.set(fields::STATUS, self.status.to_string());
        let links: Vec<Vec<u8>> = headers.get_all(fields::LINK).map(<[u8]>::to_vec).collect();
        for (name, value) in &self.headers {
            // The service's own link of the same relation counts more.
            let is_told = name == fields::LINK && links.iter().any(|own| links_alike(own, value));
            if !is_told {
                self.put_field(name, value, headers);
            }
        }
        if self.varies {
            vary::merge(headers, ["accept"].into_iter());
        }
    }

    fn put_field(&self, name: &str, value: &[u8], headers: &mut Headers) {
        let name = Cow::Owned(name.to_owned());
        match &*name {
            fields::RETRY_AFTER if self.keeps_retry_after && headers.contains(&name) => {}
            fields::LINK => headers.append(name, value),
            _ => headers.set(name, value),
        }
    }

    /// Gives a content that was put in place of another one its trailers, where the protocol tells
    /// the outcome there.
    pub(crate) fn put_behind(&self, x: &mut Exchange<'_>) {
        if self.outcome.is_empty() {
            return;
        }
        if let Some(trailers) = x.trailers_mut() {
            for (name, value) in &self.outcome {
                trailers.set(Cow::Owned(name.clone()), value.clone());
            }
        }
    }

    /// The answer as one of the proxy's own, for an error that has no content which could be
    /// replaced. It keeps the code details of the error, which tell operators who failed.
    pub(crate) fn into_reply(self, x: &Exchange<'_>) -> Reply {
        let mut headers = x.headers().clone();
        self.put_head(&mut headers);
        let is_kept = |name: &str| {
            !name.starts_with(':')
                && !matches!(name, "content-length" | "transfer-encoding" | "connection")
        };
        let kept = headers.iter().filter_map(|(name, value)| {
            let name = std::str::from_utf8(name).ok()?;
            is_kept(name).then(|| (name.to_owned(), value.to_vec()))
        });
        let mut headers: Fields = kept.collect();
        let is_told = |name: &str| matches!(name, "grpc-status" | "grpc-message");
        let outcome = self.outcome.into_iter();
        headers.extend(outcome.filter(|(name, _)| !is_told(name)));
        let details = x
            .property(&["response", "code_details"])
            .unwrap_or_default();
        Reply {
            status: self.status,
            headers,
            body: self.body,
            grpc: self.grpc,
            details: String::from_utf8(details).unwrap_or_default(),
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.without(name);
        self.headers.push(field(name, value));
    }

    fn without(&mut self, name: &str) {
        self.headers.retain(|(own, _)| own != name);
    }
}

/// Whether two links are of the same relation (RFC 8288 section 3.3).
fn links_alike(own: &[u8], other: &[u8]) -> bool {
    let relation = |link: &[u8]| {
        let link = std::str::from_utf8(link).ok()?.to_ascii_lowercase();
        let (_, rest) = link.split_once("rel=")?;
        let end = rest.trim_start_matches('"').split(['"', ';', ',']).next()?;
        Some(end.trim().to_owned())
    };
    relation(own).is_some_and(|own| Some(own) == relation(other))
}

/// Puts the outcome of a call in place of the one that stands there.
pub(crate) fn put_outcome(problem: &Problem, map: &mut Headers) {
    for name in fields::GRPC {
        map.remove(name);
    }
    for (name, value) in problem.trailers() {
        map.set(Cow::Owned(name), value);
    }
}

/// Takes away what was said about a content that is no longer there.
pub(crate) fn remove_fields_of_content(headers: &mut Headers) {
    for name in fields::OF_CONTENT {
        headers.remove(name);
    }
}

fn field(name: &str, value: &str) -> (String, Vec<u8>) {
    (name.to_owned(), value.as_bytes().to_vec())
}

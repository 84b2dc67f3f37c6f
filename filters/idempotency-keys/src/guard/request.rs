//! Which key a request has, whose it is, and what it asks for.

use std::rc::Rc;

use kit::body::{Access, BodyNeed, is_endless};
use kit::exchange::Exchange;
use kit::headers::Headers;
use kit::protocol::{Client, Protocol};

use crate::fingerprint::{Fingerprint, Fingerprinting};
use crate::idempotency_key::{IdempotencyKey, Refusal};
use crate::machine::Finished;
use crate::plan::{KeySource, Plan};
use crate::refusal::Reason;
use crate::rpc::Streams;
use crate::scope::{Request, Scope};
use crate::store::{StoreKey, Tenant};

/// Who asks, and under which plan.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) plan: Rc<Plan>,
    pub(super) client: Client,
}

/// A request, by what stores know it by.
pub(super) struct Keyed {
    pub(super) key: StoreKey,
    pub(super) tenant: Option<Tenant>,
    pub(super) fingerprint: Fingerprint,
}

/// A request with a key, whose content may still be on its way.
pub(super) struct Reading {
    asked: Asked,
    scope: Scope,
    /// The key, unless it stands in the content.
    key: Option<IdempotencyKey>,
    fingerprinting: Fingerprinting,
    /// The content, where the key stands in it.
    content: Vec<u8>,
    /// The octets of content that have come.
    length: usize,
}

impl Asked {
    pub(super) fn of(plan: &Rc<Plan>, x: &Exchange<'_>) -> Self {
        Self {
            plan: Rc::clone(plan),
            client: Client::of(x.headers()),
        }
    }

    /// What a duplicate gets once the first request is done. Envoy makes replies for gRPC itself,
    /// with a status and without a message, so there is no way to give an answer again.
    pub(super) fn finished(&self) -> Finished {
        match self.client.protocol {
            Protocol::Grpc => Finished::Refuse,
            // Its status stands in the content.
            Protocol::GrpcWeb { .. } if !self.plan.capture.body => Finished::Refuse,
            _ => Finished::Replay,
        }
    }

    /// Whether the call is known to be unary. On the wire unary calls of gRPC look like streams.
    fn is_unary(&self, headers: &Headers) -> bool {
        match self.client.protocol {
            Protocol::Http | Protocol::ConnectUnary => true,
            Protocol::ConnectStream => false,
            Protocol::Grpc | Protocol::GrpcWeb { .. } => headers
                .text(":path")
                .is_some_and(|path| self.plan.rpc.is_unary(path)),
        }
    }
}

impl Reading {
    /// Reads the head of a request; `None` where it passes without a guard.
    pub(super) fn begin(asked: &Asked, x: &Exchange<'_>) -> Result<Option<Self>, Reason> {
        let plan = &asked.plan;
        let headers = x.headers();
        if is_endless(headers) || is_mirrored(plan, headers) {
            return Ok(None);
        }
        let in_head = match &plan.source {
            KeySource::Field(name) => Some(plan.key.in_field(headers, name.as_str())),
            KeySource::CloudEvent => Some(plan.key.of_cloud_event(headers)),
            KeySource::Content(_) => None,
        };
        if !asked.is_unary(headers) {
            let has_key = !matches!(in_head, None | Some(Err(Refusal::Missing)));
            return match plan.rpc.streams {
                Streams::Refuse if has_key => Err(Reason::Stream),
                Streams::Refuse | Streams::Pass => Ok(None),
            };
        }
        let key = in_head.transpose().map_err(Reason::Key)?;
        let scope = plan.scope.scope(&Request {
            headers,
            template: template(plan, headers),
            property: &|path| x.property(path),
        });
        Ok(Some(Self {
            scope: scope.map_err(Reason::Scope)?,
            key,
            fingerprinting: plan.fingerprinter.start(headers),
            content: Vec::new(),
            length: 0,
            asked: asked.clone(),
        }))
    }

    /// In which way the content is wanted. What is only reported holds nothing back.
    pub(super) fn body_need(&self) -> BodyNeed {
        let plan = &self.asked.plan;
        let access = if plan.terms.is_enforced() {
            Access::Hold {
                cap: plan.max_request_body,
            }
        } else {
            Access::Tee
        };
        BodyNeed {
            access,
            replaces: false,
        }
    }

    pub(super) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// A part of the content has come.
    pub(super) fn part(&mut self, octets: &[u8]) {
        self.length = self.length.saturating_add(octets.len());
        if self.is_too_large() {
            return;
        }
        self.fingerprinting.part(octets);
        if self.key.is_none() {
            self.content.extend_from_slice(octets);
        }
    }

    /// Whether more has come than the policy waits for.
    pub(super) fn is_too_large(&self) -> bool {
        self.length > self.asked.plan.max_request_body
    }

    /// All of the content has come.
    pub(super) fn finish(self) -> (Asked, Result<Keyed, Reason>) {
        let plan = &self.asked.plan;
        let key = match (self.key, &plan.source) {
            (Some(key), _) => Ok(key),
            (None, KeySource::Content(place)) => plan.key.in_content(&self.content, place),
            (None, _) => Err(Refusal::Missing),
        };
        let keyed = key.map(|key| Keyed {
            key: self.scope.store_key(&key),
            tenant: self.scope.tenant(),
            fingerprint: self.fingerprinting.end(&[], &plan.fingerprinter),
        });
        (self.asked, keyed.map_err(Reason::Key))
    }
}

/// The template of the rule that the path of a request matches.
fn template<'p>(plan: &'p Plan, headers: &Headers) -> Option<&'p kit::matching::PathTemplate> {
    let path = headers.text(":path")?;
    plan.templates.iter().find(|own| own.matches(path))
}

/// Whether a request is a copy that a proxy made to try something out. It must not claim the key of
/// the original. Envoy marks the host of such copies, before the port if there is one.
fn is_mirrored(plan: &Plan, headers: &Headers) -> bool {
    let host = headers.text(":authority").unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let has_field = |name: &kit::policy::value::FieldName| headers.contains(name.as_str());
    host.ends_with("-shadow") || plan.mirror_field.as_ref().is_some_and(has_field)
}

//! The core: keeps what an answer needs of its request, sees an error come, and puts a problem in
//! its place.

mod content;
mod outcome;

use std::mem;
use std::rc::Rc;

use kit::body::Body;
use kit::exchange::Exchange;
use kit::filter::{Core, Flow};
use kit::headers::Headers;
use kit::protocol::{Client, Protocol};

use crate::asked::Asked;
use crate::fields;
use crate::plan::Policy;
use crate::replacement::{put_outcome, remove_fields_of_content};
use crate::rpc;
use crate::rpc::frames::{Frames, Framing};
use content::Awaited;

/// One exchange.
pub(crate) struct Translation {
    policy: Rc<Policy>,
    /// The rule for the exchange, until its answer comes.
    matched: Option<Matched>,
    /// What was asked, as far as the answer has to do with it.
    asked: Option<Rc<Asked>>,
    stage: Stage,
}

/// A rule that is for an exchange.
struct Matched {
    /// Its place among the rules.
    rule: usize,
    /// The proxy's route, where the catalogue asks for it.
    route: Option<String>,
}

/// What is waited for.
enum Stage {
    /// Nothing more.
    Done,
    /// The trailers of an answer in gRPC, in which its outcome stands.
    Trailers,
    /// The frame that ends an answer in gRPC-Web or a Connect stream.
    Frames(Frames),
    /// The content of an error.
    Content(Box<Awaited>),
    /// The trailers behind a content that was replaced.
    Replaced,
}

impl Translation {
    pub(crate) fn new(policy: &Rc<Policy>) -> Self {
        Self {
            policy: Rc::clone(policy),
            matched: None,
            asked: None,
            stage: Stage::Done,
        }
    }
}

impl Core for Translation {
    fn request_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        let policy = Rc::clone(&self.policy);
        let Some((place, rule)) = policy.rule_for(x) else {
            return Flow::Continue;
        };
        // They are looked at when the answer comes, and can no longer be read then.
        x.headers();
        let route = || String::from_utf8(x.property(&["xds", "route_name"])?).ok();
        let route = policy.catalog.asks_for_routes().then(route).flatten();
        self.matched = Some(Matched { rule: place, route });
        if rule.is_enforced() && rule.plan.withholds_accept_encoding {
            withhold_accept_encoding(x);
        }
        Flow::Continue
    }

    fn response_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        let policy = Rc::clone(&self.policy);
        let Some(matched) = self.matched.take() else {
            return Flow::Continue;
        };
        let (Some(rule), Some(request)) = (policy.rules.get(matched.rule), x.request_headers())
        else {
            return Flow::Continue;
        };
        let may_fail_later = rule.plan.graphql || speaks_rpc(request);
        if rule.sanitises() {
            x.headers();
        }
        let status = x.peek_text(fields::STATUS).map(str::parse);
        let status: u16 = status.and_then(Result::ok).unwrap_or_default();
        // Most answers are successes, and end here.
        if status < 400 && !rule.sanitises() && !may_fail_later {
            return Flow::Continue;
        }
        let asked = Rc::new(Asked::of(rule, matched.route, request));
        self.asked = Some(Rc::clone(&asked));
        if let Some(headers) = rule.sanitises().then(|| x.headers_mut()).flatten() {
            rule.plan.internal_headers.remove_from(headers);
        }
        // An error of HTTP without an outcome is one, whatever content it announces.
        let is_rpc = |base| answers_in(x, base) && (status < 400 || has_outcome(x));
        match asked.client.protocol {
            Protocol::Grpc if is_rpc("application/grpc") => self.grpc_head(&asked, x),
            Protocol::GrpcWeb { text: false } if is_rpc("application/grpc-web") => {
                self.framed_head(&asked, Framing::GrpcWeb, x)
            }
            Protocol::GrpcWeb { text: true } if is_rpc("application/grpc-web-text") => {
                self.framed_head(&asked, Framing::GrpcWebText, x)
            }
            Protocol::ConnectStream if is_rpc("application/connect") => {
                self.framed_head(&asked, Framing::Connect, x)
            }
            // What is no answer of gRPC is an error to its clients, whatever its status.
            Protocol::Grpc | Protocol::GrpcWeb { .. } if is_foreign_to_grpc(x) => {
                self.error_head(&asked, status, x)
            }
            _ if status >= 400 => self.error_head(&asked, status, x),
            Protocol::Http if asked.plan.graphql => self.graphql_head(&asked, status, x),
            _ => Flow::Continue,
        }
    }

    fn response_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        let Some(asked) = self.asked.clone() else {
            return Flow::Continue;
        };
        match mem::replace(&mut self.stage, Stage::Done) {
            Stage::Frames(frames) => self.frame_part(&asked, frames, body, x),
            Stage::Content(awaited) => self.content_part(&asked, awaited, body, x),
            other => {
                self.stage = other;
                Flow::Continue
            }
        }
    }

    fn response_trailers(&mut self, x: &mut Exchange<'_>) -> Flow {
        let Some(asked) = self.asked.clone() else {
            return Flow::Continue;
        };
        if let Some(trailers) = asked.sanitises().then(|| x.trailers_mut()).flatten() {
            asked.plan.internal_headers.remove_from(trailers);
        }
        match mem::replace(&mut self.stage, Stage::Done) {
            Stage::Trailers => {
                if let Some(failure) = rpc::status::read(x.trailers())
                    && let Some(problem) = self.rpc_problem(&asked, &failure, x)
                    && let Some(trailers) = x.trailers_mut()
                {
                    put_outcome(&problem, trailers);
                }
            }
            Stage::Replaced => {
                if let Some(trailers) = x.trailers_mut() {
                    remove_fields_of_content(trailers);
                }
            }
            _ => {}
        }
        Flow::Continue
    }
}

/// Keeps a service from encoding what it says.
fn withhold_accept_encoding(x: &mut Exchange<'_>) {
    let protocol = Client::of(x.headers()).protocol;
    let Some(headers) = x.headers_mut() else {
        return;
    };
    headers.remove(fields::ACCEPT_ENCODING);
    // The frame that ends a body may be encoded as any message.
    match protocol {
        Protocol::GrpcWeb { .. } => headers.remove(fields::GRPC_ACCEPT_ENCODING),
        Protocol::ConnectStream => headers.remove(fields::CONNECT_ACCEPT_ENCODING),
        _ => {}
    }
}

/// Whether a request is of a protocol whose answers tell their outcome behind the head.
fn speaks_rpc(request: &Headers) -> bool {
    let content_type = request.get(fields::CONTENT_TYPE).unwrap_or_default();
    ["application/grpc", "application/connect"]
        .iter()
        .any(|start| {
            content_type
                .get(..start.len())
                .is_some_and(|own| own.eq_ignore_ascii_case(start.as_bytes()))
        })
}

/// Whether the head tells an outcome of gRPC.
fn has_outcome(x: &Exchange<'_>) -> bool {
    x.headers().contains(rpc::status::STATUS)
}

/// Whether the content of an answer is said to be of a type that no client of gRPC reads.
fn is_foreign_to_grpc(x: &Exchange<'_>) -> bool {
    const OWN: [&str; 3] = [
        "application/grpc",
        "application/grpc-web",
        "application/grpc-web-text",
    ];
    let is_said = x.headers().contains(fields::CONTENT_TYPE);
    is_said && !has_outcome(x) && !OWN.iter().any(|own| answers_in(x, own))
}

/// Whether the content of an answer is of a media type, in whichever codec: what stands behind `+`
/// does not count, nor do parameters.
fn answers_in(x: &Exchange<'_>, base: &str) -> bool {
    let content_type = x.headers().get(fields::CONTENT_TYPE).unwrap_or_default();
    let mut parts = content_type.split(|byte| matches!(byte, b'+' | b';'));
    let own = parts.next().unwrap_or_default();
    own.trim_ascii().eq_ignore_ascii_case(base.as_bytes())
}

//! What is known of an exchange, as it goes on.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::SystemTime;

use kit::exchange::Exchange;
use kit::fact::VERSION;
use kit::filter::End;
use kit::headers::Headers;
use kit::metric::OTHER as OTHER_LABEL;
use kit::policy::Runtime;
use kit::problem::Code;
use kit::protocol::{Client, Protocol};

use super::content::Content;
use crate::error_type::{self, Outcome};
use crate::fidelity::{self, Fidelity};
use crate::method::OTHER;
use crate::operation::Operation;
use crate::personal::Kinds;
use crate::plan::{AnsweredBy, DirectionRule, Plan, Policy};
use crate::rpc::{self, RpcCall};
use crate::source::{Known, Phase, integer};
use crate::trace_context::TraceId;
use crate::{facts, fields, target};

/// What is known of an exchange.
#[expect(
    clippy::struct_excessive_bools,
    reason = "They are independent, and each is found out for itself."
)]
pub(super) struct Seen {
    pub(super) policy: Rc<Policy>,
    pub(super) plan: Rc<Plan>,
    /// Whether anything may be changed.
    pub(super) enforced: bool,
    /// When the request came, where somebody wants to know.
    pub(super) started: Option<SystemTime>,
    /// The method, if it is one that is known.
    pub(super) method: Option<String>,
    /// The operation: its place among those of the plan.
    pub(super) operation: Option<usize>,
    /// The values of the variables in the template of the operation, as far as tags need them.
    pub(super) path_parameters: Vec<(String, String)>,
    /// The call of gRPC or Connect, if it is one.
    pub(super) rpc: Option<RpcCall>,
    /// The target as logs may show it.
    pub(super) target: Option<String>,
    /// The personal data that was masked in it.
    pub(super) found_in_target: Kinds,
    pub(super) trace_id: Option<TraceId>,
    pub(super) trace_outcome: &'static str,
    pub(super) correlation_id: Option<String>,
    pub(super) is_synthetic: bool,
    pub(super) is_outbound: Option<bool>,
    /// The values of baggage members, as far as tags need them.
    pub(super) baggage: Vec<(String, String)>,
    pub(super) request_content: Content,
    pub(super) response_content: Content,
    pub(super) status: Option<u16>,
    pub(super) grpc_status: Option<u8>,
    pub(super) expected_version: Option<String>,
    pub(super) answered_service: Option<String>,
    pub(super) answered_version: Option<String>,
    pub(super) answered_deployment: Option<String>,
    pub(super) fidelity: Option<Fidelity>,
    /// The protocol of the client, where the outcome depends on it.
    pub(super) protocol: Option<Protocol>,
    /// Whether the exchange ended as it should, or its client left.
    pub(super) is_complete: bool,
    /// Whether the exchange came to its end.
    pub(super) is_aborted: bool,
    /// The values of the tags, by their place in the plan.
    pub(super) values: Vec<Option<String>>,
    /// The phases whose values were taken.
    pub(super) phases: Phases,
    /// The tags that were dropped.
    pub(super) dropped: String,
}

/// A set of phases.
#[derive(Default)]
pub(super) struct Phases(u8);

impl Phases {
    /// Adds a phase; says whether it was new.
    pub(super) fn insert(&mut self, phase: Phase) -> bool {
        let before = self.0;
        self.0 |= 1 << phase as u8;
        self.0 != before
    }

    /// Removes a phase.
    pub(super) fn remove(&mut self, phase: Phase) {
        self.0 &= !(1 << phase as u8);
    }
}

impl Seen {
    pub(super) fn new(policy: &Rc<Policy>, plan: Rc<Plan>, enforced: bool) -> Self {
        Self {
            policy: Rc::clone(policy),
            enforced,
            started: None,
            method: None,
            operation: None,
            path_parameters: Vec::new(),
            rpc: None,
            target: None,
            found_in_target: Kinds::default(),
            trace_id: None,
            trace_outcome: "absent",
            correlation_id: None,
            is_synthetic: false,
            is_outbound: None,
            baggage: Vec::new(),
            request_content: Content::default(),
            response_content: Content::default(),
            status: None,
            grpc_status: None,
            expected_version: None,
            answered_service: None,
            answered_version: None,
            answered_deployment: None,
            fidelity: None,
            protocol: None,
            is_complete: true,
            is_aborted: false,
            values: vec![None; plan.tags.len()],
            phases: Phases::default(),
            dropped: String::new(),
            plan,
        }
    }

    /// What is known as soon as the request comes.
    pub(super) fn begin(&mut self, x: &mut Exchange<'_>) {
        if self.plan.metrics.duration.is_some() {
            self.started = Some(x.now());
        }
        if self.plan.metrics.active {
            x.shift(&crate::metrics::ACTIVE, &[&self.plan.label], 1);
        }
        if self.plan.needs.direction {
            is_outbound(&mut self.is_outbound, self.plan.direction, x);
        }
        if self.plan.needs.telling && !self.policy.revision.is_empty() {
            x.tell(&facts::REVISION, &self.policy.revision);
        }
    }

    /// Which operation it is, by the templates of the policy.
    pub(super) fn name_operation(&mut self, x: &mut Exchange<'_>) {
        if !self.plan.needs.operation && !self.plan.needs.target {
            return;
        }
        let plan = Rc::clone(&self.plan);
        let headers = x.headers();
        let method = headers.get(fields::METHOD).unwrap_or_default();
        self.method = plan.operations.method(method).map(str::to_owned);
        let Some(target) = headers.text(fields::PATH) else {
            return;
        };
        let found = plan
            .operations
            .find(headers.text(fields::METHOD).unwrap_or_default(), target);
        let operation = found
            .as_ref()
            .and_then(|found| plan.operations.get(found.place));
        let is_listed = operation.is_some_and(Operation::is_one_path);
        if let Some(found) = found {
            self.path_parameters = plan
                .path_parameters()
                .filter_map(|name| Some((name.to_owned(), found.captures.get(name)?.to_owned())))
                .collect();
            self.operation = Some(found.place);
        }
        let protocol = Client::of(headers).protocol;
        self.protocol = Some(protocol);
        self.rpc = RpcCall::of(protocol, target, is_listed || plan.any_rpc_method);
        if plan.needs.target {
            let shown = target::redacted(
                target,
                &self.policy.sensitive,
                self.policy.personal,
                facts::TAG_LIMIT,
                &mut self.found_in_target,
            );
            self.target = Some(shown.into_owned());
        }
    }

    /// Who answered, and with which status.
    pub(super) fn see_response(&mut self, x: &mut Exchange<'_>) {
        if self.plan.needs.outcome {
            self.see_status(x);
        }
        if self.plan.needs.version {
            self.expected_version = x.fact(&VERSION);
        }
        let plan = Rc::clone(&self.plan);
        if let Some(answered_by) = &plan.answered_by {
            self.see_who_answered(answered_by, x);
        }
    }

    fn see_status(&mut self, x: &Exchange<'_>) {
        let status = x.peek_text(fields::STATUS);
        self.status = status.and_then(|status| status.parse().ok());
        // Of gRPC-Web it stands in the content where there is one, which is not read.
        let is_grpc = matches!(
            self.protocol,
            Some(Protocol::Grpc | Protocol::GrpcWeb { .. })
        );
        if is_grpc {
            let status = x.headers().text(fields::GRPC_STATUS);
            self.grpc_status = status.and_then(|status| status.trim().parse().ok());
        }
    }

    fn see_who_answered(&mut self, answered_by: &AnsweredBy, x: &mut Exchange<'_>) {
        let said = |name: &Option<String>| said(name.as_deref()?, x.headers());
        let service = said(&answered_by.service);
        let version = said(&answered_by.version);
        self.answered_deployment = said(&answered_by.deployment);
        let fidelity = fidelity::judge(
            self.plan.service.as_deref(),
            self.expected_version.as_deref(),
            service.as_deref(),
            version.as_deref(),
        );
        (self.answered_service, self.answered_version) = (service, version);
        x.tell(&facts::FIDELITY, fidelity.name());
        self.fidelity = Some(fidelity);
    }

    /// How a call of gRPC ended. Nothing else says so in trailers.
    pub(super) fn see_trailers(&mut self, x: &Exchange<'_>) {
        if self.speaks_grpc()
            && let Some(status) = x.trailers().text(fields::GRPC_STATUS)
        {
            self.grpc_status = status.trim().parse().ok();
        }
    }

    /// What became of the exchange, now that it is over.
    pub(super) fn see_end(&mut self, end: End, x: &Exchange<'_>) {
        let is_aborted = end == End::Aborted;
        if self.plan.needs.outcome && self.status.is_none() {
            self.learn_status(x);
            if self.plan.needs.version && self.expected_version.is_none() {
                self.expected_version = x.fact(&VERSION);
            }
            // What another filter or the proxy answered to a response, this one did not see.
            self.is_aborted = is_aborted && self.status.is_none();
        } else {
            self.is_aborted = is_aborted;
        }
        self.is_complete = !self.is_aborted || has_client_left(x);
        if !self.is_complete {
            // What was taken for its outcome was not the whole of it.
            self.phases.remove(Phase::Outcome);
        }
    }

    fn learn_status(&mut self, x: &Exchange<'_>) {
        let number = |name| integer(&x.property(&["response", name])?);
        let status = number("code").filter(|status| *status > 0);
        self.status = status.and_then(|status| status.try_into().ok());
        if self.speaks_grpc() && self.status.is_some() {
            self.grpc_status = number("grpc_status").and_then(|status| status.try_into().ok());
        }
    }

    /// Whether nothing more is to come that says how the exchange went. gRPC says so in its trailers,
    /// which are in the head where there is nothing else.
    pub(super) fn has_ended_with_its_head(&self, x: &Exchange<'_>) -> bool {
        !self.speaks_grpc() || self.grpc_status.is_some() || x.head_is_all()
    }

    fn speaks_grpc(&self) -> bool {
        self.protocol == Some(Protocol::Grpc)
    }

    /// What the filter itself knows.
    pub(super) fn known(&self, known: Known) -> Option<Cow<'_, str>> {
        Some(match known {
            Known::Route => Cow::Borrowed(self.route()?),
            Known::Operation => Cow::Borrowed(self.operation()?.id.as_deref()?),
            Known::Method => Cow::Borrowed(self.method.as_deref().unwrap_or(OTHER)),
            Known::Target => Cow::Borrowed(self.target.as_deref()?),
            Known::Service => Cow::Borrowed(self.plan.service.as_deref()?),
            Known::RpcService => Cow::Borrowed(self.rpc.as_ref()?.service()),
            Known::RpcMethod => Cow::Borrowed(self.rpc.as_ref()?.method()),
            Known::TraceId => Cow::Owned(self.trace_id?.to_string()),
            Known::TraceOutcome => Cow::Borrowed(self.trace_outcome),
            Known::CorrelationId => Cow::Borrowed(self.correlation_id.as_deref()?),
            Known::Synthetic => Cow::Borrowed(if self.is_synthetic { "true" } else { "false" }),
            Known::Revision => Cow::Borrowed(self.policy.revision.as_str()),
            Known::Direction => Cow::Borrowed(if self.is_outbound? {
                "outbound"
            } else {
                "inbound"
            }),
            Known::AnsweredService => Cow::Borrowed(self.answered_service.as_deref()?),
            Known::AnsweredVersion => Cow::Borrowed(self.answered_version.as_deref()?),
            Known::AnsweredDeployment => Cow::Borrowed(self.answered_deployment.as_deref()?),
            Known::AnsweredRuntime => Cow::Borrowed(match self.answered_runtime()? {
                Runtime::Go => "go",
                Runtime::Rust => "rust",
                Runtime::Other => "other",
            }),
            Known::Fidelity => Cow::Borrowed(self.fidelity?.name()),
            Known::GrpcStatus => Cow::Borrowed(rpc::status_name(self.outcome().grpc?)),
            Known::ErrorType => error_type::error_type(self.outcome())?,
            Known::StatusClass => Cow::Borrowed(self.status_class()),
        })
    }

    /// The path template of the operation.
    pub(super) fn route(&self) -> Option<&str> {
        Some(self.operation()?.route.as_str())
    }

    fn operation(&self) -> Option<&Operation> {
        self.plan.operations.get(self.operation?)
    }

    /// How the exchange went, as far as is known. Of an answer in gRPC without a status clients take
    /// the one that stands for that of HTTP.
    pub(super) fn outcome(&self) -> Outcome {
        let derived = || Some(Code::of_http(self.status.filter(|_| self.speaks_grpc())?).number());
        Outcome {
            status: self.status,
            grpc: self.grpc_status.or_else(derived),
            is_complete: self.is_complete,
        }
    }

    pub(super) fn status_class(&self) -> &'static str {
        error_type::status_class(self.status, self.outcome().grpc)
    }

    /// The version as metrics have it: the one that answered, else the one that was asked for.
    pub(super) fn version(&self) -> &str {
        let is_plain = |version: &&str| {
            let fits = |octet: u8| octet.is_ascii_alphanumeric() || b"-._+".contains(&octet);
            version.bytes().all(fits) && self.policy.personal_data_in(version).is_empty()
        };
        let answered = self.answered_version.as_deref();
        let answered =
            answered.map(|version| Some(version).filter(is_plain).unwrap_or(OTHER_LABEL));
        answered
            .or(self.expected_version.as_deref())
            .unwrap_or_default()
    }

    /// The service that answered, as metrics have it.
    pub(super) fn answered_by(&self) -> &str {
        match self.answered_service.as_deref() {
            Some(service) if self.policy.has_service(service) => service,
            Some(_) => OTHER_LABEL,
            None => "",
        }
    }

    /// The language of the service that answered, else of the one that the rule is for.
    fn answered_runtime(&self) -> Option<Runtime> {
        let service = self.answered_service.as_deref();
        self.policy
            .runtime_of(service.or(self.plan.service.as_deref())?)
    }
}

/// Whether an exchange leaves the mesh, or goes to the services before which the proxy stands.
pub(super) fn is_outbound(known: &mut Option<bool>, rule: DirectionRule, x: &Exchange<'_>) -> bool {
    /// Envoy's `envoy.config.core.v3.TrafficDirection`.
    const OUTBOUND: i64 = 2;
    *known.get_or_insert_with(|| match rule {
        DirectionRule::Inbound => false,
        DirectionRule::Outbound => true,
        DirectionRule::Auto => {
            let told = x.property(&["xds", "listener_direction"]);
            told.and_then(|octets| integer(&octets)) == Some(OUTBOUND)
        }
    })
}

/// Whether it was not the upstream that broke off.
fn has_client_left(x: &Exchange<'_>) -> bool {
    let details = x.property(&["response", "code_details"]);
    details.is_some_and(|details| !details.starts_with(b"upstream_"))
}

/// What a service says of itself in a field: one short plain word. Of two one would be wrong, and
/// the space between them makes them none.
fn said(name: &str, headers: &Headers) -> Option<String> {
    /// The most octets of a name or a version.
    const LONGEST: usize = 64;
    let value = headers.combined(name)?;
    let value = std::str::from_utf8(&value).ok()?.trim();
    let is_word = !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_graphic());
    (is_word && value.len() <= LONGEST).then(|| value.to_owned())
}

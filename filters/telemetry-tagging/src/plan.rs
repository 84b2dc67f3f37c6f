//! A checked policy: for each rule, all that an exchange needs, ready to use.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use kit::exchange::Exchange;
use kit::fact::Fact;
use kit::matching::Match;
use kit::metric::Metric;
use kit::policy::{Mode, Runtime};

use crate::baggage::{Allow, Limits};
use crate::correlation::Made;
use crate::facts;
use crate::key::KeyRing;
use crate::operation::Operations;
use crate::personal::{self, Keep, Kinds};
use crate::semconv::Semconv;
use crate::source::{Known, Source};
use crate::tag::Tag;
use crate::target::Sensitive;
use crate::trace_context::{Format, Terms};

/// A policy that loaded. What it holds cannot fail later.
#[derive(Debug)]
pub struct Policy {
    /// The rules, of which the first that matches counts. There are none where the policy is off.
    pub(crate) rules: Vec<Rule>,
    /// What no sink may have.
    pub(crate) personal: Kinds,
    /// The query parameters that no log may have.
    pub(crate) sensitive: Sensitive,
    /// The revision of the policy.
    pub(crate) revision: String,
    /// What an operator has to be told once: keys that cannot be used.
    pub(crate) warnings: RefCell<Vec<String>>,
    /// The services, to say who answered.
    pub(crate) services: Vec<(String, Option<Runtime>)>,
}

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) matches: Match,
    pub(crate) mode: Mode,
    pub(crate) plan: Rc<Plan>,
}

/// What a rule does with its exchanges.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The name of the service, if the rule has one.
    pub(crate) service: Option<String>,
    /// What stands for the service in metrics: its name, else that of the rule.
    pub(crate) label: String,
    pub(crate) trace_context: Option<TraceContext>,
    pub(crate) correlation: Option<Correlation>,
    pub(crate) baggage: Option<Baggage>,
    pub(crate) direction: DirectionRule,
    pub(crate) operations: Operations,
    /// Whether services and methods of gRPC and Connect that are no operations are told as they
    /// are.
    pub(crate) any_rpc_method: bool,
    /// The attributes of OpenTelemetry that are told.
    pub(crate) attributes: Option<Attributes>,
    pub(crate) answered_by: Option<AnsweredBy>,
    /// In order; a salt comes before those that need it.
    pub(crate) tags: Vec<Tag>,
    /// The most octets of a content that are read for tags.
    pub(crate) max_body: usize,
    pub(crate) metrics: Metrics,
    pub(crate) probe: Option<ProbePlan>,
    pub(crate) audit: Option<Audit>,
    /// What of an exchange has to be looked at for all that.
    pub(crate) needs: Needs,
}

/// What of an exchange has to be looked at.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "Each stands for one thing that costs something."
)]
pub(crate) struct Needs {
    /// Which operation it is.
    pub(crate) operation: bool,
    /// The target as logs may show it.
    pub(crate) target: bool,
    /// How it ended.
    pub(crate) outcome: bool,
    /// The version that was negotiated.
    pub(crate) version: bool,
    /// The direction.
    pub(crate) direction: bool,
    /// The content of the request.
    pub(crate) request_body: bool,
    /// The content of the response.
    pub(crate) response_body: bool,
    /// Whether anything is counted at the end.
    pub(crate) counting: bool,
    /// Whether anything is told, so that the revision is, too.
    pub(crate) telling: bool,
}

/// The attributes of OpenTelemetry that are told, and what each is told as.
#[derive(Debug)]
pub(crate) struct Attributes {
    pub(crate) semconv: Semconv,
    facts: Vec<(&'static str, Fact)>,
}

/// What becomes of the trace context.
#[derive(Debug)]
pub(crate) struct TraceContext {
    pub(crate) terms: Terms,
    /// The formats of others that are read, in order.
    pub(crate) reads: Vec<Format>,
    /// The formats of others that are written beside the standard's.
    pub(crate) writes: Vec<Format>,
}

/// The id that a person quotes.
#[derive(Debug)]
pub(crate) struct Correlation {
    /// The header field, in requests and responses.
    pub(crate) header: String,
    /// Whether an id that came is taken.
    pub(crate) accepts: bool,
    /// The most octets of an id that is taken.
    pub(crate) max_octets: usize,
    /// How one is made where none is taken; `None` where none is.
    pub(crate) made: Option<Made>,
    /// Whether the client gets it back.
    pub(crate) responds: bool,
}

/// What goes on of the baggage, by direction; `None` where the direction is none of the policy's.
#[derive(Debug)]
pub(crate) struct Baggage {
    pub(crate) inbound: Option<BaggageTerms>,
    pub(crate) outbound: Option<BaggageTerms>,
}

/// What goes on of the baggage in one direction.
#[derive(Debug)]
pub(crate) struct BaggageTerms {
    pub(crate) allow: Allow,
    pub(crate) limits: Limits,
}

/// How the direction of an exchange is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, deserr::Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(crate) enum DirectionRule {
    /// The proxy's listener says it; what does not is inbound. A gateway of Istio calls itself
    /// outbound.
    #[default]
    Auto,
    /// To the services that the proxy stands before.
    Inbound,
    /// Away from them.
    Outbound,
}

/// The header fields of a response that say who answered.
#[derive(Debug)]
pub(crate) struct AnsweredBy {
    pub(crate) service: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) deployment: Option<String>,
    /// Whether the client does not get them.
    pub(crate) removes: bool,
}

/// What is counted; `None` is not.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) requests: Option<Metric>,
    pub(crate) errors: Option<Metric>,
    pub(crate) duration: Option<Metric>,
    /// The one of requests and the one of responses.
    pub(crate) sizes: Option<(Metric, Metric)>,
    pub(crate) active: bool,
    pub(crate) fidelity: bool,
    /// The tags that are labels, by their place among the tags.
    pub(crate) labels: Vec<usize>,
}

/// How probes are told from traffic.
#[derive(Debug)]
pub(crate) struct ProbePlan {
    /// The header field with the proof.
    pub(crate) header: String,
    pub(crate) ring: Rc<KeyRing>,
    pub(crate) max_age: Duration,
}

/// What the audit says beside what it always says.
#[derive(Debug)]
pub(crate) struct Audit {
    /// The tag that says who called, by its place among the tags.
    pub(crate) who: usize,
}

impl Policy {
    /// The first rule that matches a request, unless it is off.
    pub(crate) fn rule_for(&self, x: &Exchange<'_>) -> Option<&Rule> {
        let rule = self.rules.iter().find(|rule| rule.matches.matches(x));
        rule.filter(|rule| rule.mode != Mode::Off)
    }

    /// The personal data in a value that is told as it came.
    pub(crate) fn personal_data_in(&self, value: &str) -> Kinds {
        let mut found = Kinds::default();
        personal::mask(value, self.personal, Keep::Nothing, &mut found);
        found
    }

    /// Whether `services` has one of this name.
    pub(crate) fn has_service(&self, name: &str) -> bool {
        self.services.iter().any(|(own, _)| own == name)
    }

    /// The language of a service.
    pub(crate) fn runtime_of(&self, service: &str) -> Option<Runtime> {
        let mut services = self.services.iter();
        services.find(|(name, _)| name == service)?.1
    }
}

impl From<Semconv> for Attributes {
    fn from(semconv: Semconv) -> Self {
        let names = semconv.names().iter();
        Self {
            semconv,
            facts: names.map(|name| (*name, facts::of_tag(name))).collect(),
        }
    }
}

impl Attributes {
    /// What an attribute is told as.
    pub(crate) fn fact(&self, name: &str) -> Option<&Fact> {
        let mut facts = self.facts.iter();
        facts.find(|(own, _)| *own == name).map(|(_, fact)| fact)
    }
}

impl Metrics {
    /// Whether there is anything to be counted at the end.
    fn is_any(&self) -> bool {
        self.requests.is_some()
            || self.errors.is_some()
            || self.duration.is_some()
            || self.sizes.is_some()
    }
}

impl AnsweredBy {
    /// The fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        let fields = [&self.service, &self.version, &self.deployment];
        fields.into_iter().flatten().map(String::as_str)
    }
}

impl Needs {
    /// What a plan needs.
    pub(crate) fn of(plan: &Plan) -> Self {
        let has = |is: fn(&Source) -> bool| plan.tags.iter().any(|tag| is(&tag.source));
        let knows = |known: &[Known]| {
            let is =
                |source: &Source| matches!(source, Source::Exchange(own) if known.contains(own));
            plan.tags.iter().any(|tag| is(&tag.source))
        };
        let counts = plan.metrics.is_any() || plan.audit.is_some() || plan.probe.is_some();
        let names = plan.attributes.is_some() || counts;
        Self {
            operation: names
                || has(|source| matches!(source, Source::PathParameter(_)))
                || knows(&[
                    Known::Route,
                    Known::Operation,
                    Known::Method,
                    Known::RpcService,
                    Known::RpcMethod,
                    Known::GrpcStatus,
                    Known::ErrorType,
                    Known::StatusClass,
                ]),
            target: knows(&[Known::Target]),
            outcome: names || knows(&[Known::GrpcStatus, Known::ErrorType, Known::StatusClass]),
            version: counts || plan.answered_by.is_some() || plan.metrics.fidelity,
            direction: knows(&[Known::Direction]),
            request_body: has(|source| matches!(source, Source::RequestBody(_))),
            response_body: has(|source| matches!(source, Source::ResponseBody(_))),
            counting: plan.metrics.is_any() || plan.metrics.fidelity || plan.probe.is_some(),
            telling: plan.attributes.is_some()
                || plan.audit.is_some()
                || plan.tags.iter().any(|tag| tag.sinks.is_told()),
        }
    }
}

impl Plan {
    /// The variables of path templates that tags come from.
    pub(crate) fn path_parameters(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().filter_map(|tag| match &tag.source {
            Source::PathParameter(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The members of the baggage that tags come from.
    pub(crate) fn baggage_keys(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().filter_map(|tag| match &tag.source {
            Source::Baggage(key) => Some(key.as_str()),
            _ => None,
        })
    }
}

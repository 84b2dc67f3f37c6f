//! The format of access logs: one vocabulary, whatever the policy, and the tags of the policy.

use kit::fact::{self, Fact};
use serde_json::{Map, Value, json};
use telemetry_tagging::render::{Known, Told, told};
use telemetry_tagging::{Policy, facts};
use version_negotiation::facts as version;

use super::expression;
use contract_validation::facts as contract;
use error_translation::facts as error;
use idempotency_keys::facts as idempotency;

/// The `log_format`. What has no value is not in a line from Envoy 1.37 on, and `null` before.
///
/// Nothing in it is as a client sent it: no path, no query, no authority, no address, no user agent.
/// What could be personal comes from facts, which the filter has looked through.
pub(super) fn log_format(policy: &Policy) -> Value {
    let mut told: Vec<(String, Told)> = told(policy).into_iter().collect();
    told.retain(|(_, own)| own.is_logged);
    let mut line = Line {
        told,
        used: Vec::new(),
    };
    let mut format = line.vocabulary(policy);
    format.insert("tags".to_owned(), line.rest());
    json!({"json_format": stripped(Value::Object(format)), "omit_empty_values": true})
}

/// The members of a line: what the policy tells, and what of that has a place already.
struct Line {
    told: Vec<(String, Told)>,
    used: Vec<String>,
}

impl Line {
    /// The members that every policy has, as far as it tells them.
    fn vocabulary(&mut self, policy: &Policy) -> Map<String, Value> {
        let members = [
            ("time", "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%".into()),
            ("service", self.known(Known::Service, &fact::SERVICE)),
            ("version", format_of(&fact::VERSION)),
            ("region", expression::region().into()),
            ("revision", format_of(&facts::REVISION)),
            ("outcome", expression::outcome().into()),
            ("errorType", self.told(Known::ErrorType)),
            ("route", self.told(Known::Route)),
            ("operation", self.told(Known::Operation)),
            ("traceId", self.trace_id()),
            (
                "correlationId",
                self.known(Known::CorrelationId, &facts::CORRELATION_ID),
            ),
            ("synthetic", self.known(Known::Synthetic, &facts::SYNTHETIC)),
            ("request", self.request(policy)),
            ("response", response()),
            ("timingsMs", timings()),
            ("proxy", proxy()),
            ("upstream", upstream()),
            ("answeredBy", self.answered_by()),
            ("treaty", self.treaty()),
        ];
        let member = |(name, value): (&str, Value)| (name.to_owned(), value);
        members.into_iter().map(member).collect()
    }

    fn request(&mut self, policy: &Policy) -> Value {
        // In the line it is that of the log; the attribute has nothing to add.
        self.told(Known::Method);
        json!({
            "id": expression::request_id(),
            "method": expression::method(policy),
            "target": self.told(Known::Target),
            "protocol": "%PROTOCOL%",
            "bytes": "%BYTES_RECEIVED%",
        })
    }

    /// The trace as the policy tells it, else that of Envoy's tracer.
    fn trace_id(&mut self) -> Value {
        match self.told(Known::TraceId) {
            Value::Null => "%TRACE_ID%".into(),
            told => told,
        }
    }

    fn answered_by(&mut self) -> Value {
        json!({
            "service": self.told(Known::AnsweredService),
            "version": self.told(Known::AnsweredVersion),
            "deployment": self.told(Known::AnsweredDeployment),
            "runtime": self.told(Known::AnsweredRuntime),
        })
    }

    /// What the filters decided.
    fn treaty(&mut self) -> Value {
        json!({
            "refusal": format_of(&fact::REFUSAL),
            "reply": format_of(&fact::REPLY),
            "off": format_of(&fact::OFF),
            "traceContext": self.known(Known::TraceOutcome, &facts::TRACE),
            "traceDefect": format_of(&facts::TRACE_DEFECT),
            "fidelity": self.known(Known::Fidelity, &facts::FIDELITY),
            "tagsDropped": format_of(&facts::DROPPED),
            "version": {
                "requested": format_of(&version::REQUESTED),
                "source": format_of(&version::SOURCE),
                "state": format_of(&version::STATE),
                "variant": format_of(&version::VARIANT),
                "outcome": format_of(&version::OUTCOME),
            },
            "error": {
                "type": format_of(&error::TYPE),
                "source": format_of(&error::SOURCE),
                "dialect": format_of(&error::DIALECT),
                "outcome": format_of(&error::OUTCOME),
                "redacted": format_of(&error::REDACTED),
                "status": format_of(&error::STATUS),
            },
            "contract": {
                "operation": format_of(&contract::OPERATION),
                "violations": format_of(&contract::VIOLATIONS),
            },
            "idempotency": {
                "outcome": format_of(&idempotency::OUTCOME),
                "end": format_of(&idempotency::END),
            },
        })
    }

    /// What the policy tells of this; null where it does not.
    fn told(&mut self, known: Known) -> Value {
        let mut value = Value::Null;
        for (name, told) in self
            .told
            .iter()
            .filter(|(_, told)| told.known == Some(known))
        {
            if value.is_null() {
                value = format_of(&told.fact);
            }
            self.used.push(name.clone());
        }
        value
    }

    /// What the policy tells of this, else what a fact that is told without a tag says.
    fn known(&mut self, known: Known, fact: &Fact) -> Value {
        match self.told(known) {
            Value::Null => format_of(fact),
            told => told,
        }
    }

    /// The tags that have no place yet.
    fn rest(&self) -> Value {
        let rest = self
            .told
            .iter()
            .filter(|(name, _)| !self.used.contains(name));
        rest.map(|(name, told)| (name.clone(), format_of(&told.fact)))
            .collect()
    }
}

fn response() -> Value {
    json!({
        "status": "%RESPONSE_CODE%",
        "grpcStatus": "%GRPC_STATUS(SNAKE_STRING)%",
        "bytes": "%BYTES_SENT%",
    })
}

/// The phases in which an exchange spends its time, in whole milliseconds.
fn timings() -> Value {
    json!({
        "total": "%DURATION%",
        "request": "%COMMON_DURATION(DS_RX_BEG:DS_RX_END:ms)%",
        "beforeUpstream": "%COMMON_DURATION(DS_RX_BEG:US_TX_BEG:ms)%",
        "connection": "%UPSTREAM_CONNECTION_POOL_READY_DURATION%",
        "upstreamRequest": "%COMMON_DURATION(US_TX_BEG:US_TX_END:ms)%",
        "upstreamWait": "%COMMON_DURATION(US_TX_END:US_RX_BEG:ms)%",
        "upstreamResponse": "%COMMON_DURATION(US_RX_BEG:US_RX_END:ms)%",
        "firstOctet": "%COMMON_DURATION(DS_RX_BEG:DS_TX_BEG:ms)%",
    })
}

fn proxy() -> Value {
    json!({
        "host": expression::virtual_host(),
        "route": "%ROUTE_NAME%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "flags": "%RESPONSE_FLAGS%",
    })
}

fn upstream() -> Value {
    json!({
        "cluster": "%UPSTREAM_CLUSTER%",
        "address": "%UPSTREAM_HOST%",
        "region": expression::upstream_region(),
        "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
        "failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    })
}

/// Filter state is logged as it was written; without `PLAIN`, as a JSON string in base64.
fn format_of(fact: &Fact) -> Value {
    super::filter_state(fact).into()
}

/// The same without nulls, and without objects that have no member.
fn stripped(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members
                .into_iter()
                .map(|(name, value)| (name, stripped(value)));
            let is_empty =
                |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
            members.filter(|(_, value)| !is_empty(value)).collect()
        }
        value => value,
    }
}

//! What is counted and audited when an exchange is over.

use std::rc::Rc;

use kit::exchange::Exchange;
use kit::metric::{Metric, OTHER};
use serde_json::{Map, Value};

use super::seen::Seen;
use crate::source::{Known, integer};
use crate::{facts, metrics};

impl Seen {
    /// Counts the exchange: probes apart, so that they are in no objective.
    pub(super) fn count(&mut self, x: &mut Exchange<'_>) {
        let plan = Rc::clone(&self.plan);
        let own = &plan.metrics;
        if own.active {
            x.shift(&metrics::ACTIVE, &[&plan.label], -1);
        }
        if !self.plan.needs.counting {
            return;
        }
        let route = self.known(Known::Route).unwrap_or(OTHER.into());
        let status_class = self.status_class();
        let version = self.version();
        if let (true, Some(fidelity)) = (own.fidelity, self.fidelity) {
            let labels = [&plan.label, version, self.answered_by(), fidelity.name()];
            x.count(&metrics::FIDELITY, &labels);
        }
        if self.is_synthetic {
            return x.count(&metrics::SYNTHETIC, &[&plan.label, &route, status_class]);
        }
        let method = self.known(Known::Method).unwrap_or_default();
        let mut labels = vec![plan.label.as_str(), &route, &method, status_class, version];
        if let (Some(metric), Some(error)) = (&own.errors, self.known(Known::ErrorType)) {
            x.count(metric, &[&plan.label, &route, &method, &error, version]);
        }
        let added = own.labels.iter().map(|place| self.values.get(*place));
        labels.extend(added.map(|value| value.and_then(Option::as_deref).unwrap_or_default()));
        if let Some(metric) = &own.requests {
            x.count(metric, &labels);
        }
        let Some(labels) = labels.get(..metrics::REQUESTS.labels.len()) else {
            return;
        };
        if let (Some(metric), Some(started)) = (&own.duration, self.started) {
            let took = x.now().duration_since(started).unwrap_or_default();
            let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            x.record(metric, labels, took);
        }
        if let Some((requests, responses)) = &own.sizes {
            record_size(requests, "request", labels, x);
            record_size(responses, "response", labels, x);
        }
    }

    /// Tells who did what, under which policy, and how it ended.
    pub(super) fn audit(&self, x: &mut Exchange<'_>) {
        let Some(audit) = &self.plan.audit else {
            return;
        };
        let who = self.values.get(audit.who).and_then(Option::as_deref);
        let known = |known| self.known(known).map(|value| value.as_ref().into());
        let status = self.status.map(Value::from);
        let members = [
            ("who", who.map(Value::from)),
            ("service", Some(self.plan.label.as_str().into())),
            ("method", known(Known::Method)),
            ("route", known(Known::Route)),
            ("operation", known(Known::Operation)),
            ("rpcMethod", known(Known::RpcMethod)),
            ("status", status),
            ("grpcStatus", known(Known::GrpcStatus)),
            ("outcome", Some(self.audited_outcome().into())),
            ("error", known(Known::ErrorType)),
            ("correlationId", known(Known::CorrelationId)),
            ("traceId", known(Known::TraceId)),
            ("revision", Some(self.policy.revision.as_str().into())),
        ];
        let mut line = Map::new();
        for (name, value) in members {
            if let Some(value) = value {
                line.insert(name.to_owned(), value);
            }
        }
        x.tell(&facts::AUDIT, &Value::Object(line).to_string());
    }

    fn audited_outcome(&self) -> &'static str {
        match self.status_class() {
            _ if self.is_aborted => "aborted",
            "4xx" => "refused",
            "5xx" => "failed",
            "none" => "unanswered",
            _ => "done",
        }
    }
}

/// Envoy counts what came and went, heads included; asking costs one host call.
fn record_size(metric: &Metric, message: &str, labels: &[&str], x: &mut Exchange<'_>) {
    let told = x.property(&[message, "total_size"]);
    let size = told.and_then(|octets| integer(&octets)).unwrap_or_default();
    x.record(metric, labels, u64::try_from(size).unwrap_or_default());
}

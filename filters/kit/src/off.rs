//! Services that a filter leaves alone, whatever its rules say: the break-glass of every policy.
//!
//! It stands around a filter's core and not in its rules, so that it holds in every filter alike,
//! and no rule has to be read, or trusted, in the hour in which it is needed.

use std::rc::Rc;

use deserr::Deserr;
use serde_json::Value;

use crate::body::Body;
use crate::call::{CallId, CallResult};
use crate::exchange::Exchange;
use crate::fact;
use crate::filter::{Core, End, Flow};
use crate::matching::Match;
use crate::metric::{Metric, MetricKind};
use crate::policy::value::Name;
use crate::policy::{Document, Findings, Service};

/// How many exchanges a filter left alone because their service is switched off.
pub const OFF_REQUESTS: Metric = Metric::new(
    "treaty_off_requests",
    MetricKind::Counter,
    &["filter", "service"],
);

/// What a policy says is left alone: its `off`.
#[derive(Debug)]
pub struct Off {
    services: Vec<Name>,
    /// In order: the hosts of the services, then the rules up to the last that is for one of them. A
    /// rule without a service is known by its own name, as in metrics.
    entries: Vec<Entry>,
}

/// Which exchanges are for a service; `None` where it is none that is switched off.
#[derive(Debug)]
struct Entry {
    matches: Match,
    service: Option<Name>,
}

impl Off {
    /// What a document that a filter has taken says; `None` where it switches nothing off.
    pub fn of(document: &Document) -> Option<Self> {
        let document = document.value();
        let off: Vec<Name> = part(document, "off");
        if off.is_empty() {
            return None;
        }
        let services: Vec<Service> = part(document, "services");
        let named = |name: &Name| services.iter().find(|service| service.name == *name);
        let hosts = |name: &Name| Match {
            hosts: named(name).map_or_else(Vec::new, |service| service.hosts.clone()),
            ..Match::default()
        };
        let switched = |name: Option<Name>| name.filter(|name| off.contains(name));
        let with_hosts = off.iter().filter(|name| !hosts(name).hosts.is_empty());
        let mut entries: Vec<Entry> = with_hosts
            .map(|name| Entry {
                matches: hosts(name),
                service: Some(name.clone()),
            })
            .collect();
        for rule in document.get("rules").and_then(Value::as_array)? {
            let service: Option<Name> = part(rule, "service");
            let own: Option<Match> = part(rule, "match");
            entries.push(Entry {
                matches: own
                    .or_else(|| service.as_ref().map(hosts))
                    .unwrap_or_default(),
                service: switched(service.or_else(|| part(rule, "name"))),
            });
        }
        let last = entries.iter().rposition(|entry| entry.service.is_some());
        entries.truncate(last.map_or(0, |last| last + 1));
        Some(Self {
            services: off,
            entries,
        })
    }

    /// The services that are switched off.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(Name::as_str)
    }

    /// The service that an exchange is for, if it is switched off: by its host, or by the first rule
    /// that matches.
    pub fn service_of(&self, x: &Exchange<'_>) -> Option<&str> {
        let mut entries = self.entries.iter();
        let entry = entries.find(|entry| entry.matches.matches(x))?;
        entry.service.as_ref().map(Name::as_str)
    }
}

/// A part of a document that was checked before.
fn part<T: Deserr<Findings> + Default>(document: &Value, name: &str) -> T {
    let value = document.get(name).cloned();
    value
        .and_then(|value| deserr::deserialize(value).ok())
        .unwrap_or_default()
}

/// A core that is gone from the exchanges of services that are switched off.
pub(crate) struct UnlessOff {
    off: Rc<Off>,
    filter: &'static str,
    core: Option<Box<dyn Core>>,
}

impl UnlessOff {
    pub(crate) fn new(off: &Rc<Off>, filter: &'static str, core: Box<dyn Core>) -> Self {
        Self {
            off: Rc::clone(off),
            filter,
            core: Some(core),
        }
    }

    fn or_continue(&mut self, event: impl FnOnce(&mut dyn Core) -> Flow) -> Flow {
        match &mut self.core {
            Some(core) => event(core.as_mut()),
            None => Flow::Continue,
        }
    }

    /// Tells that the filter was not there; of several in one chain each adds its name.
    fn tell(&self, service: &str, x: &mut Exchange<'_>) {
        x.count(&OFF_REQUESTS, &[self.filter, service]);
        let told = match x.fact(&fact::OFF) {
            Some(outer) => format!("{outer},{}", self.filter),
            None => self.filter.to_owned(),
        };
        x.tell(&fact::OFF, &told);
    }
}

impl Core for UnlessOff {
    fn request_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        let off = Rc::clone(&self.off);
        if let Some(service) = off.service_of(x) {
            self.core = None;
            self.tell(service, x);
        }
        self.or_continue(|core| core.request_head(x))
    }

    fn request_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        self.or_continue(|core| core.request_body(body, x))
    }

    fn request_trailers(&mut self, x: &mut Exchange<'_>) -> Flow {
        self.or_continue(|core| core.request_trailers(x))
    }

    fn response_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        self.or_continue(|core| core.response_head(x))
    }

    fn response_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        self.or_continue(|core| core.response_body(body, x))
    }

    fn response_trailers(&mut self, x: &mut Exchange<'_>) -> Flow {
        self.or_continue(|core| core.response_trailers(x))
    }

    fn call_result(&mut self, id: CallId, result: CallResult, x: &mut Exchange<'_>) -> Flow {
        self.or_continue(|core| core.call_result(id, result, x))
    }

    fn timer(&mut self, x: &mut Exchange<'_>) -> Flow {
        self.or_continue(|core| core.timer(x))
    }

    fn end(&mut self, end: End, x: &mut Exchange<'_>) {
        if let Some(core) = &mut self.core {
            core.end(end, x);
        }
    }
}

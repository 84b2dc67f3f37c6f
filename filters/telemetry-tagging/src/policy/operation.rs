//! The operations of a service, as a policy lists them.

use std::collections::BTreeMap;
use std::str::FromStr;

use kit::matching::PathTemplate;
use kit::policy::{Findings, child};
use kit::{object_value, string_value};

use crate::method::MethodName;
use crate::operation::{Conflict, Operation, Operations};

/// One operation, as in an `OpenAPI` document.
#[derive(Debug, Clone)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Operation", deny_unknown_fields)
)]
pub(super) struct OperationEntry {
    /// The path template, which is the route in spans, logs and metrics. The most concrete one that
    /// matches counts, whatever the order. A call of gRPC or Connect is written as its path, such as
    /// `/acme.orders.v1.Orders/GetOrder`.
    path: Route,
    /// The request methods; any without it. An operation for `GET` is for `HEAD` too, where nothing
    /// else is said.
    #[cfg_attr(feature = "schema", schemars(default))]
    methods: Vec<MethodName>,
    /// The id of the operation, such as `getOrder`.
    operation: Option<OperationId>,
}

object_value!(OperationEntry {
    path: required "path",
    methods: list "methods",
    operation: optional "operation",
});

/// A path template that is told as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Route(PathTemplate);

impl FromStr for Route {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // What is longer would be cut where it is told, so that two routes could be one.
        if text.len() > 256 {
            return Err("expected a path template of at most 256 characters".into());
        }
        text.parse().map(Self)
    }
}

string_value!(Route, {
    "type": "string",
    "description": "A path template of at most 256 characters: `/orders/{id}`, `/v{version}/orders/**`.",
    "pattern": "^/",
    "maxLength": 256
});

/// The id of an operation: the `operationId` of `OpenAPI`, or the full name of an RPC method.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OperationId(String);

impl FromStr for OperationId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:/#".contains(c);
        if !(1..=128).contains(&text.len()) || !text.chars().all(fits) {
            return Err(
                "expected an operation id of 1 to 128 letters, digits, `-`, `_`, `.`, `:`, \
                        `/` or `#`, such as \"getOrder\""
                    .into(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(OperationId, {
    "type": "string",
    "description": "An operation id of 1 to 128 letters, digits, `-`, `_`, `.`, `:`, `/` or `#`, such as \"getOrder\".",
    "pattern": "^[A-Za-z0-9_.:/#-]{1,128}$"
});

/// Checks the operations that stand at `at`.
pub(super) fn check(own: &[OperationEntry], at: &str, findings: &mut Findings) -> Operations {
    let mut operations = Operations::default();
    let mut ids = BTreeMap::new();
    for (index, entry) in own.iter().enumerate() {
        let here = child(at, index);
        entry.check_methods(&here, findings);
        if let Err(conflict) = operations.add(entry.operation()) {
            findings.add(&here, explain(conflict, at));
        }
        // An id names one operation of a document (OpenAPI 3.1 section 4.8.10.1).
        if let Some(OperationId(id)) = &entry.operation {
            let earlier = *ids.entry(id.as_str()).or_insert(index);
            if earlier != index {
                let message = format!("is the id of `{at}/{earlier}` already; ids must differ");
                findings.add(child(&here, "operation"), message);
            }
        }
    }
    operations
}

fn explain(conflict: Conflict, at: &str) -> String {
    match conflict {
        Conflict::SameRequests(earlier) => {
            format!("can never match: `{at}/{earlier}` has the same path and method")
        }
        Conflict::OtherSpelling(earlier) => format!(
            "matches the paths of `{at}/{earlier}`, whose template is written otherwise; write \
             both alike, so that a path has one route"
        ),
    }
}

impl OperationEntry {
    fn check_methods(&self, at: &str, findings: &mut Findings) {
        for (index, method) in self.methods.iter().enumerate() {
            if self.methods.iter().take(index).any(|own| own == method) {
                findings.add(child(&child(at, "methods"), index), "is there twice");
            }
        }
    }

    fn operation(&self) -> Operation {
        Operation {
            route: self.path.0.clone(),
            methods: self.methods.clone(),
            id: self.operation.clone().map(|id| id.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What is found in a list of operations, of its shape or else of its sense.
    fn found(operations: &Value) -> Vec<String> {
        let read = deserr::deserialize::<Sample, _, Findings>(json!({ "operations": operations }));
        let findings = match read {
            Err(findings) => findings,
            Ok(sample) => {
                let mut findings = Findings::new();
                check(&sample.operations, "/operations", &mut findings);
                findings
            }
        };
        findings.0.iter().map(ToString::to_string).collect()
    }

    #[derive(Debug)]
    struct Sample {
        operations: Vec<OperationEntry>,
    }

    object_value!(Sample { operations: list "operations" });

    #[test]
    fn operations_are_found_by_what_the_policy_says_of_them() {
        let sample: Sample = deserr::deserialize::<_, _, Findings>(json!({ "operations": [
            { "path": "/orders/{id}", "methods": ["GET"], "operation": "getOrder" },
            { "path": "/acme.orders.v1.Orders/GetOrder" },
        ]}))
        .unwrap();
        let mut findings = Findings::new();
        let operations = check(&sample.operations, "/operations", &mut findings);
        assert_eq!(findings, Findings::new());
        let id = |method, target| {
            let found = operations.find(method, target)?;
            operations.get(found.place)?.id.clone()
        };
        assert_eq!(id("GET", "/orders/7").as_deref(), Some("getOrder"));
        assert_eq!(id("PUT", "/orders/7"), None);
        assert!(
            operations
                .find("POST", "/acme.orders.v1.Orders/GetOrder")
                .is_some()
        );
    }

    #[test]
    fn an_operation_for_requests_that_an_earlier_one_takes_is_found() {
        assert_eq!(
            found(&json!([
                { "path": "/orders/{id}", "methods": ["GET", "PUT"] },
                { "path": "/orders/{id}", "methods": ["PUT", "DELETE"] },
                { "path": "/orders/{id}", "methods": ["PATCH"] },
                { "path": "/orders/{id}" },
                { "path": "/orders/{id}" },
            ])),
            [
                "/operations/1: can never match: `/operations/0` has the same path and method",
                "/operations/4: can never match: `/operations/3` has the same path and method",
            ]
        );
    }

    #[test]
    fn two_templates_for_the_same_paths_are_found() {
        assert_eq!(
            found(&json!([
                { "path": "/orders/{id}", "methods": ["GET"] },
                { "path": "/orders/{order}", "methods": ["PUT"] },
            ])),
            [
                "/operations/1: matches the paths of `/operations/0`, whose template is written \
              otherwise; write both alike, so that a path has one route"
            ]
        );
    }

    #[test]
    fn an_id_names_one_operation() {
        assert_eq!(
            found(&json!([
                { "path": "/a", "operation": "get" },
                { "path": "/b", "operation": "list" },
                { "path": "/c", "operation": "get" },
                { "path": "/d", "operation": "get" },
            ])),
            [
                "/operations/2/operation: is the id of `/operations/0` already; ids must differ",
                "/operations/3/operation: is the id of `/operations/0` already; ids must differ",
            ]
        );
    }

    #[test]
    fn a_method_stands_once_and_in_capitals() {
        assert_eq!(
            found(&json!([{ "path": "/a", "methods": ["GET", "PUT", "GET"] }])),
            ["/operations/0/methods/2: is there twice"]
        );
        assert_eq!(
            found(&json!([{ "path": "/a", "methods": ["post"] }])),
            [
                "/operations/0/methods/0: expected a request method in capitals, such as \"GET\", of \
              at most 32 characters; did you mean `POST`?"
            ]
        );
    }

    #[test]
    fn a_route_has_at_most_256_characters() {
        let longest = format!("/{}", "a".repeat(255));
        assert!(found(&json!([{ "path": longest }])).is_empty());
        assert_eq!(
            found(&json!([{ "path": format!("{longest}a") }])),
            ["/operations/0/path: expected a path template of at most 256 characters"]
        );
    }

    #[test]
    fn every_mistake_of_shape_has_its_place() {
        let said = found(&json!([
            { "path": "orders", "operation": "get order" },
            { "methods": "GET", "operationId": "a" },
        ]));
        let places: Vec<&str> = said
            .iter()
            .filter_map(|line| Some(line.split_once(": ")?.0))
            .collect();
        assert_eq!(
            places,
            [
                "/operations/0/path",
                "/operations/0/operation",
                "/operations/1",
                "/operations/1/methods",
                "/operations/1/operationId",
            ]
        );
    }
}

//! What single operations are held to.

use std::collections::BTreeMap;
use std::rc::Rc;

use kit::object_value;
use kit::policy::{Findings, Mode, Placed, child, did_you_mean};

use super::contract::Kind;
use super::direction::DirectionEntry;
use super::suitability::Suitability;
use super::terms::Ground;
use crate::plan::{Contract, Terms};

/// What an operation is held to; what it does not say is that of its rule.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Operation", deny_unknown_fields)
)]
pub(super) struct OperationEntry {
    /// Its `operationId`, its method and the template of its path, such as `GET /orders/{id}`, or
    /// the path of an RPC method, such as `/acme.orders.v1.Orders/GetOrder`.
    pub(super) operation: String,
    /// How far both directions are in force, unless `request` or `response` say it here.
    pub(super) mode: Option<Mode>,
    /// What its requests are held to.
    pub(super) request: Option<DirectionEntry>,
    /// What its responses are held to.
    pub(super) response: Option<DirectionEntry>,
}

object_value!(OperationEntry {
    operation: required "operation",
    mode: optional "mode",
    request: optional "request",
    response: optional "response",
});

impl OperationEntry {
    fn says_nothing(&self) -> bool {
        self.mode.is_none() && self.request.is_none() && self.response.is_none()
    }
}

/// The terms of the operations that have their own, by their names in the contract.
pub(super) fn check(
    ground: &Ground<'_>,
    contract: &Contract,
    suitability: &mut Suitability,
    findings: &mut Findings,
) -> BTreeMap<String, Rc<Terms>> {
    let mut all = BTreeMap::new();
    let layers = ground.layers;
    let Some(said) = layers.pick("operations", |own| own.operations.as_ref()) else {
        return all;
    };
    suitability.note(&said.at, ground.kind, &[Kind::OpenApi, Kind::Protobuf]);
    if matches!(contract, Contract::JsonSchema(_)) {
        return all;
    }
    for (index, value) in said.value.iter().enumerate() {
        let placed = Placed {
            at: child(&said.at, index),
            value,
        };
        let terms = ground.terms(Some(&placed), suitability, findings);
        if value.says_nothing() {
            let message = "says nothing of the operation; expected `mode`, `request` or `response`";
            findings.add(placed.at.clone(), message);
        }
        let at = child(&placed.at, "operation");
        let Some(name) = name_in(contract, &value.operation) else {
            let names = names_of(contract);
            let hint = did_you_mean(&value.operation, names.iter().map(String::as_str));
            let expected = expected(contract);
            findings.add(
                at,
                format!("is no operation of the contract; expected {expected}{hint}"),
            );
            continue;
        };
        if all.insert(name, Rc::new(terms)).is_some() {
            let message = "is the operation of an earlier entry; say all of it in one";
            findings.add(at, message);
        }
    }
    all
}

/// How operations are named.
fn expected(contract: &Contract) -> &'static str {
    match contract {
        Contract::Protobuf(_) => {
            "the path of an RPC method, such as `/acme.orders.v1.Orders/GetOrder`"
        }
        _ => "an `operationId`, or a method and the template of a path, such as `GET /orders/{id}`",
    }
}

/// The name under which the contract knows an operation.
fn name_in(contract: &Contract, said: &str) -> Option<String> {
    let (name, _) = operations(contract).find(|(name, spelled)| name == said || spelled == said)?;
    Some(name)
}

/// All that operations can be named by.
fn names_of(contract: &Contract) -> Vec<String> {
    let names = operations(contract).flat_map(|(name, spelled)| [name, spelled]);
    names.collect()
}

/// The operations of a contract: the name of each, and its method with the template of its path.
fn operations(contract: &Contract) -> Box<dyn Iterator<Item = (String, String)> + '_> {
    match contract {
        Contract::OpenApi(contract) => Box::new(contract.items().iter().flat_map(|item| {
            item.operations.iter().map(|operation| {
                let spelled = format!("{} {}", operation.method, item.template);
                (operation.name.clone(), spelled)
            })
        })),
        Contract::Protobuf(contract) => Box::new(
            contract
                .methods()
                .map(|method| (method.path.clone(), method.path.clone())),
        ),
        Contract::JsonSchema(_) => Box::new(std::iter::empty()),
    }
}

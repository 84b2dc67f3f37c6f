//! What a request is for, as its contract has it.

use std::rc::Rc;

use kit::exchange::Exchange;
use kit::matching::split_query;

use crate::json_schema::JsonSchemas;
use crate::openapi::{self, Lookup, Operation};
use crate::plan::{Contract, Plan, Verdict};
use crate::protobuf::{self, Method};
use crate::refusal::{Offer, Reason};
use crate::violation::{Place, Violation, keyword};

/// What stands for the operation in metrics where a contract has none.
pub(super) const ANY: &str = "_any";

/// What stands for the operation in metrics where the contract does not know it.
pub(super) const UNKNOWN: &str = "_unknown";

/// What a request is for.
#[derive(Debug, Clone)]
pub(super) enum Subject {
    /// An operation of an `OpenAPI` document.
    Operation(Rc<Operation>),
    /// A route that has schemas alone.
    Schemas,
    /// A method of a service in protobuf.
    Call(Rc<Method>),
}

/// What was found in the contract.
pub(super) enum Found<'a> {
    /// The subject, and what the variables of its path stand for.
    Subject(Subject, openapi::Captures<'a>),
    /// The contract does not know it.
    Unknown(Unknown),
    /// The contract has nothing to say about such a request.
    Nothing,
}

/// A request that the contract does not know.
pub(super) struct Unknown {
    /// In what.
    pub(super) violation: Violation,
    /// What the policy makes of it.
    pub(super) verdict: Verdict,
    /// What the client may send instead.
    pub(super) offers: Vec<Offer>,
}

impl Subject {
    /// What stands for it in policies and metrics.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Operation(operation) => &operation.name,
            Self::Schemas => ANY,
            Self::Call(method) => &method.path,
        }
    }
}

/// Finds what a request with this target is for.
pub(super) fn find<'a>(plan: &'a Plan, target: &'a str, x: &Exchange<'_>) -> Found<'a> {
    let path = split_query(target).0;
    match &plan.contract.contract {
        Contract::OpenApi(contract) => operation(plan, contract, path, x),
        Contract::JsonSchema(JsonSchemas { .. }) => Found::Subject(Subject::Schemas, Vec::new()),
        Contract::Protobuf(contract) => call(plan, contract, path),
    }
}

fn operation<'a>(
    plan: &Plan,
    contract: &'a openapi::Contract,
    path: &'a str,
    x: &Exchange<'_>,
) -> Found<'a> {
    let method = x.headers().text(":method").unwrap_or_default();
    let Some(path) = below(&plan.base_paths, path) else {
        return unknown_path(plan);
    };
    let found = match contract.find(method, path) {
        // What `GET` says holds for `HEAD` too (RFC 9110 section 9.3.2).
        Lookup::UnknownMethod(_) if method == "HEAD" => match contract.find("GET", path) {
            Lookup::Operation(operation, matched) => Lookup::Operation(operation, matched),
            Lookup::UnknownMethod(item) => Lookup::UnknownMethod(item),
            Lookup::UnknownPath => Lookup::UnknownPath,
        },
        found => found,
    };
    match found {
        Lookup::Operation(operation, matched) => {
            Found::Subject(Subject::Operation(Rc::clone(operation)), matched.captures)
        }
        // A browser asks before it sends another request (Fetch section 4.8), whatever contracts
        // say.
        Lookup::UnknownMethod(_) | Lookup::UnknownPath
            if method == "OPTIONS" && x.headers().contains("access-control-request-method") =>
        {
            Found::Nothing
        }
        Lookup::UnknownMethod(item) => Found::Unknown(Unknown {
            violation: Violation {
                place: Place::Method,
                ..Violation::in_body(
                    "",
                    keyword::UNKNOWN_METHOD,
                    "must be one of the methods that the path has",
                )
            },
            verdict: plan.unknown_method,
            offers: vec![allow(item)],
        }),
        Lookup::UnknownPath => unknown_path(plan),
    }
}

fn call<'a>(plan: &Plan, contract: &protobuf::Contract, path: &'a str) -> Found<'a> {
    if let Some(method) = contract.method(path) {
        return Found::Subject(Subject::Call(Rc::clone(method)), Vec::new());
    }
    let service = path
        .strip_prefix('/')
        .and_then(|path| path.rsplit_once('/'));
    if service.is_some_and(|(service, _)| contract.has_service(service)) {
        return Found::Unknown(Unknown {
            violation: Violation {
                place: Place::Path,
                ..Violation::in_body(
                    "",
                    keyword::UNKNOWN_METHOD,
                    "must be a method that the service has",
                )
            },
            verdict: plan.unknown_method,
            offers: Vec::new(),
        });
    }
    unknown_path(plan)
}

fn unknown_path<'a>(plan: &Plan) -> Found<'a> {
    Found::Unknown(Unknown {
        violation: Violation {
            place: Place::Path,
            ..Violation::in_body(
                "",
                keyword::UNKNOWN_PATH,
                "must be a path that the contract has",
            )
        },
        verdict: plan.unknown_path,
        offers: Vec::new(),
    })
}

/// RFC 9110 section 15.5.6: the answer "MUST generate an Allow header field".
fn allow(item: &openapi::PathItem) -> Offer {
    let methods: Vec<&str> = item.methods().collect();
    Offer {
        reason: Reason::UnknownMethod,
        field: "allow",
        value: methods.join(", "),
    }
}

/// What follows the first of the base paths that the path is below.
fn below<'a>(base_paths: &[String], path: &'a str) -> Option<&'a str> {
    base_paths.iter().find_map(|base| {
        let rest = path.strip_prefix(base.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    })
}

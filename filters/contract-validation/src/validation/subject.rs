//! What a request is for, as its contract has it.

use std::rc::Rc;

use kit::exchange::Exchange;
use kit::matching::split_query;

use crate::openapi::{self, Captures, Lookup, Operation};
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
    /// Nothing that the contract knows.
    Unknown(Box<Unknown>),
}

/// A request that the contract does not know.
#[derive(Debug, Clone)]
pub(super) struct Unknown {
    /// In what.
    pub(super) violation: Violation,
    /// What the policy makes of it.
    pub(super) verdict: Verdict,
    /// What the client may send instead.
    pub(super) offer: Option<Offer>,
}

/// What was found in the contract.
pub(super) struct Found<'a> {
    pub(super) subject: Subject,
    /// What the variables of its path stand for.
    pub(super) captures: Captures<'a>,
}

impl Subject {
    /// What stands for it in policies and metrics.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Operation(operation) => &operation.name,
            Self::Schemas => ANY,
            Self::Call(method) => &method.path,
            Self::Unknown(_) => UNKNOWN,
        }
    }
}

/// Finds what a request with this target is for; `None` where its contract has nothing to say about
/// such a request.
pub(super) fn find<'a>(plan: &'a Plan, target: &'a str, x: &Exchange<'_>) -> Option<Found<'a>> {
    let path = split_query(target).0;
    let found = match &plan.contract.contract {
        Contract::OpenApi(contract) => return operation(plan, contract, path, x),
        Contract::JsonSchema(_) => Subject::Schemas,
        Contract::Protobuf(contract) => return Some(call(plan, contract, path, x)?.into()),
    };
    Some(found.into())
}

impl From<Subject> for Found<'_> {
    fn from(subject: Subject) -> Self {
        Self {
            subject,
            captures: Captures::new(),
        }
    }
}

fn operation<'a>(
    plan: &'a Plan,
    contract: &'a openapi::Contract,
    path: &'a str,
    x: &Exchange<'_>,
) -> Option<Found<'a>> {
    let method = x.headers().text(":method").unwrap_or_default();
    let below = below(&plan.base_paths, path);
    let found = match below.map(|path| (path, contract.find(method, path))) {
        // What `GET` says holds for `HEAD` too (RFC 9110 section 9.3.2).
        Some((path, Lookup::UnknownMethod(_))) if method == "HEAD" => contract.find("GET", path),
        Some((_, found)) => found,
        None => Lookup::UnknownPath,
    };
    Some(match found {
        Lookup::Operation(operation, matched) => Found {
            subject: Subject::Operation(Rc::clone(operation)),
            captures: matched.captures,
        },
        _ if is_preflight(x) => return None,
        Lookup::UnknownMethod(item) => {
            unknown_method(plan, Place::Method, Some(allow(item))).into()
        }
        Lookup::UnknownPath => unknown_path(plan).into(),
    })
}

/// Whether a browser asks before it sends another request (Fetch section 4.8), whatever contracts say.
fn is_preflight(x: &Exchange<'_>) -> bool {
    let headers = x.headers();
    headers.text(":method") == Some("OPTIONS") && headers.contains("access-control-request-method")
}

fn call(
    plan: &Plan,
    contract: &protobuf::Contract,
    path: &str,
    x: &Exchange<'_>,
) -> Option<Subject> {
    if is_preflight(x) {
        return None;
    }
    if let Some(method) = contract.method(path) {
        return Some(how_called(plan, method, x));
    }
    let service = path
        .strip_prefix('/')
        .and_then(|path| path.rsplit_once('/'));
    if service.is_some_and(|(service, _)| contract.has_service(service)) {
        return Some(unknown_method(plan, Place::Path, None));
    }
    Some(unknown_path(plan))
}

/// A call by a method of HTTP that calls have: `POST`, and in Connect `GET` where it has no side
/// effects (Connect protocol, "Unary-Get-Request").
fn how_called(plan: &Plan, method: &Rc<Method>, x: &Exchange<'_>) -> Subject {
    let allows_get = method.no_side_effects && !method.client_streaming && !method.server_streaming;
    match x.headers().text(":method") {
        Some("POST") => Subject::Call(Rc::clone(method)),
        Some("GET") if allows_get => Subject::Call(Rc::clone(method)),
        _ => {
            let value = if allows_get { "GET, POST" } else { "POST" };
            let offer = Offer {
                reason: Reason::UnknownMethod,
                field: "allow",
                value: value.to_owned(),
            };
            unknown_method(plan, Place::Method, Some(offer))
        }
    }
}

fn unknown_method(plan: &Plan, place: Place, offer: Option<Offer>) -> Subject {
    let detail = match place {
        Place::Method => "must be one of the methods that the path has",
        _ => "must be a method that the service has",
    };
    Subject::Unknown(Box::new(Unknown {
        violation: Violation {
            place,
            ..Violation::in_body("", keyword::UNKNOWN_METHOD, detail)
        },
        verdict: plan.unknown_method,
        offer,
    }))
}

fn unknown_path(plan: &Plan) -> Subject {
    let detail = "must be a path that the contract has";
    Subject::Unknown(Box::new(Unknown {
        violation: Violation {
            place: Place::Path,
            ..Violation::in_body("", keyword::UNKNOWN_PATH, detail)
        },
        verdict: plan.unknown_path,
        offer: None,
    }))
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

//! The names under which `OpenTelemetry` knows what the filter knows of an exchange.
//!
//! Only what the proxy cannot say itself is told: its status, scheme or size are at hand in formats
//! of access logs and spans, and each fact that is told costs a call of the host.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::error_type::{Outcome, error_type};
use crate::method::{self, OTHER};
use crate::rpc::{self, RpcCall, System};
#[cfg(feature = "schema")]
use crate::source::Known;

/// Which names are used: those for HTTP moved in version 1.21 of the semantic conventions and
/// became stable in 1.23, those for RPC moved from 1.38 on and became stable in 1.45.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Semconv {
    /// Those of version 1.45.
    #[default]
    Stable,
    /// Those from before they moved.
    Old,
    /// Both. Where one name means two things, it means what it means in the stable ones.
    Dup,
}

/// A name and its value.
pub(crate) type Attribute<'a> = (&'static str, Cow<'a, str>);

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// The method as the client gave it.
    pub(crate) method: &'a [u8],
    /// The method by its name, if it is known.
    pub(crate) known_method: Option<&'a str>,
    /// The template of the operation.
    pub(crate) route: Option<&'a str>,
    /// The call, if it is one.
    pub(crate) rpc: Option<&'a RpcCall>,
}

const HTTP_REQUEST_METHOD: &str = "http.request.method";
const HTTP_REQUEST_METHOD_ORIGINAL: &str = "http.request.method_original";
const HTTP_METHOD: &str = "http.method";
const HTTP_ROUTE: &str = "http.route";
const RPC_SYSTEM_NAME: &str = "rpc.system.name";
const RPC_SYSTEM: &str = "rpc.system";
const RPC_SERVICE: &str = "rpc.service";
const RPC_METHOD: &str = "rpc.method";
const RPC_METHOD_ORIGINAL: &str = "rpc.method_original";
const RPC_STATUS_CODE: &str = "rpc.status_code";
const RPC_GRPC_STATUS_CODE: &str = "rpc.grpc.status_code";
const ERROR_TYPE: &str = "error.type";

/// What the value of an attribute is, in the words of the filter. Only what an access log has a
/// place of its own for.
#[cfg(feature = "schema")]
pub(crate) fn known(name: &str) -> Option<Known> {
    match name {
        HTTP_REQUEST_METHOD | HTTP_METHOD => Some(Known::Method),
        HTTP_ROUTE => Some(Known::Route),
        ERROR_TYPE => Some(Known::ErrorType),
        _ => None,
    }
}

impl Semconv {
    /// Every name that may be told, so that formats of access logs and spans can list them.
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Stable => &[
                HTTP_REQUEST_METHOD,
                HTTP_REQUEST_METHOD_ORIGINAL,
                HTTP_ROUTE,
                RPC_SYSTEM_NAME,
                RPC_METHOD,
                RPC_METHOD_ORIGINAL,
                RPC_STATUS_CODE,
                ERROR_TYPE,
            ],
            Self::Old => &[
                HTTP_METHOD,
                HTTP_ROUTE,
                RPC_SYSTEM,
                RPC_SERVICE,
                RPC_METHOD,
                RPC_GRPC_STATUS_CODE,
                ERROR_TYPE,
            ],
            Self::Dup => &[
                HTTP_REQUEST_METHOD,
                HTTP_REQUEST_METHOD_ORIGINAL,
                HTTP_METHOD,
                HTTP_ROUTE,
                RPC_SYSTEM_NAME,
                RPC_SYSTEM,
                RPC_SERVICE,
                RPC_METHOD,
                RPC_METHOD_ORIGINAL,
                RPC_STATUS_CODE,
                RPC_GRPC_STATUS_CODE,
                ERROR_TYPE,
            ],
        }
    }

    /// What is known as soon as the request has come, at most one attribute of each name.
    pub(crate) fn request_attributes<'a>(self, request: &Request<'a>) -> Vec<Attribute<'a>> {
        let mut told = Vec::new();
        if self != Self::Old {
            stable_request(request, &mut told);
        }
        if self != Self::Stable {
            old_request(request, &mut told);
        }
        told
    }

    /// What is known once it is clear how the exchange went, at most one attribute of each name.
    pub(crate) fn response_attributes(
        self,
        outcome: Outcome,
        rpc: Option<&RpcCall>,
    ) -> Vec<Attribute<'static>> {
        let mut told = Vec::new();
        let is_grpc = rpc.is_some_and(|call| call.system == System::Grpc);
        if let Some(code) = outcome.grpc.filter(|_| is_grpc) {
            if self != Self::Old {
                tell(&mut told, RPC_STATUS_CODE, rpc::status_name(code));
            }
            if self != Self::Stable {
                tell(&mut told, RPC_GRPC_STATUS_CODE, code.to_string());
            }
        }
        // There was no name for it before, so nothing stands against telling it.
        if let Some(kind) = error_type(outcome) {
            tell(&mut told, ERROR_TYPE, kind);
        }
        told
    }
}

fn stable_request<'a>(request: &Request<'a>, told: &mut Vec<Attribute<'a>>) {
    tell(
        told,
        HTTP_REQUEST_METHOD,
        request.known_method.unwrap_or(OTHER),
    );
    let original = method::original(request.method).filter(|_| request.known_method.is_none());
    if let Some(original) = original {
        tell(told, HTTP_REQUEST_METHOD_ORIGINAL, original);
    }
    if let Some(route) = request.route {
        tell(told, HTTP_ROUTE, route);
    }
    if let Some(call) = request.rpc {
        tell(told, RPC_SYSTEM_NAME, call.system.name());
        tell(told, RPC_METHOD, call.name());
        if let Some(original) = call.original() {
            tell(told, RPC_METHOD_ORIGINAL, original);
        }
    }
}

/// The old names have none for the original of what is not known, so that it is not told.
fn old_request<'a>(request: &Request<'a>, told: &mut Vec<Attribute<'a>>) {
    tell(told, HTTP_METHOD, request.known_method.unwrap_or(OTHER));
    if let Some(route) = request.route {
        tell(told, HTTP_ROUTE, route);
    }
    if let Some(call) = request.rpc {
        tell(told, RPC_SYSTEM, call.system.old_name());
        tell(told, RPC_SERVICE, call.service());
        tell(told, RPC_METHOD, call.method());
    }
}

/// Adds an attribute, unless its name has a value already.
fn tell<'a>(told: &mut Vec<Attribute<'a>>, name: &'static str, value: impl Into<Cow<'a, str>>) {
    if told.iter().all(|(own, _)| *own != name) {
        told.push((name, value.into()));
    }
}

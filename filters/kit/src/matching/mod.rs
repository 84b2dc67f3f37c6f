//! The one vocabulary in which every rule says which exchanges it is for.

mod header;
mod host;
mod path;

pub use header::HeaderMatch;
pub use host::HostPattern;
pub use path::{Captures, PathTemplate, split_query};

use std::str::FromStr;

use crate::exchange::Exchange;
use crate::string_value;

/// Which exchanges a rule is for. Every part that is given must match; within a part one entry is
/// enough (of `headers`, all). An empty match is for every exchange.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub struct Match {
    /// Hosts, such as `orders.example.com` or `*.example.com`; ports do not count.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub hosts: Vec<HostPattern>,
    /// Request methods, such as `GET`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub methods: Vec<Method>,
    /// Path templates, such as `/orders/{id}` or `/files/**`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub paths: Vec<PathTemplate>,
    /// Header fields that must all be as said.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub headers: Vec<HeaderMatch>,
    /// Names of the proxy's routes, as they are on arrival.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub routes: Vec<String>,
}

crate::object_value!(Match {
    hosts: list "hosts",
    methods: list "methods",
    paths: list "paths",
    headers: list "headers",
    routes: list "routes",
});

impl Match {
    /// Whether a request head matches. What no part asks for is not read.
    pub fn matches(&self, x: &Exchange<'_>) -> bool {
        self.matches_host(x)
            && self.matches_method(x)
            && self.matches_path(x)
            && self
                .headers
                .iter()
                .all(|header| header.matches(x.headers()))
            && self.matches_route(x)
    }

    /// Whether every exchange that matches `other` matches this too, as far as one can tell; then
    /// a rule for `other` that stands after one for this can never match.
    pub fn covers(&self, other: &Self) -> bool {
        covers(&self.hosts, &other.hosts, HostPattern::covers)
            && covers(&self.methods, &other.methods, PartialEq::eq)
            && covers(&self.paths, &other.paths, PathTemplate::covers)
            && covers(&self.routes, &other.routes, PartialEq::eq)
            && self.headers.iter().all(|own| other.headers.contains(own))
    }

    fn matches_host(&self, x: &Exchange<'_>) -> bool {
        self.hosts.is_empty()
            || x.peek_text(":authority")
                .is_some_and(|host| self.hosts.iter().any(|pattern| pattern.matches(host)))
    }

    fn matches_method(&self, x: &Exchange<'_>) -> bool {
        self.methods.is_empty()
            || x.peek_text(":method")
                .is_some_and(|method| self.methods.iter().any(|own| own.0 == method))
    }

    fn matches_path(&self, x: &Exchange<'_>) -> bool {
        self.paths.is_empty()
            || x.peek_text(":path")
                .is_some_and(|path| self.paths.iter().any(|own| own.matches(path)))
    }

    fn matches_route(&self, x: &Exchange<'_>) -> bool {
        self.routes.is_empty()
            || x.property(&["xds", "route_name"])
                .is_some_and(|name| self.routes.iter().any(|own| own.as_bytes() == name))
    }
}

/// Whether a list that means "any of these, or anything when empty" covers another.
fn covers<T>(own: &[T], other: &[T], covers: impl Fn(&T, &T) -> bool) -> bool {
    let is_covered = |entry: &T| own.iter().any(|own| covers(own, entry));
    own.is_empty() || (!other.is_empty() && other.iter().all(is_covered))
}

/// A request method; methods are case-sensitive (RFC 9110 section 9.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method(String);

impl Method {
    /// The method.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
            return Err("expected a request method in capitals, such as \"GET\"".into());
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Method, {
    "type": "string",
    "description": "A request method in capitals, such as GET.",
    "pattern": "^[A-Z-]+$"
});

#[cfg(test)]
mod tests;

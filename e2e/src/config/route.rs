//! A route for a test.

use serde_json::{Value, json};

use super::edit::merge;

/// A route to a cluster, or to an answer of Envoy's own. Routes are tried in order.
#[derive(Debug, Clone)]
pub struct Route(Value);

impl Route {
    /// Sends every path with this prefix to a cluster.
    pub fn prefix(prefix: &str, cluster: &str) -> Self {
        Self(json!({"match": {"prefix": prefix}, "route": {"cluster": cluster}}))
    }

    /// Answers every path with this prefix directly.
    pub fn direct(prefix: &str, status: u16, body: &str) -> Self {
        Self(json!({
            "match": {"prefix": prefix},
            "direct_response": {"status": status, "body": {"inline_string": body}},
        }))
    }

    /// Names it, for `match.route` of a policy and for logs.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        self.with(json!({"name": name}))
    }

    /// Takes only requests with this header value; a second call replaces the first.
    #[must_use]
    pub fn when_header(self, name: &str, value: &str) -> Self {
        self.with(json!({"match": {
            "headers": [{"name": name, "string_match": {"exact": value}}]
        }}))
    }

    /// Lays more of Envoy's own settings over it.
    #[must_use]
    pub fn with(mut self, more: Value) -> Self {
        merge(&mut self.0, more);
        self
    }
}

impl From<Route> for Value {
    fn from(route: Route) -> Self {
        route.0
    }
}

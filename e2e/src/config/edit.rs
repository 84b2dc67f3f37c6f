//! Changes to a config as a JSON document.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};

/// Lays `more` over `base`: objects are merged member by member, everything else is replaced.
pub(super) fn merge(base: &mut Value, more: Value) {
    match (base, more) {
        (Value::Object(base), Value::Object(more)) => {
            for (name, value) in more {
                merge(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, more) => *base = more,
    }
}

/// Shows every object of a document, outer before inner.
pub(super) fn visit(value: &mut Value, see: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            see(members);
            members.values_mut().for_each(|member| visit(member, see));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, see)),
        _ => {}
    }
}

/// An address as Envoy writes it.
pub(super) fn address(address: SocketAddr) -> Value {
    json!({"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}})
}

/// The load assignment of a cluster with fixed endpoints.
pub(super) fn endpoints(cluster: &str, addresses: &[SocketAddr]) -> Value {
    let endpoints: Vec<_> = addresses
        .iter()
        .map(|endpoint| json!({"endpoint": {"address": address(*endpoint)}}))
        .collect();
    json!({"cluster_name": cluster, "endpoints": [{"lb_endpoints": endpoints}]})
}

//! The environment variables from which a policy takes its secrets.

use kit::policy::child;
use serde_json::Value;

/// The members of policies that name secrets. Elsewhere `env` is a word like any other, in a
/// contract or in a table of tags.
const HOLDERS: [&str; 3] = ["keys", "sealingKeys", "stores"];

/// The name of a variable, and where in the policy it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Secret {
    /// The name of the variable.
    pub(crate) name: String,
    /// A JSON Pointer.
    pub(crate) pointer: String,
}

/// The variables that a policy asks for.
pub(crate) fn secrets(policy: &Value) -> Vec<Secret> {
    let mut found = Vec::new();
    for holder in HOLDERS {
        if let Some(value) = policy.get(holder) {
            collect(value, &child("", holder), &mut found);
        }
    }
    found
}

fn collect(value: &Value, pointer: &str, found: &mut Vec<Secret>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let pointer = child(pointer, name);
                match value {
                    Value::String(value) if name == "env" => found.push(Secret {
                        name: value.clone(),
                        pointer,
                    }),
                    value => collect(value, &pointer, found),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &child(pointer, index), found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_and_passwords_are_named_and_nothing_else() {
        let policy = json!({
            "keys": [{"name": "a", "current": {"id": "1", "env": "B"}, "previous": {"id": "0", "env": "A"}}],
            "stores": [{"type": "etcd", "user": {"name": "t", "password": {"env": "B"}}, "env": 7}],
            "tags": [{"steps": [{"step": "map", "table": {"env": "prod"}}]}],
        });
        let found = secrets(&policy);
        let told: Vec<(&str, &str)> = found
            .iter()
            .map(|own| (own.pointer.as_str(), own.name.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("/keys/0/current/env", "B"),
                ("/keys/0/previous/env", "A"),
                ("/stores/0/user/password/env", "B"),
            ]
        );
    }
}

//! The tags that Envoy takes out of the names of metrics.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use telemetry_tagging::Policy;
use telemetry_tagging::render::labels;

/// The tags of every filter, and the buckets of sizes.
const GENERIC: &str = include_str!("../../../observability/stats_tags.yaml");

/// The `stats_config`: the generic one, with a tag for each label that only policies know.
#[expect(
    clippy::expect_used,
    reason = "The file is a part of the program, and a test reads it."
)]
pub(super) fn stats_config(policies: &[Policy]) -> Value {
    let mut config: Value = serde_saphyr::from_str(GENERIC).expect("a document");
    let labels: BTreeSet<&str> = policies.iter().flat_map(labels).collect();
    if let Some(Value::Array(tags)) = config.get_mut("stats_tags") {
        for label in labels {
            let name = format!("treaty_{label}");
            if tags.iter().all(|tag| tag["tag_name"] != *name) {
                tags.push(json!({"tag_name": name, "regex": regex(label)}));
            }
        }
    }
    config
}

/// The first group is what leaves the name, the second is the value. The beginning is what makes it
/// cheap: Envoy tries it on names of wasm alone.
fn regex(label: &str) -> String {
    format!(r"^wasmcustom\..*?(;{label}=([^;]*))")
}

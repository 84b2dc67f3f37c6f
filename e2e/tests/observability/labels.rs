//! The block that makes labels of names.

use std::collections::BTreeSet;

use super::{definitions, document, items, text};

/// The tags that are Envoy's own, by their names.
const OF_ENVOY: [&str; 2] = ["wasm_plugin", "extension_config"];

#[test]
fn there_is_one_tag_for_each_label_of_each_filter() {
    let tags = document("stats_tags.yaml");
    let mut shipped: Vec<&str> = items(&tags["stats_tags"])
        .map(|tag| text(&tag["tag_name"]))
        .filter(|name| !OF_ENVOY.contains(name))
        .collect();
    shipped.sort_unstable();
    let labels: BTreeSet<String> = definitions::labels()
        .into_values()
        .flatten()
        .map(|label| format!("treaty_{label}"))
        .collect();
    assert_eq!(shipped, labels.iter().collect::<Vec<_>>());
}

#[test]
fn a_tag_takes_the_label_that_it_is_named_after() {
    for tag in items(&document("stats_tags.yaml")["stats_tags"]) {
        let name = text(&tag["tag_name"]);
        if let Some(label) = name.strip_prefix("treaty_") {
            let regex = format!(r"^wasmcustom\..*?(;{label}=([^;]*))");
            assert_eq!(text(&tag["regex"]), regex);
        }
    }
}

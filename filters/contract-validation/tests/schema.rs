//! The schema beside the policies is the one that the types give.

use std::path::Path;

#[test]
fn the_schema_beside_the_policies_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../policies/contract-validation/schema.json");
    let schema = serde_json::to_string_pretty(&contract_validation::schema()).unwrap() + "\n";
    if std::fs::read_to_string(&path).unwrap_or_default() != schema {
        std::fs::write(&path, schema).unwrap();
        panic!("policies/contract-validation/schema.json was out of date; it is written anew");
    }
}

//! Octets as an OpenAPI document: whatever loads finds each of its operations by the template of its
//! path, has schemas that compile or a place for the mistake, and loses nothing by being pruned.

#![no_main]

use contract_validation::openapi::{
    Contract, Direction, Hidden, Lookup, Nullable, Reading, Undefined, prune,
};
use contract_validation::schema::Compiled;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const READINGS: [Reading; 3] = [
    Reading {
        undefined: Undefined::Refused,
        nullable: Nullable::Strict,
    },
    Reading {
        undefined: Undefined::Unchecked,
        nullable: Nullable::Strict,
    },
    Reading {
        undefined: Undefined::Unchecked,
        nullable: Nullable::Lenient,
    },
];

/// Whether a request to the template itself leads to the operation, or to one that is more concrete.
fn check_lookup(contract: &Contract) {
    for item in contract.items() {
        for operation in &item.operations {
            let path = filled(&item.template);
            let found = contract.find(&operation.method, &path);
            assert!(
                matches!(found, Lookup::Operation(own, _) if own.method == operation.method),
                "{} {path} of {}: {found:?}",
                operation.method,
                item.template
            );
        }
    }
}

/// A path of the template: what stands in braces is a variable.
fn filled(template: &str) -> String {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        path.push('x');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    path.push_str(rest);
    path
}

fn check_schemas(contract: &Contract) {
    let operations = contract.items().iter().flat_map(|item| &item.operations);
    for operation in operations {
        let parameters = operation.parameters.iter();
        let bodies = operation.body.iter().flat_map(|body| &body.content.0);
        let schemas = parameters
            .filter_map(|own| own.schema.as_ref())
            .chain(bodies.filter_map(|own| own.schema.as_ref()));
        for schema in schemas {
            for direction in [Direction::Request, Direction::Response] {
                let view = contract.view(schema, direction, Hidden::Refused);
                if let Err(finding) = Compiled::of(&view.schema) {
                    assert!(!finding.message.is_empty());
                }
            }
        }
    }
    for finding in contract.check_schemas().0 {
        assert!(!finding.message.is_empty());
    }
}

/// The names of the operations, which rules and metrics know, in their own order: a value that was read
/// elsewhere has lost that of the text.
fn names(contract: &Contract) -> Vec<String> {
    let operations = contract.items().iter().flat_map(|item| &item.operations);
    let mut names: Vec<_> = operations.map(|own| own.name.clone()).collect();
    names.sort();
    names
}

fuzz_target!(|text: &[u8]| {
    for reading in READINGS {
        let contract = match Contract::read_text(text, reading) {
            Ok(contract) => contract,
            Err(findings) => {
                assert!(!findings.to_string().is_empty());
                continue;
            }
        };
        check_lookup(&contract);
        check_schemas(&contract);
        let mut document: Value = serde_json::from_slice(text).expect("it was read as JSON");
        let same = Contract::read(&document, reading).expect("it was read as a text");
        assert_eq!(names(&same), names(&contract));
        prune(&mut document);
        let pruned = Contract::read(&document, reading);
        let pruned = pruned.unwrap_or_else(|findings| panic!("pruned: {findings}"));
        assert_eq!(names(&pruned), names(&contract));
    }
});

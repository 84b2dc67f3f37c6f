//! Descriptors and messages: no set of descriptors panics, its methods are known by their paths, and a
//! message under a set is refused or taken, the same each time and in as few words as are asked for.

#![no_main]

use arbitrary::Arbitrary;
use contract_validation::fuzzing::unpack;
use contract_validation::protobuf::{Contract, Limits};
use libfuzzer_sys::fuzz_target;
use prost::Message;
use prost_types::FileDescriptorSet;
use serde_json::Value;

#[derive(Debug, Arbitrary)]
struct Input {
    descriptors: Descriptors,
    messages: Vec<Vec<u8>>,
    depth: u8,
    violations: u8,
    unknown_fields: bool,
}

#[derive(Debug, Arbitrary)]
enum Descriptors {
    /// The ones of the shipped example, with octets that are changed, each at a place.
    Changed(Vec<(u16, u8)>),
    Octets(Vec<u8>),
}

thread_local! {
    static EXAMPLE: Vec<u8> = example();
}

/// The descriptors of the shipped example.
fn example() -> Vec<u8> {
    let example = include_str!("../../../policies/contract-validation/examples/grpc.json");
    let example: Value = serde_json::from_str(example).expect("it is JSON");
    let text = example["contracts"][0]["protobuf"]
        .as_str()
        .expect("packed");
    unpack(text).expect("it is packed well")
}

impl Descriptors {
    fn octets(&self) -> Vec<u8> {
        match self {
            Self::Octets(octets) => octets.clone(),
            Self::Changed(places) => {
                let mut octets = EXAMPLE.with(Clone::clone);
                for (place, octet) in places {
                    if let Some(own) = octets.get_mut(usize::from(*place)) {
                        *own = *octet;
                    }
                }
                octets
            }
        }
    }
}

fn check_message(contract: &Contract, octets: &[u8], limits: Limits) {
    for method in contract.methods() {
        for message in [method.input, method.output] {
            let found = contract.check_binary(message, octets, limits);
            assert!(found.len() <= limits.violations);
            assert_eq!(contract.check_binary(message, octets, limits), found);
            let found = contract.check_json(message, octets, limits);
            assert!(found.len() <= limits.violations);
            let is_json = serde_json::from_slice::<Value>(octets).is_ok();
            assert!(is_json || !found.is_empty(), "what is no JSON is taken");
        }
    }
}

fuzz_target!(|input: Input| {
    let octets = input.descriptors.octets();
    let contract = match Contract::read(&octets) {
        Ok(contract) => contract,
        Err(findings) => return assert!(!findings.to_string().is_empty()),
    };
    let other = FileDescriptorSet::decode(octets.as_slice());
    let services = other.iter().flat_map(|set| &set.file);
    let services: usize = services.map(|file| file.service.len()).sum();
    for method in contract.methods() {
        assert!(contract.method(&method.path).is_some(), "{}", method.path);
        let service = method.path.split('/').nth(1).expect("a service");
        assert!(contract.has_service(service));
    }
    assert!(other.is_err() || services > 0, "the other reader has none");
    let limits = Limits {
        depth: usize::from(input.depth % 128) + 1,
        violations: usize::from(input.violations % 64) + 1,
        unknown_fields: input.unknown_fields,
    };
    for message in input.messages.iter().take(4) {
        check_message(&contract, message, limits);
    }
});

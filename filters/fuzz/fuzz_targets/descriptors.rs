//! A set of descriptors: the methods are those that another reader finds, and no other.

#![no_main]

use idempotency_keys::fuzzing::methods;
use libfuzzer_sys::fuzz_target;
use prost::Message;
use prost_types::FileDescriptorSet;

/// The most methods of one set.
const MOST: usize = 4096;

/// The paths of unary methods and of streams; none where a method or its service has no name.
fn expected(octets: &[u8]) -> Option<[Vec<String>; 2]> {
    let set = FileDescriptorSet::decode(octets).ok()?;
    let mut paths = [Vec::new(), Vec::new()];
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                let package = file.package();
                let dot = if package.is_empty() { "" } else { "." };
                let (service, name) = (service.name(), method.name());
                if service.is_empty() || name.is_empty() {
                    return None;
                }
                let streams = method.client_streaming() || method.server_streaming();
                paths[usize::from(streams)].push(format!("/{package}{dot}{service}/{name}"));
            }
        }
    }
    let count = paths.iter().map(Vec::len).sum();
    (1..=MOST).contains(&count).then_some(paths)
}

fuzz_target!(|octets: &[u8]| {
    // The other reader reads more of a set, and so refuses more.
    let is_set = FileDescriptorSet::decode(octets).is_ok();
    let Some([unary, streams]) = expected(octets) else {
        let mistake = methods(octets, &[]).err();
        assert!(!is_set || mistake.is_some(), "there is no method");
        return;
    };
    let all: Vec<&str> = unary.iter().chain(&streams).map(String::as_str).collect();
    let (found, streaming) = methods(octets, &all).expect("it is read");
    assert_eq!(found, unary);
    for path in &all {
        let streams = streams.iter().any(|own| own == path);
        assert_eq!(streaming.contains(path), streams, "{path}");
    }
});

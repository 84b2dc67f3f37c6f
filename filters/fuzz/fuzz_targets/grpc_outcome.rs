//! Octets as the message of the frame that ends a body: as trailers they are the same once they
//! were written, and as the end of a Connect stream they take another error.

#![no_main]

use error_translation::fuzzing;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|octets: &[u8]| {
    let trailers = fuzzing::trailers(octets);
    let outcome = fuzzing::outcome(&trailers);
    let written = fuzzing::trailers_block(&trailers);
    let again = fuzzing::trailers(&written);
    assert_eq!(fuzzing::trailers_block(&again), written);
    assert_eq!(fuzzing::outcome(&again), outcome);
    if outcome.is_some() {
        assert!(trailers.contains("grpc-status"));
    }

    let error = json!({ "code": "internal" });
    if let Some((_, end)) = fuzzing::end_stream(octets, error.clone()) {
        let written: Value = serde_json::from_slice(&end).expect("the end of a stream is JSON");
        let mut document: Value = serde_json::from_slice(octets).expect("it was read");
        document["error"] = error;
        assert_eq!(written, document);
    }
});

//! Octets as `google.rpc.Status`: of its details only what never leaves is taken away, what passes
//! once passes again as it is, and all of them have one form in JSON.

#![no_main]

use error_translation::fuzzing::{clean_details, detail_from_json, detail_to_json};
use kit::problem::google_rpc::{Any, DebugInfo, RequestInfo, Status};
use libfuzzer_sys::fuzz_target;
use prost::Message;
use serde_json::Value;

fuzz_target!(|octets: &[u8]| {
    let Ok(status) = Status::decode(octets) else {
        return;
    };
    let details = status.details;
    let mut keep = |text: &str| Some(text.to_owned());
    let kept = clean_details(&details, &mut keep);
    for detail in &kept {
        assert_ne!(detail.name(), DebugInfo::NAME);
        assert!(detail.name() == RequestInfo::NAME || details.contains(detail));
    }
    assert_eq!(clean_details(&kept, &mut keep), kept);

    let mut shout = |text: &str| (!text.contains('!')).then(|| format!("{text}?"));
    for detail in clean_details(&details, &mut shout) {
        let again = clean_details(&[detail], &mut keep);
        assert!(again.len() <= 1);
    }
    clean_details(&details, &mut |_| None);

    // The JSON mapping of proto3 gives these a form of their own, which nobody reads here.
    let is_well_known = |detail: &&Any| detail.name().starts_with("google.protobuf.");
    for detail in kept.iter().filter(|detail| !is_well_known(detail)) {
        let again = |json: &Value| {
            detail_to_json(&detail_from_json(json).expect("what was written is read"))
        };
        // What is empty on the wire need not be there.
        let json = again(&detail_to_json(detail));
        assert_eq!(again(&json), json);
    }
});

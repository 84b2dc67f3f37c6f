//! Octets as a packed contract: what is not base64, not gzip or too much is a finding; what was packed
//! well is what it was, with padding and without.

#![no_main]

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use contract_validation::fuzzing::unpack;
use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;

/// How gzip begins (RFC 1952 section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(octets).expect("a vector takes all");
    encoder.finish().expect("a vector takes all")
}

fuzz_target!(|octets: &[u8]| {
    if let Ok(text) = std::str::from_utf8(octets)
        && let Err(message) = unpack(text)
    {
        assert!(!message.is_empty());
    }
    let plain = unpack(&STANDARD.encode(octets));
    assert_eq!(unpack(&STANDARD_NO_PAD.encode(octets)), plain);
    if octets.is_empty() {
        assert!(plain.is_err());
        return;
    }
    if !octets.starts_with(&GZIP) {
        assert_eq!(plain.as_deref(), Ok(octets));
    }
    let packed = gzip(octets);
    assert_eq!(unpack(&STANDARD.encode(&packed)).as_deref(), Ok(octets));
    // Several members follow each other as their contents do (RFC 1952 section 2.2).
    let (one, other) = octets.split_at(octets.len() / 2);
    let members = [gzip(one), gzip(other)].concat();
    assert_eq!(unpack(&STANDARD.encode(&members)).as_deref(), Ok(octets));
    let cut = &packed[..packed.len() - 1];
    assert!(unpack(&STANDARD.encode(cut)).is_err(), "its end is missing");
});

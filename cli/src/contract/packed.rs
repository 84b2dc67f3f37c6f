//! Contracts packed for a policy: gzip (RFC 1952) in base64 (RFC 4648 section 4).

use std::io::{Read, Write};

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

/// How a gzip file begins (RFC 1952 section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The octets, packed. The same octets are always packed the same, without a time or a name.
pub(crate) fn pack(octets: &[u8]) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // A buffer in memory takes everything.
    let packed = encoder.write_all(octets).and_then(|()| encoder.finish());
    BASE64.encode(packed.unwrap_or_default())
}

/// The octets in base64 alone.
pub(crate) fn encode(octets: &[u8]) -> String {
    BASE64.encode(octets)
}

/// What a text holds, packed or in base64 alone; `None` for any other text.
pub(crate) fn unpack(text: &str) -> Option<Vec<u8>> {
    let octets = BASE64.decode(text).ok()?;
    if !octets.starts_with(&GZIP) {
        return Some(octets);
    }
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(octets.as_slice())
        .read_to_end(&mut unpacked)
        .ok()?;
    Some(unpacked)
}

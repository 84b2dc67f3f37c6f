//! Contracts that were packed into a text, so that a policy stays small.

use std::io::{self, Read};
use std::str::FromStr;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::MultiGzDecoder;
use kit::string_value;

/// The most octets of a contract, unpacked: a few kilobytes of gzip can hold gigabytes.
const MOST: usize = 32 * 1024 * 1024;

/// How gzip begins (RFC 1952 section 2.3.1). No JSON text and no descriptor set begins so.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Contracts are packed by `treaty`, by `base64` and by build tools, so padding may be there or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The octets of a contract, from base64 (RFC 4648 section 4) of them or of their gzip (RFC 1952).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packed(pub(crate) Vec<u8>);

impl FromStr for Packed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let octets = LENIENT.decode(text).map_err(|_| {
            "expected base64 (RFC 4648 section 4) without line breaks, as `treaty bundle` writes it"
        })?;
        let octets = if octets.starts_with(&GZIP) {
            unzip(&octets).map_err(|_| "is damaged: its gzip does not end well; pack it again")?
        } else {
            octets
        };
        match octets.len() {
            0 => Err("is empty; expected a contract".to_owned()),
            1..=MOST => Ok(Self(octets)),
            _ => Err(
                "is larger than 32 MiB when it is unpacked; expected a smaller contract, such \
                      as `treaty bundle` makes"
                    .to_owned(),
            ),
        }
    }
}

/// What is in a gzip: all of it, or a little more than is taken.
fn unzip(octets: &[u8]) -> io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    let most = u64::try_from(MOST).unwrap_or(u64::MAX);
    let mut limited = MultiGzDecoder::new(octets).take(most.saturating_add(1));
    limited.read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

string_value!(Packed, {
    "type": "string",
    "description": "Base64 (RFC 4648 section 4) of the contract or of its gzip.",
    "pattern": "^[A-Za-z0-9+/]+={0,2}$"
});

//! What fuzz targets reach of the readers, which are private.

use crate::policy::packed::Packed;

/// The octets of a contract that was packed into a text.
///
/// # Errors
/// What an author is told.
pub fn unpack(text: &str) -> Result<Vec<u8>, String> {
    text.parse().map(|Packed(octets)| octets)
}

//! `Vary`: the request fields that an answer depends on (RFC 9110 section 12.5.5).

use crate::headers::Headers;

const VARY: &str = "vary";

/// Adds names to those that are there. Names have no case, and `*` says all already.
pub fn merge<'a>(headers: &mut Headers, names: impl Iterator<Item = &'a str>) {
    let before = headers.combined(VARY).unwrap_or_default();
    let is_there = |name: &str| {
        before
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
            .any(|own| own == b"*" || own.eq_ignore_ascii_case(name.as_bytes()))
    };
    let missing: Vec<&str> = names.filter(|name| !is_there(name)).collect();
    if missing.is_empty() {
        return;
    }
    let mut merged = before.into_owned();
    if !merged.trim_ascii().is_empty() {
        merged.extend_from_slice(b", ");
    }
    merged.extend_from_slice(missing.join(", ").as_bytes());
    headers.set(VARY, merged);
}

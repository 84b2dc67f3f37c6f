//! Keys and certificates in PEM.

use std::ops::Range;

use crate::scan::{Place, Rule, Sign, prefix, run};

pub(super) const SIGNS: &[Sign<Rule>] = &[Sign::in_any_case("-----begin ", pem)];

/// How the end of a block begins.
const END: &str = "-----END ";
/// What ends a boundary.
const DASHES: &str = "-----";
/// The longest label that is looked at, with its dashes, in octets.
const LONGEST_LABEL: usize = 64;

/// A block (RFC 7468 section 2), up to its end or, where it was cut, the text's.
fn pem(place: Place<'_>) -> Option<Range<usize>> {
    let rest = place.rest();
    let is_block = prefix(rest, LONGEST_LABEL).contains(DASHES);
    is_block.then(|| place.start..place.end + length(rest))
}

/// How long a block is from its first label on.
fn length(block: &str) -> usize {
    let Some((content, end)) = block.split_once(END) else {
        return block.len();
    };
    let label = run(end, |b| b != b'\n' && b != b'-');
    let dashes = run(end.get(label..).unwrap_or(""), |b| b == b'-').min(DASHES.len());
    content.len() + END.len() + label + dashes
}

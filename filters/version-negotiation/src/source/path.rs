//! A version in the path.

use kit::matching::{Captures, PathTemplate};

use super::{Enough, Reader, Said};
use crate::fields;
use crate::version::is_meant_as_version;

/// The variable of a template that holds the version.
pub(crate) const VARIABLE: &str = "version";

pub(super) fn read(
    template: &PathTemplate,
    reader: &Reader<'_>,
    hear: &mut dyn FnMut(Said) -> Enough,
) -> Enough {
    let Some(target) = reader.headers.get(fields::PATH) else {
        return Enough::No;
    };
    let Ok(target) = std::str::from_utf8(target) else {
        return hear(Said::Malformed);
    };
    match path_version(template, target) {
        Some(captures) => {
            let value = captures.get(VARIABLE).unwrap_or_default();
            hear(reader.said(value.as_bytes()))
        }
        None => Enough::No,
    }
}

/// What a template captures of a request target that holds a version. `/vault/keys` matches
/// `/v{version}/**` but holds none, so that it never loses its first segment.
pub(crate) fn path_version<'a>(
    template: &'a PathTemplate,
    target: &'a str,
) -> Option<Captures<'a>> {
    template
        .capture(target)
        .filter(|captures| captures.get(VARIABLE).is_some_and(is_meant_as_version))
}

/// Whether a path has segments that lead elsewhere once they are resolved (RFC 3986 section 5.2.4),
/// so that the version in it need not be the one that is asked for.
pub(crate) fn has_dot_segments(target: &[u8]) -> bool {
    let path = target
        .split(|byte| matches!(byte, b'?' | b'#'))
        .next()
        .unwrap_or_default();
    path.split(|byte| *byte == b'/').any(is_dots)
}

fn is_dots(segment: &[u8]) -> bool {
    let mut rest = segment;
    let mut dots = 0;
    while let Some(after) = after_dot(rest) {
        rest = after;
        dots += 1;
    }
    rest.is_empty() && (1..=2).contains(&dots)
}

fn after_dot(rest: &[u8]) -> Option<&[u8]> {
    rest.strip_prefix(b".")
        .or_else(|| rest.strip_prefix(b"%2e"))
        .or_else(|| rest.strip_prefix(b"%2E"))
}

//! A version in a header field of its own.

use super::{Enough, Reader, Said};

/// Every value counts, whether it stands in a field line of its own or in a list: proxies may join
/// lines (RFC 9110 section 5.3).
pub(super) fn read(
    name: &str,
    reader: &Reader<'_>,
    hear: &mut dyn FnMut(Said) -> Enough,
) -> Enough {
    for line in reader.headers.get_all(name) {
        let mut empty = true;
        for value in line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            // RFC 9110 section 5.6.1.2: empty elements of a list are ignored.
            if value.is_empty() {
                continue;
            }
            empty = false;
            if hear(reader.said(value)) == Enough::Yes {
                return Enough::Yes;
            }
        }
        if empty && hear(Said::Malformed) == Enough::Yes {
            return Enough::Yes;
        }
    }
    Enough::No
}

//! Attributes of events in header fields (HTTP Protocol Binding for `CloudEvents` 1.0.2).

use percent_encoding::percent_decode;

/// The field of the attribute `source`.
pub(super) const SOURCE: &str = "ce-source";

/// The field of the attribute `id`.
pub(super) const ID: &str = "ce-id";

/// The value of an attribute that is a string, from that of its field (section 3.1.3.2): quotation
/// marks first, then one round of percent-decoding. `None` for what no attribute can be.
pub(super) fn attribute(field: &[u8]) -> Option<String> {
    let text = match field {
        [b'"', quoted @ .., b'"'] => unquote(quoted)?,
        _ => field.to_vec(),
    };
    let decoded = if has_whole_triplets(&text) && text.iter().all(|octet| is_printable(*octet)) {
        // What does not decode to UTF-8 must be rejected.
        percent_decode(&text).decode_utf8().ok()?.into_owned()
    } else {
        return None;
    };
    // CloudEvents 1.0.2, "Type System": strings have no control characters, and `id` and `source`
    // must not be empty.
    let is_attribute = !decoded.is_empty() && !decoded.chars().any(char::is_control);
    is_attribute.then_some(decoded)
}

/// Printable ASCII. A space should have been encoded, but older senders did not.
fn is_printable(octet: u8) -> bool {
    octet == b' ' || octet.is_ascii_graphic()
}

/// What stands between two quotation marks, with its backslashes resolved (RFC 7230 section
/// 3.2.6); `None` where the string ends before its end.
fn unquote(quoted: &[u8]) -> Option<Vec<u8>> {
    let mut octets = quoted.iter();
    let mut text = Vec::with_capacity(quoted.len());
    while let Some(octet) = octets.next() {
        match octet {
            b'\\' => text.push(*octets.next()?),
            b'"' => return None,
            _ => text.push(*octet),
        }
    }
    Some(text)
}

/// Whether two digits follow each percent sign: a lone one has to be encoded, and two values that
/// are written differently must not become one.
fn has_whole_triplets(text: &[u8]) -> bool {
    let mut after = text.split(|octet| *octet == b'%').skip(1);
    after.all(
        |rest| matches!(rest, [one, two, ..] if one.is_ascii_hexdigit() && two.is_ascii_hexdigit()),
    )
}

//! What of the details of an error may go on to a client.
//!
//! Messages are changed on the wire and not in memory, so that fields that a newer service sends
//! survive.

use kit::problem::google_rpc::{Any, DebugInfo, Entry};
use prost::Message;

use super::schema::{self, ENTRY, Kind, MessageType};
use super::wire::{self, Field, Malformed};

/// What may leave of a text; the name under which it stands in a map comes first.
pub(crate) type CleanText<'c> = dyn FnMut(Option<&str>, &str) -> Option<String> + 'c;

/// The details that may go on to an RPC client.
///
/// - `DebugInfo` goes, and so does the `serving_data` of `RequestInfo`.
/// - Every string of the ten known types passes through `clean_text`, the keys of maps and URLs
///   included. `None` takes the string away, and with it the entry or the message that says nothing
///   without it.
/// - A message of a known type that does not decode goes as a whole: it could hide a stack.
/// - Other types, and other fields of the known types, go on octet for octet. So does a message in
///   which nothing changes.
pub(crate) fn clean(details: &[Any], clean_text: &mut CleanText<'_>) -> Vec<Any> {
    let mut cleaned = Vec::with_capacity(details.len());
    for detail in details {
        cleaned.extend(clean_one(detail, clean_text));
    }
    cleaned
}

fn clean_one(detail: &Any, clean_text: &mut CleanText<'_>) -> Option<Any> {
    let Some(message_type) = schema::find(detail.name()) else {
        return Some(detail.clone());
    };
    // A newer version of it might have fields that are not in the schema.
    if message_type.name == DebugInfo::NAME {
        return None;
    }
    match clean_message(message_type, &detail.value, clean_text) {
        Ok(Cleaned::Same) => Some(detail.clone()),
        Ok(Cleaned::Changed(value)) => Some(Any {
            type_url: detail.type_url.clone(),
            value,
        }),
        Ok(Cleaned::Gone) | Err(Malformed) => None,
    }
}

/// What became of a string or of a message.
enum Cleaned {
    /// It is as it was.
    Same,
    /// These are its octets now.
    Changed(Vec<u8>),
    /// It says nothing any more.
    Gone,
}

/// The types nest no deeper than the schema, so the recursion ends.
fn clean_message(
    message_type: &MessageType,
    message: &[u8],
    clean_text: &mut CleanText<'_>,
) -> Result<Cleaned, Malformed> {
    let mut kept = Vec::with_capacity(message.len());
    let mut changed = false;
    let mut speaks = false;
    for field in wire::fields(message) {
        let field = field?;
        let kind = message_type.field(field.number).map(|field| &field.kind);
        match clean_field(kind, &field, clean_text)? {
            Cleaned::Same => kept.extend_from_slice(field.raw),
            Cleaned::Changed(octets) => {
                changed = true;
                wire::put_octets(field.number, &octets, &mut kept);
            }
            Cleaned::Gone => {
                changed = true;
                continue;
            }
        }
        speaks |= kind != Some(&Kind::Label);
    }
    Ok(match (changed, speaks) {
        (false, _) => Cleaned::Same,
        (true, true) => Cleaned::Changed(kept),
        (true, false) => Cleaned::Gone,
    })
}

fn clean_field(
    kind: Option<&Kind>,
    field: &Field<'_>,
    clean_text: &mut CleanText<'_>,
) -> Result<Cleaned, Malformed> {
    match kind {
        None => Ok(Cleaned::Same),
        Some(Kind::Text | Kind::Label) => Ok(clean_string(field.text()?, clean_text)),
        Some(Kind::Withheld) => Ok(Cleaned::Gone),
        Some(Kind::Int64) => field.int64().map(|_| Cleaned::Same),
        Some(Kind::Duration) => field.duration().map(|_| Cleaned::Same),
        Some(Kind::One(inner) | Kind::Many(inner)) => {
            clean_message(inner, field.octets()?, clean_text)
        }
        Some(Kind::Map) => clean_entry(field.octets()?, clean_text),
    }
}

/// A value is told the key under which it stands, because keys name secrets.
fn clean_entry(entry: &[u8], clean_text: &mut CleanText<'_>) -> Result<Cleaned, Malformed> {
    let key = Entry::decode(entry).map_err(|_| Malformed)?.key;
    clean_message(&ENTRY, entry, &mut |_, text| {
        let name = (text != key).then_some(key.as_str());
        clean_text(name, text)
    })
}

fn clean_string(text: &str, clean_text: &mut CleanText<'_>) -> Cleaned {
    if text.is_empty() {
        return Cleaned::Same;
    }
    match clean_text(None, text) {
        Some(cleaned) if cleaned == text => Cleaned::Same,
        Some(cleaned) if !cleaned.is_empty() => Cleaned::Changed(cleaned.into_bytes()),
        _ => Cleaned::Gone,
    }
}

#[cfg(test)]
mod tests;

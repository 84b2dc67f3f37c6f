//! What is wrong with single parts of a request, as the extension `errors` of a problem tells it
//! (RFC 9457 section 3).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

/// The extension whose elements are violations.
pub(super) const EXTENSION: &str = "errors";

/// What is wrong with one part of the request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Violation<'a> {
    /// Where in the content: a JSON Pointer (RFC 6901) without `#`.
    pub pointer: Option<Cow<'a, str>>,
    /// The field in dotted form, the parameter or the header field.
    pub field: Option<&'a str>,
    /// Where the field stands: `query`, `path`, `header`, `cookie` or `body`.
    pub place: Option<&'a str>,
    /// What is wrong; may be empty.
    pub detail: &'a str,
    /// Why, in a vocabulary that machines know.
    pub code: Option<Cow<'a, str>>,
}

impl Violation<'_> {
    /// The field in dotted form, as `google.rpc.BadRequest` names it; empty where nothing is named.
    pub fn field_path(&self) -> Cow<'_, str> {
        match (self.field, &self.pointer) {
            (Some(field), _) => Cow::Borrowed(field),
            (None, Some(pointer)) => {
                let tokens = pointer.split('/').skip(1).map(unescape);
                Cow::Owned(tokens.collect::<Vec<_>>().join("."))
            }
            (None, None) => Cow::Borrowed(""),
        }
    }
}

/// What no fragment of a URI may hold as it is (RFC 3986 section 3.5).
const NOT_IN_FRAGMENTS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A JSON Pointer as the fragment of a URI (RFC 6901 section 6), as the example of RFC 9457 section 3
/// has it.
pub fn fragment(pointer: &str) -> String {
    format!("#{}", utf8_percent_encode(pointer, NOT_IN_FRAGMENTS))
}

/// The elements of a list, if all of them are violations.
pub(super) fn read(list: &Value) -> Option<Vec<Violation<'_>>> {
    let elements = list.as_array().filter(|list| !list.is_empty())?;
    elements.iter().map(element).collect()
}

/// An object is a violation if nothing of it would be lost.
fn element(value: &Value) -> Option<Violation<'_>> {
    let members = value.as_object().filter(|members| !members.is_empty())?;
    let mut violation = Violation::default();
    for (name, value) in members {
        let text = value.as_str()?;
        match name.as_str() {
            "pointer" => violation.pointer = Some(pointer(text)?),
            "field" => violation.field = Some(text),
            "in" => violation.place = Some(text),
            "detail" => violation.detail = text,
            "code" => violation.code = Some(Cow::Borrowed(text)),
            "keyword" => violation.code = Some(Cow::Owned(constant_case(text))),
            _ => return None,
        }
    }
    Some(violation)
}

/// A JSON Pointer, whether it is written plainly or as the fragment of a URI (RFC 6901 section 6).
fn pointer(text: &str) -> Option<Cow<'_, str>> {
    let pointer = match text.strip_prefix('#') {
        Some(fragment) => percent_decode_str(fragment).decode_utf8().ok()?,
        None => Cow::Borrowed(text),
    };
    (pointer.is_empty() || pointer.starts_with('/')).then_some(pointer)
}

/// The keyword of a contract as the reasons of `google.rpc.BadRequest` are written: `maxLength` is
/// `MAX_LENGTH`.
fn constant_case(keyword: &str) -> String {
    let mut reason = String::with_capacity(keyword.len() + 4);
    for character in keyword.chars() {
        if !character.is_ascii_alphanumeric() {
            reason.push('_');
            continue;
        }
        if character.is_ascii_uppercase() && !reason.is_empty() {
            reason.push('_');
        }
        reason.push(character.to_ascii_uppercase());
    }
    reason
}

/// RFC 6901 section 4.
fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

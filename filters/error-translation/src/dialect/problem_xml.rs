//! Problem details in XML (RFC 9457 appendix B), brought into the shape that they have in JSON.

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::{Map, Value};

use super::problem;
use crate::failure::Failure;

/// The namespace of appendix B.
const NAMESPACE: &[u8] = b"urn:ietf:rfc:7807";
/// How deep elements may stand in each other.
const DEPTH: u8 = 16;

/// Whether the root must be in the namespace of problems.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespace {
    /// It must, because nothing else says that this is a problem.
    Required,
    /// The media type says it already.
    MayBeMissing,
}

/// Reads a document; `None` where it is no problem, is not well-formed, has a document type
/// declaration, or elements more than 16 deep.
pub(super) fn read(body: &[u8], namespace: Namespace) -> Option<Failure> {
    let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?);
    let document = match root(&mut reader)? {
        Event::Start(start) if is_problem(&start, namespace) => content(&mut reader, DEPTH)?,
        Event::Empty(start) if is_problem(&start, namespace) => Value::Object(Map::new()),
        _ => return None,
    };
    let mut failure = problem::read(&document)?;
    failure.document = document;
    Some(failure)
}

/// The first element. A document type declaration could define entities that grow without limit.
fn root<'a>(reader: &mut Reader<&'a [u8]>) -> Option<Event<'a>> {
    loop {
        match reader.read_event().ok()? {
            event @ (Event::Start(_) | Event::Empty(_)) => return Some(event),
            Event::Text(text) if text.iter().all(u8::is_ascii_whitespace) => {}
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            _ => return None,
        }
    }
}

fn is_problem(start: &BytesStart<'_>, namespace: Namespace) -> bool {
    // To look for attributes that stand twice would take quadratic time.
    let mut attributes = start.attributes();
    let mut attributes = attributes.with_checks(false).flatten();
    start.local_name().as_ref() == b"problem"
        && (namespace == Namespace::MayBeMissing
            || attributes.any(|attribute| *attribute.value == *NAMESPACE))
}

/// What stands in an element up to its end: a text; a list, where there are only elements `i`; or
/// an object.
fn content(reader: &mut Reader<&[u8]>, depth: u8) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let mut text = String::new();
    let mut elements = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => elements.push((name(&start)?, content(reader, depth)?)),
            Event::Empty(start) => elements.push((name(&start)?, Value::Null)),
            Event::Text(own) => text.push_str(&own.xml10_content().ok()?),
            Event::CData(own) => text.push_str(&own.xml10_content().ok()?),
            Event::GeneralRef(reference) => push_character(&mut text, &reference)?,
            Event::Comment(_) | Event::PI(_) => {}
            Event::End(_) => break,
            Event::Decl(_) | Event::DocType(_) | Event::Eof => return None,
        }
    }
    Some(match elements.first() {
        None => Value::String(text),
        Some(_) if elements.iter().all(|(name, _)| name == "i") => {
            elements.into_iter().map(|(_, value)| value).collect()
        }
        Some(_) => elements.into_iter().collect(),
    })
}

fn name(start: &BytesStart<'_>) -> Option<String> {
    let name = start.local_name();
    std::str::from_utf8(name.as_ref()).ok().map(str::to_owned)
}

/// Characters by number, and the five entities of XML; there are no others without a declaration.
fn push_character(text: &mut String, reference: &BytesRef<'_>) -> Option<()> {
    if let Some(character) = reference.resolve_char_ref().ok()? {
        text.push(character);
        return Some(());
    }
    text.push_str(resolve_xml_entity(&reference.decode().ok()?)?);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The example of RFC 9457 appendix B, with more in it.
    const OUT_OF_CREDIT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment -->
<problem xmlns="urn:ietf:rfc:7807">
  <type>https://example.com/probs/out-of-credit</type>
  <title>You do not have enough credit.</title>
  <detail>Your balance is &lt;30&#x20AC;&gt;, <![CDATA[but that costs <50>]]>.</detail>
  <instance>https://example.net/account/12345/msgs/abc</instance>
  <status>403</status>
  <balance>30</balance>
  <accounts>
    <i>https://example.net/account/12345</i>
    <i>https://example.net/account/67890</i>
  </accounts>
  <errors><i><detail>too small</detail><pointer>#/amount</pointer></i></errors>
  <nothing/>
</problem>"#;

    fn read_text(text: &str) -> Option<Failure> {
        read(text.as_bytes(), Namespace::Required)
    }

    #[test]
    fn a_problem_reads_as_in_json() {
        let failure = read_text(OUT_OF_CREDIT).unwrap();
        assert_eq!(
            failure.type_uri.unwrap(),
            "https://example.com/probs/out-of-credit"
        );
        assert_eq!(failure.title.unwrap(), "You do not have enough credit.");
        assert_eq!(
            failure.detail.unwrap(),
            "Your balance is <30€>, but that costs <50>."
        );
        assert_eq!(
            Value::Object(failure.extensions),
            json!({
                "balance": "30",
                "accounts": [
                    "https://example.net/account/12345",
                    "https://example.net/account/67890"
                ]
            })
        );
        let violation = failure.violations.first().unwrap();
        assert_eq!(violation.pointer.as_deref(), Some("/amount"));
        assert_eq!(failure.document["errors"][0]["detail"], "too small");
    }

    #[test]
    fn a_prefix_makes_no_difference_but_another_namespace_does() {
        let prefixed = r#"<p:problem xmlns:p="urn:ietf:rfc:7807"><p:title>T</p:title></p:problem>"#;
        assert_eq!(read_text(prefixed).unwrap().title.unwrap(), "T");
        let other = r#"<problem xmlns="urn:other"><title>T</title></problem>"#;
        assert!(read_text(other).is_none());
        assert!(read(other.as_bytes(), Namespace::MayBeMissing).is_some());
        assert!(read(b"<error/>", Namespace::MayBeMissing).is_none());
        assert!(read(b"<problem/>", Namespace::MayBeMissing).is_some());
    }

    #[test]
    fn declarations_and_unknown_entities_are_refused() {
        let declared = r#"<!DOCTYPE problem [<!ENTITY a "aaaa">]>
            <problem xmlns="urn:ietf:rfc:7807"><title>&a;</title></problem>"#;
        assert!(read_text(declared).is_none());
        let unknown = r#"<problem xmlns="urn:ietf:rfc:7807"><title>&a;</title></problem>"#;
        assert!(read_text(unknown).is_none());
        let zero = r#"<problem xmlns="urn:ietf:rfc:7807"><title>&#0;</title></problem>"#;
        assert!(read_text(zero).is_none());
    }

    #[test]
    fn what_is_cut_or_too_deep_is_refused() {
        for end in 0..OUT_OF_CREDIT.len() {
            if let Some(cut) = OUT_OF_CREDIT.get(..end) {
                assert!(read_text(cut).is_none(), "{cut}");
            }
        }
        let nested = |depth| {
            let (open, close) = ("<a>".repeat(depth), "</a>".repeat(depth));
            read_text(&format!(
                r#"<problem xmlns="urn:ietf:rfc:7807">{open}{close}</problem>"#
            ))
        };
        assert!(nested(15).is_some());
        assert!(nested(16).is_none());
        assert!(nested(100_000).is_none());
    }
}

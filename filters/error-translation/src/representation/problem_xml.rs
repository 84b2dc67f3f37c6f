//! Problems as XML (RFC 9457 appendix B): members are elements, the elements of arrays are `i`.

use kit::problem::Problem;
use quick_xml::escape::partial_escape;
use serde_json::Value;

/// The namespace, which RFC 9457 kept from its predecessor.
const NAMESPACE: &str = "urn:ietf:rfc:7807";

/// How deep extensions may be nested; what lies deeper is left out.
const MAX_DEPTH: usize = 64;

pub(super) fn write(problem: &Problem) -> Vec<u8> {
    let mut xml = Xml(r#"<?xml version="1.0" encoding="UTF-8"?>"#.to_owned());
    xml.0.push_str("\n<problem xmlns=\"");
    xml.0.push_str(NAMESPACE);
    xml.0.push_str("\">");
    xml.leaf("type", &problem.type_uri);
    xml.leaf("title", &problem.title);
    xml.leaf("status", &problem.status.to_string());
    if !problem.detail.is_empty() {
        xml.leaf("detail", &problem.detail);
    }
    if let Some(instance) = &problem.instance {
        xml.leaf("instance", instance);
    }
    xml.members(&problem.extensions, MAX_DEPTH);
    xml.0.push_str("</problem>\n");
    xml.0.into_bytes()
}

/// XML as far as it is written.
struct Xml(String);

impl Xml {
    /// The members of an object. One that is null is left out, as XML has no null; one whose name
    /// is no name of an element cannot be told.
    fn members(&mut self, members: &serde_json::Map<String, Value>, depth: usize) {
        for (name, value) in members {
            if is_name(name) && !value.is_null() {
                self.element(name, value, depth);
            }
        }
    }

    fn element(&mut self, name: &str, value: &Value, depth: usize) {
        match value {
            Value::Null => self.leaf(name, ""),
            Value::String(text) => self.leaf(name, text),
            Value::Bool(_) | Value::Number(_) => self.leaf(name, &value.to_string()),
            Value::Array(_) | Value::Object(_) => {
                self.start(name);
                if let Some(depth) = depth.checked_sub(1) {
                    self.children(value, depth);
                }
                self.end(name);
            }
        }
    }

    fn children(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.element("i", item, depth);
                }
            }
            Value::Object(members) => self.members(members, depth),
            _ => {}
        }
    }

    fn leaf(&mut self, name: &str, text: &str) {
        self.start(name);
        self.text(text);
        self.end(name);
    }

    fn text(&mut self, text: &str) {
        let carried: String = text.chars().filter(|c| is_char(*c)).collect();
        let escaped = partial_escape(carried);
        // A bare carriage return would be read as a line feed (XML 1.0 section 2.11).
        self.0.push_str(&escaped.replace('\r', "&#13;"));
    }

    fn start(&mut self, name: &str) {
        self.0.extend(["<", name, ">"]);
    }

    fn end(&mut self, name: &str) {
        self.0.extend(["</", name, ">"]);
    }
}

/// What XML 1.0 can carry at all, even escaped (section 2.2).
fn is_char(c: char) -> bool {
    !matches!(
        c,
        '\u{0}'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}'
    )
}

/// A name of an element in the one namespace: without a colon, which would call for another
/// (Namespaces in XML 1.0 section 3).
fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// XML 1.0 section 2.3.
fn is_name_start(c: char) -> bool {
    matches!(
        c,
        'A'..='Z' | '_' | 'a'..='z'
            | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
            | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
            | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}'
    )
}

fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(
            c,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}'
        )
}

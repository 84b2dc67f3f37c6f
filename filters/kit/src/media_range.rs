//! Media types and media ranges with their parameters (RFC 9110 sections 8.3.1 and 12.5.1).
//!
//! What is no media range is skipped and never refused: the field is for the origin to judge.
//! Nothing is copied, whatever a client sends.

use std::borrow::Cow;

/// One element of `Accept`, or the value of `Content-Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaRange<'a> {
    /// Type and subtype, such as `application/json` or `*/*`, as they came.
    pub essence: &'a str,
    parameters: &'a str,
}

impl<'a> MediaRange<'a> {
    /// Reads one element; `None` where it is no media range.
    pub fn parse(element: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(element).ok()?;
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        let essence = essence.trim_matches(is_space);
        let (kind, subkind) = essence.split_once('/')?;
        (is_token(kind) && is_token(subkind)).then_some(Self {
            essence,
            parameters,
        })
    }

    /// The value of a parameter. Names have no case, and a quoted value is the same as a plain one
    /// (RFC 9110 section 5.6.6).
    pub fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        self.parameters()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| unquote(value))
    }

    /// The weight in thousandths, wherever among the parameters it stands (RFC 9110 section 12.5.1);
    /// 1 where there is none, `None` where it is not one of section 12.4.2.
    pub fn weight(&self) -> Option<u16> {
        self.parameter("q")
            .map_or(Some(1000), |value| weight(&value))
    }

    /// How narrow the range is: the more it says, the more it counts.
    pub fn specificity(&self) -> (u8, usize) {
        let essence = match self.essence.split_once('/') {
            Some(("*", _)) => 0,
            Some((_, "*")) => 1,
            _ => 2,
        };
        let parameters = self
            .parameters()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("q"));
        (essence, parameters.count())
    }

    /// The parameters, in order, each with its value as it came.
    pub fn parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        split(self.parameters, b';').filter_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let name = name.trim_matches(is_space);
            is_token(name).then(|| (name, value.trim_matches(is_space)))
        })
    }
}

/// The elements of a list, cut at the commas outside quotes.
pub fn elements(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = Quoted::default();
    list.split(move |byte| quoted.is_outside(*byte) && *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}

fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut quoted = Quoted::default();
    // Both separators are ASCII, so the pieces stay UTF-8.
    text.split(move |c: char| {
        let byte = u8::try_from(c).unwrap_or(b'_');
        quoted.is_outside(byte) && byte == separator
    })
}

/// Where one is in quoted strings (RFC 9110 section 5.6.4).
#[derive(Default)]
struct Quoted {
    inside: bool,
    escaped: bool,
}

impl Quoted {
    fn is_outside(&mut self, byte: u8) -> bool {
        if self.escaped {
            self.escaped = false;
        } else if self.inside && byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.inside = !self.inside;
        }
        !self.inside
    }
}

fn unquote(value: &str) -> Cow<'_, str> {
    let inner = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    match inner {
        None => Cow::Borrowed(value),
        Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
        Some(inner) => {
            let mut escaped = false;
            let keep = |c: &char| {
                escaped = *c == '\\' && !escaped;
                !escaped
            };
            Cow::Owned(inner.chars().filter(keep).collect())
        }
    }
}

/// 0 to 1 with at most three decimals.
fn weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = decimals.bytes().all(|byte| byte.is_ascii_digit());
    if decimals.len() > 3 || !digits {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

//! Path templates: how rules name paths, and how values are read from and written into them.

use std::borrow::Cow;
use std::str::FromStr;

use crate::string_value;

/// A path with variables: `/orders/{id}`, `/v{version}/orders/**`.
///
/// - `{name}` stands for one whole segment or for the rest of one (`v{version}`); it is never empty.
/// - `**` at the end stands for any number of further segments, none included.
/// - Segments compare after decoding octets that need no encoding (RFC 3986 section 6.2.2.2), so
///   that `/%6Frders` is `/orders`, while `%2F` never separates.
/// - The segments `.` and `..` match nothing: what they lead to is for a proxy that normalises
///   paths to say, before any filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate {
    text: String,
    segments: Vec<Segment>,
    open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Variable {
        prefix: String,
        name: String,
        suffix: String,
    },
}

/// The values of a template's variables in one path, and what `**` stood for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captures<'a> {
    values: Vec<(&'a str, Cow<'a, str>)>,
    /// Empty for a slash at the end alone; `None` where not even that was there.
    rest: Option<&'a str>,
}

impl<'a> Captures<'a> {
    /// The value of a variable, with octets that need no encoding decoded.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value.as_ref())
    }

    /// What `**` stood for, as it came, without a leading slash.
    pub fn rest(&self) -> &'a str {
        self.rest.unwrap_or_default()
    }

    /// Gives a variable another value.
    pub fn set(&mut self, name: &'a str, value: impl Into<Cow<'a, str>>) {
        self.values.retain(|(own, _)| *own != name);
        self.values.push((name, value.into()));
    }
}

impl PathTemplate {
    /// Whether a request target matches; its query does not count.
    pub fn matches(&self, target: &str) -> bool {
        self.capture(target).is_some()
    }

    /// The values of the variables, if a request target matches.
    pub fn capture<'a>(&'a self, target: &'a str) -> Option<Captures<'a>> {
        let path = split_query(target).0;
        let mut captures = Captures::default();
        let mut rest = Some(path.strip_prefix('/')?);
        for segment in &self.segments {
            let (own, after) = next_segment(rest?);
            segment.read(own, &mut captures)?;
            rest = after;
        }
        match rest {
            None => Some(captures),
            Some(rest) if self.open && !rest.split('/').any(is_dots) => {
                captures.rest = Some(rest);
                Some(captures)
            }
            // A template without segments is the root, whose path has one empty segment.
            Some("") if self.segments.is_empty() => Some(captures),
            Some(_) => None,
        }
    }

    /// The path with these values for its variables, and `rest` for `**`; `None` where a value is
    /// missing.
    pub fn render(&self, captures: &Captures<'_>) -> Option<String> {
        let mut path = String::new();
        for segment in &self.segments {
            path.push('/');
            match segment {
                Segment::Literal(text) => path.push_str(text),
                Segment::Variable {
                    prefix,
                    name,
                    suffix,
                } => {
                    path.push_str(prefix);
                    path.push_str(captures.get(name)?);
                    path.push_str(suffix);
                }
            }
        }
        if let (true, Some(rest)) = (self.open, captures.rest) {
            path.push('/');
            path.push_str(rest);
        }
        if path.is_empty() {
            path.push('/');
        }
        Some(path)
    }

    /// The names of the variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::Variable { name, .. } => Some(name.as_str()),
        })
    }

    /// Whether the template ends in `**`.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The template without the segment that holds the variable `name`.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let holds = |segment: &&Segment| !matches!(segment, Segment::Variable { name: own, .. } if own == name);
        let segments: Vec<Segment> = self.segments.iter().filter(holds).cloned().collect();
        Self {
            text: self.text.clone(),
            segments,
            open: self.open,
        }
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The template without the names of its variables, such as `/orders/{}` or `/v{}/orders/**`,
    /// with octets that need no encoding decoded. Templates of one shape match the same paths.
    pub fn shape(&self) -> String {
        let mut shape = String::with_capacity(self.text.len());
        for segment in &self.segments {
            shape.push('/');
            match segment {
                Segment::Literal(text) => shape.push_str(text),
                Segment::Variable { prefix, suffix, .. } => {
                    shape.extend([prefix.as_str(), "{}", suffix.as_str()]);
                }
            }
        }
        if self.open {
            shape.push_str("/**");
        } else if shape.is_empty() {
            shape.push('/');
        }
        shape
    }

    /// A segment of a path as templates compare it: octets that need no encoding are decoded
    /// (RFC 3986 section 6.2.2.2).
    pub fn decode(segment: &str) -> Cow<'_, str> {
        decode_unreserved(segment)
    }

    /// Whether every path that `other` matches is matched by this too, as far as one can tell.
    pub fn covers(&self, other: &Self) -> bool {
        let alike = self
            .segments
            .iter()
            .zip(&other.segments)
            .all(|(own, other)| own.covers(other));
        let reaches = if self.open {
            self.segments.len() <= other.segments.len()
        } else {
            self.segments.len() == other.segments.len() && !other.open
        };
        alike && reaches
    }
}

/// The path and the query of a request target; the query keeps its `?`.
pub fn split_query(target: &str) -> (&str, &str) {
    let end = target.find(['?', '#']).unwrap_or(target.len());
    target.split_at_checked(end).unwrap_or((target, ""))
}

fn next_segment(rest: &str) -> (&str, Option<&str>) {
    match rest.split_once('/') {
        Some((segment, rest)) => (segment, Some(rest)),
        None => (rest, None),
    }
}

fn is_dots(segment: &str) -> bool {
    matches!(decode_unreserved(segment).as_ref(), "." | "..")
}

/// Decodes the percent-encoded octets that RFC 3986 section 2.3 calls unreserved.
fn decode_unreserved(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return Cow::Borrowed(segment);
    }
    let mut decoded = String::with_capacity(segment.len());
    let mut rest = segment;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let octet = after
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .map(char::from)
            .filter(|c| c.is_ascii_alphanumeric() || "-._~".contains(*c));
        if let (Some(c), Some(after)) = (octet, after.get(2..)) {
            decoded.push(c);
            rest = after;
        } else {
            decoded.push('%');
            rest = after;
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

impl Segment {
    fn read<'a>(&'a self, segment: &'a str, captures: &mut Captures<'a>) -> Option<()> {
        let segment = decode_unreserved(segment);
        if matches!(segment.as_ref(), "." | "..") {
            return None;
        }
        match self {
            Self::Literal(text) => (segment == text.as_str()).then_some(()),
            Self::Variable {
                prefix,
                name,
                suffix,
            } => {
                let end = segment.len().checked_sub(suffix.len())?;
                if !segment.starts_with(prefix.as_str()) || !segment.ends_with(suffix.as_str()) {
                    return None;
                }
                let value = match segment {
                    Cow::Borrowed(text) => Cow::Borrowed(text.get(prefix.len()..end)?),
                    Cow::Owned(text) => Cow::Owned(text.get(prefix.len()..end)?.to_owned()),
                };
                if value.is_empty() {
                    return None;
                }
                captures.values.push((name, value));
                Some(())
            }
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(own), Self::Literal(other)) => own == other,
            (Self::Literal(_), Self::Variable { .. }) => false,
            (Self::Variable { .. }, Self::Literal(text)) => {
                self.read(text, &mut Captures::default()).is_some()
            }
            (
                Self::Variable { prefix, suffix, .. },
                Self::Variable {
                    prefix: other_prefix,
                    suffix: other_suffix,
                    ..
                },
            ) => {
                other_prefix.starts_with(prefix.as_str()) && other_suffix.ends_with(suffix.as_str())
            }
        }
    }
}

impl FromStr for PathTemplate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            "expected a path template, such as \"/orders/{id}\" or \"/v{version}/orders/**\"";
        let path = text.strip_prefix('/').ok_or(expected)?;
        let (path, open) = match path.strip_suffix("**") {
            Some("") => ("", true),
            Some(before) => (before.strip_suffix('/').ok_or(expected)?, true),
            None => (path, false),
        };
        let mut segments = Vec::new();
        if !path.is_empty() {
            for segment in path.split('/') {
                segments.push(parse_segment(segment).ok_or(expected)?);
            }
        }
        let template = Self {
            text: text.to_owned(),
            segments,
            open,
        };
        let stands_before = |index, name| template.variables().take(index).any(|own| own == name);
        let stands_twice = template
            .variables()
            .enumerate()
            .any(|(index, name)| stands_before(index, name));
        if stands_twice {
            return Err("each variable of a path template needs a name of its own".into());
        }
        Ok(template)
    }
}

fn parse_segment(segment: &str) -> Option<Segment> {
    let is_path = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~!$&'()+,;=:@%".contains(&b))
    };
    let Some((prefix, rest)) = segment.split_once('{') else {
        return (is_path(segment) && !is_dots(segment))
            .then(|| Segment::Literal(decode_unreserved(segment).into_owned()));
    };
    let (name, suffix) = rest.split_once('}')?;
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (is_path(prefix) && is_path(suffix) && !name.is_empty() && name.bytes().all(is_name)).then(
        || Segment::Variable {
            prefix: decode_unreserved(prefix).into_owned(),
            name: name.to_owned(),
            suffix: decode_unreserved(suffix).into_owned(),
        },
    )
}

string_value!(PathTemplate, {
    "type": "string",
    "description": "A path template: `/orders/{id}`, `/v{version}/orders/**`.",
    "pattern": "^/"
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_that_match_the_same_paths_have_one_shape() {
        for (text, shape) in [
            ("/", "/"),
            ("/**", "/**"),
            ("//**", "/**"),
            ("/orders/", "/orders/"),
            ("/%6Frders/{id}", "/orders/{}"),
            ("/v{version}/a%2Fb/{name}.json/**", "/v{}/a%2Fb/{}.json/**"),
        ] {
            let template: PathTemplate = text.parse().unwrap();
            assert_eq!(template.shape(), shape, "{text}");
        }
    }

    #[test]
    fn a_segment_is_decoded_where_that_changes_nothing() {
        assert_eq!(PathTemplate::decode("%6Frders%2f%7E"), "orders%2f~");
        assert!(matches!(PathTemplate::decode("orders"), Cow::Borrowed(_)));
    }
}

//! The request target (RFC 9112 section 3.2) as logs may show it.
//!
//! - `sensitive`: the parameters whose values are secret by their names.

mod sensitive;

use std::borrow::Cow;

pub(crate) use sensitive::Sensitive;

use crate::personal::{self, Keep, Kinds};

/// What stands in place of a sensitive value (OpenTelemetry, attribute `url.query`).
pub(crate) const REDACTED: &str = "REDACTED";

/// A target whose sensitive values are `REDACTED`, and in whose other parts personal data is
/// masked; borrowed where it is the target itself or its beginning.
///
/// It has at most so many octets; it is never cut within a character or an escape. All else stays
/// octet for octet and in its order. User information goes whole: it is deprecated (RFC 9110
/// section 4.2.4) and must not be recorded (OpenTelemetry, attribute `url.full`), and a mark in its
/// place would read like the local part of a mailbox.
///
/// The kinds that were masked are added to what was found. A value that is redacted for its name is
/// not looked at.
pub(crate) fn redacted<'t>(
    target: &'t str,
    sensitive: &Sensitive,
    kinds: Kinds,
    max_octets: usize,
    found: &mut Kinds,
) -> Cow<'t, str> {
    let mut writer = Writer {
        out: String::with_capacity(target.len().min(max_octets)),
        sensitive,
        kinds,
        found,
    };
    for part in parts(target) {
        // What comes behind is cut, and one octet more shows whether an escape is.
        if writer.out.len() > max_octets {
            break;
        }
        writer.part(&part);
    }
    let mut out = writer.out;
    out.truncate(shown(&out, max_octets));
    match target.get(..out.len()) {
        Some(same) if same == out => Cow::Borrowed(same),
        _ => Cow::Owned(out),
    }
}

/// A part of a target, with the delimiter behind it.
struct Part<'t> {
    text: &'t str,
    /// `/` after a segment, `&` or `#` after a parameter, nothing at the end.
    delimiter: &'t str,
}

/// The segments of the path, without user information, and the parameters of query and fragment.
fn parts(target: &str) -> impl Iterator<Item = Part<'_>> {
    let path = target.find(['?', '#']).unwrap_or(target.len());
    let (path, query) = target.split_at(path);
    // Behind `scheme:` and `//` an authority follows (RFC 3986 section 3), wherever it stands: in a
    // target in absolute form, or in a path that names another URL.
    let mut before = ("", "");
    let segments = path.split_inclusive('/').map(move |segment| {
        let (scheme, slash) = before;
        let is_authority = scheme.ends_with(":/") && slash == "/";
        before = (slash, segment);
        let text = match segment.rsplit_once('@') {
            Some((_, host)) if is_authority => host,
            _ => segment,
        };
        Part::of(text, &['/'])
    });
    let parameters = query
        .split_inclusive(['&', '#'])
        .map(|parameter| Part::of(parameter, &['&', '#']));
    segments.chain(parameters)
}

impl<'t> Part<'t> {
    fn of(text: &'t str, delimiters: &[char]) -> Self {
        let (text, delimiter) = text.split_at(text.trim_end_matches(delimiters).len());
        Self { text, delimiter }
    }
}

/// Writes the parts of a target as they may be shown.
struct Writer<'a> {
    out: String,
    sensitive: &'a Sensitive,
    kinds: Kinds,
    found: &'a mut Kinds,
}

impl Writer<'_> {
    fn part(&mut self, part: &Part<'_>) {
        // `;` parts parameters too (RFC 3986 section 3.3), and in a query so does the `?` of a URL
        // that stands there unencoded. Whoever does not know that takes them for the value, so that
        // the rest of the part goes with a sensitive one.
        for piece in part.text.split_inclusive([';', '?']) {
            let piece = Part::of(piece, &[';', '?']);
            if self.piece(&piece) {
                break;
            }
            self.out.push_str(piece.delimiter);
        }
        self.out.push_str(part.delimiter);
    }

    /// Writes a piece, and says whether its value was redacted.
    fn piece(&mut self, piece: &Part<'_>) -> bool {
        if let Some(name) = self.sensitive_name(piece) {
            self.redact(name);
            return true;
        }
        if let Some((name, REDACTED)) = piece.text.split_once('=') {
            self.redact(name);
            return false;
        }
        let masked = self.masked(piece.text);
        // A mask may stand in the name of a parameter, and `[token]` reads like `user[token]`.
        let piece = Part {
            text: &masked,
            ..*piece
        };
        if let Some(name) = self.sensitive_name(&piece) {
            self.redact(name);
            return true;
        }
        self.out.push_str(&masked);
        false
    }

    /// The name before a value that is sensitive, or that holds a parameter that is.
    fn sensitive_name<'t>(&self, piece: &Part<'t>) -> Option<&'t str> {
        let (name, value) = piece.text.split_once('=')?;
        let is_empty = value.is_empty() && piece.delimiter.is_empty();
        let is_sensitive = self.sensitive.contains(name) || self.sensitive.is_in(value);
        (is_sensitive && !is_empty).then_some(name)
    }

    fn redact(&mut self, name: &str) {
        let name = self.mask(name);
        self.out.push_str(&name);
        self.out.push('=');
        self.out.push_str(REDACTED);
    }

    /// A piece masked. Where all of it would become one mask because of its encoding, name and
    /// value are masked each for itself, so that the name stays.
    fn masked<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let masked = self.mask(text);
        let Some((name, value)) = text.split_once('=').filter(|_| !masked.contains('=')) else {
            return masked;
        };
        let each = format!("{}={}", self.mask(name), self.mask(value));
        // Together they may mean more than each alone.
        if self.mask(&each) == each {
            Cow::Owned(each)
        } else {
            masked
        }
    }

    fn mask<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        personal::mask(text, self.kinds, Keep::Nothing, self.found)
    }
}

/// How much of a text is shown: at most so many octets, without a part of a character or of an
/// escape (RFC 3986 section 2.1) at the end.
fn shown(text: &str, max_octets: usize) -> usize {
    if text.len() <= max_octets {
        return text.len();
    }
    let end = text.floor_char_boundary(max_octets);
    let is_escape = |at: &usize| {
        matches!(
            text.as_bytes().get(*at..),
            Some([b'%', high, low, ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()
        )
    };
    (end.saturating_sub(2)..end).find(is_escape).unwrap_or(end)
}

#[cfg(test)]
mod tests;

//! Secrets that are known by the words before them: `Bearer …`, `password=…`, `Cookie: …`.

use std::ops::Range;

use super::Rule;
use crate::redaction::sign::{Place, SIGHT, Sign, prefix, run};

pub(super) const SIGNS: &[Sign<Rule>] = &[
    Sign::new("bearer ", scheme),
    Sign::new("basic ", scheme),
    Sign::new("authorization", authorization),
    Sign::new("cookie", cookie),
    Sign::new("-----begin ", pem),
    Sign::new("password", assigned),
    Sign::new("passwd", assigned),
    Sign::new("passphrase", assigned),
    Sign::new("passcode", assigned),
    Sign::new("pwd", assigned),
    Sign::new("secret", assigned),
    Sign::new("secretkey", assigned),
    Sign::new("secret_key", assigned),
    Sign::new("secret-key", assigned),
    Sign::new("secretaccesskey", assigned),
    Sign::new("secret_access_key", assigned),
    Sign::new("accesskey", assigned),
    Sign::new("access_key", assigned),
    Sign::new("access-key", assigned),
    Sign::new("accesskeyid", assigned),
    Sign::new("access_key_id", assigned),
    Sign::new("accountkey", assigned),
    Sign::new("sharedaccesskey", assigned),
    Sign::new("sharedaccesssignature", assigned),
    Sign::new("privatekey", assigned),
    Sign::new("private_key", assigned),
    Sign::new("signingkey", assigned),
    Sign::new("signing_key", assigned),
    Sign::new("encryption_key", assigned),
    Sign::new("apikey", assigned),
    Sign::new("api_key", assigned),
    Sign::new("api-key", assigned),
    Sign::new("api key", assigned),
    Sign::new("token", assigned),
    Sign::new("jwt", assigned),
    Sign::new("credential", assigned),
    Sign::new("credentials", assigned),
    Sign::new("sessionid", assigned),
    Sign::new("session_id", assigned),
    Sign::new("session-id", assigned),
    Sign::new("session", assigned_by_equals),
    Sign::new("x-amz-signature", assigned),
    Sign::new("signature", assigned),
    Sign::new("sig", assigned_in_query),
    Sign::new("sid", assigned_in_query),
    Sign::new("code", code_in_query),
];

/// Authentication schemes whose credentials are one word.
const ONE_WORD: [&str; 6] = ["bearer", "basic", "token", "apikey", "negotiate", "dpop"];
/// Authentication schemes whose credentials are the rest of the line.
const MANY_WORDS: [&str; 4] = ["digest", "aws4-hmac-sha256", "hawk", "signature"];
/// How the end of a PEM block begins.
const PEM_END: &str = "-----END ";
/// Words that follow a scheme where somebody explains it.
const EXPLAINS: [&str; 14] = [
    "token",
    "tokens",
    "auth",
    "authentication",
    "authorization",
    "credential",
    "credentials",
    "is",
    "or",
    "required",
    "missing",
    "header",
    "scheme",
    "realm",
];

/// `Bearer <credentials>` in a sentence, where it may as well be "Bearer token expired".
fn scheme(place: Place<'_>) -> Option<Range<usize>> {
    if !place.opens_word() {
        return None;
    }
    let rest = rest(place);
    let value = prefix(rest, run(rest, is_token68));
    let credentials = value.trim_end_matches('.');
    let explained = rest
        .get(value.len()..)
        .is_some_and(|rest| rest.starts_with('"'));
    (!explained && is_credentials(credentials)).then(|| place.end..place.end + credentials.len())
}

/// `Authorization: <scheme> <credentials>`.
fn authorization(place: Place<'_>) -> Option<Range<usize>> {
    let (at, _) = value_start(place)?;
    let value = Value::new(place, at);
    let line = value.seen(&|b| value.is_line(b));
    let first = prefix(line, run(line, |b| b != b' '));
    let rest = line.get(first.len()..).unwrap_or("").trim_start();
    let second = prefix(rest, run(rest, is_credential));
    if is_one_of(first, &MANY_WORDS) && second.contains('=') {
        return Some(value.whole(&|b| value.is_line(b)));
    }
    if is_one_of(first, &ONE_WORD) {
        let word = second.split(['=', '.', ':']).next().unwrap_or("");
        let said = !second.is_empty() && !is_one_of(word, &EXPLAINS) && !is_placeholder(second);
        let credentials = Value::new(place, at + line.len() - rest.len());
        return said.then(|| at..credentials.whole(&is_credential).end);
    }
    let word = first.trim_end_matches(['.', ',', ';', ':']);
    is_secret(word).then(|| at..at + word.len())
}

/// `Cookie: a=b; c=d`, to the end of the line.
fn cookie(place: Place<'_>) -> Option<Range<usize>> {
    let (at, _) = value_start(place)?;
    let value = Value::new(place, at);
    let line = value.seen(&|b| value.is_line(b));
    let name = prefix(line, run(line, |b| b.is_ascii_graphic() && b != b'='));
    let first = line.get(name.len()..)?.strip_prefix('=')?;
    let said = !name.is_empty() && !is_placeholder(first);
    said.then(|| value.whole(&|b| value.is_line(b)))
}

/// A PEM block (RFC 7468), up to its end or, where it was cut, the text's.
fn pem(place: Place<'_>) -> Option<Range<usize>> {
    let rest = rest(place);
    prefix(rest, 64).contains("-----").then(|| {
        let end = rest.find(PEM_END).map_or(rest.len(), |at| {
            let label = rest.get(at + PEM_END.len()..).unwrap_or("");
            at + PEM_END.len() + run(label, |b| b != b'\n' && b != b'-') + "-----".len()
        });
        place.start..place.text.len().min(place.end + end)
    })
}

/// `password=…`, `"token": "…"`, `api_key: …`.
///
/// After `=`, and between quotes, whatever stands there is the value. After a bare colon it may be a
/// sentence about it, so that only what looks like a secret is one.
fn assigned(place: Place<'_>) -> Option<Range<usize>> {
    let (at, is_sure) = value_start(place)?;
    let value = Value::new(place, at);
    let escaped = value.seen(&|b| value.is_part(b));
    let seen = escaped.trim_end_matches('\\');
    if seen.is_empty() || is_placeholder(seen) {
        return None;
    }
    let is_one = value.quote.is_none() || !seen.contains(' ') || is_equals(place);
    // A value that goes on out of sight is no word of a sentence.
    if is_sure && is_one || seen.len() + 4 > SIGHT {
        let whole = value.whole(&|b| value.is_part(b));
        return Some(whole.start..whole.end - (escaped.len() - seen.len()));
    }
    let word = seen.trim_end_matches(['.', ':', '!', '?']);
    (!word.contains(' ') && is_secret(word)).then(|| at..at + word.len())
}

/// `session=…`: a name that begins sentences, too.
fn assigned_by_equals(place: Place<'_>) -> Option<Range<usize>> {
    is_equals(place).then(|| assigned(place)).flatten()
}

/// `?sig=…`: names so short that they count in a query only.
fn assigned_in_query(place: Place<'_>) -> Option<Range<usize>> {
    let is_parameter = place.before_on_line().ends_with(['?', '&']);
    (is_parameter && place.after().starts_with('='))
        .then(|| assigned(place))
        .flatten()
}

/// The authorization code of OAuth 2.0 (RFC 6749 section 4.1.2), which is no code of an error: it
/// has digits and letters, and stands in a query.
fn code_in_query(place: Place<'_>) -> Option<Range<usize>> {
    let value = place.after().strip_prefix('=')?;
    let value = prefix(value, run(value, is_token68));
    (value.len() >= 16 && is_secret(value))
        .then(|| assigned_in_query(place))
        .flatten()
}

/// Where the value of a name begins, and whether what stands there is surely one: after `=`, or
/// where both are in quotes.
fn value_start(place: Place<'_>) -> Option<(usize, bool)> {
    let after = place.after();
    let rest = after.trim_start_matches('\\');
    let unquoted = rest.trim_start_matches(['"', '\'']);
    let name_quoted = unquoted.len() < rest.len();
    let rest = unquoted.trim_start_matches(' ');
    let equals = rest.starts_with('=');
    let rest = rest
        .strip_prefix("=>")
        .or_else(|| rest.strip_prefix(":="))
        .or_else(|| rest.strip_prefix('='))
        .or_else(|| rest.strip_prefix(':'))?;
    let rest = rest.trim_start_matches(' ').trim_start_matches('\\');
    let value = rest.strip_prefix(['"', '\'', '`']).unwrap_or(rest);
    let value_quoted = value.len() < rest.len();
    let at = place.end + after.len() - value.len();
    Some((at, equals || (name_quoted && value_quoted)))
}

/// What stands after a name.
struct Value<'t> {
    text: &'t str,
    at: usize,
    /// The quote right before it.
    quote: Option<u8>,
}

impl<'t> Value<'t> {
    fn new(place: Place<'t>, at: usize) -> Self {
        let before = at
            .checked_sub(1)
            .and_then(|at| place.text.as_bytes().get(at));
        Self {
            text: place.text,
            at,
            quote: before.copied().filter(|b| b"\"'`".contains(b)),
        }
    }

    /// It, as far as is looked to see what it is.
    fn seen(&self, is: &dyn Fn(u8) -> bool) -> &'t str {
        let rest = prefix(self.text.get(self.at..).unwrap_or(""), SIGHT);
        prefix(rest, run(rest, is))
    }

    /// All of it. No other value is looked for in it, so that each octet is looked at once.
    fn whole(&self, is: &dyn Fn(u8) -> bool) -> Range<usize> {
        let rest = self.text.get(self.at..).unwrap_or("");
        self.at..self.at + run(rest, is)
    }

    /// Up to the end of the line, or of the quotes.
    fn is_line(&self, octet: u8) -> bool {
        octet != b'\n' && Some(octet) != self.quote
    }

    /// Up to the end of the quotes; without them, of the word.
    fn is_part(&self, octet: u8) -> bool {
        match self.quote {
            Some(_) => self.is_line(octet),
            None => !octet.is_ascii_whitespace() && !b"&;,\"'`<>)]}".contains(&octet),
        }
    }
}

fn is_equals(place: Place<'_>) -> bool {
    let after = place.after();
    after
        .trim_start_matches(['\\', '"', '\'', ' '])
        .starts_with('=')
}

/// What stands for a value: `<token>`, `{secret}`, `$PASSWORD`, `***`, and this module's own mark.
fn is_placeholder(value: &str) -> bool {
    value.starts_with(['<', '{', '[', '$', '*', '%', '.', '(']) || value.starts_with("null")
}

/// Whether a word is a secret rather than a word of a sentence.
fn is_secret(word: &str) -> bool {
    let has_digit = word.bytes().any(|b| b.is_ascii_digit());
    let has_letter = word.bytes().any(|b| b.is_ascii_alphabetic());
    let inner = word.get(..word.len().saturating_sub(1)).unwrap_or("");
    let has_symbol =
        has_letter && inner.contains(['!', '@', '#', '$', '%', '^', '&', '*', '+', '=']);
    let is_number = word.bytes().all(|b| b.is_ascii_digit());
    word.len() >= 6 && (is_number || has_digit && has_letter || has_symbol)
}

/// Whether a word is what follows an authentication scheme (`token68`, RFC 9110 section 11.2)
/// rather than a word of a sentence about it.
fn is_credentials(word: &str) -> bool {
    let has_digit = word.bytes().any(|b| b.is_ascii_digit());
    let has_letter = word.bytes().any(|b| b.is_ascii_alphabetic());
    let is_mixed = word.bytes().any(|b| b.is_ascii_lowercase())
        && word.bytes().skip(1).any(|b| b.is_ascii_uppercase());
    // "Basic OAuth2.0 scopes", "Basic HTTP/1.1 authentication".
    let is_name = ["oauth", "http/"]
        .iter()
        .any(|name| prefix(word, name.len()).eq_ignore_ascii_case(name));
    match word.len() {
        0..6 => false,
        _ if is_name => false,
        6..20 => has_letter && has_digit || word.ends_with('=') || (word.len() >= 8 && is_mixed),
        _ => true,
    }
}

fn is_credential(octet: u8) -> bool {
    !b" \n,;)\"'`".contains(&octet)
}

fn is_token68(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~+/=".contains(&octet)
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|one| word.eq_ignore_ascii_case(one))
}

fn rest(place: Place<'_>) -> &str {
    place.text.get(place.end..).unwrap_or("")
}

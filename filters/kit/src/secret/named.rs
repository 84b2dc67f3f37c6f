//! Secrets that are known by the name before them: `password=…`, `"token": "…"`, `api_key: …`.

use std::ops::Range;

use super::value::{Value, is_placeholder, is_secret, is_token68};
use crate::scan::{Place, Rule, SIGHT, Sign, prefix, run};

pub(super) const SIGNS: &[Sign<Rule>] = &[
    Sign::in_any_case("password", assigned),
    Sign::in_any_case("passwd", assigned),
    Sign::in_any_case("passphrase", assigned),
    Sign::in_any_case("passcode", assigned),
    Sign::in_any_case("pwd", assigned),
    Sign::in_any_case("secret", assigned),
    Sign::in_any_case("secretkey", assigned),
    Sign::in_any_case("secret_key", assigned),
    Sign::in_any_case("secret-key", assigned),
    Sign::in_any_case("secretaccesskey", assigned),
    Sign::in_any_case("secret_access_key", assigned),
    Sign::in_any_case("accesskey", assigned),
    Sign::in_any_case("access_key", assigned),
    Sign::in_any_case("access-key", assigned),
    Sign::in_any_case("accesskeyid", assigned),
    Sign::in_any_case("access_key_id", assigned),
    Sign::in_any_case("accountkey", assigned),
    Sign::in_any_case("sharedaccesskey", assigned),
    Sign::in_any_case("sharedaccesssignature", assigned),
    Sign::in_any_case("privatekey", assigned),
    Sign::in_any_case("private_key", assigned),
    Sign::in_any_case("signingkey", assigned),
    Sign::in_any_case("signing_key", assigned),
    Sign::in_any_case("encryption_key", assigned),
    Sign::in_any_case("apikey", assigned),
    Sign::in_any_case("api_key", assigned),
    Sign::in_any_case("api-key", assigned),
    Sign::in_any_case("api key", assigned),
    Sign::in_any_case("token", assigned),
    Sign::in_any_case("jwt", assigned),
    Sign::in_any_case("credential", assigned),
    Sign::in_any_case("credentials", assigned),
    Sign::in_any_case("sessionid", assigned),
    Sign::in_any_case("session_id", assigned),
    Sign::in_any_case("session-id", assigned),
    Sign::in_any_case("session", assigned_by_equals),
    Sign::in_any_case("x-amz-signature", assigned),
    Sign::in_any_case("signature", assigned),
    Sign::in_any_case("sig", assigned_in_query),
    Sign::in_any_case("sid", assigned_in_query),
    Sign::in_any_case("code", code_in_query),
];

/// The value of a name.
///
/// After `=`, and between quotes, whatever stands there is the value. After a bare colon it may be a
/// sentence about it, so that only what looks like a secret is one.
fn assigned(place: Place<'_>) -> Option<Range<usize>> {
    let value = Value::after_name(place)?;
    let seen = value.seen(&|b| value.is_part(b)).trim_end_matches('\\');
    if seen.is_empty() || is_placeholder(seen) {
        return None;
    }
    let is_one = !value.is_quoted() || !seen.contains(' ') || value.is_assigned;
    // A value that goes on out of sight is no word of a sentence.
    if value.is_sure && is_one || seen.len() + 4 > SIGHT {
        return Some(value.whole_part());
    }
    let word = seen.trim_end_matches(['.', ':', '!', '?']);
    (!word.contains(' ') && is_secret(word)).then(|| value.at..value.at + word.len())
}

/// `session=…`: a name that begins sentences, too.
fn assigned_by_equals(place: Place<'_>) -> Option<Range<usize>> {
    Value::after_name(place)?
        .is_assigned
        .then(|| assigned(place))
        .flatten()
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
    let code = place.after().strip_prefix('=')?;
    let code = prefix(code, run(code, is_token68));
    (code.len() >= 16 && is_secret(code))
        .then(|| assigned_in_query(place))
        .flatten()
}

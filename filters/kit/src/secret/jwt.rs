//! JSON Web Tokens, which are known by the JSON that they begin with.

use std::ops::Range;

use super::issued::atom;
use crate::scan::{Place, Rule, Sign};

/// `{"` in base64url.
pub(super) const SIGNS: &[Sign<Rule>] = &[Sign::new("eyJ", jwt)];

/// How the header of a token begins, in base64url: `{"alg":`, `{"typ":`, `{"kid":`, `{"cty":`,
/// `{"enc":`. A token that was cut is known by it.
const JOSE: [&str; 5] = [
    "eyJhbGciOi",
    "eyJ0eXAiOi",
    "eyJraWQiOi",
    "eyJjdHkiOi",
    "eyJlbmMiOi",
];

/// A token of RFC 7519, signed (RFC 7515 section 3.1) or encrypted (RFC 7516 section 3.1): parts in
/// base64url with dots between them, the first of which is a JSON object.
fn jwt(place: Place<'_>) -> Option<Range<usize>> {
    let token = atom(place)?;
    let has_parts = token
        .split_once('.')
        .is_some_and(|(header, rest)| header.len() >= 8 && rest.len() >= 4);
    let has_header = JOSE.iter().any(|beginning| token.starts_with(beginning));
    (has_parts || has_header).then(|| place.start..place.start + token.len())
}

//! Tokens and keys that are known by how they begin.

use std::ops::Range;

/// How they begin, and how many octets follow at least.
const BEGINNINGS: [(&str, usize); 33] = [
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxa-", 10),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("xapp-", 10),
    ("sk_live_", 8),
    ("sk_test_", 8),
    ("rk_live_", 8),
    ("rk_test_", 8),
    ("pk_live_", 8),
    ("pk_test_", 8),
    ("whsec_", 16),
    ("sk-ant-", 16),
    ("sk-proj-", 16),
    ("sk-", 32),
    ("AIza", 30),
    ("ya29.", 20),
    ("npm_", 30),
    ("pypi-", 30),
    ("SG.", 32),
    ("hvs.", 20),
    ("shpat_", 20),
    ("dop_v1_", 32),
];

/// How the header of a JSON Web Token begins, in base64url: `{"alg":`, `{"typ":`, `{"kid":`,
/// `{"cty":`, `{"enc":`. A token that was cut is known by it.
const JOSE: [&str; 5] = [
    "eyJhbGciOi",
    "eyJ0eXAiOi",
    "eyJraWQiOi",
    "eyJjdHkiOi",
    "eyJlbmMiOi",
];

/// The token that a run of letters, digits, `.`, `_` and `-` is; by octets of the run.
pub(super) fn find(atom: &str) -> Option<Range<usize>> {
    let token = atom.trim_end_matches(['.', '-']);
    (is_jwt(token) || begins_as_token(token)).then_some(0..token.len())
}

fn begins_as_token(token: &str) -> bool {
    BEGINNINGS.iter().any(|(beginning, least)| {
        token.strip_prefix(beginning).is_some_and(|rest| {
            rest.len() >= *least
                && rest
                    .bytes()
                    .any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        })
    })
}

/// RFC 7519: parts in base64url with dots between them, the first of which is a JSON object.
fn is_jwt(token: &str) -> bool {
    let parts = token.starts_with("eyJ")
        && token
            .split_once('.')
            .is_some_and(|(header, rest)| header.len() >= 8 && rest.len() >= 4);
    parts || JOSE.iter().any(|beginning| token.starts_with(beginning))
}

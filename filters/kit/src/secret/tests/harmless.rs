//! Texts about credentials, and texts that look like them.

use super::find;

const TEXTS: &[&str] = &[
    "Bearer token expired",
    "Bearer authentication is required",
    "Bearer realm=\"orders\", error=\"invalid_token\"",
    "Basic authentication is not supported",
    "Basic plan does not include exports",
    "Basic OAuth2.0 scopes are missing",
    "Authorization: Bearer token is missing",
    "Authorization header is missing",
    "Authorization: Bearer <token>",
    "Authorization: Bearer {token}",
    "invalid password: must have 8 characters",
    "password: Minimum 8 characters",
    "password must contain a digit",
    "token must not be empty",
    "token: must not be empty",
    "Invalid token: signature has expired",
    "secret: is required",
    "api_key: required",
    "Pass the key as ?api_key=<key>",
    "Set password=$PASSWORD first",
    "the cookie: it must be sent",
    "signature: does not match the body",
    "session: expired, sign in again",
    "code=denied",
    "Session: 2026 tickets are sold out",
    "token: 42 is not one of yours",
    "{\"password\":\"must not be empty\"}",
    "Cursor eyJpZCI6NDJ9 is not valid",
    "https://example.com/callback?state=abc&code=denied",
    // Beginnings of tokens that are none.
    "sk-this-is-a-name-with-many-small-words",
    "risk-4eC39HqLyjWDarjtT1zdp7dc4eC39HqLyjWDarj",
    "asia-northeast1-docker.pkg.dev",
    "AKIA1234 is too short",
    "GHP_16C7e42F292c6912E7710c838347Ae178B4a",
    "SG.TOO.SHORT",
    "eyJh.x",
    "xeyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0",
    // URLs without user information.
    "https://example.com/@ann/posts",
    "https://example.com?mail=ann@example.com",
    "https://@example.com",
    "https://[redacted]@example.com",
    // Names of secrets that are not followed by one.
    "?sig=",
    "sig=abc",
    "the passwords: two",
    "Cookie: none",
    "token: \"two words\"",
    "{\"api_key\": \"two words\"}",
    "-----END PRIVATE KEY-----",
    "-----BEGIN the day",
    "bearer",
    "",
];

#[test]
fn what_is_no_credential_is_not_found() {
    let found: Vec<_> = TEXTS
        .iter()
        .map(|text| (text, find(text)))
        .filter(|(_, places)| !places.is_empty())
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

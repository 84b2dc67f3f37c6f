//! Texts with credentials, and what is left of them.

use super::masked;

const TEXTS: &[(&str, &str)] = &[
    ("Bearer abc123def456", "Bearer [x]"),
    ("sent Bearer mF_9.B5f-4.1JqM.", "sent Bearer [x]."),
    ("Basic dXNlcjpwYXNzd29yZA==", "Basic [x]"),
    ("Authorization: Basic YTpi", "Authorization: [x]"),
    ("authorization: Bearer opaque", "authorization: [x]"),
    (
        "Authorization: Digest username=\"ann\", response=\"abc\"",
        "Authorization: [x]",
    ),
    (
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830, Signature=fe5f",
        "Authorization: [x]",
    ),
    (
        "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl is invalid",
        "jwt [x] is invalid",
    ),
    ("eyJhbGciOiJIUzI1NiJ9", "[x]"),
    ("AKIAIOSFODNN7EXAMPLE is disabled", "[x] is disabled"),
    ("ASIAIOSFODNN7EXAMPLE is disabled", "[x] is disabled"),
    ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "[x]"),
    ("github_pat_11ABCDEFG0aBcDeFgHiJkLmN", "[x]"),
    ("glpat-abcDEF1234567890abcd", "[x]"),
    ("xoxb-123456789012-abcdefGHIJKL", "[x]"),
    (
        "No such charge; key sk_test_4eC39HqLyjWDarjtT1zdp7dc",
        "No such charge; key [x]",
    ),
    ("rk_live_4eC39HqLyjWDarj", "[x]"),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "[x]"),
    ("ya29.a0AfH6SMBx1234567890abc", "[x]"),
    ("npm_abcdefghijklmnopqrstuvwxyz0123456789", "[x]"),
    (
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY----- end",
        "[x] end",
    ),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBg", "[x]"),
    ("password=hunter2", "password=[x]"),
    ("pwd = hunter2 failed", "pwd = [x] failed"),
    ("password: hunter2", "password: [x]"),
    ("wrong passwd='correct horse'", "wrong passwd='[x]'"),
    (
        "client_secret=abc&grant_type=x",
        "client_secret=[x]&grant_type=x",
    ),
    ("secret: s3cr3tvalue", "secret: [x]"),
    ("api_key=abc", "api_key=[x]"),
    ("X-Api-Key: 1234abcd", "X-Api-Key: [x]"),
    ("access_token=opaque&x=1", "access_token=[x]&x=1"),
    ("{\"token\":\"opaque\"}", "{\"token\":\"[x]\"}"),
    (
        "{\\\"password\\\":\\\"hunter\\\"}",
        "{\\\"password\\\":\\\"[x]\\\"}",
    ),
    (
        "https://x.blob.core.windows.net/c?sv=2020&sig=abc%2Fdef",
        "https://x.blob.core.windows.net/c?sv=2020&sig=[x]",
    ),
    (
        "https://example.com/cb?code=SplxlOBeZQQYbYS6WxSbIA",
        "https://example.com/cb?code=[x]",
    ),
    (
        "https://example.com/?X-Amz-Signature=abcdef",
        "https://example.com/?X-Amz-Signature=[x]",
    ),
    (
        "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1==;",
        "AccountKey=[x];",
    ),
    ("Cookie: sid=abc; theme=dark", "Cookie: [x]"),
    ("Set-Cookie: session=abc; HttpOnly", "Set-Cookie: [x]"),
    ("session_id=abc", "session_id=[x]"),
    (
        "https://ann:hunter2@example.com/x",
        "https://[x]@example.com/x",
    ),
    ("ghs_16C7e42F292c6912E7710c838347Ae178B4a", "[x]"),
    ("/app/ghp_16C7e42F292c6912E7710c838347Ae178B4a", "/app/[x]"),
    ("key=sk-ant-api03-abcDEF123456", "key=[x]"),
    ("sk-1234567890abcdef1234567890abcdef", "[x]"),
    ("whsec_abcdEFGH12345678", "[x]"),
    ("hvs.CAESIabcdefghijkl1234", "[x]"),
    ("pypi-AgEIcHlwaS5vcmcCJDU4abcdef1234567", "[x]"),
    (
        "https://ghp_16C7e42F292c6912E7710c838347Ae178B4a@github.com/acme/x",
        "https://[x]@github.com/acme/x",
    ),
    (
        "postgres://orders:hunter2@db:5432/orders",
        "postgres://[x]@db:5432/orders",
    ),
    ("redis://:p@ss@cache:6379", "redis://[x]@cache:6379"),
    (
        "http://proxy/https://ann:hunter2@example.com/x",
        "http://proxy/https://[x]@example.com/x",
    ),
    ("PASSWORD=hunter2", "PASSWORD=[x]"),
    ("Password := hunter2", "Password := [x]"),
    ("password => hunter2", "password => [x]"),
    (
        "{\\\"secret\\\":\\\"a\\\\b\\\"}",
        "{\\\"secret\\\":\\\"[x]\\\"}",
    ),
    ("?a=1&sid=abc;x", "?a=1&sid=[x];x"),
    (
        "X-Amz-Credential=AKIDEXAMPLE%2F2026&x",
        "X-Amz-Credential=[x]&x",
    ),
    ("AWSAccessKeyId=abc&x", "AWSAccessKeyId=[x]&x"),
    (
        "Proxy-Authorization: Negotiate YIIabc",
        "Proxy-Authorization: [x]",
    ),
    (
        "DPoP: x, Authorization: DPoP abc.def",
        "DPoP: x, Authorization: [x]",
    ),
    (
        "secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "secret_access_key=[x]",
    ),
    (
        "private_key=-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nend",
        "private_key=[x]\nend",
    ),
    ("-----BEGIN X-----\nMIIE\n-----END X-----é", "[x]é"),
    ("AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE.", "[x], [x]."),
    ("AKIAIOSFODNN7EXAMPLE.password=hunter2", "[x]=[x]"),
    ("jwt=über", "jwt=[x]"),
];

#[test]
fn credentials_are_found_and_no_more() {
    let wrong: Vec<_> = TEXTS
        .iter()
        .map(|(text, expected)| (text, expected, masked(text)))
        .filter(|(_, expected, masked)| masked != *expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

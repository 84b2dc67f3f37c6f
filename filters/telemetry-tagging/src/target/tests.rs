use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::personal::Kind;

const NO_LIMIT: usize = usize::MAX;

fn shown_of(target: &str) -> String {
    let sensitive = Sensitive::new(["Customer-Name"]);
    redacted(
        target,
        &sensitive,
        Kinds::all(),
        NO_LIMIT,
        &mut Kinds::default(),
    )
    .into_owned()
}

fn cut(target: &str, max_octets: usize) -> String {
    let sensitive = Sensitive::default();
    redacted(
        target,
        &sensitive,
        Kinds::all(),
        max_octets,
        &mut Kinds::default(),
    )
    .into_owned()
}

#[test]
fn values_of_sensitive_parameters_are_redacted() {
    for (target, expected) in [
        ("/a?sig=abc", "/a?sig=REDACTED"),
        ("/a?x=1&sig=abc&y=2", "/a?x=1&sig=REDACTED&y=2"),
        ("/a?token=a=b==", "/a?token=REDACTED"),
        ("/a?token=a/b?c", "/a?token=REDACTED"),
        ("/a?token=a;b&x=1", "/a?token=REDACTED&x=1"),
        ("/a?token=;b&x=1", "/a?token=REDACTED&x=1"),
        ("/a?x=1;token=b;c&y=2", "/a?x=1;token=REDACTED&y=2"),
        ("/a?Access_Token=b", "/a?Access_Token=REDACTED"),
        ("/a?%74oken=b", "/a?%74oken=REDACTED"),
        ("/a?+token=b", "/a?+token=REDACTED"),
        ("/a?user[password]=b", "/a?user[password]=REDACTED"),
        ("/a?user%5Bpassword%5D=b", "/a?user%5Bpassword%5D=REDACTED"),
        ("/a?customer-name=Jane", "/a?customer-name=REDACTED"),
        ("/a?token=1&token=2", "/a?token=REDACTED&token=REDACTED"),
        ("/a;jsessionid=8F3A/b?x=1", "/a;jsessionid=REDACTED/b?x=1"),
        ("/cb#access_token=b&x=1", "/cb#access_token=REDACTED&x=1"),
        ("/a?x=1#token=b", "/a?x=1#token=REDACTED"),
    ] {
        assert_eq!(shown_of(target), expected, "{target}");
    }
}

#[test]
fn a_value_that_holds_a_sensitive_parameter_is_redacted() {
    for (target, expected) in [
        (
            "/login?next=%2Fcb%3Fx%3D1%26code%3Dabc",
            "/login?next=REDACTED",
        ),
        (
            "/login?next=%252Fcb%253Fcode%253Dabc",
            "/login?next=REDACTED",
        ),
        ("/login?next=/cb?code=abc", "/login?next=/cb?code=REDACTED"),
        ("/login?next=%2Fcb%3Fx%3D1", "/login?next=%2Fcb%3Fx%3D1"),
    ] {
        assert_eq!(shown_of(target), expected, "{target}");
    }
}

#[test]
fn personal_data_in_other_parts_is_masked() {
    for (target, expected) in [
        ("/users/jane@example.com/x", "/users/[email]/x"),
        ("/users/jane%40example.com", "/users/[email]"),
        ("/users/jane%2540example.com/x", "/users/[email]/x"),
        ("/a?q=jane@example.com&x=1", "/a?q=[email]&x=1"),
        ("/a?q=jane%2540example.com&x=1", "/a?q=[email]&x=1"),
        ("/a?jane%2540example.com=%31", "/a?[email]=%31"),
        ("/a?jane@example.com", "/a?[email]"),
        ("/a?pan=4111+1111+1111+1111", "/a?pan=[card]"),
        ("/a?tel=%2B49+170+1234567", "/a?tel=[phone]"),
        ("/a?x%70wd=hunter2x", "/a?[token]"),
        ("/a?ip=203.0.113.7&v=1", "/a?ip=[ip]&v=1"),
        (
            "/a?my_password2_password=hunter2x",
            "/a?my_password2_password=REDACTED",
        ),
        ("/a?sig=x&q=jane@example.com", "/a?sig=REDACTED&q=[email]"),
    ] {
        assert_eq!(shown_of(target), expected, "{target}");
    }
}

#[test]
fn user_information_goes() {
    for (target, expected) in [
        ("http://jane:secret@example.com/a", "http://example.com/a"),
        ("http://jane@example.com", "http://example.com"),
        ("http://jane:s@x@example.com?a=1", "http://example.com?a=1"),
        ("/proxy/https://jane:secret@host/a", "/proxy/https://host/a"),
        ("http://example.com/a@b", "http://example.com/a@b"),
    ] {
        assert_eq!(shown_of(target), expected, "{target}");
    }
}

#[test]
fn what_is_not_sensitive_stays_octet_for_octet() {
    for target in [
        "/",
        "*",
        "",
        "?",
        "/?",
        "/a?",
        "/a?&&=&;=;#",
        "/a//b/./../c;v=1.1,x/",
        "/v1/orders/42?page=2&sort=-created&cursor=abc123",
        "/a?x=%e2%82%ac+b&y=%zz&%",
        "/a?b=c&a=d&b=e",
        "/a?token=&token",
        "/a?state=open&author=jane&design=2&region=eu",
        "example.com:443",
        "http://example.com/a?b=c#d",
        "/a?id=550e8400-e29b-41d4-a716-446655440000",
        "/a?version=1.2.3.4",
        "/ü?ü=ü",
    ] {
        let mut found = Kinds::default();
        let shown = redacted(
            target,
            &Sensitive::default(),
            Kinds::all(),
            NO_LIMIT,
            &mut found,
        );
        assert!(matches!(shown, Cow::Borrowed(_)), "{target}");
        assert_eq!(shown, target);
        assert!(found.is_empty(), "{target}");
    }
}

#[test]
fn what_was_masked_is_told_and_what_was_redacted_is_not() {
    let mut found = Kinds::default();
    let target = "/jane@example.com?token=4111111111111111";
    redacted(
        target,
        &Sensitive::default(),
        Kinds::all(),
        NO_LIMIT,
        &mut found,
    );
    assert_eq!(found, Kinds::from_iter([Kind::Email]));
}

#[test]
fn sensitive_values_are_redacted_where_no_kinds_are_looked_for() {
    let shown = redacted(
        "/jane@example.com?token=b",
        &Sensitive::default(),
        Kinds::default(),
        NO_LIMIT,
        &mut Kinds::default(),
    );
    assert_eq!(shown, "/jane@example.com?token=REDACTED");
}

#[test]
fn a_target_is_cut_after_it_was_redacted() {
    assert_eq!(cut("/a?token=abcdefgh", 12), "/a?token=RED");
    assert_eq!(cut("/jane@example.com", 10), "/[email]");
    assert_eq!(cut("/a?x=jane@example.com", 8), "/a?x=[em");
    assert_eq!(cut("/abc", 4), "/abc");
    assert_eq!(cut("/abc", 3), "/ab");
    assert_eq!(cut("/abc", 0), "");
}

#[test]
fn no_character_and_no_escape_is_cut_in_two() {
    assert_eq!(cut("/aü", 3), "/a");
    assert_eq!(cut("/a%41b", 3), "/a");
    assert_eq!(cut("/a%41b", 4), "/a");
    assert_eq!(cut("/a%41b", 5), "/a%41");
    assert_eq!(cut("/a%zzb", 4), "/a%z");
    assert_eq!(cut("/a/%41", 4), "/a/");
}

#[test]
fn the_names_that_opentelemetry_lists_are_sensitive() {
    for name in [
        "AWSAccessKeyId",
        "Signature",
        "sig",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "X-Amz-Security-Token",
        "X-Goog-Signature",
    ] {
        assert!(Sensitive::default().contains(name), "{name}");
    }
}

#[test]
fn names_of_secrets_are_sensitive_and_others_are_not() {
    let sensitive = Sensitive::new(["Tax-Id", "customer.name"]);
    for name in [
        "token",
        "access_token",
        "refresh-token",
        "idToken",
        "API_KEY",
        "x-api-key",
        "key",
        "code",
        "client_secret",
        "code_verifier",
        "password",
        "newPassword",
        "user.pwd",
        "otp",
        "PHPSESSID",
        "csrf_token",
        "authenticity_token",
        "cvv",
        "SAMLResponse",
        "auth",
        "tax-id",
        "a[TAX-ID]",
        "Customer.Name",
        "X-Goog-Credential",
        "token[]",
        "%2574oken",
    ] {
        assert!(sensitive.contains(name), "{name}");
    }
    for name in [
        "",
        "state",
        "author",
        "design",
        "keyword",
        "keys",
        "monkey",
        "barcode",
        "codec",
        "zipcode",
        "tokens",
        "tax_id",
        "customer",
        "name",
        "passenger",
        "signal",
        "session_count",
        "X-Amz-Date",
        "X-Goog-Algorithm",
        "se",
        "sv",
        "pinned",
    ] {
        assert!(!sensitive.contains(name), "{name}");
    }
}

/// Parts that have a meaning in some rule, so that random targets come near the rules.
const PARTS: &[&str] = &[
    "/",
    "//",
    "?",
    "&",
    ";",
    "=",
    "#",
    "%3D",
    "%26",
    "%3F",
    "%25",
    "%",
    "@",
    ":",
    "http://",
    "a",
    "x",
    "[",
    "]",
    ".",
    "+",
    "token",
    "sig",
    "code",
    "password",
    "REDACTED",
    "[token]",
    "[email]",
    "jane",
    "jane@example.com",
    "jane%2540example.com",
    "4111111111111111",
    "4111+1111+1111+1111",
    "203.0.113.7",
    "AKIAIOSFODNN7EXAMPLE",
    "my_token=",
    "x=",
    "foo-",
    "ü",
    "version",
    "+491701234567",
];

fn targets() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        8 => proptest::sample::select(PARTS).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    vec(part, 0..14).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_was_redacted_stays(target in targets()) {
        let once = shown_of(&target);
        prop_assert_eq!(shown_of(&once), once);
    }

    #[test]
    fn what_is_cut_is_the_beginning_of_the_whole(target in targets(), max in 0..60_usize) {
        let whole = cut(&target, NO_LIMIT);
        let shown = cut(&target, max);
        prop_assert!(whole.starts_with(&shown));
        prop_assert!(shown.len() <= max);
        prop_assert!(shown.len() + 6 > max.min(whole.len()));
    }

    #[test]
    fn no_octets_make_it_panic(octets in vec(any::<u8>(), 0..200), max in 0..300_usize) {
        cut(&String::from_utf8_lossy(&octets), max);
    }

    #[test]
    fn a_sensitive_value_never_comes_out(
        before in "(/[a-c]{0,5}){1,3}\\?([a-c]{1,3}=[a-c]{0,3}&){0,3}",
        value in "[A-Za-z0-9%+/;?=._~-]{0,20}[QXZ]{4}[0-9]{4}",
        after in "(&[a-c]{1,3}=[a-c]{0,3}){0,3}",
    ) {
        let shown = shown_of(&format!("{before}access_token={value}{after}"));
        prop_assert_eq!(shown, format!("{before}access_token=REDACTED{after}"));
    }
}

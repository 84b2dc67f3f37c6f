use proptest::prelude::*;

use super::*;
use kit::media_range::{MediaRange, elements};

fn range(text: &str) -> MediaRange<'_> {
    MediaRange::parse(text.as_bytes()).unwrap()
}

#[test]
fn weights_have_at_most_three_decimals() {
    let weight = |q: &str| range(&format!("a/b;q={q}")).weight();
    for (q, expected) in [
        ("0", 0),
        ("1", 1000),
        ("0.5", 500),
        ("0.050", 50),
        ("1.000", 1000),
        ("1.", 1000),
    ] {
        assert_eq!(weight(q), Some(expected), "{q}");
    }
    for q in ["", "2", "1.001", "0.0001", "-1", ".5", "0,5", "x", "0.5 5"] {
        assert_eq!(weight(q), None, "{q}");
    }
    assert_eq!(range("a/b").weight(), Some(1000));
    assert_eq!(range("a/b;Q=0.1;x=1").weight(), Some(100));
}

#[test]
fn parameters_have_no_case_and_may_be_quoted() {
    let own = range("a/b ; Version=\"v\\1;,=\" ;x=2");
    assert_eq!(own.parameter("version").unwrap(), "v1;,=");
    assert_eq!(own.parameter("X").unwrap(), "2");
    assert_eq!(own.parameter("y"), None);
    assert_eq!(range("a/b;x=\"\\\\\"").parameter("x").unwrap(), "\\");
}

#[test]
fn what_says_more_is_more_specific() {
    let order = [
        "*/*",
        "*/*;a=1",
        "a/*",
        "a/b;q=0.1",
        "a/b;x=1;q=0.1",
        "a/b;x=1;y=2",
    ];
    for pair in order.windows(2) {
        assert!(
            range(pair[0]).specificity() < range(pair[1]).specificity(),
            "{pair:?}"
        );
    }
}

#[test]
fn commas_in_quotes_do_not_separate() {
    let list: Vec<&[u8]> = elements(b" a/b;x=\"1,\\\",2\" , , c/d").collect();
    assert_eq!(list, [&b"a/b;x=\"1,\\\",2\""[..], b"c/d"]);
}

#[test]
fn what_is_no_media_range_is_skipped() {
    for text in ["", "a", "/", "a/", "/b", "a b/c", "a/b/c", "a/b c"] {
        assert_eq!(MediaRange::parse(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn dot_segments_are_found_in_every_spelling() {
    for path in [
        "/.",
        "/..",
        "/a/../b",
        "/%2e",
        "/.%2E/a",
        "/%2e%2e?x",
        "/a/.",
    ] {
        assert!(has_dot_segments(path.as_bytes()), "{path}");
    }
    for path in [
        "/",
        "/...",
        "/a.b",
        "/.a",
        "/%2e%2e%2e",
        "/a?b=/../",
        "/a#/..",
        "//",
        "/%2f..",
    ] {
        assert!(!has_dot_segments(path.as_bytes()), "{path}");
    }
}

#[test]
fn templates_of_packages_and_vendors_need_a_version() {
    for bad in [
        "acme.orders",
        "acme/{version}",
        "acme.{version}.{version}",
        "{Version}",
    ] {
        assert!(bad.parse::<PackageTemplate>().is_err(), "{bad}");
    }
    for bad in [
        "application/json",
        "*/v{version}",
        "v{version}/json",
        "a/v{version} x",
        "a/v{version};q=1",
        "a/{version}/{version}",
    ] {
        assert!(bad.parse::<media_type::VendorTemplate>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_octets_make_media_ranges_panic(value in prop::collection::vec(any::<u8>(), 0..80)) {
        for element in elements(&value) {
            if let Some(range) = MediaRange::parse(element) {
                let _ = (range.weight(), range.specificity(), range.parameter("version"));
            }
        }
    }

    #[test]
    fn no_text_makes_templates_panic(text in "\\PC{0,20}(\\{version\\})?\\PC{0,20}") {
        let _ = text.parse::<PackageTemplate>();
        let _ = text.parse::<media_type::VendorTemplate>();
    }
}

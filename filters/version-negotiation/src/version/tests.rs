use proptest::prelude::*;

use super::*;

fn canonical(scheme: Scheme, text: &str) -> Option<String> {
    scheme.parse(text).map(|version| version.to_string())
}

#[test]
fn integers_are_digits_with_or_without_a_v() {
    for (text, expected) in [("0", "0"), ("2", "2"), ("v12", "12"), ("V3", "3")] {
        assert_eq!(canonical(Scheme::Integer, text).as_deref(), Some(expected));
    }
    let too_large = "18446744073709551616";
    for text in [
        "", "v", "vv1", "+1", "-1", "1.0", "01", "1 ", "١", too_large,
    ] {
        assert_eq!(canonical(Scheme::Integer, text), None, "{text}");
    }
}

#[test]
fn semantic_versions_may_be_cut_short() {
    for (text, expected) in [
        ("1", "1"),
        ("v1.2", "1.2"),
        ("1.2.3", "1.2.3"),
        ("1.2.3-rc.1", "1.2.3-rc.1"),
    ] {
        assert_eq!(canonical(Scheme::Semver, text).as_deref(), Some(expected));
    }
    for text in [
        "", "1.", ".1", "1.2.3.4", "1.02", "1.2-rc", "1.2.3-", "1.2.3-01", "1.2.3+b", "a",
    ] {
        assert_eq!(canonical(Scheme::Semver, text), None, "{text}");
    }
    let version = |text: &str| Scheme::Semver.parse(text).unwrap();
    assert_eq!(version("1"), version("1.0.0"));
    assert!(version("1.10") > version("1.9"));
    assert!(version("2.0.0-rc.1") < version("2"));
    assert!(version("1").names(&version("1")));
    assert!(!version("1").names(&version("1.0")));
    assert!(version("1.0.0").names(&version("1.0")));
}

#[test]
fn dates_are_days_of_the_calendar() {
    for text in ["2026-01-31", "2024-02-29", "2000-02-29", "0001-12-31"] {
        assert_eq!(canonical(Scheme::Date, text).as_deref(), Some(text));
    }
    for text in [
        "2026-02-29",
        "2100-02-29",
        "2026-13-01",
        "2026-00-01",
        "2026-04-31",
        "2026-01-00",
        "2026-1-31",
        "v2026-01-31",
        "2026-01-31-",
        "26-01-31",
        "2026/01/31",
        "",
    ] {
        assert_eq!(canonical(Scheme::Date, text), None, "{text}");
    }
}

#[test]
fn a_text_that_is_too_long_is_no_version() {
    let long = format!("1.2.3-{}", "a".repeat(MAX_TEXT - 6));
    assert!(Scheme::Semver.parse(&long).is_some());
    assert!(Scheme::Semver.parse(&format!("{long}a")).is_none());
}

proptest! {
    #[test]
    fn the_canonical_form_names_the_same_version(text in "[vV]?[0-9a-z.+-]{0,20}|\\PC{0,12}") {
        for scheme in [Scheme::Integer, Scheme::Semver, Scheme::Date] {
            if let Some(version) = scheme.parse(&text) {
                let again = scheme.parse(&version.to_string()).unwrap();
                prop_assert_eq!(&again, &version);
                prop_assert!(again.names(&version) && version.names(&again));
                prop_assert!(is_meant_as_version(&text));
            }
        }
    }
}

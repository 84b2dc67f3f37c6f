//! What keys are made of.

use proptest::prelude::*;

use super::*;

fn with(alphabet: Alphabet, value: &str) -> Result<String, Refusal> {
    read(&terms(Syntax::Lenient, alphabet), value)
}

#[test]
fn the_case_of_a_uuid_does_not_matter() {
    let lower = "8e03978e-40d5-43dd-bc93-6894a57f9324";
    for alphabet in [Alphabet::Uuid, Alphabet::Uuid4] {
        assert_eq!(
            with(alphabet, &lower.to_ascii_uppercase()).as_deref(),
            Ok(lower)
        );
    }
    assert_ne!(
        with(Alphabet::Token, &lower.to_ascii_uppercase()).as_deref(),
        Ok(lower)
    );
}

#[test]
fn what_is_no_uuid_is_refused() {
    for value in [
        "8e03978e40d543ddbc936894a57f9324",
        "8e03978e-40d5-43dd-bc93-6894a57f932",
        "8e03978e-40d5-43dd-bc93-6894a57f93244",
        "8e03978e-40d5-43dd-bc93-6894a57f932g",
        "8e03978e-40d5-43ddb-c93-6894a57f9324",
        "{8e03978e-40d5-43dd-bc93-6894a57f932}",
    ] {
        assert_eq!(
            with(Alphabet::Uuid, value),
            Err(Refusal::Alphabet),
            "{value}"
        );
    }
}

#[test]
fn a_uuid_that_stands_for_no_value_is_refused() {
    for value in [
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    ] {
        assert_eq!(
            with(Alphabet::Uuid, value),
            Err(Refusal::Alphabet),
            "{value}"
        );
    }
}

/// The examples of RFC 9562 appendix A.
#[test]
fn version_4_is_told_from_the_others() {
    let v4 = "919108f7-52d1-4320-9bac-f847db4148a8";
    assert_eq!(with(Alphabet::Uuid4, v4).as_deref(), Ok(v4));
    for other in [
        "C232AB00-9414-11EC-B3C8-9F6BDECED846",
        "5df41881-3aed-3515-88a7-2f4a814cf09e",
        "2ed6657d-e927-568b-95e1-2665a8aea6a2",
        "1EC9414C-232A-6B00-B3C8-9F6BDECED846",
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
        "919108f7-52d1-4320-cbac-f847db4148a8",
    ] {
        assert_eq!(
            with(Alphabet::Uuid4, other),
            Err(Refusal::Alphabet),
            "{other}"
        );
        assert!(with(Alphabet::Uuid, other).is_ok(), "{other}");
    }
}

#[test]
fn a_token_has_no_separators() {
    assert_eq!(
        with(Alphabet::Token, "a!#$%&'*+-.^_`|~Z9").as_deref(),
        Ok("a!#$%&'*+-.^_`|~Z9")
    );
    for value in ["a/b", "YQ==", "a:b", "a@b", "\"a b\"", "a;b"] {
        assert_eq!(
            with(Alphabet::Token, value),
            Err(Refusal::Alphabet),
            "{value}"
        );
    }
}

#[test]
fn a_quoted_key_may_have_a_space_only_to_be_refused() {
    assert_eq!(with(Alphabet::Visible, "\"a b\""), Err(Refusal::Alphabet));
}

proptest! {
    #[test]
    fn each_alphabet_holds_the_one_before(value in "[ -~]{1,40}") {
        let quoted = format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        let fits = |alphabet| with(alphabet, &quoted).is_ok();
        prop_assert!(!fits(Alphabet::Uuid4) || fits(Alphabet::Uuid));
        prop_assert!(!fits(Alphabet::Uuid) || fits(Alphabet::Token));
        prop_assert!(!fits(Alphabet::Token) || fits(Alphabet::Visible));
    }
}

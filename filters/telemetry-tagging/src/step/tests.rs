use std::rc::Rc;

use super::capture::MAX_INPUT;
use super::*;
use crate::key::KeyRing;
use crate::personal::Kind;

/// 32 octets from 0x00 to 0x1f.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// 32 octets of 0xff.
const OTHER: &str = "//////////////////////////////////////////8=";

fn capture(pattern: &str) -> Step {
    Step::Capture(Capture::compile(pattern).unwrap())
}

fn map(from: &str, to: &str, other: Option<&str>) -> Step {
    let table = [(from.to_owned(), to.to_owned())];
    Step::Map(Map::new(table, other.map(str::to_owned)))
}

fn bucket() -> Step {
    Step::Bucket(Bucket::new(vec![(10.0, "<10".into())], ">=10".into()))
}

fn default(text: &str) -> Step {
    Step::Default(text.into())
}

fn mask() -> Step {
    Step::Mask {
        kinds: Kinds::all(),
        keep: Keep::Nothing,
    }
}

fn ring(current: Option<&str>, previous: Option<&str>) -> Rc<KeyRing> {
    let previous = previous.map(|key| ("k1", Some(key)));
    Rc::new(KeyRing::new("people", ("k2", current), previous))
}

fn pseudonymise(ring: Rc<KeyRing>) -> Step {
    Step::Pseudonymise(Pseudonymise::new(ring, None))
}

fn salted(ring: Rc<KeyRing>) -> Step {
    Step::Pseudonymise(Pseudonymise::new(ring, Some("tenant".into())))
}

fn applied(steps: Vec<Step>, value: Option<&str>) -> Result<Option<String>, Lost> {
    let value = value.map(Cow::Borrowed);
    Steps::new(steps).apply(value, &|| None, &mut Kinds::default())
}

#[test]
fn without_steps_a_value_stays_as_it_is() {
    assert_eq!(applied(vec![], Some(" Jäne ")), Ok(Some(" Jäne ".into())));
    assert_eq!(applied(vec![], None), Ok(None));
    assert!(Steps::default().is_empty());
    assert!(!Steps::new(vec![Step::Lower]).is_empty());
}

#[test]
fn steps_are_taken_in_their_order() {
    let value = Some("Tenant-GOLD-7");
    let pattern = "-([a-z]+)-";
    assert_eq!(
        applied(vec![Step::Lower, capture(pattern)], value),
        Ok(Some("gold".into()))
    );
    assert_eq!(
        applied(vec![capture(pattern), Step::Lower], value),
        Err(Lost::NoMatch)
    );
}

#[test]
fn an_empty_text_is_no_value() {
    assert_eq!(applied(vec![], Some("")), Ok(None));
    assert_eq!(applied(vec![map("a", "b", Some("c"))], Some("")), Ok(None));
    assert_eq!(
        applied(vec![default("none")], Some("")),
        Ok(Some("none".into()))
    );
}

#[test]
fn no_value_passes_every_step_but_a_default() {
    let ring = ring(None, None);
    let steps = || {
        vec![
            capture("."),
            map("a", "b", Some("c")),
            Step::Lower,
            Step::Truncate(1),
            bucket(),
            mask(),
            pseudonymise(Rc::clone(&ring)),
        ]
    };
    assert_eq!(applied(steps(), None), Ok(None));
    let mut with_default = steps();
    with_default.push(default("nobody"));
    assert_eq!(applied(with_default, None), Ok(Some("nobody".into())));
}

#[test]
fn a_step_that_has_nothing_to_hand_on_says_why() {
    assert_eq!(applied(vec![capture("x")], Some("a")), Err(Lost::NoMatch));
    assert_eq!(
        applied(vec![map("a", "b", None)], Some("x")),
        Err(Lost::Unmapped)
    );
    assert_eq!(applied(vec![bucket()], Some("x")), Err(Lost::NotANumber));
    let long = "a".repeat(MAX_INPUT + 1);
    assert_eq!(applied(vec![capture("a")], Some(&long)), Err(Lost::TooLong));
}

#[test]
fn what_is_lost_stays_lost_until_a_default() {
    let steps = vec![capture("x"), Step::Lower, default("Other"), Step::Lower];
    assert_eq!(applied(steps, Some("a")), Ok(Some("other".into())));
    for lossy in [capture("x"), map("x", "y", None), bucket()] {
        assert_eq!(
            applied(vec![lossy, default("other")], Some("a")),
            Ok(Some("other".into()))
        );
    }
}

#[test]
fn a_default_leaves_a_value_alone() {
    assert_eq!(
        applied(vec![default("none")], Some("a")),
        Ok(Some("a".into()))
    );
}

#[test]
fn a_default_hides_no_failure() {
    let long = "a".repeat(MAX_INPUT + 1);
    let steps = vec![capture("a"), default("none")];
    assert_eq!(applied(steps, Some(&long)), Err(Lost::TooLong));
    let steps = vec![pseudonymise(ring(None, None)), default("nobody")];
    assert_eq!(applied(steps, Some("jane")), Err(Lost::KeyMissing));
    let steps = vec![salted(ring(Some(KEY), None)), default("nobody")];
    assert_eq!(applied(steps, Some("jane")), Err(Lost::SaltMissing));
}

#[test]
fn reasons_are_lower_case_words() {
    for (lost, name) in [
        (Lost::NoMatch, "no_match"),
        (Lost::Unmapped, "unmapped"),
        (Lost::NotANumber, "not_a_number"),
        (Lost::TooLong, "too_long"),
        (Lost::KeyMissing, "key_missing"),
        (Lost::SaltMissing, "salt_missing"),
    ] {
        assert_eq!(lost.name(), name);
    }
}

#[test]
fn a_mask_tells_what_it_found() {
    let mut found = Kinds::default();
    let steps = Steps::new(vec![mask(), Step::Lower]);
    let value = steps.apply(Some("jane@example.com".into()), &|| None, &mut found);
    assert_eq!(value, Ok(Some("[email]".into())));
    assert!(found.contains(Kind::Email));
    assert!(!found.contains(Kind::Card));
}

#[test]
fn a_mask_as_long_as_the_value_takes_its_place() {
    assert_eq!(
        applied(vec![mask()], Some("a@bc.de")),
        Ok(Some("[email]".into()))
    );
}

#[test]
fn what_is_to_be_a_pseudonym_never_goes_on_in_clear() {
    for current in [None, Some("?"), Some("c2hvcnQ=")] {
        // The previous key does not take the place of the current one.
        let steps = vec![pseudonymise(ring(current, Some(KEY)))];
        assert_eq!(applied(steps, Some("jane")), Err(Lost::KeyMissing));
    }
}

#[test]
fn a_pseudonym_is_made_of_what_the_steps_before_it_hand_on() {
    let of = |value| {
        applied(
            vec![Step::Lower, pseudonymise(ring(Some(KEY), None))],
            Some(value),
        )
    };
    assert_eq!(of("Jane"), of("jane"));
    assert_ne!(of("jane"), of("john"));
}

#[test]
fn a_salt_is_asked_for_only_where_it_is_needed() {
    let asked = std::cell::Cell::new(0);
    let salt = || {
        asked.set(asked.get() + 1);
        Some("acme".to_owned())
    };
    let ring = ring(Some(KEY), None);
    let mut found = Kinds::default();
    let plain = Steps::new(vec![pseudonymise(Rc::clone(&ring))]);
    let one = plain.apply(Some("jane".into()), &salt, &mut found);
    assert_eq!(asked.get(), 0);
    let with_salt = Steps::new(vec![salted(ring)]);
    assert_eq!(with_salt.apply(None, &salt, &mut found), Ok(None));
    assert_eq!(asked.get(), 0);
    let other = with_salt.apply(Some("jane".into()), &salt, &mut found);
    assert_eq!(asked.get(), 1);
    assert_ne!(one, other);
}

#[test]
fn a_salt_without_a_value_makes_no_pseudonym() {
    let steps = Steps::new(vec![salted(ring(Some(KEY), Some(OTHER)))]);
    for salt in [None, Some(String::new())] {
        let value = Some(Cow::Borrowed("jane"));
        let made = steps.apply(value.clone(), &|| salt.clone(), &mut Kinds::default());
        assert_eq!(made, Err(Lost::SaltMissing));
        assert_eq!(steps.previous(value, &|| salt.clone()), None);
    }
}

#[test]
fn the_previous_pseudonym_is_what_the_previous_key_made_as_current_one() {
    let salt = || Some("acme".to_owned());
    let value = || Some(Cow::Borrowed("JANE"));
    let now = Steps::new(vec![
        Step::Lower,
        salted(ring(Some(OTHER), Some(KEY))),
        default("nobody"),
    ]);
    let before = KeyRing::new("people", ("k1", Some(KEY)), None);
    let before = Steps::new(vec![Step::Lower, salted(Rc::new(before))]);
    let made_before = before.apply(value(), &salt, &mut Kinds::default()).unwrap();
    assert!(made_before.as_deref().unwrap().starts_with("k1."));
    assert_eq!(now.previous(value(), &salt), made_before);
    // Whoever is not there had no pseudonym.
    assert_eq!(now.previous(None, &salt), None);
}

#[test]
fn without_a_previous_key_or_a_pseudonym_there_is_no_previous_one() {
    let value = || Some(Cow::Borrowed("jane"));
    let alone = Steps::new(vec![pseudonymise(ring(Some(KEY), None))]);
    assert_eq!(alone.previous(value(), &|| None), None);
    let unusable = Steps::new(vec![pseudonymise(ring(Some(KEY), Some("?")))]);
    assert_eq!(unusable.previous(value(), &|| None), None);
    let none = Steps::new(vec![Step::Lower]);
    assert_eq!(none.previous(value(), &|| None), None);
    // What the policy names may be set later, so a place for it is made when the policy loads.
    assert!(unusable.may_have_previous());
    assert!(!alone.may_have_previous());
    assert!(!none.may_have_previous());
}

#[test]
fn the_tag_that_salts_is_named() {
    let steps = Steps::new(vec![Step::Lower, salted(ring(None, None)), default("x")]);
    assert_eq!(steps.salt(), Some("tenant"));
    assert_eq!(
        Steps::new(vec![pseudonymise(ring(None, None))]).salt(),
        None
    );
    assert_eq!(Steps::default().salt(), None);
}

#[test]
fn texts_of_the_policy_and_pseudonyms_are_closed() {
    let closed = |steps| Steps::new(steps).is_closed();
    assert!(closed(vec![map("a", "b", None)]));
    assert!(closed(vec![
        map("a", "b", Some("c")),
        Step::Lower,
        capture("b")
    ]));
    assert!(closed(vec![capture("[0-9]+"), bucket(), default("none")]));
    assert!(closed(vec![
        pseudonymise(ring(None, None)),
        default("nobody")
    ]));
    assert!(!closed(vec![]));
    assert!(!closed(vec![default("none")]));
    assert!(!closed(vec![
        capture("."),
        Step::Lower,
        Step::Truncate(1),
        mask()
    ]));
}

fn guarded(steps: Vec<Step>, value: &str) -> String {
    let steps = Steps::new(steps).guarded(Kinds::all(), Keep::Nothing);
    let value = steps.apply(Some(Cow::Borrowed(value)), &|| None, &mut Kinds::default());
    value.unwrap().unwrap()
}

#[test]
fn a_guard_lets_no_personal_data_through() {
    assert_eq!(guarded(vec![], "jane@example.com"), "[email]");
    assert_eq!(guarded(vec![Step::Lower], "JANE@example.com"), "[email]");
    // What a default brings is guarded too.
    assert_eq!(guarded(vec![default("ops@example.com")], ""), "[email]");
}

#[test]
fn a_guard_looks_before_a_value_is_cut() {
    assert_eq!(
        guarded(vec![Step::Truncate(8)], "jane.doe@example.com"),
        "[email]"
    );
}

#[test]
fn a_guard_looks_before_a_part_is_taken_or_a_case_is_lost() {
    let local_part = vec![capture("^[^@]*"), Step::Lower];
    assert_eq!(guarded(local_part, "jane@example.com"), "[email]");
    assert_eq!(
        guarded(vec![Step::Lower], "AKIAIOSFODNN7EXAMPLE"),
        "[token]"
    );
    let domain = vec![
        Step::Mask {
            kinds: Kinds::all(),
            keep: Keep::Part,
        },
        capture("@(.*)"),
    ];
    assert_eq!(guarded(domain, "jane@example.com"), "example.com");
}

#[test]
fn a_guard_leaves_closed_steps_alone() {
    let steps = || {
        vec![
            Step::Truncate(20),
            map("jane@example.com", "a@example.com", None),
        ]
    };
    assert_eq!(guarded(steps(), "jane@example.com"), "a@example.com");
    let none = Steps::new(vec![]).guarded(Kinds::default(), Keep::Nothing);
    assert!(none.0.is_empty());
}

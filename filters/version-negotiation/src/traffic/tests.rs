use proptest::prelude::*;

use super::*;

#[test]
fn places_never_change() {
    // Computed with another implementation of XXH64. Every proxy of every release must agree, so these figures are part of the contract.
    assert_eq!(bucket("orders", "version", b"user-1"), 4251);
    assert_eq!(bucket("orders", "variant", b"user-1"), 4704);
    assert_eq!(bucket("payments", "version", b"user-1"), 3689);
}

#[test]
fn purposes_and_services_share_no_order() {
    let both = (0..10_000).filter(|index| {
        let key = format!("user-{index}");
        bucket("a", "version", key.as_bytes()) < 1000
            && bucket("a", "variant", key.as_bytes()) < 1000
    });
    let both = both.count();
    assert!(
        (70..=130).contains(&both),
        "10% of 10% of 10,000, not {both}"
    );
}

#[test]
fn variants_take_their_share_in_order() {
    let variants: Vec<Variant> = [("a", 2_500), ("b", 0), ("c", 7_500)]
        .map(|(name, share)| Variant {
            name: name.into(),
            share,
        })
        .into();
    let name = |place| choose_variant(&variants, place).unwrap().name.as_str();
    assert_eq!(name(0), "a");
    assert_eq!(name(2_499), "a");
    assert_eq!(name(2_500), "c");
    assert_eq!(name(WHOLE - 1), "c");
}

proptest! {
    #[test]
    fn every_key_has_a_place(key in prop::collection::vec(any::<u8>(), 0..40)) {
        prop_assert!(bucket("s", "version", &key) < WHOLE);
    }
}

use proptest::prelude::*;

use super::*;

/// The octets 0 to 31.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER: &str = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA";

const PLACE: StoreKey = StoreKey::new([0x11; 32]);
const HEAD: &[u8] = b"head";
const ONCE: [u8; NONCE] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

fn keys() -> SealingKeys {
    SealingKeys::new(("2026-02", Some(KEY)), Some(("2026-01", Some(OTHER))))
}

fn hex(octets: &[u8]) -> String {
    let digits: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    digits.concat()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap())
        .collect()
}

/// Test cases 13, 14 and 16 of the specification of GCM (appendix B), which NIST
/// has taken over.
#[test]
fn the_cipher_gives_the_known_answers() {
    let zeros = "00".repeat(32);
    for (key, nonce, bound, text, expected) in [
        (
            zeros.as_str(),
            "000000000000000000000000",
            "",
            "",
            "530f8afbc74536b9a963b4f1c4cb738b",
        ),
        (
            zeros.as_str(),
            "000000000000000000000000",
            "",
            "00000000000000000000000000000000",
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
        ),
        (
            "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            "cafebabefacedbaddecaf888",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
             1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
             8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
             76fc6ece0f4e1768cddf8853bb2d551b",
        ),
    ] {
        let key: [u8; 32] = unhex(key).try_into().unwrap();
        let nonce: [u8; NONCE] = unhex(nonce).try_into().unwrap();
        let mut octets = unhex(text);
        encrypt(&key, nonce, &unhex(bound), &mut octets).unwrap();
        assert_eq!(hex(&octets), expected);
        decrypt(&key, nonce, &unhex(bound), &mut octets).unwrap();
        assert_eq!(hex(&octets), text);
    }
}

/// RFC 5869 appendix A.1, the first block.
#[test]
fn keys_are_derived_as_hkdf_does() {
    let key = unhex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    let key = Hmac::new_from_slice(&key).unwrap();
    let block = expand(&key, &[&unhex("f0f1f2f3f4"), &unhex("f5f6f7f8f9")]);
    let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";
    assert_eq!(hex(&block), expected);
}

/// Computed with the Python package `cryptography` (`HKDFExpand`, `AESGCM`).
#[test]
fn a_sealed_text_stays_what_it_is() {
    let sealed = keys().seal(&PLACE, HEAD, ONCE, b"answer".to_vec()).unwrap();
    assert_eq!(sealed.key, "2026-02");
    assert_eq!(sealed.nonce, ONCE);
    assert_eq!(
        hex(&sealed.text),
        "3c7a0d8ad363da5bb7e51e7a9529cf190cd611fec563"
    );
}

#[test]
fn a_text_opens_only_where_it_was_put() {
    let sealed = || keys().seal(&PLACE, HEAD, ONCE, b"answer".to_vec()).unwrap();
    assert_eq!(
        keys().open(&PLACE, HEAD, sealed()).as_deref(),
        Ok(&b"answer"[..])
    );
    let elsewhere = StoreKey::new([0x12; 32]);
    let moved = keys().open(&elsewhere, HEAD, sealed());
    assert_eq!(moved, Err(Unopened::NotAuthentic));
    let under_another_head = keys().open(&PLACE, b"Head", sealed());
    assert_eq!(under_another_head, Err(Unopened::NotAuthentic));
}

#[test]
fn while_keys_rotate_both_open_and_the_current_one_seals() {
    let before = SealingKeys::new(("2026-01", Some(OTHER)), None);
    let old = before.seal(&PLACE, HEAD, ONCE, b"answer".to_vec()).unwrap();
    assert_eq!(
        keys().open(&PLACE, HEAD, old).as_deref(),
        Ok(&b"answer"[..])
    );
    let new = keys().seal(&PLACE, HEAD, ONCE, b"answer".to_vec()).unwrap();
    assert_eq!(before.open(&PLACE, HEAD, new), Err(Unopened::UnknownKey));
}

#[test]
fn a_text_under_another_key_of_the_same_id_does_not_open() {
    let other = SealingKeys::new(("2026-02", Some(OTHER)), None);
    let sealed = other.seal(&PLACE, HEAD, ONCE, b"answer".to_vec()).unwrap();
    assert_eq!(
        keys().open(&PLACE, HEAD, sealed),
        Err(Unopened::NotAuthentic)
    );
}

#[test]
fn without_the_current_key_nothing_is_sealed_and_the_previous_one_still_opens() {
    let half = SealingKeys::new(("2026-02", None), Some(("2026-01", Some(OTHER))));
    assert_eq!(half.seal(&PLACE, HEAD, ONCE, vec![]), None);
    let before = SealingKeys::new(("2026-01", Some(OTHER)), None);
    let old = before.seal(&PLACE, HEAD, ONCE, vec![]).unwrap();
    assert_eq!(half.open(&PLACE, HEAD, old), Ok(vec![]));
    let current = keys().seal(&PLACE, HEAD, ONCE, vec![]).unwrap();
    assert_eq!(half.open(&PLACE, HEAD, current), Err(Unopened::UnknownKey));
}

#[test]
fn each_way_in_which_a_key_cannot_be_used_is_told() {
    for (value, expected) in [
        (None, Unusable::Missing),
        (Some(""), Unusable::Missing),
        (Some(" \n"), Unusable::Missing),
        (Some("no base64!"), Unusable::NotBase64),
        (
            Some("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg=="),
            Unusable::TooShort,
        ),
    ] {
        let keys = SealingKeys::new(("a", Some(KEY)), Some(("b", value)));
        assert_eq!(
            keys.unusable().collect::<Vec<_>>(),
            [("b", expected)],
            "{value:?}"
        );
    }
    assert_eq!(keys().unusable().count(), 0);
}

#[test]
fn how_a_key_is_written_makes_no_difference() {
    let sealed = keys().seal(&PLACE, HEAD, ONCE, b"answer".to_vec()).unwrap();
    let url_safe = OTHER.replace('/', "_").replace('+', "-");
    let spelled = SealingKeys::new(
        ("2026-02", Some(&KEY[..43])),
        Some(("2026-01", Some(&url_safe))),
    );
    assert_eq!(
        spelled.open(&PLACE, HEAD, sealed).as_deref(),
        Ok(&b"answer"[..])
    );
    let with_line_feed = format!("{KEY}==\n").replace("===", "=");
    assert!(
        SealingKeys::new(("a", Some(&with_line_feed)), None)
            .unusable()
            .next()
            .is_none()
    );
}

#[test]
fn keys_are_not_shown() {
    assert_eq!(
        format!("{:?}", keys()),
        "SealingKeys { current: Key { id: \"2026-02\", .. }, previous: Some(Key { id: \
         \"2026-01\", .. }) }"
    );
}

#[test]
fn a_nonce_has_the_first_octets_of_the_random_bits() {
    let nonce = nonce([0x0001_0203_0405_0607, 0x0809_0a0b_ffff_ffff]);
    assert_eq!(nonce, ONCE);
}

proptest! {
    #[test]
    fn what_was_sealed_opens(
        text in prop::collection::vec(any::<u8>(), 0..300),
        head in prop::collection::vec(any::<u8>(), 0..50),
        place: [u8; 32],
        random: [u64; 2],
    ) {
        let place = StoreKey::new(place);
        let sealed = keys().seal(&place, &head, nonce(random), text.clone()).unwrap();
        prop_assert!(text.len() < 8 || !sealed.text.windows(text.len()).any(|part| part == text));
        prop_assert_eq!(keys().open(&place, &head, sealed), Ok(text));
    }

    #[test]
    fn what_was_changed_does_not_open(
        text in prop::collection::vec(any::<u8>(), 0..40),
        part in 0..4,
        at in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let mut sealed = keys().seal(&PLACE, HEAD, ONCE, text).unwrap();
        let mut head = HEAD.to_vec();
        let mut place = [0x11; 32];
        let octets: &mut [u8] = match part {
            0 => &mut sealed.text,
            1 => &mut sealed.nonce,
            2 => &mut head,
            _ => &mut place,
        };
        octets[at.index(octets.len())] ^= 1_u8 << bit;
        let opened = keys().open(&StoreKey::new(place), &head, sealed);
        prop_assert_eq!(opened, Err(Unopened::NotAuthentic));
    }

    #[test]
    fn what_was_cut_does_not_open(text in prop::collection::vec(any::<u8>(), 0..40), cut in 1_usize..40) {
        let mut sealed = keys().seal(&PLACE, HEAD, ONCE, text).unwrap();
        sealed.text.truncate(sealed.text.len().saturating_sub(cut));
        prop_assert_eq!(keys().open(&PLACE, HEAD, sealed), Err(Unopened::NotAuthentic));
    }

    #[test]
    fn nothing_that_is_made_up_opens(
        key in prop::sample::select(vec!["2026-02", "2026-01", "2025-12", ""]),
        nonce in prop::collection::vec(any::<u8>(), 0..20),
        text in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let sealed = Sealed { key: key.to_owned(), nonce, text };
        prop_assert!(keys().open(&PLACE, HEAD, sealed).is_err());
    }
}

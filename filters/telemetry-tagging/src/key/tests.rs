use super::*;

/// 32 octets from 0x00 to 0x1f.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn codes_are_those_of_rfc_4231() {
    // Sections 4.2 to 4.8: key, data, HMAC-SHA-256.
    let long_data = "This is a test using a larger than block-size key and a larger than \
                     block-size data. The key needs to be hashed before being used by the HMAC \
                     algorithm.";
    let counted: Vec<u8> = (0x01..=0x19).collect();
    let vectors: [(&[u8], &[u8], &str); 7] = [
        (
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            &[0xaa; 20],
            &[0xdd; 50],
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            &counted,
            &[0xcd; 50],
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        // Section 4.6 gives the first 16 octets alone.
        (
            &[0x0c; 20],
            b"Test With Truncation",
            "a3b6167473100ee06e0c796c2955552b",
        ),
        (
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            &[0xaa; 131],
            long_data.as_bytes(),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ];
    for (octets, data, expected) in vectors {
        let key = UsableKey::of("k1", octets);
        let code = key.code(&[data]);
        let hex = code.map(|octet| format!("{octet:02x}")).concat();
        assert_eq!(&hex[..expected.len()], expected);
        assert!(key.verifies(&[data], &code));
    }
}

#[test]
fn parts_are_joined_as_they_are() {
    let key = UsableKey::of("k1", &[7; 32]);
    assert_eq!(key.code(&[b"ab", b"", b"c"]), key.code(&[b"abc"]));
}

#[test]
fn a_code_that_differs_in_one_bit_does_not_verify() {
    let key = UsableKey::of("k1", &[7; 32]);
    let code = key.code(&[b"message"]);
    for place in 0..256 {
        let mut forged = code;
        forged[place / 8] ^= 1 << (place % 8);
        assert!(!key.verifies(&[b"message"], &forged), "bit {place}");
    }
}

#[test]
fn the_current_key_alone_is_current() {
    let ring = KeyRing::new("people", ("k2", None), Some(("k1", Some(KEY))));
    assert_eq!(ring.current().unwrap_err(), Unusable::Missing);
    assert_eq!(ring.previous().map(UsableKey::id), Some("k1"));
    let live: Vec<&str> = ring.live().map(UsableKey::id).collect();
    assert_eq!(live, ["k1"]);
}

#[test]
fn both_keys_are_live_the_current_one_first() {
    let ring = KeyRing::new("people", ("k2", Some(KEY)), Some(("k1", Some(KEY))));
    let live: Vec<&str> = ring.live().map(UsableKey::id).collect();
    assert_eq!(live, ["k2", "k1"]);
    assert_eq!(ring.unusable().count(), 0);
}

#[test]
fn every_unusable_key_is_named_with_its_reason() {
    let ring = KeyRing::new("people", ("k2", Some("?")), Some(("k1", None)));
    let unusable: Vec<_> = ring.unusable().collect();
    assert_eq!(
        unusable,
        [("k2", Unusable::NotBase64), ("k1", Unusable::Missing)]
    );
}

#[test]
fn nothing_of_a_key_is_shown() {
    let value = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=";
    let ring = KeyRing::new("people", ("k1", Some(value)), Some(("k0", Some("c2Vj?"))));
    assert_eq!(
        format!("{ring:?}"),
        "KeyRing { name: \"people\", current: Key { id: \"k1\", state: Ok(UsableKey { id: \"k1\", \
         .. }) }, previous: Some(Key { id: \"k0\", state: Err(NotBase64) }) }"
    );
}

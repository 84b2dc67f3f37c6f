use proptest::prelude::*;

use super::*;

fn key(id: &str) -> UsableKey {
    let octets: Vec<u8> = (0..32).collect();
    UsableKey::of(id, &octets)
}

#[test]
fn pseudonyms_are_those_that_another_implementation_makes() {
    // Python: "k1." + urlsafe_b64encode(hmac.digest(bytes(range(32)), b"treaty/pseudonym/1\0" +
    // struct.pack(">Q", len(salt)) + salt + value, "sha256")[:16]).rstrip(b"=")
    for (salt, value, expected) in [
        ("", "jane@example.com", "k1.1P3YR1F-ieZxf38hZW_KZw"),
        ("tenant-a", "jane@example.com", "k1.ODqN2nx_JE-SQprNx7r6Ew"),
        ("tenant-b", "jane@example.com", "k1.X8ynez9oVxa44Zv8_o1Bag"),
        ("", "", "k1.fv8sjjCJghIYBxbLbhu2ng"),
    ] {
        assert_eq!(pseudonym(&key("k1"), salt, value), expected);
    }
}

#[test]
fn another_key_gives_another_pseudonym() {
    let [one, other] = [[1; 32], [2; 32]].map(|octets| UsableKey::of("k1", &octets));
    assert_ne!(pseudonym(&one, "", "jane"), pseudonym(&other, "", "jane"));
}

proptest! {
    #[test]
    fn octets_that_move_between_salt_and_value_change_the_pseudonym(
        text in "\\PC{1,12}",
        one in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let cuts: Vec<usize> =
            text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
        let (one, other) = (*one.get(&cuts), *other.get(&cuts));
        prop_assume!(one != other);
        let at = |cut: usize| pseudonym(&key("k1"), &text[..cut], &text[cut..]);
        prop_assert_ne!(at(one), at(other));
    }

    #[test]
    fn different_pairs_have_different_pseudonyms(
        one in ("[ab\\x00]{0,3}", "[ab\\x00]{0,3}"),
        other in ("[ab\\x00]{0,3}", "[ab\\x00]{0,3}"),
    ) {
        let of = |(salt, value): &(String, String)| pseudonym(&key("k1"), salt, value);
        prop_assert_eq!(one == other, of(&one) == of(&other));
    }

    #[test]
    fn a_pseudonym_is_the_id_of_the_key_and_twenty_two_characters(
        salt in any::<String>(),
        value in any::<String>(),
    ) {
        let pseudonym = pseudonym(&key("2026-01"), &salt, &value);
        let code = pseudonym.strip_prefix("2026-01.").unwrap();
        prop_assert_eq!(code.len(), 22);
        prop_assert!(code.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
    }
}

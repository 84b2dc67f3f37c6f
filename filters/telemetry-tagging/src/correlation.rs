//! The correlation id: what a person quotes who asks about a request.

use std::time::{SystemTime, UNIX_EPOCH};

/// The most octets of an id that is taken where the policy says nothing.
pub(crate) const MAX_OCTETS: usize = 128;

/// How an id is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, deserr::Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "MadeId", rename_all = "camelCase")
)]
pub(crate) enum Made {
    /// Random (RFC 9562 section 5.4).
    UuidV4,
    /// By time, so that ids sort as they were made (RFC 9562 section 5.7).
    UuidV7,
}

/// The id that came, if it may be taken: one line of letters, digits and `-._~:/+=`, not longer than
/// the policy says. So it can stand in logs, headers and JSON as it is; `@` is left out, because
/// with it ids turn out to be addresses.
pub(crate) fn taken<'a>(
    lines: impl IntoIterator<Item = &'a [u8]>,
    max_octets: usize,
) -> Option<&'a str> {
    let mut lines = lines.into_iter();
    let line = lines.next()?.trim_ascii();
    let is_allowed = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._~:/+=".contains(octet);
    let is_good = lines.next().is_none()
        && (1..=max_octets).contains(&line.len())
        && line.iter().all(is_allowed);
    // Which of several would be meant, nobody can tell.
    is_good.then(|| std::str::from_utf8(line).ok())?
}

impl Made {
    /// A new id from random bits. The time is asked for only where it is part of the id.
    pub(crate) fn id(
        self,
        random: &mut dyn FnMut() -> u64,
        now: &mut dyn FnMut() -> SystemTime,
    ) -> String {
        let bits = u128::from(random()) << 64 | u128::from(random());
        match self {
            Self::UuidV4 => uuid(bits, 4),
            // There are 48 bits for the time; the shift drops what is beyond.
            Self::UuidV7 => uuid(milliseconds(now()) << 80 | bits & (u128::MAX >> 48), 7),
        }
    }
}

/// Puts version and variant in their places (RFC 9562 sections 4.1 and 4.2) and writes the whole as
/// section 4 says.
fn uuid(bits: u128, version: u128) -> String {
    let bits = bits & !(0xf << 76) | version << 76;
    let bits = bits & !(0b11 << 62) | 0b10 << 62;
    let group = |shift: u32, digits: u32| bits >> shift & ((1 << (4 * digits)) - 1);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        group(96, 8),
        group(80, 4),
        group(64, 4),
        group(48, 4),
        group(0, 12)
    )
}

/// Milliseconds since 1970; 0 for a clock before that.
fn milliseconds(now: SystemTime) -> u128 {
    now.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn one(line: &str) -> Option<&str> {
        taken([line.as_bytes()], MAX_OCTETS)
    }

    fn made(how: Made, high: u64, low: u64, now: SystemTime) -> String {
        let mut bits = [high, low].into_iter();
        how.id(&mut || bits.next().unwrap(), &mut || now)
    }

    #[test]
    fn ids_of_the_usual_kinds_are_taken() {
        for id in [
            "919108f7-52d1-4320-9bac-f847db4148a8",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "1-67891233-abcdef012345678912345678",
            "Root=1-67891233-abcdef012345678912345678",
            "req_8f/2+a==",
            "a.b:c~d",
            "7",
        ] {
            assert_eq!(one(id), Some(id));
        }
        assert_eq!(one(" id\t"), Some("id"));
    }

    #[test]
    fn what_could_break_a_log_or_a_header_is_not_taken() {
        for id in [
            "",
            " ",
            "a b",
            "a,b",
            "a;b",
            "a\"b",
            "<a>",
            "{a}",
            "a\nb",
            "a\x1bb",
            "${jndi:ldap://x}",
            "ann@example.com",
            "%0a",
            "é",
        ] {
            assert_eq!(one(id), None, "{id:?}");
        }
        assert_eq!(taken([&b"\xff\xfe"[..]], MAX_OCTETS), None);
    }

    #[test]
    fn an_id_is_not_longer_than_the_policy_says() {
        let longest = "a".repeat(MAX_OCTETS);
        assert_eq!(one(&longest), Some(&*longest));
        assert_eq!(one(&(longest + "a")), None);
        assert_eq!(taken([&b"abcd"[..]], 3), None);
        assert_eq!(taken([&b"abc"[..]], 3), Some("abc"));
    }

    #[test]
    fn one_of_several_ids_is_not_taken() {
        assert_eq!(taken([&b"a"[..], b"a"], MAX_OCTETS), None);
        assert_eq!(taken([], MAX_OCTETS), None);
    }

    /// RFC 9562 appendix A.3.
    #[test]
    fn a_random_id_is_that_of_the_example() {
        let (high, low) = (0x9191_08f7_52d1_0320, 0x5bac_f847_db41_48a8);
        let id = made(Made::UuidV4, high, low, UNIX_EPOCH);
        assert_eq!(id, "919108f7-52d1-4320-9bac-f847db4148a8");
    }

    /// RFC 9562 appendix A.6.
    #[test]
    fn an_id_by_time_is_that_of_the_example() {
        let now = UNIX_EPOCH + Duration::from_secs(1_645_557_742);
        let (high, low) = (0xffff_ffff_ffff_0cc3, 0x18c4_dc0c_0c07_398f);
        let id = made(Made::UuidV7, high, low, now);
        assert_eq!(id, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    }

    #[test]
    fn the_clock_is_read_only_for_ids_by_time() {
        let id = Made::UuidV4.id(&mut || 0, &mut || panic!("nobody needs it"));
        assert_eq!(id, "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn a_clock_before_1970_makes_an_id_all_the_same() {
        let before = UNIX_EPOCH - Duration::from_secs(1);
        let id = made(Made::UuidV7, 0, 0, before);
        assert_eq!(id, "00000000-0000-7000-8000-000000000000");
    }

    #[test]
    fn a_clock_beyond_48_bits_does_not_spoil_an_id() {
        let far = UNIX_EPOCH + Duration::from_millis((1 << 48) + 5);
        let id = made(Made::UuidV7, 0, 0, far);
        assert_eq!(id, "00000000-0005-7000-8000-000000000000");
    }

    proptest! {
        #[test]
        fn ids_that_are_made_are_taken(high: u64, low: u64, seconds in 0..1_u64 << 40) {
            let now = UNIX_EPOCH + Duration::from_secs(seconds);
            for how in [Made::UuidV4, Made::UuidV7] {
                let id = made(how, high, low, now);
                prop_assert_eq!(one(&id), Some(&*id));
                prop_assert_eq!(id.len(), 36);
                let variant = id.as_bytes()[19];
                prop_assert!(b"89ab".contains(&variant));
            }
        }

        #[test]
        fn ids_by_time_sort_as_they_were_made(bits: [u64; 4], at in 0..1_u64 << 40, later in 1..9_u64) {
            let now = |millis| UNIX_EPOCH + Duration::from_millis(millis);
            let first = made(Made::UuidV7, bits[0], bits[1], now(at));
            let second = made(Made::UuidV7, bits[2], bits[3], now(at + later));
            prop_assert!(first < second);
        }

        #[test]
        fn no_octets_make_it_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = taken([line.as_slice()], MAX_OCTETS);
        }
    }
}

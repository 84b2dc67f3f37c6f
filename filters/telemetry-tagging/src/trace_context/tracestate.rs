//! `tracestate` (Trace Context Level 2 section 3.3): what vendors add to a trace, newest first.
//!
//! Keys are those of Level 2, which takes every key of Level 1 and more.

use std::borrow::Cow;

/// The most members of a list (section 3.3.2).
const MAX_MEMBERS: usize = 32;

/// The most octets of a key, and of a value (section 3.3.2).
const MAX_TEXT: usize = 256;

/// The octets beyond which a member goes first where a list is too long (section 3.3.3.1).
const LONG_MEMBER: usize = 128;

/// The octets that a list should be let have at least (section 3.3.3.1).
pub(crate) const LEAST_LIMIT: usize = 512;

/// A list that can be read: at most 32 members, no key twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tracestate<'a> {
    members: Vec<Member<'a>>,
}

/// Lines that are no list. They are dropped as a whole, because in part they could say what nobody
/// meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member<'a> {
    /// Key, `=` and value, as they came.
    text: Cow<'a, [u8]>,
    /// The octets of the key.
    key: usize,
}

impl<'a> Tracestate<'a> {
    /// Reads all lines of a request as one list, in order (section 3.3.2). Empty members are
    /// skipped.
    pub(crate) fn parse(lines: &[&'a [u8]]) -> Result<Self, Malformed> {
        let mut members: Vec<Member<'a>> = Vec::new();
        let texts = lines
            .iter()
            .flat_map(|line| line.split(|octet| *octet == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|text| !text.is_empty());
        for text in texts {
            let member = Member::parse(text).ok_or(Malformed)?;
            let is_known = members.iter().any(|known| known.key() == member.key());
            if is_known || members.len() == MAX_MEMBERS {
                return Err(Malformed);
            }
            members.push(member);
        }
        Ok(Self { members })
    }

    /// The value of a key.
    #[cfg(test)]
    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        self.members
            .iter()
            .find(|member| member.key() == key.as_bytes())
            .and_then(|member| member.text.get(member.key + 1..))
    }

    /// Drops whole members until the list has at most `limit` octets, those of more than 128 octets
    /// first, and always from the right (section 3.3.3.1). A limit below 512 counts as 512.
    pub(crate) fn truncate(&mut self, limit: usize) {
        let limit = limit.max(LEAST_LIMIT);
        while self.octets() > limit {
            let is_long = |member: &Member<'_>| member.text.len() > LONG_MEMBER;
            match self.members.iter().rposition(is_long) {
                Some(place) => drop(self.members.remove(place)),
                None => drop(self.members.pop()),
            }
        }
    }

    /// The length of the list as it is written, in octets.
    pub(crate) fn octets(&self) -> usize {
        let texts: usize = self.members.iter().map(|member| member.text.len()).sum();
        texts + self.members.len().saturating_sub(1)
    }

    /// The list as one line, without whitespace between members; `None` where it is empty, because
    /// empty fields should not be sent (section 3.3.2).
    pub(crate) fn write(&self) -> Option<Vec<u8>> {
        let texts: Vec<&[u8]> = self.members.iter().map(|member| &*member.text).collect();
        (!texts.is_empty()).then(|| texts.join(&b','))
    }
}

impl<'a> Member<'a> {
    fn parse(text: &'a [u8]) -> Option<Self> {
        let key = text.iter().position(|octet| *octet == b'=')?;
        let (name, value) = text.split_at_checked(key)?;
        let value = value.strip_prefix(b"=")?;
        (is_key(name) && is_value(value)).then_some(Self {
            text: Cow::Borrowed(text),
            key,
        })
    }

    fn key(&self) -> &[u8] {
        self.text.get(..self.key).unwrap_or_default()
    }
}

/// Section 3.3.2: a lower-case letter or a digit, then up to 255 of these and `_`, `-`, `*`, `/`,
/// `@`.
fn is_key(key: &[u8]) -> bool {
    let is_first = |octet: &u8| octet.is_ascii_lowercase() || octet.is_ascii_digit();
    key.len() <= MAX_TEXT
        && key.first().is_some_and(is_first)
        && key
            .iter()
            .all(|octet| is_first(octet) || b"_-*/@".contains(octet))
}

/// Section 3.3.2: 1 to 256 printable characters but `,` and `=`. Leading spaces are part of it.
fn is_value(value: &[u8]) -> bool {
    (1..=MAX_TEXT).contains(&value.len())
        && value
            .iter()
            .all(|octet| matches!(octet, 0x20..=0x7e) && !b",=".contains(octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(line: &str) -> Tracestate<'_> {
        Tracestate::parse(&[line.as_bytes()]).unwrap()
    }

    fn text(list: &Tracestate<'_>) -> String {
        String::from_utf8(list.write().unwrap_or_default()).unwrap()
    }

    fn members(names: &str, count: usize, octets: usize) -> String {
        let member = |n: usize| format!("{:x<octets$}", format!("{names}{n}="));
        (0..count).map(member).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn the_example_of_the_standard_is_kept_octet_for_octet() {
        let line = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
        assert_eq!(text(&list(line)), line);
        assert_eq!(list(line).get("congo"), Some(&b"t61rcWkgMzE"[..]));
        assert_eq!(list(line).get("con"), None);
    }

    #[test]
    fn several_lines_are_combined_in_order() {
        let lines: [&[u8]; 4] = [b"foo=1,bar=2", b"", b"rojo=1", b" , baz=3"];
        let list = Tracestate::parse(&lines).unwrap();
        assert_eq!(text(&list), "foo=1,bar=2,rojo=1,baz=3");
    }

    #[test]
    fn empty_members_are_allowed_and_not_sent() {
        assert_eq!(text(&list(",, a=1 ,\t, b=2,")), "a=1,b=2");
        for empty in ["", " ", ",", " ,\t, "] {
            assert_eq!(list(empty).write(), None, "{empty:?}");
        }
    }

    #[test]
    fn a_key_that_comes_twice_makes_no_list() {
        for line in ["a=1,a=1", "a=1,a=2", "a=1,b=2, a=3"] {
            assert_eq!(Tracestate::parse(&[line.as_bytes()]), Err(Malformed));
        }
        assert_eq!(Tracestate::parse(&[b"a=1", b"a=1"]), Err(Malformed));
    }

    #[test]
    fn a_list_has_at_most_32_members() {
        assert!(Tracestate::parse(&[members("k", 32, 6).as_bytes()]).is_ok());
        let lines = [members("k", 32, 6), "one=more".to_owned()];
        let lines = lines.each_ref().map(String::as_bytes);
        assert_eq!(Tracestate::parse(&lines), Err(Malformed));
        // Members that are empty do not count.
        assert!(Tracestate::parse(&[members("k", 32, 6).as_bytes(), b",,"]).is_ok());
    }

    #[test]
    fn keys_are_those_of_level_2() {
        let longest = "z".repeat(256);
        for key in [
            "a", "0", "0a", "a_-*/@z", "t@v", "foo@", "foo@@bar", "a@b@c", &longest,
        ] {
            let line = format!("{key}=1");
            assert!(Tracestate::parse(&[line.as_bytes()]).is_ok(), "{key}");
        }
        let too_long = "z".repeat(257);
        for key in [
            "", "A", "fOo", "_a", "-a", "*a", "/a", "@a", "foo ", "foo.bar", "f\u{f6}", &too_long,
        ] {
            let line = format!("{key}=1");
            assert_eq!(
                Tracestate::parse(&[line.as_bytes()]),
                Err(Malformed),
                "{key}"
            );
        }
    }

    #[test]
    fn values_are_printable_without_comma_and_equals() {
        let printable = (0x20..=0x7e).filter(|octet| !b",=".contains(octet));
        let mut all: Vec<u8> = b"k=".to_vec();
        all.extend(printable);
        assert_eq!(Tracestate::parse(&[&all]).unwrap().write().unwrap(), all);
        for value in ["", "a=b", "=", "a\tb", "\u{fc}", "a\x7f", &"x".repeat(257)] {
            let line = format!("k={value},other=1");
            assert_eq!(
                Tracestate::parse(&[line.as_bytes()]),
                Err(Malformed),
                "{value}"
            );
        }
        assert!(Tracestate::parse(&[format!("k={}", "x".repeat(256)).as_bytes()]).is_ok());
        assert_eq!(Tracestate::parse(&[b"no-value"]), Err(Malformed));
    }

    #[test]
    fn leading_spaces_belong_to_a_value_and_trailing_ones_do_not() {
        assert_eq!(list("k=  v  ,l=1").get("k"), Some(&b"  v"[..]));
        assert_eq!(text(&list(" k=  v  , l=1")), "k=  v,l=1");
    }

    #[test]
    fn a_list_of_512_octets_is_never_cut() {
        let line = members("k", 8, 63) + "x";
        assert_eq!(line.len(), 512);
        let mut list = list(&line);
        list.truncate(0);
        assert_eq!(text(&list), line);
    }

    #[test]
    fn whole_members_go_those_over_128_octets_first_and_then_from_the_right() {
        let long = format!("long={}", "x".repeat(124));
        let fits = format!("fits={}", "x".repeat(123));
        assert_eq!((long.len(), fits.len()), (129, 128));
        let line = format!("a=1,{long},{fits},{},z=1", members("k", 3, 100));
        let mut first = list(&line);
        first.truncate(512);
        // Without the long one it fits.
        assert_eq!(text(&first), line.replace(&format!("{long},"), ""));

        let line = format!("a=1,{fits},{},y=1,z=1", members("k", 4, 100));
        let mut second = list(&line);
        second.truncate(512);
        assert_eq!(
            text(&second),
            format!("a=1,{fits},{}", members("k", 3, 100))
        );

        let longs = members("k", 4, 200);
        let mut third = list(&longs);
        third.truncate(600);
        assert_eq!(text(&third), members("k", 2, 200));
    }
}

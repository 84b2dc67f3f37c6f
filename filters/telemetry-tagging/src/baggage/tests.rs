use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn read<'a>(lines: &[&'a str]) -> (Baggage<'a>, Dropped) {
    read_within(Limits::LEAST, lines)
}

fn read_within<'a>(limits: Limits, lines: &[&'a str]) -> (Baggage<'a>, Dropped) {
    Baggage::read(lines.iter().map(|line| line.as_bytes()), limits, &|_| true)
}

fn pairs(baggage: &Baggage<'_>) -> Vec<(String, String)> {
    let pair = |member: &Member<'_>| (member.key().to_owned(), member.value().into_owned());
    baggage.members().map(pair).collect()
}

/// What is read of one member; `None` where it is malformed.
fn one(text: &str) -> Option<(String, String)> {
    let (baggage, dropped) = read(&[text]);
    assert_eq!(
        dropped.malformed,
        usize::from(baggage.members.is_empty()),
        "{text}"
    );
    pairs(&baggage).pop()
}

fn line(baggage: &Baggage<'_>) -> String {
    match baggage.edit() {
        Edit::Set(line) => String::from_utf8(line).unwrap(),
        edit => panic!("not changed: {edit:?}"),
    }
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[test]
fn the_examples_of_the_standard_are_read() {
    let (baggage, dropped) = read(&[
        "key1=value1;property1;property2, key2 = value2, key3=value3; propertyKey=propertyValue",
    ]);
    let expected = [("key1", "value1"), ("key2", "value2"), ("key3", "value3")];
    assert_eq!(
        pairs(&baggage),
        expected.map(|(key, value)| pair(key, value))
    );
    assert_eq!((dropped, baggage.edit()), (Dropped::default(), Edit::Keep));

    let (baggage, _) = read(&[
        "userId=Am%C3%A9lie",
        "serverNode=DF%2028,isProduction=false",
    ]);
    let expected = [
        ("userId", "Amélie"),
        ("serverNode", "DF 28"),
        ("isProduction", "false"),
    ];
    assert_eq!(
        pairs(&baggage),
        expected.map(|(key, value)| pair(key, value))
    );
}

/// The cases of the test suite in w3c/baggage (`test/test_baggage.py`), by their names there.
#[test]
fn the_suite_of_the_standard_is_read() {
    let ows = "SomeKey \t = \t SomeValue \t ";
    let encoded = "%09%20%22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29";
    let decoded = "\t \"';=asdf!@#$%^&*()";
    for (name, text, value) in [
        ("parse_simple", "SomeKey=SomeValue", "SomeValue"),
        (
            "parse_multiple_equals",
            "SomeKey=SomeValue=equals",
            "SomeValue=equals",
        ),
        (
            "parse_percent_encoded",
            &format!("SomeKey={encoded}"),
            decoded,
        ),
        ("parse_property", "SomeKey=SomeValue;SomeProp", "SomeValue"),
        (
            "parse_multi_property",
            "SomeKey=SomeValue;SomeProp;SecondProp=PropValue",
            "SomeValue",
        ),
        (
            "parse_kv_property",
            "SomeKey=SomeValue;SomePropKey=SomePropValue",
            "SomeValue",
        ),
        ("parse_simple_ows", ows, "SomeValue"),
        (
            "parse_percent_encoded_ows",
            &format!("SomeKey \t = \t {encoded} \t "),
            decoded,
        ),
        (
            "parse_property_ows",
            &format!("{ows}; \t SomeProp"),
            "SomeValue",
        ),
        (
            "parse_multi_property_ows",
            &format!("{ows}; \t SomeProp \t ; \t SecondProp \t = \t PropValue"),
            "SomeValue",
        ),
        (
            "parse_kv_property_ows",
            &format!("{ows}; \t SomePropKey \t = \t SomePropValue"),
            "SomeValue",
        ),
    ] {
        assert_eq!(one(text), Some(pair("SomeKey", value)), "{name}");
    }
    let two = format!(
        "{ows}; \t SomeProp \t , \t SomeKey2 \t = \t SomeValue2 \t ; \t ValueProp \t = \t PropVal"
    );
    let (baggage, _) = read(&[&two]);
    let expected = [pair("SomeKey", "SomeValue"), pair("SomeKey2", "SomeValue2")];
    assert_eq!(pairs(&baggage), expected, "parse_multiple_ows");
}

#[test]
fn the_limits_of_the_suite_go_through_whole() {
    let many = (0..64).map(|n| format!("key{n}=value"));
    let many = many.collect::<Vec<_>>().join(",");
    let long = format!("a={}", "0123456789".repeat(819));
    let both = (0..512).map(|n| format!("{n:03}=0123456789a"));
    let both = both.collect::<Vec<_>>().join(",") + "b";
    assert_eq!((long.len(), both.len()), (8192, 8192));
    for line in [&many, &long] {
        let (baggage, dropped) = read(&[line]);
        assert_eq!((dropped, baggage.edit()), (Dropped::default(), Edit::Keep));
    }
    let limits = Limits {
        members: 512,
        ..Limits::LEAST
    };
    let (baggage, dropped) = read_within(limits, &[&both]);
    assert_eq!((dropped, baggage.edit()), (Dropped::default(), Edit::Keep));
}

#[test]
fn keys_are_tokens() {
    for key in ["a", "A1", "user.id", "!#$%&'*+-.^_`|~"] {
        assert_eq!(one(&format!("{key}=1")), Some(pair(key, "1")));
    }
    for key in ["", "a b", "a(b)", "a/b", "a:b", "a@b", "\"a\"", "ä", "[a]"] {
        assert_eq!(one(&format!("{key}=1")), None, "{key}");
    }
    assert_eq!(one("no-value"), None);
    assert_eq!(one("=1"), None);
}

#[test]
fn values_are_printable_without_space_quote_comma_semicolon_and_backslash() {
    let allowed = (0x21..=0x7e_u8).filter(|octet| !b"\",;\\%".contains(octet));
    let all = String::from_utf8(allowed.collect()).unwrap();
    assert_eq!(one(&format!("k={all}")), Some(pair("k", &all)));
    for value in ["a b", "\"a\"", "a\\b", "é", "a\x7f"] {
        assert_eq!(one(&format!("k={value}")), None, "{value}");
    }
}

#[test]
fn a_value_may_be_empty_and_may_hold_equals_signs() {
    assert_eq!(one("k="), Some(pair("k", "")));
    assert_eq!(one("k=;p"), Some(pair("k", "")));
    assert_eq!(one("k==a=b="), Some(pair("k", "=a=b=")));
}

#[test]
fn what_is_not_utf_8_once_decoded_is_replaced() {
    assert_eq!(one("k=aa%ffcc"), Some(pair("k", "aa\u{fffd}cc")));
    assert_eq!(one("k=%"), Some(pair("k", "%")));
    assert_eq!(one("k=%4"), Some(pair("k", "%4")));
    assert_eq!(one("k=%zz%41"), Some(pair("k", "%zzA")));
}

#[test]
fn properties_are_keys_with_or_without_values() {
    for properties in ["p", "p=", "p=v", "p=v=w", " p = v ; q ", "p;p;p"] {
        assert!(one(&format!("k=v;{properties}")).is_some(), "{properties}");
    }
    for properties in ["", "=v", "a b", "p=a b", "p;;q", "p;", "p=\"v\"", "p/q"] {
        assert_eq!(one(&format!("k=v;{properties}")), None, "{properties}");
    }
}

#[test]
fn malformed_members_are_dropped_one_by_one() {
    let (baggage, dropped) = read(&["a=1, b b=2 ,c=3;;,d=\"4\",e = 5 ; p = q", "f", "g=7"]);
    assert_eq!(line(&baggage), "a=1,e = 5 ; p = q,g=7");
    let expected = Dropped {
        malformed: 4,
        ..Dropped::default()
    };
    assert_eq!(dropped, expected);
}

#[test]
fn octets_that_are_not_utf_8_are_malformed() {
    let lines: [&[u8]; 1] = [b"a=\xff,\xfe=1,c=3"];
    let (baggage, dropped) = Baggage::read(lines, Limits::LEAST, &|_| true);
    assert_eq!((line(&baggage).as_str(), dropped.malformed), ("c=3", 2));
}

#[test]
fn empty_elements_are_no_members_and_no_mistakes() {
    let (baggage, dropped) = read(&["", " , a=1,,", ","]);
    assert_eq!((baggage.members.len(), dropped), (1, Dropped::default()));
    assert_eq!(baggage.edit(), Edit::Keep);
}

#[test]
fn members_that_are_not_selected_are_dropped_and_the_others_keep_their_octets_and_order() {
    let allow = Allow::new(["a", "user.*"]);
    let came = "z=0, user.b = %41;p , a=1,a=2;x=y,user.a=%C3%A9,A=3";
    let (baggage, dropped) =
        Baggage::read([came.as_bytes()], Limits::LEAST, &|key| allow.allows(key));
    assert_eq!(line(&baggage), "user.b = %41;p,a=1,a=2;x=y,user.a=%C3%A9");
    assert_eq!(dropped.not_selected, 2);
}

#[test]
fn nothing_is_left_of_a_field_without_members() {
    let (baggage, _) = Baggage::read([&b"a=1,b=2"[..]], Limits::LEAST, &|_| false);
    assert_eq!(baggage.edit(), Edit::Remove);
}

#[test]
fn members_beyond_the_limits_are_dropped_whole() {
    let many = (0..70)
        .map(|n| format!("k{n}=v"))
        .collect::<Vec<_>>()
        .join(",");
    let (baggage, dropped) = read(&[&many]);
    assert_eq!((baggage.members.len(), dropped.over_limit), (64, 6));
    assert!(line(&baggage).ends_with(",k63=v"));

    let limits = Limits {
        members: 64,
        octets: 11,
    };
    // What does not fit is passed over; what comes after it may fit.
    let (baggage, dropped) = read_within(limits, &["a=1, b=22222222", "c=3,d=4, e=5"]);
    assert_eq!(
        (line(&baggage).as_str(), dropped.over_limit),
        ("a=1,c=3,d=4", 2)
    );
    assert_eq!(baggage.octets, 11);
}

#[test]
fn limits_hold_for_all_lines_together() {
    let lines = vec!["k=v"; 65];
    let (baggage, dropped) = read(&lines);
    assert_eq!((baggage.members.len(), dropped.over_limit), (64, 1));
}

#[test]
fn members_that_nobody_selected_take_no_room() {
    let flood = "junk=1,".repeat(1000) + "a=1";
    let (baggage, dropped) = Baggage::read([flood.as_bytes()], Limits::LEAST, &|key| key == "a");
    assert_eq!((line(&baggage).as_str(), dropped.over_limit), ("a=1", 0));
}

#[test]
fn whitespace_beyond_the_limit_does_not_go_on() {
    let wide = format!("a=1,{}b=2", " ".repeat(9000));
    let (baggage, dropped) = read(&[&wide]);
    assert_eq!(
        (line(&baggage).as_str(), dropped),
        ("a=1,b=2", Dropped::default())
    );
}

#[test]
fn the_last_member_of_a_key_is_its_value() {
    let (baggage, _) = read(&["a=1,b=2", "a=3"]);
    assert_eq!(baggage.value("a").as_deref(), Some("3"));
    assert_eq!(baggage.value("A"), None);
}

#[test]
fn a_tag_becomes_a_member_in_the_place_of_its_key_or_at_the_end() {
    let (mut baggage, _) = read(&["a=1,b=2;p,c=3,b=4"]);
    baggage.set("b", "new").unwrap();
    assert_eq!(line(&baggage), "a=1,b=new,c=3");
    baggage.set("d", "last").unwrap();
    assert_eq!(line(&baggage), "a=1,b=new,c=3,d=last");
    let (mut empty, _) = read(&[]);
    empty.set("a", "1").unwrap();
    assert_eq!(line(&empty), "a=1");
}

#[test]
fn values_of_tags_are_percent_encoded() {
    let (mut baggage, _) = read(&[]);
    baggage
        .set("k", "Amélie, 100% \"a;b\\c\"=\t\x7f\u{1f600}")
        .unwrap();
    let expected = "k=Am%C3%A9lie%2C%20100%25%20%22a%3Bb%5Cc%22=%09%7F%F0%9F%98%80";
    assert_eq!(line(&baggage), expected);
}

#[test]
fn a_tag_whose_name_is_no_token_becomes_no_member() {
    let (mut baggage, _) = read(&["a=1"]);
    for key in ["", "a b", "a,b", "é"] {
        assert_eq!(baggage.set(key, "1"), Err(NotSet::Key), "{key}");
    }
    assert_eq!(baggage.edit(), Edit::Keep);
}

#[test]
fn a_tag_that_does_not_fit_changes_nothing() {
    let limits = Limits {
        members: 2,
        octets: 8,
    };
    let (mut baggage, _) = read_within(limits, &["a=1,b=2"]);
    assert_eq!(baggage.set("c", ""), Err(NotSet::OverLimit));
    assert_eq!(baggage.set("b", "333"), Err(NotSet::OverLimit));
    assert_eq!(baggage.edit(), Edit::Keep);
    baggage.set("b", "33").unwrap();
    assert_eq!((line(&baggage).as_str(), baggage.octets), ("a=1,b=33", 8));
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(
        lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 0..4),
        members in 0..5_usize,
        octets in 0..60_usize,
    ) {
        let limits = Limits { members, octets };
        let lines = lines.iter().map(Vec::as_slice);
        let (mut baggage, _) = Baggage::read(lines, limits, &|key| key.len() < 4);
        let _ = baggage.set("k", "v");
        if let Edit::Set(line) = baggage.edit() {
            prop_assert!(line.len() <= octets);
            prop_assert!(baggage.members.len() <= members);
        }
    }

    #[test]
    fn what_goes_on_is_read_as_the_same(list in "([ab!]{0,2} ?= ?[!-+x%é;=]{0,4}( ?; ?p)?, ?){0,6}") {
        let (mut baggage, _) = read(&[&list]);
        baggage.set("own", "value").unwrap();
        let line = line(&baggage);
        prop_assert_eq!(line.len(), baggage.octets);
        let (again, dropped) = read(&[&line]);
        prop_assert_eq!(dropped, Dropped::default());
        prop_assert_eq!(again.edit(), Edit::Keep);
        prop_assert_eq!(pairs(&again), pairs(&baggage));
    }

    #[test]
    fn any_tag_is_read_as_it_was_set(value in any::<String>()) {
        let (mut baggage, _) = read(&[]);
        let limits = Limits { members: 1, octets: usize::MAX };
        baggage.limits = limits;
        baggage.set("k", &value).unwrap();
        let line = line(&baggage);
        let (again, dropped) = read_within(limits, &[&line]);
        prop_assert_eq!(dropped, Dropped::default());
        prop_assert_eq!(again.value("k").map(Cow::into_owned), Some(value));
    }

    #[test]
    fn nothing_goes_on_that_did_not_come(list in "([a-c]=[0-9]{1,2};?, ?){0,9}", members in 0..6_usize) {
        let limits = Limits { members, octets: 20 };
        let (baggage, _) = read_within(limits, &[&list]);
        let mut came = list.split(',').map(str::trim);
        for member in baggage.members() {
            prop_assert!(came.any(|text| text == member.text()));
        }
    }
}

#[test]
fn fields_of_64_kib_are_read_in_linear_time() {
    let size = 64 * 1024;
    let begin = Instant::now();
    let boundless = Limits {
        members: usize::MAX,
        octets: usize::MAX,
    };
    for unit in [
        "a", ",", "a=1,", " ", ";", "=", "a=1;", "%41", "a=1;p=1,", "\"", "a= ",
    ] {
        let line = unit.repeat(size / unit.len());
        for limits in [boundless, Limits::LEAST] {
            let (mut baggage, _) = read_within(limits, &[&line]);
            let _ = baggage.set("k", &line);
            let _ = baggage.edit();
        }
    }
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
}

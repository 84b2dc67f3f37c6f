//! Edits of a header map against a naive model: every read sees the same, and the net edits applied
//! to the map as it was give the map as it is.

#![no_main]

use arbitrary::Arbitrary;
use kit::headers::Headers;
use libfuzzer_sys::fuzz_target;
use treaty_fuzz::{Fields, apply};

#[derive(Debug, Arbitrary)]
struct Input {
    read: Vec<(Name, Value)>,
    steps: Vec<Step>,
}

#[derive(Debug, Arbitrary)]
enum Step {
    Set(Name, Value),
    Append(Name, Value),
    Remove(Name),
    RemoveLongerThan(u8),
    Take,
}

/// Few names, so that they meet.
#[derive(Debug, Clone, Copy, Arbitrary)]
enum Name {
    Empty,
    A,
    B,
    Path,
    Long,
}

/// Few values, so that some are the ones that were there.
#[derive(Debug, Arbitrary)]
enum Value {
    One,
    Two,
    Octets(Vec<u8>),
}

impl Name {
    const ALL: [Self; 5] = [Self::Empty, Self::A, Self::B, Self::Path, Self::Long];

    fn text(self) -> &'static str {
        match self {
            Self::Empty => "",
            Self::A => "a",
            Self::B => "b",
            Self::Path => ":path",
            Self::Long => "x-treaty-version",
        }
    }
}

impl Value {
    fn octets(&self) -> &[u8] {
        match self {
            Self::One => b"1",
            Self::Two => b"2",
            Self::Octets(octets) => octets,
        }
    }
}

fn values<'a>(fields: &'a Fields, name: &str) -> Vec<&'a [u8]> {
    let of_name = |(own, _): &&(Vec<u8>, Vec<u8>)| own == name.as_bytes();
    let values = fields.iter().filter(of_name);
    values.map(|(_, value)| value.as_slice()).collect()
}

fn compare(headers: &Headers, model: &Fields, proxy: Option<&Fields>) {
    let pairs: Vec<_> = headers.iter().collect();
    let expected: Vec<_> = model.iter().map(|(n, v)| (&n[..], &v[..])).collect();
    assert_eq!(pairs, expected);
    for name in Name::ALL.map(Name::text) {
        let all = values(model, name);
        assert_eq!(headers.get(name), all.first().copied());
        assert_eq!(headers.contains(name), !all.is_empty());
        let joined = (!all.is_empty()).then(|| all.join(&b", "[..]));
        assert_eq!(headers.combined(name).as_deref(), joined.as_deref());
        if let Some(proxy) = proxy {
            assert_eq!(values(proxy, name), all, "{name}");
        }
    }
}

fuzz_target!(|input: Input| {
    let pair = |(name, value): &(Name, Value)| (name.text().into(), value.octets().to_vec());
    let mut model: Fields = input.read.iter().map(pair).collect();
    let mut proxy = model.clone();
    let mut headers = treaty_fuzz::headers(&model);
    for step in input.steps.iter().chain([&Step::Take]) {
        match step {
            Step::Set(name, value) => {
                headers.set(name.text(), value.octets());
                model.retain(|(own, _)| own != name.text().as_bytes());
                model.push((name.text().into(), value.octets().to_vec()));
            }
            Step::Append(name, value) => {
                headers.append(name.text(), value.octets());
                model.push((name.text().into(), value.octets().to_vec()));
            }
            Step::Remove(name) => {
                headers.remove(name.text());
                model.retain(|(own, _)| own != name.text().as_bytes());
            }
            Step::RemoveLongerThan(len) => {
                headers.remove_matching(|name| name.len() > usize::from(*len));
                model.retain(|(name, _)| name.len() <= usize::from(*len));
            }
            Step::Take => {
                apply(&mut proxy, headers.take_edits());
                assert!(!headers.is_edited());
                assert_eq!(headers.take_edits(), []);
                compare(&headers, &model, Some(&proxy));
            }
        }
        compare(&headers, &model, None);
    }
});

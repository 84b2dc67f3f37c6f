//! Personal data of every kind, in the forms in which it comes.

/// What a text says of somebody, and what must not be seen of it.
pub(crate) struct Datum {
    /// The text as somebody sends it.
    pub(crate) text: String,
    /// What tells that some of it is there: enough that nothing else says it, and so little that the
    /// rest of a text that was cut says it as well. In lower case.
    pub(crate) sign: &'static str,
    /// Whether the text is the datum alone, so that an address can be the one of a client.
    pub(crate) is_bare: bool,
}

/// What is personal, with the sign of it. None has a part of another one.
const DATA: &[(Case, &str, &str)] = &[
    (Case::Any, "jane.doe@example.com", "jane.doe"),
    (Case::Any, "o'brien-smith@example.org", "brien-smith"),
    (Case::Any, "erika+shop@mail.example.co.uk", "erika+shop"),
    (Case::Any, "k_tanaka@xn--bcher-kva.example", "k_tanaka"),
    (Case::Any, "björn.müller@bücher.example", "björn.müller"),
    (Case::Any, "4111 1111 1111 1111", "4111 1111"),
    (Case::Any, "5555555555554444", "55555555"),
    (Case::Any, "378282246310005", "37828224"),
    (Case::Any, "3530-1113-3330-0000", "3530-1113"),
    (Case::Any, "6011000990139424", "60110009"),
    (Case::Any, "DE89370400440532013000", "de893704"),
    (Case::Any, "GB29 NWBK 6016 1331 9268 19", "gb29 nwbk"),
    (Case::Any, "FR1420041010050500013M02606", "fr142004"),
    (Case::Any, "NL91ABNA0417164300", "nl91abna"),
    (
        Case::Matters,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "eyjhbgcioijiuzi1",
    ),
    (Case::Matters, "AKIAIOSFODNN7EXAMPLE", "akiaiosfodnn7"),
    (
        Case::Matters,
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "ghp_16c7e42f",
    ),
    (
        Case::Matters,
        "Bearer mF_9.B5f-4.1JqMx7Kq2vWz8Yt3Lp6R",
        "mf_9.b5f-4.1jqm",
    ),
    (Case::Any, "203.0.113.77", "203.0.113"),
    (Case::Any, "198.51.100.23", "198.51.100"),
    (Case::Any, "2001:db8:85a3::8a2e:370:7334", "2001:db8:85a3"),
    (Case::Any, "::ffff:192.0.2.128", "192.0.2.128"),
    (Case::Any, "+49 30 12345678", "+49 30 12"),
    (Case::Any, "+1 (202) 555-0143", "(202) 555"),
    (Case::Any, "+442079460958", "+44207946"),
    (Case::Any, "0033 6 12 34 56 78", "0033 6 12"),
];

/// Whether a datum is the same one in capitals.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Any,
    Matters,
}

/// Every datum in every form.
pub(crate) fn corpus() -> Vec<Datum> {
    let mut corpus = Vec::new();
    for &(case, text, sign) in DATA {
        let mut add = |text: String, is_bare| {
            corpus.push(Datum {
                text,
                sign,
                is_bare,
            });
        };
        add(text.to_owned(), true);
        add(escaped(text), false);
        add(format!("please ask {text} about it, thanks"), false);
        if case == Case::Any && text.contains(|c: char| c.is_ascii_lowercase()) {
            add(text.to_ascii_uppercase(), false);
        }
        if text.contains(|c: char| c.is_ascii_uppercase()) && case == Case::Any {
            add(text.to_ascii_lowercase(), false);
        }
    }
    corpus
}

/// A text in which every octet is escaped that may be (RFC 3986 section 2.1), and the first one.
fn escaped(text: &str) -> String {
    let escape = |(place, octet): (usize, u8)| match octet {
        octet if place > 0 && octet.is_ascii_alphanumeric() => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    };
    text.bytes().enumerate().map(escape).collect()
}

/// A text in lower case, as it stands and decoded, in which signs are to be looked for. Labels have
/// `_` in place of spaces.
pub(crate) fn searched(text: &str) -> String {
    let text = text.to_lowercase();
    let once = unescaped(&text);
    let twice = unescaped(&once).to_lowercase();
    let spaced = text.replace('_', " ");
    [text, once.to_lowercase(), twice, spaced].join("\n")
}

/// A text with the escapes in it decoded.
fn unescaped(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escape = behind
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        octets.push(escape.unwrap_or(*first));
        rest = &behind[if escape.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8_lossy(&octets).into_owned()
}

#[test]
fn the_corpus_is_large_and_is_found_in_what_has_it() {
    let corpus = corpus();
    assert!(corpus.len() > 80, "{}", corpus.len());
    for datum in &corpus {
        assert!(searched(&datum.text).contains(datum.sign), "{}", datum.text);
        let inside = format!("a=\"{}\"", datum.text);
        assert!(searched(&inside).contains(datum.sign), "{}", datum.text);
    }
}

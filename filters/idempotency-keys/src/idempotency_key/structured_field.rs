//! A Structured Field Item that is a String (RFC 9651).
//!
//! Nobody sends parameters with a key, but they are allowed, so they have to be read in order to be
//! ignored: a field fails as a whole (section 4.2).

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Section 4.2.7: padding may be missing, and its bits may be anything.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The String of a field's value that is an Item; its parameters are ignored (section 4.2.3).
pub(super) fn string_item(value: &[u8]) -> Option<String> {
    let mut input = Input { rest: value };
    input.skip_spaces();
    let string = input.string()?;
    input.parameters()?;
    input.skip_spaces();
    input.rest.is_empty().then_some(string)
}

/// What is left of a field's value.
struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    /// Section 4.2.5.
    fn string(&mut self) -> Option<String> {
        self.expect(b'"')?;
        let mut string = String::new();
        loop {
            match self.next()? {
                b'"' => return Some(string),
                b'\\' => match self.next()? {
                    escaped @ (b'"' | b'\\') => string.push(escaped.into()),
                    _ => return None,
                },
                octet @ b' '..=b'~' => string.push(octet.into()),
                _ => return None,
            }
        }
    }

    /// Section 4.2.3.2.
    fn parameters(&mut self) -> Option<()> {
        while self.take(b';') {
            self.skip_spaces();
            self.key()?;
            if self.take(b'=') {
                self.bare_item()?;
            }
        }
        Some(())
    }

    /// Section 4.2.3.3.
    fn key(&mut self) -> Option<()> {
        let first = self.next()?;
        let starts = first == b'*' || first.is_ascii_lowercase();
        self.skip(|octet| {
            octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"_-.*".contains(&octet)
        });
        starts.then_some(())
    }

    /// Section 4.2.3.1.
    fn bare_item(&mut self) -> Option<()> {
        match self.rest.first()? {
            b'"' => self.string().map(drop),
            b'-' | b'0'..=b'9' => self.number().map(drop),
            b'*' | b'A'..=b'Z' | b'a'..=b'z' => {
                self.skip(|octet| {
                    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&octet)
                });
                Some(())
            }
            b':' => self.byte_sequence(),
            b'?' => {
                self.expect(b'?')?;
                matches!(self.next()?, b'0' | b'1').then_some(())
            }
            b'@' => {
                self.expect(b'@')?;
                matches!(self.number()?, Number::Integer).then_some(())
            }
            b'%' => self.display_string(),
            _ => None,
        }
    }

    /// Section 4.2.4: at most 15 digits, or 12 of them, a point and three.
    fn number(&mut self) -> Option<Number> {
        self.take(b'-');
        let whole = self.skip(|octet| octet.is_ascii_digit()).len();
        if whole == 0 {
            None
        } else if self.take(b'.') {
            let fraction = self.skip(|octet| octet.is_ascii_digit()).len();
            (whole <= 12 && (1..=3).contains(&fraction)).then_some(Number::Decimal)
        } else {
            (whole <= 15).then_some(Number::Integer)
        }
    }

    /// Section 4.2.7.
    fn byte_sequence(&mut self) -> Option<()> {
        self.expect(b':')?;
        let encoded = self.skip(|octet| octet != b':');
        self.expect(b':')?;
        BASE64.decode(encoded).ok().map(drop)
    }

    /// Section 4.2.10.
    fn display_string(&mut self) -> Option<()> {
        self.expect(b'%')?;
        self.expect(b'"')?;
        let mut octets = Vec::new();
        loop {
            match self.next()? {
                b'"' => return String::from_utf8(octets).ok().map(drop),
                b'%' => octets.push(lower_hex(self.next()?)? << 4 | lower_hex(self.next()?)?),
                octet @ b' '..=b'~' => octets.push(octet),
                _ => return None,
            }
        }
    }

    fn skip_spaces(&mut self) {
        self.skip(|octet| octet == b' ');
    }

    /// Passes all octets that fit.
    fn skip(&mut self, fits: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|octet| !fits(*octet));
        let end = end.unwrap_or(self.rest.len());
        let (passed, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        self.rest = rest;
        passed
    }

    fn expect(&mut self, octet: u8) -> Option<()> {
        self.take(octet).then_some(())
    }

    /// Whether an octet stands here, which is then passed.
    fn take(&mut self, octet: u8) -> bool {
        let stands = self.rest.first() == Some(&octet);
        if stands {
            self.next();
        }
        stands
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }
}

enum Number {
    Integer,
    Decimal,
}

fn lower_hex(octet: u8) -> Option<u8> {
    match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        _ => None,
    }
}

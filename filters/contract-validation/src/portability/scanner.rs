//! Reads the octets of a text, once and without a stack of its own that grows with their depth.

use std::borrow::Cow;
use std::ops::Range;

use kit::policy::child;
use serde_json::Value;

use super::declared::{Declared, Text};
use super::names::{self, Name};
use super::text;
use super::{Difference, Kind, Limits, Report};

/// The largest integer that a double and its neighbours tell apart (RFC 7493 section 2.2).
const LARGEST: u64 = 9_007_199_254_740_991;

pub(super) fn read(text: &[u8], schema: Option<&Value>, limits: Limits) -> Report {
    let mut scanner = Scanner {
        text,
        at: 0,
        schema,
        frames: Vec::new(),
        limits,
        report: Report::default(),
    };
    scanner.report.complete = scanner.whole().is_some();
    scanner.report
}

/// An array or an object that is open.
struct Frame<'t, 's> {
    declared: Declared<'s>,
    place: Place<'t>,
}

enum Place<'t> {
    /// In an array, at this index.
    Item(usize),
    /// In an object, at the last of these names.
    Member(Vec<Name<'t>>),
}

/// What comes behind a value.
enum Next<'s> {
    /// Another one, of which this is declared.
    Value(Declared<'s>),
    /// Nothing.
    End,
}

struct Scanner<'t, 's> {
    text: &'t [u8],
    at: usize,
    schema: Option<&'s Value>,
    frames: Vec<Frame<'t, 's>>,
    limits: Limits,
    report: Report,
}

impl<'t, 's> Scanner<'t, 's> {
    /// Reads the text; `None` where it is no JSON, or too deep.
    fn whole(&mut self) -> Option<()> {
        let mut declared = self.schema.map(Declared::root).unwrap_or_default();
        loop {
            self.skip_space();
            match self.peek()? {
                b'{' => {
                    self.open(declared, Place::Member(Vec::new()))?;
                    if self.take_after_space(b'}') {
                        self.close();
                    } else {
                        declared = self.name()?;
                        continue;
                    }
                }
                b'[' => {
                    self.open(declared, Place::Item(0))?;
                    if self.take_after_space(b']') {
                        self.close();
                    } else {
                        declared = self.item(0);
                        continue;
                    }
                }
                _ => self.scalar(&declared)?,
            }
            match self.next()? {
                Next::Value(next) => declared = next,
                Next::End => return Some(()),
            }
        }
    }

    /// Goes on behind a value.
    fn next(&mut self) -> Option<Next<'s>> {
        loop {
            self.skip_space();
            let Some(frame) = self.frames.last_mut() else {
                return (self.at == self.text.len()).then_some(Next::End);
            };
            let octet = *self.text.get(self.at)?;
            self.at += 1;
            match (octet, &mut frame.place) {
                (b',', Place::Item(index)) => {
                    *index += 1;
                    let index = *index;
                    return Some(Next::Value(self.item(index)));
                }
                (b',', Place::Member(_)) => return self.name().map(Next::Value),
                (b']', Place::Item(_)) | (b'}', Place::Member(_)) => self.close(),
                _ => return None,
            }
        }
    }

    fn open(&mut self, declared: Declared<'s>, place: Place<'t>) -> Option<()> {
        if self.frames.len() >= self.limits.depth {
            self.found(Kind::Depth, self.at..self.at + 1, None);
            return None;
        }
        self.at += 1;
        self.frames.push(Frame { declared, place });
        Some(())
    }

    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let Place::Member(names) = frame.place else {
            return;
        };
        for (kind, name) in names::alike(&names) {
            let pointer = self.pointer();
            self.add(kind, child(&pointer, &name.text), name.octets.clone(), None);
        }
    }

    /// What is declared of an item.
    fn item(&self, index: usize) -> Declared<'s> {
        match (self.schema, self.frames.last()) {
            (Some(root), Some(frame)) if !frame.declared.is_empty() => {
                frame.declared.item(root, index)
            }
            _ => Declared::default(),
        }
    }

    /// Reads a name and the colon behind it: what is declared of the member.
    fn name(&mut self) -> Option<Declared<'s>> {
        self.skip_space();
        let (text, octets, fault) = self.string()?;
        self.skip_space();
        self.take(b':').then_some(())?;
        let frame = self.frames.last_mut()?;
        let declared = match self.schema {
            Some(root) if !frame.declared.is_empty() => frame.declared.member(root, &text),
            _ => Declared::default(),
        };
        if let Place::Member(names) = &mut frame.place {
            let octets = octets.clone();
            names.push(Name { text, octets });
        }
        if let Some(kind) = fault {
            self.found(kind, octets, None);
        }
        Some(declared)
    }

    /// Reads a value without parts.
    fn scalar(&mut self, declared: &Declared<'s>) -> Option<()> {
        let start = self.at;
        match self.peek()? {
            b'"' => {
                let (text, octets, fault) = self.string()?;
                if let Some(kind) = fault {
                    self.found(kind, octets.clone(), None);
                }
                self.check_string(&text, octets, declared);
            }
            b'n' => {
                self.word(b"null")?;
                if let Some((kind, repair)) = declared.null() {
                    self.found(kind, start..self.at, repair);
                }
            }
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            b'N' => self.non_finite(start, b"NaN")?,
            b'I' => self.non_finite(start, b"Infinity")?,
            b'-' if self.text.get(start + 1) == Some(&b'I') => {
                self.non_finite(start, b"-Infinity")?;
            }
            _ => self.number(declared)?,
        }
        Some(())
    }

    fn non_finite(&mut self, start: usize, word: &[u8]) -> Option<()> {
        self.word(word)?;
        self.found(Kind::NonFinite, start..self.at, None);
        Some(())
    }

    fn check_string(&mut self, text: &str, octets: Range<usize>, declared: &Declared<'s>) {
        let kind = match declared.text() {
            Some(Text::Base64(alphabet)) if !text::is_base64(text, alphabet) => Some(Kind::Base64),
            Some(Text::Timestamp) => text::timestamp(text, self.limits.second_digits),
            _ => None,
        };
        if let Some(kind) = kind {
            self.found(kind, octets, None);
        }
    }

    /// RFC 8259 section 6.
    fn number(&mut self, declared: &Declared<'s>) -> Option<()> {
        let start = self.at;
        self.take(b'-');
        let digits = self.digits()?;
        if digits.len() > 1 && digits.first() == Some(&b'0') {
            return None;
        }
        let mut is_integer = true;
        if self.take(b'.') {
            is_integer = false;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            is_integer = false;
            if !self.take(b'-') {
                self.take(b'+');
            }
            self.digits()?;
        }
        // An integer of fifteen digits is a small one: no need to look at its value.
        if is_integer && digits.len() <= 15 {
            return Some(());
        }
        let octets = start..self.at;
        let written = std::str::from_utf8(self.text.get(octets.clone())?).ok()?;
        let value: f64 = written.parse().ok()?;
        let digits = std::str::from_utf8(digits).ok()?;
        if value.is_infinite() {
            self.found(Kind::Overflow, octets, None);
        } else if is_integer {
            if digits.parse::<u64>().map_or(true, |value| value > LARGEST) {
                self.found(Kind::LargeInteger, octets, None);
            }
        } else if value.fract() == 0.0 && declared.is_integer() {
            self.found(Kind::FractionalInteger, octets, None);
        }
        Some(())
    }

    fn digits(&mut self) -> Option<&'t [u8]> {
        let rest = self.text.get(self.at..)?;
        let length = rest
            .iter()
            .take_while(|octet| octet.is_ascii_digit())
            .count();
        let digits = rest.get(..length).filter(|digits| !digits.is_empty())?;
        self.at += length;
        Some(digits)
    }

    /// Reads a string: its text, its octets with their quotes, and how readers differ about it.
    fn string(&mut self) -> Option<(Cow<'t, str>, Range<usize>, Option<Kind>)> {
        let start = self.at;
        self.take(b'"').then_some(())?;
        let inner = self.text.get(self.at..)?;
        let mut escaped = false;
        let mut has_escapes = false;
        let mut length = 0;
        loop {
            match *inner.get(length)? {
                _ if escaped => escaped = false,
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    has_escapes = true;
                }
                // RFC 8259 section 7: control characters have to be escaped.
                0..=0x1f => return None,
                _ => {}
            }
            length += 1;
        }
        let raw = inner.get(..length)?;
        self.at += length + 1;
        let octets = start..self.at;
        let (text, mut kind) = match std::str::from_utf8(raw) {
            Ok(text) => (Cow::Borrowed(text), None),
            Err(_) => (String::from_utf8_lossy(raw), Some(Kind::InvalidUtf8)),
        };
        if !has_escapes {
            return Some((text, octets, kind));
        }
        let (text, is_lone) = unescape(&text)?;
        if is_lone {
            kind = kind.or(Some(Kind::LoneSurrogate));
        }
        Some((Cow::Owned(text), octets, kind))
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.text.get(self.at..)?.starts_with(word).then_some(())?;
        self.at += word.len();
        Some(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, octet: u8) -> bool {
        let is_there = self.peek() == Some(octet);
        self.at += usize::from(is_there);
        is_there
    }

    fn take_after_space(&mut self, octet: u8) -> bool {
        self.skip_space();
        self.take(octet)
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Notes a difference at the value that is read.
    fn found(&mut self, kind: Kind, octets: Range<usize>, repair: Option<&'static str>) {
        if self.takes(kind, repair) {
            let pointer = self.pointer();
            self.add(kind, pointer, octets, repair);
        }
    }

    fn add(
        &mut self,
        kind: Kind,
        pointer: String,
        octets: Range<usize>,
        repair: Option<&'static str>,
    ) {
        if self.takes(kind, repair) {
            self.report.differences.push(Difference {
                kind,
                pointer,
                octets,
                repair,
            });
        }
    }

    /// Whether one more of that kind is told.
    fn takes(&mut self, kind: Kind, repair: Option<&'static str>) -> bool {
        if !self.limits.kinds.contains(kind) {
            return false;
        }
        let told = self.report.differences.iter();
        let is_full = repair.is_none()
            && told.filter(|own| own.kind == kind).count() >= self.limits.differences;
        self.report.more |= is_full;
        !is_full
    }

    /// Where one is.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for frame in &self.frames {
            pointer = match &frame.place {
                Place::Item(index) => child(&pointer, index),
                Place::Member(names) => match names.last() {
                    Some(name) => child(&pointer, &name.text),
                    None => pointer,
                },
            };
        }
        pointer
    }
}

/// The text of a string with escapes, and whether half of a surrogate pair was replaced; `None`
/// where an escape is none of RFC 8259 section 7.
fn unescape(raw: &str) -> Option<(String, bool)> {
    let mut out = String::with_capacity(raw.len());
    let mut is_lone = false;
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let escape = after.chars().next()?;
        rest = after.get(escape.len_utf8()..)?;
        match escape {
            '"' | '\\' | '/' => out.push(escape),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' => {
                let first = unit(&mut rest)?;
                let second = |rest: &str| {
                    let mut rest = rest.strip_prefix("\\u")?;
                    let unit = unit(&mut rest)?;
                    (0xdc00..0xe000)
                        .contains(&unit)
                        .then_some((unit, rest.len()))
                };
                let char = match first {
                    0xd800..0xdc00 => second(rest).and_then(|(second, left)| {
                        rest = rest.get(rest.len().checked_sub(left)?..)?;
                        char::decode_utf16([first, second]).next()?.ok()
                    }),
                    _ => char::from_u32(u32::from(first)),
                };
                is_lone |= char.is_none();
                out.push(char.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            _ => return None,
        }
    }
    out.push_str(rest);
    Some((out, is_lone))
}

/// Four hexadecimal digits, which are passed.
fn unit(rest: &mut &str) -> Option<u16> {
    let (digits, after) = rest.split_at_checked(4)?;
    let is_hex = digits.bytes().all(|octet| octet.is_ascii_hexdigit());
    *rest = after;
    is_hex
        .then(|| u16::from_str_radix(digits, 16).ok())
        .flatten()
}

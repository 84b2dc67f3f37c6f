//! JSON texts, read so that no two of them that mean something else look alike.
//!
//! Another reader would round a number to the nearest double and let the last of two members of
//! one name win. Here numbers keep their digits, and a text that readers disagree about is none.

use std::borrow::Cow;

use kit::policy::value::Pointer;

/// The deepest nesting of arrays and objects that is read; `serde_json` has the same limit.
pub(crate) const MAX_DEPTH: usize = 128;

/// A value of a JSON text (RFC 8259).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, as it was written.
    Number(&'a str),
    /// A string, its escapes resolved.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Value<'a>>),
    /// An object: its members by name, in the order of the octets of their names.
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

/// The octets are no JSON text, or one that not every reader reads alike: it is not UTF-8, nests
/// too deeply, or breaks a rule of I-JSON (two members of one name, half of a surrogate pair; RFC
/// 7493 sections 2.1 and 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotJson;

/// Reads a JSON text. The time is linear in its length, but for the sorting of members.
pub(crate) fn read(octets: &[u8]) -> Result<Value<'_>, NotJson> {
    let rest = std::str::from_utf8(octets).map_err(|_| NotJson)?;
    let mut reader = Reader { rest };
    let value = reader.value(MAX_DEPTH)?;
    reader.skip_space();
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(NotJson)
    }
}

impl Value<'_> {
    /// What stands at a place, as RFC 6901 section 4 evaluates a pointer.
    pub(crate) fn at(&self, pointer: &Pointer) -> Option<&Self> {
        let mut tokens = pointer.as_str().split('/');
        // A pointer is empty or starts with a slash, so nothing stands before the first one.
        tokens.next();
        tokens.try_fold(self, |value, token| value.child(token))
    }

    fn child(&self, token: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => {
                let name = token.replace("~1", "/").replace("~0", "~");
                let found = members.binary_search_by(|(own, _)| own.as_ref().cmp(&name));
                members.get(found.ok()?).map(|(_, value)| value)
            }
            Self::Array(items) => {
                let is_index = token == "0" || !token.starts_with(['0', '+']);
                items.get(token.parse::<usize>().ok().filter(|_| is_index)?)
            }
            _ => None,
        }
    }
}

/// What is left of a text.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Reads a value that may hold `depth` levels of arrays and objects.
    fn value(&mut self, depth: usize) -> Result<Value<'a>, NotJson> {
        self.skip_space();
        match self.rest.bytes().next() {
            Some(b'{') => self.object(depth.checked_sub(1).ok_or(NotJson)?),
            Some(b'[') => self.array(depth.checked_sub(1).ok_or(NotJson)?),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            _ if self.take("null") => Ok(Value::Null),
            _ if self.take("true") => Ok(Value::Boolean(true)),
            _ if self.take("false") => Ok(Value::Boolean(false)),
            _ => Err(NotJson),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, NotJson> {
        let mut members = Vec::new();
        self.sequence("{", "}", |reader| {
            reader.skip_space();
            let name = reader.string()?;
            reader.skip_space();
            reader.expect(":")?;
            members.push((name, reader.value(depth)?));
            Ok(())
        })?;
        members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let twice =
            |pair: &[(Cow<'_, str>, Value<'_>)]| matches!(pair, [one, other] if one.0 == other.0);
        if members.windows(2).any(twice) {
            return Err(NotJson);
        }
        Ok(Value::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, NotJson> {
        let mut items = Vec::new();
        self.sequence("[", "]", |reader| {
            items.push(reader.value(depth)?);
            Ok(())
        })?;
        Ok(Value::Array(items))
    }

    /// Reads what stands between two brackets, with commas between its elements.
    fn sequence(
        &mut self,
        open: &str,
        close: &str,
        mut element: impl FnMut(&mut Self) -> Result<(), NotJson>,
    ) -> Result<(), NotJson> {
        self.expect(open)?;
        self.skip_space();
        if self.take(close) {
            return Ok(());
        }
        loop {
            element(self)?;
            self.skip_space();
            if self.take(close) {
                return Ok(());
            }
            self.expect(",")?;
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, NotJson> {
        let inner = self.rest.strip_prefix('"').ok_or(NotJson)?;
        let mut escaped = false;
        let mut has_escapes = false;
        let end = inner.bytes().position(|octet| {
            let closes = octet == b'"' && !escaped;
            escaped = octet == b'\\' && !escaped;
            has_escapes |= escaped;
            closes
        });
        let (text, after) = inner.split_at_checked(end.ok_or(NotJson)?).ok_or(NotJson)?;
        let quoted = self
            .rest
            .get(..text.len().saturating_add(2))
            .ok_or(NotJson)?;
        self.rest = after.strip_prefix('"').ok_or(NotJson)?;
        if has_escapes {
            return serde_json::from_str(quoted)
                .map(Cow::Owned)
                .map_err(|_| NotJson);
        }
        // RFC 8259 section 7: control characters have to be escaped.
        if text.bytes().any(|octet| octet < b' ') {
            return Err(NotJson);
        }
        Ok(Cow::Borrowed(text))
    }

    /// RFC 8259 section 6.
    fn number(&mut self) -> Result<&'a str, NotJson> {
        let all = self.rest;
        self.take("-");
        match self.digits() {
            // No digit may follow a leading zero.
            Some(digits) if digits == "0" || !digits.starts_with('0') => {}
            _ => return Err(NotJson),
        }
        if self.take(".") {
            self.digits().ok_or(NotJson)?;
        }
        if self.take("e") || self.take("E") {
            if !self.take("-") {
                self.take("+");
            }
            self.digits().ok_or(NotJson)?;
        }
        let length = all.len().saturating_sub(self.rest.len());
        all.get(..length).ok_or(NotJson)
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<&'a str> {
        let is_digit = |octet: u8| octet.is_ascii_digit();
        let end = self.rest.bytes().position(|octet| !is_digit(octet));
        let end = end.unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!digits.is_empty()).then_some(digits)
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn expect(&mut self, text: &str) -> Result<(), NotJson> {
        if self.take(text) {
            Ok(())
        } else {
            Err(NotJson)
        }
    }

    /// Whether a text stands here, which is then passed.
    fn take(&mut self, text: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(text) else {
            return false;
        };
        self.rest = rest;
        true
    }
}

#[cfg(test)]
mod tests;

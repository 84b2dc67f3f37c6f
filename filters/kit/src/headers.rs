//! One header map of a message: read once from the proxy, edited by every filter, flushed once.
//!
//! Names are lower case, as HTTP/2 demands and as Envoy hands them over. Values are bytes: RFC 9110
//! section 5.5 lets field values carry octets that are not UTF-8.

use std::borrow::Cow;
use std::ops::Range;

/// Where one name and its value stand in the buffer that the proxy handed over.
#[derive(Debug, Clone)]
pub struct Span {
    /// The octets of the name.
    pub name: Range<usize>,
    /// The octets of the value.
    pub value: Range<usize>,
}

/// A header map and the edits recorded against it.
///
/// Reading sees the edits made so far. [`Headers::take_edits`] gives the net difference to what was
/// read, so that a name set twice, or set to the value that it already had, costs one host call or
/// none.
#[derive(Debug, Default, Clone)]
pub struct Headers {
    wire: Vec<u8>,
    pairs: Vec<Pair>,
    changed: Vec<Cow<'static, str>>,
}

/// One net difference between the map as it was read and as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Every value of the name goes.
    Remove(Cow<'static, str>),
    /// The name has this one value, whatever it had before.
    Replace(Cow<'static, str>, Vec<u8>),
    /// The name gets one more value, after those that it has.
    Add(Cow<'static, str>, Vec<u8>),
}

#[derive(Debug, Clone)]
struct Pair {
    name: Text,
    value: Text,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Text {
    Wire(Range<usize>),
    Name(Cow<'static, str>),
    Value(Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Read,
    Removed,
    Added,
}

impl Headers {
    /// Takes over a buffer in which the proxy handed the map over.
    ///
    /// A span that does not lie in the buffer reads as empty.
    pub fn from_wire(wire: Vec<u8>, spans: impl IntoIterator<Item = Span>) -> Self {
        let read = |span: Span| Pair {
            name: Text::Wire(span.name),
            value: Text::Wire(span.value),
            origin: Origin::Read,
        };
        Self {
            wire,
            pairs: spans.into_iter().map(read).collect(),
            changed: Vec::new(),
        }
    }

    /// Builds a map from names and values, as a map that was read (no edits).
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<Vec<u8>>,
    {
        let read = |(name, value): (N, V)| Pair {
            name: Text::Name(Cow::Owned(name.into())),
            value: Text::Value(value.into()),
            origin: Origin::Read,
        };
        Self {
            wire: Vec::new(),
            pairs: pairs.into_iter().map(read).collect(),
            changed: Vec::new(),
        }
    }

    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.present()
            .find(|pair| self.bytes(&pair.name) == name.as_bytes())
            .map(|pair| self.bytes(&pair.value))
    }

    /// The first value of `name`, if it is UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)
            .and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Every value of `name`, in order.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.iter()
            .filter(move |(own, _)| *own == name.as_bytes())
            .map(|(_, value)| value)
    }

    /// The values of `name` as one, joined by `", "` (RFC 9110 section 5.3).
    pub fn combined(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let mut found = None::<Cow<'_, [u8]>>;
        for pair in self.present() {
            if self.bytes(&pair.name) != name.as_bytes() {
                continue;
            }
            let value = self.bytes(&pair.value);
            found = Some(match found {
                None => Cow::Borrowed(value),
                Some(before) => {
                    let mut joined = before.into_owned();
                    joined.extend_from_slice(b", ");
                    joined.extend_from_slice(value);
                    Cow::Owned(joined)
                }
            });
        }
        found
    }

    /// Whether `name` is there.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Every name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.present()
            .map(|pair| (self.bytes(&pair.name), self.bytes(&pair.value)))
    }

    /// Gives `name` this one value, whatever it had before.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) {
        let name = name.into();
        self.remove(name.clone());
        self.append(name, value);
    }

    /// Gives `name` one more value, after those that it has.
    pub fn append(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) {
        let name = name.into();
        self.touch(&name);
        self.pairs.push(Pair {
            name: Text::Name(name),
            value: Text::Value(value.into()),
            origin: Origin::Added,
        });
    }

    /// Takes every value of `name` away.
    pub fn remove(&mut self, name: impl Into<Cow<'static, str>>) {
        let name = name.into();
        if !self.contains(&name) {
            return;
        }
        let wire = &self.wire;
        let is_it = |pair: &Pair| resolve(wire, &pair.name) == name.as_bytes();
        self.pairs
            .retain(|pair| pair.origin != Origin::Added || !is_it(pair));
        for pair in &mut self.pairs {
            if is_it(pair) {
                pair.origin = Origin::Removed;
            }
        }
        self.touch(&name);
    }

    /// Takes every name that `unwanted` picks away.
    pub fn remove_matching(&mut self, unwanted: impl Fn(&[u8]) -> bool) {
        let names: Vec<String> = self
            .iter()
            .filter(|(name, _)| unwanted(name))
            .filter_map(|(name, _)| std::str::from_utf8(name).ok().map(str::to_owned))
            .collect();
        for name in names {
            self.remove(name);
        }
    }

    /// The net edits since the map was read or since they were last taken.
    pub fn take_edits(&mut self) -> Vec<Edit> {
        let changed = std::mem::take(&mut self.changed);
        let mut edits = Vec::with_capacity(changed.len());
        for name in changed {
            self.net_edits(&name, &mut edits);
        }
        self.settle();
        edits
    }

    /// Whether anything was edited since the map was read or the edits were last taken.
    pub fn is_edited(&self) -> bool {
        !self.changed.is_empty()
    }

    #[expect(
        clippy::ptr_arg,
        reason = "A name that is static stays so when it is cloned."
    )]
    fn net_edits(&self, name: &Cow<'static, str>, edits: &mut Vec<Edit>) {
        let of_name = || {
            self.pairs
                .iter()
                .filter(|pair| self.bytes(&pair.name) == name.as_bytes())
        };
        let value = |pair: &Pair| self.bytes(&pair.value).to_vec();
        let added = || of_name().filter(|pair| pair.origin == Origin::Added);
        let removed: Vec<&Pair> = of_name()
            .filter(|pair| pair.origin == Origin::Removed)
            .collect();
        if removed.is_empty() {
            edits.extend(added().map(|pair| Edit::Add(name.clone(), value(pair))));
            return;
        }
        let before = removed.iter().map(|pair| self.bytes(&pair.value));
        if before.eq(added().map(|pair| self.bytes(&pair.value))) {
            return;
        }
        // A proxy may replace only the first of several values, so several are removed first.
        let mut rest = added();
        match (removed.len(), rest.next()) {
            (_, None) => edits.push(Edit::Remove(name.clone())),
            (1, Some(first)) => edits.push(Edit::Replace(name.clone(), value(first))),
            (_, Some(first)) => {
                edits.push(Edit::Remove(name.clone()));
                edits.push(Edit::Add(name.clone(), value(first)));
            }
        }
        edits.extend(rest.map(|pair| Edit::Add(name.clone(), value(pair))));
    }

    /// Makes the map as it is now the one that later edits are measured against.
    fn settle(&mut self) {
        self.pairs.retain(|pair| pair.origin != Origin::Removed);
        for pair in &mut self.pairs {
            pair.origin = Origin::Read;
        }
    }

    #[expect(
        clippy::ptr_arg,
        reason = "A name that is static stays so when it is cloned."
    )]
    fn touch(&mut self, name: &Cow<'static, str>) {
        if !self.changed.contains(name) {
            self.changed.push(name.clone());
        }
    }

    fn present(&self) -> impl Iterator<Item = &Pair> {
        self.pairs
            .iter()
            .filter(|pair| pair.origin != Origin::Removed)
    }

    fn bytes<'a>(&'a self, text: &'a Text) -> &'a [u8] {
        resolve(&self.wire, text)
    }
}

fn resolve<'a>(wire: &'a [u8], text: &'a Text) -> &'a [u8] {
    match text {
        Text::Wire(range) => wire.get(range.clone()).unwrap_or_default(),
        Text::Name(name) => name.as_bytes(),
        Text::Value(value) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Headers {
        Headers::from_pairs([("a", "1"), ("b", "2"), ("a", "3")])
    }

    #[test]
    fn a_read_map_has_no_edits() {
        assert_eq!(sample().take_edits(), []);
    }

    #[test]
    fn setting_the_value_that_is_there_costs_nothing() {
        let mut headers = sample();
        headers.set("b", "2");
        assert_eq!(headers.take_edits(), []);
    }

    #[test]
    fn a_name_set_twice_is_flushed_once() {
        let mut headers = sample();
        headers.set("c", "x");
        headers.set("c", "y");
        assert_eq!(headers.take_edits(), [Edit::Add("c".into(), b"y".to_vec())]);
        headers.set("b", "x");
        headers.set("b", "y");
        assert_eq!(
            headers.take_edits(),
            [Edit::Replace("b".into(), b"y".to_vec())]
        );
    }

    #[test]
    fn several_values_are_removed_before_one_is_set() {
        let mut headers = sample();
        headers.set("a", "x");
        assert_eq!(
            headers.take_edits(),
            [
                Edit::Remove("a".into()),
                Edit::Add("a".into(), b"x".to_vec())
            ]
        );
        assert_eq!(headers.get_all("a").collect::<Vec<_>>(), [b"x"]);
    }

    #[test]
    fn an_appended_value_keeps_those_before_it() {
        let mut headers = sample();
        headers.append("a", "4");
        assert_eq!(headers.combined("a").unwrap(), &b"1, 3, 4"[..]);
        assert_eq!(headers.take_edits(), [Edit::Add("a".into(), b"4".to_vec())]);
    }

    #[test]
    fn adding_and_removing_cancels_out() {
        let mut headers = sample();
        headers.append("c", "x");
        headers.remove("c");
        assert_eq!(headers.take_edits(), []);
        assert!(!headers.contains("c"));
    }

    #[test]
    fn values_need_not_be_utf8() {
        let headers = Headers::from_pairs([("a", vec![0xff])]);
        assert_eq!(headers.get("a"), Some(&[0xff][..]));
        assert_eq!(headers.text("a"), None);
    }

    #[test]
    fn edits_are_measured_from_the_last_flush() {
        let mut headers = sample();
        headers.set("b", "x");
        headers.take_edits();
        headers.set("b", "2");
        assert_eq!(
            headers.take_edits(),
            [Edit::Replace("b".into(), b"2".to_vec())]
        );
    }
}

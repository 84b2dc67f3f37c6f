//! Baggage (W3C Baggage section 3): what callers send along for all who serve a request.
//!
//! - `member`: one key with its value and properties.
//! - `allow`: which members go on; `limits`: how many and how much.

mod allow;
mod limits;
mod member;

use std::borrow::Cow;

pub(crate) use allow::Allow;
pub(crate) use limits::Limits;
pub(crate) use member::Member;

use crate::edit::Edit;

/// The field (section 3.2).
pub(crate) const BAGGAGE: &str = "baggage";

/// The members of a request that were selected and fit the limits.
///
/// Members that nobody changes keep their octets and their order, and those with the same key keep
/// theirs (section 3.3.1.1).
#[derive(Debug)]
pub(crate) struct Baggage<'a> {
    members: Vec<Member<'a>>,
    limits: Limits,
    /// The length of the members as one line, in octets.
    octets: usize,
    is_changed: bool,
}

/// How many members of a request did not get in, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Dropped {
    /// They are not in the format of section 3.3.1.
    pub(crate) malformed: usize,
    /// They were not selected.
    pub(crate) not_selected: usize,
    /// There was no room for them.
    pub(crate) over_limit: usize,
}

/// Why a member was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotSet {
    /// The key is no token (section 3.3.1.2).
    Key,
    /// There is no room for it.
    OverLimit,
}

impl<'a> Baggage<'a> {
    /// Reads all lines of a request as one list.
    ///
    /// Whatever is malformed, not selected or too much is left out member by member: a member goes
    /// on whole or not at all (section 3.3.2). Selection comes first, so that members nobody wants
    /// take no room from the others.
    pub(crate) fn read(
        lines: impl IntoIterator<Item = &'a [u8]>,
        limits: Limits,
        selects: &dyn Fn(&str) -> bool,
    ) -> (Self, Dropped) {
        let mut baggage = Self {
            members: Vec::new(),
            limits,
            octets: 0,
            is_changed: false,
        };
        let mut dropped = Dropped::default();
        let mut came = 0_usize;
        for line in lines {
            came = came.saturating_add(line.len());
            for text in line.split(|octet| *octet == b',').map(<[u8]>::trim_ascii) {
                // RFC 9110 section 5.6.1.2: empty elements of a list are ignored.
                if !text.is_empty() {
                    baggage.take(text, selects, &mut dropped);
                }
            }
        }
        // Whitespace and empty elements count too, so that they are not sent without limit.
        baggage.is_changed = dropped != Dropped::default() || came > limits.octets;
        (baggage, dropped)
    }

    /// The members, in order.
    #[cfg(test)]
    pub(crate) fn members(&self) -> impl Iterator<Item = &Member<'a>> {
        self.members.iter()
    }

    /// The decoded value of a key. Of several the last counts, because it does so for those who read
    /// baggage into a map.
    pub(crate) fn value(&self, key: &str) -> Option<Cow<'_, str>> {
        let mut members = self.members.iter().rev();
        members
            .find(|member| member.key() == key)
            .map(Member::value)
    }

    /// Gives a key this one value, without properties, in the place where it stood first, else at the
    /// end. Where there is no room nothing changes.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), NotSet> {
        let member = Member::new(key, value).ok_or(NotSet::Key)?;
        let is_key = |member: &Member<'_>| member.key() == key;
        let place = self.members.iter().position(is_key);
        let others = self.members.iter().filter(|member| !is_key(member));
        let (count, octets) = others.fold((1, member.octets()), |(count, octets), other| {
            (count + 1, octets + other.octets() + 1)
        });
        if !self.limits.allow(count, octets) {
            return Err(NotSet::OverLimit);
        }
        self.members.retain(|member| !is_key(member));
        // Those before the place have other keys, so it is still the same place.
        let place = place.unwrap_or(self.members.len());
        self.members.insert(place, member);
        self.octets = octets;
        self.is_changed = true;
        Ok(())
    }

    /// What is to be done with the field: nothing where every member goes on as it came.
    pub(crate) fn edit(&self) -> Edit {
        if !self.is_changed {
            return Edit::Keep;
        }
        let texts: Vec<&str> = self.members.iter().map(Member::text).collect();
        if texts.is_empty() {
            return Edit::Remove;
        }
        Edit::Set(texts.join(",").into_bytes())
    }

    fn take(&mut self, text: &'a [u8], selects: &dyn Fn(&str) -> bool, dropped: &mut Dropped) {
        let Some(member) = Member::parse(text) else {
            dropped.malformed += 1;
            return;
        };
        if !selects(member.key()) {
            dropped.not_selected += 1;
            return;
        }
        let comma = usize::from(!self.members.is_empty());
        let octets = self.octets + comma + member.octets();
        if self.limits.allow(self.members.len() + 1, octets) {
            self.octets = octets;
            self.members.push(member);
        } else {
            dropped.over_limit += 1;
        }
    }
}

#[cfg(test)]
mod tests;

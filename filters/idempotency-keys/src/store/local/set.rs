//! A set of records, as it stands in one value of shared data: one entry after the other.

use std::time::Duration;

use crate::store::{StoreKey, Token};

/// The records of one set that are live.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Set<'a> {
    entries: Vec<Entry<'a>>,
}

/// One record with its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    /// The full key: the number of the set is only a part of it.
    pub(super) key: StoreKey,
    /// Who owns it.
    pub(super) token: Token,
    /// When it ends, in milliseconds since the epoch.
    pub(super) expires: u64,
    /// The tenant's hash; 0 for none.
    pub(super) tenant: u32,
    /// Whether it may be given up where there is no room.
    pub(super) finished: bool,
    /// The record.
    pub(super) record: &'a [u8],
}

/// How much some entries take.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// How many they are.
    pub(super) records: usize,
    /// Their octets, frames included.
    pub(super) octets: usize,
}

impl<'a> Set<'a> {
    /// Reads a set and leaves out what has ended; `None` for octets that are no set.
    pub(super) fn read(octets: &'a [u8], now: Duration) -> Option<Self> {
        let now = millis(now);
        let mut entries = Vec::new();
        let mut rest = octets;
        while !rest.is_empty() {
            let (entry, next) = Entry::read(rest)?;
            if entry.expires > now {
                entries.push(entry);
            }
            rest = next;
        }
        Some(Self { entries })
    }

    /// The octets of the set.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.size(|_| true).octets);
        for entry in &self.entries {
            entry.write(&mut octets);
        }
        octets
    }

    /// The entry of a key.
    pub(super) fn get(&self, key: &StoreKey) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == *key)
    }

    /// Takes out the entry of a key.
    pub(super) fn remove(&mut self, key: &StoreKey) -> Option<Entry<'a>> {
        let at = self.entries.iter().position(|entry| entry.key == *key)?;
        Some(self.entries.swap_remove(at))
    }

    /// Adds an entry; its key has none.
    pub(super) fn push(&mut self, entry: Entry<'a>) {
        self.entries.push(entry);
    }

    /// How much the entries take that are meant.
    pub(super) fn size(&self, is_meant: impl Fn(&Entry<'_>) -> bool) -> Size {
        let meant = self.entries.iter().filter(|entry| is_meant(entry));
        meant.fold(Size::default(), |size, entry| size.and(entry))
    }

    /// Gives up the finished entry that ends first, of those that are meant; `false` where there
    /// is none.
    pub(super) fn evict(&mut self, is_meant: impl Fn(&Entry<'_>) -> bool) -> bool {
        let finished = self.entries.iter().enumerate();
        let finished = finished.filter(|(_, entry)| entry.finished && is_meant(entry));
        let Some((at, _)) = finished.min_by_key(|(_, entry)| entry.expires) else {
            return false;
        };
        self.entries.swap_remove(at);
        true
    }
}

impl Size {
    /// With one entry more.
    pub(super) fn and(self, entry: &Entry<'_>) -> Self {
        Self {
            records: self.records.saturating_add(1),
            octets: self.octets.saturating_add(entry.length()),
        }
    }
}

impl<'a> Entry<'a> {
    /// What an entry takes beside its record: key, token, end, tenant, state, length of the record.
    pub(super) const FRAME: usize = StoreKey::LENGTH + Token::LENGTH + 8 + 4 + 1 + 4;

    /// The octets of the entry.
    pub(super) const fn length(&self) -> usize {
        Self::FRAME.saturating_add(self.record.len())
    }

    fn write(&self, octets: &mut Vec<u8>) {
        // A record is shorter than a set, and a set is shorter than 4 GiB.
        let length = u32::try_from(self.record.len()).unwrap_or(u32::MAX);
        octets.extend_from_slice(self.key.octets());
        octets.extend_from_slice(&self.token.octets());
        octets.extend_from_slice(&self.expires.to_be_bytes());
        octets.extend_from_slice(&self.tenant.to_be_bytes());
        octets.push(u8::from(self.finished));
        octets.extend_from_slice(&length.to_be_bytes());
        octets.extend_from_slice(self.record);
    }

    fn read(octets: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (key, rest) = octets.split_first_chunk()?;
        let (token, rest) = Token::split(rest)?;
        let (expires, rest) = rest.split_first_chunk()?;
        let (tenant, rest) = rest.split_first_chunk()?;
        let (state, rest) = rest.split_first()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (record, rest) = rest.split_at_checked(length)?;
        let entry = Self {
            key: StoreKey::new(*key),
            token,
            expires: u64::from_be_bytes(*expires),
            tenant: u32::from_be_bytes(*tenant),
            finished: match state {
                0 => false,
                1 => true,
                _ => return None,
            },
            record,
        };
        Some((entry, rest))
    }
}

/// A time since the epoch in milliseconds.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry<'a>(record: &'a [u8]) -> impl Fn((u8, u64, u64, u32, bool)) -> Entry<'a> {
        move |(key, token, expires, tenant, finished)| Entry {
            key: StoreKey::new([key; 32]),
            token: Token(token),
            expires,
            tenant,
            finished,
            record,
        }
    }

    proptest! {
        #[test]
        fn a_set_gives_back_what_was_written(
            heads: Vec<(u8, u64, u64, u32, bool)>,
            record: Vec<u8>,
            now in 0..u64::MAX / 2,
        ) {
            let entries: Vec<_> = heads.into_iter().map(entry(&record)).collect();
            let octets = Set { entries: entries.clone() }.write();
            let live = entries.into_iter().filter(|entry| entry.expires > now).collect();
            let read = Set::read(&octets, Duration::from_millis(now));
            prop_assert_eq!(read, Some(Set { entries: live }));
        }

        #[test]
        fn any_octets_are_read_or_refused(octets: Vec<u8>) {
            if let Some(set) = Set::read(&octets, Duration::ZERO) {
                prop_assert!(set.write().len() <= octets.len());
            }
        }

        #[test]
        fn a_set_that_is_cut_within_an_entry_is_refused(
            record: Vec<u8>,
            cut: prop::sample::Index,
        ) {
            let whole = Set { entries: vec![entry(&record)((1, 2, 3, 4, true))] }.write();
            let cut = 1 + cut.index(whole.len() - 1);
            prop_assert_eq!(Set::read(&whole[..cut], Duration::ZERO), None);
        }
    }

    #[test]
    fn a_state_that_is_never_written_is_refused() {
        let mut octets = Set {
            entries: vec![entry(b"")((1, 2, 3, 4, true))],
        }
        .write();
        octets[52] = 2;
        assert_eq!(Set::read(&octets, Duration::ZERO), None);
    }

    #[test]
    fn the_finished_entry_that_ends_first_is_given_up() {
        let entries = [
            (1, 1, 30, 0, true),
            (2, 1, 20, 0, true),
            (3, 1, 10, 0, false),
        ];
        let mut set = Set {
            entries: entries.into_iter().map(entry(b"")).collect(),
        };
        assert!(set.evict(|_| true));
        assert!(set.get(&StoreKey::new([2; 32])).is_none());
        assert!(set.evict(|_| true));
        assert!(!set.evict(|_| true));
        assert!(set.get(&StoreKey::new([3; 32])).is_some());
    }
}

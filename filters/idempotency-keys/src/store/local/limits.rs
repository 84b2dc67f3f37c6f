//! How much a set may hold, and what gives way.

use super::set::{Entry, Set, Size};
use super::{LocalSettings, WhenFull};

/// The most records of one set. With [`MEAN`] of them on average, fewer than one claim in a hundred
/// thousand finds its set full, as keys fall on sets at random (Poisson).
const WAYS: usize = 16;

/// How many records there are in a set on average, when all keys that the policy allows are live.
const MEAN: u32 = 4;

/// The limits of each set. What holds for every set holds for the whole, so nothing has to be
/// counted across sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// How many sets there are.
    pub(super) sets: u32,
    all: Size,
    tenant: Size,
    when_full: WhenFull,
}

impl Limits {
    /// The limits of sets that hold so much together.
    pub(super) fn of(settings: &LocalSettings) -> Self {
        let sets = settings.keys.div_ceil(MEAN).max(1);
        let octets = settings.octets.checked_div(u64::from(sets)).unwrap_or(0);
        let all = Size {
            records: WAYS,
            // The length of a record is written in four octets.
            octets: usize::try_from(octets.min(u64::from(u32::MAX))).unwrap_or(usize::MAX),
        };
        Self {
            sets,
            all,
            tenant: all.percent(settings.tenant_percent),
            when_full: settings.when_full,
        }
    }

    /// The octets of the largest entry.
    pub(super) fn max_entry(&self) -> usize {
        self.all.octets.min(self.tenant.octets)
    }

    /// Puts an entry into a set: how many others gave way to it, or `None` where there is no room.
    /// The set is then of no use.
    pub(super) fn insert<'a>(&self, set: &mut Set<'a>, entry: Entry<'a>) -> Option<u32> {
        let before = set.remove(&entry.key);
        // What is no longer than what it replaces always has room.
        let replaces = before.is_some_and(|before| before.length() >= entry.length());
        let mut evicted = 0_u32;
        while !replaces && !self.makes_room(set, &entry)? {
            evicted = evicted.saturating_add(1);
        }
        set.push(entry);
        Some(evicted)
    }

    /// Whether there is room; else gives one entry up, and is `None` where none may be.
    ///
    /// A tenant that has filled its part gives up its own.
    fn makes_room(&self, set: &mut Set<'_>, entry: &Entry<'_>) -> Option<bool> {
        let tenant = entry.tenant;
        let is_own = |other: &Entry<'_>| other.tenant == tenant;
        let gave_way = if tenant != 0 && !set.size(is_own).and(entry).within(self.tenant) {
            self.evicts() && set.evict(is_own)
        } else if !set.size(|_| true).and(entry).within(self.all) {
            self.evicts() && set.evict(|_| true)
        } else {
            return Some(true);
        };
        gave_way.then_some(false)
    }

    fn evicts(&self) -> bool {
        self.when_full == WhenFull::Evict
    }
}

impl Size {
    fn within(self, limit: Self) -> bool {
        self.records <= limit.records && self.octets <= limit.octets
    }

    /// A part of it, at least one record.
    fn percent(self, percent: u8) -> Self {
        let percent = usize::from(percent.min(100));
        // Divided first: the octets of a set times a hundred may not fit in 32 bits.
        let octets = match percent {
            100 => self.octets,
            percent => (self.octets / 100).saturating_mul(percent),
        };
        Self {
            records: (self.records.saturating_mul(percent) / 100).max(1),
            octets,
        }
    }
}

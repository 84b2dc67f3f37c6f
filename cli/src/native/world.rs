//! What the exchanges of a case share.

use std::cell::{Cell, RefCell};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use kit::policy::value::Timestamp;
use kit::shared::SharedData;

use crate::case::Case;

/// The time at which a case begins unless it says one.
const NOW: &str = "2026-06-01T00:00:00Z";

/// The clock, the random bits and the data that all VMs share, which are none at first.
pub(super) struct World {
    pub(super) now: Cell<SystemTime>,
    pub(super) shared: RefCell<SharedData>,
    random: Cell<u64>,
}

impl World {
    pub(super) fn of(case: &Case) -> Self {
        let now = case.now.unwrap_or_else(|| {
            Timestamp::from_str(NOW).map_or(SystemTime::UNIX_EPOCH, |now| now.0)
        });
        Self::at(now, case.random.unwrap_or_default())
    }

    /// A world that begins at this time and with these random bits.
    pub(super) fn at(now: SystemTime, random: u64) -> Self {
        Self {
            now: Cell::new(now),
            shared: RefCell::default(),
            random: Cell::new(random),
        }
    }

    /// Lets some time pass.
    pub(super) fn pass(&self, time: Duration) {
        let now = self.now.get();
        self.now.set(now.checked_add(time).unwrap_or(now));
    }

    /// The random bits of the next exchange. No two have the same, so that what they draw tells
    /// them apart.
    pub(super) fn next_random(&self) -> u64 {
        let random = self.random.get();
        self.random.set(random.wrapping_add(1));
        random
    }
}

//! The model's clock: whole seconds from 1970.

use std::time::{Duration, SystemTime};

/// The time after this many seconds.
pub(super) fn at(clock: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(clock)
}

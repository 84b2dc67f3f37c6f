//! The leases with which records end.
//!
//! A lease for each record would cost a round trip before each write and leave etcd with as many
//! leases as records. So records with the same time to live that are written in the same stretch of
//! time, the *bucket*, share one lease, whose id every proxy can tell without asking.

use std::time::{Duration, SystemTime};

use xxhash_rust::xxh64::xxh64;

/// The lease of all records with one time to live that are written in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease {
    /// The id; the same in every proxy, and unlike one that a server would choose.
    pub(crate) id: i64,
    /// How long it lives from when it is granted, in seconds.
    ///
    /// It may be granted one bucket ahead of the time in which it is used, and used by a proxy
    /// whose clock is up to one bucket behind. So a record lives for its time to live at least, and
    /// for three buckets more at most.
    pub(crate) granted_seconds: i64,
}

/// The buckets of one time to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Buckets {
    /// The time to live in seconds, in whole buckets: so policies that differ by moments share.
    ttl: u64,
    /// The length of a bucket in seconds.
    length: u64,
}

/// The shortest bucket in seconds. Each one costs each proxy one grant.
const MIN_BUCKET: u64 = 10;
/// The longest bucket in seconds: when a lease ends, etcd removes all its records in one go, and
/// serves nobody meanwhile.
const MAX_BUCKET: u64 = 60;
/// The longest time to live in seconds, about ten years; etcd refuses more than 9,000,000,000.
const MAX_TTL: u64 = 315_360_000;

impl Buckets {
    /// The buckets of a time to live.
    pub(super) fn of(ttl: Duration) -> Self {
        let partial = u64::from(ttl.subsec_nanos() > 0);
        let seconds = ttl.as_secs().saturating_add(partial).clamp(1, MAX_TTL);
        let length = (seconds / 16).clamp(MIN_BUCKET, MAX_BUCKET);
        let ttl = seconds.div_ceil(length).saturating_mul(length);
        Self { ttl, length }
    }

    /// The length of a bucket.
    pub(super) const fn length(&self) -> Duration {
        Duration::from_secs(self.length)
    }

    /// The number of the bucket that a time is in.
    pub(super) fn at(&self, now: SystemTime) -> u64 {
        since_epoch(now)
            .as_secs()
            .checked_div(self.length)
            .unwrap_or(0)
    }

    /// How long a time is after the start of its bucket.
    pub(super) fn elapsed_at(&self, now: SystemTime) -> Duration {
        let start = Duration::from_secs(self.at(now).saturating_mul(self.length));
        since_epoch(now).saturating_sub(start)
    }

    /// The lease of a bucket. Deployments with prefixes of their own have leases of their own.
    pub(super) fn lease(&self, prefix: &str, bucket: u64) -> Lease {
        let mut name = Vec::with_capacity(prefix.len().saturating_add(24));
        for number in [self.ttl, self.length, bucket] {
            name.extend_from_slice(&number.to_be_bytes());
        }
        name.extend_from_slice(prefix.as_bytes());
        // An id is a positive int64: 0 would let the server choose.
        let id = i64::try_from(xxh64(&name, 0) >> 1).unwrap_or(1).max(1);
        let granted = self.ttl.saturating_add(self.length.saturating_mul(3));
        Lease {
            id,
            granted_seconds: i64::try_from(granted).unwrap_or(i64::MAX),
        }
    }
}

fn since_epoch(now: SystemTime) -> Duration {
    now.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn lease(ttl: u64, now: u64) -> Lease {
        let buckets = Buckets::of(Duration::from_secs(ttl));
        buckets.lease("idem/", buckets.at(at(now)))
    }

    #[test]
    fn records_of_one_bucket_share_a_lease() {
        assert_eq!(lease(60, 1000), lease(60, 1009));
        assert_ne!(lease(60, 1009), lease(60, 1010));
    }

    #[test]
    fn another_time_to_live_has_another_lease() {
        assert_ne!(lease(60, 1000).id, lease(120, 1000).id);
    }

    #[test]
    fn another_prefix_has_another_lease() {
        let buckets = Buckets::of(Duration::from_mins(1));
        assert_ne!(buckets.lease("a", 1).id, buckets.lease("b", 1).id);
    }

    #[test]
    fn a_lease_granted_a_bucket_ahead_outlives_the_last_record_of_a_slow_clock() {
        for ttl in [1, 9, 60, 161, 3600, 86_400] {
            let buckets = Buckets::of(Duration::from_secs(ttl));
            let granted = u64::try_from(buckets.lease("", 1).granted_seconds).unwrap();
            let used_last = 3 * buckets.length;
            assert!(granted - used_last >= ttl, "{ttl}");
        }
    }

    #[test]
    fn buckets_are_neither_too_short_nor_too_long() {
        assert_eq!(Buckets::of(Duration::from_secs(1)).length, 10);
        assert_eq!(Buckets::of(Duration::from_secs(320)).length, 20);
        assert_eq!(Buckets::of(Duration::from_hours(24)).length, 60);
    }

    #[test]
    fn a_time_to_live_is_never_shortened() {
        let buckets = Buckets::of(Duration::from_millis(20_001));
        assert_eq!(buckets.ttl, 30);
        assert_eq!(Buckets::of(Duration::ZERO).ttl, 10);
        assert!(Buckets::of(Duration::MAX).ttl < 9_000_000_000);
    }

    #[test]
    fn a_clock_before_the_epoch_has_a_bucket() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(5);
        assert_eq!(Buckets::of(Duration::from_mins(1)).at(before), 0);
    }
}

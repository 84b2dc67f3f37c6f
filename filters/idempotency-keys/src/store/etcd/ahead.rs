//! Which leases are granted before they are needed.

use std::time::{Duration, SystemTime};

use super::lease::{Buckets, Lease};

/// The most times to live that are followed: a policy has two for each rule, and what is not
/// followed costs two more round trips once in a bucket.
const MAX_FOLLOWED: usize = 16;

/// The times to live that are in use, and how far ahead their leases are.
///
/// The first write in a bucket would find no lease, and take three round trips instead of one. So
/// whoever has used the lease of a bucket grants the next one, at a random moment of the second
/// half, because all proxies do so and etcd has to agree on each grant.
#[derive(Debug, Default)]
pub(super) struct Ahead(Vec<Followed>);

#[derive(Debug)]
struct Followed {
    buckets: Buckets,
    /// The last bucket in which something was written.
    used: u64,
    /// The moment of that bucket in which the next lease is due, once it was drawn.
    due: Option<Duration>,
    /// The last bucket whose lease was granted ahead.
    granted: u64,
}

impl Ahead {
    /// Takes note of a write.
    pub(super) fn used(&mut self, buckets: Buckets, now: SystemTime) {
        let bucket = buckets.at(now);
        if let Some(one) = self.0.iter_mut().find(|one| one.buckets == buckets) {
            if one.used != bucket {
                one.used = bucket;
                one.due = None;
            }
        } else if self.0.len() < MAX_FOLLOWED {
            self.0.push(Followed {
                buckets,
                used: bucket,
                due: None,
                granted: bucket,
            });
        }
    }

    /// The next lease that is due, at most one at a time.
    pub(super) fn due(&mut self, prefix: &str, now: SystemTime, random: u64) -> Option<Lease> {
        self.0.iter_mut().find_map(|one| {
            let bucket = one.next_due(now, random)?;
            Some(one.buckets.lease(prefix, bucket))
        })
    }
}

impl Followed {
    /// The bucket whose lease is due, which then counts as granted: where the grant fails, the
    /// first write of that bucket grants it.
    fn next_due(&mut self, now: SystemTime, random: u64) -> Option<u64> {
        let current = self.buckets.at(now);
        let next = current.saturating_add(1);
        if self.used != current || self.granted >= next {
            return None;
        }
        let due = *self
            .due
            .get_or_insert_with(|| moment(self.buckets.length(), random));
        if self.buckets.elapsed_at(now) < due {
            return None;
        }
        self.granted = next;
        Some(next)
    }
}

/// A moment between half and nine tenths of a bucket, so that slow ticks still come in time.
fn moment(length: Duration, random: u64) -> Duration {
    let fraction = u32::try_from(random % 400).unwrap_or(0);
    length
        .saturating_mul(fraction.saturating_add(500))
        .checked_div(1000)
        .unwrap_or(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn used_at(seconds: u64) -> (Ahead, Buckets) {
        let buckets = Buckets::of(Duration::from_mins(1));
        let mut ahead = Ahead::default();
        ahead.used(buckets, at(seconds));
        (ahead, buckets)
    }

    #[test]
    fn the_next_lease_is_due_once_in_the_second_half_of_a_bucket() {
        let (mut ahead, buckets) = used_at(1000);
        assert_eq!(ahead.due("p", at(1004), 0), None);
        assert_eq!(ahead.due("p", at(1005), 0), Some(buckets.lease("p", 101)));
        assert_eq!(ahead.due("p", at(1006), 0), None);
    }

    #[test]
    fn the_moment_is_drawn_once_for_each_bucket() {
        let (mut ahead, _) = used_at(1000);
        assert_eq!(ahead.due("p", at(1000), 399), None);
        assert_eq!(ahead.due("p", at(1008), 0), None);
        assert!(ahead.due("p", at(1009), 0).is_some());
    }

    #[test]
    fn what_is_no_longer_used_is_not_granted_ahead() {
        let (mut ahead, buckets) = used_at(1000);
        assert_eq!(ahead.due("p", at(1019), 0), None);
        ahead.used(buckets, at(1021));
        assert!(ahead.due("p", at(1029), 0).is_some());
    }

    #[test]
    fn no_more_times_to_live_are_followed_than_policies_have() {
        let mut ahead = Ahead::default();
        for ttl in 1..1000 {
            ahead.used(Buckets::of(Duration::from_secs(ttl * 60)), at(0));
        }
        assert_eq!(ahead.0.len(), MAX_FOLLOWED);
    }
}

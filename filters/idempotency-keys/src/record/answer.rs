//! An answer that is kept, and its replay.

use std::time::{Duration, SystemTime};

use kit::reply::{REPLAY, Reply};

use super::fields::{self, Fields};

/// The field that marks a replay. No standard names one; this is Stripe's.
pub(crate) const REPLAYED: &str = "idempotent-replayed";

/// The field that tells until when a key is remembered, as a Date of RFC 9651 section 3.3.7. No
/// standard names one yet.
pub(crate) const EXPIRES: &str = "idempotency-key-expires";

/// How long ago the answer was made (RFC 9111 section 5.1).
const AGE: &str = "age";

/// An answer of the upstream, without what is true of its first message alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The header fields.
    pub(crate) headers: Fields,
    /// The content; `None` where the policy does not keep it.
    pub(crate) body: Option<Vec<u8>>,
}

impl Answer {
    /// The octets that the answer takes in a record, but for a few.
    pub(crate) fn size(&self) -> usize {
        let body = self.body.as_ref().map_or(0, Vec::len);
        body.saturating_add(fields::size(&self.headers))
    }

    /// The answer again, for a duplicate. Its length is for the proxy to say; there is no place for
    /// trailers.
    ///
    /// `finished` is when the answer was made, `expires` until when it is replayed.
    pub(crate) fn replay(
        self,
        finished: SystemTime,
        expires: SystemTime,
        now: SystemTime,
    ) -> Reply {
        let since = now.duration_since(finished).unwrap_or_default().as_secs();
        // The answer may have had an age when it came, which goes on from there.
        let before = self.headers.iter().find_map(|(name, value)| {
            let value = (name == AGE).then_some(value)?;
            std::str::from_utf8(value).ok()?.trim().parse::<u64>().ok()
        });
        let age = since.saturating_add(before.unwrap_or(0));
        let expires = expires.duration_since(SystemTime::UNIX_EPOCH);
        let expires = expires.unwrap_or(Duration::ZERO).as_secs();
        let mut headers = self.headers;
        headers.retain(|(name, _)| ![AGE, REPLAYED, EXPIRES].contains(&name.as_str()));
        headers.extend([
            (REPLAYED.to_owned(), b"true".to_vec()),
            (AGE.to_owned(), age.to_string().into_bytes()),
            (EXPIRES.to_owned(), format!("@{expires}").into_bytes()),
        ]);
        Reply {
            status: self.status,
            headers,
            body: self.body.unwrap_or_default(),
            grpc: None,
            details: REPLAY.to_owned(),
        }
    }
}

/// Whether a status can end an exchange (RFC 9110 section 15).
pub(super) fn is_final(status: u16) -> bool {
    (200..=599).contains(&status)
}

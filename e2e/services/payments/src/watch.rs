//! The payments as a paced stream, for server-sent events and for gRPC.

use std::time::Duration;

use tokio_stream::{Stream, StreamExt};

use crate::store::Payment;

/// Yields `count` payments, one every `interval`, and starts over when it has
/// been through all of them.
///
/// The count is taken after the pacing, so that the stream ends with the last
/// payment and not an interval later.
pub(crate) fn paced(
    payments: Vec<Payment>,
    count: usize,
    interval: Duration,
) -> impl Stream<Item = Payment> + Send {
    tokio_stream::iter(payments.into_iter().cycle())
        .throttle(interval)
        .take(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::PaymentId, store::PaymentStore};

    #[tokio::test]
    async fn a_long_stream_starts_over() {
        let payments = PaymentStore::seeded().list();
        let watched: Vec<Payment> = paced(payments, 4, Duration::ZERO).collect().await;
        assert_eq!(watched.len(), 4);
        assert_eq!(watched[3].id, PaymentId(1));
    }
}

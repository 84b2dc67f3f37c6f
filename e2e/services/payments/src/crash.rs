//! Fails the way real bugs do: a filter is to hide what such a failure gives
//! away, so the failure has to be a genuine one.

/// Panics with a message that names what no client should learn.
#[expect(
    clippy::panic,
    reason = "the tests ask how a filter treats a service that panics"
)]
pub(crate) fn now() -> ! {
    panic!("ledger shard 10.0.3.9:5432 has no entry for payment 1")
}

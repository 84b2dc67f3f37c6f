//! A real SDK of payments, which sends keys of its own and repeats requests on its own.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::client::DEADLINE;
use super::process::{Shared, python};

static STRIPE: Shared = Shared::new(|| python("stripe_client.py"));

/// Creates a payment with Stripe's client for Python, which repeats a request up to this number of
/// times where its connection breaks or the status is 409 or 5xx, each time under the same key, that
/// it makes itself.
///
/// Tells the `id`, the `amount` and the `headers` of the payment, or the kind of its `failure` and
/// the `status` of the last response, if there was one.
pub fn create_payment_with_stripe(address: SocketAddr, amount: u64, retries: u32) -> Value {
    STRIPE.ask(&json!({
        "address": address.to_string(),
        "amount": amount,
        "retries": retries,
        "timeout_ms": DEADLINE.as_millis(),
    }))
}

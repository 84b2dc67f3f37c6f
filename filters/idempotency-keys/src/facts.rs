//! What the filter tells the access log and other filters about an exchange.

use kit::fact::Fact;

/// What became of a keyed request, as [`crate::metrics::REQUESTS`] counts it; in report mode what
/// would have become of it.
pub const OUTCOME: Fact = Fact::new("treaty.idempotency_outcome", crate::NAME, 32);

/// How the key of a request ended, as [`crate::metrics::ENDS`] counts it. It is known only where the
/// store confirmed it before the exchange was over.
pub const END: Fact = Fact::new("treaty.idempotency_end", crate::NAME, 32);

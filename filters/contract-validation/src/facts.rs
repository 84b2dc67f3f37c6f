//! What the filter tells the access log and other filters about an exchange.

use kit::fact::Fact;

/// The operation that an exchange with violations is for, as
/// [`crate::metrics::VIOLATIONS`] counts it.
pub const OPERATION: Fact = Fact::new("treaty.contract_operation", crate::NAME, 128);

/// In what an exchange breaks its contract: direction, place and keyword of each violation, such as
/// `request body required, response status undeclared`. It holds nothing that a client or a service
/// sent.
pub const VIOLATIONS: Fact = Fact::new("treaty.contract_violations", crate::NAME, 256);

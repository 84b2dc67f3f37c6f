//! What the filter tells the other filters and the access log about an error. A success is not told.

use kit::fact::Fact;

/// The kind of the problem: the name of the catalogue's entry, else of the proxy's failure, else
/// `upstream`. Of what is left alone `refusal` or `unread`.
pub const TYPE: Fact = fact("treaty.error_type", 64);

/// Who answered with it: `upstream`, `proxy` or `treaty`; `unread` where nobody looked.
pub const SOURCE: Fact = fact("treaty.error_source", 16);

/// The shape in which it came.
pub const DIALECT: Fact = fact("treaty.error_dialect", 64);

/// `translated`, `degraded`, `cleaned` (GraphQL) or `left_alone_<why>`; in report mode
/// `would_translate`, `would_degrade` and `would_clean`.
pub const OUTCOME: Fact = fact("treaty.error_outcome", 48);

/// What was taken out of it, as a list of the kinds of redaction.
pub const REDACTED: Fact = fact("treaty.error_redacted", 128);

/// The HTTP status that it came with, where the client gets another one.
pub const STATUS: Fact = fact("treaty.error_status", 3);

const fn fact(name: &'static str, limit: usize) -> Fact {
    Fact::new(name, crate::NAME, limit)
}

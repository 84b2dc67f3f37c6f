//! Why a store gave no answer.

/// Why a store gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Failure {
    /// The proxy would not send the call: there is no such cluster.
    NotSent,
    /// No connection, or none that lasted until the answer.
    Unreachable,
    /// The answer took too long.
    TimedOut,
    /// The record is larger than the store takes.
    TooLarge,
    /// The store has no room.
    Full,
    /// The store does not let the filter do this: credentials, access rules.
    Denied,
    /// The store is up and does not serve now: it loads, has no leader, or is a replica.
    Unready,
    /// The answer, or the record in it, is none that the filter has ever written or asked for.
    Malformed,
    /// Anything else.
    Unknown,
}

impl Failure {
    /// The label of metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::TooLarge => "too_large",
            Self::Full => "full",
            Self::Denied => "denied",
            Self::Unready => "unready",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the command may have been carried out all the same, now or later.
    pub(crate) const fn leaves_open(self) -> bool {
        match self {
            Self::Unreachable | Self::TimedOut | Self::Malformed | Self::Unknown => true,
            Self::NotSent | Self::TooLarge | Self::Full | Self::Denied | Self::Unready => false,
        }
    }
}

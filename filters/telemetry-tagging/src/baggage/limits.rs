//! How much baggage goes on (W3C Baggage section 3.3.2).

/// The most members and octets. Both hold for all lines of a request together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The most members.
    pub(crate) members: usize,
    /// The most octets of all members as one line, commas included.
    pub(crate) octets: usize,
}

impl Limits {
    /// What a platform must let through at least, what it adds itself included.
    pub(crate) const LEAST: Self = Self {
        members: 64,
        octets: 8192,
    };

    /// As much as came.
    pub(crate) const NONE: Self = Self {
        members: usize::MAX,
        octets: usize::MAX,
    };

    /// Whether so much may go on.
    pub(super) fn allow(self, members: usize, octets: usize) -> bool {
        members <= self.members && octets <= self.octets
    }
}

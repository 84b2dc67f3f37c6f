//! Who owns a claim.

/// Who owns a claim: random, told apart from every other owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Token(pub(crate) u64);

impl Token {
    /// The octets that stand in front of a record in binary stores.
    pub(crate) const LENGTH: usize = 8;

    /// The token, in network order.
    pub(crate) const fn octets(self) -> [u8; Self::LENGTH] {
        self.0.to_be_bytes()
    }

    /// Puts the token in front of a record.
    pub(crate) fn before(self, record: &[u8]) -> Vec<u8> {
        let mut value = Vec::with_capacity(Self::LENGTH.saturating_add(record.len()));
        value.extend_from_slice(&self.octets());
        value.extend_from_slice(record);
        value
    }

    /// The token in front of a record, and the record.
    pub(crate) fn split(value: &[u8]) -> Option<(Self, &[u8])> {
        let (token, record) = value.split_first_chunk()?;
        Some((Self(u64::from_be_bytes(*token)), record))
    }
}
